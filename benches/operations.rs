//! Benchmarks of the parts of an operation, without HTTP: preparing a document, executing it over
//! in-memory SQLite, and writing the response. The operations are those of `bench/`: an invite code
//! (Q1), the first and the last page of a course's invitees (Q2, Q4), and workspaces with invites and
//! inviters (Q3).

#![allow(
    clippy::expect_used,
    reason = "what cannot be set up cannot be measured"
)]

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use chrono::{DateTime, Utc};
use divan::{Bencher, black_box};
use invite_gateway::{
    access::{Access, Disclosure, Policy, Viewer},
    database::{IN_MEMORY, Pool},
    graphql::{Executed, Executor, Limits, Operation, Request, SchemaSettings},
    loader::{
        Loaders, batch_loads,
        user::{Account, Subject},
    },
    metrics::Metrics,
    rate_limit::{Client, ClientKey, RateLimits},
};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel, ModelTrait};
use tokio::runtime::Runtime;

#[path = "../tests/support/data.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the tests, which need more of it"
)]
mod data;

const INVITE_CODE: &str = r#"query InviteCode($code: String! = "WELCOME") { inviteCode(code: $code) {
    id code role name email status createdAt expiresAt
    inviter { id username fullName avatarUrl }
    user { id username fullName avatarUrl }
    tags { id kind name color }
} }"#;

const COURSE_PAGE: &str = r#"query CoursePage { course(id: "c1") {
    id name
    invitees(first: 50) {
        totalCount
        pageInfo { hasNextPage endCursor }
        edges { cursor node { id username fullName avatarUrl } }
    }
} }"#;

const WORKSPACES: &str = "query Workspaces { viewer { workspaces(first: 20) { nodes {
    id name
    invites(first: 10) {
        pageInfo { hasNextPage endCursor }
        nodes { id email role status createdAt expiresAt inviter { id username fullName avatarUrl } }
    }
} } } }";

const LAST_COURSE_PAGE: &str = r#"query LastCoursePage { course(id: "c1") {
    id
    invitees(last: 50) {
        pageInfo { hasPreviousPage startCursor }
        edges { cursor node { id username fullName avatarUrl } }
    }
} }"#;

/// A measured operation: its name in `bench/`, and its document.
#[derive(Debug)]
struct Case(&'static str, &'static str);

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const OPERATIONS: [Case; 4] = [
    Case("Q1", INVITE_CODE),
    Case("Q2", COURSE_PAGE),
    Case("Q3", WORKSPACES),
    Case("Q4", LAST_COURSE_PAGE),
];

/// Capacity of the document cache in bytes.
const DOCUMENT_CACHE: u64 = 256 * 1024;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an RFC 3339 instant")
}

fn executor(document_cache: u64) -> Executor {
    Executor::new(
        SchemaSettings::default(),
        Limits::default(),
        document_cache,
        &Metrics::default(),
    )
    .expect("a valid schema")
}

fn request(document: &str) -> Request {
    Request {
        query: document.to_owned(),
        ..Request::default()
    }
}

fn prepared(executor: &Executor, document: &str) -> Operation {
    executor
        .prepare(request(document))
        .expect("a valid document")
}

/// A manager with an invite code, a course of 60 invitees, and 20 workspaces of 10 invites each.
struct Site {
    runtime: Runtime,
    loaders: Arc<Loaders>,
    viewer: Viewer,
    client: Arc<Client>,
    policy: Arc<Policy>,
}

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let (loaders, viewer) = runtime.block_on(async {
        let database = Pool::small(IN_MEMORY).open().await.expect("SQLite");
        Migrator::up(&database, None).await.expect("migrations");
        fill(&database).await;
        let loaders = Arc::new(Loaders::new(database, &Metrics::default()));
        let manager = loaders.account(Subject::Id(1)).await.expect("a response");
        let manager = match manager {
            Account::User(manager) => Some(manager),
            _ => None,
        };
        (
            loaders,
            Viewer::signed_in(manager.expect("a user"), false, false, None),
        )
    });
    Site {
        runtime,
        loaders,
        viewer,
        client: Arc::new(RateLimits::none().client(ClientKey::Unknown)),
        policy: Arc::new(Policy {
            disclosure: Disclosure::Contract,
            group_invite_url: "https://example.com/{code}".parse().expect("a template"),
        }),
    }
});

