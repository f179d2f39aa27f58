//! Told to stop while many ask: nobody is left without an answer.

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

/// What came of the requests of a client that keeps its connection as long as it may.
#[derive(Debug, Default)]
struct Asked {
    answered: usize,
    /// Sent, over a connection that broke before there was an answer.
    lost: usize,
    /// Connections that ended with the word that they do.
    goodbyes: usize,
}

/// Asks until no connection is taken any more.
async fn ask(server: std::net::SocketAddr, body: String) -> Asked {
    let mut asked = Asked::default();
    let request = Request::post_json("/graphql", &body).kept_alive();
    'connections: while let Ok(mut wire) = Wire::connect(server).await {
        loop {
            if wire.try_write(&request).await.is_err() {
                asked.lost += 1;
                continue 'connections;
            }
            let Some(answer) = wire.kept_answer().await else {
                asked.lost += 1;
                continue 'connections;
            };
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            assert_eq!(answer.json["data"]["inviteCode"]["databaseId"], "5");
            asked.answered += 1;
            if answer.header("connection") == "close" {
                asked.goodbyes += 1;
                continue 'connections;
            }
        }
    }
    asked
}

each_database! {
    async fn told_to_stop_under_load_it_loses_no_answer(gateway) {
        fill(&gateway).await;
        let body = json!({ "query": LOOK_UP }).to_string();
        for _ in 0..3 {
            let server = Server::over(&gateway.url).await;
            let mut clients = JoinSet::new();
            for _ in 0..16 {
                clients.spawn(ask(server.address, body.clone()));
            }
            meanwhile(Duration::from_millis(300)).await;
            server.process.signal("TERM");
            let ended = server.process.ended().await;
            assert_eq!(ended.status, Some(0), "{}", ended.stderr);
            assert!(!ended.stderr.contains("gave up"), "{}", ended.stderr);
            let asked = clients.join_all().await;
            let lost: usize = asked.iter().map(|asked| asked.lost).sum();
            let answered: usize = asked.iter().map(|asked| asked.answered).sum();
            let goodbyes: usize = asked.iter().map(|asked| asked.goodbyes).sum();
            assert_eq!(lost, 0, "of {answered}");
            assert!(answered > 32 && goodbyes > 0, "{asked:?}");
        }
    }

    async fn a_request_on_its_way_over_an_idle_connection_is_answered(gateway) {
        fill(&gateway).await;
        let server = Server::over(&gateway.url).await;
        let body = json!({ "query": LOOK_UP }).to_string();
        let request = Request::post_json("/graphql", &body).kept_alive();
        let mut wire = server.connect().await;
        wire.try_write(&request).await.expect("a peer");
        let first = wire.kept_answer().await.expect("an answer");
        assert_eq!((first.status, first.header("connection")), (StatusCode::OK, ""));

        server.process.signal("TERM");
        server.process.logged("stopping: finishing requests in flight").await;
        wire.try_write(&request).await.expect("a peer");
        let last = wire.kept_answer().await.expect("an answer");
        assert_eq!((last.status, last.header("connection")), (StatusCode::OK, "close"));
        assert_eq!(last.json["data"]["inviteCode"]["databaseId"], "5");
        assert_eq!(server.process.ended().await.status, Some(0));
    }

    async fn idle_connections_do_not_hold_up_the_end(gateway) {
        let server = Server::with(&gateway.url, &["--drain-timeout=600"]).await;
        let mut wires = Vec::new();
        for _ in 0..3 {
            wires.push(server.connect().await);
        }
        let h2 = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
        let url = format!("http://{}/health/live", server.address);
        h2.get(&url).send().await.expect("an answer");
        server.process.signal("TERM");
        // Waited for less long than what is in flight may take.
        assert_eq!(server.process.ended().await.status, Some(0));
    }
}
