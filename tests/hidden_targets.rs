//! Targets that a viewer may not see: through a settled invite, by a slug that looks like an id,
//! and by the number of statements of a look-up.

use chrono::TimeDelta;
use entity::{
    course::{self, CoursePrivacy},
    course_invite, workspace_invite,
    workspace_invite::StoredStatus,
};
use invite_gateway::import::Kind;
use serde_json::{Value, json};

use crate::support::{Gateway, NOW, Viewer, at, data, each_database, id_of_kind};

const OWNER: i64 = 1;
const INVITEE: i64 = 2;
const STAFF: i64 = 3;
const STRANGER: i64 = 4;

fn secret_course(id: i64, slug: &str) -> course::Model {
    course::Model {
        privacy: CoursePrivacy::Secret,
        ..data::course(id, slug, OWNER)
    }
}

async fn with_people(gateway: &Gateway) {
    for (id, name) in [
        (OWNER, "owner"),
        (INVITEE, "invitee"),
        (STAFF, "staff"),
        (STRANGER, "stranger"),
    ] {
        gateway.add(data::user(id, name)).await;
    }
}

/// Returns the fields of a node's target.
async fn shown(gateway: &Gateway, viewer: Viewer<'_>, id: &str, fields: &str) -> Value {
    let document = format!("{{ node(id: \"{id}\") {{ {fields} }} }}");
    gateway.data(viewer, &document).await["node"].take()
}

