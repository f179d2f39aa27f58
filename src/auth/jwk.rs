//! Parses a published key (JWK, RFC 7517) that can verify tokens.

use std::{ops::RangeInclusive, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{
        AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
        RSAKeyParameters,
    },
};
use serde::Deserialize;
use serde_json::Value;

use super::key::VerifyingKey;

/// RFC 7518 §3.3 requires at least 2048 bits for RS256; the library supports up to 8192.
const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// Length of a P-256 coordinate (RFC 7518 §6.2.1.2) and of an Ed25519 key (RFC 8032 §5.1.5), in
/// bytes.
const COORDINATE: usize = 32;

/// Reasons why a key is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Reason {
    #[error("it is not a JWK")]
    NotAKey,
    #[error("only RSA, EC P-256 and OKP Ed25519 keys are supported")]
    Unsupported,
    #[error("a symmetric key must not be published")]
    Symmetric,
    #[error("its private part is published, so that anyone can sign with it")]
    Private,
    #[error("its `use` is not `sig`")]
    Use,
    #[error("its `key_ops` do not include `verify`")]
    Operations,
    #[error("its `alg` does not match its type: expected RS256, ES256 or EdDSA")]
    Algorithm,
    #[error(
        "its RSA modulus must have 2048 to 8192 bits, and its exponent must be odd and above 1"
    )]
    Rsa,
    #[error("its coordinates are not 32 bytes of base64url")]
    Coordinate,
    #[error(
        "its numbers are padded base64 or standard base64; expected base64url without `=`, `+` and `/` (RFC 7515, section 2)"
    )]
    Encoding,
}

/// A usable key with its id.
pub(super) struct UsableKey {
    pub(super) kid: Option<String>,
    pub(super) key: Arc<VerifyingKey>,
}

/// Parses a member of a key set.
pub(super) fn read(value: &Value) -> Result<UsableKey, Reason> {
    let jwk = Jwk::deserialize(value).map_err(|_| Reason::NotAKey)?;
    if ["n", "e", "x", "y"]
        .iter()
        .any(|name| is_other_base64(&value[name]))
    {
        return Err(Reason::Encoding);
    }
    let (algorithm, key) = match &jwk.algorithm {
        AlgorithmParameters::RSA(key) => (Algorithm::RS256, rsa(key)?),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, on_curve(&jwk, &[&key.x, &key.y])?)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, on_curve(&jwk, &[&key.x])?)
        }
        _ => return Err(not_usable(value)),
    };
    if !value["d"].is_null() {
        return Err(Reason::Private);
    }
    let common = jwk.common;
    if common
        .public_key_use
        .is_some_and(|usage| usage != PublicKeyUse::Signature)
    {
        return Err(Reason::Use);
    }
    if common
        .key_operations
        .is_some_and(|all| !all.contains(&KeyOperations::Verify))
    {
        return Err(Reason::Operations);
    }
    // RFC 9864 §2.2 calls EdDSA with this curve Ed25519, which the library does not know.
    let is_ours = |alg| {
        alg == KeyAlgorithm::from(algorithm)
            || algorithm == Algorithm::EdDSA && value["alg"] == "Ed25519"
    };
    if common.key_algorithm.is_some_and(|alg| !is_ours(alg)) {
        return Err(Reason::Algorithm);
    }
    Ok(UsableKey {
        kid: common.key_id,
        key: Arc::new(VerifyingKey::new(algorithm, key)),
    })
}

/// Returns the reason for a key that is none of the supported ones. To the library, a key without a
/// parameter of its type is of an unknown type.
fn not_usable(value: &Value) -> Reason {
    match (value["kty"].as_str(), value["crv"].as_str()) {
        (None, _) => Reason::NotAKey,
        (Some("oct"), _) => Reason::Symmetric,
        (Some("RSA"), _) => Reason::Rsa,
        (Some("EC"), Some("P-256")) | (Some("OKP"), Some("Ed25519")) => Reason::Coordinate,
        _ => Reason::Unsupported,
    }
}

fn rsa(key: &RSAKeyParameters) -> Result<DecodingKey, Reason> {
    let modulus = bytes(&key.n).ok_or(Reason::Rsa)?;
    let exponent = bytes(&key.e).ok_or(Reason::Rsa)?;
    // The library does not strip leading zeros, with which no signature verifies.
    let (modulus, exponent) = (without_zeros(&modulus), without_zeros(&exponent));
    // With exponent 1, anyone can forge signatures.
    let is_odd_over_one = exponent.last().is_some_and(|last| last % 2 == 1) && exponent != [1];
    if !RSA_BITS.contains(&bits(modulus)) || !is_odd_over_one {
        return Err(Reason::Rsa);
    }
    Ok(DecodingKey::from_rsa_raw_components(modulus, exponent))
}

/// Checks the lengths of coordinates, which the library does not.
fn on_curve(jwk: &Jwk, coordinates: &[&String]) -> Result<DecodingKey, Reason> {
    let has_length = |text: &&String| bytes(text).is_some_and(|bytes| bytes.len() == COORDINATE);
    if !coordinates.iter().all(has_length) {
        return Err(Reason::Coordinate);
    }
    DecodingKey::from_jwk(jwk).map_err(|_| Reason::Coordinate)
}

