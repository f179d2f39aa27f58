//! Lists of what the viewer sent, received and manages.

use chrono::{DateTime, Duration, Utc};
use entity::workspace_invite::StoredStatus;
use invite_gateway::email;
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, at, data, each_database};

const ME: i64 = 1;
const INVITER: i64 = 2;
const ADDRESS: &str = "Me@Home.Example";
const VIEWER: Viewer<'static> = Viewer::User(ME);

/// Adds the viewer, with a verified address, and an inviter.
async fn people(gateway: &Gateway) {
    gateway
        .add(entity::user::Model {
            email: ADDRESS.to_uppercase(),
            email_norm: email::normalize(ADDRESS).unwrap_or_default(),
            ..data::user(ME, "me")
        })
        .await;
    gateway.add(data::user(INVITER, "inviter")).await;
}

fn code_for_me(id: i64) -> entity::invite_code::Model {
    entity::invite_code::Model {
        email: Some(ADDRESS.to_owned()),
        email_norm: email::normalize(ADDRESS),
        invited_by_id: Some(INVITER),
        ..data::invite_code(id, &format!("CODE-{id}"))
    }
}

fn workspace_invite_for_me(id: i64, workspace: i64) -> entity::workspace_invite::Model {
    entity::workspace_invite::Model {
        email: ADDRESS.to_owned(),
        email_norm: email::normalize(ADDRESS).unwrap_or_default(),
        inviter_id: Some(INVITER),
        ..data::workspace_invite(id, workspace)
    }
}

fn course_invite_for_me(id: i64, course: i64) -> entity::course_invite::Model {
    entity::course_invite::Model {
        invited_by_id: Some(INVITER),
        ..data::course_invite(id, course, ME)
    }
}

fn after(seconds: i64) -> DateTime<Utc> {
    data::made() + Duration::seconds(seconds)
}

/// Returns rows in the tests' notation: a letter for the kind, and the key.
fn names(list: &Value) -> Vec<String> {
    let name = |node: &Value| {
        let letter = match node["__typename"].as_str().expect("a type") {
            "InviteCode" => 'i',
            "WorkspaceInvite" => 'w',
            "CourseInvite" => 'c',
            "Workspace" => 'W',
            "Group" => 'G',
            "Course" => 'C',
            other => panic!("{other}"),
        };
        format!("{letter}{}", node["databaseId"].as_str().expect("an id"))
    };
    let nodes = list["nodes"].as_array().expect("nodes");
    nodes.iter().map(name).collect()
}

/// Returns a list of the viewer in one page. Its total must equal its length.
async fn list(gateway: &Gateway, viewer: Viewer<'_>, field: &str) -> Vec<String> {
    let document = format!(
        "{{ viewer {{ list: {field} {{ totalCount nodes {{ __typename databaseId }} }} }} }}"
    );
    let data = gateway.data(viewer, &document).await;
    let list = &data["viewer"]["list"];
    let names = names(list);
    assert_eq!(list["totalCount"], names.len(), "{field}");
    names
}

/// Returns the same list in pages of `size`, from its start or its end.
async fn walked(gateway: &Gateway, arguments: &str, size: usize, backward: bool) -> Vec<String> {
    let mut seen = Vec::new();
    let mut bound = String::new();
    loop {
        let side = if backward { "last" } else { "first" };
        let document = format!(
            "{{ viewer {{ list: sentInvites({arguments} {side}: {size} {bound}) {{
                totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
                edges {{ cursor }} nodes {{ __typename databaseId }} }} }} }}"
        );
        let data = gateway.data(Viewer::User(INVITER), &document).await;
        let list = &data["viewer"]["list"];
        let page = names(list);
        assert_eq!(list["edges"].as_array().map(Vec::len), Some(page.len()));
        let (goes_on, cursor, argument) = if backward {
            ("hasPreviousPage", "startCursor", "before")
        } else {
            ("hasNextPage", "endCursor", "after")
        };
        let place = if backward { 0 } else { seen.len() };
        seen.splice(place..place, page);
        let info = &list["pageInfo"];
        if info[goes_on] == false {
            assert_eq!(list["totalCount"], seen.len());
            return seen;
        }
        assert_eq!(info[goes_on], true);
        bound = format!("{argument}: {}", info[cursor]);
    }
}

