//! Parses a published key (JWK, RFC 7517) that can verify tokens.

use std::{ops::RangeInclusive, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, de::IgnoredAny};
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
}

/// The parameters that the gateway uses (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
}

/// A usable key with its id.
pub(super) struct Published {
    pub(super) kid: Option<String>,
    pub(super) key: Arc<VerifyingKey>,
}

/// Parses a member of a key set.
pub(super) fn read(value: Value) -> Result<Published, Reason> {
    let jwk: Jwk = serde_json::from_value(value).map_err(|_| Reason::NotAKey)?;
    let (algorithm, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => (Algorithm::RS256, rsa(&jwk)?),
        ("EC", Some("P-256")) => (Algorithm::ES256, p256(&jwk)?),
        ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, ed25519(&jwk)?),
        ("oct", _) => return Err(Reason::Symmetric),
        _ => return Err(Reason::Unsupported),
    };
    if jwk.d.is_some() {
        return Err(Reason::Private);
    }
    if jwk.usage.is_some_and(|usage| usage != "sig") {
        return Err(Reason::Use);
    }
    if jwk
        .key_ops
        .is_some_and(|operations| !operations.iter().any(|name| name == "verify"))
    {
        return Err(Reason::Operations);
    }
    // RFC 9864 §2.2 calls EdDSA with this curve Ed25519.
    let is_ours = |alg: &str| match algorithm {
        Algorithm::RS256 => alg == "RS256",
        Algorithm::ES256 => alg == "ES256",
        _ => alg == "EdDSA" || alg == "Ed25519",
    };
    if jwk.alg.is_some_and(|alg| !is_ours(&alg)) {
        return Err(Reason::Algorithm);
    }
    Ok(Published {
        kid: jwk.kid,
        key: Arc::new(VerifyingKey::new(algorithm, key)),
    })
}

fn rsa(jwk: &Jwk) -> Result<DecodingKey, Reason> {
    let modulus = bytes(jwk.n.as_deref()).ok_or(Reason::Rsa)?;
    let exponent = bytes(jwk.e.as_deref()).ok_or(Reason::Rsa)?;
    let (modulus, exponent) = (without_zeros(&modulus), without_zeros(&exponent));
    // With exponent 1, anyone can forge signatures.
    let is_odd_over_one = exponent.last().is_some_and(|last| last % 2 == 1) && exponent != [1];
    if !RSA_BITS.contains(&bits(modulus)) || !is_odd_over_one {
        return Err(Reason::Rsa);
    }
    Ok(DecodingKey::from_rsa_raw_components(modulus, exponent))
}

fn p256(jwk: &Jwk) -> Result<DecodingKey, Reason> {
    let x = coordinate(jwk.x.as_deref())?;
    let y = coordinate(jwk.y.as_deref())?;
    DecodingKey::from_ec_components(x, y).map_err(|_| Reason::Coordinate)
}

fn ed25519(jwk: &Jwk) -> Result<DecodingKey, Reason> {
    let x = coordinate(jwk.x.as_deref())?;
    DecodingKey::from_ed_components(x).map_err(|_| Reason::Coordinate)
}

/// Returns the text if it encodes a coordinate: the library does not check the length.
fn coordinate(text: Option<&str>) -> Result<&str, Reason> {
    text.filter(|text| bytes(Some(text)).is_some_and(|bytes| bytes.len() == COORDINATE))
        .ok_or(Reason::Coordinate)
}

