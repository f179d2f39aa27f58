//! A verification key with its only algorithm.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind};

use super::{InvalidToken, Secret, claims::Claims};

/// A key with its only algorithm. RFC 8725 §3.1: a token's own `alg` never chooses the algorithm.
pub(super) struct VerifyingKey {
    algorithm: Algorithm,
    decoding: DecodingKey,
    validation: Validation,
}

impl VerifyingKey {
    pub(super) fn new(algorithm: Algorithm, decoding: DecodingKey) -> Self {
        let mut validation = Validation::new(algorithm);
        // Checking claims is disabled here: the library would use the system clock, and accept a
        // token without `iss` or `aud`. `ClaimRules` checks all claims instead.
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

    /// Creates the HS256 key of a shared secret.
    pub(super) fn shared(secret: &Secret) -> Self {
        let decoding = DecodingKey::from_secret(secret.as_bytes());
        Self::new(Algorithm::HS256, decoding)
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Verifies the signature, and returns the claims. Their content is not checked yet.
    pub(super) fn open(&self, token: &str) -> Result<Claims, InvalidToken> {
        match decode::<Claims>(token, &self.decoding, &self.validation) {
            Ok(opened) => Ok(opened.claims),
            // The signature is verified before the claims are parsed.
            Err(error) if matches!(error.kind(), ErrorKind::Json(_)) => Err(InvalidToken::Claims),
            Err(_) => Err(InvalidToken::Unverified),
        }
    }
}
