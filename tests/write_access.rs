//! Readiness and commands with a PostgreSQL role that may not write, or not everything.

use std::panic::{AssertUnwindSafe, resume_unwind};

use axum::http::StatusCode;
use futures_util::FutureExt;
use invite_gateway::{database::Pool, loader::Loaders};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::json;
use url::Url;

use crate::support::{
    ACCEPT_URL, Backend, Gateway, Viewer, data, each_database,
    process::{Ended, Process, Server, eventually, scoped},
    run,
};

const SCRIPT: &str = include_str!("../deploy/postgres/grant-writer.sql");

const MAY_NOT_WRITE: &str = "database role may not write: run deploy/postgres/grant-writer.sql";

async fn execute(database: &DatabaseConnection, sql: &str) {
    let done = database.execute_unprepared(sql).await;
    done.expect("a statement that succeeds");
}

/// Runs a test with a role of its own, which reads all tables, and a URL with it.
async fn with_role(test: impl AsyncFnOnce(Gateway, &str, &str)) {
    run(Backend::Postgres, async |gateway: Gateway| {
        let database = gateway.database.clone();
        let mut url: Url = gateway.database_url.parse().expect("a URL");
        let role = format!("{}_role", url.path().trim_start_matches('/'));
        execute(&database, &format!("CREATE ROLE {role} LOGIN PASSWORD 'p'")).await;
        execute(
            &database,
            &format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"),
        )
        .await;
        url.set_username(&role).expect("a role");
        url.set_password(Some("p")).expect("a password");
        let tested = test(gateway, &role, url.as_str());
        let ended = AssertUnwindSafe(tested).catch_unwind().await;
        execute(&database, &format!("DROP OWNED BY {role}")).await;
        execute(&database, &format!("DROP ROLE {role}")).await;
        if let Err(panic) = ended {
            resume_unwind(panic);
        }
    })
    .await;
}

async fn grant_writer(gateway: &Gateway, role: &str) {
    execute(&gateway.database, &SCRIPT.replace("invite_writer", role)).await;
}

async fn readiness(server: &Server) -> (StatusCode, String) {
    let ready = server.get(None, "/health/ready").await;
    let word = ready.json["status"].as_str().expect("a word").to_owned();
    (ready.status, word)
}

fn unready(reason: &str) -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, reason.to_owned())
}

fn ready() -> (StatusCode, String) {
    (StatusCode::OK, "ready".to_owned())
}

async fn create(url: &str, address: &str) -> Ended {
    Process::run(&[
        "invite",
        "create",
        "workspace",
        "--workspace=1",
        "--as=olga",
        address,
        "--database-url",
        url,
        "--accept-url",
        ACCEPT_URL,
    ])
    .await
}

#[tokio::test]
async fn a_role_that_only_reads_is_told_what_it_may_not_read() {
    with_role(async |gateway, role, url| {
        let status = ["migrate", "status", "--database-url", url];
        let ended = Process::run(&status).await;
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
        let is_applied = |line: &str| line.starts_with("applied  ");
        assert!(ended.stdout.lines().all(is_applied), "{}", ended.stdout);
        let server = Server::without_mutations(url).await;
        assert_eq!(readiness(&server).await, ready());

        let revoke = format!("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM {role}");
        execute(&gateway.database, &revoke).await;
        let ended = Process::run(&status).await;
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""));
        let message = "may not read the table seaql_migrations";
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
        let unreadable = unready("database role may not read the tables");
        assert_eq!(readiness(&server).await, unreadable);
        let server = Server::without_mutations(url).await;
        let (_, log) = server.process.written();
        assert!(log.contains(message), "{log}");
        assert!(!log.contains("migrate up"), "{log}");
    })
    .await;
}

