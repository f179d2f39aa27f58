//! Test harness: a gateway with a database of its own, called in process, at a time that the test
//! sets.

pub mod attack;
pub mod cluster;
pub mod collector;
pub mod data;
mod database;
pub mod generated;
pub mod haproxy;
pub mod invariants;
pub mod issuer;
pub mod node;
pub mod pgbouncer;
pub mod pgpool;
pub mod process;
pub mod processor;
pub mod proxy;
pub mod redis;
mod response;
pub mod signer;
pub mod tables;
pub mod tokens;
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
use entity::invite_token;
use invite_gateway::{
    access::{Disclosure, Policy},
    auth::{
        AudienceClaim, Authenticator, GrantSettings, NewClaims, Secret, SubjectClaim,
        TokenSettings, mint,
    },
    clock::{Clock, Stopwatch},
    database::OpenDatabase,
    graphql::{Executor, Limits, SchemaSettings},
    http::{Cors, Gateway as Parts, Graphql, PersistedDocuments, Service},
    import::{self, Change, ImportError, Kind, Rejection, Report, Summary},
    lifecycle::{Accounts, Lifecycle, WriteLimits},
    loader::Loaders,
    metrics::Metrics,
    rate_limit::{Quotas, RateLimits},
};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DatabaseConnection, IntoActiveModel, ModelTrait,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

pub use database::{Backend, run, run_in_locale_c};
pub use response::Response;

/// Prefix of absolute URLs.
pub const PUBLIC_URL: &str = "https://gateway.example";

/// Template of the links to new invites.
pub const ACCEPT_URL: &str = "https://app.example/i/{kind}/{secret}";

/// Default time of the clock.
pub const NOW: &str = "2026-06-01T12:00:00Z";

/// HS256 secret that signs and verifies the tests' tokens.
pub const SECRET: &str = "a secret of the tests, long enough for HS256";

/// Viewer of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer<'a> {
    /// Anonymous.
    Anonymous,
    /// User with that id.
    User(i64),
    /// User with that id, and a token with the scope `invites:admin`.
    Staff(i64),
    /// Viewer with this `Authorization` header.
    Header(&'a str),
}

/// A gateway with a database of its own.
pub struct Gateway {
    pub database: DatabaseConnection,
    /// The same, with the connections that the parts of the gateway share.
    pub shared: OpenDatabase,
    pub backend: Backend,
    pub database_url: String,
    pub metrics: Metrics,
    app: Router,
    now: Arc<Mutex<DateTime<Utc>>>,
    elapsed: Arc<Mutex<Duration>>,
    received: database::Received,
}

/// Types of objects that have a global id.
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

/// Sets the columns of folded text as the import does.
fn with_folded_texts<A: ActiveModelTrait>(mut row: A) -> A {
    use sea_orm::{EntityTrait, IdenStatic, Iterable};
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter().collect();
    for folded in &columns {
        let text = folded.as_str().strip_suffix("_folded");
        let text = columns.iter().find(|column| Some(column.as_str()) == text);
        if let Some(text) = text.and_then(|column| row.get(*column).into_value()) {
            let text: Option<String> = text.unwrap();
            let text = text.as_deref().and_then(invite_gateway::fold::stored);
            row.set(*folded, text.into());
        }
    }
    row
}

/// Returns the global id of the object with that type and key. For invites, see [`invite_id`].
pub fn global_id(type_name: &str, id: i64) -> String {
    assert!(
        !type_name.contains("Invite"),
        "ids of invites have a target"
    );
    URL_SAFE_NO_PAD.encode(format!("{type_name}:{id}"))
}

/// Returns the global id of an invite to that workspace, group or course.
pub fn invite_id(type_name: &str, target: i64, id: i64) -> String {
    assert_ne!(type_name, "InviteCode", "it has no target");
    URL_SAFE_NO_PAD.encode(format!("{type_name}:{target}:{id}"))
}

/// Returns the global id of the invite code with that code.
pub fn code_id(code: &str, id: i64) -> String {
    let bucket = Sha256::digest(code)[0];
    URL_SAFE_NO_PAD.encode(format!("InviteCode:{bucket}:{id}"))
}

