//! A fault amid mutations leaves none half done, and a client that sends its requests again gets each
//! carried out once. The faults: the gateway is killed, its clients go away, and PostgreSQL ends its
//! sessions.
//!
//! `INVITE_CRASHES` sets the number of faults of each kind; a run by hand takes two hundred.

use axum::http::StatusCode;
use entity::{user, workspace_invite};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, TransactionTrait,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    self, Backend, Gateway, Response, data, each_database, invariants,
    process::{Server, authorization, eventually},
    run,
    wire::{Request, Wire},
};

/// Requests in flight when the fault occurs.
const REQUESTS: i64 = 50;

const MANAGER: i64 = 1;
const INVITEE: i64 = 2;

fn crashes() -> i64 {
    support::rounds("INVITE_CRASHES", 4)
}

async fn fill(gateway: &Gateway) {
    gateway.add(data::user(MANAGER, "manager")).await;
    gateway
        .add(user::Model {
            email: "invitee@example.org".to_owned(),
            email_norm: "invitee@example.org".to_owned(),
            ..data::user(INVITEE, "invitee")
        })
        .await;
}

/// Adds what the requests of a round need.
async fn add_round(gateway: &Gateway, round: i64) {
    for n in 0..REQUESTS {
        let id = round * REQUESTS + n + 1;
        gateway.add(data::workspace(id)).await;
        gateway
            .add(data::workspace_member(id, MANAGER, "owner"))
            .await;
        gateway
            .add(workspace_invite::Model {
                email: "invitee@example.org".to_owned(),
                email_norm: "invitee@example.org".to_owned(),
                ..data::workspace_invite(id, id)
            })
            .await;
    }
}

/// Returns a request of a round, and who sends it. Each may be sent again.
fn request(round: i64, n: i64) -> (i64, String) {
    let id = round * REQUESTS + n + 1;
    let (viewer, mutation) = match n % 2 {
        0 => (
            INVITEE,
            format!("acceptInvite(input: {{ token: \"{}\" }}) {{ userErrors {{ code }} }}", data::token(id)),
        ),
        _ => (
            MANAGER,
            format!(
                "createWorkspaceInvites(input: {{ workspace: \"{id}\", idempotencyKey: \"k{id}\",
                 invitees: [{{ email: \"n{id}@x.io\" }}] }}) {{ results {{ userErrors {{ code }} }} userErrors {{ code }} }}"
            ),
        ),
    };
    (
        viewer,
        json!({ "query": format!("mutation {{ it: {mutation} }}") }).to_string(),
    )
}

async fn start(gateway: &Gateway) -> Server {
    Server::with(&gateway.database_url, &["--max-invites-per-day=1000000"]).await
}

/// Sends a request. Returns none if no response arrives.
async fn send(server: &Server, round: i64, n: i64) -> Option<Response> {
    let (viewer, body) = request(round, n);
    let authorization = authorization(viewer);
    let mut wire = Wire::connect(server.address).await.ok()?;
    let request = Request::post_json("/graphql", &body).authorized(Some(&authorization));
    wire.try_write(&request.kept_alive()).await.ok()?;
    wire.kept_answer().await
}

/// Returns a number of responses to wait for before a fault: some requests are then on their way.
fn some_responses() -> usize {
    usize::try_from(Uuid::new_v4().as_u128() % 40).expect("a small number")
}

#[track_caller]
fn is_done(response: &Response) {
    let outcome = &response.json["data"]["it"];
    assert!(outcome.is_object(), "{}", response.text);
    for errors in [&outcome["userErrors"], &outcome["results"][0]["userErrors"]] {
        assert!(
            errors.is_null() || *errors == json!([]),
            "{}",
            response.text
        );
    }
}

/// Sends all requests of a round again, at the same time. Each must succeed.
async fn send_again(server: &Server, round: i64) {
    let sent = (0..REQUESTS).map(|n| send(server, round, n));
    for response in join_all(sent).await {
        is_done(&response.expect("a response"));
    }
}

/// Asserts that each request of the rounds up to this one was carried out once.
async fn is_whole(gateway: &Gateway, round: i64) {
    invariants::check(&gateway.database).await;
    let invites = workspace_invite::Entity::find()
        .count(&gateway.database)
        .await
        .expect("a number");
    let created = (round + 1) * REQUESTS * 3 / 2;
    assert_eq!(i64::try_from(invites), Ok(created));
}

each_database! {
    async fn a_killed_gateway_leaves_no_write_half_done(gateway) {
        fill(&gateway).await;
        for round in 0..crashes() {
            add_round(&gateway, round).await;
            let server = start(&gateway).await;
            let mut sent: FuturesUnordered<_> = (0..REQUESTS).map(|n| send(&server, round, n)).collect();
            for _ in 0..some_responses() {
                is_done(&sent.next().await.flatten().expect("a response"));
            }
            server.process.signal("KILL");
            while sent.next().await.is_some() {}
            drop(sent);
            server.process.ended().await;
            invariants::check(&gateway.database).await;

            let server = start(&gateway).await;
            send_again(&server, round).await;
            server.process.signal("TERM");
            server.process.ended().await;
            is_whole(&gateway, round).await;
        }
    }

    async fn clients_that_go_away_leave_no_write_half_done(gateway) {
        fill(&gateway).await;
        let server = start(&gateway).await;
        for round in 0..crashes() {
            add_round(&gateway, round).await;
            let mut sent: FuturesUnordered<_> = (0..REQUESTS).map(|n| send(&server, round, n)).collect();
            for _ in 0..some_responses() {
                is_done(&sent.next().await.flatten().expect("a response"));
            }
            // Closes the connections of all others. Their writes may still run.
            drop(sent);
            send_again(&server, round).await;
            is_whole(&gateway, round).await;
        }
        // No write began after its retry.
        server.process.signal("TERM");
        assert_eq!(server.process.ended().await.status, Some(0));
        is_whole(&gateway, crashes() - 1).await;
    }
}

/// Ends all sessions of the gateway.
const KILL_SESSIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND application_name = 'killed'";

/// Asserts that a request succeeded, or that the database was unavailable.
#[track_caller]
fn is_done_or_unavailable(response: &Response) {
    let Some(errors) = response.json.get("errors") else {
        is_done(response);
        return;
    };
    assert!(
        [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&response.status),
        "{}",
        response.text
    );
    for error in errors.as_array().expect("errors") {
        let code = &error["extensions"]["code"];
        assert_eq!(code, "SERVICE_UNAVAILABLE", "{}", response.text);
    }
}

#[tokio::test]
async fn killed_sessions_leave_no_write_half_done() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let url = format!("{}?application_name=killed", gateway.database_url);
        let server = Server::with(&url, &["--max-invites-per-day=1000000"]).await;
        for round in 0..crashes() {
            add_round(&gateway, round).await;
            let mut sent: FuturesUnordered<_> =
                (0..REQUESTS).map(|n| send(&server, round, n)).collect();
            for _ in 0..some_responses() {
                is_done(&sent.next().await.flatten().expect("a response"));
            }
            let kill = gateway.database.execute_unprepared(KILL_SESSIONS);
            kill.await.expect("sessions that end");
            while let Some(response) = sent.next().await {
                is_done_or_unavailable(&response.expect("a response"));
            }
            invariants::check(&gateway.database).await;

            // The gateway recovers without a restart.
            eventually("ready", async || {
                let ready = server.get(None, "/health/ready").await;
                (ready.status == StatusCode::OK).then_some(())
            })
            .await;
            send_again(&server, round).await;
            is_whole(&gateway, round).await;
        }
    })
    .await;
}

