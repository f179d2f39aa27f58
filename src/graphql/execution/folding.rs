//! Fields and fragments that stand several times in one selection set, as if they stood there once
//! (specification, section 6.3.2). What is asked for a hundred times is then resolved once.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned,
    parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};

/// Folds the selection sets of a valid document: fields of one name are the same field there.
pub(super) fn fold(document: &mut ExecutableDocument) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => fold_set(&mut operation.node.selection_set.node),
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                fold_set(&mut operation.node.selection_set.node);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        fold_set(&mut fragment.node.selection_set.node);
    }
}

fn fold_set(set: &mut SelectionSet) {
    let mut fields: HashMap<Name, usize> = HashMap::new();
    let mut fragments: HashSet<Name> = HashSet::new();
    let mut folded = Vec::with_capacity(set.items.len());
    for mut selection in set.items.drain(..) {
        let is_new = match &mut selection.node {
            Selection::Field(field) if field.node.directives.is_empty() => {
                let key = field.node.response_key().node.clone();
                match fields.get(&key).and_then(|first| folded.get_mut(*first)) {
                    Some(first) => {
                        let more = std::mem::take(&mut field.node.selection_set.node.items);
                        add_to(first, more);
                        false
                    }
                    None => {
                        fields.insert(key, folded.len());
                        true
                    }
                }
            }
            Selection::FragmentSpread(spread) if spread.node.directives.is_empty() => {
                fragments.insert(spread.node.fragment_name.node.clone())
            }
            _ => true,
        };
        if is_new {
            folded.push(selection);
        }
    }
    for selection in &mut folded {
        match &mut selection.node {
            Selection::Field(field) => fold_set(&mut field.node.selection_set.node),
            Selection::InlineFragment(inline) => {
                fold_set(&mut inline.node.selection_set.node);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
    set.items = folded;
}

fn add_to(field: &mut Positioned<Selection>, more: Vec<Positioned<Selection>>) {
    if let Selection::Field(field) = &mut field.node {
        field.node.selection_set.node.items.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{
        parse_query,
        types::{DocumentOperations, Selection, SelectionSet},
    };

    use super::fold;

    fn text(set: &SelectionSet) -> String {
        let items = set.items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                let field = &field.node;
                let below = text(&field.selection_set.node);
                let directives = "@".repeat(field.directives.len());
                format!("{}{directives}{below}", field.response_key().node)
            }
            Selection::InlineFragment(inline) => {
                format!("...{}", text(&inline.node.selection_set.node))
            }
            Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
        });
        let items: Vec<_> = items.collect();
        match items.is_empty() {
            true => String::new(),
            false => format!("{{{}}}", items.join(" ")),
        }
    }

    #[test]
    fn what_stands_several_times_stands_once() {
        for (document, expected) in [
            ("{ a b a a c }", "{a b c}"),
            ("{ a { x } b a { y x } }", "{a{x y} b}"),
            ("{ a { x { i } } a { x { j } } }", "{a{x{i j}}}"),
            ("{ a x: a y: a x: a }", "{a x y}"),
            ("{ ... { a } ... { a } }", "{...{a} ...{a}}"),
            ("{ a @skip(if: true) a a @skip(if: true) }", "{a@ a a@}"),
            (
                "{ ...F a ...F ...G } fragment F on T { a } fragment G on T { a }",
                "{...F a ...G}",
            ),
        ] {
            let mut parsed = parse_query(document).unwrap();
            fold(&mut parsed);
            let DocumentOperations::Single(operation) = &parsed.operations else {
                panic!("one operation");
            };
            assert_eq!(
                text(&operation.node.selection_set.node),
                expected,
                "{document}"
            );
        }
    }
}
