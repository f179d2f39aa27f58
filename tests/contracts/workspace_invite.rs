//! `GET /api/v1/invites/{token}/`: a workspace invite, for anyone holding its token.

use entity::{
    workspace,
    workspace_invite::{self, StoredStatus},
};
use invite_gateway::import::Kind;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};

use super::{detail, import, is_exactly, is_missed, is_not_found, minified};
use crate::support::{Gateway, Viewer, at, each_database};

const TOKEN: &str = "6f1c1f1e-7d3c-4a44-9c5f-0123456789ab";
const PATH: &str = "/api/v1/invites/6f1c1f1e-7d3c-4a44-9c5f-0123456789ab/";

/// The contract's schema, with values.
const INVITE: &str = r#"{
    "email": "Jonas.Weber@Example.org",
    "workspace_name": "Atlas “Research”",
    "workspace_id": 31,
    "workspace_description": "Where Atlas works",
    "workspace_logo": "https://img.example/atlas.png",
    "inviter": {"id": 3, "email": "Ingrid@Example.com", "full_name": "Ingrid Sørensen", "username": "ingrid", "is_verified": true, "profile_picture": "https://img.example/3.png"},
    "inviter_name": "Ingrid Sørensen",
    "role_display": "Member",
    "is_expired": false,
    "expires_at": "2026-07-01T00:00:00.500Z",
    "message": "Join us",
    "status": "pending"
}"#;

/// The same without optional values.
const BARE: &str = r#"{
    "email": "a@b.example",
    "workspace_name": "",
    "workspace_id": 32,
    "workspace_description": "",
    "workspace_logo": "",
    "inviter": null,
    "inviter_name": "",
    "role_display": "UNKNOWN",
    "is_expired": true,
    "expires_at": "2026-01-01T00:00:00Z",
    "message": "",
    "status": "expired"
}"#;

/// Returns a row for the import: the contract's object, with the token that it does not contain.
fn with_token(example: &str, token: &str) -> Value {
    let mut row = minified(example).0;
    row["token"] = token.into();
    row["created_at"] = "2026-05-01T00:00:00Z".into();
    row
}

/// Imports the inviter as a row of users, since invites verify nobody.
async fn with_inviter(gateway: &Gateway) {
    let inviter = minified(INVITE).0["inviter"].take();
    import(gateway, Kind::Users, &[inviter]).await;
}

