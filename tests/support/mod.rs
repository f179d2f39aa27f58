//! The harness: a gateway over a database of its own, asked in process, at an hour that the test
//! sets.

mod answer;
pub mod attack;
pub mod cluster;
pub mod collector;
pub mod data;
mod database;
pub mod node;
pub mod process;
pub mod processor;
pub mod proxy;
pub mod redis;
pub mod tables;
pub mod wire;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use invite_gateway::{
    access::{Disclosure, Policy},
    auth::{Authenticator, NewClaims, Secret, SubjectClaim, TokenSettings, mint},
    clock::{Clock, Stopwatch},
    graphql::{Executor, Limits, SchemaSettings},
    http::{Cors, Gateway as Parts, Graphql, PersistedDocuments, Service},
    import::{self, Kind, Rejection, Report, Summary},
    invite::GroupInviteUrl,
    loader::Loaders,
    metrics::Metrics,
    rate_limit::{Quotas, RateLimits},
};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DatabaseConnection, IntoActiveModel, ModelTrait,
};
use serde_json::{Value, json};
use tower::ServiceExt;

pub use answer::Answer;
pub use database::{Backend, run};

/// What absolute URLs begin with.
pub const PUBLIC_URL: &str = "https://gateway.example";

/// When nothing else is set, it is this hour.
pub const NOW: &str = "2026-06-01T12:00:00Z";

/// Signs the tokens that the tests' gateways take.
pub const SECRET: &str = "a secret of the tests, long enough for HS256";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer<'a> {
    /// Nobody known.
    Anonymous,
    /// The user of that id.
    User(i64),
    /// The user of that id, with a token of the scope `invites:admin`.
    Staff(i64),
    /// Whoever this `Authorization` header speaks of.
    Header(&'a str),
}

/// A gateway over a database of its own.
pub struct Gateway {
    pub database: DatabaseConnection,
    pub backend: Backend,
    pub url: String,
    pub metrics: Metrics,
    app: Router,
    now: Arc<Mutex<DateTime<Utc>>>,
    passed: Arc<Mutex<Duration>>,
    received: database::Received,
}

/// The types of objects that have a global id.
pub const KINDS: [&str; 9] = [
    "InviteCode",
    "WorkspaceInvite",
    "GroupInvite",
    "CourseInvite",
    "User",
    "Tag",
    "Workspace",
    "Group",
    "Course",
];

/// The global id of the object of that type and key.
pub fn global_id(type_name: &str, id: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{type_name}:{id}"))
}

/// An instant as the tests write it.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an RFC 3339 instant")
}

impl Gateway {
    fn over(opened: database::Opened) -> Self {
        let now = Arc::new(Mutex::new(at(NOW)));
        let gateway = Self {
            app: Router::new(),
            metrics: Metrics::default(),
            database: opened.database,
            backend: opened.backend,
            url: opened.url,
            received: opened.received,
            now,
            passed: Arc::default(),
        };
        gateway.with(|_| {})
    }

    /// The same with another setting of who sees published addresses.
    pub fn with_disclosure(self, disclosure: Disclosure) -> Self {
        self.with(|parts| parts.policy = policy(disclosure))
    }

    /// The same with other settings.
    pub fn with(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        let metrics = Metrics::default();
        let loaders = Arc::new(Loaders::new(self.database.clone(), &metrics));
        let tokens = TokenSettings {
            secret: Some(secret()),
            jwks: None,
            issuer: None,
            audience: None,
            leeway: Duration::ZERO,
            subject: SubjectClaim::Id,
        };
        let authenticator = Authenticator::new(tokens, loaders.clone(), self.clock(), &metrics)
            .expect("usable settings");
        let mut parts = Parts {
            loaders,
            authenticator,
            policy: policy(Disclosure::Contract),
            clock: self.clock(),
            public_url: PUBLIC_URL.parse().expect("a URL"),
            max_body: 128 * 1024,
            request_timeout: Duration::from_secs(60),
            max_in_flight: 1024,
            max_buffered: 64 * 1024 * 1024,
            rate_limits: RateLimits::none(),
            trusted_proxies: Arc::default(),
            graphql: measured_graphql(Limits::default(), DOCUMENT_CACHE, &metrics),
            cors: Cors::default(),
            graphiql: None,
            tells_version: true,
            has_metrics: false,
            metrics,
        };
        change(&mut parts);
        self.metrics = parts.metrics.clone();
        self.app = Service::new(parts).app;
        self
    }

