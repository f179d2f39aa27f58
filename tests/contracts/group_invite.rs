//! `GET /v3/groups/{id}/invite`: a group's reusable code, for managers of the group.

use axum::http::StatusCode;
use invite_gateway::import::Kind;
use serde_json::{Value, json};

use super::{arena_error, has_code, import, is_exactly, is_not_found, is_refused, minified};
use crate::support::{Gateway, Viewer, data, each_database};

/// The contract's example, with links of this gateway.
const INVITE: &str = r#"{
    "id": 12345,
    "type": "GroupInvite",
    "code": "abc123xyz",
    "url": "https://www.are.na/group/research-studio/invite/abc123xyz",
    "created_at": "2023-01-15T10:30:00Z",
    "updated_at": "2023-01-16T10:30:00.125Z",
    "_links": {"self": {"href": "https://gateway.example/v3/groups/77/invite"}}
}"#;

const BY_ID: &str = "/v3/groups/77/invite";
const BY_SLUG: &str = "/v3/groups/research-studio/invite";

const OWNER: Viewer<'_> = Viewer::User(1);
const MANAGER: Viewer<'_> = Viewer::User(2);
const MEMBER: Viewer<'_> = Viewer::User(3);
const STRANGER: Viewer<'_> = Viewer::User(4);

/// Adds group 77 with its invite, group 78 without, and the deleted group 79, with members.
async fn fill(gateway: &Gateway) {
    let user = |id: i64| json!({ "id": id, "username": format!("user{id}"), "full_name": "" });
    import(gateway, Kind::Users, &[user(1), user(2), user(3), user(4)]).await;
    let mut row = minified(INVITE).0;
    row["group"] = json!({ "id": 77, "slug": "research-studio", "name": "Research Studio" });
    import(gateway, Kind::GroupInvites, &[row]).await;
    let group = json!({ "id": 78, "slug": "no-code", "name": "No code" });
    let deleted = json!({ "id": 79, "slug": "deleted", "name": "Deleted",
        "deleted_at": "2026-01-01T00:00:00Z" });
    import(gateway, Kind::Groups, &[group, deleted]).await;
    gateway.add(data::group_invite(79, 79, "gone")).await;
    let member = |group: i64, user: i64, role: &str| json!({ "group_id": group, "user_id": user, "role": role });
    let members = [
        member(77, 1, "owner"),
        member(77, 2, "manager"),
        member(77, 3, "member"),
        member(78, 1, "owner"),
        member(79, 1, "owner"),
    ];
    import(gateway, Kind::GroupMembers, &members).await;
}

fn not_found() -> Value {
    arena_error(
        404,
        "Not Found",
        "The resource you are looking for does not exist.",
    )
}