fn bytes(text: Option<&str>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
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
    use serde_json::{Value, json};

    use super::Reason;
    use crate::auth::{
        key_set::KeySet,
        tests::{
            changed,
            signer::{Signer, base64, key_set},
        },
    };

    #[test]
    fn unusable_keys_are_skipped_and_told_with_their_reason() {
        use Reason::{
            Algorithm, Coordinate, NotAKey, Operations, Private, Rsa, Symmetric, Unsupported, Use,
        };
        let rsa = Signer::rsa().jwk(None);
        let p256 = Signer::p256().jwk(None);
        let ed25519 = Signer::ed25519().jwk(None);
        let modulus = |bytes: usize| base64(vec![0xff; bytes]);
        let with = |key: &Value, changes| changed(key.clone(), changes);

        let good = [
            with(
                &rsa,
                json!({ "alg": "RS256", "use": "sig", "key_ops": ["verify"] }),
            ),
            with(
                &rsa,
                json!({ "n": modulus(1024), "x5c": ["AAAA"], "unknown": {} }),
            ),
            with(
                &p256,
                json!({ "alg": "ES256", "key_ops": ["sign", "verify"] }),
            ),
            with(&ed25519, json!({ "alg": "EdDSA" })),
            with(&ed25519, json!({ "alg": "Ed25519" })),
        ];
        let set = KeySet::parse(key_set(&good).as_bytes()).expect("a set");
        assert_eq!((set.len(), set.skipped()), (good.len(), &[][..]));

        let bad = [
            ("oct", json!({ "kty": "oct", "k": "AAAA" }), Symmetric),
            ("a text", json!("key"), NotAKey),
            ("no type", with(&rsa, json!({ "kty": null })), NotAKey),
            ("a numeric name", with(&rsa, json!({ "kid": 1 })), NotAKey),
            ("for encryption", with(&rsa, json!({ "use": "enc" })), Use),
            (
                "to encrypt",
                with(&rsa, json!({ "key_ops": ["encrypt"] })),
                Operations,
            ),
            (
                "no operation",
                with(&rsa, json!({ "key_ops": [] })),
                Operations,
            ),
            ("HS256", with(&rsa, json!({ "alg": "HS256" })), Algorithm),
            ("PS256", with(&rsa, json!({ "alg": "PS256" })), Algorithm),
            ("RS512", with(&rsa, json!({ "alg": "RS512" })), Algorithm),
            ("none", with(&ed25519, json!({ "alg": "none" })), Algorithm),
            (
                "RSA as ES256",
                with(&rsa, json!({ "alg": "ES256" })),
                Algorithm,
            ),
            ("1024 bits", with(&rsa, json!({ "n": modulus(128) })), Rsa),
            ("2040 bits", with(&rsa, json!({ "n": modulus(255) })), Rsa),
            (
                "2040 bits and zeros",
                with(
                    &rsa,
                    json!({ "n": base64([&[0; 9][..], &[0xff; 255]].concat()) }),
                ),
                Rsa,
            ),
            ("8200 bits", with(&rsa, json!({ "n": modulus(1025) })), Rsa),
            ("exponent 1", with(&rsa, json!({ "e": "AQ" })), Rsa),
            (
                "exponent 1 and zeros",
                with(&rsa, json!({ "e": "AAAB" })),
                Rsa,
            ),
            ("an even exponent", with(&rsa, json!({ "e": "AQAA" })), Rsa),
            ("no exponent", with(&rsa, json!({ "e": "" })), Rsa),
            ("no modulus", with(&rsa, json!({ "n": null })), Rsa),
            ("padded base64", with(&rsa, json!({ "e": "AQAB====" })), Rsa),
            (
                "a private RSA key",
                with(&rsa, json!({ "d": "AQAB" })),
                Private,
            ),
            (
                "a private OKP key",
                with(&ed25519, json!({ "d": "AQAB" })),
                Private,
            ),
            ("P-384", with(&p256, json!({ "crv": "P-384" })), Unsupported),
            (
                "secp256k1",
                with(&p256, json!({ "crv": "secp256k1" })),
                Unsupported,
            ),
            ("no curve", with(&p256, json!({ "crv": null })), Unsupported),
            (
                "X25519",
                with(&ed25519, json!({ "crv": "X25519" })),
                Unsupported,
            ),
            (
                "Ed448",
                with(&ed25519, json!({ "crv": "Ed448" })),
                Unsupported,
            ),
            (
                "AKP",
                json!({ "kty": "AKP", "alg": "ML-DSA-44" }),
                Unsupported,
            ),
            (
                "a short x",
                with(&p256, json!({ "x": base64([1; 31]) })),
                Coordinate,
            ),
            (
                "a long y",
                with(&p256, json!({ "y": base64([1; 33]) })),
                Coordinate,
            ),
            ("no y", with(&p256, json!({ "y": null })), Coordinate),
            (
                "a short key",
                with(&ed25519, json!({ "x": base64([1; 31]) })),
                Coordinate,
            ),
        ];
        for (name, key, expected) in bad {
            let document = key_set(&[key, ed25519.clone()]);
            let set = KeySet::parse(document.as_bytes()).expect("a set");
            assert_eq!(set.len(), 1, "{name}");
            assert_eq!(set.skipped()[0].reason, expected, "{name}");
        }
    }
}
