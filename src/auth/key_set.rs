//! Parses a published key set (JWKS, RFC 7517).

use std::{fmt, sync::Arc};

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Value, error::Category};

use super::{
    jwk::{self, Published, Reason},
    key::VerifyingKey,
};

/// The keys of a set that can verify tokens, and those that cannot.
pub(super) struct KeySet {
    keys: Vec<Published>,
    skipped: Vec<Skipped>,
}

/// Result of looking up a token's key.
pub(super) enum Search {
    /// The key.
    Found(Arc<VerifyingKey>),
    /// The key has another algorithm, or several keys match.
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

/// The document is not a key set. The message omits its text, which may be that of another file.
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
                Ok(published) => set.keys.push(published),
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

    /// Returns the key that a token's header names, or the only key of its algorithm.
    ///
    /// The header's algorithm only restricts the search: each key is used with its own.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Search {
        let is_named = |published: &&Published| kid.is_none() || published.kid.as_deref() == kid;
        let fits = |published: &&Published| published.key.algorithm() == algorithm;
        let mut fitting = self.keys.iter().filter(is_named).filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Search::Found(Arc::clone(&only.key)),
            (Some(_), Some(_)) => Search::Unfit,
            (None, _) if kid.is_some() && self.keys.iter().any(|key| is_named(&key)) => {
                Search::Unfit
            }
            (None, _) => Search::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KeySet;

    #[test]
    fn what_is_no_key_set_is_told_without_its_text() {
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
