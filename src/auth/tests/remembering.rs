//! Tokens that were verified before: they count no longer than they would have anyway.

use std::fs;

use serde_json::json;

use super::{
    Hand, LEEWAY, SECRET, claims, refusal, settings,
    signer::{Signer, key_set},
    with_secret,
};
use crate::{
    auth::{InvalidToken, TokenSettings, verifier::Verifier},
    metrics::Metrics,
};

#[tokio::test]
async fn a_token_runs_out_though_it_was_good_before() {
    let hand = Hand::new();
    let verifier =
        Verifier::new(with_secret(), hand.clock(), &Metrics::default()).expect("settings");
    let signer = Signer::secret(SECRET);
    let token = signer.token(&signer.header(None), &claims(json!({})));
    assert_eq!(refusal(&verifier, &token).await, None);
    assert_eq!(refusal(&verifier, &token).await, None, "again");
    hand.advance(600 + LEEWAY);
    assert_eq!(
        refusal(&verifier, &token).await,
        Some(InvalidToken::Expired)
    );
}

#[tokio::test]
async fn a_token_goes_with_its_key_though_it_was_good_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    let (old, new) = (Signer::ed25519(), Signer::ed25519());
    fs::write(&path, key_set(&[old.jwk(Some("old"))])).expect("written");
    let hand = Hand::new();
    let location = path.to_str().expect("a path").parse();
    let published = TokenSettings {
        jwks: Some(location.expect("a location")),
        ..settings()
    };
    let verifier = Verifier::new(published, hand.clock(), &Metrics::default()).expect("settings");
    let by_old = old.token(&old.header(Some("old")), &claims(json!({})));
    assert_eq!(refusal(&verifier, &by_old).await, None);

    fs::write(&path, key_set(&[new.jwk(Some("new"))])).expect("written");
    hand.advance(10);
    // The unknown key has the set read again.
    let by_new = new.token(&new.header(Some("new")), &claims(json!({})));
    assert_eq!(refusal(&verifier, &by_new).await, None);
    assert_eq!(
        refusal(&verifier, &by_old).await,
        Some(InvalidToken::Unverified)
    );
}
