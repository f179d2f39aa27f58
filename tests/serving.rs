//! The program as a server: TCP, shutdown and logging.

use axum::http::StatusCode;
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{
    Backend, Gateway, data, each_database,
    process::{Ended, Process, Server, authorization, eventually, log_lines},
    run, tables,
    wire::{Request, Wire},
};

const LOOK_UP: &str =
    "query LookUp($code: String!) { inviteCode(code: $code) { databaseId code } }";

each_database! {
    async fn it_responds_over_tcp(gateway) {
        gateway.add(data::invite_code(5, "AbC-123")).await;
        gateway.add(data::user(7, "grace")).await;
        let server = Server::new(&gateway.database_url).await;

        let response = server.graphql(None, LOOK_UP, json!({ "code": "AbC-123" })).await;
        let expected = json!({ "data": { "inviteCode": { "databaseId": "5", "code": "AbC-123" } } });
        assert_eq!((response.status, response.json), (StatusCode::OK, expected));

        let response = server.get(None, "/api/v2/invite_code/AbC-123/").await;
        assert_eq!((response.status, &response.json["id"]), (StatusCode::OK, &json!(5)));
        assert_eq!(response.header("cache-control"), "no-store");

        let me = "{ viewer { user { username email } } }";
        let response = server.graphql(Some(&authorization(7)), me, json!({})).await;
        let expected = json!({ "username": "grace", "email": "grace@example.com" });
        assert_eq!(response.json["data"]["viewer"]["user"], expected);

        for (path, body) in [
            ("/health/live", json!({ "status": "ok" })),
            ("/health/ready", json!({ "status": "ready" })),
        ] {
            let response = server.get(None, path).await;
            assert_eq!((response.status, response.json), (StatusCode::OK, body), "{path}");
        }
        assert_eq!(server.get(None, "/").await.json["graphql"], "/graphql");
        assert_eq!(server.get(None, "/nothing").await.status, StatusCode::NOT_FOUND);
    }

    async fn too_many_headers_are_refused(gateway) {
        let server = Server::new(&gateway.database_url).await;
        for (headers, status) in [(90, 200), (120, 431)] {
            let headers: String = (0..headers).map(|at| format!("x-{at}: a\r\n")).collect();
            let mut wire = server.connect().await;
            wire.write(&format!("GET /health/live HTTP/1.1\r\nhost: it\r\nconnection: close\r\n{headers}\r\n")).await;
            assert_eq!(wire.response().await.status.as_u16(), status);
        }
    }

    async fn it_supports_http_2_by_prior_knowledge(gateway) {
        gateway.add(data::invite_code(5, "AbC-123")).await;
        let server = Server::new(&gateway.database_url).await;
        let client = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
        let url = format!("http://{}/api/v2/invite_code/AbC-123/", server.address);
        let response = client.get(url).send().await.expect("a response");
        assert_eq!((response.version(), response.status().as_u16()), (reqwest::Version::HTTP_2, 200));
        let body: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
        assert_eq!(body["id"], 5);
    }

    async fn absolute_urls_begin_with_the_public_url_or_the_listen_address(gateway) {
        gateway.add(data::user(7, "grace")).await;
        gateway.add(data::course(1, "rust", 7)).await;
        gateway.add_all([data::user(8, "eve"), data::user(9, "eva")]).await;
        gateway.add_all([data::course_invite(1, 1, 8), data::course_invite(2, 1, 9)]).await;
        let next = async |server: &Server| {
            let path = "/api/v2/course/1/invite/?limit=1";
            let response = server.get(Some(&authorization(7)), path).await;
            response.json["next"].as_str().expect("a URL").to_owned()
        };
        let server = Server::new(&gateway.database_url).await;
        let here = format!("http://{}/api/v2/course/1/invite/?limit=1&offset=1", server.address);
        assert_eq!(next(&server).await, here);
        let public = ["--public-url=https://x.example/base/"];
        let server = Server::with(&gateway.database_url, &public).await;
        let there = "https://x.example/base/api/v2/course/1/invite/?limit=1&offset=1";
        assert_eq!(next(&server).await, there);
    }

    async fn it_becomes_ready_after_a_migration_without_a_restart(gateway) {
        tables::remove(&gateway.database).await;
        let server = Server::new(&gateway.database_url).await;
        let warning = "the database is not migrated: run `invite-gateway migrate up`";
        assert_eq!(server.process.logged(warning).await["level"], "WARN");
        let ready = server.get(None, "/health/ready").await;
        let expected = json!({ "status": "database not migrated" });
        assert_eq!((ready.status, ready.json), (StatusCode::SERVICE_UNAVAILABLE, expected));
        assert_eq!(server.get(None, "/health/live").await.status, StatusCode::OK);

        let up = ["migrate", "up", "--database-url", &gateway.database_url];
        assert_eq!(Process::run(&up).await.status, Some(0));
        assert_eq!(server.get(None, "/health/ready").await.status, StatusCode::OK);
        gateway.add(data::invite_code(5, "AbC-123")).await;
        let response = server.graphql(None, LOOK_UP, json!({ "code": "AbC-123" })).await;
        assert_eq!(response.json["data"]["inviteCode"]["databaseId"], "5", "{}", response.text);
    }

    async fn on_shutdown_it_completes_requests_in_flight_and_accepts_no_new_ones(gateway) {
        gateway.add(data::invite_code(5, "AbC-123")).await;
        let body = json!({ "query": LOOK_UP, "variables": { "code": "AbC-123" } }).to_string();
        for signal in ["TERM", "INT"] {
            let server = Server::new(&gateway.database_url).await;
            let (mut wire, rest) = half_sent(&server, &body).await;
            server.process.signal(signal);
            let line = server.process.logged("stopping: finishing requests in flight").await;
            assert_eq!(line["signal"], format!("SIG{signal}"));
            refuses(&server).await;

            wire.write(rest).await;
            let response = wire.response().await;
            assert_eq!(response.status, StatusCode::OK);
            assert_eq!(response.json["data"]["inviteCode"]["databaseId"], "5");
            assert_eq!(server.process.ended().await.status, Some(0), "SIG{signal}");
        }
    }

    async fn on_shutdown_it_cancels_requests_that_do_not_end(gateway) {
        let server = Server::with(&gateway.database_url, &["--drain-timeout=0"]).await;
        let (_wire, _) = half_sent(&server, r#"{"query":"{ __typename }"}"#).await;
        server.process.signal("TERM");
        let ended = server.process.ended().await;
        assert_eq!(ended.status, Some(0));
        let lines = log_lines(&ended.stderr);
        let last = lines.last().expect("a line");
        assert_eq!(last["message"], "aborted the requests that were still in flight");
    }

    async fn every_request_logs_one_line_and_has_an_id(gateway) {
        gateway.add(data::invite_code(5, "AbC-123")).await;
        let server = Server::new(&gateway.database_url).await;
        let body = json!({ "query": LOOK_UP, "variables": { "code": "AbC-123" } }).to_string();
        let look_up = Request::post_json("/graphql", &body).header("x-request-id", "trace-1.a_B");
        let response = server.send(&look_up).await;
        assert_eq!(response.header("x-request-id"), "trace-1.a_B");

        let not_plain = Request::get("/api/v2/invite_code/none/").header("x-request-id", "a b");
        let response = server.send(&not_plain).await;
        let made_up = response.header("x-request-id").to_owned();
        assert!(made_up.len() == 32 && made_up.bytes().all(|b| b.is_ascii_hexdigit()), "{made_up}");

        let too_long = "x".repeat(65);
        let response = server.send(&Request::get("/nothing").header("x-request-id", &too_long)).await;
        assert_eq!(response.header("x-request-id").len(), 32);

        let lines = answered(&stopped(server).await);
        let message_of = |line: &Value| {
            let words = ["method", "route", "operation", "status"];
            words.map(|word| line[word].clone())
        };
        assert_eq!(
            lines.iter().map(message_of).collect::<Vec<_>>(),
            [
                [json!("POST"), json!("/graphql"), json!("LookUp"), json!(200)],
                [json!("GET"), json!("/api/v2/invite_code/{code}/"), Value::Null, json!(404)],
                [json!("GET"), json!("none"), Value::Null, json!(404)],
            ]
        );
        assert_eq!(lines[0]["request_id"], "trace-1.a_B");
        assert_eq!(lines[1]["request_id"], made_up.as_str());
        for line in &lines {
            assert!(line["milliseconds"].is_number() && line["timestamp"].is_string(), "{line}");
            assert_eq!(line["level"], "INFO");
        }
    }
}

#[tokio::test]
async fn on_shutdown_it_waits_for_a_blocked_statement() {
    run(Backend::Postgres, async |gateway: Gateway| {
        gateway.add(data::invite_code(5, "AbC-123")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_invite(7, 1)).await;
        let patient = ["--database-lock-timeout=60000", "--request-timeout=600"];
        let server = Server::with(&gateway.database_url, &patient).await;
        let lock = gateway.database.begin().await.expect("a transaction");
        // Of two kinds, which do not share a statement.
        lock.execute_unprepared("LOCK TABLE invite_codes, workspace_invites")
            .await
            .expect("a lock");
        let mut wires = [server.connect().await, server.connect().await];
        let body = json!({ "query": LOOK_UP, "variables": { "code": "AbC-123" } }).to_string();
        wires[0]
            .write(&Request::post_json("/graphql", &body).text())
            .await;
        let token = data::token(7);
        let rest = Request::get(&format!("/api/v1/invites/{token}/")).text();
        wires[1].write(&rest).await;
        eventually("statements that wait for the lock", async || {
            let waiting = "SELECT count(*) AS waiting FROM pg_locks JOIN pg_database d \
                           ON d.oid = database WHERE datname = current_database() AND NOT granted";
            let waiting = Statement::from_string(DbBackend::Postgres, waiting);
            let row = gateway
                .database
                .query_one_raw(waiting)
                .await
                .expect("pg_locks");
            let waiting: i64 = row
                .expect("a count")
                .try_get("", "waiting")
                .expect("a number");
            (waiting == 2).then_some(())
        })
        .await;

        server.process.signal("TERM");
        server
            .process
            .logged("stopping: finishing requests in flight")
            .await;
        refuses(&server).await;
        lock.commit().await.expect("the end of the lock");
        let [graphql, rest] = &mut wires;
        assert_eq!(
            graphql.response().await.json["data"]["inviteCode"]["databaseId"],
            "5"
        );
        assert_eq!(rest.response().await.json["workspace_id"], 1);
        assert_eq!(server.process.ended().await.status, Some(0));
    })
    .await;
}

/// Sends half of a request's body, and returns the other half. The request is in flight, since its
/// handler waits for the body.
async fn half_sent<'a>(server: &Server, body: &'a str) -> (Wire, &'a str) {
    let (first, rest) = body.split_at(body.len() / 2);
    let request = Request::post_json("/graphql", body).header("expect", "100-continue");
    let mut wire = server.connect().await;
    wire.write(&request.head()).await;
    wire.expect("HTTP/1.1 100 Continue\r\n\r\n").await;
    wire.write(first).await;
    (wire, rest)
}

/// Waits until the server accepts no new connections.
async fn refuses(server: &Server) {
    eventually("a refused connection", async || {
        Wire::connect(server.address).await.err()
    })
    .await;
}

/// Stops the server, and returns all its output.
async fn stopped(server: Server) -> Ended {
    server.process.signal("TERM");
    let ended = server.process.ended().await;
    assert_eq!(ended.status, Some(0));
    ended
}

/// Returns the log lines of requests.
fn answered(ended: &Ended) -> Vec<Value> {
    let mut lines = log_lines(&ended.stderr);
    lines.retain(|line| line["message"] == "request completed");
    lines
}
