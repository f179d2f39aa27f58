//! What an operation costs: the nodes that it may come to, lists at the length that they are asked
//! for.
//!
//! - An object counts one, and so does a row of a list; a connection counts one and its rows, at the
//!   size of the page, by `nodes` and by `edges`. What belongs to an edge or a page alone counts
//!   nothing: an edge's `node`, `pageInfo`.
//! - Every twenty values that are asked of an object count one more.
//! - Each member of a list's filter counts ten more, and each value of a member one: what it reads
//!   beyond the page is priced where the list is loaded.
//! - The subgraph's schema counts by its length.
//! - Introspection has its own allowance (`shape.rs`).
//!
//! What does not hang on variables is added up once a document; for each request, only the lists are
//! gone through whose length a variable may say.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, Variables,
    parser::{
        parse_schema,
        types::{
            BaseType, ExecutableDocument, Field, FieldDefinition, FragmentDefinition,
            OperationDefinition, OperationType, Selection as Selected, SelectionSet, Type,
            TypeKind, TypeSystemDefinition,
        },
    },
};
use async_graphql_value::{ConstValue, Value};

use crate::graphql::connection::{DEFAULT_PAGE, MAX_PAGE};

/// Values of an object that one node more is counted for.
const VALUES_A_NODE: u64 = 20;

/// As how many values counts an object that is part of what it stands in.
const VALUES_OF_A_PART: u64 = 10;

/// Lists of objects that neither are pages nor hang on an argument, and how long they are taken to be.
const LISTS: [(&str, &str, u64); 1] = [("InviteCode", "tags", 10)];

/// Nodes that a member of a filter counts, beside its values.
const FILTER: u64 = 10;

/// Nodes that a list counts beyond the first of an operation, where a quota is charged: about what
/// its statement takes.
const FURTHER_LIST: u64 = 15;

/// Values that are long texts, and their nodes: one for each KiB.
const TEXTS: [(&str, &str, u64); 1] = [("_Service", "sdl", 40)];

/// What the fields of a schema cost, by type and name. A field that is not here is a value.
pub(in super::super) struct Prices(HashMap<Name, HashMap<Name, Price>>);

/// What a field costs that answers objects.
struct Price {
    /// The type of the objects.
    of: Name,
    count: Count,
}

#[derive(Clone, PartialEq, Eq)]
enum Count {
    /// One object.
    One,
    /// What belongs to what it stands in.
    Nothing,
    /// A page of a list.
    Page,
    /// The rows of the page that it stands in.
    Rows,
    /// As many as that argument has values.
    As(Name),
    /// About so many.
    About(u64),
}

impl Prices {
    /// Reads a schema in the schema definition language. None if it cannot be read.
    pub(in super::super) fn read(definition: &str) -> Option<Self> {
        let document = parse_schema(definition).ok()?;
        let types = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(&definition.node),
                _ => None,
            });
        let mut objects = HashSet::new();
        let mut fields: Vec<(&Name, &FieldDefinition)> = Vec::new();
        for definition in types {
            let name = &definition.name.node;
            let of_type = match &definition.kind {
                TypeKind::Object(object) => object.fields.as_slice(),
                TypeKind::Interface(interface) => &interface.fields,
                TypeKind::Union(_) => &[],
                _ => continue,
            };
            objects.insert(name);
            fields.extend(of_type.iter().map(|field| (name, &field.node)));
        }
        fields.retain(|(_, field)| objects.contains(named(&field.ty.node)));
        let connections: HashSet<&Name> = fields
            .iter()
            .filter(|(_, field)| is_page(field))
            .map(|(_, field)| named(&field.ty.node))
            .collect();
        let edges: HashSet<&Name> = fields
            .iter()
            .filter(|(of, field)| connections.contains(of) && field.name.node == "edges")
            .map(|(_, field)| named(&field.ty.node))
            .collect();
        let mut prices = HashMap::<_, HashMap<_, _>>::new();
        for (of, field) in fields {
            let name = &field.name.node;
            let is_list = matches!(field.ty.node.base, BaseType::List(_));
            let count = if is_page(field) {
                Count::Page
            } else if connections.contains(of) {
                if is_list { Count::Rows } else { Count::Nothing }
            } else if edges.contains(of) && name == "node" {
                Count::Nothing
            } else if !is_list {
                Count::One
            } else if let Some(argument) = list_argument(field) {
                Count::As(argument.clone())
            } else {
                let listed = LISTS.iter().find(|(ty, list, _)| of == ty && name == list);
                Count::About(listed.map_or(DEFAULT_PAGE, |(_, _, size)| *size))
            };
            let below = named(&field.ty.node).clone();
            let price = Price { of: below, count };
            prices
                .entry(of.clone())
                .or_default()
                .insert(name.clone(), price);
        }
        Some(Self(prices))
    }

    fn of(&self, ty: &Name, field: &Name) -> Option<&Price> {
        self.0.get(ty)?.get(field)
    }
}

