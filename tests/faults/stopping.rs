//! Shutdown under load: every request gets a response.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use super::{LOOK_UP, fill, meanwhile};
use crate::support::{
    each_database,
    process::Server,
    wire::{Request, Wire},
};

/// Outcomes of a client that keeps its connection as long as possible.
#[derive(Debug, Default)]
struct Outcomes {
    answered: usize,
    /// Requests whose connection broke before a response.
    lost: usize,
    /// New connections that were reset before their first response.
    refused: usize,
    /// Connections that ended with `Connection: close`.
    goodbyes: usize,
}

/// Sends requests until the server accepts no connections.
async fn ask(server: std::net::SocketAddr, body: String) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let request = Request::post_json("/graphql", &body).kept_alive();
    'connections: while let Ok(mut wire) = Wire::connect(server).await {
        let mut is_fresh = true;
        loop {
            let response = match wire.try_write(&request).await {
                Ok(()) => wire.kept_answer().await,
                Err(_) => None,
            };
            let Some(response) = response else {
                outcomes.refused += usize::from(is_fresh);
                outcomes.lost += usize::from(!is_fresh);
                continue 'connections;
            };
            is_fresh = false;
            assert_eq!(response.status, StatusCode::OK, "{}", response.text);
            assert_eq!(response.json["data"]["inviteCode"]["databaseId"], "5");
            outcomes.answered += 1;
            if response.header("connection") == "close" {
                outcomes.goodbyes += 1;
                continue 'connections;
            }
        }
    }
    outcomes
}

each_database! {
    async fn a_shutdown_under_load_loses_no_response(gateway) {
        fill(&gateway).await;
        let body = json!({ "query": LOOK_UP }).to_string();
        for _ in 0..3 {
            let server = Server::new(&gateway.database_url).await;
            let mut clients = JoinSet::new();
            for _ in 0..16 {
                clients.spawn(ask(server.address, body.clone()));
            }
            meanwhile(Duration::from_millis(300)).await;
            server.process.signal("TERM");
            let ended = server.process.ended().await;
            assert_eq!(ended.status, Some(0), "{}", ended.stderr);
            assert!(!ended.stderr.contains("gave up"), "{}", ended.stderr);
            let outcomes = clients.join_all().await;
            let lost: usize = outcomes.iter().map(|client| client.lost).sum();
            let answered: usize = outcomes.iter().map(|client| client.answered).sum();
            let goodbyes: usize = outcomes.iter().map(|client| client.goodbyes).sum();
            assert_eq!(lost, 0, "of {answered}");
            // Between the last look at the listener's queue and its end, the kernel may complete a
            // connection, and then resets it: for the client, it was refused.
            let refused: usize = outcomes.iter().map(|client| client.refused).sum();
            assert!(refused <= 1, "{refused} of {answered}");
            assert!(answered > 32 && goodbyes > 0, "{outcomes:?}");
        }
    }

    async fn a_request_that_arrives_on_an_idle_connection_gets_a_response(gateway) {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        let body = json!({ "query": LOOK_UP }).to_string();
        let request = Request::post_json("/graphql", &body).kept_alive();
        let mut wire = server.connect().await;
        wire.try_write(&request).await.expect("a peer");
        let first = wire.kept_answer().await.expect("a response");
        assert_eq!((first.status, first.header("connection")), (StatusCode::OK, ""));

        server.process.signal("TERM");
        server.process.logged("stopping: finishing requests in flight").await;
        wire.try_write(&request).await.expect("a peer");
        let last = wire.kept_answer().await.expect("a response");
        assert_eq!((last.status, last.header("connection")), (StatusCode::OK, "close"));
        assert_eq!(last.json["data"]["inviteCode"]["databaseId"], "5");
        assert_eq!(server.process.ended().await.status, Some(0));
    }

    async fn idle_connections_do_not_delay_the_shutdown(gateway) {
        let server = Server::with(&gateway.database_url, &["--drain-timeout=600"]).await;
        let mut wires = Vec::new();
        for _ in 0..3 {
            wires.push(server.connect().await);
        }
        let h2 = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
        let url = format!("http://{}/health/live", server.address);
        h2.get(&url).send().await.expect("a response");
        server.process.signal("TERM");
        // Shorter than the time limit of requests in flight.
        assert_eq!(server.process.ended().await.status, Some(0));
    }
}
