//! A course's invites in every status, for its managers.

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database};

const MANAGER: i64 = 1;
const OTHER: i64 = 2;
const VIEWER: Viewer<'static> = Viewer::User(MANAGER);

/// Adds a course with an invite in each status, to the users 11 to 16. Number 15 is a member by now,
/// number 16 is deleted.
async fn fill(gateway: &Gateway) {
    gateway
        .add_all([data::user(MANAGER, "manager"), data::user(OTHER, "other")])
        .await;
    gateway.add(data::course(1, "course", MANAGER)).await;
    let at = |seconds| data::made() + Duration::seconds(seconds);
    for (id, name) in [
        (11, "Zoë Adams"),
        (12, "Bert"),
        (13, "Adam_"),
        (14, "Carla"),
        (15, "Dora"),
        (16, "Bert"),
    ] {
        gateway
            .add(entity::user::Model {
                full_name: name.to_owned(),
                deleted_at: (id == 16).then(data::made),
                ..data::user(id, &format!("learner{}", 30 - id))
            })
            .await;
        gateway
            .add(entity::course_invite::Model {
                invited_by_id: Some(if id == 12 { OTHER } else { MANAGER }),
                created_at: at(id),
                accepted_at: (id == 12).then(|| at(20)),
                cancelled_at: [13, 14].contains(&id).then(|| at(20)),
                declined_at: (id == 14).then(|| at(20)),
                ..data::course_invite(id, 1, id)
            })
            .await;
    }
    gateway.add(data::course_member(1, 15, "joined")).await;
}

