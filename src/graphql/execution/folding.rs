//! Fields and fragments that stand several times in one selection set, as if they stood there once
//! (specification, section 6.3.2). What is asked for a hundred times is then resolved once.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet},
};

/// Folds the selection sets of a valid document: fields of one name are the same field there.
///
/// # Errors
/// They are not, since their arguments differ: validation takes lists that begin alike for the same.
pub(super) fn fold(document: &mut ExecutableDocument) -> Result<(), ServerError> {
    match &mut document.operations {
        DocumentOperations::Single(operation) => fold_set(&mut operation.node.selection_set.node)?,
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                fold_set(&mut operation.node.selection_set.node)?;
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        fold_set(&mut fragment.node.selection_set.node)?;
    }
    Ok(())
}

fn fold_set(set: &mut SelectionSet) -> Result<(), ServerError> {
    let mut fields: HashMap<Name, usize> = HashMap::new();
    let mut fragments: HashSet<Name> = HashSet::new();
    let mut folded = Vec::with_capacity(set.items.len());
    for mut selection in set.items.drain(..) {
        let is_new = match &mut selection.node {
            Selection::Field(field) if field.node.directives.is_empty() => {
                let key = field.node.response_key().node.clone();
                match fields.get(&key).and_then(|first| folded.get_mut(*first)) {
                    Some(first) => {
                        let pos = field.pos;
                        add_to(first, &mut field.node).map_err(|name| {
                            let message = format!(
                                "Fields named `{name}` have different arguments; give one of them an \
                                 alias."
                            );
                            ServerError::new(message, Some(pos))
                        })?;
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
            Selection::Field(field) => fold_set(&mut field.node.selection_set.node)?,
            Selection::InlineFragment(inline) => {
                fold_set(&mut inline.node.selection_set.node)?;
            }
            Selection::FragmentSpread(_) => {}
        }
    }
    set.items = folded;
    Ok(())
}

/// Adds what is asked of the same field again. Gives its name if it is not the same.
fn add_to(first: &mut Positioned<Selection>, again: &mut Field) -> Result<(), Name> {
    let Selection::Field(first) = &mut first.node else {
        return Ok(());
    };
    let first = &mut first.node;
    let is_same = first.arguments.len() == again.arguments.len()
        && first.arguments.iter().all(|(name, value)| {
            let other = again.get_argument(&name.node);
            other.is_some_and(|other| other.node == value.node)
        });
    if !is_same {
        return Err(first.response_key().node.clone());
    }
    let more = std::mem::take(&mut again.selection_set.node.items);
    first.selection_set.node.items.extend(more);
    Ok(())
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
    fn fields_of_one_name_with_other_arguments_are_not_the_same() {
        for (document, is_same) in [
            ("{ a(b: [1, 2]) a(b: [1, 2]) }", true),
            ("{ a(b: 1, c: 2) a(c: 2, b: 1) }", true),
            ("{ a(b: [1]) a(b: [1, 2]) }", false),
            ("{ a(b: 1) a }", false),
            ("{ x { a(b: []) { c } } x { a(b: [1]) { d } } }", false),
        ] {
            let mut parsed = parse_query(document).unwrap();
            assert_eq!(fold(&mut parsed).is_ok(), is_same, "{document}");
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
            fold(&mut parsed).unwrap();
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
