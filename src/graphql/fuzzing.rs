//! Entry points of `fuzz/` to private parsers, with the properties that must hold.

use super::{cursor, id::parse_global_id};
use crate::paging::SortType;

/// Returns the number of tokens of a document, and the nesting of its brackets.
pub fn measure(document: &str) -> (usize, usize) {
    graphql_documents::measure_text(document)
}

/// Decodes a cursor of several lists.
///
/// # Panics
/// A decoded position does not survive encoding and decoding.
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

/// Parses a global id.
///
/// # Panics
/// The id is not the one of the object that it names.
pub fn id(text: &str) {
    if let Some(named) = parse_global_id(text) {
        assert_eq!(named.global_id(), text);
    }
}
