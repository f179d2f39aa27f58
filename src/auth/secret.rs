//! The secret that the gateway shares with the issuer of tokens.

use std::{fmt, str::FromStr, sync::Arc};

/// Least length in bytes. RFC 7518 §3.2: an HS256 key is at least as long as the hash.
const MIN_LENGTH: usize = 32;

/// Shared secret for HS256. Never printed.
#[derive(Clone)]
pub struct Secret(Arc<[u8]>);

/// Reasons why a secret is not accepted. The messages contain nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// The secret is too short.
    #[error(
        "the secret has {0} bytes, but must have at least {MIN_LENGTH} (RFC 7518, section 3.2); create one with: openssl rand -hex 32"
    )]
    TooShort(usize),
    /// Files end with a line end, which the issuer may or may not count as a part of the secret.
    #[error(
        "the secret ends with a line end, which would be a part of it; write it without one, such as with: printf %s"
    )]
    LineEnd,
}

impl Secret {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    /// Uses the bytes of the text, without decoding base64 or the like.
    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        if text.ends_with(['\n', '\r']) {
            return Err(InvalidSecret::LineEnd);
        }
        if text.len() < MIN_LENGTH {
            return Err(InvalidSecret::TooShort(text.len()));
        }
        Ok(Self(Arc::from(text.as_bytes())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidSecret, Secret};

    #[test]
    fn a_short_secret_is_refused_and_no_secret_is_printed() {
        let short = "x".repeat(31);
        let error = short.parse::<Secret>().expect_err("too short");
        assert_eq!(error, InvalidSecret::TooShort(31));
        assert!(!error.to_string().contains(&short));
        for end in ["\n", "\r\n", "\r"] {
            let error = format!("{short}x{end}")
                .parse::<Secret>()
                .expect_err("a line");
            assert_eq!(error, InvalidSecret::LineEnd);
        }

        let secret = "0123456789abcdef0123456789abcdef"
            .parse::<Secret>()
            .unwrap();
        assert_eq!(secret.as_bytes().len(), 32);
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