/// Returns the keys of the invites. The total must equal their number.
async fn invites(gateway: &Gateway, viewer: Viewer<'_>, arguments: &str) -> Vec<String> {
    let document = format!(
        "{{ course(id: 1) {{ invites({arguments}) {{ totalCount nodes {{ databaseId }} }} }} }}"
    );
    let data = gateway.data(viewer, &document).await;
    let list = &data["course"]["invites"];
    let nodes = list["nodes"].as_array().expect("nodes").iter();
    let ids: Vec<_> = nodes
        .map(|node| node["databaseId"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(list["totalCount"], ids.len(), "{arguments}");
    ids
}

each_database! {
    async fn invites_in_every_status_are_listed_newest_first(gateway) {
        fill(&gateway).await;
        for viewer in [VIEWER, Viewer::Staff(OTHER)] {
            assert_eq!(invites(&gateway, viewer, "first: 9").await, ["15", "14", "13", "12", "11"]);
        }
        let document = "{ course(id: 1) {
            inviteCounts { pending accepted cancelled declined expired }
            invites { nodes { status invitee { databaseId } } }
            invitees { nodes { databaseId } } } }";
        let data = gateway.data(VIEWER, document).await;
        assert_eq!(data["course"], json!({
            "inviteCounts": { "pending": 1, "accepted": 2, "cancelled": 1, "declined": 1, "expired": 0 },
            "invites": { "nodes": [
                { "status": "ACCEPTED", "invitee": { "databaseId": "15" } },
                { "status": "DECLINED", "invitee": { "databaseId": "14" } },
                { "status": "CANCELLED", "invitee": { "databaseId": "13" } },
                { "status": "ACCEPTED", "invitee": { "databaseId": "12" } },
                { "status": "PENDING", "invitee": { "databaseId": "11" } },
            ] },
            // The list of the contract.
            "invitees": { "nodes": [{ "databaseId": "11" }] },
        }));
        assert_eq!(gateway.get(VIEWER, "/api/v2/course/1/invite/").await.json["count"], 1);
    }

    async fn filters_apply_to_rows_and_totals(gateway) {
        fill(&gateway).await;
        for (filter, expected) in [
            ("status: [PENDING]", vec!["11"]),
            ("status: [ACCEPTED]", vec!["15", "12"]),
            ("status: [DECLINED, CANCELLED]", vec!["14", "13"]),
            ("status: [EXPIRED]", vec![]),
            ("status: []", vec![]),
            ("invitee: 13", vec!["13"]),
            ("invitee: 16", vec![]),
            ("inviter: 2", vec!["12"]),
            ("search: \"ADAM\"", vec!["13", "11"]),
            ("search: \"m_\"", vec!["13"]),
            ("search: \"learner18\"", vec!["12"]),
            ("search: \"bert\"", vec!["12"]),
            // Managers cannot search for addresses and ids that they may not see.
            ("search: \"example.com\"", vec![]),
            ("search: \"ext-1\"", vec![]),
            ("search: \"adam\", status: [PENDING]", vec!["11"]),
            ("createdAt: { from: \"2026-01-01T00:00:13Z\", until: \"2026-01-01T00:00:15Z\" }", vec!["14", "13"]),
        ] {
            assert_eq!(invites(&gateway, VIEWER, &format!("filter: {{ {filter} }}")).await, expected, "{filter}");
        }
    }

    async fn each_order_returns_every_invite_once_in_both_directions(gateway) {
        fill(&gateway).await;
        for (field, expected) in [
            ("CREATED_AT", ["11", "12", "13", "14", "15"]),
            ("USERNAME", ["15", "14", "13", "12", "11"]),
            ("STATUS", ["11", "12", "15", "14", "13"]),
        ] {
            for (direction, side, bound) in [("ASC", "first", "after"), ("DESC", "last", "before")] {
                let mut seen = Vec::new();
                let mut cursor = Value::Null;
                for _ in 0..5 {
                    let document = format!("query ($it: String) {{ course(id: 1) {{
                        invites(orderBy: {{ field: {field}, direction: {direction} }}, {side}: 1, {bound}: $it) {{
                            edges {{ cursor node {{ databaseId }} }} }} }} }}");
                    let response = gateway.graphql_with(VIEWER, &document, json!({ "it": cursor })).await;
                    let edge = &response["data"]["course"]["invites"]["edges"][0];
                    cursor = edge["cursor"].clone();
                    seen.push(edge["node"]["databaseId"].clone());
                }
                assert_eq!(json!(seen), json!(expected), "{field} {direction}");
            }
        }
        // By the invitee's full name: in the database's order, the same for invites and invitees.
        let by_name = invites(&gateway, VIEWER, "orderBy: { field: NAME, direction: DESC }").await;
        assert_eq!(by_name[..3], ["11", "15", "14"].map(str::to_owned));
        let document = "{ course(id: 1) { invitees(orderBy: { field: NAME, direction: ASC }) { nodes { fullName } } } }";
        let data = gateway.data(VIEWER, document).await;
        assert_eq!(data["course"]["invitees"]["nodes"], json!([{ "fullName": "Zoë Adams" }]));
    }

    async fn the_invites_of_many_courses_are_one_statement(gateway) {
        gateway.add(data::user(MANAGER, "manager")).await;
        gateway.add_all((11..=15).map(|id| data::user(id, &format!("learner{id}")))).await;
        for course in 1..=3 {
            gateway.add(data::course(course, &format!("course{course}"), MANAGER)).await;
            gateway.add_all((11..=12 + course).map(|user| data::course_invite(100 * course + user, course, user))).await;
        }
        let document = |courses: i64| format!("{{ viewer {{ courses(first: {courses}) {{ nodes {{
            invites(first: 4) {{ totalCount pageInfo {{ hasNextPage }} nodes {{ databaseId invitee {{ username }} }} }}
        }} }} }} }}");
        let mut costs = Vec::new();
        for courses in [1, 3] {
            let document = document(courses);
            gateway.data(VIEWER, &document).await;
            let (statements, data) = gateway.counted(gateway.data(VIEWER, &document)).await;
            costs.push(statements);
            let lists = data["viewer"]["courses"]["nodes"].as_array().expect("courses");
            for (list, course) in lists.iter().zip(1..) {
                let list = &list["invites"];
                assert_eq!(list["totalCount"], 2 + course, "{list}");
                assert_eq!(list["pageInfo"]["hasNextPage"], course == 3);
                assert_eq!(list["nodes"][0]["databaseId"], (100 * course + 12 + course).to_string());
            }
        }
        // The viewer, their courses, their roles, the invites, and the invitees.
        assert_eq!(costs, [5, 5]);
    }
}
