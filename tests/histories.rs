//! The history of an invite: its events, for those who manage it and its inviter alone.

use entity::{invite_event, user};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, invite_id};

/// Admin of workspace 1; a member; the invitee of its invite 1; a stranger; staff; an admin who left.
const ADMIN: i64 = 1;
const MEMBER: i64 = 2;
const INVITEE: i64 = 3;
const STRANGER: i64 = 4;
const STAFF: i64 = 5;

async fn fill(gateway: &Gateway) {
    for (id, name) in [
        (ADMIN, "ada"),
        (MEMBER, "mia"),
        (STRANGER, "sid"),
        (STAFF, "sam"),
    ] {
        gateway.add(data::user(id, name)).await;
    }
    gateway
        .add(user::Model {
            email: "invitee1@example.org".to_owned(),
            email_norm: "invitee1@example.org".to_owned(),
            ..data::user(INVITEE, "ivy")
        })
        .await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add_all([
            data::workspace_member(1, ADMIN, "admin"),
            data::workspace_member(1, MEMBER, "member"),
        ])
        .await;
    gateway.add(data::workspace_invite(1, 1)).await;
    gateway.add(data::group(1, "studio")).await;
    gateway.add(data::group_member(1, ADMIN, "manager")).await;
    gateway.add(data::course(1, "rust", ADMIN)).await;
}

async fn mutate(gateway: &Gateway, viewer: Viewer<'_>, field: &str, input: &str) -> Value {
    let document =
        format!("mutation {{ {field}(input: {input}) {{ userErrors {{ code field }} }} }}");
    let mut data = gateway.data(viewer, &document).await;
    assert_eq!(data[field]["userErrors"], json!([]), "{field}");
    data[field].take()
}

const EVENTS: &str = "history { totalCount nodes { id type at changedFields actor { username }
    invite { id __typename } } }";

/// Returns the history of an invite.
async fn history(gateway: &Gateway, viewer: Viewer<'_>, id: &str) -> Value {
    let document = format!("{{ node(id: \"{id}\") {{ ... on Invite {{ {EVENTS} }} }} }}");
    let mut data = gateway.data(viewer, &document).await;
    data["node"]["history"].take()
}

fn types(history: &Value) -> Vec<&str> {
    let nodes = history["nodes"].as_array().expect("events");
    nodes
        .iter()
        .map(|event| event["type"].as_str().expect("a type"))
        .collect()
}

/// Changes invite 1 and resends it, and its invitee declines.
async fn change(gateway: &Gateway) -> String {
    let id = invite_id("WorkspaceInvite", 1, 1);
    let admin = Viewer::User(ADMIN);
    mutate(
        gateway,
        admin,
        "updateInvite",
        &format!("{{ id: \"{id}\", message: \"Hi\", role: \"guest\" }}"),
    )
    .await;
    mutate(
        gateway,
        admin,
        "resendInvites",
        &format!("{{ ids: [\"{id}\"] }}"),
    )
    .await;
    mutate(
        gateway,
        Viewer::User(INVITEE),
        "declineInvite",
        &format!("{{ id: \"{id}\" }}"),
    )
    .await;
    id
}

