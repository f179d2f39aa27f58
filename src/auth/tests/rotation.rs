//! Keys that change, are away, or are asked for too often.

use std::fs;

use jsonwebtoken::Algorithm;
use tokio::task::yield_now;

use super::{
    Hand,
    issuer::Issuer,
    signer::{Signer, key_set},
};
use crate::{
    auth::{AuthError, InvalidToken, key_source::KeySource},
    metrics::Metrics,
};

/// A set of new keys by those names.
fn keys(kids: &[&str]) -> String {
    let keys: Vec<_> = kids
        .iter()
        .map(|kid| Signer::ed25519().jwk(Some(kid)))
        .collect();
    key_set(&keys)
}

fn source(location: &str, hand: &Hand) -> KeySource {
    KeySource::new(
        location.parse().expect("a location"),
        hand.clock(),
        &Metrics::default(),
    )
    .expect("a source")
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Found,
    Refused,
    Unavailable,
}

async fn ask(source: &KeySource, kid: &str) -> Outcome {
    match source.key(Some(kid), Algorithm::EdDSA).await {
        Ok(_) => Found,
        Err(AuthError::Invalid(InvalidToken::Unverified)) => Refused,
        Err(AuthError::KeysUnavailable) => Unavailable,
        Err(error) => panic!("{error}"),
    }
}

use Outcome::{Found, Refused, Unavailable};

#[tokio::test]
async fn keys_rotate_through_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    let hand = Hand::new();
    let source = source(path.to_str().expect("a path"), &hand);
    assert_eq!(ask(&source, "a").await, Unavailable, "no file yet");

    fs::write(&path, keys(&["a"])).expect("written");
    assert_eq!(ask(&source, "a").await, Unavailable, "too soon");
    hand.advance(10);
    assert_eq!(ask(&source, "a").await, Found);

    fs::write(&path, keys(&["a", "b"])).expect("written");
    assert_eq!(ask(&source, "b").await, Refused, "too soon");
    hand.advance(10);
    assert_eq!(ask(&source, "b").await, Found);

    fs::write(&path, "{").expect("written");
    hand.advance(10);
    assert_eq!(ask(&source, "c").await, Refused);
    assert_eq!(
        ask(&source, "a").await,
        Found,
        "a broken file changes nothing"
    );
}

#[tokio::test]
async fn a_server_that_is_down_at_the_start_is_survived() {
    let issuer = Issuer::start(None).await;
    let hand = Hand::new();
    let source = source(&format!("{}/keys", issuer.origin), &hand);
    assert_eq!(ask(&source, "a").await, Unavailable);
    issuer.publish(Some(keys(&["a"])));
    assert_eq!(ask(&source, "a").await, Unavailable, "too soon");
    assert_eq!(issuer.asked(), 1);
    hand.advance(10);
    assert_eq!(ask(&source, "a").await, Found);

    issuer.publish(None);
    hand.advance(3600);
    assert_eq!(
        ask(&source, "a").await,
        Found,
        "an outage keeps the old keys"
    );
    source.settled().await;
    assert_eq!(ask(&source, "a").await, Found);
    assert_eq!(ask(&source, "b").await, Refused);
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn made_up_key_ids_do_not_hammer_the_issuer() {
    let issuer = Issuer::start(Some(keys(&["a"]))).await;
    let hand = Hand::new();
    let source = source(&format!("{}/keys", issuer.origin), &hand);
    source.settled().await;
    for attempt in 0..100 {
        assert_eq!(ask(&source, &format!("x{attempt}")).await, Refused);
    }
    assert_eq!(issuer.asked(), 1, "only the load at the start");
    for _ in 0..3 {
        hand.advance(10);
        for attempt in 0..10 {
            assert_eq!(ask(&source, &format!("y{attempt}")).await, Refused);
        }
    }
    assert_eq!(issuer.asked(), 4);
    hand.advance(-86_400);
    assert_eq!(ask(&source, "x").await, Refused);
    assert_eq!(
        issuer.asked(),
        5,
        "a clock that is put back does not end refreshes"
    );
}

#[tokio::test]
async fn one_refresh_is_shared_and_known_keys_do_not_wait_for_it() {
    let issuer = Issuer::start(Some(keys(&["a"]))).await;
    let hand = Hand::new();
    let source = source(&format!("{}/keys", issuer.origin), &hand);
    assert_eq!(ask(&source, "a").await, Found);

    issuer.publish(Some(keys(&["a", "b"])));
    issuer.hold();
    hand.advance(60);
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { ask(&source, "b").await })
        })
        .collect();
    while issuer.asked() < 2 {
        yield_now().await;
    }
    assert_eq!(ask(&source, "a").await, Found, "while the issuer is slow");
    assert!(waiting.iter().all(|request| !request.is_finished()));
    // A client that goes away does not take the refresh along.
    waiting[0].abort();
    issuer.release();
    for request in waiting.into_iter().skip(1) {
        assert_eq!(request.await.expect("no panic"), Found);
    }
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn old_keys_are_refreshed_in_the_background() {
    let issuer = Issuer::start(Some(keys(&["a"]))).await;
    let hand = Hand::new();
    let source = source(&format!("{}/keys", issuer.origin), &hand);
    assert_eq!(ask(&source, "a").await, Found);

    // The key is revoked.
    issuer.publish(Some(keys(&["b"])));
    hand.advance(299);
    assert_eq!(ask(&source, "a").await, Found);
    assert_eq!(issuer.asked(), 1);
    hand.advance(1);
    assert_eq!(ask(&source, "a").await, Found, "nobody waits");
    source.settled().await;
    assert_eq!(issuer.asked(), 2);
    assert_eq!(ask(&source, "a").await, Refused);
    assert_eq!(ask(&source, "b").await, Found);
}
