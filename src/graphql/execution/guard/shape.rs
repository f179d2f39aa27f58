//! What a document selects, as far as that can be seen without the schema: how deep, how many
//! aliases, root fields and directives, and how much when its fragments are unfolded.
//!
//! Each fragment is looked at once, so that this costs no more than reading the document did.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{
        Directive, ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

use crate::graphql::limits::{Limit, Limits, Met, exceeded, hold, hold_length, with_message};

/// Deepest nesting of selections, fragments included, that the library executes.
const MAX_SETS: usize = 32;

/// Longest name of a client's own that an error repeats, in bytes.
const MAX_REPEATED: usize = 64;

/// Deepest selection below `__schema` and `__type`: tools ask for types within types.
const MAX_INTROSPECTION_DEPTH: usize = 20;

/// Most values that introspection may come to, by what its lists are taken to hold. What tools ask
/// for comes to less than 150,000; a list of types within lists of types within another to more.
const MAX_INTROSPECTION: u64 = 200_000;

/// What the lists of introspection are taken to hold.
const INTROSPECTION_LISTS: [(&str, u64); 8] = [
    ("types", 75),
    ("fields", 10),
    ("args", 3),
    ("inputFields", 6),
    ("interfaces", 2),
    ("enumValues", 5),
    ("possibleTypes", 9),
    ("directives", 5),
];

/// Refuses a document that selects too deep or too much. Gives the values that an operation may ask
/// of the schema.
pub(in super::super) fn refuse_ruinous(
    limits: &Limits,
    document: &ExecutableDocument,
) -> Result<u64, ServerError> {
    let mut introspection = 0u64;
    let mut unfolding = Unfolding {
        limits,
        fragments: &document.fragments,
        known: HashMap::new(),
    };
    let mut fields = 0u64;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let mut whole = unfolding.measure(&operation.selection_set.node, 1)?;
        let directives = unfolding.directives(&operation.directives)?;
        whole.directives = whole.directives.saturating_add(directives);
        for variable in &operation.variable_definitions {
            let directives = unfolding.directives(&variable.node.directives)?;
            whole.directives = whole.directives.saturating_add(directives);
            if let Some(default) = &variable.node.default_value {
                let name = variable.node.name.node.as_str();
                let place = Place { name, within: None };
                hold_lists(limits, &place, &default.node.clone().into_value())?;
            }
        }
        fields = fields.saturating_add(whole.fields);
        hold_length(Limit::Depth, limits.depth, whole.depth)?;
        hold_length(Limit::Depth, MAX_SETS, whole.sets)?;
        hold(Limit::Aliases, limits.aliases, whole.aliases)?;
        hold(Limit::RootFields, limits.root_fields, whole.width)?;
        hold(Limit::Directives, limits.directives, whole.directives)?;
        hold(Limit::Fields, limits.cost, fields)?;
        hold_length(
            Limit::Depth,
            MAX_INTROSPECTION_DEPTH,
            whole.introspection_depth,
        )?;
        hold(Limit::Introspection, MAX_INTROSPECTION, whole.introspection)?;
        hold(Limit::SubgraphSchema, 1, whole.subgraph_schemas)?;
        introspection = introspection.max(whole.introspection);
    }
    Ok(introspection)
}

/// What a selection comes to when its fragments are unfolded.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// Fields at this level.
    width: u64,
    /// Fields at all levels.
    fields: u64,
    aliases: u64,
    directives: u64,
    /// How deep fields are nested; what is below `__schema` and `__type` is counted by itself.
    depth: usize,
    introspection_depth: usize,
    /// How deep selections are nested, those of fragments included.
    sets: usize,
    /// What it comes to if it is asked of the schema.
    values: u64,
    /// What it asks of the schema comes to.
    introspection: u64,
    /// How often the subgraph's schema is asked for: a long text that no document needs twice.
    subgraph_schemas: u64,
}

