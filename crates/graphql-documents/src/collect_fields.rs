//! Collects the fields of an operation for one request (specification, section 6.3.2), and adds up
//! what they cost.
//!
//! Every field occurs once, at its first place, with everything that is selected below it anywhere.
//! There are no fragments, but those by object type below interfaces and unions. async-graphql would
//! resolve each occurrence by itself and merge the results, which loses nulls and repeats errors; and
//! it applies a fragment on a union only where the field's type is that union.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, Positioned, ServerError, Value as ConstValue, Variables,
    parser::types::{
        Directive, Field, FragmentDefinition, InlineFragment, OperationDefinition, Selection,
        SelectionSet, TypeCondition,
    },
};
use async_graphql_value::Value;
use foldhash::fast::RandomState;
use indexmap::IndexMap;

use crate::{Limit, LimitExceeded, Measured, Refusal, guard::Cost, schema::ServedSchema};

/// Collects the fields of one operation.
pub(super) struct Collector<'a> {
    schema: &'a ServedSchema,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// The request's variables, defaults included.
    variables: &'a Variables,
    /// Maximum of fields and fragments; those of interfaces and unions count once a type.
    allowed: u64,
    left: u64,
}

/// A field, and everything that is selected below it.
struct Collected<'a> {
    field: &'a Positioned<Field>,
    times: u64,
    below: Vec<&'a SelectionSet>,
}