fn named(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(item),
    }
}

fn is_page(field: &FieldDefinition) -> bool {
    let has = |name| field.arguments.iter().any(|it| it.node.name.node == name);
    has("first") && has("last")
}

fn list_argument(field: &FieldDefinition) -> Option<&Name> {
    let mut arguments = field.arguments.iter().map(|it| &it.node);
    let argument = arguments.find(|it| matches!(it.ty.node.base, BaseType::List(_)))?;
    Some(&argument.name.node)
}

/// Nodes: so many, and so many for each row of the page that they stand in.
#[derive(Clone, Copy, Default)]
struct Nodes {
    once: u64,
    a_row: u64,
}

impl Nodes {
    fn once(once: u64) -> Self {
        Self { once, a_row: 0 }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            once: self.once.saturating_add(other.once),
            a_row: self.a_row.saturating_add(other.a_row),
        }
    }
}

/// How many objects a field answers.
enum Times {
    One,
    Nothing,
    Page { rows: u64, filter: u64 },
    Rows,
    Listed(u64),
}

impl Times {
    /// What these cost, each with `below` below it.
    fn nodes(self, below: Nodes) -> Nodes {
        let each = below.once.saturating_add(1);
        match self {
            Self::One => Nodes::once(each),
            Self::Nothing => Nodes::once(below.once),
            Self::Page { rows, filter } => {
                let rows = below.a_row.saturating_mul(rows);
                Nodes::once(each.saturating_add(rows).saturating_add(filter))
            }
            Self::Rows => Nodes {
                once: 0,
                a_row: each,
            },
            Self::Listed(length) => Nodes::once(each.saturating_mul(length)),
        }
    }
}

/// A part of a document whose cost hangs on variables.
enum Open {
    /// A field, and what is asked below it.
    Field(OpenTimes, Cost),
    /// A fragment, by its place.
    Fragment(usize),
}

/// How many objects a field answers, as far as that is known without variables.
enum OpenTimes {
    Known(Count),
    Page {
        first: Sent,
        last: Sent,
        filter: Filter,
    },
    Listed(Sent),
}

/// The filter of a list, as it stands in an argument.
#[derive(Default)]
struct Filter {
    known: u64,
    /// The variables that say the others of its members.
    members: Vec<Name>,
    /// The variable that says all of it.
    whole: Option<Name>,
}

/// A number, or the length of a list, as it stands in an argument.
enum Sent {
    Nothing,
    Known(u64),
    Variable(Name),
}

/// What a selection costs.
#[derive(Default)]
struct Cost {
    known: Nodes,
    open: Vec<Open>,
    /// How many values are read of each object that it is asked of.
    values: u64,
    /// Lists that are pages, each counted once, however many objects it is asked of.
    pages: u64,
}

/// What the operations of a document cost, as far as that is known without variables.
pub(in super::super) struct Plan {
    operations: Vec<(Option<Name>, Cost)>,
    fragments: Vec<Cost>,
}

