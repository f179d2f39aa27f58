//! Persisted documents: clients send an id instead of a document. Either any client may register
//! documents by hash (automatic, Apollo's protocol), or only the documents of a manifest are
//! executed (trusted).

mod manifest;

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};

pub use manifest::{Manifest, ManifestError};

use super::parameters::{Parameters, PersistedQuery};
use crate::{
    graphql::{Code, Refusal},
    metrics::{Metrics, Persisted},
};

/// Mode of persisted documents.
#[derive(Clone, Default)]
pub enum PersistedDocuments {
    /// Disabled.
    #[default]
    Off,
    /// Clients register documents by hash.
    Automatic(Registered),
    /// Only documents of a manifest are executed.
    Trusted(Arc<Manifest>),
}

/// Documents registered by clients, by SHA-256. The cache is bounded by text size, and local to the
/// process.
#[derive(Clone)]
pub struct Registered(Arc<Cache<Hash, Arc<str>, ByText>>);

type Hash = [u8; 32];

#[derive(Clone)]
struct ByText;

impl Weighter<Hash, Arc<str>> for ByText {
    fn weight(&self, _: &Hash, text: &Arc<str>) -> u64 {
        text.len() as u64 + size_of::<Hash>() as u64
    }
}

impl Registered {
    /// Capacity in bytes of text.
    const CAPACITY: u64 = 4 * 1024 * 1024;

    /// Longest cached document, in bytes.
    const MAX_TEXT: usize = 16 * 1024;
}

impl Default for Registered {
    fn default() -> Self {
        let documents = Cache::with_weighter(4096, Self::CAPACITY, ByText);
        Self(Arc::new(documents))
    }
}

/// Result of looking up the document that a request names.
#[derive(Default)]
pub(super) struct Named {
    /// The document, if the request only names it.
    pub(super) document: Option<String>,
    /// To be stored once the sent document is valid.
    pub(super) registration: Option<Registration>,
}

impl Named {
    fn found(document: &str) -> Self {
        Self {
            document: Some(document.to_owned()),
            registration: None,
        }
    }
}

/// A document to be registered by its hash.
pub(super) struct Registration {
    documents: Registered,
    hash: Hash,
    text: Arc<str>,
}

impl Registration {
    pub(super) fn keep(self, metrics: &Metrics) {
        metrics.persisted_document(Persisted::Registered);
        self.documents.0.insert(self.hash, self.text);
    }
}

impl PersistedDocuments {
    /// Looks up the document that a request names. Returns an empty result if it names none, or
    /// sends it.
    pub(super) fn find(
        &self,
        parameters: &Parameters,
        metrics: &Metrics,
    ) -> Result<Named, Refusal> {
        let query = parameters.query.as_deref();
        let persisted = parameters.persisted_query();
        if persisted.as_ref().is_some_and(|it| it.version != Some(1)) {
            let message = "extensions.persistedQuery.version: must be 1.";
            return Err(Refusal::new(Code::BadRequest, message));
        }
        match self {
            Self::Trusted(manifest) => {
                let hash = persisted.map(|it| it.sha256_hash);
                trusted(manifest, query, parameters.document_id().or(hash), metrics)
            }
            Self::Automatic(registered) => match persisted {
                Some(persisted) => automatic(registered, query, &persisted, metrics),
                None => Ok(Named::default()),
            },
            Self::Off
                if query.is_none()
                    && (persisted.is_some() || parameters.document_id().is_some()) =>
            {
                Err(Refusal::new(
                    Code::PersistedQueryNotSupported,
                    "PersistedQueryNotSupported",
                ))
            }
            Self::Off => Ok(Named::default()),
        }
    }
}

fn automatic(
    registered: &Registered,
    query: Option<&str>,
    persisted: &PersistedQuery<'_>,
    metrics: &Metrics,
) -> Result<Named, Refusal> {
    let hash = read_hash(persisted.sha256_hash).ok_or_else(|| {
        let message =
            "extensions.persistedQuery.sha256Hash: must be a SHA-256 in 64 hexadecimal digits.";
        Refusal::new(Code::BadRequest, message)
    })?;
    match query {
        None => match registered.0.get(&hash) {
            Some(text) => {
                metrics.persisted_document(Persisted::Found);
                Ok(Named::found(&text))
            }
            None => {
                metrics.persisted_document(Persisted::NotFound);
                // Clients recognise this message.
                let message = "PersistedQueryNotFound";
                Err(Refusal::new(Code::PersistedQueryNotFound, message))
            }
        },
        Some(query) if Sha256::digest(query)[..] == hash => Ok(Named {
            document: None,
            registration: (query.len() <= Registered::MAX_TEXT).then(|| Registration {
                documents: registered.clone(),
                hash,
                text: query.into(),
            }),
        }),
        Some(_) => {
            let message =
                "extensions.persistedQuery.sha256Hash: must be the SHA-256 of the document sent.";
            Err(Refusal::new(Code::BadRequest, message))
        }
    }
}

fn trusted(
    manifest: &Manifest,
    query: Option<&str>,
    id: Option<&str>,
    metrics: &Metrics,
) -> Result<Named, Refusal> {
    let listed = id.map(|id| manifest.document(id));
    let found = match (query, listed) {
        (None, None) => Some(Named::default()),
        (None, Some(listed)) => listed.map(Named::found),
        (Some(query), Some(listed)) => (listed == Some(query)).then(Named::default),
        (Some(query), None) => manifest.holds(query).then(Named::default),
    };
    metrics.persisted_document(match found {
        Some(_) => Persisted::Found,
        None => Persisted::NotTrusted,
    });
    found.ok_or_else(|| {
        let message =
            "The document is not in this service's manifest, which lists all that are executed.";
        Refusal::new(Code::PersistedQueryNotInList, message)
    })
}

fn read_hash(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 2 * hash.len() || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(hash)
}
