//! Numbers of invites by status: one statement over an index, for managers alone.

use chrono::{DateTime, Duration, Utc};
use entity::{course_invite, user, workspace_invite, workspace_invite::StoredStatus};
use serde_json::json;

use crate::support::{Gateway, Viewer, at, data, each_database};

const MANAGER: i64 = 1;
const MEMBER: i64 = 2;
const STAFF: i64 = 3;

const COUNTS: &str = "inviteCounts { pending accepted cancelled expired declined }";

fn expiry() -> DateTime<Utc> {
    at("2026-06-01T12:00:00Z")
}

async fn with_people(gateway: &Gateway) {
    for (id, name) in [(MANAGER, "ada"), (MEMBER, "mia"), (STAFF, "sam")] {
        gateway.add(data::user(id, name)).await;
    }
}

async fn with_workspaces(gateway: &Gateway) {
    with_people(gateway).await;
    for id in 1..=3 {
        gateway.add(data::workspace(id)).await;
        gateway
            .add_all([
                data::workspace_member(id, MANAGER, "admin"),
                data::workspace_member(id, MEMBER, "member"),
            ])
            .await;
    }
    let invite = |id, status, declined_at| workspace_invite::Model {
        status,
        declined_at,
        expires_at: Some(expiry()),
        ..data::workspace_invite(id, 1)
    };
    gateway
        .add_all([
            invite(1, StoredStatus::Pending, None),
            invite(2, StoredStatus::Pending, None),
            invite(3, StoredStatus::Accepted, None),
            invite(4, StoredStatus::Cancelled, None),
            invite(5, StoredStatus::Cancelled, Some(data::made())),
            invite(6, StoredStatus::Expired, None),
            data::workspace_invite(7, 2),
        ])
        .await;
    gateway.set_now(expiry() - Duration::seconds(1));
}

each_database! {
    async fn a_workspaces_invites_are_counted_by_effective_status(gateway) {
        with_workspaces(&gateway).await;
        let document = format!("{{ workspace(id: 1) {{ {COUNTS} }} }}");
        let data = gateway.data(Viewer::User(MANAGER), &document).await;
        assert_eq!(data["workspace"]["inviteCounts"], json!({
            "pending": 2, "accepted": 1, "cancelled": 1, "expired": 1, "declined": 1,
        }));
        gateway.set_now(expiry());
        let data = gateway.data(Viewer::User(MANAGER), &document).await;
        assert_eq!(data["workspace"]["inviteCounts"], json!({
            "pending": 0, "accepted": 1, "cancelled": 1, "expired": 3, "declined": 1,
        }));
    }

    async fn a_courses_invites_are_counted_by_effective_status(gateway) {
        with_people(&gateway).await;
        gateway.add_all((11..=16).map(|id| data::user(id, &format!("user{id}")))).await;
        gateway.add(data::course(1, "rust", MANAGER)).await;
        let past = Some(data::made());
        let invite = |id| data::course_invite(id, 1, id);
        gateway.add_all([
            invite(11),
            course_invite::Model { accepted_at: past, ..invite(12) },
            course_invite::Model { cancelled_at: past, ..invite(13) },
            course_invite::Model { cancelled_at: past, declined_at: past, ..invite(14) },
            // Joined by another way.
            invite(15),
        ]).await;
        gateway.add(data::course_member(1, 15, "joined")).await;
        gateway.add(user::Model { deleted_at: past, ..data::user(20, "gone") }).await;
        gateway.add(invite(20)).await;
        let document = format!("{{ course(id: 1) {{ {COUNTS} }} }}");
        for viewer in [Viewer::User(MANAGER), Viewer::Staff(STAFF)] {
            let data = gateway.data(viewer, &document).await;
            assert_eq!(data["course"]["inviteCounts"], json!({
                "pending": 1, "accepted": 2, "cancelled": 1, "expired": 0, "declined": 1,
            }));
        }
    }

    async fn only_managers_and_staff_see_the_numbers(gateway) {
        with_workspaces(&gateway).await;
        gateway.add(data::course(1, "rust", STAFF)).await;
        gateway.add(data::course_member(1, MEMBER, "joined")).await;
        let document = format!("{{ workspace(id: 1) {{ {COUNTS} }} course(id: 1) {{ {COUNTS} }} }}");
        let data = gateway.data(Viewer::User(MEMBER), &document).await;
        assert_eq!(data, json!({ "workspace": { "inviteCounts": null }, "course": { "inviteCounts": null } }));
    }

    async fn the_numbers_of_several_workspaces_are_one_statement(gateway) {
        with_workspaces(&gateway).await;
        let document = |fields: &str| {
            format!("{{ viewer {{ workspaces {{ nodes {{ name {fields} }} }} }} }}")
        };
        let viewer = Viewer::User(MANAGER);
        let (without, _) = gateway.counted(gateway.data(viewer, &document("viewerRole"))).await;
        let (with, data) = gateway.counted(gateway.data(viewer, &document(&format!("viewerRole {COUNTS}")))).await;
        assert_eq!(with, without + 1, "{:#?}", gateway.statement_texts().await);
        let pending = |at: usize| &data["viewer"]["workspaces"]["nodes"][at]["inviteCounts"]["pending"];
        assert_eq!((pending(0), pending(1), pending(2)), (&json!(2), &json!(1), &json!(0)));
    }
}