each_database! {
    async fn a_settled_invite_does_not_show_a_secret_course(gateway) {
        with_people(&gateway).await;
        let instant = Some(at(NOW) - TimeDelta::hours(1));
        let states = [
            ("PENDING", None, None, true),
            ("CANCELLED", None, instant, false),
            // Accepted, and no longer a member.
            ("ACCEPTED", instant, None, false),
        ];
        for (id, (status, accepted_at, cancelled_at, is_shown)) in (1..).zip(states) {
            gateway.add(secret_course(id, &format!("secret{id}"))).await;
            gateway.add(course_invite::Model {
                accepted_at,
                cancelled_at,
                ..data::course_invite(id, id, INVITEE)
            }).await;
            let fields = "... on CourseInvite { status course { name } target { __typename } }";
            let target = |is_shown: bool| match is_shown {
                true => json!({ "status": status, "course": { "name": format!("Course secret{id}") }, "target": { "__typename": "Course" } }),
                false => json!({ "status": status, "course": null, "target": null }),
            };
            let node = id_of_kind("CourseInvite", id);
            for (viewer, is_shown) in [
                (Viewer::User(INVITEE), is_shown),
                (Viewer::User(OWNER), true),
                (Viewer::Staff(STAFF), true),
            ] {
                assert_eq!(shown(&gateway, viewer, &node, fields).await, target(is_shown), "{viewer:?} {status}");
            }
            assert_eq!(shown(&gateway, Viewer::User(STRANGER), &node, fields).await, Value::Null);
        }
        // An open course is visible without an invite.
        gateway.add(data::course(9, "open", OWNER)).await;
        gateway.add(course_invite::Model { cancelled_at: instant, ..data::course_invite(9, 9, INVITEE) }).await;
        let fields = "... on CourseInvite { course { name } }";
        let node = shown(&gateway, Viewer::User(INVITEE), &id_of_kind("CourseInvite", 9), fields).await;
        assert_eq!(node["course"]["name"], "Course open");
    }

    async fn only_holders_of_the_token_see_the_workspace_of_a_settled_or_expired_invite(gateway) {
        with_people(&gateway).await;
        let hour = TimeDelta::hours(1);
        let states = [
            ("PENDING", StoredStatus::Pending, at(NOW) + hour, true),
            ("EXPIRED", StoredStatus::Pending, at(NOW) - hour, false),
            ("EXPIRED", StoredStatus::Expired, at(NOW) - hour, false),
            ("CANCELLED", StoredStatus::Cancelled, at(NOW) + hour, false),
        ];
        for (id, (status, stored, expires_at, is_shown)) in (1..).zip(states) {
            gateway.add(data::workspace(id)).await;
            gateway.add(data::workspace_member(id, OWNER, "owner")).await;
            gateway.add(workspace_invite::Model {
                status: stored,
                expires_at: Some(expires_at),
                email: "invitee@example.com".to_owned(),
                email_norm: "invitee@example.com".to_owned(),
                ..data::workspace_invite(id, id)
            }).await;
            let fields = "... on WorkspaceInvite { status workspace { databaseId } target { __typename } }";
            let node = id_of_kind("WorkspaceInvite", id);
            for (viewer, is_shown) in [(Viewer::User(INVITEE), is_shown), (Viewer::User(OWNER), true)] {
                let node = shown(&gateway, viewer, &node, fields).await;
                let workspace = match is_shown {
                    true => json!({ "databaseId": id.to_string() }),
                    false => Value::Null,
                };
                assert_eq!((&node["status"], &node["workspace"]), (&json!(status), &workspace), "{viewer:?} {id}");
                assert_eq!(node["target"].is_null(), !is_shown, "{viewer:?} {id}");
            }
            let token = data::token(id);
            let by_token = format!("{{ workspaceInvite(token: \"{token}\") {{ status workspace {{ databaseId }} }} }}");
            let held = gateway.data(Viewer::Anonymous, &by_token).await;
            assert_eq!(held["workspaceInvite"], json!({ "status": status, "workspace": { "databaseId": id.to_string() } }));
        }
    }

    async fn a_text_of_digits_is_an_id_and_never_a_slug(gateway) {
        with_people(&gateway).await;
        gateway.add(secret_course(3, "three")).await;
        gateway.add(data::course(4, "3", OWNER)).await;
        gateway.add(data::group(5, "five")).await;
        gateway.add(data::group(6, "7")).await;
        let viewer = Viewer::User(STRANGER);
        for (field, expected) in [
            ("course(id: \"3\")", Value::Null),
            ("course(id: \"03\")", Value::Null),
            ("course(id: \"4\")", json!({ "databaseId": "4" })),
            ("group(id: \"7\")", Value::Null),
            ("group(id: \"five\")", json!({ "databaseId": "5" })),
        ] {
            let data = gateway.data(viewer, &format!("{{ it: {field} {{ databaseId }} }}")).await;
            assert_eq!(data["it"], expected, "{field}");
        }
        let rest = gateway.get(Viewer::Staff(STAFF), "/v3/groups/7/invite").await;
        assert_eq!(rest.status.as_u16(), 404, "{}", rest.text);
    }

    async fn an_import_rejects_slugs_of_digits(gateway) {
        with_people(&gateway).await;
        let course = json!({ "id": 1, "slug": "2026", "name": "A year", "privacy": "open",
            "created_by": { "id": OWNER, "username": "owner" } });
        let invite = json!({ "id": 1, "code": "C", "created_at": NOW, "updated_at": NOW,
            "group": { "id": 1, "slug": "42", "name": "Responses" } });
        for (kind, row, field) in [(Kind::Courses, course, "slug"), (Kind::GroupInvites, invite, "group.slug")] {
            let (summary, rejected) = gateway.import(kind, &[row]).await;
            assert_eq!(summary.written, 0);
            let reasons: Vec<_> = rejected.iter().map(|it| (it.field.as_str(), it.reason.as_str())).collect();
            assert_eq!(reasons, [(field, "expected a slug that is not all digits, since those are read as an id")]);
        }
    }

    async fn absent_and_deleted_targets_cost_the_same_as_hidden_ones(gateway) {
        with_people(&gateway).await;
        gateway.add(secret_course(1, "secret")).await;
        gateway.add(course::Model { deleted_at: Some(data::made()), ..secret_course(2, "gone") }).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::group(1, "group")).await;
        gateway.add(data::workspace_invite(1, 1)).await;
        gateway.add(data::group_invite(1, 1, "GROUP-1")).await;
        gateway.add(data::course_invite(1, 1, INVITEE)).await;
        let viewer = Viewer::User(STRANGER);
        let statements = async |field: &str| {
            let document = format!("{{ it: {field} {{ __typename }} }}");
            // Sent once before, to ignore statements of a connection's first request.
            gateway.data(viewer, &document).await;
            let (statements, data) = gateway.counted(gateway.data(viewer, &document)).await;
            assert_eq!(data["it"], Value::Null, "{field}");
            statements
        };
        let mut sought = vec![vec![
            "course(id: \"1\")".to_owned(),
            "course(id: \"2\")".to_owned(),
            "course(id: \"99\")".to_owned(),
            "course(id: \"secret\")".to_owned(),
            "course(id: \"gone\")".to_owned(),
            "course(id: \"nothing\")".to_owned(),
        ]];
        for kind in ["Course", "Workspace", "WorkspaceInvite", "GroupInvite", "CourseInvite"] {
            let node = |id| format!("node(id: \"{}\")", id_of_kind(kind, id));
            sought.push(vec![node(1), node(99)]);
        }
        for fields in sought {
            let mut counts = Vec::new();
            for field in &fields {
                counts.push(statements(field).await);
            }
            assert!(counts.iter().all(|count| *count == counts[0]), "{fields:?} {counts:?}");
            assert_eq!(counts[0], 3, "{fields:?}: the viewer, the row, the standing");
        }
    }

    async fn absent_and_deleted_entities_cost_the_same_as_hidden_ones(gateway) {
        with_people(&gateway).await;
        let deleted_at = Some(data::made());
        // 1 is hidden, 2 is deleted or belongs to a deleted object, 99 is absent.
        for id in [1, 2] {
            let deleted_at = deleted_at.filter(|_| id == 2);
            let slug = format!("hidden{id}");
            gateway.add(course::Model { deleted_at, ..secret_course(id, &slug) }).await;
            gateway.add(entity::workspace::Model { deleted_at, ..data::workspace(id) }).await;
            gateway.add(entity::group::Model { deleted_at, ..data::group(id, &slug) }).await;
            gateway.add(data::workspace_invite(id, id)).await;
            gateway.add(data::group_invite(id, id, &format!("GROUP-{id}"))).await;
            gateway.add(data::course_invite(id, id, INVITEE)).await;
        }
        let viewer = Viewer::User(STRANGER);
        for kind in ["Course", "Workspace", "WorkspaceInvite", "GroupInvite", "CourseInvite"] {
            for id in [1, 2, 99] {
                let node = format!("{{ it: node(id: \"{}\") {{ __typename }} }}", id_of_kind(kind, id));
                let entity = format!(
                    "{{ it: _entities(representations: [{{ __typename: \"{kind}\", databaseId: {id} }}]) {{ __typename }} }}"
                );
                for (document, expected) in [(node, Value::Null), (entity, json!([null]))] {
                    // Sent once before, to ignore statements of a connection's first request.
                    gateway.data(viewer, &document).await;
                    let (statements, data) = gateway.counted(gateway.data(viewer, &document)).await;
                    assert_eq!(data["it"], expected, "{document}");
                    assert_eq!(statements, 3, "{document}: the viewer, the row, the standing");
                }
            }
        }
    }

    async fn lists_show_settled_invites_without_their_targets_in_one_statement_per_kind(gateway) {
        with_people(&gateway).await;
        let pages = async |count: i64| {
            let document = format!("{{ viewer {{ receivedInvites(first: {count},
                filter: {{ status: [CANCELLED], kind: [COURSE_INVITE, WORKSPACE_INVITE] }}
            ) {{ nodes {{ status target {{ __typename }} }} }} }} }}");
            gateway.data(Viewer::User(INVITEE), &document).await;
            gateway.counted(gateway.data(Viewer::User(INVITEE), &document)).await
        };
        for id in 1..=10 {
            gateway.add(secret_course(id, &format!("secret{id}"))).await;
            gateway.add(course_invite::Model {
                cancelled_at: Some(data::made()),
                ..data::course_invite(id, id, INVITEE)
            }).await;
            gateway.add(data::workspace(id)).await;
            gateway.add(workspace_invite::Model {
                status: StoredStatus::Cancelled,
                email: "invitee@example.com".to_owned(),
                email_norm: "invitee@example.com".to_owned(),
                ..data::workspace_invite(id, id)
            }).await;
        }
        let (few, _) = pages(2).await;
        let (many, data) = pages(20).await;
        let nodes = data["viewer"]["receivedInvites"]["nodes"].as_array().expect("invites");
        assert_eq!(nodes.len(), 20);
        for node in nodes {
            assert_eq!(node, &json!({ "status": "CANCELLED", "target": null }));
        }
        // The viewer, the list, two kinds, two kinds of targets, and the memberships.
        assert!(many <= 8, "{few} {many}");
    }
}
