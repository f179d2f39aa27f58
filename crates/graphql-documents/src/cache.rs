//! Cache of valid documents, bounded by their text.
//!
//! Validity does not depend on the values of variables, which are checked for every request.

use std::{collections::HashMap, sync::Arc};

use apollo_compiler::{Node, ast::VariableDefinition};
use async_graphql::{Name, parser::types::ExecutableDocument};
use quick_cache::Weighter;

/// Maximum length of a cached document, in bytes.
const MAX_TEXT: usize = 16 * 1024;

/// Weight of a document besides its text, in bytes.
const OVERHEAD: u64 = 256;

/// A valid document.
pub(super) struct ValidDocument {
    pub(super) parsed: ExecutableDocument,
    /// The variables of its operations, by the operation's name.
    pub(super) variables: HashMap<Option<Name>, Vec<Node<VariableDefinition>>>,
    /// Values that an operation selects of the schema, at most.
    pub(super) introspection: u64,
}

/// The valid documents by their text.
pub(super) struct Cache(Option<quick_cache::sync::Cache<Box<str>, Arc<ValidDocument>, ByText>>);

#[derive(Clone)]
struct ByText;

impl Weighter<Box<str>, Arc<ValidDocument>> for ByText {
    fn weight(&self, text: &Box<str>, _: &Arc<ValidDocument>) -> u64 {
        text.len() as u64 + OVERHEAD
    }
}

impl Cache {
    /// `capacity` is in bytes of text; 0 disables the cache.
    pub(super) fn new(capacity: u64) -> Self {
        let estimated = usize::try_from(capacity / 1024).unwrap_or(usize::MAX);
        Self(
            (capacity > 0)
                .then(|| quick_cache::sync::Cache::with_weighter(estimated, capacity, ByText)),
        )
    }

    pub(super) fn get(&self, text: &str) -> Option<Arc<ValidDocument>> {
        self.0.as_ref()?.get(text)
    }

    pub(super) fn insert(&self, text: &str, document: &Arc<ValidDocument>) {
        if let Some(cache) = &self.0
            && text.len() <= MAX_TEXT
        {
            cache.insert(text.into(), document.clone());
        }
    }
}
