//! Measures a document's selections without the schema, with fragments expanded: depth, aliases, root
//! fields, directives, fields and lists.
//!
//! Walks each fragment once, so that measuring costs no more than parsing.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        Directive, ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

use crate::limits::{Limit, LimitExceeded, Limits, Measured, check, check_length};

/// Maximum nesting of selection sets, fragments included, that async-graphql executes.
const MAX_SETS: usize = 32;

/// Maximum length of an argument's name that an error repeats, in bytes.
const MAX_REPEATED: usize = 64;

/// Maximum depth below `__schema` and `__type`. Tools nest `ofType`.
const MAX_INTROSPECTION_DEPTH: usize = 20;

/// Maximum number of introspection values, estimated with [`INTROSPECTION_LISTS`]. Tools select
/// fewer than 150,000. Three nested lists of types exceed it.
const MAX_INTROSPECTION: u64 = 200_000;

/// Assumed lengths of introspection lists.
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

/// Measurements of a document that is within the limits.
pub(crate) struct Shape<'a> {
    /// Introspection values of the operation that selects the most.
    pub(crate) introspection: u64,
    /// The first disabled field.
    pub(crate) disabled: Option<&'a Positioned<Name>>,
}

/// Measures a document. `disabled` lists the names of disabled fields.
///
/// # Errors
/// If the document exceeds a limit. The error names the first one.
pub(crate) fn measure<'a>(
    limits: &'a Limits,
    document: &'a ExecutableDocument,
    disabled: &'a [&str],
) -> Result<Shape<'a>, LimitExceeded> {
    let mut introspection = 0u64;
    let mut expansion = Expansion {
        limits,
        fragments: &document.fragments,
        known: HashMap::new(),
        disabled,
        found: None,
    };
    let mut fields = 0u64;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let mut whole = expansion.measure(&operation.selection_set.node, 1)?;
        let directives = expansion.directives(&operation.directives)?;
        whole.directives = whole.directives.saturating_add(directives);
        for variable in &operation.variable_definitions {
            let directives = expansion.directives(&variable.node.directives)?;
            whole.directives = whole.directives.saturating_add(directives);
            if let Some(default) = &variable.node.default_value {
                let name = variable.node.name.node.as_str();
                let path = ArgumentPath { name, parent: None };
                check_lists(limits, &path, &default.node.clone().into_value())?;
            }
        }
        fields = fields.saturating_add(whole.fields);
        check_length(Limit::Depth, limits.depth, whole.depth)?;
        check_length(Limit::Depth, MAX_SETS, whole.sets)?;
        check(Limit::Aliases, limits.aliases, whole.aliases)?;
        check(Limit::RootFields, limits.root_fields, whole.width)?;
        check(Limit::Directives, limits.directives, whole.directives)?;
        check(Limit::Fields, limits.cost, fields)?;
        check_length(
            Limit::Depth,
            MAX_INTROSPECTION_DEPTH,
            whole.introspection_depth,
        )?;
        check(Limit::Introspection, MAX_INTROSPECTION, whole.introspection)?;
        check(Limit::SubgraphSchema, 1, whole.subgraph_schemas)?;
        introspection = introspection.max(whole.introspection);
    }
    Ok(Shape {
        introspection,
        disabled: expansion.found,
    })
}

/// Size of a selection with its fragments expanded.
#[derive(Clone, Copy, Default)]
struct SelectionSize {
    /// Fields at this level.
    width: u64,
    /// Fields at all levels.
    fields: u64,
    aliases: u64,
    directives: u64,
    /// Depth of fields, without those below `__schema` and `__type`.
    depth: usize,
    introspection_depth: usize,
    /// Nesting of selection sets, those of fragments included.
    sets: usize,
    /// Introspection values, if this selection is below `__schema` or `__type`.
    values: u64,
    /// Introspection values that the selection contains.
    introspection: u64,
    /// Selections of the subgraph's schema, a long text that no document needs twice.
    subgraph_schemas: u64,
}

impl SelectionSize {
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

