//! A migrated database for each test: SQLite in a file, or a database of its own on the PostgreSQL
//! server that `TEST_DATABASE_URL` names.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use invite_gateway::database::Pool;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use super::Gateway;

/// Where a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database that is open.
pub(super) struct Opened {
    pub(super) database: DatabaseConnection,
    pub(super) backend: Backend,
    pub(super) url: String,
    pub(super) statements: StatementCount,
    pub(super) texts: StatementTexts,
}

/// The different texts of the statements that were sent, without values.
#[derive(Clone, Default)]
pub(super) struct StatementTexts(Arc<Mutex<BTreeSet<String>>>);

impl StatementTexts {
    pub(super) fn all(&self) -> Vec<String> {
        self.0
            .lock()
            .expect("no test panics while it sends")
            .iter()
            .cloned()
            .collect()
    }

    fn add(&self, text: &str) {
        self.0
            .lock()
            .expect("no test panics while it sends")
            .insert(text.to_owned());
    }
}

/// Counts the statements that a database receives.
pub(super) enum StatementCount {
    /// Embedded: what is sent is what is received.
    Sent(Arc<AtomicU64>),
    /// What the server says of this database.
    Received {
        admin: DatabaseConnection,
        name: String,
    },
}

impl StatementCount {
    pub(super) async fn now(&self) -> u64 {
        match self {
            Self::Sent(count) => count.load(Ordering::SeqCst),
            Self::Received { admin, name } => {
                let sql = "SELECT coalesce(sum(calls), 0)::bigint AS calls FROM pg_stat_statements \
                           JOIN pg_database ON oid = dbid WHERE datname = $1";
                let sum = Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.into()]);
                let row = admin.query_one_raw(sum).await.expect("pg_stat_statements");
                let calls: i64 = row.expect("a sum").try_get("", "calls").expect("a number");
                calls.try_into().expect("a count")
            }
        }
    }
}

/// Runs one test over a gateway of its own, and clears up behind it however it ends.
pub async fn run(backend: Backend, test: impl AsyncFnOnce(Gateway)) {
    match backend {
        Backend::Sqlite => {
            let folder = TempDir::new().expect("a folder for the database");
            let gateway = Gateway::over(sqlite(&folder).await);
            let ended = AssertUnwindSafe(test(gateway)).catch_unwind().await;
            drop(folder);
            if let Err(panic) = ended {
                resume_unwind(panic);
            }
        }
        Backend::Postgres => {
            let (opened, admin, name) = postgres().await;
            let gateway = Gateway::over(opened);
            let ended = AssertUnwindSafe(test(gateway)).catch_unwind().await;
            let drop_database = format!("DROP DATABASE \"{name}\" WITH (FORCE)");
            admin
                .execute_unprepared(&drop_database)
                .await
                .expect("dropping the test's database");
            if let Err(panic) = ended {
                resume_unwind(panic);
            }
        }
    }
}

async fn sqlite(folder: &TempDir) -> Opened {
    let file = folder.path().join("gateway.db");
    let url = format!("sqlite://{}", file.display());
    let mut database = pool(&url).open().await.expect("an SQLite file");
    Migrator::up(&database, None).await.expect("migrations");
    let count = Arc::new(AtomicU64::new(0));
    let texts = StatementTexts::default();
    let (counted, kept) = (count.clone(), texts.clone());
    database.set_metric_callback(move |sent| {
        counted.fetch_add(1, Ordering::SeqCst);
        kept.add(&sent.statement.sql);
    });
    Opened {
        database,
        backend: Backend::Sqlite,
        url,
        statements: StatementCount::Sent(count),
        texts,
    }
}

/// The name of a migrated database that the tests' databases are copies of.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

async fn postgres() -> (Opened, DatabaseConnection, String) {
    let server = server();
    let admin = pool(server.as_str()).open().await.expect("a pool");
    let template = TEMPLATE.get_or_init(|| template(&server, &admin)).await;
    let name = format!("invite_gateway_test_{}", Uuid::new_v4().simple());
    let create = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"");
    admin
        .execute_unprepared(&create)
        .await
        .expect("a database for the test");
    let url = on(&server, &name);
    let mut database = pool(&url).open().await.expect("a pool");
    let texts = StatementTexts::default();
    let kept = texts.clone();
    database.set_metric_callback(move |sent| kept.add(&sent.statement.sql));
    let opened = Opened {
        database,
        backend: Backend::Postgres,
        url,
        statements: StatementCount::Received {
            admin: admin.clone(),
            name: name.clone(),
        },
        texts,
    };
    (opened, admin, name)
}

async fn template(server: &Url, admin: &DatabaseConnection) -> String {
    let name = format!("invite_gateway_template_{}", std::process::id());
    admin
        .execute_unprepared("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        .await
        .expect("pg_stat_statements, which must be among shared_preload_libraries");
    for statement in [
        format!("DROP DATABASE IF EXISTS \"{name}\""),
        format!("CREATE DATABASE \"{name}\""),
    ] {
        admin
            .execute_unprepared(&statement)
            .await
            .expect("a template for the tests' databases");
    }
    let database = pool(&on(server, &name)).open().await.expect("a pool");
    Migrator::up(&database, None).await.expect("migrations");
    database.close().await.expect("closing the template");
    name
}

fn server() -> Url {
    #[expect(
        clippy::disallowed_methods,
        reason = "a setting of the tests, not of the gateway"
    )]
    let url = std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL must name a PostgreSQL server; scripts/test starts one and sets it",
    );
    url.parse().expect("TEST_DATABASE_URL must be a URL")
}

fn on(server: &Url, name: &str) -> String {
    let mut url = server.clone();
    url.set_path(name);
    url.into()
}

fn pool(url: &str) -> Pool {
    Pool {
        url: url.to_owned(),
        max_connections: 4,
        acquire_timeout: Duration::from_secs(30),
        create: true,
    }
}