#[tokio::test]
async fn the_status_of_an_unreachable_database_is_unknown() {
    let url = "postgres://gateway:hunter2@127.0.0.1:1/gateway";
    let ended = Process::run(&["migrate", "status", "--database-url", url]).await;
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""));
    let message = "the database refuses connections";
    assert!(ended.stderr.contains(message), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_role_without_the_grants_is_not_ready_until_it_has_them_all() {
    with_role(async |gateway, role, url| {
        gateway.add(data::user(1, "olga")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 1, "owner")).await;
        let server = Server::new(url).await;
        assert_eq!(readiness(&server).await, unready(MAY_NOT_WRITE));
        let (_, log) = server.process.written();
        assert!(log.contains("INSERT on invite_codes"), "{log}");
        assert!(log.contains("deploy/postgres/grant-writer.sql"), "{log}");
        let ended = create(url, "new@x.io").await;
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""));
        assert_eq!(
            ended.stderr,
            "error: the database's role may not write (INSERT on invite_codes): run \
             deploy/postgres/grant-writer.sql, and connect as the role that it names\n"
        );
        // Queries work all the same.
        let response = server.graphql(None, "{ __typename }", json!({})).await;
        assert_eq!(response.status, StatusCode::OK);

        grant_writer(&gateway, role).await;
        assert_eq!(readiness(&server).await, ready());
        let ended = create(url, "new@x.io").await;
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));

        for privilege in [
            "INSERT ON invite_events",
            "UPDATE ON workspace_members",
            "DELETE ON idempotency_keys",
            "USAGE ON SEQUENCE group_invites_id_seq",
        ] {
            execute(
                &gateway.database,
                &format!("REVOKE {privilege} FROM {role}"),
            )
            .await;
            assert_eq!(
                readiness(&server).await,
                unready(MAY_NOT_WRITE),
                "{privilege}"
            );
            grant_writer(&gateway, role).await;
            assert_eq!(readiness(&server).await, ready(), "{privilege}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_role_with_read_only_transactions_is_not_ready() {
    with_role(async |gateway, role, url| {
        grant_writer(&gateway, role).await;
        let setting = "default_transaction_read_only";
        execute(
            &gateway.database,
            &format!("ALTER ROLE {role} SET {setting} = on"),
        )
        .await;
        let server = Server::new(url).await;
        assert_eq!(readiness(&server).await, unready("database read-only"));
        let (_, log) = server.process.written();
        assert!(log.contains("the database is read-only"), "{log}");
        let ended = create(url, "new@x.io").await;
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""));
        assert!(ended.stderr.contains("read-only"), "{}", ended.stderr);
        // The next check uses a new session.
        execute(
            &gateway.database,
            &format!("ALTER ROLE {role} RESET {setting}"),
        )
        .await;
        eventually("ready", async || {
            (readiness(&server).await == ready()).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_gateway_without_mutations_is_ready_with_a_role_that_reads() {
    with_role(async |gateway, _, url| {
        let database = Pool::small(url).open().await.expect("a pool");
        let mut gateway = gateway;
        for (writes, expected) in [(false, ready()), (true, unready(MAY_NOT_WRITE))] {
            gateway = gateway.with(|parts| {
                parts.loaders = Loaders::new(database.clone(), &parts.metrics).into();
                if !writes {
                    parts.lifecycle = None;
                }
            });
            let response = gateway.get(Viewer::Anonymous, "/health/ready").await;
            let word = response.json["status"].as_str().expect("a word");
            assert_eq!((response.status, word.to_owned()), expected);
        }
        database.close().await.expect("its end");
    })
    .await;
}

each_database! {
    async fn mutations_add_one_statement_to_readiness(gateway) {
        let statements = async |gateway: &Gateway| {
            let ready = gateway.get(Viewer::Anonymous, "/health/ready");
            let (statements, response) = gateway.counted(ready).await;
            assert_eq!(response.status, StatusCode::OK);
            statements
        };
        let with_mutations = statements(&gateway).await;
        let gateway = gateway.with(|parts| parts.lifecycle = None);
        assert_eq!(with_mutations, statements(&gateway).await + 1);
    }
}

#[tokio::test]
async fn a_role_that_may_not_write_accounts_is_told_so_and_people_stay_strangers() {
    with_role(async |gateway, role, url| {
        let variables = [
            ("GATEWAY_JWT_PROVISION", "on"),
            ("GATEWAY_JWT_SUBJECT", "ext-id"),
        ];
        let server = Server::without_mutations_in(&variables, url).await;
        let script = "deploy/postgres/grant-accounts.sql";
        let lacking = format!("database role may not write: run {script}");
        let has_account = async |server: &Server| {
            let header = scoped("auth0|ada", None);
            let document = "{ viewer { hasAccount } }";
            let response = server.graphql(Some(&header), document, json!({})).await;
            response.json["data"]["viewer"]["hasAccount"].clone()
        };
        assert_eq!(has_account(&server).await, false);
        let message = "cannot write the account of a person who signed in";
        server.process.logged(message).await;
        assert_eq!(readiness(&server).await, unready(&lacking));

        let grants = include_str!("../deploy/postgres/grant-accounts.sql");
        execute(&gateway.database, &grants.replace("invite_writer", role)).await;
        assert_eq!(readiness(&server).await, ready());
        // A database that is read-only is fit for everything else.
        let setting = "default_transaction_read_only";
        let read_only = format!("ALTER ROLE {role} SET {setting} = on");
        execute(&gateway.database, &read_only).await;
        let reader = Server::without_mutations_in(&variables, url).await;
        assert_eq!(has_account(&reader).await, false);
        assert_eq!(readiness(&reader).await, ready());
        // Sessions that refused a write are not used again.
        execute(
            &gateway.database,
            &format!("ALTER ROLE {role} RESET {setting}"),
        )
        .await;
        eventually("an account", async || {
            (has_account(&server).await == true).then_some(())
        })
        .await;
        assert_eq!(has_account(&reader).await, true);
    })
    .await;
}
