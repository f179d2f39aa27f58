//! Staff find users, and the invites that they sent and received.

use entity::workspace_invite::StoredStatus;
use invite_gateway::email;
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database};

const STAFF: Viewer<'static> = Viewer::Staff(1);

fn person(id: i64, username: &str, name: &str, address: &str) -> entity::user::Model {
    entity::user::Model {
        full_name: name.to_owned(),
        email: address.to_owned(),
        email_norm: email::normalize(address).unwrap_or_default(),
        ..data::user(id, username)
    }
}

async fn people(gateway: &Gateway) {
    gateway
        .add_all([
            person(1, "staff", "", ""),
            person(2, "vera", "Vera Berg", "Vera.Berg@home.example"),
            person(3, "adam", "Wanda Smith", "adam@work.example"),
            person(4, "bergman", "100% Adam_", "zoe@work.example"),
            entity::user::Model {
                deleted_at: Some(data::made()),
                ..person(5, "gone", "Vera Gone", "gone@home.example")
            },
        ])
        .await;
}

/// Returns the keys of the users that staff find. The total must equal their number.
async fn found(gateway: &Gateway, arguments: &str) -> Vec<String> {
    let document = format!("{{ users({arguments}) {{ totalCount nodes {{ databaseId }} }} }}");
    let data = gateway.data(STAFF, &document).await;
    let ids = keys(&data["users"]);
    assert_eq!(data["users"]["totalCount"], ids.len(), "{arguments}");
    ids
}

fn keys(list: &Value) -> Vec<String> {
    let nodes = list["nodes"].as_array().expect("nodes").iter();
    let key = |node: &Value| node["databaseId"].as_str().expect("an id").to_owned();
    nodes.map(key).collect()
}