    /// Returns the size of a field with this selection.
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
            // The field or the text below it, whichever occurs more often.
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

struct Expansion<'a> {
    limits: &'a Limits,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// None while a fragment is being walked.
    known: HashMap<&'a Name, Option<SelectionSize>>,
    disabled: &'a [&'a str],
    /// First field whose name is disabled.
    found: Option<&'a Positioned<Name>>,
}

impl<'a> Expansion<'a> {
    /// Measures a selection set at nesting level `level`.
    fn measure(
        &mut self,
        set: &'a SelectionSet,
        level: usize,
    ) -> Result<SelectionSize, LimitExceeded> {
        let mut whole = SelectionSize::default();
        if set.items.is_empty() {
            return Ok(whole);
        }
        if level > MAX_SETS {
            let allowed = MAX_SETS as u64;
            let measured = Measured::MoreThan(allowed);
            return Err(LimitExceeded::new(Limit::Depth, allowed, measured));
        }
        for selection in &set.items {
            let mut inner = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    if self.found.is_none() && self.disabled.contains(&field.name.node.as_str()) {
                        self.found = Some(&field.name);
                    }
                    self.check_arguments(&field.arguments)?;
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

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<SelectionSize, LimitExceeded> {
        match self.known.get(name) {
            Some(Some(known)) => return Ok(*known),
            // Validation rejects a fragment that spreads itself.
            Some(None) => return Ok(SelectionSize::default()),
            None => {}
        }
        // Validation rejects a fragment that is not defined.
        let Some(fragment) = self.fragments.get(name) else {
            return Ok(SelectionSize::default());
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

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<u64, LimitExceeded> {
        for directive in directives {
            self.check_arguments(&directive.node.arguments)?;
        }
        Ok(directives.len() as u64)
    }

    fn check_arguments(&self, arguments: &[Argument]) -> Result<(), LimitExceeded> {
        arguments.iter().try_for_each(|(argument, value)| {
            let name = argument.node.as_str();
            let path = ArgumentPath { name, parent: None };
            check_lists(self.limits, &path, &value.node)
        })
    }
}

/// Path of an argument.
struct ArgumentPath<'a> {
    name: &'a str,
    parent: Option<&'a ArgumentPath<'a>>,
}

impl ArgumentPath<'_> {
    /// Returns the dotted path, such as `filter.role`. Long names become `…`, since clients choose
    /// them.
    fn path(&self) -> String {
        let name = if self.name.len() > MAX_REPEATED {
            "…"
        } else {
            self.name
        };
        match self.parent {
            Some(parent) => format!("{}.{name}", parent.path()),
            None => name.to_owned(),
        }
    }
}

/// Checks the lengths of lists within a value.
fn check_lists(
    limits: &Limits,
    path: &ArgumentPath<'_>,
    value: &Value,
) -> Result<(), LimitExceeded> {
    match value {
        Value::List(values) => {
            if values.len() > limits.list {
                return Err(long_list(limits, path, values.len()));
            }
            let mut values = values.iter();
            values.try_for_each(|value| check_lists(limits, path, value))
        }
        Value::Object(fields) => {
            let mut fields = fields.iter();
            fields.try_for_each(|(name, value)| {
                let parent = Some(path);
                check_lists(limits, &ArgumentPath { name, parent }, value)
            })
        }
        _ => Ok(()),
    }
}

fn long_list(limits: &Limits, path: &ArgumentPath<'_>, length: usize) -> LimitExceeded {
    let (maximum, path) = (limits.list, path.path());
    let message = format!("{path}: must have at most {maximum} values, not {length}");
    let measured = Measured::Exactly(length as u64);
    LimitExceeded::with_message(Limit::List, maximum as u64, measured, message)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::measure;
    use crate::limits::Limits;

    /// Returns the limit that a document exceeds.
    fn exceeded_limit(text: &str) -> Option<&'static str> {
        let document = parse_query(text).expect("a document");
        let refused = measure(&Limits::default(), &document, &[]).err();
        refused.map(|exceeded| exceeded.limit.name())
    }

    fn is_accepted(text: &str) -> bool {
        exceeded_limit(text).is_none()
    }

    #[test]
    fn a_fragment_bomb_exceeds_the_field_limit() {
        let bomb = |levels: usize| {
            let mut text = "{ viewer { ...F0 } }".to_owned();
            for level in 0..levels {
                let next = level + 1;
                text += &format!(" fragment F{level} on Viewer {{ ...F{next} ...F{next} }}");
            }
            text + &format!(" fragment F{levels} on Viewer {{ __typename }}")
        };
        assert!(is_accepted(&bomb(13)));
        assert_eq!(exceeded_limit(&bomb(14)), Some("fields"));
        assert!(!is_accepted(&bomb(29)));
        assert_eq!(exceeded_limit(&bomb(60)), Some("depth"));
        assert_eq!(exceeded_limit(&bomb(1000)), Some("depth"));
        assert!(is_accepted(
            "{ ...A ...A } fragment A on Query { viewer { user { id } } }"
        ));
        // Validation rejects these, so the guard accepts them.
        assert!(is_accepted(
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }"
        ));
        assert!(is_accepted("{ ...Nothing }"));
    }