impl Extent {
    fn add(&mut self, other: Self) {
        self.width = self.width.saturating_add(other.width);
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.sets = self.sets.max(other.sets);
        self.values = self.values.saturating_add(other.values);
        self.introspection = self.introspection.saturating_add(other.introspection);
        self.subgraph_schemas = self.subgraph_schemas.saturating_add(other.subgraph_schemas);
    }

    /// What a field comes to that selects this.
    fn within(self, field: &Field) -> Self {
        let name = field.name.node.as_str();
        let size = INTROSPECTION_LISTS.iter().find(|(list, _)| *list == name);
        let values = self.values.saturating_add(1);
        let mut whole = Self {
            width: 1,
            fields: self.fields.saturating_add(1),
            aliases: self.aliases.saturating_add(field.alias.is_some().into()),
            depth: self.depth + 1,
            values: values.saturating_mul(size.map_or(1, |(_, size)| *size)),
            ..self
        };
        if name == "_service" {
            // By its own name or by the text within, whichever is there more often.
            whole.subgraph_schemas = self.subgraph_schemas.max(1);
        } else if name == "sdl" {
            whole.subgraph_schemas = 1;
        }
        if matches!(name, "__schema" | "__type") {
            whole.depth = 1;
            whole.introspection_depth = self.depth + 1;
            whole.introspection = whole.values;
        }
        whole
    }
}

type Argument = (Positioned<Name>, Positioned<Value>);

struct Unfolding<'a> {
    limits: &'a Limits,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// None while a fragment is being looked at.
    known: HashMap<&'a Name, Option<Extent>>,
}

impl<'a> Unfolding<'a> {
    /// `level` is how deep the selection stands.
    fn measure(&mut self, set: &'a SelectionSet, level: usize) -> Result<Extent, ServerError> {
        let mut whole = Extent::default();
        if set.items.is_empty() {
            return Ok(whole);
        }
        if level > MAX_SETS {
            let met = Met::MoreThan(MAX_SETS as u64);
            return Err(exceeded(Limit::Depth, MAX_SETS as u64, met));
        }
        for selection in &set.items {
            let mut inner = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    self.hold_arguments(&field.arguments)?;
                    self.measure(&field.selection_set.node, level + 1)?
                        .within(field)
                }
                Selection::InlineFragment(inline) => {
                    self.measure(&inline.node.selection_set.node, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, level + 1)?
                }
            };
            let directives = self.directives(selection.node.directives())?;
            inner.directives = inner.directives.saturating_add(directives);
            whole.add(inner);
        }
        whole.sets += 1;
        Ok(whole)
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<Extent, ServerError> {
        match self.known.get(name) {
            Some(Some(known)) => return Ok(*known),
            // It spreads itself, which is for validation to refuse: without an end it is not.
            Some(None) => return Ok(Extent::default()),
            None => {}
        }
        // One that is not there is for validation to refuse.
        let Some(fragment) = self.fragments.get(name) else {
            return Ok(Extent::default());
        };
        self.known.insert(name, None);
        let fragment = &fragment.node;
        let mut extent = self.measure(&fragment.selection_set.node, level)?;
        extent.directives = extent
            .directives
            .saturating_add(self.directives(&fragment.directives)?);
        self.known.insert(name, Some(extent));
        Ok(extent)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<u64, ServerError> {
        for directive in directives {
            self.hold_arguments(&directive.node.arguments)?;
        }
        Ok(directives.len() as u64)
    }

    fn hold_arguments(&self, arguments: &[Argument]) -> Result<(), ServerError> {
        arguments.iter().try_for_each(|(argument, value)| {
            let name = argument.node.as_str();
            let place = Place { name, within: None };
            hold_lists(self.limits, &place, &value.node)
        })
    }
}

/// A place in an argument.
struct Place<'a> {
    name: &'a str,
    within: Option<&'a Place<'a>>,
}

impl Place<'_> {
    /// As in `filter.role`. Names are a client's own: long ones are not repeated.
    fn path(&self) -> String {
        let name = if self.name.len() > MAX_REPEATED {
            "…"
        } else {
            self.name
        };
        match self.within {
            Some(within) => format!("{}.{name}", within.path()),
            None => name.to_owned(),
        }
    }
}

