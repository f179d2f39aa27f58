//! Entry points for `fuzz/`.

/// Returns the nesting depth of brackets.
pub fn nesting(json: &[u8]) -> usize {
    super::graphql::nesting(json)
}
