//! Whether each variable is used where its type fits (specification, section 5.8.5). The library's
//! validation leaves this rule out.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned, ServerError, Value as ConstValue,
    parser::types::{
        BaseType, Directive, ExecutableDocument, OperationDefinition, OperationType, Selection,
        SelectionSet, Type, VariableDefinition,
    },
};
use async_graphql_value::Value;

use super::types::{Input, InputKind, Types};

/// What came of looking at all uses of variables in a document.
#[derive(Default)]
pub(super) struct Positions {
    /// One a use that does not fit.
    pub(super) errors: Vec<ServerError>,
    /// Whether a variable is used where the schema's definition tells no type, as within
    /// introspection.
    pub(super) some_unknown: bool,
}

/// Looks at all uses of variables in a document that is valid otherwise.
pub(super) fn check(types: &Types, document: &ExecutableDocument) -> Positions {
    let mut found = Positions::default();
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        if operation.variable_definitions.is_empty() {
            continue;
        }
        let mut walk = Walk {
            types,
            document,
            definitions: definitions(operation),
            seen: HashSet::new(),
            found: &mut found,
        };
        walk.directives(&operation.directives);
        walk.selection(&operation.selection_set.node, root(operation.ty));
    }
    found
}

/// The root types have these names: the exporter of federation's text writes no others.
fn root(ty: OperationType) -> &'static str {
    match ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

fn definitions(operation: &OperationDefinition) -> HashMap<&Name, &VariableDefinition> {
    let definitions = operation.variable_definitions.iter();
    definitions
        .map(|definition| (&definition.node.name.node, &definition.node))
        .collect()
}

struct Walk<'a, 'f> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    definitions: HashMap<&'a Name, &'a VariableDefinition>,
    /// Fragments that were looked at: their types do not depend on where they are spread.
    seen: HashSet<&'a Name>,
    found: &'f mut Positions,
}

type Arguments = [(Positioned<Name>, Positioned<Value>)];

impl<'a> Walk<'a, '_> {
    fn selection(&mut self, set: &'a SelectionSet, parent: &str) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    self.directives(&field.directives);
                    let known = self.types.field(parent, &field.name.node);
                    self.arguments(&field.arguments, known.map(|it| &it.arguments));
                    let type_name = known.map_or("", |it| it.type_name.as_str());
                    self.selection(&field.selection_set.node, type_name);
                }
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    self.directives(&fragment.directives);
                    let condition = fragment.type_condition.as_ref();
                    let parent = condition.map_or(parent, |it| it.node.on.node.as_str());
                    self.selection(&fragment.selection_set.node, parent);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives);
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.seen.insert(name)
                    {
                        let fragment = &fragment.node;
                        self.directives(&fragment.directives);
                        let parent = fragment.type_condition.node.on.node.as_str();
                        self.selection(&fragment.selection_set.node, parent);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) {
        for directive in directives {
            let known = self.types.directive(&directive.node.name.node);
            self.arguments(&directive.node.arguments, known);
        }
    }

    fn arguments(&mut self, arguments: &'a Arguments, known: Option<&'a HashMap<Name, Input>>) {
        for (name, value) in arguments {
            let input = known.and_then(|known| known.get(&name.node));
            self.value(
                &value.node,
                value.pos,
                input.map(|it| (&it.ty, it.has_default)),
            );
        }
    }

    /// `position`: the type of this place, and whether the schema has a default for it.
    fn value(&mut self, value: &'a Value, pos: Pos, position: Option<(&'a Type, bool)>) {
        match value {
            Value::Variable(name) => self.usage(name, pos, position),
            Value::List(values) => {
                let item = position.map(|(ty, _)| match &ty.base {
                    BaseType::List(item) => (&**item, false),
                    BaseType::Named(_) => (ty, false),
                });
                for value in values {
                    self.value(value, pos, item);
                }
            }
            Value::Object(values) => {
                let fields = position.and_then(|(ty, _)| self.fields(ty));
                for (name, value) in values {
                    let field = fields.and_then(|fields| fields.get(name));
                    self.value(value, pos, field.map(|it| (&it.ty, it.has_default)));
                }
            }
            _ => {}
        }
    }

    fn fields(&self, ty: &'a Type) -> Option<&'a HashMap<Name, Input>> {
        match &ty.base {
            BaseType::Named(name) => match self.types.input(name)? {
                InputKind::Object { fields, .. } => Some(fields),
                _ => None,
            },
            BaseType::List(item) => self.fields(item),
        }
    }

    fn usage(&mut self, name: &Name, pos: Pos, position: Option<(&Type, bool)>) {
        // One that is not defined is for the library's validation to refuse.
        let Some(definition) = self.definitions.get(name) else {
            return;
        };
        let Some((expected, has_default)) = position else {
            self.found.some_unknown = true;
            return;
        };
        let ty = &definition.var_type.node;
        let default = definition.default_value.as_ref().map(|it| &it.node);
        let is_filled =
            has_default || default.is_some_and(|default| !matches!(default, ConstValue::Null));
        let is_allowed = if !expected.nullable && ty.nullable {
            is_filled && is_compatible_base(&ty.base, &expected.base)
        } else {
            is_compatible(ty, expected)
        };
        if !is_allowed {
            let message = format!(
                "Variable \"${name}\" of type \"{ty}\" used in position expecting type \"{expected}\"."
            );
            self.found.errors.push(ServerError::new(message, Some(pos)));
        }
    }
}

/// `AreTypesCompatible` of the specification.
fn is_compatible(variable: &Type, location: &Type) -> bool {
    (location.nullable || !variable.nullable) && is_compatible_base(&variable.base, &location.base)
}

fn is_compatible_base(variable: &BaseType, location: &BaseType) -> bool {
    match (variable, location) {
        (BaseType::Named(variable), BaseType::Named(location)) => variable == location,
        (BaseType::List(variable), BaseType::List(location)) => is_compatible(variable, location),
        _ => false,
    }
}
