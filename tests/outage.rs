//! A database that becomes unavailable and comes back while the gateway runs.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    Backend, Gateway, Response, data,
    process::{Server, authorization, eventually},
    proxy::Proxy,
    run,
};

/// Maximum time of a response while the database is unavailable: the time to wait for a connection,
/// here 1 second, and a margin for a busy machine.
const SOON: Duration = Duration::from_secs(10);

const LOOK_UP: &str = r#"{ inviteCode(code: "AbC-123") { databaseId } }"#;
const CODE: &str = "/api/v2/invite_code/AbC-123/";
const GROUP: &str = "/v3/groups/studio/invite";

async fn serve(url: &str) -> Server {
    Server::with(url, &["--database-acquire-timeout=1"]).await
}

async fn fill(gateway: &Gateway) {
    gateway.add(data::invite_code(5, "AbC-123")).await;
    gateway.add(data::user(7, "grace")).await;
    gateway.add(data::group(1, "studio")).await;
    gateway.add(data::group_member(1, 7, "owner")).await;
    gateway.add(data::group_invite(3, 1, "join")).await;
}

async fn soon<T>(request: &str, response: impl Future<Output = T>) -> T {
    let response = timeout(SOON, response).await;
    response.unwrap_or_else(|_| panic!("{request}: no response in {SOON:?}"))
}

#[track_caller]
fn is(response: &Response, status: StatusCode, body: &Value) {
    assert_eq!((response.status, &response.json), (status, body));
}

/// Returns the code of the only error of a GraphQL response.
fn code(response: &Response) -> &Value {
    let errors = response.json["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{}", response.text);
    &errors[0]["extensions"]["code"]
}

/// Sends all kinds of requests while the database is unavailable.
async fn is_away(server: &Server) {
    let (ok, away) = (StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE);
    let grace = authorization(7);

    let response = soon("GraphQL", server.graphql(None, LOOK_UP, json!({}))).await;
    assert_eq!(
        (response.status, code(&response)),
        (ok, &json!("SERVICE_UNAVAILABLE"))
    );
    assert_eq!(response.json["data"], json!({ "inviteCode": null }));
    // The viewer cannot be loaded: nothing is executed, and nobody is treated as anonymous.
    let response = soon(
        "GraphQL, signed in",
        server.graphql(Some(&grace), LOOK_UP, json!({})),
    )
    .await;
    assert_eq!(
        (response.status, code(&response)),
        (away, &json!("SERVICE_UNAVAILABLE"))
    );
    assert_eq!(
        (response.json.get("data"), response.header("retry-after")),
        (None, "1")
    );

    let detail = json!({ "detail": "Service temporarily unavailable, try again later." });
    let arena = json!({ "error": "Service Unavailable", "code": 503, "details": {
        "message": "The service is temporarily unavailable. Try again later." } });
    for (authorization, path, body) in [
        (None, CODE, &detail),
        (Some(grace.as_str()), CODE, &detail),
        (Some(grace.as_str()), GROUP, &arena),
    ] {
        let response = soon(path, server.get(authorization, path)).await;
        is(&response, away, body);
        assert_eq!(response.header("retry-after"), "1");
        assert_eq!(response.header("www-authenticate"), "");
    }

    let response = soon("live", server.get(None, "/health/live")).await;
    is(&response, ok, &json!({ "status": "ok" }));
    let response = soon("ready", server.get(None, "/health/ready")).await;
    is(
        &response,
        away,
        &json!({ "status": "database unreachable" }),
    );
}

/// Waits until the gateway is ready. Then all requests must succeed.
async fn recovers(server: &Server) {
    eventually("ready", async || {
        let ready = server.get(None, "/health/ready").await;
        (ready.status == StatusCode::OK).then_some(())
    })
    .await;
    let grace = authorization(7);
    for authorization in [None, Some(grace.as_str())] {
        let response = server.graphql(authorization, LOOK_UP, json!({})).await;
        let expected = json!({ "data": { "inviteCode": { "databaseId": "5" } } });
        is(&response, StatusCode::OK, &expected);
        assert_eq!(server.get(authorization, CODE).await.json["id"], 5);
    }
    assert_eq!(server.get(Some(&grace), GROUP).await.json["code"], "join");
}

#[tokio::test]
async fn an_outage_and_its_end_are_detected() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let proxy = Proxy::before(&gateway.database_url).await;
        let server = serve(&proxy.url(&gateway.database_url)).await;
        for _ in 0..2 {
            recovers(&server).await;
            proxy.cut();
            is_away(&server).await;
            proxy.heal();
        }
        recovers(&server).await;
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_starts_without_its_database_waits_for_it() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let proxy = Proxy::before(&gateway.database_url).await;
        proxy.cut();
        let server = serve(&proxy.url(&gateway.database_url)).await;
        let warning = "the database does not respond";
        assert_eq!(server.process.logged(warning).await["level"], "WARN");
        is_away(&server).await;
        proxy.heal();
        recovers(&server).await;
    })
    .await;
}

#[tokio::test]
async fn it_stops_on_a_signal_while_the_database_is_unavailable() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let proxy = Proxy::before(&gateway.database_url).await;
        let server = serve(&proxy.url(&gateway.database_url)).await;
        proxy.cut();
        server.process.signal("TERM");
        let ended = soon("SIGTERM", server.process.ended()).await;
        assert_eq!(ended.status, Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_silent_database_is_unavailable_too() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let proxy = Proxy::before(&gateway.database_url).await;
        let server = serve(&proxy.url(&gateway.database_url)).await;
        recovers(&server).await;
        proxy.stall();
        is_away(&server).await;
        proxy.heal();
        recovers(&server).await;
    })
    .await;
}
