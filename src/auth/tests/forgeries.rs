//! Which signatures are taken and which are not: each way to forge one is a named case.

use std::io::Write;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{
    SECRET, changed, claims, expect, refusal, settings,
    signer::{Signer, base64, key_set},
    verifier, with_secret,
};
use crate::auth::{InvalidToken, TokenSettings, verifier::Verifier};

/// A verifier that trusts those published keys.
async fn publishing(keys: &[Value]) -> (Verifier, NamedTempFile) {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(key_set(keys).as_bytes()).expect("written");
    let location = file.path().to_str().expect("a path").parse();
    let settings = TokenSettings {
        jwks: Some(location.expect("a location")),
        ..settings()
    };
    (verifier(settings), file)
}

#[tokio::test]
async fn a_shared_secret_verifies_hs256_and_nothing_else() {
    use InvalidToken::{Extension, Malformed, Type, Unverified};
    let signer = Signer::secret(SECRET);
    let verifier = verifier(with_secret());
    let good = signer.token(&signer.header(None), &claims(json!({})));
    assert_eq!(refusal(&verifier, &good).await, None);
    let header = |changes| {
        let header = changed(signer.header(None), changes);
        signer.token(&header, &claims(json!({})))
    };
    for typ in [
        Value::Null,
        "jwt".into(),
        "AT+JWT".into(),
        "application/at+jwt".into(),
    ] {
        assert_eq!(
            refusal(&verifier, &header(json!({ "typ": typ }))).await,
            None,
            "{typ}"
        );
    }
    let named = header(json!({ "kid": "whatever" }));
    assert_eq!(
        refusal(&verifier, &named).await,
        None,
        "one key needs no name"
    );

    let (message, signature) = good.rsplit_once('.').expect("a token");
    let (head, body) = message.split_once('.').expect("a token");
    let other_body = base64(claims(json!({ "sub": "8" })).to_string());
    let none = base64(r#"{"alg":"none","typ":"JWT"}"#);
    let stranger = Signer::secret("another secret, also of 32 bytes or more");
    let own = Signer::ed25519();
    let cases = [
        ("no signature", format!("{message}."), Unverified),
        (
            "half a signature",
            format!("{message}.{}", &signature[..20]),
            Unverified,
        ),
        (
            "a signature in base64 with padding bits",
            format!("{message}.{signature}A"),
            Unverified,
        ),
        (
            "other claims",
            format!("{head}.{other_body}.{signature}"),
            Unverified,
        ),
        ("alg none", format!("{none}.{body}."), Unverified),
        (
            "alg none, signed",
            format!("{none}.{body}.{signature}"),
            Unverified,
        ),
        ("alg None", header(json!({ "alg": "None" })), Unverified),
        ("alg hs256", header(json!({ "alg": "hs256" })), Unverified),
        ("no alg", header(json!({ "alg": null })), Unverified),
        ("alg HS512", header(json!({ "alg": "HS512" })), Unverified),
        ("alg RS256", header(json!({ "alg": "RS256" })), Unverified),
        (
            "another secret",
            stranger.token(&signer.header(None), &claims(json!({}))),
            Unverified,
        ),
        (
            "its own key",
            own.token(
                &changed(own.header(None), json!({ "jwk": own.jwk(None) })),
                &claims(json!({})),
            ),
            Unverified,
        ),
        (
            "crit",
            header(json!({ "crit": ["exp"], "exp": 1 })),
            Extension,
        ),
        ("empty crit", header(json!({ "crit": [] })), Extension),
        (
            "unencoded payload",
            header(json!({ "crit": ["b64"], "b64": false })),
            Extension,
        ),
        (
            "typ logout+jwt",
            header(json!({ "typ": "logout+jwt" })),
            Type,
        ),
        ("typ JOSE", header(json!({ "typ": "JOSE" })), Type),
        ("empty typ", header(json!({ "typ": "" })), Type),
        ("one part", "abc".to_owned(), Malformed),
        ("two parts", message.to_owned(), Malformed),
        ("four parts", format!("{good}.x"), Malformed),
        ("five parts, encrypted", format!("{good}.x.y"), Malformed),
        ("no JSON", "abc.def.ghi".to_owned(), Malformed),
        ("a lone alphabet", "A".repeat(8192), Malformed),
        (
            "deep JSON",
            format!("{}.e30.x", base64(r#"{"x":"#.repeat(1000))),
            Malformed,
        ),
    ];
    expect(&verifier, &cases).await;
}

#[tokio::test]
async fn each_published_key_verifies_its_own_algorithm() {
    use InvalidToken::Unverified;
    let signers = [
        ("r", Signer::rsa()),
        ("e", Signer::p256()),
        ("o", Signer::ed25519()),
    ];
    let keys: Vec<Value> = signers
        .iter()
        .map(|(kid, key)| key.jwk(Some(kid)))
        .collect();
    let (verifier, _file) = publishing(&keys).await;
    for (kid, signer) in &signers {
        // With its name, and as the only key of its algorithm.
        for kid in [Some(*kid), None] {
            let token = signer.token(&signer.header(kid), &claims(json!({})));
            assert_eq!(refusal(&verifier, &token).await, None, "{kid:?}");
        }
    }

    let [(_, rsa), (_, p256), (_, ed25519)] = &signers;
    let public = &keys[0];
    let from_public = [
        (
            "the modulus",
            public["n"].as_str().expect("n").as_bytes().to_vec(),
        ),
        ("the JWK", public.to_string().into_bytes()),
    ];
    for (name, secret) in from_public {
        // The classic: the public key taken for a shared secret.
        for alg in ["HS256", "RS256"] {
            let confused = Signer::Secret(secret.clone());
            let header = json!({ "alg": alg, "kid": "r", "typ": "JWT" });
            let token = confused.token(&header, &claims(json!({})));
            assert_eq!(
                refusal(&verifier, &token).await,
                Some(Unverified),
                "{name} {alg}"
            );
        }
    }
    let sign = |signer: &Signer, header: Value| signer.token(&header, &claims(json!({})));
    let own = Signer::rsa();
    let cases = [
        (
            "a shared secret",
            sign(&Signer::secret(SECRET), json!({ "alg": "HS256" })),
            Unverified,
        ),
        (
            "another key's name",
            sign(rsa, rsa.header(Some("e"))),
            Unverified,
        ),
        (
            "another key's name and algorithm",
            sign(ed25519, json!({ "alg": "ES256", "kid": "e" })),
            Unverified,
        ),
        (
            "another scheme of the key",
            sign(rsa, json!({ "alg": "PS256", "kid": "r" })),
            Unverified,
        ),
        (
            "another hash of the key",
            sign(p256, json!({ "alg": "ES384", "kid": "e" })),
            Unverified,
        ),
        (
            "an unknown name",
            sign(rsa, rsa.header(Some("x"))),
            Unverified,
        ),
        ("an empty name", sign(rsa, rsa.header(Some(""))), Unverified),
        (
            "an unknown key",
            sign(&own, own.header(Some("r"))),
            Unverified,
        ),
        (
            "its own jwk",
            sign(
                &own,
                changed(own.header(None), json!({ "jwk": own.jwk(None) })),
            ),
            Unverified,
        ),
        (
            "its own jku",
            sign(
                &own,
                changed(
                    own.header(Some("r")),
                    json!({ "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/" }),
                ),
            ),
            Unverified,
        ),
        (
            "its own x5c",
            sign(
                &own,
                changed(own.header(Some("r")), json!({ "x5c": ["AAAA"] })),
            ),
            Unverified,
        ),
    ];
    expect(&verifier, &cases).await;
}

#[tokio::test]
async fn a_token_without_a_key_id_needs_a_set_with_one_key() {
    let (one, other) = (Signer::ed25519(), Signer::ed25519());
    let (verifier, _file) = publishing(&[one.jwk(Some("a")), other.jwk(Some("b"))]).await;
    let token = |kid| one.token(&one.header(kid), &claims(json!({})));
    assert_eq!(refusal(&verifier, &token(Some("a"))).await, None);
    for kid in [None, Some("b")] {
        let refused = refusal(&verifier, &token(kid)).await;
        assert_eq!(refused, Some(InvalidToken::Unverified), "{kid:?}");
    }

    let (verifier, _file) = publishing(&[one.jwk(Some("a")), other.jwk(Some("a"))]).await;
    let refused = refusal(&verifier, &token(Some("a"))).await;
    assert_eq!(
        refused,
        Some(InvalidToken::Unverified),
        "one name, two keys"
    );
}