    /// The same with clients held to these quotas.
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        self.with_quotas_and(quotas, |_| {})
    }

    /// As [`Self::with_quotas`], with other settings.
    pub fn with_quotas_and(self, quotas: Quotas, change: impl FnOnce(&mut Parts)) -> Self {
        let passed = self.passed.clone();
        let stopwatch = Stopwatch::new(move || *passed.lock().expect("no panic with it"));
        self.with(|parts| {
            parts.rate_limits = RateLimits::new(quotas, None, stopwatch, &parts.metrics);
            change(parts);
        })
    }

    /// Lets time pass by which quotas are counted.
    pub fn pass(&self, time: Duration) {
        *self.passed.lock().expect("no panic with it") += time;
    }

    /// The clock of this gateway.
    pub fn clock(&self) -> Clock {
        let now = self.now.clone();
        Clock::new(move || *now.lock().expect("no test panics while it sets the clock"))
    }

    /// Sets the clock.
    pub fn set_now(&self, now: DateTime<Utc>) {
        *self
            .now
            .lock()
            .expect("no test panics while it sets the clock") = now;
    }

    /// Writes a row.
    pub async fn add<M, A>(&self, row: M) -> M
    where
        M: ModelTrait + IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
        <M::Entity as sea_orm::EntityTrait>::Model: IntoActiveModel<A>,
    {
        let written = row.clone().into_active_model().reset_all();
        written
            .insert(&self.database)
            .await
            .expect("a row that fits");
        row
    }

    /// Writes rows.
    pub async fn add_all<M, A>(&self, rows: impl IntoIterator<Item = M>)
    where
        M: ModelTrait + IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
        <M::Entity as sea_orm::EntityTrait>::Model: IntoActiveModel<A>,
    {
        use sea_orm::EntityTrait;
        let rows: Vec<A> = rows
            .into_iter()
            .map(|row| row.into_active_model().reset_all())
            .collect();
        for chunk in rows.chunks(200) {
            <M::Entity as EntityTrait>::insert_many(chunk.to_vec())
                .exec_without_returning(&self.database)
                .await
                .expect("rows that fit");
        }
    }

    /// The value of an `Authorization` header for the viewer.
    pub fn authorization(&self, viewer: Viewer<'_>) -> Option<String> {
        let token = |id: i64, scope| {
            let now = self.clock().now().timestamp();
            let claims = NewClaims {
                sub: &id.to_string(),
                iat: now,
                exp: now + 3600,
                iss: None,
                aud: None,
                scope,
            };
            let token = mint(&secret(), &claims).expect("a token");
            Some(format!("Bearer {token}"))
        };
        match viewer {
            Viewer::Anonymous => None,
            Viewer::User(id) => token(id, None),
            Viewer::Staff(id) => token(id, Some("invites:admin")),
            Viewer::Header(header) => Some(header.to_owned()),
        }
    }

    /// The gateway as a service, for tests that ask it from several tasks.
    pub fn service(&self) -> Router {
        self.app.clone()
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.expect("an answer");
        Answer::read(response).await
    }

    /// `GET path`.
    pub async fn get(&self, viewer: Viewer<'_>, path: &str) -> Answer {
        let request = self.request(viewer, Method::GET, path);
        self.send(request.body(Body::empty()).expect("a request"))
            .await
    }

    /// The beginning of a request.
    pub fn request(
        &self,
        viewer: Viewer<'_>,
        method: Method,
        path: &str,
    ) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        match self.authorization(viewer) {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        }
    }

    /// Sends a GraphQL document without variables, and gives the whole answer.
    pub async fn graphql(&self, viewer: Viewer<'_>, document: &str) -> Value {
        self.graphql_with(viewer, document, json!({})).await
    }

    /// Sends a GraphQL document, and gives the whole answer.
    pub async fn graphql_with(
        &self,
        viewer: Viewer<'_>,
        document: &str,
        variables: Value,
    ) -> Value {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let request = self
            .request(viewer, Method::POST, "/graphql")
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).expect("a request"))
            .await
            .json
    }

    /// Sends a GraphQL document that must be answered without an error; gives `data`.
    pub async fn data(&self, viewer: Viewer<'_>, document: &str) -> Value {
        let mut answer = self.graphql(viewer, document).await;
        assert_eq!(answer.get("errors"), None, "{document}\n{answer:#}");
        answer["data"].take()
    }

    /// How many statements the database received while `asked` ran, and what it gave. Connections
    /// are made before, so that what making one costs is not counted.
    pub async fn counted<T>(&self, asked: impl Future<Output = T>) -> (u64, T) {
        self.database.ping().await.expect("a database that answers");
        let before = self.received.count().await;
        let given = asked.await;
        (self.received.count().await - before, given)
    }

    /// The different texts of all statements that the database received, without values.
    pub async fn statement_texts(&self) -> Vec<String> {
        self.received.texts().await
    }

    /// The value of a metric with these labels, as `name{label="value"}`. Panics where there is none.
    pub fn metric(&self, name: &str) -> f64 {
        metric_in(&self.metrics.text().expect("metrics"), name)
    }

    /// Imports rows, each as one line; gives the summary and the rejected rows.
    pub async fn import(&self, kind: Kind, rows: &[Value]) -> (Summary, Vec<Rejection>) {
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        let mut rejected = Rejected::default();
        let source = lines.join("\n");
        let options = import::Options {
            strict: false,
            dry_run: false,
        };
        let summary = import::run(
            &self.database,
            &self.clock(),
            kind,
            source.as_bytes(),
            options,
            &mut rejected,
        )
        .await
        .expect("an import that ends");
        (summary, rejected.0)
    }
}

