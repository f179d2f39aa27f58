//! Writes share the database's connections with reads, and end although their client is gone.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use entity::{group_invite, invite_event};
use futures_util::future::join_all;
use invite_gateway::database::Pool;
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, PaginatorTrait, TransactionTrait};
use serde_json::json;
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::support::{
    Backend, Gateway, Response, Viewer, data, each_database, process::eventually, run,
};

const MANAGER: Viewer<'static> = Viewer::User(1);

/// Groups, whose links are switched on.
const GROUPS: i64 = 12;

/// Adds groups and their manager.
async fn fill(gateway: &Gateway) {
    gateway.add(data::user(1, "ada")).await;
    for id in 1..=GROUPS {
        gateway.add(data::group(id, &format!("group-{id}"))).await;
        gateway.add(data::group_member(id, 1, "manager")).await;
    }
}

/// Sends the mutation that switches a group's link on, as a task.
fn enable(gateway: &Gateway, group: i64) -> JoinHandle<Response> {
    let document = format!(
        "mutation {{ enableGroupInvite(input: {{ group: {group} }}) {{ userErrors {{ code }} }} }}"
    );
    let request = gateway
        .request(MANAGER, Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "query": document }).to_string()));
    let (service, request): (Router, Request<Body>) =
        (gateway.service(), request.expect("a request"));
    tokio::spawn(async move {
        let response = service.oneshot(request).await.expect("a response");
        Response::read(response).await
    })
}

/// Opens connections that the gateway does not use.
async fn other_connections(gateway: &Gateway) -> DatabaseConnection {
    let pool = Pool::small(&gateway.database_url);
    pool.open().await.expect("a database")
}

/// Returns the number of sessions that wait for a lock.
async fn waiting(database: &DatabaseConnection) -> i64 {
    let sql = "SELECT count(*) AS waiting FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let statement = sea_orm::Statement::from_string(database.get_database_backend(), sql);
    let row = database.query_one_raw(statement).await.expect("a row");
    row.expect("a row")
        .try_get("", "waiting")
        .expect("a number")
}

async fn links(gateway: &Gateway) -> u64 {
    let found = group_invite::Entity::find();
    found.count(&gateway.database).await.expect("a number")
}

fn outcome(gateway: &Gateway, outcome: &str) -> f64 {
    gateway.metric(&format!(
        "invite_gateway_mutations_total{{mutation=\"enableGroupInvite\",outcome=\"{outcome}\"}}"
    ))
}

each_database! {
    async fn reads_find_connections_while_writes_wait(gateway) {
        fill(&gateway).await;
        let others = other_connections(&gateway).await;
        let lock = others.begin().await.expect("a transaction");
        // Writes record events, which reads do not need.
        let blocking = match gateway.backend {
            Backend::Sqlite => "DELETE FROM invite_events",
            Backend::Postgres => "LOCK TABLE invite_events IN SHARE MODE",
        };
        lock.execute_unprepared(blocking).await.expect("a lock");
        let writes: Vec<_> = (1..=GROUPS).map(|group| enable(&gateway, group)).collect();
        if gateway.backend == Backend::Postgres {
            eventually("two writes, of a pool of four connections", async || {
                (waiting(&others).await == 2).then_some(())
            }).await;
        }
        let document = "{ viewer { user { username } groups { totalCount } } }";
        for _ in 0..20 {
            let reads = (0..8).map(|_| gateway.data(MANAGER, document));
            for data in join_all(reads).await {
                assert_eq!(data["viewer"]["groups"]["totalCount"], GROUPS);
            }
        }
        assert!(writes.iter().all(|write| !write.is_finished()));
        if gateway.backend == Backend::Postgres {
            assert_eq!(waiting(&others).await, 2, "the others wait for these");
        }
        lock.rollback().await.expect("the end of the lock");
        for write in join_all(writes).await {
            let response = write.expect("no panic");
            assert_eq!(response.json.get("errors"), None, "{}", response.text);
        }
        assert_eq!(links(&gateway).await, GROUPS as u64);
        assert_eq!(outcome(&gateway, "ok"), GROUPS as f64);
    }
}

#[tokio::test]
async fn a_write_that_has_begun_ends_although_its_client_is_gone() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let others = other_connections(&gateway).await;
        let lock = others.begin().await.expect("a transaction");
        let blocking = "LOCK TABLE invite_events IN SHARE MODE";
        lock.execute_unprepared(blocking).await.expect("a lock");
        let begun: Vec<_> = (1..=2).map(|group| enable(&gateway, group)).collect();
        eventually("two writes that wait for the lock", async || {
            (waiting(&others).await == 2).then_some(())
        })
        .await;
        // This one waits for the two.
        let waits = enable(&gateway, 3);
        let in_flight = "invite_gateway_http_requests_in_flight";
        eventually("a third request", async || {
            (gateway.metric(in_flight) == 3.0).then_some(())
        })
        .await;
        for client in begun.iter().chain([&waits]) {
            client.abort();
        }
        eventually("no request in flight", async || {
            (gateway.metric(in_flight) == 0.0).then_some(())
        })
        .await;
        assert_eq!(links(&gateway).await, 0);
        lock.rollback().await.expect("the end of the lock");
        eventually("both writes", async || {
            (links(&gateway).await == 2).then_some(())
        })
        .await;
        // The next write begins after all that began before.
        let last = enable(&gateway, 4).await.expect("no panic");
        assert_eq!(last.json.get("errors"), None, "{}", last.text);
        assert_eq!(links(&gateway).await, 3, "the third had not begun");
        let events = invite_event::Entity::find().count(&gateway.database).await;
        assert_eq!(events.expect("a number"), 3);
        assert!(outcome(&gateway, "given_up") >= 2.0);
        assert_eq!(outcome(&gateway, "ok"), 1.0);
    })
    .await;
}
