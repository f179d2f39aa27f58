//! The secret that the gateway shares with who issues its tokens.

use std::{fmt, str::FromStr, sync::Arc};

/// Fewest bytes of a secret. RFC 7518 §3.2: a key of HS256 is no shorter than its hash.
const MIN_LENGTH: usize = 32;

/// A shared secret for HS256. Nothing prints it.
#[derive(Clone)]
pub struct Secret(Arc<[u8]>);

/// The secret is too short to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret has {0} bytes and needs at least {MIN_LENGTH} (RFC 7518, section 3.2); make one with: openssl rand -hex 32"
)]
pub struct SecretTooShort(usize);

impl Secret {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = SecretTooShort;

    /// Takes the text's own bytes: they are not decoded, from base64 or otherwise.
    fn from_str(text: &str) -> Result<Self, SecretTooShort> {
        if text.len() < MIN_LENGTH {
            return Err(SecretTooShort(text.len()));
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
    use super::{Secret, SecretTooShort};

    #[test]
    fn a_short_secret_is_refused_and_no_secret_is_printed() {
        let short = "x".repeat(31);
        let error = short.parse::<Secret>().expect_err("too short");
        assert_eq!(error, SecretTooShort(31));
        assert!(!error.to_string().contains(&short));

        let secret = "0123456789abcdef0123456789abcdef"
            .parse::<Secret>()
            .unwrap();
        assert_eq!(secret.as_bytes().len(), 32);
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
