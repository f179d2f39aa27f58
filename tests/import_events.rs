//! Imports with `--events`: the histories of the invites that an import creates or changes.

use entity::invite_event;
use invite_gateway::import::{Kind, Options, Replacement, Scope};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, invite_id, tables};

const MADE: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2099-01-01T00:00:00Z";

fn with_events() -> Options {
    Options {
        events: true,
        ..Options::default()
    }
}

/// Imports rows with events. Returns the new ones: type, invite, target and changed fields.
async fn events(gateway: &Gateway, kind: Kind, rows: &[Value]) -> Vec<String> {
    events_with(gateway, kind, rows, with_events()).await
}

async fn events_with(
    gateway: &Gateway,
    kind: Kind,
    rows: &[Value],
    options: Options,
) -> Vec<String> {
    let before = all_events(gateway).await.len();
    let (_, reported) = gateway.import_with(kind, rows, options).await;
    assert_eq!(reported.rejections, []);
    let rows = all_events(gateway).await.split_off(before);
    rows.iter()
        .map(|row| {
            assert_eq!(row.actor_id, None);
            let target = row
                .target_id
                .map_or_else(String::new, |id| format!(" of {id}"));
            let changed = row
                .changed
                .as_deref()
                .map_or_else(String::new, |names| format!(": {names}"));
            format!("{} {}{target}{changed}", row.event_type, row.invite_id)
        })
        .collect()
}

async fn all_events(gateway: &Gateway) -> Vec<invite_event::Model> {
    let events = invite_event::Entity::find().order_by_asc(invite_event::Column::Id);
    events.all(&gateway.database).await.expect("events")
}

fn code(id: i64) -> Value {
    json!({ "id": id, "code": format!("CODE-{id}"), "generated_at": MADE })
}

fn workspace_invite(id: i64, status: &str) -> Value {
    json!({ "id": id, "token": data::token(id), "email": format!("p{id}@x.io"), "workspace_id": 1,
        "status": status, "expires_at": LATER, "created_at": MADE })
}

/// Returns a row with other values.
fn with(mut row: Value, other: Value) -> Value {
    let (Some(row_members), Value::Object(other)) = (row.as_object_mut(), other) else {
        panic!("an object");
    };
    row_members.extend(other);
    row
}

