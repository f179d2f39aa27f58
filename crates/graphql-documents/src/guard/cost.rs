//! The cost of an operation: the nodes that it may return, with lists of the requested length.
//!
//! - An object costs one, and so does a row of a list. A connection costs one and its rows, at the
//!   size of the page, for each of `nodes` and `edges`. The `node` of an edge and `pageInfo` cost
//!   nothing.
//! - Every twenty values of an object cost one more. Fragments count as values.
//! - A repeated field costs one for each repetition.
//! - Each member of a list's filter costs ten more, and one for each of its values. Rows that the
//!   filter reads beyond the page are priced when the list is loaded.
//! - A mutation costs ten for each value of a list in its input. Its payload's list has as many rows.
//! - The subgraph's schema costs by its length.
//! - Introspection has its own allowance (`shape.rs`).
//!
//! [`crate::collect_fields`] adds up the costs, with the request's variables at hand.

use std::collections::{HashMap, HashSet};

use apollo_compiler::{
    Name, Schema,
    ast::OperationType,
    schema::{ExtendedType, FieldDefinition},
};
use async_graphql::{Variables, parser::types::Field};
use async_graphql_value::{ConstValue, Value};
use foldhash::fast::RandomState;

use crate::schema::{InvalidSchema, Tariff};

/// Values of an object that cost one node.
const VALUES_A_NODE: u64 = 20;

/// Values that an object counts as which is part of its parent.
const VALUES_OF_A_PART: u64 = 10;

/// Nodes that a member of a filter costs, besides its values.
const FILTER: u64 = 10;

/// Nodes that a mutation costs for each value of a list in its input.
const WRITTEN: u64 = 10;

/// The argument of a mutation.
const INPUT: &str = "input";

/// Nodes that a quota is charged for each list of an operation after the first: about the cost of a
/// statement.
const FURTHER_LIST: u64 = 15;

/// Prices of the fields of all types.
pub(crate) struct Prices(HashMap<Name, FieldPrices>);

/// Prices of a type's fields. A field without a price is a value.
#[derive(Default)]
pub(crate) struct FieldPrices(HashMap<Name, Price, RandomState>);

/// Price of a field of objects, or of a long text.
pub(crate) struct Price {
    /// The field's type, without lists and non-null.
    pub(crate) of: Name,
    count: Count,
}

/// The number of objects that a field returns.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Count {
    One,
    /// Part of its parent.
    Nothing,
    /// The page of a list, with its default and maximum size.
    Page {
        default: u64,
        max: u64,
    },
    /// The rows of the page in its parent, or of the input that its parent answers.
    Rows,
    /// The payload of a mutation. `is_bulk`: it has an outcome for each row of the input.
    Payload {
        is_bulk: bool,
    },
    /// One for each value of that argument.
    Argument(Name),
    Fixed(u64),
    /// Not an object: a text that costs so much.
    Text(u64),
    /// Part of the schema.
    Introspection,
}