/// Returns the global id of the object with that type and key. Invites with the key n are to the target n,
/// or have the code `CODE-n`.
pub fn id_of_kind(type_name: &str, id: i64) -> String {
    match type_name {
        "InviteCode" => code_id(&format!("CODE-{id}"), id),
        "WorkspaceInvite" | "GroupInvite" | "CourseInvite" => invite_id(type_name, id, id),
        _ => global_id(type_name, id),
    }
}

/// Returns how often a test repeats itself: as the environment variable says, in a run by hand.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of the gateway"
)]
pub fn rounds(variable: &str, default: i64) -> i64 {
    let rounds = std::env::var(variable).ok();
    rounds.map_or(default, |rounds| {
        rounds.parse().expect("a number of rounds")
    })
}

/// Parses an instant.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an RFC 3339 instant")
}

impl Gateway {
    fn new(opened: database::Opened) -> Self {
        let now = Arc::new(Mutex::new(at(NOW)));
        let gateway = Self {
            app: Router::new(),
            metrics: Metrics::default(),
            shared: opened.database.clone().into(),
            database: opened.database,
            backend: opened.backend,
            database_url: opened.url,
            received: opened.received,
            now,
            elapsed: Arc::default(),
        };
        gateway.with(|_| {})
    }

    /// Sets the disclosure of published addresses.
    pub fn with_disclosure(self, disclosure: Disclosure) -> Self {
        self.with(|parts| parts.policy = policy(disclosure))
    }

    /// Rebuilds the gateway from the default settings, changed by `change`. Discards the changes of
    /// earlier calls.
    pub fn with(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        let metrics = Metrics::default();
        let loaders = Arc::new(Loaders::new(self.shared.clone(), &metrics));
        let tokens = TokenSettings {
            secret: Some(secret()),
            jwks: None,
            issuer: None,
            audience: None,
            audience_claim: AudienceClaim::Aud,
            leeway: Duration::ZERO,
            subject: SubjectClaim::Id,
            grants: GrantSettings::default(),
            profile: None,
            max_length: 8192,
        };
        let accounts = Accounts::new(self.shared.clone());
        let authenticator =
            Authenticator::new(tokens, loaders.clone(), accounts, self.clock(), &metrics)
                .expect("usable settings");
        let mut parts = Parts {
            loaders,
            lifecycle: Some(self.lifecycle(WriteLimits::default())),
            authenticator,
            policy: policy(Disclosure::Contract),
            clock: self.clock(),
            imports: None,
            public_url: PUBLIC_URL.parse().expect("a URL"),
            max_body: 128 * 1024,
            request_timeout: Duration::from_secs(60),
            max_in_flight: 1024,
            max_buffered: 64 * 1024 * 1024,
            rate_limits: RateLimits::none(),
            trusted_proxies: Arc::default(),
            graphql: graphql_with_metrics(Limits::default(), DOCUMENT_CACHE, &metrics),
            cors: Cors::default(),
            graphiql: None,
            includes_version: true,
            has_metrics: false,
            metrics,
        };
        change(&mut parts);
        self.metrics = parts.metrics.clone();
        self.app = Service::new(parts).app;
        self
    }

    /// Sets the limits of writes.
    pub fn with_write_limits(self, limits: WriteLimits) -> Self {
        let lifecycle = self.lifecycle(limits);
        self.with(|parts| parts.lifecycle = Some(lifecycle))
    }

    fn lifecycle(&self, limits: WriteLimits) -> Arc<Lifecycle> {
        let accept_url = ACCEPT_URL.parse().expect("a template");
        Arc::new(Lifecycle::new(
            self.shared.clone(),
            limits,
            Some(accept_url),
            Stopwatch::started(),
        ))
    }

