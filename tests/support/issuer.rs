//! A server that publishes a key set.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tokio::{net::TcpListener, sync::Semaphore};

/// A server on loopback.
#[derive(Clone)]
pub struct Issuer {
    pub origin: String,
    document: Arc<Mutex<Option<String>>>,
    requests: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Issuer {
    /// Publishes the document at `/keys`. Without one, the response is 503.
    pub async fn start(document: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = Self {
            origin: format!("http://{}", listener.local_addr().expect("an address")),
            document: Arc::new(Mutex::new(document)),
            requests: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        };
        let router = Router::new()
            .route("/keys", get(publish))
            .route("/moved", get(|| async { Redirect::temporary("/keys") }))
            .route("/loop", get(|| async { Redirect::temporary("/loop") }))
            .route("/away", get(|| away("http://keys.example.com/keys")))
            .route("/metadata", get(|| away("http://2852039166/keys")))
            .route(
                "/password",
                get(|| away("http://me:hunter2@127.0.0.1:1/keys")),
            )
            .route("/other-scheme", get(|| away("https://127.0.0.1:1/keys")))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// Returns the URL of the keys.
    pub fn keys(&self) -> String {
        format!("{}/keys", self.origin)
    }

    pub fn publish(&self, document: Option<String>) {
        *self.document.lock().expect("a lock") = document;
    }

    /// Returns the number of requests for the keys.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Delays responses until [`Self::release`].
    pub fn hold(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub fn release(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }
}

async fn publish(State(issuer): State<Issuer>) -> Response {
    issuer.requests.fetch_add(1, Ordering::SeqCst);
    let _permit = issuer.gate.acquire().await;
    let document = issuer.document.lock().expect("a lock").clone();
    match document {
        Some(document) => document.into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn away(location: &'static str) -> Response {
    (StatusCode::FOUND, [(LOCATION, location)]).into_response()
}
