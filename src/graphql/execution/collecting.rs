//! Selections as they are executed (specification, section 6.3.2, CollectFields): every field once,
//! where it is asked for first, with all that is asked below it anywhere. async-graphql resolves each
//! place by itself and joins the answers, which loses nulls and repeats errors; and it takes an
//! object for a union's only where the union itself was asked for.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned, ServerError, Value as ConstValue, Variables,
    parser::types::{
        Directive, Field, FragmentDefinition, InlineFragment, OperationDefinition, Selection,
        SelectionSet, TypeCondition,
    },
};
use async_graphql_value::Value;
use indexmap::IndexMap;

use super::{Refusal, repeats::Kind, validation::Validation};
use crate::graphql::{
    error::Code,
    limits::{Limit, Met, with_message},
};

/// What the collected selections of an operation are made from.
pub(super) struct Collecting<'a> {
    pub(super) schema: &'a Validation,
    pub(super) fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// The values of the variables that conditions go by.
    pub(super) variables: &'a Variables,
    /// Most fields and fragments, those of interfaces and unions once for each type.
    pub(super) most: u64,
}

/// A field, and all that is asked below it.
struct Collected<'a> {
    field: &'a Positioned<Field>,
    below: Vec<&'a SelectionSet>,
}

type Fields<'a> = IndexMap<&'a str, Collected<'a>>;

impl<'a> Collecting<'a> {
    /// An operation as it is to be executed.
    ///
    /// # Errors
    /// It comes to too much; fields of one name are not the same, since their arguments differ
    /// (validation takes lists that begin alike for the same); a condition is null.
    pub(super) fn collect(
        &self,
        operation: &'a OperationDefinition,
    ) -> Result<OperationDefinition, Refusal> {
        let mut pass = Pass {
            of: self,
            left: self.most,
        };
        let selected = &operation.selection_set;
        let root = self.schema.root_type(operation.ty);
        let collected = pass.set(&[&selected.node], root)?;
        Ok(OperationDefinition {
            ty: operation.ty,
            variable_definitions: operation.variable_definitions.clone(),
            directives: operation.directives.clone(),
            selection_set: Positioned::new(collected, selected.pos),
        })
    }
}

/// One way through an operation.
struct Pass<'c, 'a> {
    of: &'c Collecting<'a>,
    left: u64,
}