/// Returns true for base64 that is not base64url, or that is padded.
fn is_other_base64(number: &Value) -> bool {
    let text = number.as_str().unwrap_or_default();
    text.contains(['=', '+', '/'])
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Returns the bit length of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |first| first.leading_zeros());
    number.len() * 8 - leading as usize
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    use super::{Reason, read};

    fn base64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns a key with other members. Null removes a member.
    fn with(key: &Value, changes: Value) -> Value {
        let mut key = key.clone();
        let members = key.as_object_mut().expect("a key");
        members.extend(changes.as_object().expect("members").clone());
        members.retain(|_, member| !member.is_null());
        key
    }

    #[test]
    #[rustfmt::skip]
    fn an_unusable_key_has_its_reason() {
        use Reason::{
            Algorithm, Coordinate, Encoding, NotAKey, Operations, Private, Rsa, Symmetric,
            Unsupported, Use,
        };
        let modulus = |bytes: usize| base64(vec![0xff; bytes]);
        let number = base64([1; 32]);
        let rsa = json!({ "kty": "RSA", "n": modulus(256), "e": "AQAB" });
        let p256 = json!({ "kty": "EC", "crv": "P-256", "x": number, "y": number });
        let ed25519 = json!({ "kty": "OKP", "crv": "Ed25519", "x": number });

        let good = [
            with(&rsa, json!({ "alg": "RS256", "use": "sig", "key_ops": ["verify"] })),
            with(&rsa, json!({ "n": modulus(1024), "x5c": ["AAAA"], "unknown": {} })),
            with(&p256, json!({ "alg": "ES256", "key_ops": ["sign", "verify"] })),
            with(&ed25519, json!({ "alg": "EdDSA" })),
            with(&ed25519, json!({ "alg": "Ed25519" })),
        ];
        for key in good {
            assert_eq!(read(&key).err(), None, "{key}");
        }

        let bad = [
            ("oct", json!({ "kty": "oct", "k": "AAAA" }), Symmetric),
            ("a text", json!("key"), NotAKey),
            ("no type", with(&rsa, json!({ "kty": null })), NotAKey),
            ("a numeric name", with(&rsa, json!({ "kid": 1 })), NotAKey),
            ("for encryption", with(&rsa, json!({ "use": "enc" })), Use),
            ("to encrypt", with(&rsa, json!({ "key_ops": ["encrypt"] })), Operations),
            ("no operation", with(&rsa, json!({ "key_ops": [] })), Operations),
            ("HS256", with(&rsa, json!({ "alg": "HS256" })), Algorithm),
            ("PS256", with(&rsa, json!({ "alg": "PS256" })), Algorithm),
            ("RS512", with(&rsa, json!({ "alg": "RS512" })), Algorithm),
            ("none", with(&ed25519, json!({ "alg": "none" })), Algorithm),
            ("RSA as ES256", with(&rsa, json!({ "alg": "ES256" })), Algorithm),
            ("1024 bits", with(&rsa, json!({ "n": modulus(128) })), Rsa),
            ("2040 bits", with(&rsa, json!({ "n": modulus(255) })), Rsa),
            ("2040 bits and zeros", with(&rsa, json!({ "n": base64([&[0; 9][..], &[0xff; 255]].concat()) })), Rsa),
            ("8200 bits", with(&rsa, json!({ "n": modulus(1025) })), Rsa),
            ("exponent 1", with(&rsa, json!({ "e": "AQ" })), Rsa),
            ("exponent 1 and zeros", with(&rsa, json!({ "e": "AAAB" })), Rsa),
            ("an even exponent", with(&rsa, json!({ "e": "AQAA" })), Rsa),
            ("no exponent", with(&rsa, json!({ "e": "" })), Rsa),
            ("no modulus", with(&rsa, json!({ "n": null })), Rsa),
            ("a padded exponent", with(&rsa, json!({ "e": "AQ==" })), Encoding),
            ("a padded modulus", with(&rsa, json!({ "n": format!("{}==", modulus(256)) })), Encoding),
            ("standard base64", with(&ed25519, json!({ "x": "+/".repeat(21) + "8" })), Encoding),
            ("a private RSA key", with(&rsa, json!({ "d": "AQAB" })), Private),
            ("a private OKP key", with(&ed25519, json!({ "d": "AQAB" })), Private),
            ("P-384", with(&p256, json!({ "crv": "P-384" })), Unsupported),
            ("secp256k1", with(&p256, json!({ "crv": "secp256k1" })), Unsupported),
            ("no curve", with(&p256, json!({ "crv": null })), Unsupported),
            ("X25519", with(&ed25519, json!({ "crv": "X25519" })), Unsupported),
            ("Ed448", with(&ed25519, json!({ "crv": "Ed448" })), Unsupported),
            ("AKP", json!({ "kty": "AKP", "alg": "ML-DSA-44" }), Unsupported),
            ("a short x", with(&p256, json!({ "x": base64([1; 31]) })), Coordinate),
            ("a long y", with(&p256, json!({ "y": base64([1; 33]) })), Coordinate),
            ("no y", with(&p256, json!({ "y": null })), Coordinate),
            ("a short key", with(&ed25519, json!({ "x": base64([1; 31]) })), Coordinate),
        ];
        for (name, key, expected) in bad {
            assert_eq!(read(&key).err(), Some(expected), "{name}");
        }
    }
}
