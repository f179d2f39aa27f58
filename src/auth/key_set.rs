//! Parses a published key set (JWKS, RFC 7517).

use std::{fmt, sync::Arc};

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Value, error::Category};

use super::{
    jwk::{self, Reason, UsableKey},
    key::VerifyingKey,
};

/// The keys of a set that can verify tokens, and those that cannot.
pub(super) struct KeySet {
    keys: Vec<UsableKey>,
    skipped: Vec<Skipped>,
}

/// Most keys that are tried for a token, since each costs a verification.
const MAX_TRIED: usize = 8;

/// Result of looking up a token's key.
pub(super) enum Search {
    /// The key; several, if only their signatures tell which.
    Found(Vec<Arc<VerifyingKey>>),
    /// The key has another algorithm.
    Unfit,
    /// The set does not contain the key; a newer set may.
    Unknown,
}

/// A key that cannot verify tokens, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    pub(super) kid: Option<String>,
    pub(super) reason: Reason,
}

/// The document is not a key set. The message quotes no part of the document: a wrong path may
/// point at a file with secrets.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it is not a JWK Set: {0}")]
pub(super) struct InvalidKeySet(Flaw);

#[derive(Clone, Copy, Debug)]
struct Flaw {
    category: Category,
    line: usize,
    column: usize,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.category {
            Category::Eof => "the JSON ends early",
            Category::Data => "the JSON has no list of `keys`",
            Category::Syntax | Category::Io => "the JSON is malformed",
        };
        write!(f, "{problem} (line {}, column {})", self.line, self.column)
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Parses a document. Unusable keys are skipped (RFC 7517 §5).
    pub(super) fn parse(json: &[u8]) -> Result<Self, InvalidKeySet> {
        let document: Document = serde_json::from_slice(json).map_err(|error| {
            InvalidKeySet(Flaw {
                category: error.classify(),
                line: error.line(),
                column: error.column(),
            })
        })?;
        let mut set = Self {
            keys: Vec::new(),
            skipped: Vec::new(),
        };
        for value in document.keys {
            let kid = value.get("kid").and_then(Value::as_str).map(str::to_owned);
            match jwk::read(&value) {
                Ok(key) => set.keys.push(key),
                Err(reason) => set.skipped.push(Skipped { kid, reason }),
            }
        }
        Ok(set)
    }

    /// Returns the number of usable keys.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns the skipped keys.
    pub(super) fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Returns the keys that may have signed the token, at most [`MAX_TRIED`]: those with its
    /// algorithm and its `kid`. A token or key without `kid` matches any.
    ///
    /// The header's algorithm only restricts the search: each key is used with its own.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Search {
        let matches_kid = |usable: &&UsableKey| {
            kid.is_none() || usable.kid.is_none() || usable.kid.as_deref() == kid
        };
        let fits = |usable: &&UsableKey| usable.key.algorithm() == algorithm;
        let fitting = self.keys.iter().filter(matches_kid).filter(fits);
        let fitting: Vec<_> = fitting
            .take(MAX_TRIED)
            .map(|usable| Arc::clone(&usable.key))
            .collect();
        if !fitting.is_empty() {
            Search::Found(fitting)
        } else if kid.is_some() && self.keys.iter().any(|key| matches_kid(&key)) {
            Search::Unfit
        } else {
            Search::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KeySet;

    #[test]
    fn an_error_gives_the_position_but_quotes_no_text() {
        for document in [
            "",
            "{",
            "[]",
            r#"{"keys":{}}"#,
            r#"{"password":"s3cret"}"#,
            "s3cret",
        ] {
            let error = KeySet::parse(document.as_bytes()).err().expect("refused");
            let text = error.to_string();
            assert!(!text.contains("s3cret") && text.contains("line"), "{text}");
        }
        let empty = KeySet::parse(br#"{"keys":[]}"#).expect("a set");
        assert_eq!(empty.len(), 0);
    }
}
