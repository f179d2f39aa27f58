//! Derived status around expiry: fields, filters and totals agree.

use chrono::{DateTime, Duration, Utc};
use entity::workspace_invite::StoredStatus;
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, at, data, each_database, invite_id};

const ALL: [&str; 4] = ["PENDING", "ACCEPTED", "CANCELLED", "EXPIRED"];

fn edge() -> DateTime<Utc> {
    at("2026-06-01T12:00:00.000001Z")
}

/// Returns the ids of the list `field` by status, and the totals, for each status filter.
async fn ids_by_status(gateway: &Gateway, field: &str) -> Value {
    let mut ids_by_status = json!({});
    for status in ALL {
        let document = format!(
            "{{ {field}(filter: {{ status: [{status}] }}) {{ totalCount nodes {{ databaseId status isExpired }} }} }}"
        );
        let data = gateway.data(Viewer::Staff(1), &document).await;
        let nodes = data[field]["nodes"].as_array().expect("nodes");
        assert_eq!(data[field]["totalCount"], nodes.len(), "{status}");
        for node in nodes {
            assert_eq!(node["status"], status, "{node}");
            assert_eq!(node["isExpired"], status == "EXPIRED", "{node}");
        }
        let mut ids: Vec<_> = nodes
            .iter()
            .map(|node| node["databaseId"].as_str().expect("an id"))
            .collect();
        ids.sort_unstable();
        ids_by_status[status] = json!(ids);
    }
    ids_by_status
}

each_database! {
    async fn a_pending_workspace_invite_expires_at_its_instant(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(entity::workspace_invite::Model {
            expires_at: Some(edge()),
            ..data::workspace_invite(1, 1)
        }).await;
        for (id, status) in [
            (2, StoredStatus::Accepted),
            (3, StoredStatus::Cancelled),
            (4, StoredStatus::Expired),
        ] {
            // Long past their expiry, settled invites keep their status.
            gateway.add(entity::workspace_invite::Model {
                status,
                expires_at: Some(data::made()),
                ..data::workspace_invite(id, 1)
            }).await;
        }
        gateway.set_now(edge() - Duration::microseconds(1));
        assert_eq!(ids_by_status(&gateway, "workspaceInvites").await, json!({
            "PENDING": ["1"], "ACCEPTED": ["2"], "CANCELLED": ["3"], "EXPIRED": ["4"],
        }));
        gateway.set_now(edge());
        assert_eq!(ids_by_status(&gateway, "workspaceInvites").await, json!({
            "PENDING": [], "ACCEPTED": ["2"], "CANCELLED": ["3"], "EXPIRED": ["1", "4"],
        }));
        let path = format!("/api/v1/invites/{}/", data::token(1));
        let rest = gateway.get(Viewer::Anonymous, &path).await.json;
        assert_eq!((&rest["status"], &rest["is_expired"]), (&json!("expired"), &json!(true)));
    }

    async fn an_invite_codes_status_follows_from_its_instants(gateway) {
        gateway.add(data::user(1, "staff")).await;
        let code = |id: i64| data::invite_code(id, &format!("CODE-{id}"));
        let past = Some(data::made());
        gateway.add(code(1)).await;
        gateway.add(entity::invite_code::Model { expires_at: Some(edge()), ..code(2) }).await;
        gateway.add(entity::invite_code::Model { used_at: past, expires_at: past, ..code(3) }).await;
        gateway.add(entity::invite_code::Model { cancelled_at: past, expires_at: past, ..code(4) }).await;
        gateway.add(entity::invite_code::Model { used_at: past, cancelled_at: past, ..code(5) }).await;

        gateway.set_now(edge() - Duration::microseconds(1));
        assert_eq!(ids_by_status(&gateway, "inviteCodes").await, json!({
            "PENDING": ["1", "2"], "ACCEPTED": ["3", "5"], "CANCELLED": ["4"], "EXPIRED": [],
        }));
        gateway.set_now(edge());
        assert_eq!(ids_by_status(&gateway, "inviteCodes").await, json!({
            "PENDING": ["1"], "ACCEPTED": ["3", "5"], "CANCELLED": ["4"], "EXPIRED": ["2"],
        }));
    }

    async fn members_of_a_course_are_not_invitees(gateway) {
        gateway.add_all((1..=5).map(|id| data::user(id, &format!("user{id}")))).await;
        gateway.add(data::course(1, "course", 1)).await;
        gateway.add(data::course_invite(2, 1, 2)).await;
        gateway.add(entity::course_invite::Model {
            accepted_at: Some(data::made()),
            ..data::course_invite(3, 1, 3)
        }).await;
        gateway.add(entity::course_invite::Model {
            cancelled_at: Some(data::made()),
            ..data::course_invite(4, 1, 4)
        }).await;
        gateway.add(data::course_invite(5, 1, 5)).await;
        gateway.add(data::course_member(1, 5, "joined")).await;

        let data = gateway.data(Viewer::User(1), r#"{
            course(id: 1) { invitees { totalCount nodes { username } } }
        }"#).await;
        assert_eq!(data["course"]["invitees"], json!({ "totalCount": 1, "nodes": [{ "username": "user2" }] }));
        for (viewer, status) in [(2, "PENDING"), (3, "ACCEPTED"), (4, "CANCELLED"), (5, "ACCEPTED")] {
            let id = invite_id("CourseInvite", 1, viewer);
            let document = format!(r#"{{ node(id: "{id}") {{ ... on CourseInvite {{ status }} }} }}"#);
            let data = gateway.data(Viewer::User(viewer), &document).await;
            assert_eq!(data["node"]["status"], status, "invite {viewer}");
        }
    }

    async fn filters_and_totals_add_up_at_every_instant(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add_all((1..=3).map(|id| entity::workspace_invite::Model {
            expires_at: Some(at("2026-06-01T12:00:00Z") + Duration::seconds(id)),
            ..data::workspace_invite(id, 1)
        })).await;
        let document = "{
            pending: workspaceInvites(filter: { status: [PENDING] }) { totalCount }
            expired: workspaceInvites(filter: { status: [EXPIRED] }) { totalCount }
            all: workspaceInvites { nodes { status } }
        }";
        for seconds in 0..5 {
            gateway.set_now(at("2026-06-01T12:00:00Z") + Duration::seconds(seconds));
            let data = gateway.data(Viewer::Staff(1), document).await;
            let expired = seconds.min(3);
            assert_eq!(data["expired"]["totalCount"], expired);
            assert_eq!(data["pending"]["totalCount"], 3 - expired);
        }
    }
}
