//! Values that sources lack: the expiry of workspace invites that never expire, and the creators of courses.

use entity::{course, workspace_invite};
use invite_gateway::import::{Kind, Options};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, at, data, each_database, invite_id};

const OWNER: i64 = 1;
const GRACE: i64 = 2;

/// Adds a workspace with invites: 1 never expires, 2 does later, 3 has expired.
async fn fill(gateway: &Gateway) {
    gateway
        .add_all([data::user(OWNER, "ada"), data::user(GRACE, "grace")])
        .await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_member(1, OWNER, "owner")).await;
    for (id, expires_at) in [(1, None), (2, Some(data::later())), (3, Some(data::made()))] {
        let invite = workspace_invite::Model {
            email: format!("grace{id}@example.com"),
            email_norm: format!("grace{id}@example.com"),
            expires_at,
            ..data::workspace_invite(id, 1)
        };
        gateway.add(invite).await;
    }
}

async fn ids(gateway: &Gateway, arguments: &str) -> Value {
    let document = format!(
        "{{ workspace(id: 1) {{ invites({arguments}) {{ totalCount nodes {{ databaseId }} }} }} }}"
    );
    let data = gateway.data(Viewer::User(OWNER), &document).await;
    let list = &data["workspace"]["invites"];
    let nodes = list["nodes"].as_array().expect("nodes");
    assert_eq!(list["totalCount"], nodes.len(), "{arguments}");
    nodes
        .iter()
        .map(|node| node["databaseId"].clone())
        .collect()
}

async fn expiry(gateway: &Gateway, id: i64) -> Option<chrono::DateTime<chrono::Utc>> {
    let row = workspace_invite::Entity::find_by_id(id)
        .one(&gateway.database)
        .await;
    row.expect("rows").expect("an invite").expires_at
}

