//! Refuses documents that are small as text and ruinous as work: brackets nested so deep that
//! reading them could exhaust the stack, selections nested too deep, and fragments that unfold
//! without end.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::Refusal;
use crate::graphql::error::Code;

/// Deepest nesting of brackets; the deepest answer of the schema stays far below.
pub(super) const MAX_NESTING: usize = 64;

/// Most fields that a document may come to when its fragments are unfolded.
pub(super) const MAX_SELECTIONS: u64 = 10_000;

/// Deepest selection of fields: every page of the schema, and introspection as tools ask for it,
/// stay well below.
const MAX_DEPTH: usize = 20;

/// Deepest nesting of selections, fragments included, that the library executes.
const MAX_SETS: usize = 32;

/// Most variables of an operation.
const MAX_VARIABLES: usize = 1000;

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
    if let [b'"', after_empty @ ..] = rest
        && let [b'"', block @ ..] = after_empty
    {
        let mut block = block;
        loop {
            match block {
                [b'\\', b'"', b'"', b'"', after @ ..] | [_, after @ ..]
                    if !block.starts_with(b"\"\"\"") =>
                {
                    block = after;
                }
                [b'"', b'"', b'"', after @ ..] => return after,
                // It does not end. A parser may take it for an empty string and go on behind that.
                _ => return after_empty,
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

/// Refuses a document whose selections are nested too deep, or that would unfold to more than may
/// be asked, all operations together. Each fragment is looked at once, so that this costs no more
/// than reading the document did.
pub(super) fn refuse_ruinous(document: &ExecutableDocument) -> Result<(), Refusal> {
    let mut unfolding = Unfolding {
        fragments: &document.fragments,
        known: HashMap::new(),
    };
    let mut fields = 0u64;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        if operation.variable_definitions.len() > MAX_VARIABLES {
            let message = format!("An operation has more than {MAX_VARIABLES} variables.");
            return Err(Refusal::new(Code::GraphqlValidationFailed, message));
        }
        let extent = unfolding.measure(&operation.selection_set.node, 1);
        fields = fields.saturating_add(extent.map_or(0, |extent| extent.fields));
        let message = match extent {
            Some(_) if fields > MAX_SELECTIONS => {
                format!("The document comes to more than {MAX_SELECTIONS} fields.")
            }
            Some(extent) if extent.depth > MAX_DEPTH => {
                format!("Fields are selected more than {MAX_DEPTH} deep.")
            }
            Some(extent) if extent.sets > MAX_SETS => {
                format!("Fields and fragments are nested more than {MAX_SETS} deep.")
            }
            Some(_) => continue,
            None => format!(
                "Fields and fragments are nested more than {MAX_SETS} deep, or fragments spread \
                 each other in a circle."
            ),
        };
        return Err(Refusal::new(Code::GraphqlValidationFailed, message));
    }
    Ok(())
}

/// What a selection comes to when its fragments are unfolded.
#[derive(Clone, Copy, Default)]
struct Extent {
    fields: u64,
    /// How deep fields are nested.
    depth: usize,
    /// How deep selections are nested, those of fragments included.
    sets: usize,
}

struct Unfolding<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// None while a fragment is being looked at.
    known: HashMap<&'a Name, Option<Extent>>,
}

impl<'a> Unfolding<'a> {
    /// None where it does not come to an end, or not before it is nested too deep; `level` is how
    /// deep it stands.
    fn measure(&mut self, set: &'a SelectionSet, level: usize) -> Option<Extent> {
        let mut whole = Extent::default();
        if set.items.is_empty() {
            return Some(whole);
        }
        if level > MAX_SETS {
            return None;
        }
        for selection in &set.items {
            let (inner, own) = match &selection.node {
                Selection::Field(field) => {
                    (self.measure(&field.node.selection_set.node, level + 1)?, 1)
                }
                Selection::InlineFragment(inline) => {
                    (self.measure(&inline.node.selection_set.node, level + 1)?, 0)
                }
                Selection::FragmentSpread(spread) => (
                    self.fragment(&spread.node.fragment_name.node, level + 1)?,
                    0,
                ),
            };
            whole.fields = whole
                .fields
                .saturating_add(inner.fields)
                .saturating_add(own);
            whole.depth = whole.depth.max(inner.depth + usize::from(own > 0));
            whole.sets = whole.sets.max(inner.sets);
        }
        whole.sets += 1;
        Some(whole)
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Option<Extent> {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        // One that is not there is for validation to refuse.
        let Some(fragment) = self.fragments.get(name) else {
            return Some(Extent::default());
        };
        self.known.insert(name, None);
        let extent = self.measure(&fragment.node.selection_set.node, level)?;
        self.known.insert(name, Some(extent));
        Some(extent)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::{MAX_NESTING, is_shallow, refuse_ruinous};

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
            // A block string that does not end is an empty one to some.
            format!("\"\"\"x\" {deep}"),
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
        let is_fine = |text: &str| refuse_ruinous(&parse_query(text).expect("a document")).is_ok();
        assert!(is_fine(&bomb(10)));
        assert!(!is_fine(&bomb(14)));
        assert!(!is_fine(&bomb(60)));
        assert!(!is_fine(&bomb(1000)));
        let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }";
        assert!(!is_fine(circle));
        assert!(is_fine(
            "{ ...A ...A } fragment A on Query { viewer { user { id } } }"
        ));
        assert!(is_fine("{ ...Nothing }"));
    }

    #[test]
    fn operations_count_together() {
        let fields = "a ".repeat(100);
        let operations = |count: usize| -> String {
            let names = (0..count).map(|at| format!("query Q{at} {{ ...F }} "));
            names.collect::<String>() + &format!("fragment F on Query {{ {fields} }}")
        };
        let is_fine = |text: &str| refuse_ruinous(&parse_query(text).expect("a document")).is_ok();
        assert!(is_fine(&operations(100)));
        assert!(!is_fine(&operations(101)));
    }

    #[test]
    fn chains_of_nested_fragments_are_followed_so_far_and_no_further() {
        let mut text = "{ ...F0 }".to_owned();
        for at in 0..64 {
            let (open, close) = ("...{".repeat(60), "}".repeat(60));
            text += &format!(
                " fragment F{at} on Query {{ {open} ...F{} {close} }}",
                at + 1
            );
        }
        text += " fragment F64 on Query { a }";
        assert!(refuse_ruinous(&parse_query(text).expect("a document")).is_err());
    }

    #[test]
    fn selections_are_nested_so_deep_and_no_deeper() {
        let nested = |depth: usize, step: &str| {
            format!(
                "{}{{ a }}{}",
                format!("{{ {step}").repeat(depth),
                "}".repeat(depth)
            )
        };
        let is_fine = |text: &str| refuse_ruinous(&parse_query(text).expect("a document")).is_ok();
        assert!(is_fine(&nested(19, "a")));
        assert!(!is_fine(&nested(20, "a")));
        assert!(is_fine(&nested(31, "...")));
        assert!(!is_fine(&nested(32, "...")));
    }
}
