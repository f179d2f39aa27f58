//! Quotas of writes: mutations, and the rows that they create or change.

use std::{num::NonZeroU32, time::Duration};

use axum::http::StatusCode;
use entity::workspace_invite;
use invite_gateway::rate_limit::Quotas;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use super::{ask, ask_for};
use crate::support::{
    Backend, Gateway, Response, Viewer, data, each_database,
    process::{Server, authorization},
    redis::Redis,
    run,
};

const OWNER: Viewer<'static> = Viewer::User(1);

fn mutations(most: u32) -> Quotas {
    Quotas {
        mutations: NonZeroU32::new(most),
        ..Quotas::default()
    }
}

fn rows(most: u32) -> Quotas {
    Quotas {
        written_rows: NonZeroU32::new(most),
        ..Quotas::default()
    }
}

/// Adds a workspace, and its owner.
async fn fill(gateway: &Gateway) {
    gateway.add(data::user(1, "olga")).await;
    gateway.add(data::user(2, "ada")).await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_member(1, 1, "owner")).await;
}

/// Returns a mutation that invites that many people, whose addresses begin with `name`.
fn invite(name: &str, people: usize) -> String {
    let people: Vec<_> = (0..people)
        .map(|n| format!("{{ email: \"{name}{n}@x.io\" }}"))
        .collect();
    format!(
        "{name}: createWorkspaceInvites(input: {{ workspace: \"1\", invitees: [{}] }}) {{
            results {{ userErrors {{ code }} }} userErrors {{ code }} }}",
        people.join(", ")
    )
}

async fn send(gateway: &Gateway, viewer: Viewer<'_>, fields: &[String]) -> Response {
    ask_for(
        gateway,
        viewer,
        &format!("mutation {{ {} }}", fields.join(" ")),
    )
    .await
}

async fn invites(gateway: &Gateway) -> u64 {
    let found = workspace_invite::Entity::find();
    found.count(&gateway.database).await.expect("a number")
}

#[track_caller]
fn refused(response: &Response, limit: &str, seconds: u64) {
    assert_eq!(
        response.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        response.text
    );
    assert_eq!(response.json.get("data"), None);
    let expected = json!({ "code": "RATE_LIMITED", "rateLimit": limit, "retryAfter": seconds });
    assert_eq!(response.json["errors"][0]["extensions"], expected);
    assert_eq!(response.header("retry-after"), seconds.to_string());
}

#[track_caller]
fn carried_out(response: &Response) {
    assert_eq!(response.json.get("errors"), None, "{}", response.text);
}

each_database! {
    async fn each_mutation_of_a_document_counts(gateway) {
        let gateway = gateway.with_quotas(mutations(3));
        fill(&gateway).await;
        let first = send(&gateway, OWNER, &[invite("a", 1), invite("b", 1)]).await;
        carried_out(&first);
        assert_eq!(first.header("ratelimit-policy"), r#""mutations";q=3;w=60"#);

        // One is left. None of a document that is refused is carried out.
        let both = send(&gateway, OWNER, &[invite("c", 1), invite("d", 1)]).await;
        refused(&both, "mutations", 20);
        assert_eq!(both.json["errors"][0]["message"], "Too many mutations; try again in 20 s.");
        assert_eq!(both.header("ratelimit"), r#""mutations";r=0;t=20"#);
        assert_eq!(invites(&gateway).await, 2);
        let refusals = "invite_gateway_rate_limited_total{limit=\"mutations\"}";
        assert_eq!(gateway.metric(refusals), 1.0);

        carried_out(&send(&gateway, OWNER, &[invite("c", 1)]).await);
        refused(&send(&gateway, OWNER, &[invite("d", 1)]).await, "mutations", 20);
        // Queries do not count, and others have quotas of their own.
        carried_out(&ask_for(&gateway, OWNER, "{ viewer { user { id } } }").await);
        carried_out(&send(&gateway, Viewer::User(2), &[invite("e", 1)]).await);

        gateway.advance(Duration::from_secs(20));
        carried_out(&send(&gateway, OWNER, &[invite("d", 1)]).await);
        assert_eq!(invites(&gateway).await, 4);
    }

    async fn rows_of_inputs_count(gateway) {
        let gateway = gateway.with_quotas(rows(10));
        fill(&gateway).await;
        carried_out(&send(&gateway, OWNER, &[invite("a", 6)]).await);
        let five = send(&gateway, OWNER, &[invite("b", 5)]).await;
        refused(&five, "written_rows", 6);
        let message = "Mutations have written too many rows; try again in 6 s.";
        assert_eq!(five.json["errors"][0]["message"], message);
        // Together they have five, too.
        refused(&send(&gateway, OWNER, &[invite("b", 3), invite("c", 2)]).await, "written_rows", 6);
        assert_eq!(invites(&gateway).await, 6);

        // Rows count before it is known that they are refused.
        let ids: Vec<_> = (0..3).map(|n| format!("id{n}")).collect();
        let cancel = json!({
            "query": "mutation ($input: InviteIdsInput!) {
                cancelInvites(input: $input) { results { userErrors { code } } } }",
            "variables": { "input": { "ids": ids } },
        });
        let cancelled = ask(&gateway, OWNER, cancel).await;
        carried_out(&cancelled);
        assert_eq!(cancelled.json["data"]["cancelInvites"]["results"].as_array().map(Vec::len), Some(3));
        // A mutation of one invite counts one.
        let accept = "acceptInvite(input: { id: \"x\" }) { userErrors { code } }".to_owned();
        carried_out(&send(&gateway, OWNER, std::slice::from_ref(&accept)).await);
        refused(&send(&gateway, OWNER, &[accept]).await, "written_rows", 6);
    }

    async fn an_operation_that_exceeds_a_quota_takes_all_of_it(gateway) {
        let gateway = gateway.with_quotas(rows(3));
        fill(&gateway).await;
        carried_out(&send(&gateway, OWNER, &[invite("a", 5)]).await);
        refused(&send(&gateway, OWNER, &[invite("b", 5)]).await, "written_rows", 60);
        assert_eq!(invites(&gateway).await, 5);
    }
}

#[tokio::test]
async fn a_refusal_takes_nothing_of_the_other_quotas() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(Quotas {
            mutations: NonZeroU32::new(3),
            written_rows: NonZeroU32::new(4),
            ..Quotas::default()
        });
        fill(&gateway).await;
        carried_out(&send(&gateway, OWNER, &[invite("a", 2)]).await);
        for _ in 0..5 {
            refused(
                &send(&gateway, OWNER, &[invite("b", 3)]).await,
                "written_rows",
                15,
            );
        }
        for name in ["c", "d"] {
            carried_out(&send(&gateway, OWNER, &[invite(name, 1)]).await);
        }
    })
    .await;
}