impl Plan {
    /// Of a document that is valid.
    pub(in super::super) fn of(document: &ExecutableDocument, prices: &Prices) -> Self {
        let mut planning = Planning {
            prices,
            definitions: &document.fragments,
            places: HashMap::new(),
            fragments: Vec::new(),
        };
        let operations = document.operations.iter().map(|(name, operation)| {
            let root = match operation.node.ty {
                OperationType::Query => "Query",
                OperationType::Mutation => "Mutation",
                OperationType::Subscription => "Subscription",
            };
            let selected = &operation.node.selection_set.node;
            let mut cost = Cost::default();
            planning.select(&Name::new(root), selected, &mut cost);
            (name.cloned(), cost.of_object())
        });
        Self {
            operations: operations.collect(),
            fragments: planning.fragments,
        }
    }

    /// The nodes that an operation may come to with these variables.
    pub(in super::super) fn nodes(
        &self,
        name: Option<&str>,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> u64 {
        let Some(cost) = self.cost(name) else {
            return 0;
        };
        let known = if cost.open.is_empty() {
            0
        } else {
            self.fragments.len()
        };
        let mut counting = Counting {
            fragments: &self.fragments,
            known: vec![None; known],
            operation,
            variables,
        };
        counting.nodes(cost).once
    }
}

impl Plan {
    /// Nodes that a quota is charged for an operation beside its cost.
    pub(in super::super) fn surcharge(&self, name: Option<&str>) -> u64 {
        let pages = self.cost(name).map_or(0, |cost| cost.pages);
        pages.saturating_sub(1).saturating_mul(FURTHER_LIST)
    }

    fn cost(&self, name: Option<&str>) -> Option<&Cost> {
        let mut operations = self.operations.iter();
        match (operations.next(), operations.next()) {
            (Some((_, only)), None) => Some(only),
            _ => {
                let mut named = self.operations.iter();
                let found = named.find(|(it, _)| it.as_ref().map(Name::as_str) == name);
                found.map(|(_, cost)| cost)
            }
        }
    }
}

struct Planning<'a> {
    prices: &'a Prices,
    definitions: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// Where in `fragments` each is.
    places: HashMap<&'a Name, usize>,
    fragments: Vec<Cost>,
}

impl<'a> Planning<'a> {
    /// Adds what is selected of the objects of a type.
    fn select(&mut self, ty: &Name, set: &'a SelectionSet, cost: &mut Cost) {
        for selected in &set.items {
            match &selected.node {
                Selected::Field(field) => self.field(ty, &field.node, cost),
                Selected::InlineFragment(inline) => {
                    cost.values = cost.values.saturating_add(1);
                    let condition = inline.node.type_condition.as_ref();
                    let ty = condition.map_or(ty, |condition| &condition.node.on.node);
                    self.select(ty, &inline.node.selection_set.node, cost);
                }
                Selected::FragmentSpread(spread) => {
                    cost.values = cost.values.saturating_add(1);
                    if let Some(place) = self.fragment(&spread.node.fragment_name.node) {
                        let fragment = &self.fragments[place];
                        cost.values = cost.values.saturating_add(fragment.values);
                        cost.pages = cost.pages.saturating_add(fragment.pages);
                        if fragment.open.is_empty() {
                            cost.known = cost.known.plus(fragment.known);
                        } else {
                            cost.open.push(Open::Fragment(place));
                        }
                    }
                }
            }
        }
    }

    fn fragment(&mut self, name: &'a Name) -> Option<usize> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let fragment = &self.definitions.get(name)?.node;
        let mut cost = Cost::default();
        let ty = &fragment.type_condition.node.on.node;
        self.select(ty, &fragment.selection_set.node, &mut cost);
        let place = self.fragments.len();
        self.fragments.push(cost);
        self.places.insert(name, place);
        Some(place)
    }

