//! A key that verifies tokens, with the one algorithm it is for.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind};

use super::{InvalidToken, Secret, claims::Claims};

/// A key, and the one algorithm that it verifies. RFC 8725 §3.1: a token's own `alg` never chooses.
pub(super) struct VerifyingKey {
    algorithm: Algorithm,
    decoding: DecodingKey,
    validation: Validation,
}

impl VerifyingKey {
    pub(super) fn new(algorithm: Algorithm, decoding: DecodingKey) -> Self {
        let mut validation = Validation::new(algorithm);
        // The library would ask the machine's clock, and takes an absent `iss` or `aud` for a
        // good one: claims are checked by `ClaimRules` instead, all of them.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self {
            algorithm,
            decoding,
            validation,
        }
    }

    /// The key that a shared secret is, for HS256 alone.
    pub(super) fn shared(secret: &Secret) -> Self {
        let decoding = DecodingKey::from_secret(secret.as_bytes());
        Self::new(Algorithm::HS256, decoding)
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The claims of a token that this key signed. They are authentic, but not checked yet.
    pub(super) fn open(&self, token: &str) -> Result<Claims, InvalidToken> {
        match decode::<Claims>(token, &self.decoding, &self.validation) {
            Ok(opened) => Ok(opened.claims),
            // The signature is verified before the claims are parsed.
            Err(error) if matches!(error.kind(), ErrorKind::Json(_)) => Err(InvalidToken::Claims),
            Err(_) => Err(InvalidToken::Unverified),
        }
    }
}
