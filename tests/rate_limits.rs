//! Rate limits: requests, their cost, look-ups of codes and tokens that do not exist, and writes.

mod clients;
mod shared;
mod writes;

use std::num::NonZeroU32;

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use futures_util::FutureExt;
use invite_gateway::rate_limit::Quotas;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{
    Backend, Gateway, NOW, Response, Viewer, at,
    data::{invite_code, invite_token, token, user, workspace, workspace_invite},
    each_database, run,
};

/// Returns a quota of that many missed look-ups per minute.
fn missed(most: u32) -> Quotas {
    Quotas {
        missed_lookups: NonZeroU32::new(most),
        ..Quotas::default()
    }
}

/// Returns a document with that many look-ups, of codes from `code`.
fn look_ups(most: usize, code: impl Fn(usize) -> String) -> String {
    let fields = (0..most).map(|index| {
        let code = code(index);
        format!("c{index}: inviteCode(code: {code:?}) {{ databaseId }} ")
    });
    format!("{{ {} }}", fields.collect::<String>())
}

fn guesses(most: usize) -> String {
    look_ups(most, |index| format!("guess-{index}"))
}

async fn ask(gateway: &Gateway, viewer: Viewer<'_>, body: Value) -> Response {
    let request = gateway
        .request(viewer, Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json");
    let request = request.body(body.to_string().into()).expect("a request");
    gateway.send(request).await
}

async fn ask_for(gateway: &Gateway, viewer: Viewer<'_>, document: &str) -> Response {
    ask(gateway, viewer, json!({ "query": document })).await
}

/// Counts the errors with a code in a response, or in a list of responses.
fn errors_of(responses: &Value, code: &str) -> usize {
    let one = std::slice::from_ref(responses);
    let responses = responses.as_array().map_or(one, Vec::as_slice);
    let errors = responses
        .iter()
        .filter_map(|response| response["errors"].as_array());
    errors
        .flatten()
        .filter(|error| error["extensions"]["code"] == code)
        .count()
}

each_database! {
    async fn too_many_missed_look_ups_stop_all_look_ups(gateway) {
        let gateway = gateway.with_quotas(missed(20));
        gateway.add(invite_code(1, "WELCOME")).await;
        let anonymous = Viewer::Anonymous;
        let all = ask_for(&gateway, anonymous, &guesses(20)).await;
        assert_eq!(all.json.get("errors"), None, "{}", all.text);
        assert_eq!(all.header("retry-after"), "");

        let (statements, refused) = gateway
            .counted(ask_for(&gateway, anonymous, "{ inviteCode(code: \"WELCOME\") { id } }"))
            .await;
        assert_eq!(statements, 0, "what exists is as unknown as what does not");
        assert_eq!(refused.status, StatusCode::OK, "other fields would be answered");
        assert_eq!(refused.json, json!({
            "data": { "inviteCode": null },
            "errors": [{
                "message": "Too many look-ups of codes and tokens found nothing; try again in 3 s.",
                "locations": [{ "line": 1, "column": 3 }],
                "path": ["inviteCode"],
                "extensions": { "code": "RATE_LIMITED", "rateLimit": "missed_lookups", "retryAfter": 3 },
            }],
        }));
        assert_eq!(refused.header("retry-after"), "3");
        assert_eq!(refused.header("ratelimit-policy"), r#""missed_lookups";q=20;w=60"#);
        assert_eq!(refused.header("ratelimit"), r#""missed_lookups";r=0;t=3"#);
        assert_eq!(gateway.metric("invite_gateway_rate_limited_total{limit=\"missed_lookups\"}"), 1.0);

        gateway.advance(std::time::Duration::from_secs(3));
        let found = gateway.data(anonymous, "{ inviteCode(code: \"WELCOME\") { databaseId } }").await;
        assert_eq!(found, json!({ "inviteCode": { "databaseId": "1" } }));
    }

    async fn misses_of_all_endpoints_share_a_quota(gateway) {
        let gateway = gateway.with_quotas(missed(4));
        let anonymous = Viewer::Anonymous;
        let unknown = token(9);
        let document = format!(
            "{{ inviteCode(code: \"x\") {{ id }} workspaceInvite(token: \"{unknown}\") {{ id }} }}"
        );
        assert_eq!(gateway.graphql(anonymous, &document).await.get("errors"), None);
        let (code, workspace) = ("/api/v2/invite_code/x/", format!("/api/v1/invites/{unknown}/"));
        assert_eq!(gateway.get(anonymous, code).await.status, StatusCode::NOT_FOUND);
        assert_eq!(gateway.get(anonymous, &workspace).await.status, StatusCode::NOT_FOUND);
        for path in [code, &workspace, "/api/v1/invites/nonsense/"] {
            let refused = gateway.get(anonymous, path).await;
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
            assert_eq!(refused.json, json!({ "detail": "Request was throttled." }), "{path}");
            assert_eq!(refused.header("retry-after"), "15", "{path}");
        }
        let refused = gateway.graphql(anonymous, &document).await;
        assert_eq!(errors_of(&refused, "RATE_LIMITED"), 2, "{refused}");
    }
}

#[tokio::test]
async fn aliases_batches_and_concurrency_give_no_further_guesses() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas_and(missed(20), |parts| parts.graphql.max_batch = 5);
        gateway.add(invite_code(1, "guess-19")).await;
        let operation = json!({ "query": guesses(20) });
        let batch = Value::Array(vec![operation; 5]);
        let requests = (0..4).map(|_| ask(&gateway, Viewer::Anonymous, batch.clone()));
        let responses = futures_util::future::join_all(requests).await;
        // A response has at most ten errors. A field with neither error nor data was looked up.
        let (mut refused, mut missed, mut found) = (0, 0, 0);
        for operation in responses
            .iter()
            .flat_map(|response| response.json.as_array().expect("a list"))
        {
            let omitted = operation["extensions"]["omittedErrors"]
                .as_u64()
                .unwrap_or(0);
            let errors = errors_of(operation, "RATE_LIMITED") as u64 + omitted;
            let data = operation["data"].as_object().expect("data");
            let nulls = data.values().filter(|value| value.is_null()).count() as u64;
            refused += errors;
            missed += nulls - errors;
            found += data.len() as u64 - nulls;
        }
        assert_eq!(missed, 20, "{refused} refused, {found} found");
        assert_eq!(refused + missed + found, 400);
    })
    .await;
}