    fn field(&mut self, ty: &Name, field: &'a Field, cost: &mut Cost) {
        let Some(price) = self.prices.of(ty, &field.name.node) else {
            let mut texts = TEXTS.iter();
            let name = &field.name.node;
            match texts.find(|(of, text, _)| ty == of && name == text) {
                Some((_, _, nodes)) => cost.known = cost.known.plus(Nodes::once(*nodes)),
                None => cost.values = cost.values.saturating_add(1),
            }
            return;
        };
        if price.count == Count::Nothing {
            // Once it is part of what it stands in, but under many names it is not for nothing.
            cost.values = cost.values.saturating_add(VALUES_OF_A_PART);
        }
        let mut below = Cost::default();
        self.select(&price.of, &field.selection_set.node, &mut below);
        let below = below.of_object();
        cost.pages = cost
            .pages
            .saturating_add(below.pages)
            .saturating_add((price.count == Count::Page).into());
        let argument = |name: &str| field.get_argument(name).map(|value| &value.node);
        let times = match &price.count {
            Count::Page => {
                let sent = |name| argument(name).map_or(Sent::Nothing, Sent::number);
                OpenTimes::Page {
                    first: sent("first"),
                    last: sent("last"),
                    filter: argument("filter").map_or_else(Filter::default, Filter::read),
                }
            }
            Count::As(list) => {
                OpenTimes::Listed(argument(list).map_or(Sent::Nothing, Sent::length))
            }
            count => OpenTimes::Known(count.clone()),
        };
        match times.known() {
            Some(times) if below.open.is_empty() => {
                cost.known = cost.known.plus(times.nodes(below.known));
            }
            _ => cost.open.push(Open::Field(times, below)),
        }
    }
}

impl Cost {
    /// With what its values count, once all of them are known.
    fn of_object(mut self) -> Self {
        let values = Nodes::once(self.values / VALUES_A_NODE);
        self.known = self.known.plus(values);
        self
    }
}

impl Filter {
    fn read(value: &Value) -> Self {
        let mut filter = Self::default();
        match value {
            Value::Variable(name) => filter.whole = Some(name.clone()),
            Value::Object(members) => {
                for value in members.values() {
                    match value {
                        Value::Variable(name) => filter.members.push(name.clone()),
                        Value::Null => {}
                        Value::List(values) => filter.known += FILTER + values.len() as u64,
                        _ => filter.known += FILTER,
                    }
                }
            }
            _ => {}
        }
        filter
    }

    fn is_known(&self) -> bool {
        self.members.is_empty() && self.whole.is_none()
    }

    /// The nodes of a member whose value is sent.
    fn member(value: &ConstValue) -> u64 {
        match value {
            ConstValue::Null => 0,
            ConstValue::List(values) => FILTER + values.len() as u64,
            _ => FILTER,
        }
    }
}

impl Sent {
    fn number(value: &Value) -> Self {
        match value {
            Value::Variable(name) => Self::Variable(name.clone()),
            value => known_number(value).map_or(Self::Nothing, Self::Known),
        }
    }

    fn length(value: &Value) -> Self {
        match value {
            Value::Variable(name) => Self::Variable(name.clone()),
            Value::List(values) => Self::Known(values.len() as u64),
            Value::Null => Self::Nothing,
            // One value stands for a list of one.
            _ => Self::Known(1),
        }
    }

    /// None where a variable says it.
    fn known(&self) -> Option<Option<u64>> {
        match self {
            Self::Nothing => Some(None),
            Self::Known(number) => Some(Some(*number)),
            Self::Variable(_) => None,
        }
    }
}

/// The size of a page. One that is out of bounds is refused where it is asked for.
fn known_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => Some(number.as_i64().map_or(MAX_PAGE, page)),
        _ => None,
    }
}

fn page(sent: i64) -> u64 {
    u64::try_from(sent).unwrap_or(0).min(MAX_PAGE)
}

fn page_of(first: Option<u64>, last: Option<u64>, filter: u64) -> Times {
    Times::Page {
        rows: first.or(last).unwrap_or(DEFAULT_PAGE),
        filter,
    }
}

impl OpenTimes {
    /// None where a variable says it.
    fn known(&self) -> Option<Times> {
        Some(match self {
            Self::Known(count) => count.times(),
            Self::Page {
                first,
                last,
                filter,
            } if filter.is_known() => page_of(first.known()?, last.known()?, filter.known),
            Self::Page { .. } => return None,
            Self::Listed(sent) => Times::Listed(sent.known()?.unwrap_or(0)),
        })
    }
}