/// How much text of documents a gateway remembers, in bytes.
pub const DOCUMENT_CACHE: u64 = 1_048_576;

/// GraphQL as it is served by default, but for how much it remembers.
pub fn graphql(document_cache: u64) -> Graphql {
    measured_graphql(Limits::default(), document_cache, &Metrics::default())
}

/// Limits beyond which nobody asks who looks at everything at once.
pub const WIDE: Limits = Limits {
    document: 1_000_000,
    tokens: 100_000,
    nesting: 64,
    depth: 30,
    aliases: 10_000,
    root_fields: 1000,
    directives: 1000,
    cost: 1_000_000,
    list: 100,
    errors: 10,
    answer: 100_000_000,
};

/// GraphQL as it is served by default, but for these limits and how much it remembers.
pub fn graphql_within(limits: Limits, document_cache: u64) -> Graphql {
    measured_graphql(limits, document_cache, &Metrics::default())
}

fn measured_graphql(limits: Limits, document_cache: u64, metrics: &Metrics) -> Graphql {
    let executor = Executor::new(SchemaSettings::default(), limits, document_cache, metrics);
    Graphql {
        executor: executor.expect("a readable schema"),
        persisted: PersistedDocuments::default(),
        max_batch: 0,
        metrics: metrics.clone(),
    }
}

fn policy(disclosure: Disclosure) -> Arc<Policy> {
    Arc::new(Policy {
        disclosure,
        group_invite_url: GroupInviteUrl::DEFAULT.parse().expect("a template"),
    })
}

/// Keeps the rows that an import rejected.
#[derive(Default)]
pub struct Rejected(pub Vec<Rejection>);

impl Report for Rejected {
    fn rejected(&mut self, rejection: &Rejection) {
        self.0.push(rejection.clone());
    }

    fn progressed(&mut self, _: &Summary, _: u64) {}
}

/// The value of a metric in what `/metrics` answers. Panics where there is none.
pub fn metric_in(text: &str, name: &str) -> f64 {
    let lines = text.lines();
    let value = lines
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .next();
    let value = value.unwrap_or_else(|| panic!("no {name} in\n{text}"));
    value.parse().expect("a number")
}

/// [`SECRET`], to sign with.
pub fn secret() -> Secret {
    SECRET.parse().expect("a secret that is long enough")
}

/// Makes a test of each function, on each database.
macro_rules! each_database {
    ($($(#[$attribute:meta])* async fn $name:ident($gateway:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn behaves($gateway: $crate::support::Gateway) $body

            $(#[$attribute])*
            #[tokio::test]
            async fn on_sqlite() {
                $crate::support::run($crate::support::Backend::Sqlite, behaves).await;
            }

            $(#[$attribute])*
            #[tokio::test]
            async fn on_postgres() {
                $crate::support::run($crate::support::Backend::Postgres, behaves).await;
            }
        }
    )*};
}
pub(crate) use each_database;