impl Prices {
    pub(crate) fn new(schema: &Schema, tariff: &Tariff) -> Result<Self, InvalidSchema> {
        let is_object = |name: &Name| {
            schema.types.get(name).is_some_and(|ty| {
                matches!(
                    ty,
                    ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_)
                )
            })
        };
        let fields = || {
            schema.types.iter().flat_map(|(ty, definition)| {
                let fields = match definition {
                    ExtendedType::Object(object) => Some(&object.fields),
                    ExtendedType::Interface(interface) => Some(&interface.fields),
                    _ => None,
                };
                let fields = fields.into_iter().flat_map(|fields| fields.values());
                fields.map(move |field| (ty, &***field))
            })
        };
        let of = |field: &'_ FieldDefinition| field.ty.inner_named_type().clone();
        let connections: HashSet<Name> = fields()
            .filter(|(_, field)| is_page(field))
            .map(|(_, field)| of(field))
            .collect();
        let edges: HashSet<Name> = fields()
            .filter(|(ty, field)| connections.contains(*ty) && field.name == "edges")
            .map(|(_, field)| of(field))
            .collect();
        let mutation = schema.root_operation(OperationType::Mutation);
        let payloads: HashSet<Name> = fields()
            .filter(|(ty, _)| Some(*ty) == mutation)
            .map(|(_, field)| of(field))
            .collect();
        let is_rows = |ty: &Name, field: &FieldDefinition| {
            field.ty.is_list()
                && payloads.contains(ty)
                && declared(tariff.lists, ty, field).is_none()
        };
        let bulk: HashSet<Name> = fields()
            .filter(|(ty, field)| is_rows(ty, field) && is_object(field.ty.inner_named_type()))
            .map(|(ty, _)| ty.clone())
            .collect();
        let count = |ty: &Name, field: &FieldDefinition| {
            let is_list = field.ty.is_list();
            Ok(if of(field).starts_with("__") {
                Count::Introspection
            } else if Some(ty) == mutation {
                let is_bulk = bulk.contains(field.ty.inner_named_type());
                Count::Payload { is_bulk }
            } else if is_rows(ty, field) {
                Count::Rows
            } else if is_page(field) {
                Count::Page {
                    default: tariff.default_page,
                    max: tariff.max_page,
                }
            } else if connections.contains(ty) {
                if is_list { Count::Rows } else { Count::Nothing }
            } else if edges.contains(ty) && field.name == "node" {
                Count::Nothing
            } else if !is_list {
                Count::One
            } else if let Some(argument) = field.arguments.iter().find(|it| it.ty.is_list()) {
                Count::Argument(argument.name.clone())
            } else {
                let length = declared(tariff.lists, ty, field);
                let name = || InvalidSchema::Unpriced(format!("{ty}.{}", field.name));
                Count::Fixed(length.ok_or_else(name)?)
            })
        };
        let mut prices = HashMap::<_, FieldPrices>::new();
        let mut add = |ty: &Name, field: &FieldDefinition, count| {
            let price = Price {
                of: of(field),
                count,
            };
            let prices = prices.entry(ty.clone()).or_default();
            prices.0.insert(field.name.clone(), price);
        };
        for (ty, field) in fields() {
            if is_object(field.ty.inner_named_type()) {
                add(ty, field, count(ty, field)?);
            } else if let Some(nodes) = declared(tariff.texts, ty, field) {
                add(ty, field, Count::Text(nodes));
            }
        }
        // Fields that the schema has without defining them.
        for field in ["__schema", "__type"] {
            if let Some(query) = schema.root_operation(OperationType::Query)
                && let Ok(field) = schema.type_field(query, field)
            {
                add(query, field, Count::Introspection);
            }
        }
        let in_schema = |(ty, ..): &&(&str, &str, u64)| schema.types.contains_key(*ty);
        for (ty, field, _) in tariff.lists.iter().filter(in_schema) {
            let price = prices.get(*ty).and_then(|prices| prices.get(field));
            if !price.is_some_and(|price| matches!(price.count, Count::Fixed(_))) {
                return Err(InvalidSchema::NotAList(format!("{ty}.{field}")));
            }
        }
        Ok(Self(prices))
    }

    pub(crate) fn get(&self, ty: &str) -> Option<&FieldPrices> {
        self.0.get(ty)
    }
}

impl Price {
    /// Returns true for a mutation that has an outcome for each row of its input.
    pub(crate) fn is_bulk_mutation(&self) -> bool {
        self.count == Count::Payload { is_bulk: true }
    }
}

impl FieldPrices {
    pub(crate) fn get(&self, field: &str) -> Option<&Price> {
        self.0.get(field)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Price)> {
        self.0.iter().map(|(field, price)| (field.as_str(), price))
    }
}

/// Returns what a table declares for a field.
fn declared(table: &[(&str, &str, u64)], ty: &Name, field: &FieldDefinition) -> Option<u64> {
    let mut rows = table.iter();
    let row = rows.find(|(of, name, _)| ty == of && field.name == *name)?;
    Some(row.2)
}

fn is_page(field: &FieldDefinition) -> bool {
    ["first", "last"]
        .iter()
        .all(|argument| field.argument_by_name(argument).is_some())
}