impl<'a> Pass<'_, 'a> {
    /// What several selection sets ask of a type together.
    fn set(&mut self, sets: &[&'a SelectionSet], parent: &str) -> Result<SelectionSet, Refusal> {
        let is_field = |item: &Positioned<Selection>| matches!(item.node, Selection::Field(_));
        let has_fragments = !sets.iter().all(|set| set.items.iter().all(is_field));
        let schema = self.of.schema;
        if !has_fragments || schema.kind(parent) == Kind::Object {
            let items = self.fields(sets, parent)?;
            return Ok(SelectionSet { items });
        }
        // What a fragment adds hangs on the type of the object.
        let mut items = Vec::new();
        for object in schema.possible_types(parent) {
            let fields = self.fields(sets, object)?;
            if !fields.is_empty() {
                items.push(on(object, fields));
            }
        }
        Ok(SelectionSet { items })
    }

    fn fields(
        &mut self,
        sets: &[&'a SelectionSet],
        parent: &str,
    ) -> Result<Vec<Positioned<Selection>>, Refusal> {
        let mut fields = Fields::new();
        let mut visited = HashSet::new();
        for set in sets {
            self.gather(set, parent, &mut fields, &mut visited)?;
        }
        let fields = fields.into_values();
        fields
            .map(|Collected { field, below }| {
                let mut executed = Field {
                    alias: field.node.alias.clone(),
                    name: field.node.name.clone(),
                    arguments: field.node.arguments.clone(),
                    directives: Vec::new(),
                    selection_set: Positioned::default(),
                };
                let name = &executed.name.node;
                if let Some(ty) = self.of.schema.type_of_field(parent, name)
                    && !below.is_empty()
                {
                    executed.selection_set.node = self.set(&below, ty)?;
                }
                let executed = Positioned::new(executed, field.pos);
                Ok(Positioned::new(Selection::Field(executed), field.pos))
            })
            .collect()
    }

    fn gather(
        &mut self,
        set: &'a SelectionSet,
        parent: &str,
        fields: &mut Fields<'a>,
        visited: &mut HashSet<&'a Name>,
    ) -> Result<(), Refusal> {
        for item in &set.items {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| too_many(self.of.most))?;
            if !self.is_included(item.node.directives())? {
                continue;
            }
            match &item.node {
                Selection::Field(field) => add(fields, field)?,
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    if condition.is_none_or(|condition| self.applies(&condition.node, parent)) {
                        self.gather(&inline.node.selection_set.node, parent, fields, visited)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.of.fragments.get(name).map(|fragment| &fragment.node);
                    if visited.insert(name)
                        && let Some(fragment) = fragment
                        && self.applies(&fragment.type_condition.node, parent)
                    {
                        self.gather(&fragment.selection_set.node, parent, fields, visited)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a fragment on that type applies to the objects of a type.
    fn applies(&self, condition: &TypeCondition, object: &str) -> bool {
        let condition = condition.on.node.as_str();
        condition == object || self.of.schema.is_subtype(condition, object)
    }

    fn is_included(&self, directives: &[Positioned<Directive>]) -> Result<bool, Refusal> {
        for directive in directives {
            let wanted = match directive.node.name.node.as_str() {
                "include" => true,
                "skip" => false,
                _ => continue,
            };
            let condition = directive.node.get_argument("if");
            let is_true = match condition.map(|condition| &condition.node) {
                Some(Value::Boolean(is_true)) => *is_true,
                Some(Value::Variable(name)) => match self.of.variables.get(name) {
                    Some(ConstValue::Boolean(is_true)) => *is_true,
                    _ => return Err(no_condition(name, directive.pos)),
                },
                // Validation has let nothing else through.
                _ => continue,
            };
            if is_true != wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Adds a field to those of its name.
fn add<'a>(fields: &mut Fields<'a>, field: &'a Positioned<Field>) -> Result<(), Refusal> {
    let key = field.node.response_key().node.as_str();
    let collected = fields.entry(key).or_insert_with(|| Collected {
        field,
        below: Vec::new(),
    });
    let (first, again) = (&collected.field.node, &field.node);
    let is_same = first.arguments.len() == again.arguments.len()
        && first.arguments.iter().all(|(name, value)| {
            let other = again.get_argument(&name.node);
            other.is_some_and(|other| other.node == value.node)
        });
    if !is_same {
        let message =
            format!("Fields named `{key}` have different arguments; give one of them an alias.");
        let error = ServerError::new(message, Some(field.pos));
        return Err(Refusal::coded(vec![error], Code::GraphqlValidationFailed));
    }
    if !again.selection_set.node.items.is_empty() {
        collected.below.push(&again.selection_set.node);
    }
    Ok(())
}

fn too_many(most: u64) -> ServerError {
    let message = format!(
        "The operation comes to more than {most} fields and fragments, those of interfaces and \
         unions once a type; at most {most} are allowed."
    );
    with_message(Limit::Fields, most, Met::MoreThan(most), message)
}

/// Fields of the objects of a type.
fn on(object: &str, items: Vec<Positioned<Selection>>) -> Positioned<Selection> {
    let pos = items.first().map_or(Pos::default(), |item| item.pos);
    let condition = TypeCondition {
        on: Positioned::new(Name::new(object), pos),
    };
    let inline = InlineFragment {
        type_condition: Some(Positioned::new(condition, pos)),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items }, pos),
    };
    Positioned::new(Selection::InlineFragment(Positioned::new(inline, pos)), pos)
}

/// The error of a condition that is null, which a variable with a default may be.
pub(super) fn no_condition(name: &Name, pos: Pos) -> Refusal {
    let message = format!("Variable \"${name}\" is null, and a condition must be true or false.");
    let error = ServerError::new(message, Some(pos));
    Refusal::coded(vec![error], Code::BadUserInput)
}