/// Adds invites of each kind, created at the same three instants, that expire never, late or early.
async fn mixed(gateway: &Gateway) {
    people(gateway).await;
    gateway.add(data::workspace(1)).await;
    for id in 1..=4 {
        gateway
            .add(data::course(id, &format!("course{id}"), INVITER))
            .await;
    }
    for (id, seconds, expires_at) in [
        (1, 1, None),
        (2, 2, Some(at("2030-01-01T00:00:00Z"))),
        (3, 2, Some(at("2031-01-01T00:00:00Z"))),
        (4, 3, None),
    ] {
        gateway
            .add(entity::invite_code::Model {
                generated_at: after(seconds),
                expires_at,
                ..code_for_me(id)
            })
            .await;
        gateway
            .add(entity::workspace_invite::Model {
                created_at: after(seconds),
                expires_at: expires_at.or_else(|| Some(data::later())),
                ..workspace_invite_for_me(id, 1)
            })
            .await;
        gateway
            .add(entity::course_invite::Model {
                created_at: after(seconds),
                ..course_invite_for_me(id, id)
            })
            .await;
    }
}

each_database! {
    async fn received_invites_are_those_to_the_viewer_and_their_verified_address(gateway) {
        people(&gateway).await;
        let other = email::normalize("other@home.example");
        gateway.add(data::workspace(1)).await;
        gateway.add(data::course(1, "one", INVITER)).await;
        gateway.add_all([
            // By address, in other letter case.
            code_for_me(1),
            // By user.
            entity::invite_code::Model { user_id: Some(ME), ..data::invite_code(2, "CODE-2") },
            // To another user, and to nobody.
            entity::invite_code::Model { email_norm: other, ..code_for_me(3) },
            entity::invite_code::Model { email: None, email_norm: None, ..code_for_me(4) },
        ]).await;
        gateway.add_all([workspace_invite_for_me(1, 1), data::workspace_invite(2, 1)]).await;
        gateway.add(course_invite_for_me(1, 1)).await;
        gateway.add(data::course_invite(2, 1, INVITER)).await;
        let mut received = list(&gateway, VIEWER, "receivedInvites").await;
        received.sort_unstable();
        assert_eq!(received, ["c1", "i1", "i2", "w1"]);
    }

    async fn an_unverified_address_receives_nothing(gateway) {
        people(&gateway).await;
        gateway.add(entity::user::Model {
            email: ADDRESS.to_owned(),
            email_norm: email::normalize(ADDRESS).unwrap_or_default(),
            is_verified: false,
            ..data::user(3, "unverified")
        }).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(code_for_me(1)).await;
        gateway.add(workspace_invite_for_me(1, 1)).await;
        assert_eq!(list(&gateway, Viewer::User(3), "receivedInvites").await, [""; 0]);
        assert_eq!(list(&gateway, VIEWER, "receivedInvites").await.len(), 2);
    }

    async fn received_invites_are_pending_ones_by_default(gateway) {
        people(&gateway).await;
        gateway.add(data::workspace(1)).await;
        for id in 1..=4 {
            gateway.add(data::course(id, &format!("course{id}"), INVITER)).await;
        }
        gateway.add_all([
            code_for_me(1),
            entity::invite_code::Model { used_at: Some(data::made()), ..code_for_me(2) },
            entity::invite_code::Model { cancelled_at: Some(data::made()), ..code_for_me(3) },
            entity::invite_code::Model { expires_at: Some(data::made()), ..code_for_me(4) },
        ]).await;
        gateway.add_all([
            workspace_invite_for_me(1, 1),
            entity::workspace_invite::Model {
                status: StoredStatus::Accepted,
                accepted_by_id: Some(ME),
                accepted_at: Some(data::made()),
                ..workspace_invite_for_me(2, 1)
            },
            entity::workspace_invite::Model { status: StoredStatus::Cancelled, ..workspace_invite_for_me(3, 1) },
            entity::workspace_invite::Model { expires_at: Some(data::made()), ..workspace_invite_for_me(4, 1) },
        ]).await;
        gateway.add_all([
            course_invite_for_me(1, 1),
            entity::course_invite::Model { accepted_at: Some(data::made()), ..course_invite_for_me(2, 2) },
            entity::course_invite::Model { cancelled_at: Some(data::made()), ..course_invite_for_me(3, 3) },
            // Became a member in another way.
            course_invite_for_me(4, 4),
        ]).await;
        gateway.add(data::course_member(4, ME, "joined")).await;

        for (filter, expected) in [
            ("", vec!["c1", "i1", "w1"]),
            ("(filter: {})", vec!["c1", "i1", "w1"]),
            ("(filter: { status: [PENDING] })", vec!["c1", "i1", "w1"]),
            ("(filter: { status: [ACCEPTED] })", vec!["c2", "c4", "i2", "w2"]),
            ("(filter: { status: [CANCELLED] })", vec!["c3", "i3", "w3"]),
            ("(filter: { status: [EXPIRED] })", vec!["i4", "w4"]),
            ("(filter: { status: [EXPIRED, CANCELLED] })", vec!["c3", "i3", "i4", "w3", "w4"]),
            ("(filter: { status: [] })", vec![]),
            ("(filter: { kind: [COURSE_INVITE], status: [ACCEPTED, PENDING] })", vec!["c1", "c2", "c4"]),
        ] {
            let mut received = list(&gateway, VIEWER, &format!("receivedInvites{filter}")).await;
            received.sort_unstable();
            assert_eq!(received, expected, "{filter}");
        }
        // Sent invites have no default filter.
        let sent = list(&gateway, Viewer::User(INVITER), "sentInvites").await;
        assert_eq!(sent.len(), 12);
    }

    async fn kinds_share_one_order_and_ties_are_stable_across_pages(gateway) {
        mixed(&gateway).await;
        let newest = "orderBy: { field: CREATED_AT, direction: DESC }";
        let oldest = "orderBy: { field: CREATED_AT, direction: ASC }";
        let last_to_expire = "orderBy: { field: EXPIRES_AT, direction: DESC }";
        let first_to_expire = "orderBy: { field: EXPIRES_AT, direction: ASC }";
        // By instant, then by id, then by kind.
        let by_age = ["i1", "w1", "c1", "i2", "w2", "c2", "i3", "w3", "c3", "i4", "w4", "c4"];
        // Workspace invites 1 and 4 expire late, codes 1 and 4 and all course invites never.
        let by_expiry = ["i2", "w2", "i3", "w3", "w1", "w4", "i1", "c1", "c2", "c3", "i4", "c4"];
        let reversed = |names: [&'static str; 12]| names.into_iter().rev().collect::<Vec<_>>();
        for (order, expected) in [
            ("", reversed(by_age)),
            (newest, reversed(by_age)),
            (oldest, by_age.to_vec()),
            (first_to_expire, by_expiry.to_vec()),
            (last_to_expire, reversed(by_expiry)),
        ] {
            for size in [1, 2, 5, 12, 100] {
                for backward in [false, true] {
                    let seen = walked(&gateway, order, size, backward).await;
                    assert_eq!(seen, expected, "{order} by {size}, backward: {backward}");
                }
            }
        }
    }

    async fn filters_apply_to_rows_and_totals(gateway) {
        mixed(&gateway).await;
        for (filter, expected) in [
            ("kind: [INVITE_CODE]", vec!["i4", "i3", "i2", "i1"]),
            ("kind: [COURSE_INVITE, WORKSPACE_INVITE], createdAt: { from: \"2026-01-01T00:00:03Z\" }", vec!["c4", "w4"]),
            ("createdAt: { from: \"2026-01-01T00:00:02Z\", until: \"2026-01-01T00:00:03Z\" }", vec!["c3", "w3", "i3", "c2", "w2", "i2"]),
            ("createdAt: { until: \"2026-01-01T02:00:02+02:00\" }", vec!["c1", "w1", "i1"]),
            ("createdAt: { from: \"2026-01-01T00:00:03.000001Z\" }", vec![]),
            ("expiresAt: { until: \"2030-01-01T00:00:00.000001Z\" }", vec!["w2", "i2"]),
            ("expiresAt: { from: \"2030-01-01T00:00:00.000001Z\", until: \"2099-01-01T00:00:00Z\" }", vec!["w3", "i3"]),
            ("expiresAt: { from: \"2000-01-01T00:00:00Z\" }", vec!["w4", "w3", "i3", "w2", "i2", "w1"]),
            ("kind: [COURSE_INVITE], expiresAt: { from: \"2000-01-01T00:00:00Z\" }", vec![]),
            ("kind: [GROUP_INVITE]", vec![]),
            ("kind: [GROUP_INVITE, INVITE_CODE], createdAt: { until: \"2026-01-01T00:00:02Z\" }", vec!["i1"]),
            ("kind: []", vec![]),
            ("status: [EXPIRED]", vec![]),
            ("status: []", vec![]),
        ] {
            let filtered = format!("sentInvites(filter: {{ {filter} }})");
            assert_eq!(list(&gateway, Viewer::User(INVITER), &filtered).await, expected, "{filter}");
            for size in [1, 3] {
                let seen = walked(&gateway, &format!("filter: {{ {filter} }},"), size, false).await;
                assert_eq!(seen, expected, "{filter} by {size}");
            }
        }
    }

    async fn a_list_of_no_kind_is_empty(gateway) {
        mixed(&gateway).await;
        for arguments in ["first: 0", "first: 5", "last: 5"] {
            let document = format!(
                "{{ viewer {{ sentInvites(filter: {{ kind: [] }}, {arguments}) {{
                    totalCount edges {{ cursor }}
                    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"
            );
            let data = gateway.data(Viewer::User(INVITER), &document).await;
            assert_eq!(data["viewer"]["sentInvites"], json!({
                "totalCount": 0,
                "edges": [],
                "pageInfo": { "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null },
            }), "{arguments}");
            let document = format!("{{ viewer {{ sentInvites(filter: {{ kind: [] }}, {arguments}) {{ nodes {{ id }} }} }} }}");
            let data = gateway.data(Viewer::User(INVITER), &document).await;
            assert_eq!(data["viewer"]["sentInvites"]["nodes"], json!([]), "{arguments}");
        }
    }

    async fn sent_invites_are_the_viewers_own_even_for_staff(gateway) {
        mixed(&gateway).await;
        gateway.add(data::user(3, "staff")).await;
        assert_eq!(list(&gateway, Viewer::Staff(3), "sentInvites").await, [""; 0]);
        assert_eq!(list(&gateway, Viewer::Staff(3), "receivedInvites").await, [""; 0]);
        assert_eq!(list(&gateway, VIEWER, "sentInvites").await, [""; 0]);
    }

    async fn deleted_objects_are_in_no_list_or_total(gateway) {
        people(&gateway).await;
        let deleted_at = Some(data::made());
        gateway.add_all([data::workspace(1), entity::workspace::Model { deleted_at, ..data::workspace(2) }]).await;
        gateway.add_all([
            data::course(1, "one", INVITER),
            entity::course::Model { deleted_at, ..data::course(2, "two", INVITER) },
        ]).await;
        gateway.add_all([data::group(1, "one"), entity::group::Model { deleted_at, ..data::group(2, "two") }]).await;
        gateway.add_all([
            data::user(3, "invited"),
            entity::user::Model { deleted_at, ..data::user(4, "gone") },
        ]).await;
        for id in [1, 2] {
            gateway.add(workspace_invite_for_me(id, id)).await;
            gateway.add(course_invite_for_me(id, id)).await;
            gateway.add(data::workspace_member(id, INVITER, "owner")).await;
            gateway.add(data::group_member(id, INVITER, "owner")).await;
            gateway.add(data::group_invite(id, id, &format!("group-{id}"))).await;
        }
        for (id, invitee) in [(3, 3), (4, 4)] {
            gateway.add(entity::course_invite::Model {
                invited_by_id: Some(INVITER),
                ..data::course_invite(id, 1, invitee)
            }).await;
        }
        let inviter = Viewer::User(INVITER);
        assert_eq!(list(&gateway, VIEWER, "receivedInvites").await, ["c1", "w1"]);
        assert_eq!(list(&gateway, inviter, "sentInvites").await, ["c3", "c1", "w1"]);
        assert_eq!(list(&gateway, inviter, "workspaces").await, ["W1"]);
        assert_eq!(list(&gateway, inviter, "groups").await, ["G1"]);
        assert_eq!(list(&gateway, inviter, "courses").await, ["C1"]);
        let staff = Viewer::Staff(3);
        let document = "{ workspaceInvites { totalCount nodes { databaseId } }
            groupInvites { totalCount nodes { databaseId } }
            course(id: \"one\") { invitees { totalCount nodes { databaseId } } } }";
        let data = gateway.data(staff, document).await;
        let only = json!({ "totalCount": 1, "nodes": [{ "databaseId": "1" }] });
        assert_eq!(data, json!({
            "workspaceInvites": only,
            "groupInvites": only,
            "course": { "invitees": { "totalCount": 2, "nodes": [{ "databaseId": "1" }, { "databaseId": "3" }] } },
        }));
        let rest = gateway.get(staff, "/api/v2/course/1/invite/").await;
        assert_eq!(rest.json["count"], 2, "{}", rest.text);
    }

    async fn an_invitee_who_became_a_member_is_not_listed(gateway) {
        people(&gateway).await;
        gateway.add(data::course(1, "one", INVITER)).await;
        gateway.add(course_invite_for_me(1, 1)).await;
        let invitees = r#"{ course(id: "one") { invitees { totalCount nodes { databaseId } } } }"#;
        let inviter = Viewer::User(INVITER);
        let data = gateway.data(inviter, invitees).await;
        assert_eq!(data["course"]["invitees"], json!({ "totalCount": 1, "nodes": [{ "databaseId": "1" }] }));

        gateway.add(data::course_member(1, ME, "joined")).await;
        let data = gateway.data(inviter, invitees).await;
        assert_eq!(data["course"]["invitees"], json!({ "totalCount": 0, "nodes": [] }));
        assert_eq!(gateway.get(inviter, "/api/v2/course/1/invite/").await.json["count"], 0);
        assert_eq!(list(&gateway, VIEWER, "receivedInvites").await, [""; 0]);
        assert_eq!(list(&gateway, VIEWER, "receivedInvites(filter: { status: [ACCEPTED] })").await, ["c1"]);
        let sent = "{ viewer { sentInvites { nodes { status acceptedAt } } } }";
        let data = gateway.data(inviter, sent).await;
        assert_eq!(data["viewer"]["sentInvites"]["nodes"], json!([{ "status": "ACCEPTED", "acceptedAt": null }]));
    }

    async fn managed_objects_are_listed_by_id_and_staff_manage_all(gateway) {
        people(&gateway).await;
        for id in [9, 1, 5, 3] {
            gateway.add(data::workspace(id)).await;
            gateway.add(data::group(id, &format!("group{id}"))).await;
            gateway.add(data::course(id, &format!("course{id}"), if id == 5 { ME } else { INVITER })).await;
        }
        for (id, workspace, group, course) in [
            (9, "owner", "owner", "creator"),
            (3, "admin", "manager", "manager"),
            (1, "member", "member", "joined"),
        ] {
            gateway.add(data::workspace_member(id, ME, workspace)).await;
            gateway.add(data::group_member(id, ME, group)).await;
            gateway.add(data::course_member(id, ME, course)).await;
        }
        assert_eq!(list(&gateway, VIEWER, "workspaces").await, ["W3", "W9"]);
        assert_eq!(list(&gateway, VIEWER, "groups").await, ["G3", "G9"]);
        // Their creator needs no role.
        assert_eq!(list(&gateway, VIEWER, "courses").await, ["C3", "C5", "C9"]);
        let staff = Viewer::Staff(ME);
        for (field, letter) in [("workspaces", "W"), ("groups", "G"), ("courses", "C")] {
            let all = ["1", "3", "5", "9"].map(|id| format!("{letter}{id}"));
            assert_eq!(list(&gateway, staff, field).await, all);
            assert_eq!(list(&gateway, staff, &format!("{field}(first: 4)")).await, all);
        }
        let roles = "{ viewer { courses { nodes { databaseId viewerRole } } } }";
        let data = gateway.data(VIEWER, roles).await;
        assert_eq!(data["viewer"]["courses"]["nodes"], json!([
            { "databaseId": "3", "viewerRole": "manager" },
            { "databaseId": "5", "viewerRole": "creator" },
            { "databaseId": "9", "viewerRole": "creator" },
        ]));
    }

    async fn managed_objects_are_found_by_name_and_slug(gateway) {
        people(&gateway).await;
        for (id, name, slug) in [(1, "Night Watch", "watch"), (2, "100% Day", "night-shift"), (3, "Afternoon", "a_b"), (4, "Knights", "gone")] {
            let deleted_at = (id == 4).then(data::made);
            gateway.add(entity::workspace::Model { name: name.to_owned(), deleted_at, ..data::workspace(id) }).await;
            gateway.add(entity::group::Model { name: name.to_owned(), deleted_at, ..data::group(id, slug) }).await;
            gateway.add(entity::course::Model { name: name.to_owned(), deleted_at, ..data::course(id, slug, INVITER) }).await;
            if id != 3 {
                gateway.add(data::workspace_member(id, ME, "admin")).await;
                gateway.add(data::group_member(id, ME, "owner")).await;
                gateway.add(data::course_member(id, ME, "manager")).await;
            }
        }
        let staff = Viewer::Staff(INVITER);
        for (viewer, search, by_name, by_name_and_slug) in [
            (VIEWER, "NIGHT", vec!["1"], vec!["1", "2"]),
            (staff, "night", vec!["1"], vec!["1", "2"]),
            (VIEWER, "%", vec!["2"], vec!["2"]),
            (staff, "_", vec![], vec!["3"]),
            (VIEWER, "_", vec![], vec![]),
            (VIEWER, "noon", vec![], vec![]),
            (staff, " noon ", vec!["3"], vec!["3"]),
            (VIEWER, "", vec!["1", "2"], vec!["1", "2"]),
        ] {
            for (field, letter) in [("workspaces", "W"), ("groups", "G"), ("courses", "C")] {
                let expected = match field {
                    "workspaces" => &by_name,
                    _ => &by_name_and_slug,
                };
                let expected: Vec<_> = expected.iter().map(|id| format!("{letter}{id}")).collect();
                let filtered = format!("{field}(filter: {{ search: {search:?} }})");
                assert_eq!(list(&gateway, viewer, &filtered).await, expected, "{filtered}");
            }
        }
        for (field, letter) in [("workspaces", "W"), ("groups", "G"), ("courses", "C")] {
            for (order, expected) in [
                ("{ field: NAME, direction: ASC }", ["2", "3", "1"]),
                ("{ field: NAME, direction: DESC }", ["1", "3", "2"]),
                ("{ field: ID, direction: DESC }", ["3", "2", "1"]),
            ] {
                let expected = expected.map(|id| format!("{letter}{id}"));
                assert_eq!(list(&gateway, staff, &format!("{field}(orderBy: {order})")).await, expected);
            }
        }
    }

    async fn lists_of_managed_objects_have_pages(gateway) {
        people(&gateway).await;
        for id in 1..=5 {
            gateway.add(data::workspace(id)).await;
            gateway.add(data::workspace_member(id, ME, "owner")).await;
        }
        let page = |arguments: String| {
            let gateway = &gateway;
            async move {
                let document = format!(
                    "{{ viewer {{ list: workspaces({arguments}) {{ totalCount
                        pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
                        nodes {{ __typename databaseId }} }} }} }}"
                );
                gateway.data(VIEWER, &document).await["viewer"]["list"].take()
            }
        };
        let first = page("first: 2".to_owned()).await;
        assert_eq!(names(&first), ["W1", "W2"]);
        let second = page(format!("first: 2, after: {}", first["pageInfo"]["endCursor"])).await;
        assert_eq!(names(&second), ["W3", "W4"]);
        assert_eq!(second["totalCount"], 5);
        assert_eq!(second["pageInfo"]["hasNextPage"], true);
        assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
        let back = page(format!("last: 2, before: {}", second["pageInfo"]["startCursor"])).await;
        assert_eq!(names(&back), ["W1", "W2"]);
        assert_eq!(back["pageInfo"]["hasPreviousPage"], false);
    }

    async fn anonymous_viewers_have_no_lists(gateway) {
        mixed(&gateway).await;
        let document = "{ viewer { sentInvites { totalCount } receivedInvites { totalCount } } }";
        assert_eq!(gateway.data(Viewer::Anonymous, document).await, json!({ "viewer": null }));
    }
}