/// Cost of the selections of an object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    nodes: u64,
    /// Nodes for each row of the page that the object is.
    nodes_a_row: u64,
    /// Values and fragments.
    values: u64,
    /// Lists that are pages, counted once each, however many objects have one.
    pages: u64,
    writes: Writes,
}

/// Amount that an operation writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Mutations.
    pub mutations: u64,
    /// Rows that they create or change, at most: one for each row of a bulk mutation's input, and one for
    /// each other mutation.
    pub rows: u64,
}

impl Writes {
    fn each(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            mutations: join(self.mutations, other.mutations),
            rows: join(self.rows, other.rows),
        }
    }
}

impl Cost {
    /// Cost of so many values or fragments.
    pub(crate) fn values(values: u64) -> Self {
        Self {
            values,
            ..Self::default()
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    /// Cost of an object that has one of two types.
    pub(crate) fn max(self, other: Self) -> Self {
        self.each(other, u64::max)
    }

    fn each(self, other: Self, join: impl Fn(u64, u64) -> u64 + Copy) -> Self {
        Self {
            nodes: join(self.nodes, other.nodes),
            nodes_a_row: join(self.nodes_a_row, other.nodes_a_row),
            values: join(self.values, other.values),
            pages: join(self.pages, other.pages),
            writes: self.writes.each(other.writes, join),
        }
    }

    /// The amount that an operation writes.
    pub(crate) fn writes(self) -> Writes {
        self.writes
    }

    /// The nodes of one object, besides itself.
    pub(crate) fn nodes(self) -> u64 {
        self.nodes.saturating_add(self.values / VALUES_A_NODE)
    }

    /// Nodes that a quota is charged for an operation besides its cost.
    pub(crate) fn surcharge(self) -> u64 {
        self.pages.saturating_sub(1).saturating_mul(FURTHER_LIST)
    }
}

impl Price {
    /// Returns the cost of a field that is selected `times` times, with `selected` of each object.
    pub(crate) fn cost(
        &self,
        field: &Field,
        times: u64,
        selected: Cost,
        variables: &Variables,
    ) -> Cost {
        let argument = |name| Argument::new(field, name, variables);
        let each = selected.nodes().saturating_add(times);
        let objects = |count: u64| each.saturating_mul(count);
        let mut cost = Cost {
            pages: selected.pages,
            ..Cost::default()
        };
        match &self.count {
            Count::One => cost.nodes = each,
            Count::Nothing => {
                cost.nodes = selected.nodes();
                // Without a cost, it could be selected under many aliases.
                cost.values = times.saturating_mul(VALUES_OF_A_PART);
            }
            Count::Page { default, max } => {
                let size = argument("first")
                    .page_size(*max)
                    .or(argument("last").page_size(*max));
                let rows = size.unwrap_or(*default);
                cost.nodes = each
                    .saturating_add(selected.nodes_a_row.saturating_mul(rows))
                    .saturating_add(argument("filter").filter_nodes());
                cost.pages = cost.pages.saturating_add(1);
            }
            Count::Payload { is_bulk } => {
                let input = field.get_argument(INPUT);
                let rows = input.map_or(0, |input| list_values(&input.node, variables));
                cost.nodes = each
                    .saturating_add(selected.nodes_a_row.saturating_mul(rows))
                    .saturating_add(WRITTEN.saturating_mul(rows).saturating_mul(times));
                // A field that is selected repeatedly is executed once.
                cost.writes = Writes {
                    mutations: 1,
                    rows: match (is_bulk, input) {
                        (true, Some(input)) => rows_of_input(&input.node, variables),
                        _ => 1,
                    },
                };
            }
            Count::Rows => cost.nodes_a_row = each,
            Count::Argument(name) => cost.nodes = objects(argument(name).length()),
            Count::Fixed(length) => cost.nodes = objects(*length),
            Count::Text(nodes) => cost.nodes = *nodes,
            Count::Introspection => return Cost::values(times),
        }
        cost
    }
}

/// Returns the rows of a bulk mutation's input: the values of its longest list, not of the lists within.
/// Input coercion makes a list of another value.
fn rows_of_input(input: &Value, variables: &Variables) -> u64 {
    let length = |value: &Value| match value {
        Value::Variable(name) => variables.get(name).map_or(0, const_length),
        Value::List(values) => values.len() as u64,
        _ => 0,
    };
    let longest = match input {
        Value::Variable(name) => variables.get(name).map_or(0, |input| match input {
            ConstValue::Object(members) => members.values().map(const_length).max().unwrap_or(0),
            _ => 0,
        }),
        Value::Object(members) => members.values().map(length).max().unwrap_or(0),
        _ => 0,
    };
    longest.max(1)
}

fn const_length(value: &ConstValue) -> u64 {
    match value {
        ConstValue::List(values) => values.len() as u64,
        _ => 0,
    }
}

/// Returns the number of values of all lists in an argument.
fn list_values(value: &Value, variables: &Variables) -> u64 {
    match value {
        Value::Variable(name) => variables.get(name).map_or(0, const_list_values),
        Value::List(values) => {
            let nested = values.iter().map(|value| list_values(value, variables));
            nested.fold(values.len() as u64, u64::saturating_add)
        }
        Value::Object(members) => {
            let nested = members.values().map(|value| list_values(value, variables));
            nested.fold(0, u64::saturating_add)
        }
        _ => 0,
    }
}

fn const_list_values(value: &ConstValue) -> u64 {
    match value {
        ConstValue::List(values) => {
            let nested = values.iter().map(const_list_values);
            nested.fold(values.len() as u64, u64::saturating_add)
        }
        ConstValue::Object(members) => {
            let nested = members.values().map(const_list_values);
            nested.fold(0, u64::saturating_add)
        }
        _ => 0,
    }
}

/// An argument, as far as a cost depends on it.
enum Argument {
    /// Absent or null.
    Null,
    Number(Option<i64>),
    List(u64),
    /// An object, with the nodes that it costs as a filter.
    Object(u64),
    Other,
}

impl Argument {
    fn new(field: &Field, name: &str, variables: &Variables) -> Self {
        let argument = field.get_argument(name);
        argument.map_or(Self::Null, |value| Self::read(&value.node, variables))
    }

    fn read(value: &Value, variables: &Variables) -> Self {
        match value {
            Value::Variable(name) => variables.get(name).map_or(Self::Null, Self::read_const),
            Value::Null => Self::Null,
            Value::Number(number) => Self::Number(number.as_i64()),
            Value::List(values) => Self::List(values.len() as u64),
            Value::Object(members) => {
                let members = members.values();
                Self::object(members.map(|value| Self::read(value, variables)))
            }
            _ => Self::Other,
        }
    }

    fn read_const(value: &ConstValue) -> Self {
        match value {
            ConstValue::Null => Self::Null,
            ConstValue::Number(number) => Self::Number(number.as_i64()),
            ConstValue::List(values) => Self::List(values.len() as u64),
            ConstValue::Object(members) => Self::object(members.values().map(Self::read_const)),
            _ => Self::Other,
        }
    }

    fn object(members: impl Iterator<Item = Self>) -> Self {
        let nodes = members.map(|member| match member {
            Self::Null => 0,
            Self::List(length) => FILTER.saturating_add(length),
            _ => FILTER,
        });
        Self::Object(nodes.fold(0, u64::saturating_add))
    }

    /// The size of a page. The list's resolver refuses a size out of bounds.
    fn page_size(&self, max: u64) -> Option<u64> {
        match self {
            Self::Number(Some(size)) => Some(u64::try_from(*size).unwrap_or(0).min(max)),
            Self::Number(None) => Some(max),
            _ => None,
        }
    }

    fn filter_nodes(&self) -> u64 {
        match self {
            Self::Object(nodes) => *nodes,
            _ => 0,
        }
    }

    fn length(&self) -> u64 {
        match self {
            Self::Null => 0,
            Self::List(length) => *length,
            // Input coercion makes a list of it.
            _ => 1,
        }
    }
}