each_database! {
    async fn the_response_equals_the_imported_data(gateway) {
        fill(&gateway).await;
        let text = minified(INVITE).1;
        for viewer in [OWNER, MANAGER, Viewer::Staff(4)] {
            for path in [BY_ID, BY_SLUG] {
                is_exactly(&gateway.get(viewer, path).await, &text);
            }
        }
    }

    async fn its_link_leads_to_itself(gateway) {
        fill(&gateway).await;
        let response = gateway.get(OWNER, BY_SLUG).await;
        let href = response.json["_links"]["self"]["href"].as_str().expect("a URL");
        let path = href.strip_prefix("https://gateway.example").expect("the public URL");
        assert_eq!(gateway.get(OWNER, path).await.text, response.text);
    }

    async fn graphql_returns_the_same_values(gateway) {
        fill(&gateway).await;
        let query = r#"{ group(id: "research-studio") { databaseId slug name viewerRole invite {
            databaseId code url createdAt updatedAt status isExpired expiresAt acceptedAt role
            inviter { username } group { slug } target { ... on Group { name } }
        } } }"#;
        assert_eq!(gateway.data(MANAGER, query).await, json!({ "group": {
            "databaseId": "77",
            "slug": "research-studio",
            "name": "Research Studio",
            "viewerRole": "manager",
            "invite": {
                "databaseId": "12345",
                "code": "abc123xyz",
                "url": "https://www.are.na/group/research-studio/invite/abc123xyz",
                "createdAt": "2023-01-15T10:30:00Z",
                "updatedAt": "2023-01-16T10:30:00.125Z",
                "status": "PENDING",
                "isExpired": false,
                "expiresAt": null,
                "acceptedAt": null,
                "role": "member",
                "inviter": null,
                "group": { "slug": "research-studio" },
                "target": { "name": "Research Studio" },
            },
        } }));
    }

    async fn only_managers_of_the_group_are_allowed(gateway) {
        fill(&gateway).await;
        let sign_in = arena_error(401, "Unauthorized", "You must be signed in to access this resource.");
        let forbidden =
            arena_error(403, "Forbidden", "You do not have permission to access this resource.");
        // Authentication is checked before anything else.
        for id in ["77", "research-studio", "none", "79", "%00", "%FF"] {
            let path = format!("/v3/groups/{id}/invite");
            let (statements, response) = gateway.counted(gateway.get(Viewer::Anonymous, &path)).await;
            is_refused(&response, StatusCode::UNAUTHORIZED, &sign_in);
            assert_eq!(statements, 0, "{path}");
        }
        // Whether the group has a code is not told either.
        let no_code = gateway.get(STRANGER, "/v3/groups/78/invite").await;
        is_refused(&no_code, StatusCode::FORBIDDEN, &forbidden);
        let query = r#"{ group(id: "77") { name invite { code } } }"#;
        for viewer in [MEMBER, STRANGER] {
            for path in [BY_ID, BY_SLUG] {
                is_refused(&gateway.get(viewer, path).await, StatusCode::FORBIDDEN, &forbidden);
            }
            let response = gateway.graphql(viewer, query).await;
            has_code(&response, json!(["group", "invite"]), "FORBIDDEN");
            let group = json!({ "group": { "name": "Research Studio", "invite": null } });
            assert_eq!(response["data"], group);
        }
        let nothing = gateway.data(Viewer::Anonymous, query).await;
        assert_eq!(nothing, json!({ "group": null }));
    }

    async fn an_unknown_or_deleted_group_or_one_without_a_code_is_not_found(gateway) {
        fill(&gateway).await;
        let ids = [
            "99", "0", "unknown", "Research-Studio", "78", "79", "deleted", "%FF", "%00", "-77",
            "99999999999999999999",
        ];
        let paths = ids.map(|id| format!("/v3/groups/{id}/invite"));
        is_not_found(&gateway, OWNER, &paths, &not_found()).await;
        let query = r#"{ group(id: "78") { invite { code } } }"#;
        let data = gateway.data(OWNER, query).await;
        assert_eq!(data, json!({ "group": { "invite": null } }));
    }

    async fn a_path_of_digits_is_an_id_and_never_a_slug(gateway) {
        fill(&gateway).await;
        let huge = "99999999999999999999";
        for (id, slug) in [(80, "77"), (81, "2024"), (82, huge)] {
            gateway.add(data::group(id, slug)).await;
            gateway.add(data::group_member(id, 1, "owner")).await;
        }
        gateway.add_all([78, 80, 81, 82].map(|id| {
            data::group_invite(id, id, &format!("code-{id}"))
        })).await;
        for (path, id) in [("77", 12_345), ("80", 80), ("no-code", 78), ("78", 78)] {
            let response = gateway.get(OWNER, &format!("/v3/groups/{path}/invite")).await;
            assert_eq!(response.json["id"], id, "{path}");
        }
        let paths = ["2024", huge].map(|slug| format!("/v3/groups/{slug}/invite"));
        is_not_found(&gateway, OWNER, &paths, &not_found()).await;
    }
}
