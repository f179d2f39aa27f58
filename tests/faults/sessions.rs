//! Sessions that the database ends, and a read-only database.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;

use super::{
    AWAY, LOOK_UP, Load, counted, error_of, execute, fill, invite, is_away, meanwhile, recovers,
};
use crate::support::{
    Backend, Gateway,
    process::{Process, Server, eventually},
    proxy::Proxy,
    run,
};

const KILL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn killed_sessions_are_replaced() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        // Sequential requests lose none: a broken statement is sent again.
        for _ in 0..5 {
            recovers(&server).await;
            execute(&gateway, KILL).await;
            assert_eq!(error_of(&server, LOOK_UP).await, None);
            execute(&gateway, KILL).await;
            assert_eq!(error_of(&server, &invite()).await, None);
        }
        let load = Load::on(&server, 8, LOOK_UP);
        for _ in 0..20 {
            execute(&gateway, KILL).await;
            meanwhile(Duration::from_millis(20)).await;
        }
        recovers(&server).await;
        let outcomes = load.end().await;
        let known = counted(&outcomes, None) + counted(&outcomes, Some(AWAY));
        assert_eq!(known, outcomes.len(), "{outcomes:?}");
        assert!(counted(&outcomes, None) > 20);
    })
    .await;
}

#[tokio::test]
async fn a_read_only_database_serves() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let only_read = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET \
            default_transaction_read_only = on', current_database()); END $$";
        execute(&gateway, only_read).await;
        let server = Server::without_mutations(&gateway.database_url).await;
        recovers(&server).await;

        let url = &gateway.database_url;
        let import = ["import", "users", "-", "--database-url", url];
        let row = json!({ "id": 7, "username": "grace", "full_name": "",
            "created_at": "2026-01-01T00:00:00Z" });
        let ended = Process::run_with_input(&format!("{row}\n"), &import).await;
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("read-only"), "{}", ended.stderr);
        assert!(ended.stderr.contains("0 written"), "{}", ended.stderr);
    })
    .await;
}

#[tokio::test]
async fn a_cut_or_silent_connection_and_its_end_are_detected() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let proxy = Proxy::before(&gateway.database_url).await;
        let server = Server::new(&proxy.url(&gateway.database_url)).await;
        for way in [Proxy::cut, Proxy::stall, Proxy::cut, Proxy::stall] {
            recovers(&server).await;
            way(&proxy);
            let began = Instant::now();
            is_away(&server).await;
            // From here on, requests fail at once.
            for _ in 0..20 {
                assert_eq!(error_of(&server, LOOK_UP).await.as_deref(), Some(AWAY));
            }
            assert!(began.elapsed() < Duration::from_secs(30));
            proxy.heal();
        }
        recovers(&server).await;
    })
    .await;
}

#[tokio::test]
async fn a_locked_migrations_table_is_no_outage() {
    use sea_orm::{ConnectionTrait, TransactionTrait};
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        let lock = gateway.database.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE seaql_migrations")
            .await
            .expect("a lock");
        for _ in 0..3 {
            let ready = server.get(None, "/health/ready").await;
            assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(error_of(&server, LOOK_UP).await, None);
        }
        lock.commit().await.expect("the end of the lock");
        eventually("ready", async || {
            let ready = server.get(None, "/health/ready").await;
            (ready.status == StatusCode::OK).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_paused_gateway_does_not_report_an_outage() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        recovers(&server).await;
        let load = Load::on(&server, 4, LOOK_UP);
        for _ in 0..2 {
            server.process.signal("STOP");
            meanwhile(Duration::from_secs(2)).await;
            server.process.signal("CONT");
            meanwhile(Duration::from_millis(300)).await;
        }
        let outcomes = load.end().await;
        assert!(outcomes.len() > 20, "{}", outcomes.len());
        assert_eq!(counted(&outcomes, None), outcomes.len(), "{outcomes:?}");
    })
    .await;
}