    /// Sets rate limits.
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        self.with_quotas_and(quotas, |_| {})
    }

    /// Like [`Self::with_quotas`], and changes other settings.
    pub fn with_quotas_and(self, quotas: Quotas, change: impl FnOnce(&mut Parts)) -> Self {
        let elapsed = self.elapsed.clone();
        let stopwatch = Stopwatch::new(move || *elapsed.lock().expect("no panic with it"));
        self.with(|parts| {
            parts.rate_limits = RateLimits::new(quotas, None, stopwatch, &parts.metrics);
            change(parts);
        })
    }

    /// Advances the stopwatch of the rate limits by `time`.
    pub fn advance(&self, time: Duration) {
        *self.elapsed.lock().expect("no panic with it") += time;
    }

    /// Returns the clock of this gateway.
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

    /// Inserts a row.
    pub async fn add<M, A>(&self, row: M) -> M
    where
        M: ModelTrait + IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
        <M::Entity as sea_orm::EntityTrait>::Model: IntoActiveModel<A>,
    {
        self.add_all([row.clone()]).await;
        row
    }

    /// Inserts rows.
    pub async fn add_all<M, A>(&self, rows: impl IntoIterator<Item = M>)
    where
        M: ModelTrait + IntoActiveModel<A>,
        A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
        <M::Entity as sea_orm::EntityTrait>::Model: IntoActiveModel<A>,
    {
        use sea_orm::EntityTrait;
        let rows: Vec<A> = rows
            .into_iter()
            .map(|row| with_folded_texts(row.into_active_model()).reset_all())
            .collect();
        for chunk in rows.chunks(200) {
            <M::Entity as EntityTrait>::insert_many(chunk.to_vec())
                .exec_without_returning(&self.database)
                .await
                .expect("rows that fit");
            self.add_tokens(chunk).await;
        }
    }

    /// Inserts a token for each row that is a workspace invite.
    async fn add_tokens<A: ActiveModelTrait>(&self, rows: &[A]) {
        use sea_orm::{EntityName, EntityTrait, IdenStatic, Iterable};
        if A::Entity::default().table_name() != "workspace_invites" {
            return;
        }
        let tokens = rows.iter().map(|row| {
            let number = |name: &str| {
                let mut columns = <A::Entity as EntityTrait>::Column::iter();
                let column = columns.find(|column| column.as_str() == name);
                let value = row.get(column.expect("a column")).into_value();
                value.expect("a value").unwrap::<i64>()
            };
            let id = number("id");
            data::invite_token(data::token(id), id, number("workspace_id"))
                .into_active_model()
                .reset_all()
        });
        invite_token::Entity::insert_many(tokens)
            .exec_without_returning(&self.database)
            .await
            .expect("tokens that fit");
    }

    /// Returns the `Authorization` header of the viewer.
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

    /// Returns the gateway as a service, for tests that call it from several tasks.
    pub fn service(&self) -> Router {
        self.app.clone()
    }

    /// Sends a request unchanged.
    pub async fn send(&self, request: Request<Body>) -> Response {
        let response = self.app.clone().oneshot(request).await.expect("a response");
        Response::read(response).await
    }

    /// Sends `GET path`.
    pub async fn get(&self, viewer: Viewer<'_>, path: &str) -> Response {
        let request = self.request(viewer, Method::GET, path);
        self.send(request.body(Body::empty()).expect("a request"))
            .await
    }

    /// Returns a request builder for the viewer.
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

    /// Sends a GraphQL document without variables, and returns the whole response.
    pub async fn graphql(&self, viewer: Viewer<'_>, document: &str) -> Value {
        self.graphql_with(viewer, document, json!({})).await
    }

    /// Sends a GraphQL document, and returns the whole response.
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

    /// Sends a GraphQL document that must succeed, and returns `data`.
    pub async fn data(&self, viewer: Viewer<'_>, document: &str) -> Value {
        let mut response = self.graphql(viewer, document).await;
        assert_eq!(response.get("errors"), None, "{document}\n{response:#}");
        response["data"].take()
    }

    /// Returns the number of statements that the database received while `request` ran, and its
    /// result. Opens connections first, so that their set-up does not count.
    pub async fn counted<T>(&self, request: impl Future<Output = T>) -> (u64, T) {
        self.database
            .ping()
            .await
            .expect("a database that responds");
        let before = self.received.count().await;
        let given = request.await;
        (self.received.count().await - before, given)
    }

    /// Returns the distinct texts of all statements that the database received, without values.
    pub async fn statement_texts(&self) -> Vec<String> {
        self.received.texts().await
    }

    /// Returns the value of a metric with labels, such as `name{label="value"}`. Panics if there is
    /// none.
    pub fn metric(&self, name: &str) -> f64 {
        metric_in(&self.metrics.text().expect("metrics"), name)
    }

    /// Imports rows, one per line. Returns the summary and the rejected rows.
    pub async fn import(&self, kind: Kind, rows: &[Value]) -> (Summary, Vec<Rejection>) {
        let (summary, reported) = self
            .import_with(kind, rows, import::Options::default())
            .await;
        (summary, reported.rejections)
    }

    /// Imports rows, one per line. Returns the notes and the texts of rejections, and the summary.
    pub async fn import_notes(
        &self,
        kind: Kind,
        rows: &[Value],
        strict: bool,
    ) -> (Vec<String>, Summary) {
        let options = import::Options {
            strict,
            ..Default::default()
        };
        let (summary, reported) = self.import_with(kind, rows, options).await;
        let rejections = reported.rejections.iter().map(ToString::to_string);
        (
            reported.notes.into_iter().chain(rejections).collect(),
            summary,
        )
    }

    /// Imports rows, one per line, and returns what it reports.
    pub async fn import_with(
        &self,
        kind: Kind,
        rows: &[Value],
        options: import::Options,
    ) -> (Summary, Reported) {
        let (outcome, reported) = self.try_import(kind, rows, options).await;
        (outcome.expect("an import that ends"), reported)
    }

    /// Like [`Self::import_with`], but may fail.
    pub async fn try_import(
        &self,
        kind: Kind,
        rows: &[Value],
        options: import::Options,
    ) -> (Result<Summary, ImportError>, Reported) {
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        let source = lines.join("\n");
        let mut reported = Reported::default();
        let (database, clock) = (&self.database, self.clock());
        let import = import::run(
            database,
            &clock,
            kind,
            source.as_bytes(),
            options,
            &mut reported,
        );
        (import.await, reported)
    }
}

