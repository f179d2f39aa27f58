//! Whether values have to be merged: the same object or list asked for in several places of a
//! document.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// Whether any object may have several fields with selections under one name (specification,
/// section 6.3.2). `document` must be bounded when its fragments are unfolded; `is_object_type`
/// tells object types from interfaces and unions.
pub(super) fn merges(document: &ExecutableDocument, is_object_type: impl Fn(&str) -> bool) -> bool {
    let selections = Selections {
        document,
        is_object_type: &is_object_type,
    };
    let operations = document.operations.iter();
    let operations = operations.map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values();
    operations
        .chain(fragments.map(|fragment| &fragment.node.selection_set.node))
        .any(|set| selections.merge(set))
}

struct Selections<'a> {
    document: &'a ExecutableDocument,
    is_object_type: &'a dyn Fn(&str) -> bool,
}

/// Under which names fields with selections are asked for, each with the object types that were
/// asked whether the object is one of them; none for all objects.
type Asked<'a> = HashMap<&'a str, Vec<Option<&'a str>>>;

impl<'a> Selections<'a> {
    fn merge(&self, set: &'a SelectionSet) -> bool {
        self.merge_with(set, None, &mut HashMap::new())
    }

    fn merge_with(
        &self,
        set: &'a SelectionSet,
        of: Option<&'a str>,
        asked: &mut Asked<'a>,
    ) -> bool {
        let narrowed = |condition: &'a str| match (self.is_object_type)(condition) {
            true => Some(condition),
            false => of,
        };
        set.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => {
                let below = &field.node.selection_set.node;
                if below.items.is_empty() {
                    return false;
                }
                let same = asked.entry(&field.node.response_key().node).or_default();
                // An object has one type.
                let differs = |other: &Option<&str>| of.zip(*other).is_some_and(|(a, b)| a != b);
                let merges = !same.iter().all(differs);
                same.push(of);
                merges || self.merge(below)
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let of = condition.map_or(of, |condition| narrowed(&condition.node.on.node));
                self.merge_with(&fragment.node.selection_set.node, of, asked)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                self.document.fragments.get(name).is_some_and(|fragment| {
                    let fragment = &fragment.node;
                    let of = narrowed(&fragment.type_condition.node.on.node);
                    self.merge_with(&fragment.selection_set.node, of, asked)
                })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::merges;

    #[test]
    fn objects_asked_for_twice_are_merged() {
        for (document, expected) in [
            ("{ a { b } c { b } }", false),
            ("{ a b a b }", false),
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
        ] {
            let parsed = parse_query(document).unwrap();
            let merged = merges(&parsed, |name| name != "Face");
            assert_eq!(merged, expected, "{document}");
        }
    }
}
