//! What `fuzz/` feeds with whatever there is.

/// How deep brackets are nested in what may be JSON.
pub fn nesting(json: &[u8]) -> usize {
    super::graphql::nesting(json)
}