/// Holds the lock under which invites to a workspace are created, until it is dropped.
async fn lock_workspace(gateway: &Gateway, workspace: i64) -> DatabaseTransaction {
    let lock = gateway.database.begin().await.expect("a transaction");
    let number = (1_i64 << 60) ^ workspace;
    let sql = format!("SELECT pg_advisory_xact_lock({number})");
    lock.execute_unprepared(&sql).await.expect("the lock");
    lock
}

/// Creates an invite to a workspace. Returns the code of the error or refusal, if any.
async fn create(server: &Server, workspace: i64) -> Option<Value> {
    let create = format!(
        "mutation {{ it: createWorkspaceInvites(input: {{ workspace: \"{workspace}\",
            invitees: [{{ email: \"new@x.io\" }}] }}) {{ results {{ userErrors {{ code }} }} }} }}"
    );
    let manager = authorization(MANAGER);
    let response = server.graphql(Some(&manager), &create, json!({})).await;
    let error = &response.json["errors"][0]["extensions"]["code"];
    let refusal = &response.json["data"]["it"]["results"][0]["userErrors"][0]["code"];
    [error, refusal]
        .into_iter()
        .find(|code| !code.is_null())
        .cloned()
}

#[tokio::test]
async fn a_lock_that_is_not_granted_in_time_fails_only_its_own_request() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        for (locked, other, limits, code) in [
            (
                1,
                2,
                &["--database-lock-timeout=50"][..],
                "SERVICE_UNAVAILABLE",
            ),
            (
                3,
                4,
                &["--request-timeout=1", "--database-lock-timeout=60000"],
                "TIMEOUT",
            ),
        ] {
            for workspace in [locked, other] {
                gateway.add(data::workspace(workspace)).await;
                gateway
                    .add(data::workspace_member(workspace, MANAGER, "owner"))
                    .await;
            }
            // The next request uses the same connection.
            let one = ["--database-max-connections=1"];
            let server = Server::with(&gateway.database_url, &[limits, &one].concat()).await;
            let lock = lock_workspace(&gateway, locked).await;
            for _ in 0..3 {
                assert_eq!(create(&server, locked).await, Some(json!(code)), "{code}");
            }
            // A request that timed out may still hold the connection, or create its invite later.
            let is_there = async |workspace| {
                let refusal = create(&server, workspace).await;
                let is_there = refusal.is_none() || refusal == Some(json!("ALREADY_INVITED"));
                assert!(is_there || code == "TIMEOUT", "{refusal:?}");
                is_there.then_some(())
            };
            eventually("an invite to the other workspace", async || {
                is_there(other).await
            })
            .await;
            lock.rollback().await.expect("the end of the lock");
            eventually("an invite", async || is_there(locked).await).await;
            invariants::check(&gateway.database).await;
        }
    })
    .await;
}
