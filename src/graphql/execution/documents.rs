//! Documents that were asked before and are valid, bounded by their text.
//!
//! Whether a document is valid does not hang on the values of variables: those are held to their
//! declared types for every request. So what is known of a document is true of every request for it.

use std::sync::Arc;

use async_graphql::{Name, Pos, parser::types::ExecutableDocument};
use quick_cache::{Weighter, sync::Cache};

use super::guard::Plan;

/// Longest document that is kept, in bytes.
const MAX_TEXT: usize = 16 * 1024;

/// What a document costs beside its text, in the bytes by which the cache is bounded.
const OVERHEAD: u64 = 256;

/// A document that can be executed, and what is known of it.
pub(super) struct Known {
    /// The document.
    pub(super) parsed: ExecutableDocument,
    /// Whether its selections are to be collected before they are executed: for each request, since
    /// what is collected may be many times the document.
    pub(super) repeats: bool,
    /// The variables that conditions go by, and where.
    pub(super) conditions: Vec<(Name, Pos)>,
    /// What its operations cost.
    pub(super) plan: Plan,
    /// The values that an operation may ask of the schema.
    pub(super) introspection: u64,
}

/// The documents, by their text.
pub(super) struct Documents(Option<Cache<Box<str>, Arc<Known>, ByText>>);

#[derive(Clone)]
struct ByText;

impl Weighter<Box<str>, Arc<Known>> for ByText {
    fn weight(&self, text: &Box<str>, _: &Arc<Known>) -> u64 {
        text.len() as u64 + OVERHEAD
    }
}

impl Documents {
    /// Keeps documents of `capacity` bytes of text together; 0 keeps none.
    pub(super) fn new(capacity: u64) -> Self {
        let estimated = usize::try_from(capacity / 1024).unwrap_or(usize::MAX);
        Self((capacity > 0).then(|| Cache::with_weighter(estimated, capacity, ByText)))
    }

    pub(super) fn get(&self, text: &str) -> Option<Arc<Known>> {
        self.0.as_ref()?.get(text)
    }

    pub(super) fn keep(&self, text: &str, document: &Arc<Known>) {
        if let Some(cache) = &self.0
            && text.len() <= MAX_TEXT
        {
            cache.insert(text.into(), document.clone());
        }
    }
}
