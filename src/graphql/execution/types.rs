//! What the schema says of its inputs: the types of arguments and of what is sent for them, read
//! from the schema's own definition.

use std::collections::HashMap;

use async_graphql::{
    Name,
    parser::{
        parse_schema,
        types::{
            BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
        },
    },
};

/// An argument, or a field of an input object.
pub(super) struct Input {
    pub(super) ty: Type,
    pub(super) has_default: bool,
}

/// A field that is selected.
pub(super) struct Field {
    pub(super) arguments: HashMap<Name, Input>,
    /// The name of its type, whatever lists it stands in.
    pub(super) type_name: Name,
}

/// What a named input type takes.
pub(super) enum InputKind {
    Scalar,
    Enum(Vec<Name>),
    Object {
        fields: HashMap<Name, Input>,
        /// Whether exactly one of its fields is sent, and not as null.
        is_one_of: bool,
    },
}

/// The types of a schema, by name.
pub(super) struct Types {
    selected: HashMap<Name, HashMap<Name, Field>>,
    inputs: HashMap<Name, InputKind>,
    directives: HashMap<Name, HashMap<Name, Input>>,
}

/// What every schema has, and none defines in its text.
const BUILT_IN: &str = "
    scalar Int scalar Float scalar String scalar Boolean scalar ID
    directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
";

impl Types {
    /// Reads a schema in the schema definition language. None if it cannot be read.
    pub(super) fn read(definition: &str) -> Option<Self> {
        let mut types = Self {
            selected: HashMap::new(),
            inputs: HashMap::new(),
            directives: HashMap::new(),
        };
        for text in [BUILT_IN, definition] {
            for definition in parse_schema(text).ok()?.definitions {
                types.add(definition);
            }
        }
        Some(types)
    }

    fn add(&mut self, definition: TypeSystemDefinition) {
        let definition = match definition {
            TypeSystemDefinition::Type(definition) => definition.node,
            TypeSystemDefinition::Directive(definition) => {
                let definition = definition.node;
                let arguments = definition.arguments.into_iter();
                let arguments = inputs(arguments.map(|it| it.node));
                self.directives.insert(definition.name.node, arguments);
                return;
            }
            TypeSystemDefinition::Schema(_) => return,
        };
        let name = definition.name.node;
        match definition.kind {
            TypeKind::Object(object) => {
                self.selected.entry(name).or_default().extend(
                    object
                        .fields
                        .into_iter()
                        .map(|field| read_field(field.node)),
                );
            }
            TypeKind::Interface(interface) => {
                let fields = interface.fields.into_iter();
                self.selected
                    .entry(name)
                    .or_default()
                    .extend(fields.map(|field| read_field(field.node)));
            }
            TypeKind::Scalar => {
                self.inputs.insert(name, InputKind::Scalar);
            }
            TypeKind::Enum(values) => {
                let values = values.values.into_iter().map(|it| it.node.value.node);
                self.inputs.insert(name, InputKind::Enum(values.collect()));
            }
            TypeKind::InputObject(object) => {
                let is_one_of = definition
                    .directives
                    .iter()
                    .any(|directive| directive.node.name.node == "oneOf");
                let fields = inputs(object.fields.into_iter().map(|it| it.node));
                let kind = InputKind::Object { fields, is_one_of };
                self.inputs.insert(name, kind);
            }
            TypeKind::Union(_) => {}
        }
    }

    /// A field of an object or interface.
    pub(super) fn field(&self, parent: &str, name: &str) -> Option<&Field> {
        self.selected.get(parent)?.get(name)
    }

    /// A named input type.
    pub(super) fn input(&self, name: &str) -> Option<&InputKind> {
        self.inputs.get(name)
    }

    /// The arguments of a directive.
    pub(super) fn directive(&self, name: &str) -> Option<&HashMap<Name, Input>> {
        self.directives.get(name)
    }
}

fn read_field(field: FieldDefinition) -> (Name, Field) {
    let mut ty = &field.ty.node.base;
    let type_name = loop {
        match ty {
            BaseType::Named(name) => break name.clone(),
            BaseType::List(item) => ty = &item.base,
        }
    };
    let arguments = inputs(field.arguments.into_iter().map(|it| it.node));
    let read = Field {
        arguments,
        type_name,
    };
    (field.name.node, read)
}

fn inputs(definitions: impl Iterator<Item = InputValueDefinition>) -> HashMap<Name, Input> {
    definitions
        .map(|definition| {
            let input = Input {
                ty: definition.ty.node,
                has_default: definition.default_value.is_some(),
            };
            (definition.name.node, input)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Types;
    use crate::graphql::{SchemaSettings, definition, schema};

    #[test]
    fn everything_that_is_served_is_known() {
        let schema = schema(SchemaSettings::default());
        let types = Types::read(&definition(&schema)).unwrap();
        for (parent, field, argument) in [
            ("Query", "inviteCode", "code"),
            ("Query", "_entities", "representations"),
            ("Invite", "id", ""),
            ("Course", "invitees", "filter"),
        ] {
            let field = types.field(parent, field).expect(field);
            assert!(argument.is_empty() || field.arguments.contains_key(argument));
        }
        for input in ["_Any", "UUID", "InviteStatus", "InviteCodeFilter", "Int"] {
            assert!(types.input(input).is_some(), "{input}");
        }
        assert!(types.directive("skip").is_some());
    }
}
