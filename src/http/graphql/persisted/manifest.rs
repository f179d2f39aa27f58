//! Manifests of trusted documents, in the formats of Apollo and Relay.

use std::{
    collections::{HashMap, HashSet},
    fmt, fs, io,
    path::Path,
    sync::Arc,
};

use serde::Deserialize;

/// Prefix of ids that name their algorithm.
const SHA_256: &str = "sha256:";

/// Trusted documents by id.
#[derive(Debug)]
pub struct Manifest {
    by_id: HashMap<String, Arc<str>>,
    texts: HashSet<Arc<str>>,
}

/// Reasons why a manifest is rejected.
#[derive(Debug)]
pub enum ManifestError {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The file has neither format.
    Unknown(serde_json::Error),
    /// The file has Apollo's format, but not version 1.
    Version,
    /// Two documents have the same id.
    Ambiguous(String),
    /// The manifest is empty.
    Empty,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FORMATS: &str = "expected Apollo's operation manifest, {\"format\": \
             \"apollo-persisted-query-manifest\", \"version\": 1, \"operations\": [{\"id\", \"body\", \
             …}]}, or Relay's file of persisted queries, {\"id\": \"document\", …}";
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::Unknown(error) => write!(f, "is not a manifest ({error}): {FORMATS}"),
            Self::Version => write!(f, "has an unsupported format or version: {FORMATS}"),
            Self::Ambiguous(id) => write!(f, "has two different documents with the id {id:?}"),
            Self::Empty => write!(
                f,
                "lists no document, so that every request would be refused"
            ),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Format {
    Apollo(ApolloManifest),
    /// Ids are MD5 hashes by default in Relay's compiler; they are not computed here.
    Relay(HashMap<String, String>),
}

#[derive(Deserialize)]
struct ApolloManifest {
    format: String,
    version: u32,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

impl Manifest {
    /// Reads a manifest file.
    ///
    /// # Errors
    /// See [`ManifestError`].
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let text = fs::read(path).map_err(ManifestError::Unreadable)?;
        Self::parse(&text)
    }

    fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let documents: Vec<(String, String)> = match serde_json::from_slice(text)
            .map_err(ManifestError::Unknown)?
        {
            Format::Apollo(manifest) => {
                if manifest.format != "apollo-persisted-query-manifest" || manifest.version != 1 {
                    return Err(ManifestError::Version);
                }
                let operations = manifest.operations.into_iter();
                operations.map(|it| (it.id, it.body)).collect()
            }
            Format::Relay(documents) => documents.into_iter().collect(),
        };
        let mut manifest = Self {
            by_id: HashMap::new(),
            texts: HashSet::new(),
        };
        for (id, text) in documents {
            let text: Arc<str> = text.into();
            manifest.texts.insert(text.clone());
            if let Some(other) = manifest.by_id.insert(id.clone(), text.clone())
                && other != text
            {
                return Err(ManifestError::Ambiguous(id));
            }
        }
        if manifest.by_id.is_empty() {
            return Err(ManifestError::Empty);
        }
        Ok(manifest)
    }

    /// Returns ids and documents.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_id.iter().map(|(id, text)| (id.as_str(), &**text))
    }

    /// Returns the document with an id. A hash may have its algorithm as prefix in the manifest,
    /// the request, or both.
    pub(super) fn document(&self, id: &str) -> Option<&str> {
        let bare = id.strip_prefix(SHA_256).unwrap_or(id);
        self.by_id
            .get(id)
            .or_else(|| self.by_id.get(bare))
            .or_else(|| self.by_id.get(&format!("{SHA_256}{bare}")))
            .map(|text| &**text)
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        self.texts.contains(text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Manifest, ManifestError};

    #[test]
    fn both_formats_are_read() {
        let apollo =
            br#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
            {"id": "a", "name": "A", "type": "query", "body": "query A { __typename }"}]}"#;
        let relay = br#"{"a": "query A { __typename }"}"#;
        for text in [&apollo[..], relay] {
            let manifest = Manifest::parse(text).unwrap();
            assert_eq!(manifest.document("a"), Some("query A { __typename }"));
            assert!(manifest.holds("query A { __typename }"));
            assert!(!manifest.holds("query A {__typename}"));
            assert_eq!(manifest.document("b"), None);
        }
    }

    #[test]
    fn a_hash_may_name_its_algorithm() {
        for listed in ["sha256:abc", "abc"] {
            let text = format!(r#"{{"{listed}": "{{ __typename }}"}}"#);
            let manifest = Manifest::parse(text.as_bytes()).unwrap();
            for asked in ["sha256:abc", "abc"] {
                assert_eq!(manifest.document(asked), Some("{ __typename }"));
            }
            assert_eq!(manifest.document("sha256:"), None);
        }
    }

    #[test]
    fn what_is_no_manifest_says_what_one_is() {
        for (text, told) in [
            ("", "expected Apollo's operation manifest"),
            ("[]", "expected Apollo's operation manifest"),
            (r#"{"a": 1}"#, "Relay's file"),
            ("{}", "lists no document"),
            (
                r#"{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}"#,
                "version",
            ),
            (
                r#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a", "body": "{a}"}, {"id": "a", "body": "{b}"}]}"#,
                "\"a\"",
            ),
        ] {
            let error: ManifestError = Manifest::parse(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(told), "{text}: {error}");
        }
    }
}
