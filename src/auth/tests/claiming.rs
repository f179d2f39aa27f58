//! Which claims are taken, of tokens whose signature is good; which are not is in `forgeries`.

use serde_json::json;

use super::{
    AUDIENCE, LEEWAY, NOW, SECRET, claims, refusal, signer::Signer, verifier, with_secret,
};
use crate::auth::{InvalidToken, TokenSettings};

#[tokio::test]
async fn claims_are_taken_up_to_the_edge_of_what_they_allow() {
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
