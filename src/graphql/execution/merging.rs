//! Whether values have to be merged: the same object or list asked for in several places of a
//! document.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// Whether any selection set has several fields with selections under one name (specification,
/// section 6.3.2). `document` must be bounded when its fragments are unfolded.
pub(super) fn merges(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| operation);
    let fragments = document.fragments.values();
    operations
        .map(|operation| &operation.node.selection_set.node)
        .chain(fragments.map(|fragment| &fragment.node.selection_set.node))
        .any(|set| set_merges(document, set))
}

fn set_merges(document: &ExecutableDocument, set: &SelectionSet) -> bool {
    let mut names = HashSet::new();
    !names_are_single(document, set, &mut names)
}

/// Fields of different types of an interface under one name count as merged: which of them an
/// object has is not known here.
fn names_are_single<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    names: &mut HashSet<&'a str>,
) -> bool {
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => {
            let below = &field.node.selection_set.node;
            below.items.is_empty()
                || (names.insert(&field.node.response_key().node) && !set_merges(document, below))
        }
        Selection::InlineFragment(fragment) => {
            names_are_single(document, &fragment.node.selection_set.node, names)
        }
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node);
            fragment.is_none_or(|fragment| {
                names_are_single(document, &fragment.node.selection_set.node, names)
            })
        }
    })
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
            ("{ a { b } ...F } fragment F on T { a { c } }", true),
            (
                "{ ...F ...G } fragment F on T { a { c } } fragment G on T { b ...F }",
                true,
            ),
            ("{ ...F } fragment F on T { a { c } b }", false),
            ("{ x { b } } fragment F on T { a { c } a { d } }", true),
        ] {
            let parsed = parse_query(document).unwrap();
            assert_eq!(merges(&parsed), expected, "{document}");
        }
    }
}