each_database! {
    async fn the_events_of_an_invite_are_listed_newest_first(gateway) {
        fill(&gateway).await;
        let id = change(&gateway).await;
        let listed = history(&gateway, Viewer::User(ADMIN), &id).await;
        assert_eq!(types(&listed), ["DECLINED", "RESENT", "UPDATED"]);
        assert_eq!(listed["totalCount"], 3);
        let updated = &listed["nodes"][2];
        assert_eq!(updated["changedFields"], json!(["role", "message"]));
        assert_eq!(updated["actor"]["username"], "ada");
        assert_eq!(updated["invite"], json!({ "id": id, "__typename": "WorkspaceInvite" }));
        assert_eq!(listed["nodes"][0]["actor"]["username"], "ivy");
        assert_eq!(listed["nodes"][0]["changedFields"], json!([]));
    }

    async fn every_kind_of_invite_has_its_history(gateway) {
        fill(&gateway).await;
        let staff = Viewer::Staff(STAFF);
        mutate(&gateway, staff, "createInviteCodes", "{ invitees: [{ name: \"Eve\" }] }").await;
        mutate(&gateway, staff, "createCourseInvites", &format!("{{ course: \"1\", users: [\"{MEMBER}\"] }}")).await;
        mutate(&gateway, staff, "enableGroupInvite", "{ group: \"1\" }").await;
        mutate(&gateway, staff, "rotateGroupInvite", "{ group: \"1\" }").await;
        let document = format!("{{ inviteCodes {{ nodes {{ {EVENTS} }} }}
            course(id: 1) {{ invitees {{ edges {{ invite {{ {EVENTS} }} }} }} }}
            group(id: \"1\") {{ invite {{ {EVENTS} }} }} }}");
        let data = gateway.data(staff, &document).await;
        assert_eq!(types(&data["inviteCodes"]["nodes"][0]["history"]), ["CREATED"]);
        assert_eq!(types(&data["course"]["invitees"]["edges"][0]["invite"]["history"]), ["CREATED"]);
        assert_eq!(types(&data["group"]["invite"]["history"]), ["ROTATED", "CREATED"]);
        // Codes, tokens and links are in no event.
        let rows = invite_event::Entity::find().order_by_asc(invite_event::Column::Id);
        let rows = rows.all(&gateway.database).await.expect("events");
        assert!(rows.iter().all(|row| row.changed.is_none()), "{rows:?}");
    }

    async fn managers_the_inviter_and_staff_read_it(gateway) {
        fill(&gateway).await;
        let id = change(&gateway).await;
        for (viewer, sees) in [
            (Viewer::User(ADMIN), true),
            (Viewer::Staff(STAFF), true),
            // The invitee sees the invite, and not who handled it.
            (Viewer::User(INVITEE), false),
        ] {
            let listed = history(&gateway, viewer, &id).await;
            assert_eq!(listed.is_object(), sees, "{listed:#}");
        }
        // By the token, too.
        let document = format!("{{ workspaceInvite(token: \"{}\") {{ email {EVENTS} }} }}", data::token(1));
        for (viewer, sees) in [
            (Viewer::Anonymous, false), (Viewer::User(STRANGER), false), (Viewer::User(MEMBER), false),
            (Viewer::User(ADMIN), true),
        ] {
            let data = gateway.data(viewer, &document).await;
            assert!(data["workspaceInvite"]["email"].is_string(), "{data:#}");
            assert_eq!(data["workspaceInvite"]["history"].is_object(), sees, "{data:#}");
        }
        // Who invited reads it after they left.
        gateway.add(entity::workspace_invite::Model {
            inviter_id: Some(STRANGER),
            ..data::workspace_invite(2, 1)
        }).await;
        mutate(&gateway, Viewer::User(ADMIN), "cancelInvites", &format!("{{ ids: [\"{}\"] }}", invite_id("WorkspaceInvite", 1, 2))).await;
        let listed = history(&gateway, Viewer::User(STRANGER), &invite_id("WorkspaceInvite", 1, 2)).await;
        assert_eq!(types(&listed), ["CANCELLED"]);
    }

    async fn an_event_is_a_node_for_the_readers_of_its_history(gateway) {
        fill(&gateway).await;
        let id = change(&gateway).await;
        let listed = history(&gateway, Viewer::User(ADMIN), &id).await;
        let event = listed["nodes"][0]["id"].as_str().expect("an id").to_owned();
        let document = |id: &str| format!("{{ node(id: \"{id}\") {{ __typename ... on InviteEvent {{ id type }} }} }}");
        let data = gateway.data(Viewer::User(ADMIN), &document(&event)).await;
        assert_eq!(data["node"], json!({ "__typename": "InviteEvent", "id": event, "type": "DECLINED" }));
        for viewer in [Viewer::Anonymous, Viewer::User(MEMBER), Viewer::User(INVITEE), Viewer::User(STRANGER)] {
            let data = gateway.data(viewer, &document(&event)).await;
            assert_eq!(data["node"], Value::Null);
        }
        // An absent event costs the statements of a hidden one.
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let absent = URL_SAFE_NO_PAD.encode("InviteEvent:01890000-0000-7000-8000-000000000000");
        let viewer = Viewer::User(STRANGER);
        let (hidden, _) = gateway.counted(gateway.data(viewer, &document(&event))).await;
        let (absent, data) = gateway.counted(gateway.data(viewer, &document(&absent))).await;
        assert_eq!(data["node"], Value::Null);
        assert_eq!(absent, hidden);
    }

    async fn a_history_is_paged(gateway) {
        fill(&gateway).await;
        let id = change(&gateway).await;
        let page = async |arguments: &str| {
            let document = format!("{{ node(id: \"{id}\") {{ ... on Invite {{ history({arguments}) {{
                pageInfo {{ hasNextPage hasPreviousPage endCursor startCursor }} nodes {{ type }} }} }} }} }}");
            let mut data = gateway.data(Viewer::User(ADMIN), &document).await;
            data["node"]["history"].take()
        };
        let first = page("first: 2").await;
        assert_eq!(types(&first), ["DECLINED", "RESENT"]);
        assert_eq!(first["pageInfo"]["hasNextPage"], true);
        let cursor = first["pageInfo"]["endCursor"].as_str().expect("a cursor");
        let second = page(&format!("first: 2, after: \"{cursor}\"")).await;
        assert_eq!(types(&second), ["UPDATED"]);
        assert_eq!((&second["pageInfo"]["hasNextPage"], &second["pageInfo"]["hasPreviousPage"]), (&json!(false), &json!(true)));
        assert_eq!(types(&page("last: 1").await), ["UPDATED"]);
    }

    async fn an_event_of_a_type_that_this_version_does_not_know_is_left_out(gateway) {
        fill(&gateway).await;
        let id = change(&gateway).await;
        gateway.add(invite_event::Model {
            id: uuid::Uuid::now_v7(),
            event_type: "forwarded".to_owned(),
            kind: "workspace_invite".to_owned(),
            invite_id: 1,
            target_id: Some(1),
            actor_id: None,
            at: data::made(),
            changed: None,
        }).await;
        let listed = history(&gateway, Viewer::User(ADMIN), &id).await;
        assert_eq!(types(&listed), ["DECLINED", "RESENT", "UPDATED"]);
        assert_eq!(listed["totalCount"], 3);
        let first = format!("{{ node(id: \"{id}\") {{ ... on Invite {{ history(first: 3) {{
            pageInfo {{ hasNextPage }} nodes {{ type }} }} }} }} }}");
        let data = gateway.data(Viewer::User(ADMIN), &first).await;
        assert_eq!(types(&data["node"]["history"]), ["DECLINED", "RESENT", "UPDATED"]);
        assert_eq!(data["node"]["history"]["pageInfo"]["hasNextPage"], false);
    }

    async fn the_histories_of_a_page_of_invites_are_one_statement(gateway) {
        fill(&gateway).await;
        gateway.add_all((2..=20).map(|id| data::workspace_invite(id, 1))).await;
        let ids: Vec<_> = (1..=20).map(|id| format!("\"{}\"", invite_id("WorkspaceInvite", 1, id))).collect();
        let cancelled = format!("{{ ids: [{}] }}", ids.join(", "));
        mutate(&gateway, Viewer::User(ADMIN), "cancelInvites", &cancelled).await;
        let document = |first: u32| format!("{{ workspace(id: 1) {{ invites(first: {first}) {{ nodes {{
            history(first: 3) {{ nodes {{ type actor {{ username }} }} }} }} }} }} }}");
        let (one, _) = gateway.counted(gateway.data(Viewer::User(ADMIN), &document(1))).await;
        let (twenty, data) = gateway.counted(gateway.data(Viewer::User(ADMIN), &document(20))).await;
        assert_eq!(twenty, one, "{:#?}", gateway.statement_texts().await);
        let nodes = data["workspace"]["invites"]["nodes"].as_array().expect("invites");
        assert_eq!(nodes.len(), 20);
        assert!(nodes.iter().all(|invite| types(&invite["history"]) == ["CANCELLED"]), "{data:#}");
    }
}
