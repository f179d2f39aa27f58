//! `GET /api/v2/invite_code/{code}/`: a personal code, for anyone holding it.

use invite_gateway::import::Kind;
use serde_json::json;

use super::{import, is_exactly, is_missed, minified};
use crate::support::{Viewer, at, each_database};

/// The contract's example, with all values.
const USED: &str = r##"{
    "id": 42,
    "invited_by_username": "grace",
    "role": "user",
    "tags": [
        {"id": 2, "active": true, "type": "category", "name": "alpha", "description": null, "color": "#0000FF", "visible": false, "deleted": false, "created_at": "2024-02-01T00:00:00Z"},
        {"id": 1, "active": false, "type": "user", "name": "beta", "description": "Tries things first", "color": "#00ff00", "visible": true, "deleted": false, "created_at": "2024-01-01T08:30:00.250Z"}
    ],
    "name": "Ève Adams",
    "email": "Eve.Adams@Example.org",
    "code": "AbC-123",
    "generated_at": "2025-03-01T09:00:00Z",
    "sent_at": "2025-03-01T09:00:05.123456Z",
    "used_at": "2025-03-04T18:45:00Z",
    "invited_by": 7,
    "user": {"id": 8, "username": "eve", "real_name": "Ève Adams", "ext_id": null, "avatar": "https://img.example/8.png"}
}"##;

/// The same without optional values.
const BARE: &str = r#"{
    "id": 43,
    "invited_by_username": null,
    "role": null,
    "tags": [],
    "name": null,
    "email": null,
    "code": "bare",
    "generated_at": "2025-03-01T09:00:00Z",
    "sent_at": null,
    "used_at": null,
    "invited_by": null,
    "user": null
}"#;

each_database! {
    async fn the_response_equals_the_imported_data(gateway) {
        for (example, code) in [(USED, "AbC-123"), (BARE, "bare")] {
            let (row, text) = minified(example);
            import(&gateway, Kind::InviteCodes, &[row]).await;
            let path = format!("/api/v2/invite_code/{code}/");
            let request = gateway.get(Viewer::Anonymous, &path);
            let (statements, response) = gateway.counted(request).await;
            is_exactly(&response, &text);
            assert_eq!(statements, 1, "{code}");
        }
    }

    async fn graphql_returns_the_same_values(gateway) {
        let rows = [minified(USED).0, minified(BARE).0];
        import(&gateway, Kind::InviteCodes, &rows).await;
        let query = r#"query Code($code: String!) { inviteCode(code: $code) {
            databaseId code role name email generatedAt createdAt sentAt usedAt acceptedAt
            expiresAt status isExpired invitedByUsername
            inviter { databaseId username email extId }
            user { databaseId username fullName avatarUrl isVerified email extId }
            tags { databaseId active kind name description color visible createdAt }
            target { __typename }
        } }"#;
        let code = async |code: &str| {
            let mut response = gateway
                .graphql_with(Viewer::Anonymous, query, json!({ "code": code }))
                .await;
            assert_eq!(response.get("errors"), None, "{response:#}");
            response["data"]["inviteCode"].take()
        };
        assert_eq!(code("AbC-123").await, json!({
            "databaseId": "42",
            "code": "AbC-123",
            "role": "user",
            "name": "Ève Adams",
            "email": "Eve.Adams@Example.org",
            "generatedAt": "2025-03-01T09:00:00Z",
            "createdAt": "2025-03-01T09:00:00Z",
            "sentAt": "2025-03-01T09:00:05.123456Z",
            "usedAt": "2025-03-04T18:45:00Z",
            "acceptedAt": "2025-03-04T18:45:00Z",
            "expiresAt": null,
            "status": "ACCEPTED",
            "isExpired": false,
            "invitedByUsername": "grace",
            "inviter": { "databaseId": "7", "username": "grace", "email": null, "extId": null },
            "user": {
                "databaseId": "8", "username": "eve", "fullName": "Ève Adams",
                "avatarUrl": "https://img.example/8.png", "isVerified": false, "email": null,
                "extId": null,
            },
            "tags": [
                {
                    "databaseId": "2", "active": true, "kind": "CATEGORY", "name": "alpha",
                    "description": null, "color": "#0000FF", "visible": false,
                    "createdAt": "2024-02-01T00:00:00Z",
                },
                {
                    "databaseId": "1", "active": false, "kind": "USER", "name": "beta",
                    "description": "Tries things first", "color": "#00ff00", "visible": true,
                    "createdAt": "2024-01-01T08:30:00.250Z",
                },
            ],
            "target": null,
        }));
        assert_eq!(code("bare").await, json!({
            "databaseId": "43", "code": "bare", "role": null, "name": null, "email": null,
            "generatedAt": "2025-03-01T09:00:00Z", "createdAt": "2025-03-01T09:00:00Z",
            "sentAt": null, "usedAt": null, "acceptedAt": null, "expiresAt": null,
            "status": "PENDING", "isExpired": false, "invitedByUsername": null, "inviter": null,
            "user": null, "tags": [], "target": null,
        }));
    }

    async fn instants_with_an_offset_are_returned_in_utc(gateway) {
        let row = json!({ "id": 1, "code": "a", "generated_at": "2025-03-01T09:00:00+02:00",
            "expires_at": "2026-06-01T14:00:00+02:00" });
        import(&gateway, Kind::InviteCodes, &[row]).await;
        let response = gateway.get(Viewer::Anonymous, "/api/v2/invite_code/a/").await;
        assert_eq!(response.json["generated_at"], "2025-03-01T07:00:00Z");

        // It expires at noon, which is now. The bound is exclusive.
        let status = async || {
            let query = r#"{ inviteCode(code: "a") { status expiresAt } }"#;
            gateway.data(Viewer::Anonymous, query).await["inviteCode"].take()
        };
        let expired = json!({ "status": "EXPIRED", "expiresAt": "2026-06-01T12:00:00Z" });
        assert_eq!(status().await, expired);
        gateway.set_now(at("2026-06-01T11:59:59.999999Z"));
        assert_eq!(status().await["status"], "PENDING");
    }

    async fn deleted_users_are_null(gateway) {
        import(&gateway, Kind::InviteCodes, &[minified(USED).0]).await;
        for id in [7, 8] {
            let deleted = json!({ "id": id, "username": format!("user{id}"), "full_name": "",
                "deleted_at": "2026-05-01T00:00:00Z" });
            import(&gateway, Kind::Users, &[deleted]).await;
        }
        let mut expected = minified(USED).0;
        for name in ["invited_by", "invited_by_username", "user"] {
            expected[name].take();
        }
        let response = gateway.get(Viewer::Anonymous, "/api/v2/invite_code/AbC-123/").await;
        assert_eq!(response.json, expected);
    }

    async fn an_unknown_code_is_not_found(gateway) {
        import(&gateway, Kind::InviteCodes, &[minified(USED).0]).await;
        let long = "x".repeat(5_000);
        let paths = [
            "UNKNOWN", "abc-123", "AbC-123%20x", "AbC%20-123", "AbC", "%00", "AbC-123%00", "%FF",
            "%FF%FE", "%zz", "%2F", "..", "%2e%2e", "'%20OR%20'1'='1", &long,
        ]
        .map(|code| format!("/api/v2/invite_code/{code}/"));
        is_missed(&gateway, &paths).await;
    }
}