each_database! {
    async fn staff_find_people_by_name_and_address(gateway) {
        people(&gateway).await;
        for (filter, expected) in [
            ("search: \"BERG\"", vec!["2", "4"]),
            ("search: \" vera \"", vec!["2"]),
            ("search: \"work.example\"", vec!["3", "4"]),
            ("search: \"adam\"", vec!["3", "4"]),
            ("search: \"%\"", vec!["4"]),
            ("search: \"m_\"", vec!["4"]),
            ("search: \"ext-2\"", vec![]),
            ("search: \"\"", vec!["1", "2", "3", "4"]),
            ("email: \" vera.berg@HOME.example \"", vec!["2"]),
            ("email: \"vera@home.example\"", vec![]),
            ("email: \"gone@home.example\"", vec![]),
            ("email: \"adam@work.example\", search: \"vera\"", vec![]),
        ] {
            assert_eq!(found(&gateway, &format!("filter: {{ {filter} }}")).await, expected, "{filter}");
        }
        let data = gateway.data(STAFF, "{ users(filter: { search: \"vera\" }) { nodes { email extId fullName } } }").await;
        assert_eq!(data["users"]["nodes"], json!([{ "email": "Vera.Berg@home.example", "extId": "ext-2", "fullName": "Vera Berg" }]));
    }

    async fn people_are_in_each_order_in_both_directions(gateway) {
        people(&gateway).await;
        for (field, expected) in [
            ("ID", ["1", "2", "3", "4"]),
            ("USERNAME", ["3", "4", "1", "2"]),
            ("NAME", ["1", "4", "2", "3"]),
            ("EMAIL", ["1", "3", "2", "4"]),
        ] {
            for (direction, side, bound) in [("ASC", "first", "after"), ("DESC", "last", "before")] {
                let mut seen = Vec::new();
                let mut cursor = Value::Null;
                for _ in 0..4 {
                    let document = format!(
                        "query ($it: String) {{ users(orderBy: {{ field: {field}, direction: {direction} }}, {side}: 1, {bound}: $it) {{
                            edges {{ cursor node {{ databaseId }} }} }} }}"
                    );
                    let response = gateway.graphql_with(STAFF, &document, json!({ "it": cursor })).await;
                    let edge = &response["data"]["users"]["edges"][0];
                    cursor = edge["cursor"].clone();
                    seen.push(edge["node"]["databaseId"].clone());
                }
                assert_eq!(json!(seen), json!(expected), "{field} {direction}");
            }
        }
    }

    async fn staff_see_what_each_person_sent_and_received(gateway) {
        people(&gateway).await;
        gateway.add(entity::user::Model { is_verified: false, ..person(6, "claimant", "", "adam@work.example") }).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::course(1, "course", 4)).await;
        let to = |id, address: &str, inviter| entity::workspace_invite::Model {
            inviter_id: Some(inviter),
            email: address.to_owned(),
            email_norm: email::normalize(address).unwrap_or_default(),
            ..data::workspace_invite(id, 1)
        };
        gateway.add_all([
            to(1, "ADAM@work.example", 2),
            to(2, "vera.berg@home.example", 4),
            entity::workspace_invite::Model {
                status: StoredStatus::Accepted,
                accepted_by_id: Some(3),
                accepted_at: Some(data::made()),
                ..to(3, "other@work.example", 2)
            },
            // An address that cannot be compared is nobody's.
            to(4, "", 2),
        ]).await;
        gateway.add(entity::invite_code::Model {
            invited_by_id: Some(2),
            user_id: Some(3),
            used_at: Some(data::made()),
            ..data::invite_code(1, "CODE-1")
        }).await;
        gateway.add(entity::course_invite::Model { invited_by_id: Some(4), ..data::course_invite(1, 1, 3) }).await;

        let names = |list: &Value| -> Vec<String> {
            let nodes = list["nodes"].as_array().expect("nodes").iter();
            let names: Vec<_> = nodes.map(|node| {
                let kind = &node["__typename"].as_str().expect("a type")[..1];
                format!("{kind}{}", node["databaseId"].as_str().expect("an id"))
            }).collect();
            assert_eq!(list["totalCount"], names.len(), "{list}");
            names
        };
        let document = |arguments: &str| {
            let list = "{ totalCount nodes { __typename databaseId } }";
            format!("{{ users({arguments}) {{ nodes {{ databaseId
                sentInvites {list}
                pending: receivedInvites {list}
                receivedInvites(filter: {{ status: [PENDING, ACCEPTED] }}, orderBy: {{ field: STATUS, direction: DESC }}) {list}
            }} }} }}")
        };
        let data = gateway.data(STAFF, &document("first: 10")).await;
        let of = |id: &str, list: &str| {
            let users = data["users"]["nodes"].as_array().expect("users");
            let user = users.iter().find(|user| user["databaseId"] == id).expect("a user");
            names(&user[list])
        };
        assert_eq!(of("2", "sentInvites"), ["W4", "W3", "W1", "I1"]);
        assert_eq!(of("4", "sentInvites"), ["W2", "C1"]);
        assert_eq!(of("1", "sentInvites"), [""; 0]);
        assert_eq!(of("2", "receivedInvites"), ["W2"]);
        assert_eq!(of("3", "pending"), ["C1", "W1"]);
        assert_eq!(of("3", "receivedInvites"), ["W3", "I1", "C1", "W1"]);
        for nobody in ["1", "4", "6"] {
            assert_eq!(of(nobody, "receivedInvites"), [""; 0], "{nobody}");
        }

        // They see the same lists as themselves.
        for id in [2, 3, 4] {
            let of_viewer = "{ viewer { sentInvites { totalCount nodes { __typename databaseId } }
                pending: receivedInvites { totalCount nodes { __typename databaseId } } } }";
            let own = gateway.data(Viewer::User(id), of_viewer).await;
            for list in ["sentInvites", "pending"] {
                assert_eq!(names(&own["viewer"][list]), of(&id.to_string(), list), "{id} {list}");
            }
        }

        // The number of statements does not depend on the number of people.
        let statements = async |arguments: &str| {
            let document = document(arguments);
            gateway.data(STAFF, &document).await;
            gateway.counted(gateway.data(STAFF, &document)).await.0
        };
        let one = statements("first: 1, filter: { search: \"adam@\" }").await;
        // The viewer, the people, three lists of all of them, and the three kinds of invites.
        assert_eq!(one, 8);
        assert_eq!(statements("first: 10").await, 8);
    }

    async fn pages_of_what_many_people_received_are_independent(gateway) {
        people(&gateway).await;
        gateway.add(data::workspace(1)).await;
        for (id, address) in [(2, "vera.berg@home.example"), (3, "adam@work.example"), (4, "zoe@work.example")] {
            gateway.add_all((1..=2 * id).map(|n| entity::workspace_invite::Model {
                email: address.to_owned(),
                email_norm: address.to_owned(),
                created_at: data::made() + chrono::Duration::seconds(n),
                ..data::workspace_invite(100 * id + n, 1)
            })).await;
        }
        let page = "totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { databaseId }";
        let document = format!("{{ users {{ nodes {{ id databaseId
            first: receivedInvites(first: 5) {{ {page} }}
            last: receivedInvites(last: 1) {{ {page} }}
            none: receivedInvites(filter: {{ kind: [] }}) {{ {page} }}
        }} }} }}");
        let data = gateway.data(STAFF, &document).await;
        let users = data["users"]["nodes"].as_array().expect("users");
        for (user, expected, total) in [
            (&users[0], vec![], 0),
            (&users[1], vec!["204", "203", "202", "201"], 4),
            (&users[2], vec!["306", "305", "304", "303", "302"], 6),
            (&users[3], vec!["408", "407", "406", "405", "404"], 8),
        ] {
            assert_eq!(keys(&user["first"]), expected);
            assert_eq!(user["first"]["totalCount"], total);
            assert_eq!(user["first"]["pageInfo"]["hasNextPage"], total > 5);
            assert_eq!(user["last"]["pageInfo"]["hasPreviousPage"], total > 1);
            assert_eq!(user["none"]["totalCount"], 0);
            let after = format!("{{ node(id: {}) {{ ... on User {{ rest: receivedInvites(first: 9, after: {}) {{ {page} }} }} }} }}",
                user["id"], user["first"]["pageInfo"]["endCursor"]);
            let rest = gateway.data(STAFF, &after).await;
            let rest = &rest["node"]["rest"];
            assert_eq!(keys(rest).len() + expected.len(), total);
            assert_eq!(rest["pageInfo"]["hasPreviousPage"], total > 0);
        }
    }
}
