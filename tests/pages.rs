//! Pagination: walking a list forward or backward sees every row once, in order.

use chrono::{DateTime, Duration, Utc};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::support::{Backend, Gateway, Viewer, data, each_database};

/// Returns a page of the staff's list of workspace invites.
async fn page(gateway: &Gateway, arguments: &str) -> Value {
    let document = format!(
        "{{ workspaceInvites({arguments}) {{
            totalCount
            pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
            edges {{ cursor node {{ databaseId }} }}
            nodes {{ databaseId }}
        }} }}"
    );
    let page = gateway.data(Viewer::Staff(1), &document).await["workspaceInvites"].take();
    let of_edges: Vec<_> = edges(&page)
        .iter()
        .map(|edge| edge["node"].clone())
        .collect();
    assert_eq!(page["nodes"], json!(of_edges));
    let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
    assert_eq!(
        page["pageInfo"]["startCursor"],
        cursor(edges(&page).first())
    );
    assert_eq!(page["pageInfo"]["endCursor"], cursor(edges(&page).last()));
    page
}

fn edges(page: &Value) -> &Vec<Value> {
    page["edges"].as_array().expect("edges")
}

fn ids(page: &Value) -> Vec<i64> {
    edges(page)
        .iter()
        .map(|edge| {
            edge["node"]["databaseId"]
                .as_str()
                .expect("an id")
                .parse()
                .expect("a number")
        })
        .collect()
}

fn flags(page: &Value) -> (bool, bool) {
    let flag = |name: &str| page["pageInfo"][name].as_bool().expect("a flag");
    (flag("hasPreviousPage"), flag("hasNextPage"))
}

/// Adds a workspace with an invite for each instant (in seconds). Ids count from 1.
async fn invites_made_at(gateway: &Gateway, seconds: &[i64]) {
    gateway.add(data::user(1, "staff")).await;
    gateway.add(data::workspace(1)).await;
    let invites = seconds
        .iter()
        .zip(1..)
        .map(|(seconds, id)| entity::workspace_invite::Model {
            created_at: data::made() + Duration::seconds(*seconds),
            ..data::workspace_invite(id, 1)
        });
    gateway.add_all(invites).await;
}

/// Returns the ids in the expected order.
fn expected(seconds: &[i64], descending: bool) -> Vec<i64> {
    let mut rows: Vec<(i64, i64)> = seconds.iter().copied().zip(1..).collect();
    rows.sort_unstable();
    if descending {
        rows.reverse();
    }
    rows.into_iter().map(|(_, id)| id).collect()
}

/// Returns all rows, page by page.
async fn walk(gateway: &Gateway, order: &str, size: usize, backward: bool) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut bound = String::new();
    loop {
        let arguments = if backward {
            format!("orderBy: {order}, last: {size}{bound}")
        } else {
            format!("orderBy: {order}, first: {size}{bound}")
        };
        let page = page(gateway, &arguments).await;
        let (has_previous, has_next) = flags(&page);
        let (ahead, behind) = if backward {
            (has_next, has_previous)
        } else {
            (has_previous, has_next)
        };
        assert_eq!(ahead, !seen.is_empty(), "{arguments}");
        if backward {
            seen.splice(0..0, ids(&page));
            bound = format!(", before: {}", page["pageInfo"]["startCursor"]);
        } else {
            seen.extend(ids(&page));
            bound = format!(", after: {}", page["pageInfo"]["endCursor"]);
        }
        if !behind {
            return seen;
        }
        assert_eq!(edges(&page).len(), size, "only the last page is short");
    }
}

const NEWEST: &str = "{ field: CREATED_AT, direction: DESC }";
const OLDEST: &str = "{ field: CREATED_AT, direction: ASC }";