#[tokio::test]
async fn a_mutation_without_a_token_counts_for_the_address() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(mutations(1));
        fill(&gateway).await;
        let first = send(&gateway, Viewer::Anonymous, &[invite("a", 1)]).await;
        let code = &first.json["errors"][0]["extensions"]["code"];
        assert_eq!(code, "UNAUTHENTICATED", "{}", first.text);
        let second = send(&gateway, Viewer::Anonymous, &[invite("a", 1)]).await;
        refused(&second, "mutations", 60);
        carried_out(&send(&gateway, OWNER, &[invite("a", 1)]).await);
    })
    .await;
}

#[tokio::test]
async fn settings_switch_the_quotas_of_writes() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let policy = async |more: &[&str]| {
            let server = Server::limited(&gateway.database_url, more).await;
            let response = server.graphql(None, "{ __typename }", json!({})).await;
            response.header("ratelimit-policy").to_owned()
        };
        let written = |policy: &str| -> Vec<String> {
            let quotas = policy.split(", ").map(str::to_owned);
            let is_of_writes = |quota: &String| {
                ["\"mutations\"", "\"written_rows\""]
                    .iter()
                    .any(|name| quota.starts_with(name))
            };
            quotas.filter(is_of_writes).collect()
        };
        let defaults = policy(&[]).await;
        let expected = [r#""mutations";q=120;w=60"#, r#""written_rows";q=1000;w=60"#];
        assert_eq!(written(&defaults), expected, "{defaults}");
        let set = policy(&["--rate-limit-mutations=0", "--rate-limit-written-rows=7"]).await;
        assert_eq!(written(&set), [r#""written_rows";q=7;w=60"#], "{set}");
    })
    .await;
}

#[tokio::test]
async fn gateways_share_the_quotas_of_writes() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let redis = Redis::start().await;
        let redis_url = redis.url();
        let settings = [
            "--redis-url",
            &redis_url,
            "--rate-limit-mutations=4",
            "--rate-limit-written-rows=20",
        ];
        let one = Server::limited(&gateway.database_url, &settings).await;
        let other = Server::limited(&gateway.database_url, &settings).await;
        let olga = authorization(1);
        let send = async |server: &Server, field: String| {
            let document = format!("mutation {{ {field} }}");
            server.graphql(Some(&olga), &document, json!({})).await
        };
        let limit = |response: &Response| -> Value {
            response.json["errors"][0]["extensions"]["rateLimit"].clone()
        };
        carried_out(&send(&one, invite("a", 18)).await);
        // The other gateway knows that two or three rows are left, and refunds what it did not use.
        for _ in 0..3 {
            let many = send(&other, invite("b", 9)).await;
            assert_eq!(many.status, StatusCode::TOO_MANY_REQUESTS, "{}", many.text);
            assert_eq!(limit(&many), "written_rows");
        }
        let accept = || "acceptInvite(input: { id: \"x\" }) { userErrors { code } }".to_owned();
        carried_out(&send(&other, accept()).await);
        let keys = redis.keys().await;
        for key in ["mutations:user:1", "written_rows:user:1"] {
            assert!(keys.contains(&format!("invite-gateway:{key}")), "{keys:?}");
        }
    })
    .await;
}
