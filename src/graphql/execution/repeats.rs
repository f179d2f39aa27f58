//! Whether a document can be executed as it stands, and the conditions in it.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value;

/// What a type is that fragments are on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Interface,
    Union,
}

/// Whether any object may have several fields under one name (specification, section 6.3.2), or any
/// fragment is on a union. `document` must be bounded when its fragments are unfolded.
pub(super) fn must_be_collected(
    document: &ExecutableDocument,
    kind: impl Fn(&str) -> Kind,
) -> bool {
    let selections = Selections {
        document,
        kind: &kind,
    };
    sets(document).any(|set| selections.repeat(set))
}

/// The variables that conditions go by, and where.
pub(super) fn conditions(document: &ExecutableDocument) -> Vec<(Name, Pos)> {
    let mut found = Vec::new();
    sets(document).for_each(|set| add_conditions(set, &mut found));
    found
}

fn add_conditions(set: &SelectionSet, found: &mut Vec<(Name, Pos)>) {
    for item in &set.items {
        for directive in item.node.directives() {
            let value = directive.node.get_argument("if").map(|value| &value.node);
            if let Some(Value::Variable(name)) = value {
                found.push((name.clone(), directive.pos));
            }
        }
        match &item.node {
            Selection::Field(field) => add_conditions(&field.node.selection_set.node, found),
            Selection::InlineFragment(inline) => {
                add_conditions(&inline.node.selection_set.node, found);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// The outermost selection sets.
fn sets(document: &ExecutableDocument) -> impl Iterator<Item = &SelectionSet> {
    let operations = document.operations.iter();
    let operations = operations.map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values();
    operations.chain(fragments.map(|fragment| &fragment.node.selection_set.node))
}

struct Selections<'a> {
    document: &'a ExecutableDocument,
    kind: &'a dyn Fn(&str) -> Kind,
}

/// Under which names fields are asked for, each with the object types that were asked whether the
/// object is one of them; none for all objects.
type Asked<'a> = HashMap<&'a str, Vec<Option<&'a str>>>;

impl<'a> Selections<'a> {
    fn repeat(&self, set: &'a SelectionSet) -> bool {
        self.repeat_with(set, None, &mut HashMap::new())
    }

    fn repeat_with(
        &self,
        set: &'a SelectionSet,
        of: Option<&'a str>,
        asked: &mut Asked<'a>,
    ) -> bool {
        set.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => {
                let same = asked.entry(&field.node.response_key().node).or_default();
                // An object has one type.
                let differs = |other: &Option<&str>| of.zip(*other).is_some_and(|(a, b)| a != b);
                let repeats = !same.iter().all(differs);
                same.push(of);
                repeats || self.repeat(&field.node.selection_set.node)
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let condition = condition.map(|condition| condition.node.on.node.as_str());
                self.repeat_on(condition, &fragment.node.selection_set.node, of, asked)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                self.document.fragments.get(name).is_some_and(|fragment| {
                    let fragment = &fragment.node;
                    let condition = Some(fragment.type_condition.node.on.node.as_str());
                    self.repeat_on(condition, &fragment.selection_set.node, of, asked)
                })
            }
        })
    }

    fn repeat_on(
        &self,
        condition: Option<&'a str>,
        set: &'a SelectionSet,
        of: Option<&'a str>,
        asked: &mut Asked<'a>,
    ) -> bool {
        match condition.map(|condition| (self.kind)(condition)) {
            Some(Kind::Union) => true,
            Some(Kind::Object) => self.repeat_with(set, condition, asked),
            Some(Kind::Interface) | None => self.repeat_with(set, of, asked),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::{Kind, must_be_collected};

    #[test]
    fn fields_asked_for_twice_are_found() {
        for (document, expected) in [
            ("{ a { b } c { b } }", false),
            ("{ a b c }", false),
            ("{ a b a b }", true),
            ("{ a b x: a }", false),
            ("{ a { b } x: a { b } }", false),
            ("{ a { b } a { c } }", true),
            ("{ x { a { b } a { c } } }", true),
            ("{ a { b } ... { a { c } } }", true),
            ("{ a { b } ...F } fragment F on Type { a { c } }", true),
            (
                "{ ...F ...G } fragment F on Face { a { c } } fragment G on Face { b ...F }",
                true,
            ),
            ("{ ...F } fragment F on Type { a { c } b }", false),
            ("{ x { b } } fragment F on Type { a { c } a { d } }", true),
            (
                "{ ... on Type { a { b } } ... on Other { a { c } } }",
                false,
            ),
            ("{ ... on Type { a { b } } ... on Type { a { c } } }", true),
            ("{ ... on Type { a { b } } ... on Face { a { c } } }", true),
            ("{ ... on Type { a { b } } a { c } }", true),
            (
                "{ ... on Type { ... on Face { a { b } } } ... on Other { a { c } } }",
                false,
            ),
            ("{ ... on One { a } }", true),
            ("{ ... { ...F } } fragment F on One { a }", true),
        ] {
            let parsed = parse_query(document).unwrap();
            let kind = |name: &str| match name {
                "Face" => Kind::Interface,
                "One" => Kind::Union,
                _ => Kind::Object,
            };
            assert_eq!(must_be_collected(&parsed, kind), expected, "{document}");
        }
    }
}
