//! Which claims are taken and which are not, of tokens whose signature is good.

use serde_json::json;

use super::{
    AUDIENCE, ISSUER, LEEWAY, NOW, SECRET, claims, expect, refusal, signer::Signer, verifier,
    with_secret,
};
use crate::auth::{InvalidToken, TokenSettings};

#[tokio::test]
async fn claims_are_checked_strictly() {
    use InvalidToken::{Audience, Claims, Expired, Issuer, NoExpiry, NotYet};
    let signer = Signer::secret(SECRET);
    let verifier = verifier(with_secret());
    let token = |changes| signer.token(&signer.header(None), &claims(changes));

    for good in [
        json!({}),
        json!({ "exp": NOW - LEEWAY + 1 }),
        json!({ "exp": NOW as f64 - LEEWAY as f64 + 0.5 }),
        json!({ "exp": 1e300 }),
        json!({ "exp": u64::MAX }),
        json!({ "nbf": NOW + LEEWAY }),
        json!({ "nbf": -5.5 }),
        json!({ "aud": ["others", AUDIENCE] }),
        json!({ "iat": "whatever", "unknown": [1, { "exp": 0 }] }),
    ] {
        assert_eq!(
            refusal(&verifier, &token(good.clone())).await,
            None,
            "{good}"
        );
    }

    let twice = |claim: &str| {
        let good = claims(json!({})).to_string();
        let doubled = format!(r#"{{"{claim}":"x",{}"#, &good[1..]);
        signer.raw(&signer.header(None).to_string(), &doubled)
    };
    let cases = [
        ("no exp", token(json!({ "exp": null })), NoExpiry),
        ("exp as text", token(json!({ "exp": "9999999999" })), Claims),
        (
            "exp as a list",
            token(json!({ "exp": [NOW + 600] })),
            Claims,
        ),
        (
            "expired to the second",
            token(json!({ "exp": NOW - LEEWAY })),
            Expired,
        ),
        ("long expired", token(json!({ "exp": 0 })), Expired),
        ("negative exp", token(json!({ "exp": -1e300 })), Expired),
        ("the least exp", token(json!({ "exp": i64::MIN })), Expired),
        (
            "not yet valid",
            token(json!({ "nbf": NOW + LEEWAY + 1 })),
            NotYet,
        ),
        ("never valid", token(json!({ "nbf": 1e300 })), NotYet),
        ("nbf as text", token(json!({ "nbf": "0" })), Claims),
        ("no iss", token(json!({ "iss": null })), Issuer),
        (
            "another iss",
            token(json!({ "iss": "https://evil.example" })),
            Issuer,
        ),
        (
            "iss in another case",
            token(json!({ "iss": ISSUER.to_uppercase() })),
            Issuer,
        ),
        (
            "iss as a list",
            token(json!({ "iss": [ISSUER, "x"] })),
            Claims,
        ),
        ("no aud", token(json!({ "aud": null })), Audience),
        ("another aud", token(json!({ "aud": "others" })), Audience),
        (
            "other auds",
            token(json!({ "aud": ["others", "invites2"] })),
            Audience,
        ),
        ("no auds", token(json!({ "aud": [] })), Audience),
        ("aud as a number", token(json!({ "aud": 1 })), Claims),
        ("scope as a number", token(json!({ "scope": 1 })), Claims),
        ("two issuers", twice("iss"), Claims),
        ("two subjects", twice("sub"), Claims),
        (
            "no object",
            signer.token(&signer.header(None), &json!("x")),
            Claims,
        ),
        (
            "exp out of range",
            signer.raw(&signer.header(None).to_string(), r#"{"exp":1e999}"#),
            Claims,
        ),
    ];
    expect(&verifier, &cases).await;
}

#[tokio::test]
async fn without_an_audience_a_token_for_somebody_is_refused() {
    let signer = Signer::secret(SECRET);
    let verifier = verifier(TokenSettings {
        audience: None,
        issuer: None,
        ..with_secret()
    });
    let token = |changes| signer.token(&signer.header(None), &claims(changes));
    let none = json!({ "aud": null, "iss": null });
    assert_eq!(refusal(&verifier, &token(none)).await, None);
    for aud in [json!("others"), json!(["others"]), json!([])] {
        let refused = refusal(&verifier, &token(json!({ "aud": aud }))).await;
        assert_eq!(refused, Some(InvalidToken::UnknownAudience));
    }
}
