//! What the schema's input types take, read from the schema's own definition.

use std::collections::HashMap;

use async_graphql::{
    Name,
    parser::{
        parse_schema,
        types::{InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
    },
};
use indexmap::IndexMap;

/// A field of an input object.
pub(super) struct InputField {
    pub(super) ty: Type,
    pub(super) has_default: bool,
}

/// What a named input type takes.
pub(super) enum InputType {
    Scalar,
    Enum(Vec<Name>),
    Object {
        /// In the order of their definition, so that errors do not hang on chance.
        fields: IndexMap<Name, InputField>,
        /// Whether exactly one of its fields is sent, and not as null.
        is_one_of: bool,
    },
}

/// The input types of a schema, by name.
pub(super) struct InputTypes(HashMap<Name, InputType>);

/// What every schema has, and none defines in its text.
const BUILT_IN: &str = "scalar Int scalar Float scalar String scalar Boolean scalar ID";

impl InputTypes {
    /// Reads a schema in the schema definition language. None if it cannot be read.
    pub(super) fn read(definition: &str) -> Option<Self> {
        let mut types = HashMap::new();
        for text in [BUILT_IN, definition] {
            for definition in parse_schema(text).ok()?.definitions {
                let TypeSystemDefinition::Type(definition) = definition else {
                    continue;
                };
                let definition = definition.node;
                let is_one_of = definition
                    .directives
                    .iter()
                    .any(|directive| directive.node.name.node == "oneOf");
                if let Some(input_type) = read_type(definition.kind, is_one_of) {
                    types.insert(definition.name.node, input_type);
                }
            }
        }
        Some(Self(types))
    }

    pub(super) fn get(&self, name: &str) -> Option<&InputType> {
        self.0.get(name)
    }
}

fn read_type(kind: TypeKind, is_one_of: bool) -> Option<InputType> {
    match kind {
        TypeKind::Scalar => Some(InputType::Scalar),
        TypeKind::Enum(values) => {
            let values = values.values.into_iter().map(|it| it.node.value.node);
            Some(InputType::Enum(values.collect()))
        }
        TypeKind::InputObject(object) => {
            let fields = object.fields.into_iter().map(|it| read_field(it.node));
            Some(InputType::Object {
                fields: fields.collect(),
                is_one_of,
            })
        }
        _ => None,
    }
}

fn read_field(definition: InputValueDefinition) -> (Name, InputField) {
    let field = InputField {
        ty: definition.ty.node,
        has_default: definition.default_value.is_some(),
    };
    (definition.name.node, field)
}
