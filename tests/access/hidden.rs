//! Absent and hidden objects look the same to clients.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::{self, ELSEWHERE, INVITEE, MEMBER, NOBODY, OWNER};
use crate::support::{
    Gateway, Viewer, code_id, data, each_database, global_id, id_of_kind, invite_id,
};

/// Returns ids of no object: malformed in each way, or without a row.
fn nonsense() -> Vec<String> {
    let encode = |text: &str| {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode(text)
    };
    let mut ids = vec![
        String::new(),
        " ".to_owned(),
        "1".to_owned(),
        "\0".to_owned(),
        "é".to_owned(),
        "x".repeat(5000),
        format!("{}=", global_id("Tag", 1)),
        format!(" {}", global_id("Tag", 1)),
    ];
    ids.extend(
        [
            "Tag",
            "Tag:",
            "Tag:01",
            "Tag:+1",
            "Tag:1:1",
            "tag:1",
            "Nothing:1",
            "Viewer:1",
            "Tag:99999999999999999999",
            "Tag:-9223372036854775808",
            "Tag:9223372036854775807",
            "Tag:1\0",
        ]
        .map(encode),
    );
    ids
}

async fn total(gateway: &Gateway, viewer: Viewer<'_>, list: &str) -> Value {
    let document = format!("{{ {list} {{ totalCount }} }}");
    let data = gateway.data(viewer, &document).await;
    let name = list.split('(').next().expect("a name");
    data[name]["totalCount"].clone()
}

