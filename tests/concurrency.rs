//! Many concurrent requests on several threads: each gets a response, and none blocks another.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::json;
use tokio::{task::JoinSet, time::timeout};
use tower::ServiceExt;

use crate::support::{Backend, Gateway, Viewer, data, run};

const CLIENTS: usize = 8;
const REQUESTS_A_CLIENT: usize = 60;

/// Much longer than the test takes: only a hang reaches it.
const NEVER: Duration = Duration::from_secs(120);

async fn all_get_responses(gateway: Gateway) {
    gateway.add(data::user(1, "inviter")).await;
    gateway.add(data::user(2, "user")).await;
    gateway.add(data::tag(1, "tag")).await;
    gateway
        .add(entity::invite_code::Model {
            invited_by_id: Some(1),
            user_id: Some(2),
            ..data::invite_code(1, "CODE")
        })
        .await;
    gateway.add(data::tagged(1, 1)).await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_invite(1, 1)).await;

    let token = data::token(1);
    let query = format!(
        r#"{{
            a: inviteCode(code: "CODE") {{ tags {{ id }} inviter {{ id }} user {{ id }} }}
            b: workspaceInvite(token: "{token}") {{ workspace {{ id }} inviter {{ id }} }}
            c: inviteCode(code: "x") {{ id }}
        }}"#
    );
    let body = json!({ "query": query }).to_string();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (service, body) = (gateway.service(), body.clone());
        clients.spawn(async move {
            for _ in 0..REQUESTS_A_CLIENT {
                let request = Request::post("/graphql")
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(Body::from(body.clone()))
                    .expect("a request");
                let response = service.clone().oneshot(request).await.expect("a response");
                assert_eq!(response.status(), StatusCode::OK);
            }
        });
    }
    timeout(NEVER, clients.join_all())
        .await
        .expect("every request is answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_sqlite() {
    run(Backend::Sqlite, all_get_responses).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_postgres() {
    run(Backend::Postgres, all_get_responses).await;
}

#[tokio::test]
async fn a_failing_field_does_not_delay_its_siblings() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        gateway.add(data::user(1, "creator")).await;
        gateway.add(data::course(1, "x", 1)).await;
        // Null replaces the default only when the field is resolved.
        let document = r#"query ($nothing: OrderDirection = ASC) {
            fails: course(id: "x") {
                createdBy { id }
                invitees(orderBy: { field: USERNAME, direction: $nothing }) { totalCount }
            }
            other: course(id: "x") { viewerRole }
        }"#;
        let variables = json!({ "nothing": null });
        let response = gateway.graphql_with(Viewer::User(1), document, variables);
        let response = timeout(NEVER / 4, response).await.expect("a response");
        assert_eq!(
            response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{response}"
        );
        assert_eq!(
            response["data"]["other"],
            json!({ "viewerRole": "creator" }),
            "{response}"
        );
    })
    .await;
}