/// Capacity of a gateway's document cache, in bytes.
pub const DOCUMENT_CACHE: u64 = 1_048_576;

/// Returns default GraphQL settings with that cache capacity.
pub fn graphql(document_cache: u64) -> Graphql {
    graphql_with_metrics(Limits::default(), document_cache, &Metrics::default())
}

/// Limits for tests that select everything at once.
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
    response: 100_000_000,
};

/// Returns default GraphQL settings with these limits and that cache capacity.
pub fn graphql_with_limits(limits: Limits, document_cache: u64) -> Graphql {
    graphql_with_metrics(limits, document_cache, &Metrics::default())
}

/// Returns default GraphQL settings with these limits, that cache capacity and these metrics.
fn graphql_with_metrics(limits: Limits, document_cache: u64, metrics: &Metrics) -> Graphql {
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
        group_invite_url: GROUP_INVITE_URL.parse().expect("a template"),
    })
}

/// Template of the URLs of groups' links.
const GROUP_INVITE_URL: &str = "https://www.are.na/group/{slug}/invite/{code}";

/// Collects what an import reports.
#[derive(Default)]
pub struct Reported {
    pub rejections: Vec<Rejection>,
    pub notes: Vec<String>,
    pub changes: Vec<String>,
}

impl Report for Reported {
    fn noted(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    fn changed(&mut self, change: Change, key: &str) {
        self.changes.push(format!("{change} {key}"));
    }

    fn rejected(&mut self, rejection: &Rejection, _: Option<&str>) {
        self.rejections.push(rejection.clone());
    }

    fn progressed(&mut self, _: &Summary, _: u64) {}
}

/// Returns the value of a metric in a response of `/metrics`. Panics if there is none.
pub fn metric_in(text: &str, name: &str) -> f64 {
    let lines = text.lines();
    let value = lines
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .next();
    let value = value.unwrap_or_else(|| panic!("no {name} in\n{text}"));
    value.parse().expect("a number")
}

/// Returns [`SECRET`] for signing.
pub fn secret() -> Secret {
    SECRET.parse().expect("a secret that is long enough")
}

/// Defines a test of each function, on each database.
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

/// Defines a test of each function, on SQLite alone: for behaviour that no database can change.
macro_rules! any_database {
    ($($(#[$attribute:meta])* async fn $name:ident($gateway:ident) $body:block)*) => {$(
        $(#[$attribute])*
        #[tokio::test]
        async fn $name() {
            async fn behaves($gateway: $crate::support::Gateway) $body
            $crate::support::run($crate::support::Backend::Sqlite, behaves).await;
        }
    )*};
}
pub(crate) use any_database;