each_database! {
    async fn an_import_without_the_option_appends_no_event(gateway) {
        gateway.add(data::workspace(1)).await;
        gateway.import(Kind::WorkspaceInvites, &[workspace_invite(1, "pending")]).await;
        gateway.import(Kind::WorkspaceInvites, &[workspace_invite(1, "accepted")]).await;
        assert_eq!(all_events(&gateway).await.len(), 0);
    }

    async fn new_invites_and_changes_of_state_are_events(gateway) {
        gateway.add(data::workspace(1)).await;
        let statuses = ["pending", "accepted", "cancelled", "expired"];
        let rows: Vec<_> = (1..).zip(statuses).map(|(id, status)| workspace_invite(id, status)).collect();
        let new = events(&gateway, Kind::WorkspaceInvites, &rows).await;
        assert_eq!(new, ["created 1 of 1", "created 2 of 1", "accepted 2 of 1", "created 3 of 1",
            "cancelled 3 of 1", "created 4 of 1"]);
        assert_eq!(events(&gateway, Kind::WorkspaceInvites, &rows).await, Vec::<String>::new(), "unchanged");

        let declined = with(workspace_invite(4, "cancelled"), json!({ "declined_at": MADE }));
        let rows = [workspace_invite(1, "accepted"), workspace_invite(3, "pending"), declined];
        let changed = events(&gateway, Kind::WorkspaceInvites, &rows).await;
        assert_eq!(changed, ["accepted 1 of 1", "created 3 of 1", "declined 4 of 1"]);

        let withdrawn = events(&gateway, Kind::WorkspaceInvites, &[json!({ "id": 3, "deleted": true })]).await;
        assert_eq!(withdrawn, ["cancelled 3 of 1"]);
        let again = events(&gateway, Kind::WorkspaceInvites, &[json!({ "id": 3, "deleted": true })]).await;
        assert_eq!(again, Vec::<String>::new());
    }

    async fn updates_name_their_fields_and_further_tokens_are_resent_invites(gateway) {
        gateway.add(data::workspace(1)).await;
        gateway.import(Kind::WorkspaceInvites, &[workspace_invite(1, "pending")]).await;
        let updated = with(workspace_invite(1, "pending"),
            json!({ "role": "admin", "message": "Hi", "expires_at": "2098-01-01T00:00:00Z" }));
        let changed = events(&gateway, Kind::WorkspaceInvites, std::slice::from_ref(&updated)).await;
        assert_eq!(changed, ["updated 1 of 1: role,expiresAt,message"]);

        let further = with(updated.clone(), json!({ "token": data::token(9) }));
        assert_eq!(events(&gateway, Kind::WorkspaceInvites, std::slice::from_ref(&further)).await, ["resent 1 of 1"]);
        assert_eq!(events(&gateway, Kind::WorkspaceInvites, &[further]).await, Vec::<String>::new());
        let sent = with(updated, json!({ "token": data::token(8), "last_sent_at": MADE }));
        assert_eq!(events(&gateway, Kind::WorkspaceInvites, &[sent]).await, ["resent 1 of 1"], "once");
    }

    async fn codes_links_and_course_invites_have_events_too(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::group(1, "studio")).await;
        gateway.add(data::course(1, "rust", 1)).await;
        gateway.add_all([data::tag(1, "beta"), data::tag(2, "staff")]).await;

        assert_eq!(events(&gateway, Kind::InviteCodes, &[with(code(1), json!({ "tag_ids": [1] }))]).await, ["created 1"]);
        let tagged = with(code(1), json!({ "tag_ids": [2], "name": "Eve" }));
        assert_eq!(events(&gateway, Kind::InviteCodes, &[tagged]).await, ["updated 1: name,tags"]);
        let tagged = with(code(1), json!({ "tag_ids": [], "used_at": MADE }));
        assert_eq!(events(&gateway, Kind::InviteCodes, &[tagged]).await, ["accepted 1", "updated 1: tags"]);

        let link = |code: &str| json!({ "id": 7, "group_id": 1, "code": code, "created_at": MADE, "updated_at": MADE });
        assert_eq!(events(&gateway, Kind::GroupInvites, &[link("one")]).await, ["created 7 of 1"]);
        assert_eq!(events(&gateway, Kind::GroupInvites, &[link("two")]).await, ["rotated 7 of 1"]);
        let off = json!({ "group_id": 1, "deleted": true });
        assert_eq!(events(&gateway, Kind::GroupInvites, &[off]).await, ["disabled 7 of 1"]);

        let invited = json!({ "id": 5, "course_id": 1, "user_id": 1 });
        assert_eq!(events(&gateway, Kind::CourseInvites, std::slice::from_ref(&invited)).await, ["created 5 of 1"]);
        let accepted = with(invited, json!({ "accepted_at": MADE }));
        assert_eq!(events(&gateway, Kind::CourseInvites, &[accepted]).await, ["accepted 5 of 1"]);
        let member = json!({ "course_id": 1, "user_id": 1, "role": "creator" });
        assert_eq!(events(&gateway, Kind::CourseMembers, &[member]).await, Vec::<String>::new());
    }

    async fn a_replaced_list_cancels_its_invites_also_those_that_an_import_recorded(gateway) {
        gateway.add_all([data::user(1, "ada"), data::user(2, "bob")]).await;
        gateway.add(data::course(1, "rust", 1)).await;
        // Without an instant of creation, the invite has that of its event.
        let invited = |user: i64| json!({ "course_id": 1, "user_id": user });
        let created = events(&gateway, Kind::CourseInvites, &[invited(1), invited(2)]).await;
        assert_eq!(created.len(), 2);
        let replacement = Replacement { scope: Scope::Course, max_withdrawn: Default::default() };
        let options = Options { replace: Some(replacement), ..with_events() };
        let withdrawn = events_with(&gateway, Kind::CourseInvites, &[invited(1)], options.clone()).await;
        assert_eq!(withdrawn.len(), 1);
        assert!(withdrawn[0].starts_with("cancelled "), "{withdrawn:?}");
        let restored = events_with(&gateway, Kind::CourseInvites, &[invited(1), invited(2)], options).await;
        assert_eq!(restored.len(), 1);
        assert!(restored[0].starts_with("created "), "{restored:?}");
    }

    async fn rejected_rows_and_dry_runs_append_no_event(gateway) {
        let rows = [code(1), with(code(2), json!({ "code": "CODE-1" }))];
        let (_, reported) = gateway.import_with(Kind::InviteCodes, &rows, with_events()).await;
        assert_eq!(reported.rejections.len(), 1);
        assert_eq!(all_events(&gateway).await.len(), 1);
        let before = tables::dump(&gateway.database).await;
        let options = Options { dry_run: true, ..with_events() };
        gateway.import_with(Kind::InviteCodes, &[code(3)], options).await;
        assert_eq!(tables::dump(&gateway.database).await, before);
    }

    async fn the_history_of_an_invite_has_the_events_of_imports(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 1, "admin")).await;
        events(&gateway, Kind::WorkspaceInvites, &[workspace_invite(1, "pending")]).await;
        let update = with(workspace_invite(1, "accepted"), json!({ "message": "Hi" }));
        events(&gateway, Kind::WorkspaceInvites, &[update]).await;
        let document = format!("{{ node(id: \"{}\") {{ ... on Invite {{ history {{ nodes {{ type changedFields
            actor {{ username }} }} }} }} }} }}", invite_id("WorkspaceInvite", 1, 1));
        let found = gateway.data(Viewer::User(1), &document).await;
        let event = |what: &str, changed: &[&str]| json!({ "type": what, "changedFields": changed, "actor": null });
        assert_eq!(found["node"]["history"]["nodes"],
            json!([event("ACCEPTED", &[]), event("UPDATED", &["message"]), event("CREATED", &[])]));
    }

    async fn without_the_option_an_import_has_no_further_statements(gateway) {
        gateway.add(data::workspace(1)).await;
        let rows: Vec<_> = (1..=50).map(|id| workspace_invite(id, "pending")).collect();
        let import = |options| gateway.import_with(Kind::WorkspaceInvites, &rows, options);
        let (first, _) = gateway.counted(import(Options::default())).await;
        let (again, _) = gateway.counted(import(Options::default())).await;
        let (with_events, _) = gateway.counted(import(with_events())).await;
        // A repeated import has no event to append, and reads the old rows in a statement that it has anyway.
        assert!(again <= first, "{again} {first}");
        assert_eq!(with_events, again);
    }
}