each_database! {
    async fn an_invite_without_an_expiry_never_expires(gateway) {
        fill(&gateway).await;
        gateway.set_now(at("2500-01-01T00:00:00Z"));
        assert_eq!(ids(&gateway, "filter: { status: [PENDING] }").await, json!(["1"]));
        gateway.set_now(at("2026-06-01T12:00:00Z"));
        for (arguments, expected) in [
            ("filter: { status: [PENDING] }, orderBy: { field: EXPIRES_AT, direction: ASC }", json!(["2", "1"])),
            ("filter: { status: [EXPIRED] }", json!(["3"])),
            ("orderBy: { field: EXPIRES_AT, direction: ASC }", json!(["3", "2", "1"])),
            ("orderBy: { field: EXPIRES_AT, direction: DESC }", json!(["1", "2", "3"])),
            ("filter: { expiresAt: { from: \"2020-01-01T00:00:00Z\" } }, orderBy: { field: EXPIRES_AT, direction: ASC }", json!(["3", "2"])),
        ] {
            assert_eq!(ids(&gateway, arguments).await, expected, "{arguments}");
        }
        // Each page continues where the last one ended.
        let mut after = json!(null);
        for expected in ["1", "2", "3"] {
            let document = format!("{{ workspace(id: 1) {{ invites(first: 1, after: {after}, orderBy: {{ field: EXPIRES_AT, direction: DESC }}) {{
                edges {{ cursor node {{ databaseId expiresAt }} }} }} }} }}");
            let data = gateway.data(Viewer::User(OWNER), &document).await;
            let edge = &data["workspace"]["invites"]["edges"][0];
            assert_eq!(edge["node"]["databaseId"], expected);
            assert_eq!(edge["node"]["expiresAt"].is_null(), expected == "1");
            after = edge["cursor"].clone();
        }
        let counts = gateway.data(Viewer::User(OWNER), "{ workspace(id: 1) { inviteCounts { pending expired } } }").await;
        assert_eq!(counts["workspace"]["inviteCounts"], json!({ "pending": 2, "expired": 1 }));
        let rest = gateway.get(Viewer::Anonymous, &format!("/api/v1/invites/{}/", data::token(1))).await.json;
        assert_eq!((&rest["expires_at"], &rest["is_expired"], &rest["status"]), (&json!(null), &json!(false), &json!("pending")));
    }

    async fn commands_leave_it_without_an_expiry(gateway) {
        fill(&gateway).await;
        let invite = |id: i64| invite_id("WorkspaceInvite", 1, id);
        let resend = format!("mutation {{ resendInvites(input: {{ ids: [\"{}\", \"{}\"] }}) {{ results {{ userErrors {{ code }} }} }} }}",
            invite(1), invite(3));
        let data = gateway.data(Viewer::User(OWNER), &resend).await;
        assert_eq!(data["resendInvites"]["results"], json!([{ "userErrors": [] }, { "userErrors": [] }]));
        assert_eq!(expiry(&gateway, 1).await, None);
        assert!(expiry(&gateway, 3).await.is_some(), "renewed");
        let create = "mutation { createWorkspaceInvites(input: { workspace: \"1\", invitees: [{ email: \"grace1@example.com\" }, { email: \"new@x.io\" }] }) {
            results { invite { databaseId expiresAt } userErrors { code } } } }";
        let data = gateway.data(Viewer::User(OWNER), create).await;
        let results = &data["createWorkspaceInvites"]["results"];
        assert_eq!(results[0], json!({ "invite": { "databaseId": "1", "expiresAt": null }, "userErrors": [{ "code": "ALREADY_INVITED" }] }));
        assert_eq!(results[1]["invite"]["expiresAt"], "2026-06-08T12:00:00Z");
        let invitee = entity::user::Model { email_norm: "grace1@example.com".to_owned(), ..data::user(3, "grace1") };
        gateway.add(invitee).await;
        let accept = format!("mutation {{ acceptInvite(input: {{ token: \"{}\" }}) {{ invite {{ status expiresAt }} userErrors {{ code }} }} }}", data::token(1));
        let data = gateway.data(Viewer::User(3), &accept).await;
        assert_eq!(data["acceptInvite"], json!({ "invite": { "status": "ACCEPTED", "expiresAt": null }, "userErrors": [] }));
    }

    async fn it_is_resent_beside_another_to_its_address(gateway) {
        fill(&gateway).await;
        let copy = |id: i64, expires_at| workspace_invite::Model {
            email: "grace1@example.com".to_owned(),
            email_norm: "grace1@example.com".to_owned(),
            expires_at,
            ..data::workspace_invite(id, 1)
        };
        gateway.add_all([copy(4, None), copy(5, Some(data::made()))]).await;
        let ids: Vec<_> = [1, 4, 5].map(|id| invite_id("WorkspaceInvite", 1, id)).into();
        let document = format!("mutation {{ resendInvites(input: {{ ids: {} }}) {{ results {{ userErrors {{ code }} }} }} }}", json!(ids));
        let data = gateway.data(Viewer::User(OWNER), &document).await;
        assert_eq!(data["resendInvites"]["results"], json!([{ "userErrors": [] }, { "userErrors": [] },
            { "userErrors": [{ "code": "ALREADY_INVITED" }] }]));
        assert_eq!(expiry(&gateway, 4).await, None);
    }

    async fn files_may_lack_the_expiry(gateway) {
        gateway.add(data::workspace(1)).await;
        let row = |token: i64, expires_at: Value| json!({ "token": data::token(token), "email": "eve@x.io",
            "workspace_id": 1, "status": "pending", "expires_at": expires_at });
        let mut without = row(2, json!(null));
        without.as_object_mut().expect("a row").remove("expires_at");
        let later = json!("2099-01-01T00:00:00Z");
        // An invite that is new without the field never expires, which the import notes.
        let note = "2 new invites have no `expires_at`, and never expire".to_owned();
        for (rows, notes) in [(vec![row(1, json!(null)), without.clone(), row(3, later.clone())], vec![note]),
            // A file that states it needs no note.
            (vec![row(4, json!(null))], vec![]),
            // A row without the field keeps the stored value, and null replaces it.
            (vec![row(1, later.clone()), row(3, json!(null)), without], vec![])] {
            let (_, reported) = gateway.import_with(Kind::WorkspaceInvites, &rows, Options::default()).await;
            assert_eq!((reported.rejections, reported.notes), (vec![], notes));
        }
        let first = 1_000_000_000_000;
        let found = [expiry(&gateway, first).await, expiry(&gateway, first + 1).await, expiry(&gateway, first + 2).await];
        assert_eq!(found, [Some(data::later()), None, None]);
    }

    async fn a_course_without_a_creator_is_managed_by_its_managers(gateway) {
        gateway.add_all([data::user(OWNER, "ada"), data::user(GRACE, "grace")]).await;
        let row = |creator: Value| json!({ "id": 1, "slug": "rust", "name": "Rust", "privacy": "open", "created_by": creator });
        for (creator, stored) in [(json!(null), None), (json!(OWNER), Some(OWNER)), (json!(null), None)] {
            let (_, rejected) = gateway.import(Kind::Courses, &[row(creator)]).await;
            assert!(rejected.is_empty(), "{rejected:?}");
            let course = course::Entity::find_by_id(1).one(&gateway.database).await.expect("rows");
            assert_eq!(course.expect("a course").created_by_id, stored);
        }
        gateway.add(data::course_member(1, GRACE, "manager")).await;
        let document = "{ course(id: \"rust\") { createdBy { id } viewerCanInvite inviteCounts { pending } } viewer { courses { totalCount } } }";
        let own = gateway.data(Viewer::User(OWNER), document).await;
        assert_eq!(own, json!({ "course": { "createdBy": null, "viewerCanInvite": false, "inviteCounts": null },
            "viewer": { "courses": { "totalCount": 0 } } }));
        let managed = gateway.data(Viewer::User(GRACE), document).await;
        assert_eq!(managed["course"], json!({ "createdBy": null, "viewerCanInvite": true, "inviteCounts": { "pending": 0 } }));
        assert_eq!(managed["viewer"]["courses"]["totalCount"], 1);
        assert_eq!(gateway.get(Viewer::User(GRACE), "/api/v2/course/1/invite/").await.json["count"], 0);
        assert_eq!(gateway.get(Viewer::User(OWNER), "/api/v2/course/1/invite/").await.status, 403);
    }
}
