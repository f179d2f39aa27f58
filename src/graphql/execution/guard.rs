//! Refuses documents that are small as text and ruinous as work: brackets nested so deep that
//! reading them could exhaust the stack, and fragments that unfold without end.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

/// Deepest nesting of brackets; the deepest answer of the schema stays far below.
pub(super) const MAX_NESTING: usize = 64;

/// Most fields that a document may come to when its fragments are unfolded.
pub(super) const MAX_SELECTIONS: u64 = 10_000;

/// Longest chain of fragments within fragments.
const MAX_CHAIN: usize = 64;

/// Whether brackets are nested no deeper than [`MAX_NESTING`]; one pass over the text.
pub(super) fn is_shallow(text: &str) -> bool {
    let mut depth = 0usize;
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                if depth > MAX_NESTING {
                    return false;
                }
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => {
                let line = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                rest = &rest[line.unwrap_or(rest.len())..];
            }
            b'"' => rest = after_string(rest),
            _ => {}
        }
    }
    true
}

/// What follows a string, whose first quotation mark is passed already.
fn after_string(mut rest: &[u8]) -> &[u8] {
    if let Some(mut block) = rest.strip_prefix(b"\"\"") {
        loop {
            match block {
                [b'\\', b'"', b'"', b'"', after @ ..] | [_, after @ ..]
                    if !block.starts_with(b"\"\"\"") =>
                {
                    block = after;
                }
                [b'"', b'"', b'"', after @ ..] => return after,
                _ => return &[],
            }
        }
    }
    loop {
        match rest {
            [b'\\', _, after @ ..] => rest = after,
            [b'"' | b'\n' | b'\r', after @ ..] => return after,
            [_, after @ ..] => rest = after,
            [] => return &[],
        }
    }
}

/// Why a document would unfold to more than may be asked; none where it would not. Each fragment
/// is looked at once, so that this costs no more than reading the document did.
pub(super) fn unfolds_too_far(document: &ExecutableDocument) -> Option<String> {
    let mut unfolding = Unfolding {
        fragments: &document.fragments,
        sizes: HashMap::new(),
    };
    for (_, operation) in document.operations.iter() {
        match unfolding.size(&operation.node.selection_set.node, 0) {
            Some(size) if size <= MAX_SELECTIONS => {}
            Some(_) => {
                return Some(format!(
                    "The document comes to more than {MAX_SELECTIONS} fields."
                ));
            }
            None => {
                return Some(format!(
                    "Fragments spread each other in a circle, or in a chain of more than {MAX_CHAIN}."
                ));
            }
        }
    }
    None
}

struct Unfolding<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// None while a fragment is being looked at.
    sizes: HashMap<&'a Name, Option<u64>>,
}

impl<'a> Unfolding<'a> {
    /// How many fields a selection comes to; none where it does not come to an end.
    fn size(&mut self, set: &'a SelectionSet, chain: usize) -> Option<u64> {
        let mut size = 0u64;
        for selection in &set.items {
            let more = match &selection.node {
                Selection::Field(field) => self
                    .size(&field.node.selection_set.node, chain)?
                    .saturating_add(1),
                Selection::InlineFragment(inline) => {
                    self.size(&inline.node.selection_set.node, chain)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, chain + 1)?
                }
            };
            size = size.saturating_add(more);
        }
        Some(size)
    }

    fn fragment(&mut self, name: &'a Name, chain: usize) -> Option<u64> {
        if let Some(known) = self.sizes.get(name) {
            return *known;
        }
        // One that is not there is for validation to refuse.
        let Some(fragment) = self.fragments.get(name) else {
            return Some(0);
        };
        if chain > MAX_CHAIN {
            return None;
        }
        self.sizes.insert(name, None);
        let size = self.size(&fragment.node.selection_set.node, chain)?;
        self.sizes.insert(name, Some(size));
        Some(size)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::{MAX_NESTING, is_shallow, unfolds_too_far};

    #[test]
    fn brackets_count_only_where_they_are_brackets() {
        let deep = "[".repeat(MAX_NESTING + 1);
        assert!(!is_shallow(&format!("{{ a(b: {deep}")));
        for shallow in [
            "[".repeat(MAX_NESTING),
            format!("{{ a(b: \"{deep}\") }}"),
            format!("{{ a(b: \"\\\"{deep}\") }}"),
            format!("{{ a(b: \"\"\"{deep} \\\"\"\" {deep} \" {deep}\"\"\") }}"),
            format!("# {deep}\n{{ a }}"),
            "[]".repeat(1000),
        ] {
            assert!(is_shallow(&shallow), "{shallow}");
        }
        for hidden in [
            format!("\"\"{deep}"),
            format!("\"\"\"\"\"\"{deep}"),
            format!("# x\n{deep}"),
            format!("\"\\\\\"{deep}"),
        ] {
            assert!(!is_shallow(&hidden), "{hidden}");
        }
    }

    #[test]
    fn a_bomb_of_fragments_is_told_from_many_fields() {
        let bomb = |levels: usize| {
            let mut text = "{ ...F0 }".to_owned();
            for level in 0..levels {
                let next = level + 1;
                text += &format!(" fragment F{level} on Query {{ ...F{next} ...F{next} }}");
            }
            text + &format!(" fragment F{levels} on Query {{ __typename }}")
        };
        let too_far = |text: &str| unfolds_too_far(&parse_query(text).expect("a document"));
        assert_eq!(too_far(&bomb(10)), None);
        assert!(too_far(&bomb(14)).is_some());
        assert!(too_far(&bomb(60)).is_some());
        assert!(too_far(&bomb(1000)).is_some());
        assert!(
            too_far("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }")
                .is_some()
        );
        assert_eq!(
            too_far("{ ...A ...A } fragment A on Query { viewer { user { id } } }"),
            None
        );
        assert_eq!(too_far("{ ...Nothing }"), None);
    }
}