    #[test]
    fn fields_of_all_operations_are_added() {
        let fields = "a ".repeat(1000);
        let operations = |count: usize| -> String {
            let names = (0..count).map(|at| format!("query Q{at} {{ b {{ ...F }} }} "));
            names.collect::<String>() + &format!("fragment F on Query {{ {fields} }}")
        };
        assert!(is_accepted(&operations(9)));
        assert_eq!(exceeded_limit(&operations(10)), Some("fields"));
    }

    #[test]
    fn fragments_nested_beyond_the_maximum_are_rejected() {
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
        assert!(is_accepted(&format!("{{ ...F0 }} {}", fragments(4))));
        assert_eq!(
            exceeded_limit(&format!("{{ ...F0 }} {}", fragments(5))),
            Some("depth")
        );
        // Known from where it stood higher.
        let deep = format!(
            "{{ ...F0 {} ...F0 {} }} {}",
            "...{".repeat(8),
            "}".repeat(8),
            fragments(4)
        );
        assert_eq!(exceeded_limit(&deep), Some("depth"));
    }

    #[test]
    fn each_limit_is_checked_with_fragments_expanded() {
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
            assert_eq!(exceeded_limit(&fine), None, "{fine}");
            assert_eq!(exceeded_limit(&wrong), Some(limit), "{wrong}");
        }
    }

    #[test]
    fn the_subgraph_schema_may_be_selected_once() {
        for fine in [
            "{ _service { sdl } }",
            "{ ...F } fragment F on Query { a: _service { b: sdl __typename } }",
        ] {
            assert!(is_accepted(fine), "{fine}");
        }
        for wrong in [
            "{ _service { sdl } a: _service { sdl } }",
            "{ _service { a: sdl b: sdl } }",
            "{ _service { __typename } a: _service { __typename } }",
            "{ ...F } fragment F on Query { _service { ...S } _service { ...S } }
             fragment S on _Service { sdl }",
        ] {
            assert_eq!(exceeded_limit(wrong), Some("subgraph_schema"), "{wrong}");
        }
    }

    #[test]
    fn introspection_has_its_own_limits() {
        let of_types = "ofType { ".repeat(12) + "kind" + &" }".repeat(12);
        assert!(is_accepted(&format!(
            "{{ __schema {{ types {{ fields {{ args {{ type {{ {of_types} }} }} }} }} }} }}"
        )));
        let bomb = "type { fields { ".repeat(4) + "name" + &" } }".repeat(4);
        let bomb = format!("{{ __schema {{ types {{ fields {{ {bomb} }} }} }} }}");
        assert_eq!(exceeded_limit(&bomb), Some("introspection"));
        let bomb = "possibleTypes { interfaces { ".repeat(6) + "name" + &" } }".repeat(6);
        let bomb =
            format!("{{ ...F }} fragment F on Query {{ __type(name: \"Node\") {{ {bomb} }} }}");
        assert_eq!(exceeded_limit(&bomb), Some("introspection"));
        let deep = "ofType { ".repeat(20) + "kind" + &" }".repeat(20);
        let deep = format!("{{ __type(name: \"Node\") {{ {deep} }} }}");
        assert_eq!(exceeded_limit(&deep), Some("depth"));
    }
}