/// Refuses a list within a value that has too many values.
fn hold_lists(limits: &Limits, place: &Place<'_>, value: &Value) -> Result<(), ServerError> {
    match value {
        Value::List(values) => {
            if values.len() > limits.list {
                return Err(long_list(limits, place, values.len()));
            }
            let mut values = values.iter();
            values.try_for_each(|value| hold_lists(limits, place, value))
        }
        Value::Object(fields) => {
            let mut fields = fields.iter();
            fields.try_for_each(|(name, value)| {
                let within = Some(place);
                hold_lists(limits, &Place { name, within }, value)
            })
        }
        _ => Ok(()),
    }
}

fn long_list(limits: &Limits, place: &Place<'_>, length: usize) -> ServerError {
    let (most, place) = (limits.list, place.path());
    let message = format!("{place}: must have at most {most} values, not {length}");
    with_message(
        Limit::List,
        most as u64,
        Met::Exactly(length as u64),
        message,
    )
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::refuse_ruinous;
    use crate::graphql::Limits;

    /// The limit that a document goes beyond.
    fn refused_by(text: &str) -> Option<String> {
        let document = parse_query(text).expect("a document");
        let error = refuse_ruinous(&Limits::default(), &document).err()?;
        let limit = error.extensions.expect("a limit").get("limit").cloned();
        match limit {
            Some(async_graphql::Value::String(limit)) => Some(limit),
            _ => panic!("no limit"),
        }
    }

    fn is_fine(text: &str) -> bool {
        refused_by(text).is_none()
    }

    #[test]
    fn a_bomb_of_fragments_is_told_from_many_fields() {
        let bomb = |levels: usize| {
            let mut text = "{ viewer { ...F0 } }".to_owned();
            for level in 0..levels {
                let next = level + 1;
                text += &format!(" fragment F{level} on Viewer {{ ...F{next} ...F{next} }}");
            }
            text + &format!(" fragment F{levels} on Viewer {{ __typename }}")
        };
        assert!(is_fine(&bomb(13)));
        assert_eq!(refused_by(&bomb(14)).as_deref(), Some("fields"));
        assert!(!is_fine(&bomb(29)));
        assert_eq!(refused_by(&bomb(60)).as_deref(), Some("depth"));
        assert_eq!(refused_by(&bomb(1000)).as_deref(), Some("depth"));
        assert!(is_fine(
            "{ ...A ...A } fragment A on Query { viewer { user { id } } }"
        ));
        // These are for validation to refuse.
        assert!(is_fine(
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }"
        ));
        assert!(is_fine("{ ...Nothing }"));
    }

    #[test]
    fn operations_count_together() {
        let fields = "a ".repeat(1000);
        let operations = |count: usize| -> String {
            let names = (0..count).map(|at| format!("query Q{at} {{ b {{ ...F }} }} "));
            names.collect::<String>() + &format!("fragment F on Query {{ {fields} }}")
        };
        assert!(is_fine(&operations(9)));
        assert_eq!(refused_by(&operations(10)).as_deref(), Some("fields"));
    }

    #[test]
    fn chains_of_nested_fragments_are_followed_so_far_and_no_further() {
        let fragments = |count: usize| {
            let mut text = String::new();
            for at in 0..count {
                let (open, close) = ("...{".repeat(6), "}".repeat(6));
                text += &format!(
                    " fragment F{at} on Query {{ {open} ...F{} {close} }}",
                    at + 1
                );
            }
            text + &format!(" fragment F{count} on Query {{ a }}")
        };
        assert!(is_fine(&format!("{{ ...F0 }} {}", fragments(4))));
        assert_eq!(
            refused_by(&format!("{{ ...F0 }} {}", fragments(5))).as_deref(),
            Some("depth")
        );
        // Known from where it stood higher.
        let deep = format!(
            "{{ ...F0 {} ...F0 {} }} {}",
            "...{".repeat(8),
            "}".repeat(8),
            fragments(4)
        );
        assert_eq!(refused_by(&deep).as_deref(), Some("depth"));
    }

    #[test]
    fn each_count_is_held_with_fragments_unfolded() {
        let spread = |fragment: &str, times: usize| {
            format!(
                "{{ a {{ {} }} }} fragment F on A {{ {fragment} }}",
                "...F ".repeat(times)
            )
        };
        let nested =
            |depth: usize| format!("{}a{}", "{ a ".repeat(depth - 1) + "{ ", " }".repeat(depth));
        for (fine, wrong, limit) in [
            (nested(12), nested(13), "depth"),
            (
                spread("b: c d: e", 10),
                spread("b: c d: e f: g", 7),
                "aliases",
            ),
            (
                spread("b @c d @e @f", 6),
                spread("b @c d @e @f", 7),
                "directives",
            ),
            (
                format!("{{ {} }}", "a ".repeat(20)),
                format!("{{ {} }}", "a ".repeat(21)),
                "root_fields",
            ),
            (
                "{ ...F ...F } fragment F on Query { a b c d e f g h i j }".into(),
                "{ ...F ...F ... { a } } fragment F on Query { a b c d e f g h i j }".into(),
                "root_fields",
            ),
            (
                format!("{{ a(b: [{}]) }}", "1 ".repeat(100)),
                format!("{{ a(b: [{}]) }}", "1 ".repeat(101)),
                "list",
            ),
            (
                format!("{{ a @b(c: {{ d: [[{}]] }}) }}", "1 ".repeat(100)),
                format!("{{ a @b(c: {{ d: [[{}]] }}) }}", "1 ".repeat(101)),
                "list",
            ),
            (
                format!("query ($a: A = [{}]) {{ b }}", "1 ".repeat(100)),
                format!("query ($a: A = [{}]) {{ b }}", "1 ".repeat(101)),
                "list",
            ),
        ] {
            assert_eq!(refused_by(&fine), None, "{fine}");
            assert_eq!(refused_by(&wrong).as_deref(), Some(limit), "{wrong}");
        }
    }

    #[test]
    fn the_subgraphs_schema_is_asked_for_once() {
        for fine in [
            "{ _service { sdl } }",
            "{ ...F } fragment F on Query { a: _service { b: sdl __typename } }",
        ] {
            assert!(is_fine(fine), "{fine}");
        }
        for wrong in [
            "{ _service { sdl } a: _service { sdl } }",
            "{ _service { a: sdl b: sdl } }",
            "{ _service { __typename } a: _service { __typename } }",
            "{ ...F } fragment F on Query { _service { ...S } _service { ...S } }
             fragment S on _Service { sdl }",
        ] {
            assert_eq!(
                refused_by(wrong).as_deref(),
                Some("subgraph_schema"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn introspection_has_an_allowance_of_its_own() {
        let of_types = "ofType { ".repeat(12) + "kind" + &" }".repeat(12);
        assert!(is_fine(&format!(
            "{{ __schema {{ types {{ fields {{ args {{ type {{ {of_types} }} }} }} }} }} }}"
        )));
        let bomb = "type { fields { ".repeat(4) + "name" + &" } }".repeat(4);
        let bomb = format!("{{ __schema {{ types {{ fields {{ {bomb} }} }} }} }}");
        assert_eq!(refused_by(&bomb).as_deref(), Some("introspection"));
        let bomb = "possibleTypes { interfaces { ".repeat(6) + "name" + &" } }".repeat(6);
        let bomb =
            format!("{{ ...F }} fragment F on Query {{ __type(name: \"Node\") {{ {bomb} }} }}");
        assert_eq!(refused_by(&bomb).as_deref(), Some("introspection"));
        let deep = "ofType { ".repeat(20) + "kind" + &" }".repeat(20);
        let deep = format!("{{ __type(name: \"Node\") {{ {deep} }} }}");
        assert_eq!(refused_by(&deep).as_deref(), Some("depth"));
    }
}