each_database! {
    async fn paginating_returns_every_row_once(gateway) {
        // More rows share an instant than fit on a page.
        let seconds = [5, 1, 1, 1, 1, 1, 9, 1, 3, 3];
        invites_made_at(&gateway, &seconds).await;
        for size in [1, 2, 3, 7, 10, 11] {
            for (order, descending) in [(NEWEST, true), (OLDEST, false)] {
                for backward in [false, true] {
                    let seen = walk(&gateway, order, size, backward).await;
                    assert_eq!(seen, expected(&seconds, descending), "{size} {order} {backward}");
                }
            }
        }
    }

    async fn the_newest_rows_come_first_by_default(gateway) {
        let seconds: Vec<i64> = (0..30).collect();
        invites_made_at(&gateway, &seconds).await;
        let page = page(&gateway, "filter: {}").await;
        assert_eq!(ids(&page), (6..=30).rev().collect::<Vec<_>>());
        assert_eq!(flags(&page), (false, true));
        assert_eq!(page["totalCount"], 30);
    }

    async fn an_empty_list_has_an_empty_page(gateway) {
        invites_made_at(&gateway, &[]).await;
        for arguments in ["first: 5", "last: 5"] {
            let page = page(&gateway, arguments).await;
            assert_eq!(page["totalCount"], 0);
            assert_eq!(flags(&page), (false, false));
            assert_eq!(edges(&page).len(), 0);
        }
    }

    async fn an_empty_page_has_total_and_page_info(gateway) {
        invites_made_at(&gateway, &[1, 2]).await;
        let page = page(&gateway, "first: 0").await;
        assert_eq!((edges(&page).len(), flags(&page)), (0, (false, true)));
        assert_eq!(page["totalCount"], 2);
    }

    async fn the_maximum_page_size_is_100(gateway) {
        let seconds: Vec<i64> = (0..101).collect();
        invites_made_at(&gateway, &seconds).await;
        let page = page(&gateway, "first: 100").await;
        assert_eq!((edges(&page).len(), flags(&page)), (100, (false, true)));
    }

    async fn rows_created_between_pages_neither_hide_nor_repeat_others(gateway) {
        invites_made_at(&gateway, &[10, 20, 30, 40]).await;
        let first = page(&gateway, "first: 2").await;
        assert_eq!(ids(&first), [4, 3]);
        // One before the first page, one in it, and one after it.
        for (id, seconds) in [(5, 99), (6, 35), (7, 15)] {
            gateway.add(entity::workspace_invite::Model {
                created_at: data::made() + Duration::seconds(seconds),
                ..data::workspace_invite(id, 1)
            }).await;
        }
        let after = format!("first: 10, after: {}", first["pageInfo"]["endCursor"]);
        let second = page(&gateway, &after).await;
        assert_eq!(ids(&second), [2, 7, 1]);
        assert_eq!(flags(&second), (true, false));
    }

    async fn the_row_of_a_cursor_may_be_deleted(gateway) {
        use sea_orm::EntityTrait;
        invites_made_at(&gateway, &[10, 20, 30, 40]).await;
        let first = page(&gateway, "first: 2").await;
        let after = format!("first: 10, after: {}", first["pageInfo"]["endCursor"]);
        for id in [3, 4] {
            entity::workspace_invite::Entity::delete_by_id(id).exec(&gateway.database).await.expect("deleted");
        }
        let second = page(&gateway, &after).await;
        assert_eq!(ids(&second), [2, 1]);
        assert_eq!(flags(&second), (false, false), "no row precedes the cursor");
    }

    async fn after_and_before_select_a_range(gateway) {
        invites_made_at(&gateway, &[10, 20, 30, 40, 50, 60]).await;
        let all = page(&gateway, "first: 10").await;
        assert_eq!(ids(&all), [6, 5, 4, 3, 2, 1]);
        let cursor = |row: usize| all["edges"][row]["cursor"].clone();
        let within = format!("after: {}, before: {}", cursor(0), cursor(5));
        for (size, rows, flags_expected) in [
            ("first: 9", vec![5, 4, 3, 2], (true, true)),
            ("first: 2", vec![5, 4], (true, true)),
            ("last: 2", vec![3, 2], (true, true)),
        ] {
            let stretch = page(&gateway, &format!("{size}, {within}")).await;
            assert_eq!((ids(&stretch), flags(&stretch)), (rows, flags_expected), "{size}");
        }
    }

    async fn codes_that_never_expire_sort_last(gateway) {
        gateway.add(data::user(1, "staff")).await;
        for (id, day) in [(1, None), (2, Some(5)), (3, None), (4, Some(2))] {
            gateway.add(entity::invite_code::Model {
                expires_at: day.map(|day| data::later() + Duration::days(day)),
                ..data::invite_code(id, &format!("CODE-{id}"))
            }).await;
        }
        for (direction, order) in [("ASC", ["4", "2", "1", "3"]), ("DESC", ["3", "1", "2", "4"])] {
            let mut seen = Vec::new();
            let mut after = Value::Null;
            for _ in 0..4 {
                let document = format!("{{ inviteCodes(first: 1, after: {after}, orderBy: {{ field: EXPIRES_AT, direction: {direction} }}) {{ edges {{ cursor node {{ databaseId }} }} }} }}");
                let data = gateway.data(Viewer::Staff(1), &document).await;
                let edge = &data["inviteCodes"]["edges"][0];
                after = edge["cursor"].clone();
                seen.push(edge["node"]["databaseId"].clone());
            }
            assert_eq!(json!(seen), json!(order), "{direction}");
        }
    }

    async fn invites_page_by_address_status_role_and_name(gateway) {
        use entity::workspace_invite::StoredStatus;
        gateway.add(data::user(1, "inviter")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 1, "owner")).await;
        let made = Some(data::made());
        // Address, state, role, and name of a code.
        let rows = [
            (1, "b@home.example", "pending", "member", "Zoe"),
            (2, "a@home.example", "cancelled", "admin", ""),
            (3, "", "expired", "", "Ada"),
            (4, "C@home.example", "declined", "member", "Bert"),
            (5, "a@home.example", "accepted", "guest", "Ada"),
            (6, "", "pending", "", ""),
        ];
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        for (id, email, state, role, name) in rows {
            let email_norm = email.to_ascii_lowercase();
            let cancelled_at = made.filter(|_| ["cancelled", "declined"].contains(&state));
            let declined_at = made.filter(|_| state == "declined");
            gateway.add(entity::invite_code::Model {
                invited_by_id: Some(1),
                email: some(email),
                email_norm: some(&email_norm),
                role: some(role),
                name: some(name),
                used_at: made.filter(|_| state == "accepted"),
                expires_at: made.filter(|_| state == "expired"),
                cancelled_at,
                declined_at,
                ..data::invite_code(id, &format!("CODE-{id}"))
            }).await;
            gateway.add(entity::workspace_invite::Model {
                inviter_id: Some(1),
                email: email.to_owned(),
                email_norm,
                role: role.to_owned(),
                status: match state {
                    "accepted" => StoredStatus::Accepted,
                    "cancelled" | "declined" => StoredStatus::Cancelled,
                    _ => StoredStatus::Pending,
                },
                expires_at: Some(if state == "expired" { data::made() } else { data::later() }),
                cancelled_at,
                declined_at,
                ..data::workspace_invite(id, 1)
            }).await;
        }
        let mixed = |kind: &str| format!("viewer {{ list: sentInvites(filter: {{ kind: [{kind}] }}, @) {{ # }} }}");
        let lists = [
            "list: inviteCodes(@) { # }".to_owned(),
            "list: workspaceInvites(@) { # }".to_owned(),
            "workspace(id: 1) { list: invites(@) { # } }".to_owned(),
            mixed("INVITE_CODE"),
            mixed("WORKSPACE_INVITE, COURSE_INVITE"),
        ];
        for (list, at) in lists.iter().zip(0..) {
            let has_names = at == 0 || at == 3;
            for (field, expected) in [
                ("EMAIL", ["3", "6", "2", "5", "1", "4"]),
                ("STATUS", ["1", "6", "5", "4", "2", "3"]),
                ("ROLE", ["3", "6", "2", "5", "1", "4"]),
                ("NAME", if has_names { ["2", "6", "3", "5", "4", "1"] } else { ["1", "2", "3", "4", "5", "6"] }),
            ] {
                for (direction, size, side, bound) in [("ASC", 1, "first", "after"), ("DESC", 1, "last", "before"), ("ASC", 4, "first", "after")] {
                    let mut seen = Vec::new();
                    let mut cursor = Value::Null;
                    while seen.len() < expected.len() {
                        let arguments = format!("orderBy: {{ field: {field}, direction: {direction} }}, {side}: {size}, {bound}: $it");
                        let selected = "totalCount edges { cursor node { databaseId } }";
                        let document = list.replace('@', &arguments).replace('#', selected);
                        let document = format!("query ($it: String) {{ {document} }}");
                        let mut response = gateway.graphql_with(Viewer::User(1), &document, json!({ "it": cursor })).await;
                        assert_eq!(response.get("errors"), None, "{document}: {response}");
                        let data = &mut response["data"];
                        let page = if data.get("list").is_some() {
                            data["list"].take()
                        } else {
                            data.as_object_mut().and_then(|data| data.values_mut().next()).expect("a field")["list"].take()
                        };
                        assert_eq!(page["totalCount"], 6, "{document}");
                        seen.extend(edges(&page).iter().map(|edge| edge["node"]["databaseId"].clone()));
                        cursor = edges(&page).last().expect("an edge")["cursor"].clone();
                    }
                    assert_eq!(json!(seen), json!(expected), "{list} {field} {direction} by {size}");
                }
            }
        }
    }

    async fn pages_of_many_parents_are_independent(gateway) {
        gateway.add(data::user(1, "staff")).await;
        for workspace in 1..=3 {
            gateway.add(data::workspace(workspace)).await;
            gateway.add_all((1..=workspace * 2).map(|n| entity::workspace_invite::Model {
                created_at: data::made() + Duration::seconds(n),
                ..data::workspace_invite(workspace * 100 + n, workspace)
            })).await;
        }
        let data = gateway.data(Viewer::Staff(1), "{ viewer { workspaces { nodes {
            first: invites(first: 3) { totalCount pageInfo { hasNextPage hasPreviousPage } nodes { databaseId } }
            last: invites(last: 1) { totalCount pageInfo { hasNextPage hasPreviousPage } nodes { databaseId } }
            none: invites(filter: { status: [CANCELLED] }) { totalCount nodes { databaseId } }
        } } } }").await;
        let workspaces = data["viewer"]["workspaces"]["nodes"].as_array().expect("workspaces");
        let expected = [vec!["102", "101"], vec!["204", "203", "202"], vec!["306", "305", "304"]];
        for ((workspace, expected), total) in workspaces.iter().zip(expected).zip([2, 4, 6]) {
            let ids = |page: &Value| -> Vec<String> {
                page["nodes"].as_array().expect("nodes").iter().map(|node| node["databaseId"].as_str().expect("an id").to_owned()).collect()
            };
            assert_eq!(ids(&workspace["first"]), expected);
            assert_eq!(workspace["first"]["totalCount"], total);
            assert_eq!(workspace["first"]["pageInfo"], json!({ "hasNextPage": total > 3, "hasPreviousPage": false }));
            assert_eq!(ids(&workspace["last"]).len(), 1);
            assert!(ids(&workspace["last"])[0].ends_with("01"));
            assert_eq!(workspace["last"]["pageInfo"], json!({ "hasNextPage": false, "hasPreviousPage": true }));
            assert_eq!(workspace["none"], json!({ "totalCount": 0, "nodes": [] }));
        }
    }

    async fn invitees_page_by_username(gateway) {
        let names = ["dora", "Abel", "çelik", "bert", "zoë", "Ünal", "abel2", "e"];
        gateway.add(data::user(1, "manager")).await;
        gateway.add(data::course(1, "course", 1)).await;
        for (name, id) in names.iter().zip(10..) {
            gateway.add(data::user(id, name)).await;
            gateway.add(data::course_invite(id, 1, id)).await;
        }
        let mut walks = Vec::new();
        for (size, direction) in [(100, "ASC"), (2, "ASC"), (3, "ASC"), (2, "DESC")] {
            let mut seen = Vec::new();
            let mut after = Value::Null;
            loop {
                let document = format!("{{ course(id: 1) {{ invitees(first: {size}, after: {after}, orderBy: {{ field: USERNAME, direction: {direction} }}) {{
                    pageInfo {{ hasNextPage endCursor }} nodes {{ username }}
                }} }} }}");
                let page = gateway.data(Viewer::User(1), &document).await["course"]["invitees"].take();
                seen.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["username"].clone()));
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            if direction == "DESC" {
                seen.reverse();
            }
            assert_eq!(seen.len(), names.len());
            walks.push(seen);
        }
        assert!(walks.windows(2).all(|pair| pair[0] == pair[1]), "{walks:?}");
    }

    async fn paginating_random_lists_returns_every_row_once(gateway) {
        use sea_orm::EntityTrait;
        gateway.add(data::user(1, "staff")).await;
        gateway.add(data::workspace(1)).await;
        let cases = if gateway.backend == Backend::Sqlite { 24 } else { 12 };
        let lists = proptest::collection::vec(0i64..6, 0..14);
        let case = (lists, 1usize..6, any::<bool>(), any::<bool>());
        let mut runner = TestRunner::deterministic();
        for _ in 0..cases {
            let (seconds, size, descending, backward) =
                case.new_tree(&mut runner).expect("a case").current();
            let made = |seconds: i64| -> DateTime<Utc> { data::made() + Duration::microseconds(seconds) };
            gateway.add_all(seconds.iter().zip(1..).map(|(seconds, id)| entity::workspace_invite::Model {
                created_at: made(*seconds),
                ..data::workspace_invite(id, 1)
            })).await;
            let order = if descending { NEWEST } else { OLDEST };
            let seen = walk(&gateway, order, size, backward).await;
            assert_eq!(seen, expected(&seconds, descending), "{seconds:?} {size} {order} {backward}");
            entity::workspace_invite::Entity::delete_many().exec(&gateway.database).await.expect("deleted");
        }
    }
}