each_database! {
    async fn an_id_that_names_nothing_is_null_without_an_error(gateway) {
        world::build(&gateway).await;
        for viewer in [Viewer::Anonymous, Viewer::User(NOBODY), Viewer::Staff(NOBODY)] {
            for id in nonsense() {
                let document = "query ($id: ID!) { node(id: $id) { id } }";
                let response = gateway.graphql_with(viewer, document, json!({ "id": id })).await;
                assert_eq!(response, json!({ "data": { "node": null } }), "{viewer:?} {id:?}");
                for field in ["workspace", "group", "course"] {
                    // Keys are ids there.
                    if id == "1" {
                        continue;
                    }
                    let document = format!("query ($id: ID!) {{ {field}(id: $id) {{ id }} }}");
                    let response = gateway.graphql_with(viewer, &document, json!({ "id": id })).await;
                    assert_eq!(response, json!({ "data": { field: null } }), "{viewer:?} {id:?}");
                }
            }
        }
    }

    async fn a_global_id_of_another_kind_names_nothing(gateway) {
        world::build(&gateway).await;
        for (field, other) in [("workspace", "Group"), ("group", "Course"), ("course", "Workspace")] {
            let document = format!("{{ {field}(id: {:?}) {{ id }} }}", global_id(other, 1));
            let data = gateway.data(Viewer::Staff(NOBODY), &document).await;
            assert_eq!(data, json!({ field: null }));
        }
    }

    async fn absent_objects_cost_as_many_statements_as_hidden_ones(gateway) {
        world::build(&gateway).await;
        world::add_external_keys(&gateway).await;
        let viewer = Viewer::User(NOBODY);
        let token = |id| data::token(id).to_string();
        for (field, argument, names) in [
            ("inviteCode", "code: String!", vec!["nope".to_owned(), "\0".to_owned(), String::new()]),
            ("workspaceInvite", "token: String!", vec![token(3), token(999), "nope".to_owned()]),
            ("node", "id: ID!", vec![id_of_kind("InviteCode", 1), id_of_kind("InviteCode", 999)]),
            ("course", "externalId: ExternalIdInput!", ["courses-3", "courses-999", "\0"].map(str::to_owned).into()),
            ("workspace", "externalId: ExternalIdInput!", ["workspaces-1", "workspaces-2", "nope"].map(str::to_owned).into()),
            ("course", "id: ID!", vec!["secret".to_owned(), "draft".to_owned()]),
            ("course", "id: ID!", vec!["deleted".to_owned(), "absent".to_owned(), "\0".to_owned()]),
            ("group", "id: ID!", vec!["deleted".to_owned(), "absent".to_owned(), "\0".to_owned()]),
        ] {
            let name = argument.split(':').next().expect("a name");
            let document = format!("query (${argument}) {{ {field}({name}: ${name}) {{ id }} }}");
            let mut costs = Vec::new();
            for value in &names {
                let variable = match argument.ends_with("ExternalIdInput!") {
                    true => json!({ "source": "clerk", "id": value }),
                    false => json!(value),
                };
                let ask = || gateway.graphql_with(viewer, &document, json!({ name: variable }));
                assert_eq!(ask().await, json!({ "data": { field: null } }), "{field} {value:?}");
                costs.push(gateway.counted(ask()).await.0);
            }
            assert!(costs.iter().all(|cost| *cost == costs[0]), "{field} {names:?}: {costs:?}");
        }
    }

    async fn rest_does_not_distinguish_malformed_from_absent(gateway) {
        world::build(&gateway).await;
        for (absent, others) in [
            ("/api/v2/invite_code/nope/", vec!["/api/v2/invite_code/%00/", "/api/v2/invite_code/%FF/"]),
            ("/api/v1/invites/nope/", vec!["/api/v1/invites/%00/", "/api/v1/invites/11111111111141118111000000000001/"]),
            ("/v3/groups/nope/invite", vec!["/v3/groups/%00/invite", "/v3/groups/-1/invite", "/v3/groups/deleted/invite"]),
            ("/api/v2/course/999/invite/", vec!["/api/v2/course/secret/invite/", "/api/v2/course/%00/invite/", "/api/v2/course/3/invite/", "/api/v2/course/5/invite/"]),
        ] {
            let expected = gateway.get(Viewer::User(NOBODY), absent).await;
            assert_eq!(expected.status, StatusCode::NOT_FOUND, "{absent}");
            for other in others {
                let response = gateway.get(Viewer::User(NOBODY), other).await;
                assert_eq!((response.status, response.text), (expected.status, expected.text.clone()), "{other}");
            }
        }
    }

    async fn role_changes_take_effect_at_once(gateway) {
        use entity::workspace_member::Entity;
        use sea_orm::EntityTrait;
        world::build(&gateway).await;
        let document = r#"{ workspace(id: "1") { invites { totalCount } } }"#;
        let data = gateway.data(Viewer::User(OWNER), document).await;
        assert_eq!(data["workspace"]["invites"]["totalCount"], 2);
        Entity::delete_by_id((1, OWNER)).exec(&gateway.database).await.expect("a row");
        let data = gateway.data(Viewer::User(OWNER), document).await;
        assert_eq!(data, json!({ "workspace": null }));
    }

    async fn a_settled_or_expired_invite_grants_no_access(gateway) {
        world::build(&gateway).await;
        // Cancelled to the secret course, expired to the workspace.
        let cancelled = data::user(30, "cancelled");
        let expired = data::user(31, "expired");
        gateway.add(entity::workspace_invite::Model {
            email: expired.email.clone(),
            email_norm: expired.email_norm.clone(),
            expires_at: Some(data::made()),
            ..data::workspace_invite(30, 1)
        }).await;
        gateway.add_all([cancelled, expired]).await;
        gateway.add(entity::course_invite::Model {
            cancelled_at: Some(data::made()),
            ..data::course_invite(30, 3, 30)
        }).await;
        let course = r#"{ course(id: "secret") { id } }"#;
        assert_eq!(gateway.data(Viewer::User(30), course).await, json!({ "course": null }));
        let workspace = r#"{ workspace(id: "1") { id } }"#;
        assert_eq!(gateway.data(Viewer::User(31), workspace).await, json!({ "workspace": null }));
    }

    async fn an_empty_address_matches_nobody(gateway) {
        let no_address = |id, name| entity::user::Model {
            email: String::new(),
            email_norm: String::new(),
            ..data::user(id, name)
        };
        gateway.add_all([no_address(1, "one"), no_address(2, "two")]).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(entity::workspace_invite::Model {
            email: String::new(),
            email_norm: String::new(),
            ..data::workspace_invite(1, 1)
        }).await;
        gateway.add(entity::invite_code::Model {
            email: Some(String::new()),
            email_norm: Some(String::new()),
            ..data::invite_code(1, "CODE")
        }).await;
        let document = format!(
            "{{ workspace(id: 1) {{ id }} nodes(ids: {}) {{ id }}
                viewer {{ receivedInvites {{ totalCount nodes {{ id }} }} }} }}",
            json!([invite_id("WorkspaceInvite", 1, 1), code_id("CODE", 1)])
        );
        let data = gateway.data(Viewer::User(1), &document).await;
        assert_eq!(data, json!({
            "workspace": null,
            "nodes": [null, null],
            "viewer": { "receivedInvites": { "totalCount": 0, "nodes": [] } },
        }));
    }

    async fn a_deleted_user_cannot_sign_in(gateway) {
        world::build(&gateway).await;
        let response = gateway.graphql(Viewer::User(world::DELETED), "{ viewer { user { id } } }").await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{response}");
        let response = gateway.get(Viewer::Staff(world::DELETED), "/v3/groups/1/invite").await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    }

    async fn references_to_a_deleted_user_are_null(gateway) {
        world::build(&gateway).await;
        let gone = Some(world::DELETED);
        gateway.add(entity::invite_code::Model {
            invited_by_id: gone,
            user_id: gone,
            ..data::invite_code(40, "CODE-40")
        }).await;
        gateway.add(entity::workspace_invite::Model {
            inviter_id: gone,
            accepted_by_id: gone,
            ..data::workspace_invite(40, 1)
        }).await;
        gateway.add(data::course(40, "orphan", world::DELETED)).await;
        let document = format!(
            "{{ inviteCode(code: \"CODE-40\") {{ inviter {{ id }} invitedByUsername user {{ id }} }}
                workspaceInvite(token: \"{}\") {{ inviter {{ id }} inviterName acceptedBy {{ id }} }}
                course(id: \"orphan\") {{ createdBy {{ id }} }} }}",
            data::token(40)
        );
        let data = gateway.data(Viewer::User(NOBODY), &document).await;
        assert_eq!(data, json!({
            "inviteCode": { "inviter": null, "invitedByUsername": null, "user": null },
            "workspaceInvite": { "inviter": null, "inviterName": null, "acceptedBy": null },
            "course": { "createdBy": null },
        }));
        let response = gateway.get(Viewer::Anonymous, "/api/v2/invite_code/CODE-40/").await;
        assert_eq!(response.json["invited_by"], Value::Null, "{}", response.text);
        assert_eq!(response.json["user"], Value::Null, "{}", response.text);
        let response = gateway.get(Viewer::Anonymous, &format!("/api/v1/invites/{}/", data::token(40))).await;
        assert_eq!(response.json["inviter"], Value::Null, "{}", response.text);
    }

    async fn a_deleted_tag_is_not_listed_in_codes(gateway) {
        world::build(&gateway).await;
        gateway.add_all([data::tagged(1, 1), data::tagged(1, 2)]).await;
        let document = r#"{ inviteCode(code: "CODE-1") { tags { name } } }"#;
        let data = gateway.data(Viewer::Anonymous, document).await;
        assert_eq!(data["inviteCode"]["tags"], json!([{ "name": "live" }]));
        let response = gateway.get(Viewer::Anonymous, "/api/v2/invite_code/CODE-1/").await;
        assert_eq!(response.json["tags"].as_array().map(Vec::len), Some(1), "{}", response.text);
    }

    async fn totals_of_empty_pages_exclude_hidden_rows(gateway) {
        world::build(&gateway).await;
        for (viewer, list, expected) in [
            (Viewer::User(ELSEWHERE), "workspaceInvites(first: 0)", 1),
            (Viewer::User(ELSEWHERE), "workspaceInvites(filter: { inviter: \"5\" }, first: 0)", 0),
            (Viewer::User(MEMBER), "workspaceInvites(first: 0)", 0),
            (Viewer::User(INVITEE), "inviteCodes(first: 0)", 0),
            (Viewer::User(OWNER), "groupInvites(first: 0)", 1),
            (Viewer::Staff(NOBODY), "groupInvites(first: 0)", 2),
        ] {
            assert_eq!(total(&gateway, viewer, list).await, expected, "{viewer:?} {list}");
        }
    }
}
