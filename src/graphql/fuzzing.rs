//! What `fuzz/` feeds with whatever there is, and what must hold of it. Texts of clients are read by
//! modules that are nobody else's business, so that this is the only way to them.

use super::{
    cursor,
    id::{global_id, parse_global_id},
};
use crate::paging::SortType;

/// Tokens of a document, and how deep its brackets are nested.
pub fn measure(document: &str) -> (usize, usize) {
    graphql_documents::measure_text(document)
}

/// Reads a cursor of several lists. What is read is written and read again as the same.
///
/// # Panics
/// It is not.
pub fn cursor(text: &str) {
    for order in [
        &[SortType::Int][..],
        &[SortType::Instant, SortType::Int],
        &[SortType::Text, SortType::Int],
        &[SortType::Instant, SortType::Text, SortType::Int],
    ] {
        if let Some(position) = cursor::decode("list", order, text) {
            let written = cursor::encode("list", &position);
            assert_eq!(cursor::decode("list", order, &written), Some(position));
        }
    }
}

/// Reads a global id. What is one is exactly what is written for what it names.
///
/// # Panics
/// It is not.
pub fn id(text: &str) {
    if let Some((kind, id)) = parse_global_id(text) {
        assert_eq!(global_id(kind, id).as_str(), text);
    }
}