impl Site {
    fn execute(&self, executor: &Executor, document: &str) -> Executed {
        let now = at("2026-06-01T00:00:00Z");
        let (loaders, policy) = (self.loaders.clone(), self.policy.clone());
        let access = Access::new(
            self.viewer.clone(),
            self.client.clone(),
            loaders,
            policy,
            now,
        );
        let execution = executor.execute(prepared(executor, document), Arc::new(access), false);
        self.runtime.block_on(batch_loads(execution))
    }
}

/// Returns the response as JSON.
fn written(executed: &Executed) -> Vec<u8> {
    let mut text = Vec::new();
    executed.write(&mut text).expect("JSON");
    assert!(text.starts_with(br#"{"data""#), "a response without errors");
    text
}

async fn fill(database: &DatabaseConnection) {
    let users = (1..=60).map(|id| data::user(id, &format!("user{id}")));
    add(database, users).await;
    let code = entity::invite_code::Model {
        invited_by_id: Some(1),
        user_id: Some(2),
        ..data::invite_code(1, "WELCOME")
    };
    add(database, [code]).await;
    add(database, [data::tag(1, "early")]).await;
    add(database, [data::tagged(1, 1)]).await;
    add(database, [data::course(1, "c1", 1)]).await;
    add(database, (1..=60).map(|id| data::course_invite(id, 1, id))).await;
    add(database, (1..=20).map(data::workspace)).await;
    add(
        database,
        (1..=20).map(|id| data::workspace_member(id, 1, "owner")),
    )
    .await;
    let invites = (0..200).map(|n| entity::workspace_invite::Model {
        inviter_id: Some(1 + n % 60),
        ..data::workspace_invite(n + 1, 1 + n / 10)
    });
    add(database, invites).await;
}

async fn add<M, A>(database: &DatabaseConnection, rows: impl IntoIterator<Item = M>)
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity> + Send,
{
    let rows = rows
        .into_iter()
        .map(|row| row.into_active_model().reset_all());
    M::Entity::insert_many(rows)
        .exec_without_returning(database)
        .await
        .expect("rows that fit");
}

/// Refuses too deeply nested brackets, before parsing.
#[divan::bench]
fn refuse_deep_brackets(bencher: Bencher<'_, '_>) {
    let executor = executor(0);
    let document = "{a".repeat(4096);
    bencher.bench_local(|| executor.check(black_box(&document)).is_err());
}

/// Prepares a document that is not cached: guards, parses and validates it.
#[divan::bench(args = OPERATIONS)]
fn read_new(bencher: Bencher<'_, '_>, Case(_, document): &Case) {
    let executor = executor(0);
    bencher.bench_local(|| prepared(&executor, black_box(document)));
}

/// Prepares a cached document.
#[divan::bench(args = OPERATIONS)]
fn read_known(bencher: Bencher<'_, '_>, Case(_, document): &Case) {
    let executor = executor(DOCUMENT_CACHE);
    bencher.bench_local(|| prepared(&executor, black_box(document)));
}

/// Executes an operation, including loads from in-memory SQLite.
#[divan::bench(args = OPERATIONS)]
fn execute(bencher: Bencher<'_, '_>, Case(_, document): &Case) {
    let executor = executor(DOCUMENT_CACHE);
    bencher.bench_local(|| SITE.execute(&executor, black_box(document)));
}

/// Executes the page after a cursor.
#[divan::bench]
fn execute_behind_a_cursor(bencher: Bencher<'_, '_>) {
    let executor = executor(DOCUMENT_CACHE);
    let first = written(&SITE.execute(&executor, COURSE_PAGE));
    let first: serde_json::Value = serde_json::from_slice(&first).expect("JSON");
    let cursor = &first["data"]["course"]["invitees"]["edges"][9]["cursor"];
    let behind = COURSE_PAGE.replace("first: 50", &format!("first: 50, after: {cursor}"));
    bencher.bench_local(|| SITE.execute(&executor, black_box(&behind)));
}

/// Writes a response as JSON.
#[divan::bench(args = OPERATIONS)]
fn write(bencher: Bencher<'_, '_>, Case(_, document): &Case) {
    let executed = SITE.execute(&executor(DOCUMENT_CACHE), document);
    bencher.bench_local(|| written(black_box(&executed)));
}

fn main() {
    divan::main();
}