impl Count {
    fn times(&self) -> Times {
        match self {
            Self::One => Times::One,
            Self::Nothing => Times::Nothing,
            Self::Rows => Times::Rows,
            Self::About(length) => Times::Listed(*length),
            Self::Page => page_of(None, None, 0),
            Self::As(_) => Times::Listed(1),
        }
    }
}

/// Counts for one request.
struct Counting<'a> {
    fragments: &'a [Cost],
    known: Vec<Option<Nodes>>,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
}

impl Counting<'_> {
    fn nodes(&mut self, cost: &Cost) -> Nodes {
        cost.open.iter().fold(cost.known, |nodes, open| {
            nodes.plus(match open {
                Open::Field(times, below) => {
                    let below = self.nodes(below);
                    self.times(times).nodes(below)
                }
                Open::Fragment(place) => self.fragment(*place),
            })
        })
    }

    fn fragment(&mut self, place: usize) -> Nodes {
        if let Some(known) = self.known[place] {
            return known;
        }
        let nodes = self.nodes(&self.fragments[place]);
        self.known[place] = Some(nodes);
        nodes
    }

    fn times(&self, times: &OpenTimes) -> Times {
        match times {
            OpenTimes::Known(count) => count.times(),
            OpenTimes::Page {
                first,
                last,
                filter,
            } => page_of(self.number(first), self.number(last), self.filter(filter)),
            OpenTimes::Listed(sent) => Times::Listed(self.length(sent)),
        }
    }

    fn number(&self, sent: &Sent) -> Option<u64> {
        match sent {
            Sent::Nothing => None,
            Sent::Known(number) => Some(*number),
            Sent::Variable(name) => match self.value(name)? {
                ConstValue::Number(number) => Some(number.as_i64().map_or(MAX_PAGE, page)),
                _ => None,
            },
        }
    }

    fn filter(&self, filter: &Filter) -> u64 {
        let members = filter.members.iter().filter_map(|name| self.value(name));
        let whole = filter.whole.as_ref().and_then(|name| self.value(name));
        let whole = match whole {
            Some(ConstValue::Object(members)) => members.values().map(Filter::member).sum(),
            _ => 0,
        };
        filter.known + members.map(Filter::member).sum::<u64>() + whole
    }

    fn length(&self, sent: &Sent) -> u64 {
        match sent {
            Sent::Nothing => 0,
            Sent::Known(length) => *length,
            Sent::Variable(name) => match self.value(name) {
                None | Some(ConstValue::Null) => 0,
                Some(ConstValue::List(values)) => values.len() as u64,
                Some(_) => 1,
            },
        }
    }

    /// What is sent for a variable, or its default.
    fn value(&self, name: &Name) -> Option<&ConstValue> {
        self.variables.get(name).or_else(|| {
            let mut definitions = self.operation.variable_definitions.iter();
            definitions
                .find(|it| it.node.name.node == *name)?
                .node
                .default_value()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use async_graphql::{Name, Variables, parser::parse_query};

    use super::{Count, LISTS, Plan, Prices, TEXTS};
    use crate::graphql::{SchemaSettings, definition, schema, subgraph_sdl};

    fn prices() -> Prices {
        let schema = schema(SchemaSettings::default());
        Prices::read(&definition(&schema)).expect("a readable schema")
    }

    fn nodes(document: &str) -> u64 {
        let document = parse_query(document).expect("a document");
        let plan = Plan::of(&document, &prices());
        let (name, operation) = document.operations.iter().next().expect("an operation");
        let name = name.map(Name::as_str);
        plan.nodes(name, &operation.node, &Variables::default())
    }

    #[test]
    fn lists_that_are_no_pages_and_hang_on_no_argument_are_declared() {
        let prices = prices();
        let mut found = HashSet::new();
        for (ty, fields) in &prices.0 {
            for (field, price) in fields {
                if matches!(price.count, Count::About(_)) {
                    found.insert((ty.as_str(), field.as_str()));
                }
            }
        }
        assert_eq!(found, LISTS.map(|(ty, field, _)| (ty, field)).into());
        for (field, argument) in [("nodes", "ids"), ("_entities", "representations")] {
            let price = prices.of(&Name::new("Query"), &Name::new(field));
            let expected = Count::As(Name::new(argument));
            assert!(
                price.is_some_and(|price| price.count == expected),
                "{field}"
            );
        }
    }

    #[test]
    fn lists_multiply() {
        for (document, expected) in [
            ("{ __typename }", 0),
            ("{ __schema { types { name } } }", 0),
            ("{ viewer { user { id } } }", 2),
            ("{ inviteCodes { totalCount pageInfo { endCursor } } }", 1),
            ("{ inviteCodes { nodes { id } } }", 1 + 25),
            ("{ inviteCodes(first: 0) { nodes { id } } }", 1),
            (
                "{ inviteCodes(first: 7) { nodes { id } edges { node { id } } } }",
                1 + 14,
            ),
            (
                "{ inviteCodes(last: 7) { edges { cursor node { inviter { id } } } } }",
                1 + 14,
            ),
            ("{ inviteCodes(first: 1000) { nodes { id } } }", 1 + 100),
            (
                "{ inviteCodes(first: 2) { nodes { tags { id } } } }",
                1 + 2 * 11,
            ),
            (
                "{ nodes(ids: [1, 2, 3]) { id ... on Group { invite { id } } } }",
                6,
            ),
            ("{ _entities(representations: {}) { __typename } }", 1),
            (
                "{ inviteCodes(filter: { search: \"a\", tag: [1, 2], role: null }) { totalCount } }",
                1 + 10 + 12,
            ),
            (
                "query ($a: [ID!] = [1, 2, 3], $b: InviteCodeFilter = { search: \"a\" }) {
                    a: inviteCodes(filter: { tag: $a }) { totalCount }
                    b: inviteCodes(filter: $b) { totalCount } }",
                1 + 13 + 1 + 10,
            ),
            ("{ _service { sdl } }", 1 + 40),
            (
                "{ viewer { ...V } } fragment V on Viewer { workspaces(first: 3) { ...W } }
                 fragment W on WorkspaceConnection { nodes { invites(first: 5) { ...I } } }
                 fragment I on WorkspaceInviteConnection { edges { ... { node { id } } } }",
                2 + 3 * (1 + 1 + 5),
            ),
            (
                "{ course(id: 1) { invitees(first: 5) { edges { node { id } invite { inviter { id } } } } } }",
                2 + 5 * (1 + 2),
            ),
        ] {
            assert_eq!(nodes(document), expected, "{document}");
        }
    }

    #[test]
    fn further_lists_are_charged_each_by_itself() {
        let surcharge = |document: &str| {
            let document = parse_query(document).expect("a document");
            Plan::of(&document, &prices()).surcharge(None)
        };
        for (document, expected) in [
            ("{ viewer { user { id } } }", 0),
            ("{ inviteCodes { totalCount } }", 0),
            (
                "{ a: inviteCodes { totalCount } b: inviteCodes { totalCount } }",
                15,
            ),
            (
                "{ viewer { workspaces { nodes { invites { totalCount } } } ...F } }
                 fragment F on Viewer { a: groups { totalCount } b: groups { totalCount } }",
                45,
            ),
        ] {
            assert_eq!(surcharge(document), expected, "{document}");
        }
    }

    #[test]
    fn long_texts_count_by_their_length() {
        let (_, _, nodes) = TEXTS[0];
        let kib = subgraph_sdl(SchemaSettings::default()).len().div_ceil(1024) as u64;
        assert!(kib <= nodes && nodes < 2 * kib, "{kib} KiB");
    }

    #[test]
    fn a_bomb_of_pages_is_counted_without_an_end() {
        let mut document = "{ workspaceInvites { ...F0 } }".to_owned();
        for at in 0..12 {
            document += &format!(
                " fragment F{at} on WorkspaceInviteConnection {{
                    nodes {{ workspace {{ invites(first: 100) {{ ...F{} }} }} }} }}",
                at + 1
            );
        }
        document += " fragment F12 on WorkspaceInviteConnection { nodes { id } }";
        assert_eq!(nodes(&document), u64::MAX);
    }
}
