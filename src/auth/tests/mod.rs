//! Tests of tokens as a whole: good ones, forged ones, and keys that change.

mod claiming;
mod fetching;
mod forgeries;
mod issuer;
mod remembering;
mod rotation;
pub(super) mod signer;
mod viewers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::DateTime;
use serde_json::{Value, json};

use super::{AuthError, InvalidToken, SubjectClaim, TokenSettings, verifier::Verifier};
use crate::{clock::Clock, metrics::Metrics};

pub(super) const NOW: i64 = 1_800_000_000;
pub(super) const LEEWAY: i64 = 30;
pub(super) const ISSUER: &str = "https://id.example.com";
pub(super) const AUDIENCE: &str = "invites";
pub(super) const SECRET: &str = "a secret of the tests, 32 bytes or more";

/// A clock that is moved by hand.
#[derive(Clone)]
pub(super) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(super) fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.0);
        Clock::new(move || {
            DateTime::from_timestamp(seconds.load(Ordering::Relaxed), 0).expect("an instant")
        })
    }
}

fn settings() -> TokenSettings {
    TokenSettings {
        secret: None,
        jwks: None,
        issuer: Some(ISSUER.to_owned()),
        audience: Some(AUDIENCE.to_owned()),
        leeway: Duration::from_secs(LEEWAY.unsigned_abs()),
        subject: SubjectClaim::Id,
    }
}

fn with_secret() -> TokenSettings {
    TokenSettings {
        secret: Some(SECRET.parse().expect("a secret")),
        ..settings()
    }
}

/// Claims that are taken, but for the changes; null takes a claim away.
fn claims(changes: Value) -> Value {
    let good = json!({ "sub": "7", "exp": NOW + 600, "iss": ISSUER, "aud": AUDIENCE });
    changed(good, changes)
}

pub(super) fn changed(mut good: Value, changes: Value) -> Value {
    let object = good.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    good
}

fn verifier(settings: TokenSettings) -> Verifier {
    Verifier::new(settings, Hand::new().clock(), &Metrics::default()).expect("settings")
}

/// Why the token is refused; none when it is taken.
async fn refusal(verifier: &Verifier, token: &str) -> Option<InvalidToken> {
    match verifier.verify(token).await {
        Ok(_) => None,
        Err(AuthError::Invalid(error)) => Some(error),
        Err(error) => panic!("{error}"),
    }
}
