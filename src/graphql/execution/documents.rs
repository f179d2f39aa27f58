//! Documents that were asked before, and what is proven of them. Bounded by their text.
//!
//! The library validates a document together with the variables' values: only an argument that
//! holds a variable is judged by values. Values themselves are checked against their declared types
//! for every request, and declared types against the places where they are used once a document.
//! So, of two requests for the same operation of the same document that send the same variables
//! (and the same ones as null), either both are valid or neither: this is what a [`Proof`] says.
//! Where a variable is used at a place of unknown type, nothing is ever proven.

use std::sync::{Arc, PoisonError, RwLock};

use async_graphql::parser::types::ExecutableDocument;
use quick_cache::{Weighter, sync::Cache};

use super::variables::Presence;

/// Longest document that is kept, in bytes.
const MAX_TEXT: usize = 16 * 1024;

/// Most proofs of one document. A client sends the same variables for a document each time, but
/// for those that it leaves out.
const MAX_PROOFS: usize = 32;

/// What a document costs beside its text, in the bytes by which the cache is bounded.
const OVERHEAD: u64 = 256;

/// That an operation is valid, whatever the values of the variables that were sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) operation: Option<String>,
    pub(super) presence: Presence,
}

/// A document that is valid as far as it does not hang on variables.
pub(super) struct Document {
    parsed: ExecutableDocument,
    can_be_proven: bool,
    proofs: RwLock<Vec<Proof>>,
}

impl Document {
    pub(super) fn new(parsed: ExecutableDocument, can_be_proven: bool) -> Self {
        Self {
            parsed,
            can_be_proven,
            proofs: RwLock::default(),
        }
    }

    pub(super) fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    pub(super) fn has(&self, proof: &Proof) -> bool {
        let proofs = self.proofs.read().unwrap_or_else(PoisonError::into_inner);
        proofs.contains(proof)
    }

    pub(super) fn add(&self, proof: Proof) {
        if !self.can_be_proven {
            return;
        }
        let mut proofs = self.proofs.write().unwrap_or_else(PoisonError::into_inner);
        if proofs.len() < MAX_PROOFS && !proofs.contains(&proof) {
            proofs.push(proof);
        }
    }
}

/// The documents, by their text.
pub(super) struct Documents(Option<Cache<Box<str>, Arc<Document>, ByText>>);

#[derive(Clone)]
struct ByText;

impl Weighter<Box<str>, Arc<Document>> for ByText {
    fn weight(&self, text: &Box<str>, _: &Arc<Document>) -> u64 {
        text.len() as u64 + OVERHEAD
    }
}

impl Documents {
    /// Keeps documents of `capacity` bytes of text together; 0 keeps none.
    pub(super) fn new(capacity: u64) -> Self {
        let estimated = usize::try_from(capacity / 1024).unwrap_or(usize::MAX);
        Self((capacity > 0).then(|| Cache::with_weighter(estimated, capacity, ByText)))
    }

    pub(super) fn get(&self, text: &str) -> Option<Arc<Document>> {
        self.0.as_ref()?.get(text)
    }

    pub(super) fn keep(&self, text: &str, document: &Arc<Document>) {
        if let Some(cache) = &self.0
            && text.len() <= MAX_TEXT
            && !cache.contains_key(text)
        {
            cache.insert(text.into(), document.clone());
        }
    }
}
