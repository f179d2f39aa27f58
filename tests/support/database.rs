//! A migrated database for each test: an SQLite file, or a new database on the PostgreSQL server of
//! `TEST_DATABASE_URL`.

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
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use super::Gateway;

/// Database of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// An open database.
pub(super) struct Opened {
    pub(super) database: DatabaseConnection,
    pub(super) backend: Backend,
    pub(super) url: String,
    pub(super) received: Received,
}

/// Source of statement counts.
pub(super) enum Received {
    /// Embedded: statements sent are statements received.
    Sent(Arc<Sent>),
    /// The server's statistics of this database.
    Told {
        admin: DatabaseConnection,
        name: String,
    },
}

/// Statements sent.
#[derive(Default)]
pub(super) struct Sent {
    count: AtomicU64,
    texts: Mutex<BTreeSet<String>>,
}

impl Received {
    /// Returns the number of statements received so far, except those that set up connections.
    pub(super) async fn count(&self) -> u64 {
        match self {
            Self::Sent(sent) => sent.count.load(Ordering::SeqCst),
            Self::Told { admin, name } => {
                let sql = "SELECT coalesce(sum(calls), 0)::bigint AS calls FROM pg_stat_statements \
                           JOIN pg_database ON oid = dbid \
                           WHERE datname = $1 AND query NOT LIKE 'SET %' \
                           AND query NOT LIKE '%pg_extension%'";
                let sum = Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.into()]);
                let row = admin.query_one_raw(sum).await.expect("pg_stat_statements");
                let calls: i64 = row.expect("a sum").try_get("", "calls").expect("a number");
                calls.try_into().expect("a count")
            }
        }
    }

    /// Returns their distinct texts, without values.
    pub(super) async fn texts(&self) -> Vec<String> {
        match self {
            Self::Sent(sent) => {
                let texts = sent.texts.lock().expect("no test panics while it sends");
                texts.iter().cloned().collect()
            }
            Self::Told { admin, name } => {
                let sql = "SELECT query FROM pg_stat_statements \
                           JOIN pg_database ON oid = dbid WHERE datname = $1";
                let texts = Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.into()]);
                let rows = admin
                    .query_all_raw(texts)
                    .await
                    .expect("pg_stat_statements");
                let text = |row: &QueryResult| row.try_get("", "query").expect("a text");
                rows.iter().map(text).collect()
            }
        }
    }
}

/// Runs a test on a PostgreSQL database whose locale is `C`, where `lower` and `ILIKE` know ASCII alone.
pub async fn run_in_locale_c(test: impl AsyncFnOnce(Gateway)) {
    let clause = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'";
    let (opened, admin, name) = postgres(Some(clause)).await;
    Migrator::up(&opened.database, None)
        .await
        .expect("migrations");
    run_on(opened, &admin, &name, test).await;
}

/// Runs a test with a gateway of its own, and cleans up afterwards.
pub async fn run(backend: Backend, test: impl AsyncFnOnce(Gateway)) {
    match backend {
        Backend::Sqlite => {
            let folder = TempDir::new().expect("a folder for the database");
            let gateway = Gateway::new(sqlite(&folder).await);
            let ended = AssertUnwindSafe(test(gateway)).catch_unwind().await;
            drop(folder);
            if let Err(panic) = ended {
                resume_unwind(panic);
            }
        }
        Backend::Postgres => {
            let (opened, admin, name) = postgres(None).await;
            run_on(opened, &admin, &name, test).await;
        }
    }
}

/// Runs a test on a database of the server, and drops the database.
async fn run_on(
    opened: Opened,
    admin: &DatabaseConnection,
    name: &str,
    test: impl AsyncFnOnce(Gateway),
) {
    let gateway = Gateway::new(opened);
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

async fn sqlite(folder: &TempDir) -> Opened {
    let file = folder.path().join("gateway.db");
    let url = format!("sqlite://{}", file.display());
    let mut database = pool(&url).open().await.expect("an SQLite file");
    Migrator::up(&database, None).await.expect("migrations");
    let sent = Arc::<Sent>::default();
    let seen = sent.clone();
    database.set_metric_callback(move |info| {
        seen.count.fetch_add(1, Ordering::SeqCst);
        let mut texts = seen.texts.lock().expect("no test panics while it sends");
        texts.insert(info.statement.sql.clone());
    });
    Opened {
        database,
        backend: Backend::Sqlite,
        url,
        received: Received::Sent(sent),
    }
}

/// Opens a database of a server that no other test uses.
pub(super) async fn opened(url: &str) -> Opened {
    let database = pool(url).open().await.expect("a pool");
    Opened {
        received: Received::Told {
            admin: database.clone(),
            name: "postgres".to_owned(),
        },
        database,
        backend: Backend::Postgres,
        url: url.to_owned(),
    }
}

/// Name of the migrated database that the tests' databases copy.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Creates a database: by `clause`, or as a copy of the migrated template.
async fn postgres(clause: Option<&str>) -> (Opened, DatabaseConnection, String) {
    let server = server();
    let admin = pool(server.as_str()).open().await.expect("a pool");
    let template = TEMPLATE.get_or_init(|| template(&server, &admin)).await;
    let name = format!("invite_gateway_test_{}", Uuid::new_v4().simple());
    let migrated = format!("TEMPLATE \"{template}\"");
    let create = format!("CREATE DATABASE \"{name}\" {}", clause.unwrap_or(&migrated));
    admin
        .execute_unprepared(&create)
        .await
        .expect("a database for the test");
    let url = on(&server, &name);
    let database = pool(&url).open().await.expect("a pool");
    let opened = Opened {
        database,
        backend: Backend::Postgres,
        url,
        received: Received::Told {
            admin: admin.clone(),
            name: name.clone(),
        },
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
        limits: None,
        create: true,
        settings: Vec::new(),
    }
}
