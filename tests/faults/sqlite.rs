//! An SQLite file that is locked, read-only, no database, or cannot grow.

use axum::http::StatusCode;
use entity::user;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, TransactionTrait};
use serde_json::json;

use super::{LOOK_UP, error_of, fill, is_ready};
use crate::support::{
    Backend, Gateway,
    process::{Ended, Process, Server},
    run, tables,
};

/// Returns lines of users.
fn users(ids: std::ops::Range<u32>) -> String {
    ids.map(|id| {
        let row = json!({ "id": id, "username": format!("user-{id}"), "full_name": "x".repeat(200),
            "created_at": "2026-01-01T00:00:00Z" });
        format!("{row}\n")
    })
    .collect()
}

fn import(url: &str) -> [&str; 5] {
    ["import", "users", "-", "--database-url", url]
}

/// Asserts that the process failed with these words, and did not panic.
fn failed(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.status, Some(1), "{}", ended.stderr);
    for word in words {
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

async fn is_whole(gateway: &Gateway) {
    let sql = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA integrity_check");
    let row = gateway.database.query_one_raw(sql).await;
    let row = row.expect("a check").expect("a row");
    let word: String = row.try_get_by_index(0).expect("a word");
    assert_eq!(word, "ok");
}

#[tokio::test]
async fn a_file_with_another_writer_is_read_and_imports_report_the_lock() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        let before = tables::dump(&gateway.database).await;
        let lock = gateway.database.begin().await.expect("a transaction");
        lock.execute_unprepared("UPDATE invite_codes SET role = role")
            .await
            .expect("the lock of a writer");
        assert_eq!(error_of(&server, LOOK_UP).await, None);
        assert!(is_ready(&server).await);
        let ended = Process::run_with_input(&users(1..10), &import(&gateway.database_url)).await;
        failed(&ended, &["locked", "0 written", "run it again"]);
        lock.rollback().await.expect("the end of the lock");
        assert_eq!(tables::dump(&gateway.database).await, before);
        let ended = Process::run_with_input(&users(1..10), &import(&gateway.database_url)).await;
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    })
    .await;
}

#[tokio::test]
async fn a_read_only_file_serves_queries_and_is_not_ready_for_mutations() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        fill(&gateway).await;
        let before = tables::dump(&gateway.database).await;
        let url = format!("{}?mode=ro", gateway.database_url);
        let server = Server::new(&url).await;
        let ready = server.get(None, "/health/ready").await;
        let expected = json!({ "status": "database read-only" });
        assert_eq!(
            (ready.status, ready.json),
            (StatusCode::SERVICE_UNAVAILABLE, expected)
        );
        assert_eq!(error_of(&server, LOOK_UP).await, None);
        let (_, log) = server.process.written();
        assert!(log.contains("the database is read-only"), "{log}");
        let ended = Process::run_with_input(&users(1..10), &import(&url)).await;
        failed(&ended, &["readonly database", "0 written"]);
        assert_eq!(tables::dump(&gateway.database).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gateway.db");
    let garbage = "this is not a database, whatever its name is\n".repeat(100);
    std::fs::write(&file, &garbage).expect("a file");
    let url = format!("sqlite://{}", file.display());
    for arguments in [
        &["serve", "--listen=127.0.0.1:0", "--database-url", &url][..],
        &["migrate", "up", "--database-url", &url],
        &import(&url),
    ] {
        let ended = Process::run(arguments).await;
        assert_eq!(ended.status, Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("not a database"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), garbage);
}

#[tokio::test]
async fn a_full_disk_stops_an_import_and_a_second_run_completes_it() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        let rows = users(1..20_001);
        let ended = Process::run_on_full_disk(2000, &rows, &import(&gateway.database_url)).await;
        failed(&ended, &["run it again to complete it"]);
        let messages = ["disk I/O error", "database or disk is full"];
        assert!(
            messages
                .iter()
                .any(|message| ended.stderr.contains(message)),
            "{}",
            ended.stderr
        );
        is_whole(&gateway).await;
        // Reads are unaffected.
        assert_eq!(error_of(&server, LOOK_UP).await, None);
        let response = server.get(None, "/health/ready").await;
        assert_eq!(response.status, StatusCode::OK);

        let ended = Process::run_with_input(&rows, &import(&gateway.database_url)).await;
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        let written = user::Entity::find().count(&gateway.database).await;
        assert_eq!(written.expect("a count"), 20_000);
        is_whole(&gateway).await;
    })
    .await;
}

#[tokio::test]
async fn a_database_at_its_maximum_size_reports_it() {
    use invite_gateway::{
        database::Pool,
        import::{self, Kind},
    };
    run(Backend::Sqlite, async |gateway: Gateway| {
        fill(&gateway).await;
        let before = tables::dump(&gateway.database).await;
        // One connection, since the setting is per connection.
        let pool = Pool {
            max_connections: 1,
            ..Pool::small(&gateway.database_url)
        };
        let database = pool.open().await.expect("a database");
        let full = "PRAGMA max_page_count = 1";
        database
            .execute_unprepared(full)
            .await
            .expect("a full database");
        let mut rejected = crate::support::Rejected::default();
        let rows = users(1..2000);
        let options = import::Options::default();
        let clock = gateway.clock();
        let outcome = import::run(
            &database,
            &clock,
            Kind::Users,
            rows.as_bytes(),
            options,
            &mut rejected,
        );
        let error = outcome.await.expect_err("a full database");
        let cause = std::error::Error::source(&error)
            .expect("a cause")
            .to_string();
        assert!(cause.contains("full"), "{error}: {cause}");
        // The rows are good.
        assert_eq!(rejected.0.len(), 0);
        database.close().await.expect("its end");
        assert_eq!(tables::dump(&gateway.database).await, before);
        is_whole(&gateway).await;
    })
    .await;
}
