//! `invite(by:)`: the invite that any link leads to, for anyone who has the link.

use std::num::NonZeroU32;

use invite_gateway::rate_limit::Quotas;
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database};

const INVITER: i64 = 1;
const MEMBER: i64 = 2;

/// A landing page's query: it shows any link.
const LANDING: &str = "query ($by: InviteBy!) { invite(by: $by) {
    __typename
    ... on Invite { databaseId status inviter { username } target { ... on Workspace { name } } }
    ... on InviteCode { email tags { name } }
    ... on WorkspaceInvite { email roleDisplay }
    ... on GroupPreview { name slug memberCount viewerIsMember }
} }";

async fn fill(gateway: &Gateway) {
    gateway
        .add_all([data::user(INVITER, "inviter"), data::user(MEMBER, "member")])
        .await;
    gateway
        .add(entity::invite_code::Model {
            invited_by_id: Some(INVITER),
            email: Some("guest@example.org".to_owned()),
            email_norm: Some("guest@example.org".to_owned()),
            ..data::invite_code(1, "WELCOME")
        })
        .await;
    gateway.add(data::tag(1, "tag")).await;
    gateway.add(data::tagged(1, 1)).await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add(entity::workspace_invite::Model {
            inviter_id: Some(INVITER),
            ..data::workspace_invite(1, 1)
        })
        .await;
    gateway.add(data::group(1, "studio")).await;
    gateway.add(data::group_member(1, MEMBER, "member")).await;
    gateway.add(data::group_invite(1, 1, "come-in")).await;
}

async fn led_to(gateway: &Gateway, viewer: Viewer<'_>, by: Value) -> Value {
    let response = gateway
        .graphql_with(viewer, LANDING, json!({ "by": by }))
        .await;
    assert_eq!(response.get("errors"), None, "{by}: {response}");
    response["data"]["invite"].clone()
}

each_database! {
    async fn one_query_shows_any_link(gateway) {
        fill(&gateway).await;
        let group = |is_member: bool| json!({
            "__typename": "GroupPreview", "name": "Group studio", "slug": "studio",
            "memberCount": 1, "viewerIsMember": is_member,
        });
        for (viewer, is_member) in [(Viewer::Anonymous, false), (Viewer::User(MEMBER), true), (Viewer::Staff(INVITER), false)] {
            assert_eq!(led_to(&gateway, viewer, json!({ "code": "WELCOME" })).await, json!({
                "__typename": "InviteCode", "databaseId": "1", "status": "PENDING",
                "inviter": { "username": "inviter" }, "target": null,
                "email": "guest@example.org", "tags": [{ "name": "tag" }],
            }));
            assert_eq!(led_to(&gateway, viewer, json!({ "token": data::token(1) })).await, json!({
                "__typename": "WorkspaceInvite", "databaseId": "1", "status": "PENDING",
                "inviter": { "username": "inviter" }, "target": { "name": "Workspace 1" },
                "email": "invitee1@example.org", "roleDisplay": "Member",
            }));
            assert_eq!(led_to(&gateway, viewer, json!({ "groupCode": "come-in" })).await, group(is_member));
        }
    }

    async fn a_code_of_another_kind_returns_null(gateway) {
        fill(&gateway).await;
        for by in [
            json!({ "code": "come-in" }), json!({ "groupCode": "WELCOME" }), json!({ "code": "welcom" }),
            json!({ "token": data::token(9) }), json!({ "token": "WELCOME" }), json!({ "code": "\0" }),
            json!({ "groupCode": "" }), json!({ "groupCode": "\0" }),
        ] {
            for viewer in [Viewer::Anonymous, Viewer::Staff(INVITER)] {
                assert_eq!(led_to(&gateway, viewer, by.clone()).await, Value::Null, "{by}");
            }
        }
    }

    async fn a_link_costs_the_statements_of_its_own_field(gateway) {
        fill(&gateway).await;
        let token = data::token(1).to_string();
        for (by, own) in [
            ("code: \"WELCOME\"".to_owned(), "inviteCode(code: \"WELCOME\") { inviter { id } tags { id } }".to_owned()),
            (format!("token: \"{token}\""), format!("workspaceInvite(token: \"{token}\") {{ inviter {{ id }} }}")),
            ("groupCode: \"come-in\"".to_owned(), "groupPreview(code: \"come-in\") { memberCount }".to_owned()),
        ] {
            let any = format!("{{ invite(by: {{ {by} }}) {{ ... on Invite {{ inviter {{ id }} }}
                ... on InviteCode {{ tags {{ id }} }} ... on GroupPreview {{ memberCount }} }} }}");
            let statements = async |document: &str| {
                gateway.data(Viewer::Anonymous, document).await;
                gateway.counted(gateway.data(Viewer::Anonymous, document)).await.0
            };
            assert_eq!(statements(&any).await, statements(&format!("{{ {own} }}")).await, "{by}");
        }
        for unknown in ["code: \"nope\"", "groupCode: \"nope\"", "token: \"nope\""] {
            let document = format!("{{ invite(by: {{ {unknown} }}) {{ __typename }} }}");
            let (statements, _) = gateway.counted(gateway.data(Viewer::Anonymous, &document)).await;
            assert_eq!(statements, 1, "{unknown}");
        }
    }

    async fn a_miss_counts_once_and_with_those_of_the_other_fields(gateway) {
        fill(&gateway).await;
        let gateway = gateway.with_quotas(Quotas { missed_lookups: NonZeroU32::new(4), ..Quotas::default() });
        let unknown = ["code: \"nope\"", "groupCode: \"nope\"", "token: \"nope\""];
        for by in unknown {
            let document = format!("{{ invite(by: {{ {by} }}) {{ __typename }} }}");
            assert_eq!(gateway.data(Viewer::Anonymous, &document).await, json!({ "invite": null }), "{by}");
        }
        // Hits do not count.
        led_to(&gateway, Viewer::Anonymous, json!({ "code": "WELCOME" })).await;
        gateway.data(Viewer::Anonymous, "{ inviteCode(code: \"nope\") { id } }").await;
        for by in unknown {
            let document = format!("{{ invite(by: {{ {by} }}) {{ __typename }} }}");
            let response = gateway.graphql(Viewer::Anonymous, &document).await;
            assert_eq!(response["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{by}: {response}");
            assert_eq!(response["errors"].as_array().map(Vec::len), Some(1));
        }
    }

    async fn exactly_one_code_or_token_is_expected(gateway) {
        fill(&gateway).await;
        for by in [json!({}), json!({ "code": "WELCOME", "groupCode": "come-in" }), json!({ "code": null })] {
            let response = gateway.graphql_with(Viewer::Anonymous, LANDING, json!({ "by": by })).await;
            assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{by}: {response}");
            let text = response.to_string();
            assert!(!text.contains("WELCOME") && !text.contains("come-in"), "{text}");
        }
    }
}
