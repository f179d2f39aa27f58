//! Published keys: reading them within limits, rotation, and issuers that fail.

use std::{
    fs, io,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use invite_gateway::auth::{AuthError, Authenticator, InvalidToken};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::yield_now;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{
    Gateway, Viewer, any_database, data,
    issuer::Issuer,
    process::eventually,
    signer::{Signer, key_set},
    tokens::{authenticator, bearing, claims, with_keys},
};

/// Returns a set of the keys of those names.
fn keys(names: &[&str]) -> String {
    let keys: Vec<_> = names
        .iter()
        .map(|name| Signer::named(name).jwk(Some(name)))
        .collect();
    key_set(&keys)
}

/// Outcome of a token.
#[derive(Debug, PartialEq)]
enum Outcome {
    Accepted,
    Refused,
    Unavailable,
}
use Outcome::{Accepted, Refused, Unavailable};

/// Sends a token that the key of that name signed.
async fn ask(authenticator: &Authenticator, name: &str) -> Outcome {
    let signer = Signer::named(name);
    let token = signer.token(&signer.header(Some(name)), &claims(json!({ "exp": 1e300 })));
    match authenticator.viewer(&bearing(&token)).await {
        Ok(viewer) if viewer.id() == Some(7) => Accepted,
        Err(AuthError::Invalid(InvalidToken::UnknownKey)) => Refused,
        Err(AuthError::KeysUnavailable) => Unavailable,
        other => panic!("{other:?}"),
    }
}

/// Returns an authenticator with keys at this path or URL, and adds user 7.
async fn reading(gateway: &Gateway, location: &str) -> Authenticator {
    gateway.add(data::user(7, "grace")).await;
    authenticator(gateway, with_keys(location))
}

/// Advances the clock.
fn advance(gateway: &Gateway, seconds: i64) {
    gateway.set_now(gateway.clock().now() + TimeDelta::seconds(seconds));
}

/// Waits until that many refreshes have ended with this outcome.
async fn refreshed(gateway: &Gateway, outcome: &str, count: f64) {
    let name = format!("invite_gateway_jwks_refreshes_total{{outcome=\"{outcome}\"}}");
    while gateway.metric(&name) < count {
        yield_now().await;
    }
}

/// The log of a test's thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Records until the guard is dropped.
    fn record(&self) -> DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    /// Returns the lines since the last call.
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no panic with it"));
        String::from_utf8(bytes).expect("text")
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic with it").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

any_database! {
    async fn redirects_lead_only_to_allowed_locations(gateway) {
        let log = Log::default();
        let _guard = log.record();
        let issuer = Issuer::start(Some(keys(&["a"]))).await;
        gateway.add(data::user(7, "grace")).await;
        let read = async |path: &str| {
            let location = format!("{}{path}", issuer.origin);
            ask(&authenticator(&gateway, with_keys(&location)), "a").await
        };
        for good in ["/keys", "/moved"] {
            assert_eq!(read(good).await, Accepted, "{good}");
        }
        for bad in ["/loop", "/away", "/metadata", "/password", "/other-scheme"] {
            log.take();
            assert_eq!(read(bad).await, Unavailable, "{bad}");
            let line = log.take();
            let (_, error) = line.split_once("error=").expect("an error");
            assert!(error.contains("redirect"), "{bad}: {error}");
            for secret in ["127.0.0.1", "hunter2"] {
                assert!(!error.contains(secret), "{bad}: {error}");
            }
        }
        assert_eq!(read("/absent").await, Unavailable);
        assert!(log.take().contains("the response status is 404"));
    }

    async fn names_of_this_machine_are_not_resolved(gateway) {
        let issuer = Issuer::start(Some(keys(&["a"]))).await;
        let port = issuer.origin.rsplit(':').next().expect("a port");
        gateway.add(data::user(7, "grace")).await;
        for host in [
            "localhost",
            "LOCALHOST.",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.0.0.1.",
        ] {
            let settings = with_keys(&format!("http://{host}:{port}/keys"));
            assert_eq!(ask(&authenticator(&gateway, settings), "a").await, Accepted, "{host}");
        }
    }

    async fn a_document_over_a_mebibyte_is_not_read(gateway) {
        let log = Log::default();
        let _guard = log.record();
        gateway.add(data::user(7, "grace")).await;
        let read = async |location: &str| {
            ask(&authenticator(&gateway, with_keys(location)), "a").await
        };
        let mut full = keys(&["a"]);
        full += &" ".repeat(1024 * 1024 - full.len());
        let long = format!("{full} ");
        let issuer = Issuer::start(Some(full.clone())).await;
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("jwks.json");
        let path = file.to_str().expect("a path");
        fs::write(&file, &full).expect("written");
        for location in [&issuer.keys(), path] {
            assert_eq!(read(location).await, Accepted, "{location}");
        }
        issuer.publish(Some(long.clone()));
        fs::write(&file, &long).expect("written");
        for location in [&issuer.keys(), path, "/dev/zero"] {
            log.take();
            assert_eq!(read(location).await, Unavailable, "{location}");
            assert!(log.take().contains("it is longer than 1048576 bytes"), "{location}");
        }
        assert_eq!(read("/").await, Unavailable);
        assert!(log.take().contains("Is a directory"));
    }

    async fn unusable_keys_are_skipped_and_logged(gateway) {
        let log = Log::default();
        let _guard = log.record();
        let secret = Signer::secret("published").jwk(Some("s"));
        let keys = key_set(&[secret, Signer::named("a").jwk(Some("a"))]);
        let issuer = Issuer::start(Some(keys)).await;
        let source = reading(&gateway, &issuer.keys()).await;
        assert_eq!(ask(&source, "a").await, Accepted);
        let reason = r#"a key is not used jwks=127.0.0.1 kid=Some("s") reason=a symmetric key must not be published"#;
        let log = log.take();
        assert!(log.contains(reason), "{log}");
    }

    async fn keys_rotate_through_a_file(gateway) {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("jwks.json");
        let source = reading(&gateway, path.to_str().expect("a path")).await;
        assert_eq!(ask(&source, "a").await, Unavailable, "no file yet");

        fs::write(&path, keys(&["a"])).expect("written");
        assert_eq!(ask(&source, "a").await, Unavailable, "too soon");
        advance(&gateway, 10);
        assert_eq!(ask(&source, "a").await, Accepted);

        fs::write(&path, keys(&["a", "b"])).expect("written");
        assert_eq!(ask(&source, "b").await, Refused, "too soon");
        advance(&gateway, 10);
        assert_eq!(ask(&source, "b").await, Accepted);

        fs::write(&path, "{").expect("written");
        advance(&gateway, 10);
        assert_eq!(ask(&source, "c").await, Refused);
        assert_eq!(ask(&source, "a").await, Accepted, "a broken file changes nothing");

        // A verified token is refused once its key is gone.
        fs::write(&path, keys(&["b", "c"])).expect("written");
        advance(&gateway, 10);
        assert_eq!(ask(&source, "c").await, Accepted);
        assert_eq!(ask(&source, "a").await, Refused);
    }

    async fn without_any_keys_a_gateway_is_unready(gateway) {
        let log = Log::default();
        let _guard = log.record();
        let issuer = Issuer::start(None).await;
        let source = reading(&gateway, &issuer.keys()).await;
        refreshed(&gateway, "failed", 1.0).await;
        let gateway = gateway.with(|parts| parts.authenticator = source);
        let ready = async || {
            let response = gateway.get(Viewer::Anonymous, "/health/ready").await;
            (response.status.as_u16(), response.json["status"].clone())
        };
        let unready = (503, json!("key set never loaded: see the log"));
        assert_eq!(ready().await, unready);
        let log = log.take();
        assert!(log.contains("cannot load the keys") && log.contains("503"), "{log}");
        let public = gateway.get(Viewer::Anonymous, "/api/v2/invite_code/x/").await;
        assert_eq!(public.status.as_u16(), 404, "requests without a token are served");
        issuer.publish(Some(keys(&["a"])));
        // No token has to arrive.
        eventually("the keys", async || {
            advance(&gateway, 10);
            (ready().await == (200, json!("ready"))).then_some(())
        })
        .await;
        issuer.publish(None);
        advance(&gateway, 3600);
        assert_eq!(ready().await.0, 200, "old keys are still there");
    }

    async fn keys_outlast_an_issuer_that_fails(gateway) {
        let issuer = Issuer::start(None).await;
        let source = reading(&gateway, &issuer.keys()).await;
        assert_eq!(ask(&source, "a").await, Unavailable);
        issuer.publish(Some(keys(&["a"])));
        assert_eq!(ask(&source, "a").await, Unavailable, "too soon");
        assert_eq!(issuer.requests(), 1);
        advance(&gateway, 10);
        assert_eq!(ask(&source, "a").await, Accepted);

        issuer.publish(None);
        advance(&gateway, 3600);
        assert_eq!(ask(&source, "a").await, Accepted, "an outage keeps the old keys");
        refreshed(&gateway, "failed", 2.0).await;
        assert_eq!(ask(&source, "a").await, Accepted);
        assert_eq!(ask(&source, "b").await, Refused);
        assert_eq!(issuer.requests(), 3);
    }

    async fn invented_key_ids_do_not_flood_the_issuer(gateway) {
        let issuer = Issuer::start(Some(keys(&["a"]))).await;
        let source = reading(&gateway, &issuer.keys()).await;
        refreshed(&gateway, "loaded", 1.0).await;
        for attempt in 0..100 {
            assert_eq!(ask(&source, &format!("x{attempt}")).await, Refused);
        }
        assert_eq!(issuer.requests(), 1, "only the load at the start");
        for _ in 0..3 {
            advance(&gateway, 10);
            for attempt in 0..10 {
                assert_eq!(ask(&source, &format!("y{attempt}")).await, Refused);
            }
        }
        assert_eq!(issuer.requests(), 4);
        advance(&gateway, -86_400);
        assert_eq!(ask(&source, "x").await, Refused);
        assert_eq!(issuer.requests(), 5, "a clock that is set back does not end refreshes");
    }

    async fn requests_share_a_refresh_and_known_keys_do_not_wait_for_it(gateway) {
        let issuer = Issuer::start(Some(keys(&["a"]))).await;
        let source = reading(&gateway, &issuer.keys()).await;
        assert_eq!(ask(&source, "a").await, Accepted);

        issuer.publish(Some(keys(&["a", "b"])));
        issuer.hold();
        advance(&gateway, 60);
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let source = source.clone();
                tokio::spawn(async move { ask(&source, "b").await })
            })
            .collect();
        while issuer.requests() < 2 {
            yield_now().await;
        }
        assert_eq!(ask(&source, "a").await, Accepted, "while the issuer is slow");
        assert!(waiting.iter().all(|request| !request.is_finished()));
        // A client that disconnects does not end the refresh.
        waiting[0].abort();
        issuer.release();
        for request in waiting.into_iter().skip(1) {
            assert_eq!(request.await.expect("no panic"), Accepted);
        }
        assert_eq!(issuer.requests(), 2);
    }

    async fn old_keys_are_refreshed_in_the_background(gateway) {
        let issuer = Issuer::start(Some(keys(&["a"]))).await;
        let source = reading(&gateway, &issuer.keys()).await;
        assert_eq!(ask(&source, "a").await, Accepted);

        // The key is revoked.
        issuer.publish(Some(keys(&["b"])));
        advance(&gateway, 299);
        assert_eq!(ask(&source, "a").await, Accepted);
        assert_eq!(issuer.requests(), 1);
        advance(&gateway, 1);
        assert_eq!(ask(&source, "a").await, Accepted, "nobody waits");
        refreshed(&gateway, "loaded", 2.0).await;
        assert_eq!(issuer.requests(), 2);
        assert_eq!(ask(&source, "a").await, Refused);
        assert_eq!(ask(&source, "b").await, Accepted);
    }
}