#[tokio::test]
async fn hits_are_not_limited() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(missed(3));
        gateway.add(user(1, "ada")).await;
        gateway
            .add_all([invite_code(1, "A"), invite_code(2, "B")])
            .await;
        gateway.add(workspace(1)).await;
        gateway.add(workspace_invite(1, 1)).await;
        let viewer = Viewer::User(1);
        // Two are used: all hits share the one remaining.
        ask_for(&gateway, viewer, &guesses(2)).await;
        let document = look_ups(20, |index| ["A", "B"][index % 2].to_owned());
        let requests = (0..20).map(|_| ask_for(&gateway, viewer, &document));
        for response in futures_util::future::join_all(requests).await {
            assert_eq!(response.json.get("errors"), None, "{}", response.text);
            assert_eq!(response.text.matches("databaseId").count(), 20);
        }
        let path = format!("/api/v1/invites/{}/", token(1));
        assert_eq!(gateway.get(viewer, &path).await.status, StatusCode::OK);
        let last = ask_for(&gateway, viewer, &guesses(2)).await;
        assert_eq!(errors_of(&last.json, "RATE_LIMITED"), 1, "{}", last.text);
    })
    .await;
}

#[tokio::test]
async fn a_guesser_does_not_block_random_tokens() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(missed(3));
        let anonymous = Viewer::Anonymous;
        gateway.add(invite_code(1, "WELCOME")).await;
        gateway.add(workspace(1)).await;
        // Version 7, which begins with the time, and version 1, which can be guessed.
        let weak = [
            "019a0000-0000-7000-8000-00000000000a",
            "d9428888-122b-11e1-b85c-61cd3cbb3210",
        ];
        gateway.add(workspace_invite(1, 1)).await;
        for (id, token) in [(2, weak[0]), (3, weak[1])] {
            gateway.add(workspace_invite(id, 1)).await;
            let token = token.parse().expect("a UUID");
            gateway.add(invite_token(token, id, 1)).await;
        }
        ask_for(&gateway, anonymous, &guesses(3)).await;
        let link = |token: &str| format!("/api/v1/invites/{token}/");
        // A client behind the same address opens the link that it received.
        for _ in 0..10 {
            let found = gateway.get(anonymous, &link(&token(1).to_string())).await;
            assert_eq!(found.status, StatusCode::OK);
        }
        // Guessable tokens get no response there, nor do unknown ones.
        for path in [
            link(weak[0]),
            link(weak[1]),
            link(&token(9).to_string()),
            link("nonsense"),
            "/api/v2/invite_code/WELCOME/".to_owned(),
            "/api/v2/invite_code/NOTHING/".to_owned(),
        ] {
            let refused = gateway.get(anonymous, &path).await;
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        }
        // Signed-in clients have a quota of their own.
        gateway.add(user(1, "ada")).await;
        let found = gateway
            .get(Viewer::User(1), "/api/v2/invite_code/WELCOME/")
            .await;
        assert_eq!(found.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn a_blocked_look_up_does_not_delay_others() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(missed(1));
        gateway.add(invite_code(1, "WELCOME")).await;
        gateway.add(workspace(1)).await;
        let weak = "019a0000-0000-7000-8000-00000000000a";
        gateway.add(workspace_invite(1, 1)).await;
        let token = weak.parse().expect("a UUID");
        gateway.add(invite_token(token, 1, 1)).await;
        let lock = gateway.database.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE invite_codes")
            .await
            .expect("a lock");
        let viewer = Viewer::Anonymous;
        let waiting = gateway.get(viewer, "/api/v2/invite_code/WELCOME/");
        let mut waiting = std::pin::pin!(waiting);
        let link = format!("/api/v1/invites/{weak}/");
        for _ in 0..5 {
            // One miss is left, and the first look-up is pending.
            tokio::select! {
                biased;
                found = gateway.get(viewer, &link) => {
                    assert_eq!(found.status, StatusCode::OK);
                }
                response = &mut waiting => panic!("{} in spite of the lock", response.status),
            }
        }
        lock.commit().await.expect("the end of the lock");
        assert_eq!(waiting.await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn a_failed_look_up_is_no_miss() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(missed(1));
        let database = gateway.database.clone();
        database.close().await.expect("the end of the database");
        for _ in 0..3 {
            let response = gateway.graphql(Viewer::Anonymous, &guesses(1)).await;
            assert_eq!(errors_of(&response, "SERVICE_UNAVAILABLE"), 1, "{response}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_look_up_is_no_miss() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(missed(1));
        gateway.add(invite_code(1, "WELCOME")).await;
        let viewer = Viewer::Anonymous;
        for _ in 0..3 {
            let given_up = ask_for(&gateway, viewer, &guesses(1)).now_or_never();
            assert!(given_up.is_none(), "the database takes its time");
        }
        let document = look_ups(2, |_| "WELCOME".to_owned());
        assert_eq!(gateway.graphql(viewer, &document).await.get("errors"), None);
        assert_eq!(
            gateway.graphql(viewer, &guesses(1)).await.get("errors"),
            None
        );
        let last = gateway.graphql(viewer, &document).await;
        assert_eq!(errors_of(&last, "RATE_LIMITED"), 2, "{last}");
    })
    .await;
}

#[tokio::test]
async fn a_request_beyond_the_quota_is_not_read() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(Quotas {
            requests: NonZeroU32::new(2),
            ..Quotas::default()
        });
        let first = gateway
            .get(Viewer::Anonymous, "/graphql?query=%7B__typename%7D")
            .await;
        assert_eq!(first.header("ratelimit-policy"), r#""requests";q=2;w=60"#);
        assert_eq!(first.header("ratelimit"), r#""requests";r=1;t=30"#);
        let rest = gateway
            .get(Viewer::Anonymous, "/api/v2/invite_code/x/")
            .await;
        assert_eq!(rest.status, StatusCode::NOT_FOUND);
        assert_eq!(rest.header("ratelimit"), r#""requests";r=0;t=60"#);

        let refused = ask_for(&gateway, Viewer::Anonymous, "{ __typename }").await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(
            refused.json,
            json!({ "errors": [{
                "message": "Too many requests; try again in 30 s.",
                "extensions": { "code": "RATE_LIMITED", "rateLimit": "requests", "retryAfter": 30 },
            }]})
        );
        assert_eq!(refused.header("retry-after"), "30");
        assert_eq!(refused.header("ratelimit"), r#""requests";r=0;t=30"#);
        for (path, body) in [
            (
                "/api/v2/invite_code/x/",
                json!({ "detail": "Request was throttled." }),
            ),
            (
                "/v3/groups/x/invite",
                json!({
                    "error": "Too Many Requests", "code": 429, "details": {
                        "message": "You have sent too many requests. Try again later." },
                }),
            ),
        ] {
            let refused = gateway.get(Viewer::Anonymous, path).await;
            assert_eq!(
                (refused.status, &refused.json),
                (StatusCode::TOO_MANY_REQUESTS, &body)
            );
            assert_eq!(refused.header("retry-after"), "30", "{path}");
        }
        // Each of these would log a line.
        for path in ["/", "/openapi.json", "/nothing"] {
            let refused = gateway.get(Viewer::Anonymous, path).await;
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
            assert_eq!(refused.header("retry-after"), "30", "{path}");
        }
        for (method, path) in [
            (Method::PUT, "/"),
            (Method::DELETE, "/graphql"),
            (Method::POST, "/health/live"),
            (Method::PUT, "/openapi.json"),
            (Method::TRACE, "/"),
        ] {
            let request = gateway.request(Viewer::Anonymous, method.clone(), path);
            let request = request.body(Body::empty()).expect("a request");
            let refused = gateway.send(request).await;
            assert_eq!(
                refused.status,
                StatusCode::TOO_MANY_REQUESTS,
                "{method} {path}"
            );
        }
        for path in ["/health/live", "/health/ready"] {
            assert_eq!(
                gateway.get(Viewer::Anonymous, path).await.status,
                StatusCode::OK,
                "{path}"
            );
        }
        assert_eq!(
            gateway.metric("invite_gateway_rate_limited_total{limit=\"requests\"}"),
            11.0
        );
    })
    .await;
}

#[tokio::test]
async fn an_operation_beyond_the_quota_is_not_executed() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas_and(
            Quotas {
                cost: NonZeroU32::new(60),
                ..Quotas::default()
            },
            |parts| parts.graphql.max_batch = 5,
        );
        gateway.add(user(1, "ada")).await;
        let viewer = Viewer::User(1);
        let page = "{ viewer { workspaces(first: 40) { nodes { id } } } }";
        let first = ask_for(&gateway, viewer, page).await;
        assert_eq!(
            (first.status, first.json.get("errors")),
            (StatusCode::OK, None),
            "{}",
            first.text
        );
        let (statements, refused) = gateway.counted(ask_for(&gateway, viewer, page)).await;
        assert_eq!(
            refused.status,
            StatusCode::TOO_MANY_REQUESTS,
            "{}",
            refused.text
        );
        assert_eq!(refused.json.get("data"), None);
        assert_eq!(errors_of(&refused.json, "RATE_LIMITED"), 1);
        let wait = |error: &Value| error["extensions"]["retryAfter"].to_string();
        assert_eq!(
            refused.header("retry-after"),
            wait(&refused.json["errors"][0])
        );
        assert_eq!(statements, 1, "only the viewer is loaded");
        // Cheaper operations still run.
        let batch = json!([{ "query": "{ viewer { user { id } } }" }, { "query": page }]);
        let both = ask(&gateway, viewer, batch).await;
        assert_eq!(both.status, StatusCode::OK);
        assert_eq!(both.json[0].get("errors"), None, "{}", both.text);
        assert_eq!(errors_of(&both.json[1], "RATE_LIMITED"), 1);
        assert_eq!(both.header("retry-after"), wait(&both.json[1]["errors"][0]));
    })
    .await;
}

#[tokio::test]
async fn setting_the_system_clock_has_no_effect() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(missed(1));
        gateway.add(invite_code(1, "WELCOME")).await;
        assert_eq!(
            gateway
                .graphql(Viewer::Anonymous, &guesses(1))
                .await
                .get("errors"),
            None
        );
        let hour = chrono::TimeDelta::hours(1);
        for now in [at(NOW) + hour, at(NOW) - hour] {
            gateway.set_now(now);
            let refused = gateway.graphql(Viewer::Anonymous, &guesses(1)).await;
            let wait = &refused["errors"][0]["extensions"]["retryAfter"];
            assert_eq!(wait, 60, "neither shorter nor longer: {refused}");
        }
        gateway.advance(std::time::Duration::from_secs(60));
        assert_eq!(
            gateway
                .graphql(Viewer::Anonymous, &guesses(1))
                .await
                .get("errors"),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn without_quotas_nothing_is_limited() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        for _ in 0..3 {
            let response = ask_for(&gateway, Viewer::Anonymous, &guesses(20)).await;
            assert_eq!(response.json.get("errors"), None);
            assert_eq!(response.header("ratelimit-policy"), "");
            assert_eq!(response.header("ratelimit"), "");
        }
    })
    .await;
}
