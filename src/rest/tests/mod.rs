//! Tests of the endpoints over the demo data: exact bodies, refusals, and the OpenAPI document.

mod common;
mod course_invitees;
mod document;
mod group_invite;
mod invite_code;
mod workspace_invite;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use migration::{Migrator, MigratorTrait};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use super::{RestSettings, openapi_router, router};
use crate::{
    access::{Access, Disclosure, Policy, Viewer},
    database::{IN_MEMORY, Pool},
    demo,
    invite::GroupInviteUrl,
    loader::{Loaders, batch_loads, user::Subject},
    metrics::Metrics,
    rate_limit::{Client, ClientKey, RateLimits},
};

const PUBLIC_URL: &str = "https://invites.example.com/base/";

/// A client without rate limits.
fn unlimited() -> Arc<Client> {
    Arc::new(RateLimits::none().client(ClientKey::Unknown))
}

/// The REST API over the demo data, without the HTTP layers around it.
struct Rest {
    database: sea_orm::DatabaseConnection,
    loaders: Arc<Loaders>,
    policy: Arc<Policy>,
    router: Router,
    statements: Arc<AtomicUsize>,
}

struct TestResponse {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    statements: usize,
}

impl TestResponse {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    fn header(&self, name: header::HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(&name).iter();
        let value = values.next()?.to_str().expect("text");
        assert_eq!(values.next(), None, "{name}: twice");
        Some(value)
    }

    #[track_caller]
    fn is(&self, status: StatusCode, body: Value) {
        assert_eq!((self.status, self.json()), (status, body));
        assert_eq!(self.header(header::CONTENT_TYPE), Some("application/json"));
        assert_eq!(self.header(header::CACHE_CONTROL), Some("no-store"));
        let challenge =
            (status == StatusCode::UNAUTHORIZED).then_some(r#"Bearer realm="invite-gateway""#);
        assert_eq!(self.header(header::WWW_AUTHENTICATE), challenge);
    }
}

fn now() -> DateTime<Utc> {
    "2026-07-01T12:00:00Z".parse().expect("an instant")
}

fn public_url() -> Url {
    PUBLIC_URL.parse().expect("a URL")
}

async fn rest() -> Rest {
    rest_with(Disclosure::Contract).await
}

async fn rest_with(disclosure: Disclosure) -> Rest {
    let mut database = Pool::small(IN_MEMORY).open().await.expect("a database");
    Migrator::up(&database, None).await.expect("migrations");
    demo::load(&database, now()).await.expect("sample data");
    let statements = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&statements);
    database.set_metric_callback(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let group_invite_url: GroupInviteUrl = GroupInviteUrl::DEFAULT.parse().expect("a URL");
    let settings = RestSettings {
        public_url: public_url(),
        includes_version: true,
    };
    Rest {
        loaders: Arc::new(Loaders::new(database.clone(), &Metrics::default())),
        policy: Arc::new(Policy {
            disclosure,
            group_invite_url,
        }),
        router: openapi_router(&settings).merge(router(settings)),
        database,
        statements,
    }
}

impl Rest {
    async fn viewer(&self, id: Option<i64>) -> Viewer {
        match id {
            None => Viewer::Anonymous,
            Some(id) => {
                let user = self.loaders.subject(Subject::Id(id)).await.expect("rows");
                Viewer::signed_in(user.expect("a user"), false)
            }
        }
    }

    async fn send(&self, method: Method, path: &str, viewer: Option<i64>) -> TestResponse {
        let viewer = self.viewer(viewer).await;
        let access = Access::new(
            viewer,
            unlimited(),
            self.loaders.clone(),
            self.policy.clone(),
            now(),
        );
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .expect("a request");
        let before = self.statements.load(Ordering::Relaxed);
        let router = self.router.clone().layer(Extension(Arc::new(access)));
        let response = batch_loads(router.oneshot(request))
            .await
            .expect("a response");
        let statements = self.statements.load(Ordering::Relaxed) - before;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        TestResponse {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
            statements,
        }
    }

    async fn get(&self, path: &str, viewer: Option<i64>) -> TestResponse {
        self.send(Method::GET, path, viewer).await
    }
}

fn code_path(code: &str) -> String {
    format!("/api/v2/invite_code/{code}/")
}

fn token_path(token: impl std::fmt::Display) -> String {
    format!("/api/v1/invites/{token}/")
}

fn group_path(id: impl std::fmt::Display) -> String {
    format!("/v3/groups/{id}/invite")
}

fn course_path(rest: impl std::fmt::Display) -> String {
    format!("/api/v2/course/{rest}")
}

fn detail(text: &str) -> Value {
    json!({"detail": text})
}

fn not_found() -> Value {
    detail("Not found.")
}
