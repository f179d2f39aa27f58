//! A gateway that is killed amid mutations leaves none half done, and a client that sends its requests
//! again gets each carried out once.
//!
//! `INVITE_CRASHES` sets the number of crashes; a run by hand takes two hundred.

use entity::{user, workspace_invite};
use futures_util::{StreamExt, stream::FuturesUnordered};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use uuid::Uuid;

use crate::support::{
    self, Gateway, data, each_database, invariants,
    process::{Server, authorization},
    wire::{Request, Wire},
};

/// Requests in flight when the gateway is killed.
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

/// Sends a request. Returns false if no response arrives.
async fn send(server: &Server, round: i64, n: i64) -> bool {
    let (viewer, body) = request(round, n);
    let authorization = authorization(viewer);
    let Ok(mut wire) = Wire::connect(server.address).await else {
        return false;
    };
    let request = Request::post_json("/graphql", &body).authorized(Some(&authorization));
    wire.try_write(&request.kept_alive()).await.is_ok() && wire.kept_answer().await.is_some()
}

each_database! {
    async fn a_killed_gateway_leaves_no_write_half_done(gateway) {
        fill(&gateway).await;
        for round in 0..crashes() {
            add_round(&gateway, round).await;
            let server = start(&gateway).await;
            let mut sent: FuturesUnordered<_> = (0..REQUESTS).map(|n| send(&server, round, n)).collect();
            // Killed after some responses, while the others are on their way.
            let responses = Uuid::new_v4().as_u128() % 40;
            for _ in 0..responses {
                assert_eq!(sent.next().await, Some(true));
            }
            server.process.signal("KILL");
            while sent.next().await.is_some() {}
            drop(sent);
            server.process.ended().await;
            invariants::check(&gateway.database).await;

            let server = start(&gateway).await;
            for n in 0..REQUESTS {
                let (viewer, body) = request(round, n);
                let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
                let query = body["query"].as_str().expect("a query");
                let response = server.graphql(Some(&authorization(viewer)), query, json!({})).await;
                let outcome = &response.json["data"]["it"];
                assert!(outcome.is_object(), "{}", response.text);
                for errors in [&outcome["userErrors"], &outcome["results"][0]["userErrors"]] {
                    assert!(errors.is_null() || *errors == json!([]), "{}", response.text);
                }
            }
            server.process.signal("TERM");
            server.process.ended().await;
            invariants::check(&gateway.database).await;
            let invites = workspace_invite::Entity::find().count(&gateway.database).await.expect("a number");
            let created = (round + 1) * REQUESTS * 3 / 2;
            assert_eq!(i64::try_from(invites), Ok(created));
        }
    }
}
