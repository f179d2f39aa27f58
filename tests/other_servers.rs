//! Servers that speak PostgreSQL and differ: they refuse settings and statements, or roll reads back.

use axum::http::StatusCode;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use crate::support::{
    Backend, Gateway, data,
    process::{Process, Server, eventually, log_lines},
    proxy::Proxy,
    run,
};

const LOOK_UP: &str = r#"{ inviteCode(code: "CODE") { code } }"#;

async fn execute(gateway: &Gateway, sql: &str) {
    let done = gateway.database.execute_unprepared(sql).await;
    done.expect("a statement that succeeds");
}

/// Looks a code up, and returns the error code, if any.
async fn look_up(server: &Server) -> Option<String> {
    let response = server.graphql(None, LOOK_UP, json!({})).await;
    let code = response.json["errors"][0]["extensions"]["code"].as_str();
    if code.is_none() {
        let found = json!({ "data": { "inviteCode": { "code": "CODE" } } });
        assert_eq!(response.json, found);
    }
    code.map(str::to_owned)
}

async fn is_ready(server: &Server) {
    eventually("ready", async || {
        let ready = server.get(None, "/health/ready").await;
        (ready.status == StatusCode::OK).then_some(())
    })
    .await;
}

/// Lets reads of invite codes execute PL/pgSQL first, which may use the sequence `attempts`.
async fn before_reads(gateway: &Gateway, body: &str) {
    let sql = format!(
        "CREATE SEQUENCE attempts; \
         ALTER TABLE invite_codes RENAME TO codes; \
         CREATE FUNCTION is_readable() RETURNS boolean LANGUAGE plpgsql AS \
           $$ BEGIN {body} RETURN true; END $$; \
         CREATE VIEW invite_codes AS SELECT * FROM codes WHERE is_readable()"
    );
    execute(gateway, &sql).await;
}

/// Returns the number of reads since [`before_reads`].
async fn attempts(gateway: &Gateway) -> i64 {
    let last = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attempts";
    let last = Statement::from_string(DbBackend::Postgres, last);
    let row = gateway.database.query_one_raw(last).await;
    let row = row.expect("a response").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

#[tokio::test]
async fn a_server_without_some_settings_serves() {
    run(Backend::Postgres, async |gateway: Gateway| {
        gateway.add(data::invite_code(1, "CODE")).await;
        let unknown = &[
            ("SET jit ", "SET jix "),
            (
                "client_connection_check_interval",
                "client_connection_check_intervax",
            ),
            ("SET lock_timeout", "SET lock_timeoux"),
            ("plan_cache_mode", "plan_cache_modx"),
        ];
        let proxy = Proxy::replacing(&gateway.database_url, unknown).await;
        let url = proxy.url(&gateway.database_url);
        let server = Server::new(&url).await;
        is_ready(&server).await;
        for _ in 0..3 {
            assert_eq!(look_up(&server).await, None);
        }
        // Each is probed once, and reported.
        let refused = || {
            let (_, log) = server.process.written();
            let lines = log_lines(&log).into_iter();
            let names = lines.filter_map(|line| Some(line["setting"].as_str()?.to_owned()));
            names.collect::<Vec<_>>()
        };
        let expected = [
            "plan_cache_mode",
            "jit",
            "lock_timeout",
            "client_connection_check_interval",
        ];
        assert_eq!(refused(), expected);
        for command in [["migrate", "status"], ["export", "users"]] {
            let arguments = [&command[..], &["--database-url", &url]].concat();
            let ended = Process::run(&arguments).await;
            assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        }
    })
    .await;
}

#[tokio::test]
async fn citus_may_plan_statements_anew() {
    run(Backend::Postgres, async |gateway: Gateway| {
        gateway.add(data::invite_code(1, "CODE")).await;
        // As Citus does for most statements over distributed tables.
        before_reads(
            &gateway,
            "IF current_setting('plan_cache_mode') = 'force_generic_plan' THEN \
               RAISE EXCEPTION 'could not create distributed plan' USING ERRCODE = '0A000'; \
             END IF;",
        )
        .await;
        let server = Server::new(&gateway.database_url).await;
        is_ready(&server).await;
        assert_eq!(look_up(&server).await.as_deref(), Some("INTERNAL_SERVER_ERROR"));
        for value in ["auto", ""] {
            let setting = format!("--database-setting=plan_cache_mode={value}");
            let server = Server::with(&gateway.database_url, &[&setting]).await;
            assert_eq!(look_up(&server).await, None, "{value}");
        }
        let extension = "SET LOCAL allow_system_table_mods = on; \
            INSERT INTO pg_extension SELECT 99999, 'citus', 10, relnamespace, false, '13', NULL, NULL \
            FROM pg_class WHERE relname = 'invite_codes'";
        execute(&gateway, extension).await;
        let server = Server::new(&gateway.database_url).await;
        assert_eq!(look_up(&server).await, None);
    })
    .await;
}

#[tokio::test]
async fn settings_that_cannot_be_replaced_are_refused() {
    for setting in [
        "work_mem=1",
        "jit",
        "jit=off; DROP TABLE users",
        "search_path=x",
    ] {
        let arguments = [
            "migrate",
            "status",
            "--database-url=sqlite::memory:",
            "--database-setting",
            setting,
        ];
        let ended = Process::run(&arguments).await;
        assert_eq!(ended.status, Some(2), "{setting}: {}", ended.stderr);
        let expected = "plan_cache_mode, jit or client_connection_check_interval";
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_statement_that_the_server_does_not_support_is_sent_once() {
    run(Backend::Postgres, async |gateway: Gateway| {
        gateway.add(data::invite_code(1, "CODE")).await;
        before_reads(
            &gateway,
            "PERFORM nextval('attempts'); \
             RAISE EXCEPTION 'lateral joins are not supported' USING ERRCODE = '0A000';",
        )
        .await;
        let server = Server::new(&gateway.database_url).await;
        is_ready(&server).await;
        for sent in 1..=3 {
            assert_eq!(
                look_up(&server).await.as_deref(),
                Some("INTERNAL_SERVER_ERROR")
            );
            assert_eq!(attempts(&gateway).await, sent);
        }
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_is_outdated_is_made_anew() {
    run(Backend::Postgres, async |gateway: Gateway| {
        gateway.add(data::invite_code(1, "CODE")).await;
        let server = Server::new(&gateway.database_url).await;
        is_ready(&server).await;
        for kind in ["varchar(99)", "text", "varchar(98)"] {
            assert_eq!(look_up(&server).await, None);
            let change = format!("ALTER TABLE invite_codes ALTER code TYPE {kind}");
            execute(&gateway, &change).await;
            assert_eq!(look_up(&server).await, None, "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_read_that_is_rolled_back_is_sent_again() {
    run(Backend::Postgres, async |gateway: Gateway| {
        gateway.add(data::invite_code(1, "CODE")).await;
        // Succeeds every third time.
        before_reads(
            &gateway,
            "IF nextval('attempts') % 3 <> 0 THEN \
               RAISE EXCEPTION 'restart transaction' USING ERRCODE = '40001'; \
             END IF;",
        )
        .await;
        let server = Server::new(&gateway.database_url).await;
        is_ready(&server).await;
        assert_eq!(look_up(&server).await, None);
        assert_eq!(attempts(&gateway).await, 3);
        execute(&gateway, "ALTER SEQUENCE attempts RESTART 1 INCREMENT 3").await;
        assert!(look_up(&server).await.is_some());
    })
    .await;
}