/// The fields of a type, by their response keys.
#[derive(Default)]
struct Fields<'a> {
    by_key: IndexMap<&'a str, Collected<'a>, RandomState>,
    fragments: u64,
    visited: HashSet<&'a Name>,
    /// True if a fragment applies only to some objects. Then the fields are not complete.
    depend_on_type: bool,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        schema: &'a ServedSchema,
        fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
        variables: &'a Variables,
        allowed: u64,
    ) -> Self {
        Self {
            schema,
            fragments,
            variables,
            allowed,
            left: allowed,
        }
    }

    /// Returns an operation with its fields collected, and its cost.
    ///
    /// # Errors
    /// - It has too many fields.
    /// - Fields with one response key have different arguments. Validation ignores the lengths of
    ///   lists.
    /// - A condition is null.
    pub(super) fn collect(
        mut self,
        operation: &'a OperationDefinition,
    ) -> Result<(OperationDefinition, Cost), Refusal> {
        let selected = &operation.selection_set;
        let root = self.schema.root_type(operation.ty);
        let root = root.map_or("", |root| root.as_str());
        let (set, cost) = self.set(&[&selected.node], root)?;
        let operation = OperationDefinition {
            ty: operation.ty,
            variable_definitions: operation.variable_definitions.clone(),
            directives: Vec::new(),
            selection_set: Positioned::new(set, selected.pos),
        };
        Ok((operation, cost))
    }

    /// Merges selection sets of one type.
    fn set(
        &mut self,
        sets: &[&'a SelectionSet],
        ty: &str,
    ) -> Result<(SelectionSet, Cost), Refusal> {
        let left = self.left;
        let fields = self.gather_all(sets, ty)?;
        if !fields.depend_on_type {
            let (items, cost) = self.fields(fields, ty)?;
            return Ok((SelectionSet { items }, cost));
        }
        self.left = left;
        let schema = self.schema;
        let mut items = Vec::new();
        let mut greatest = Cost::default();
        for object in schema.possible_types(ty).unwrap_or_default() {
            let fields = self.gather_all(sets, object)?;
            let (fields, cost) = self.fields(fields, object)?;
            greatest = greatest.max(cost);
            if !fields.is_empty() {
                items.push(on(object, fields));
            }
        }
        Ok((SelectionSet { items }, greatest))
    }

    /// Returns fields as they are executed, with their cost.
    fn fields(
        &mut self,
        fields: Fields<'a>,
        ty: &str,
    ) -> Result<(Vec<Positioned<Selection>>, Cost), Refusal> {
        let prices = self.schema.prices(ty);
        let mut items = Vec::with_capacity(fields.by_key.len());
        let mut cost = Cost::values(fields.fragments);
        for (_, collected) in fields.by_key {
            let Collected {
                field,
                times,
                below,
            } = collected;
            let Positioned { pos, node: field } = field;
            let mut selection_set = Positioned::default();
            let price = prices.and_then(|prices| prices.get(&field.name.node));
            cost = cost.plus(match price {
                Some(price) => {
                    let mut selected = Cost::default();
                    if !below.is_empty() {
                        (selection_set.node, selected) = self.set(&below, &price.of)?;
                    }
                    price.cost(field, times, selected, self.variables)
                }
                None => Cost::values(times),
            });
            let field = Field {
                alias: field.alias.clone(),
                name: field.name.clone(),
                arguments: field.arguments.clone(),
                directives: Vec::new(),
                selection_set,
            };
            let field = Selection::Field(Positioned::new(field, *pos));
            items.push(Positioned::new(field, *pos));
        }
        Ok((items, cost))
    }

    fn gather_all(&mut self, sets: &[&'a SelectionSet], ty: &str) -> Result<Fields<'a>, Refusal> {
        let mut fields = Fields::default();
        for set in sets {
            self.gather(set, ty, &mut fields)?;
        }
        Ok(fields)
    }

    fn gather(
        &mut self,
        set: &'a SelectionSet,
        ty: &str,
        fields: &mut Fields<'a>,
    ) -> Result<(), Refusal> {
        for item in &set.items {
            let left = self.left.checked_sub(1);
            self.left = left.ok_or_else(|| too_many(self.allowed))?;
            if !self.is_included(item.node.directives())? {
                continue;
            }
            let (condition, set) = match &item.node {
                Selection::Field(field) => {
                    fields.add(field)?;
                    continue;
                }
                Selection::InlineFragment(Positioned { node: inline, .. }) => {
                    (inline.type_condition.as_ref(), &inline.selection_set)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.fragments.get(name);
                    let Some(fragment) = fragment.filter(|_| fields.visited.insert(name)) else {
                        fields.fragments += 1;
                        continue;
                    };
                    let fragment = &fragment.node;
                    (Some(&fragment.type_condition), &fragment.selection_set)
                }
            };
            fields.fragments += 1;
            if condition.is_none_or(|it| self.schema.satisfies(ty, &it.node.on.node)) {
                self.gather(&set.node, ty, fields)?;
            } else if self.schema.possible_types(ty).is_some() {
                fields.depend_on_type = true;
            }
            if fields.depend_on_type {
                break;
            }
        }
        Ok(())
    }

    fn is_included(&self, directives: &[Positioned<Directive>]) -> Result<bool, Refusal> {
        for directive in directives {
            let included = match directive.node.name.node.as_str() {
                "include" => true,
                "skip" => false,
                _ => continue,
            };
            let condition = directive.node.get_argument("if");
            let condition = match condition.map(|condition| &condition.node) {
                Some(Value::Boolean(condition)) => *condition,
                Some(Value::Variable(name)) => match self.variables.get(name) {
                    Some(ConstValue::Boolean(condition)) => *condition,
                    _ => return Err(null_condition(name, directive.pos)),
                },
                // Documents with other conditions are not valid.
                _ => continue,
            };
            if condition != included {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<'a> Fields<'a> {
    fn add(&mut self, field: &'a Positioned<Field>) -> Result<(), Refusal> {
        let key = field.node.response_key().node.as_str();
        let collected = self.by_key.entry(key).or_insert_with(|| Collected {
            field,
            times: 0,
            below: Vec::new(),
        });
        collected.times += 1;
        let (first, again) = (&collected.field.node, &field.node);
        let is_same = first.arguments.len() == again.arguments.len()
            && first.arguments.iter().all(|(name, value)| {
                let other = again.get_argument(&name.node);
                other.is_some_and(|other| other.node == value.node)
            });
        if !is_same {
            let message = format!(
                "Fields named `{key}` have different arguments; give one of them an alias."
            );
            let error = ServerError::new(message, Some(field.pos));
            return Err(Refusal::Invalid(vec![error]));
        }
        if !again.selection_set.node.items.is_empty() {
            collected.below.push(&again.selection_set.node);
        }
        Ok(())
    }
}

fn too_many(allowed: u64) -> LimitExceeded {
    let message = format!(
        "The operation has more than {allowed} fields and fragments, those of interfaces and unions \
         once per type; the maximum is {allowed}."
    );
    let measured = Measured::MoreThan(allowed);
    LimitExceeded::with_message(Limit::Fields, allowed, measured, message)
}

/// Returns a fragment on an object type.
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

/// The error of a condition that is null: its variable is nullable with a default.
fn null_condition(name: &Name, pos: Pos) -> Refusal {
    let message = format!("Variable \"${name}\" is null, and a condition must be true or false.");
    let error = ServerError::new(message, Some(pos));
    Refusal::Variables(vec![error])
}