each_database! {
    async fn the_response_equals_the_imported_data(gateway) {
        with_inviter(&gateway).await;
        import(&gateway, Kind::WorkspaceInvites, &[with_token(INVITE, TOKEN)]).await;
        let text = minified(INVITE).1;
        let request = gateway.get(Viewer::Anonymous, PATH);
        let (statements, response) = gateway.counted(request).await;
        is_exactly(&response, &text);
        assert_eq!(statements, 3);
        let upper = format!("/api/v1/invites/{}/", TOKEN.to_uppercase());
        is_exactly(&gateway.get(Viewer::Anonymous, &upper).await, &text);

        let other = "6f1c1f1e-7d3c-4a44-9c5f-0123456789ac";
        import(&gateway, Kind::WorkspaceInvites, &[with_token(BARE, other)]).await;
        let path = format!("/api/v1/invites/{other}/");
        is_exactly(&gateway.get(Viewer::Anonymous, &path).await, &minified(BARE).1);
    }

    async fn graphql_returns_the_same_values(gateway) {
        with_inviter(&gateway).await;
        import(&gateway, Kind::WorkspaceInvites, &[with_token(INVITE, TOKEN)]).await;
        let query = r#"query Invite($token: String!) { workspaceInvite(token: $token) {
            email role roleDisplay message status isExpired createdAt expiresAt acceptedAt
            inviterName acceptedBy { username }
            inviter { databaseId username fullName email isVerified avatarUrl extId }
            workspace { databaseId name description logoUrl viewerRole }
            target { __typename ... on Workspace { name } }
        } }"#;
        let response = gateway
            .graphql_with(Viewer::Anonymous, query, json!({ "token": TOKEN }))
            .await;
        assert_eq!(response, json!({ "data": { "workspaceInvite": {
            "email": "Jonas.Weber@Example.org",
            "role": "member",
            "roleDisplay": "Member",
            "message": "Join us",
            "status": "PENDING",
            "isExpired": false,
            "createdAt": "2026-05-01T00:00:00Z",
            "expiresAt": "2026-07-01T00:00:00.500Z",
            "acceptedAt": null,
            "inviterName": "Ingrid Sørensen",
            "acceptedBy": null,
            "inviter": {
                "databaseId": "3", "username": "ingrid", "fullName": "Ingrid Sørensen",
                "email": "Ingrid@Example.com", "isVerified": true,
                "avatarUrl": "https://img.example/3.png", "extId": null,
            },
            "workspace": {
                "databaseId": "31", "name": "Atlas “Research”", "description": "Where Atlas works",
                "logoUrl": "https://img.example/atlas.png", "viewerRole": null,
            },
            "target": { "__typename": "Workspace", "name": "Atlas “Research”" },
        } } }));
    }

    async fn an_invite_expires_by_the_clock(gateway) {
        import(&gateway, Kind::WorkspaceInvites, &[with_token(INVITE, TOKEN)]).await;
        for (now, is_expired, status) in [
            ("2026-07-01T00:00:00.499999Z", false, "pending"),
            ("2026-07-01T00:00:00.5Z", true, "expired"),
        ] {
            gateway.set_now(at(now));
            let body = gateway.get(Viewer::Anonymous, PATH).await.json;
            assert_eq!((&body["is_expired"], &body["status"]), (&json!(is_expired), &json!(status)));
            let query = format!(r#"{{ workspaceInvite(token: "{TOKEN}") {{ isExpired status }} }}"#);
            let data = gateway.data(Viewer::Anonymous, &query).await;
            let expected = json!({ "isExpired": is_expired, "status": status.to_uppercase() });
            assert_eq!(data["workspaceInvite"], expected);
        }
    }

    async fn no_response_contains_the_token(gateway) {
        import(&gateway, Kind::WorkspaceInvites, &[with_token(INVITE, TOKEN)]).await;
        let response = gateway.get(Viewer::Anonymous, PATH).await;
        assert!(!response.text.contains(TOKEN));
        let query = format!(r#"{{ workspaceInvite(token: "{TOKEN}") {{ id databaseId token }} }}"#);
        let response = gateway.graphql(Viewer::Anonymous, &query).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    }

    async fn a_deleted_inviter_is_null(gateway) {
        import(&gateway, Kind::WorkspaceInvites, &[with_token(INVITE, TOKEN)]).await;
        let deleted = json!({ "id": 3, "username": "ingrid", "full_name": "Ingrid",
            "deleted_at": "2026-05-01T00:00:00Z" });
        import(&gateway, Kind::Users, &[deleted]).await;
        let body = gateway.get(Viewer::Anonymous, PATH).await.json;
        let inviter = (&body["inviter"], &body["inviter_name"]);
        assert_eq!(inviter, (&Value::Null, &json!("")));
    }

    async fn a_settled_invite_keeps_its_status(gateway) {
        import(&gateway, Kind::WorkspaceInvites, &[with_token(INVITE, TOKEN)]).await;
        for (stored, now, status) in [
            (StoredStatus::Accepted, "2026-06-01T00:00:00Z", "accepted"),
            (StoredStatus::Accepted, "2099-01-01T00:00:00Z", "accepted"),
            (StoredStatus::Cancelled, "2099-01-01T00:00:00Z", "cancelled"),
            (StoredStatus::Expired, "2026-06-01T00:00:00Z", "expired"),
        ] {
            gateway.set_now(at(now));
            let settled = workspace_invite::Entity::update_many()
                .set(workspace_invite::ActiveModel { status: Set(stored), ..Default::default() });
            settled.exec(&gateway.database).await.expect("an update");
            let body = gateway.get(Viewer::Anonymous, PATH).await.json;
            let is_expired = json!(status == "expired");
            assert_eq!((&body["status"], &body["is_expired"]), (&json!(status), &is_expired));
        }
    }

    async fn an_unknown_token_or_one_of_a_deleted_workspace_is_not_found(gateway) {
        import(&gateway, Kind::WorkspaceInvites, &[with_token(INVITE, TOKEN)]).await;
        let paths = [
            "6f1c1f1e-7d3c-4a44-9c5f-0123456789ac",
            "6f1c1f1e7d3c4a449c5f0123456789ab",
            "6f1c1f1e-7d3c-4a44-9c5f-0123456789ab%20x",
            "urn:uuid:6f1c1f1e-7d3c-4a44-9c5f-0123456789ab",
            "6f1c1f1e%207d3c-4a44-9c5f-0123456789ab",
            "00000000-0000-0000-0000-000000000000",
            "token",
            "%00",
            "%FF",
        ]
        .map(|token| format!("/api/v1/invites/{token}/"));
        is_missed(&gateway, &paths).await;

        let deleted = workspace::ActiveModel {
            id: Set(31),
            deleted_at: Set(Some(at("2026-05-02T00:00:00Z"))),
            ..Default::default()
        };
        deleted.update(&gateway.database).await.expect("a workspace");
        let paths = [PATH.to_owned()];
        is_missed(&gateway, &paths).await;
        is_not_found(&gateway, Viewer::User(3), &paths, &detail("Not found.")).await;
        let query = format!(r#"{{ workspaceInvite(token: "{TOKEN}") {{ email }} }}"#);
        for viewer in [Viewer::Anonymous, Viewer::User(3)] {
            let data = gateway.data(viewer, &query).await;
            assert_eq!(data, json!({ "workspaceInvite": null }));
        }
    }
}
