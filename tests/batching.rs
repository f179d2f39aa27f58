//! Statements per operation. They do not depend on the number of rows.

use serde_json::{Value, json};

use crate::support::{Backend, Gateway, KINDS, Viewer, data, each_database, global_id, id_of_kind};

/// Sends a request twice, to ignore statements of a connection's first request. Returns the
/// statements of the second, and its response, which must have no errors.
async fn cost(gateway: &Gateway, viewer: Viewer<'_>, document: &str) -> (u64, Value) {
    cost_with(gateway, viewer, document, json!({})).await
}

async fn cost_with(
    gateway: &Gateway,
    viewer: Viewer<'_>,
    document: &str,
    variables: Value,
) -> (u64, Value) {
    gateway
        .graphql_with(viewer, document, variables.clone())
        .await;
    let request = gateway.graphql_with(viewer, document, variables);
    let (statements, mut response) = gateway.counted(request).await;
    assert_eq!(response.get("errors"), None, "{response:#}");
    (statements, response["data"].take())
}

/// Adds a manager (1) of `courses` courses with `invitees` invitees each, invited by user 2.
async fn courses_with_invitees(gateway: &Gateway, courses: i64, invitees: i64) {
    gateway.add(data::user(1, "manager")).await;
    gateway.add(data::user(2, "inviter")).await;
    gateway
        .add_all((0..invitees).map(|n| data::user(100 + n, &format!("learner{n}"))))
        .await;
    for id in 1..=courses {
        gateway
            .add(data::course(id, &format!("course-{id}"), 1))
            .await;
        let invites = (0..invitees).map(|n| entity::course_invite::Model {
            invited_by_id: Some(2),
            ..data::course_invite(id * 10_000 + n, id, 100 + n)
        });
        gateway.add_all(invites).await;
    }
}

each_database! {
    async fn a_look_up_by_code_with_inviter_user_and_tags_costs_one(gateway) {
        for id in 1..=2 {
            gateway.add(data::user(id, &format!("user{id}"))).await;
        }
        gateway.add(entity::invite_code::Model {
            invited_by_id: Some(1),
            user_id: Some(2),
            used_at: Some(data::made()),
            ..data::invite_code(1, "CODE")
        }).await;
        for id in 1..=5 {
            gateway.add(data::tag(id, &format!("tag{id}"))).await;
            gateway.add(data::tagged(1, id)).await;
        }
        let (statements, response) = cost(&gateway, Viewer::Anonymous, r#"{
            inviteCode(code: "CODE") {
                invitedByUsername inviter { username } user { username } tags { name }
            }
        }"#).await;
        assert_eq!(response["inviteCode"]["tags"].as_array().map(Vec::len), Some(5));
        assert_eq!(response["inviteCode"]["user"]["username"], "user2");
        assert_eq!(statements, 1);
    }

    async fn a_page_of_invitees_with_total_and_page_info_costs_four(gateway) {
        courses_with_invitees(&gateway, 1, 60).await;
        let (statements, response) = cost(&gateway, Viewer::User(1), r#"{
            course(id: "course-1") {
                invitees(first: 50) {
                    totalCount
                    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
                    edges { cursor node { username extId } invite { status } }
                }
            }
        }"#).await;
        let invitees = &response["course"]["invitees"];
        assert_eq!(invitees["totalCount"], 60);
        assert_eq!(invitees["pageInfo"]["hasNextPage"], true);
        assert_eq!(invitees["edges"].as_array().map(Vec::len), Some(50));
        // The viewer, the course, their role in it, and the page with total and bounds.
        assert_eq!(statements, 4);
    }

    async fn the_cost_does_not_grow_with_courses_or_invitees(gateway) {
        courses_with_invitees(&gateway, 3, 40).await;
        let document = |courses, invitees| format!(r#"{{
            viewer {{ courses(first: {courses}) {{ nodes {{
                viewerRole createdBy {{ username }}
                invitees(first: {invitees}) {{
                    totalCount pageInfo {{ hasNextPage }}
                    edges {{ invite {{ inviter {{ username }} }} node {{ username }} }}
                }}
            }} }} }}
        }}"#);
        let (few, response) = cost(&gateway, Viewer::User(1), &document(1, 1)).await;
        assert_eq!(response["viewer"]["courses"]["nodes"].as_array().map(Vec::len), Some(1));
        let (many, response) = cost(&gateway, Viewer::User(1), &document(3, 40)).await;
        let last = &response["viewer"]["courses"]["nodes"][2]["invitees"];
        assert_eq!(last["edges"].as_array().map(Vec::len), Some(40));
        assert_eq!(last["edges"][39]["invite"]["inviter"]["username"], "inviter");
        assert_eq!(few, many);
        // The viewer, their courses, their roles in courses, the pages, the inviters.
        assert_eq!(many, 6);
    }

    async fn twenty_workspaces_with_ten_invites_each_cost_four_and_the_roles(gateway) {
        gateway.add(data::user(1, "admin")).await;
        for id in 2..=11 {
            gateway.add(data::user(id, &format!("inviter{id}"))).await;
        }
        for id in 1..=20 {
            gateway.add(data::workspace(id)).await;
            gateway.add(data::workspace_member(id, 1, "admin")).await;
            gateway.add_all((0..10).map(|n| entity::workspace_invite::Model {
                inviter_id: Some(2 + n),
                ..data::workspace_invite(id * 100 + n, id)
            })).await;
        }
        let (statements, response) = cost(&gateway, Viewer::User(1), "{
            viewer { workspaces(first: 20) { nodes {
                name invites(first: 10) { nodes { email inviter { username } } }
            } } }
        }").await;
        let workspaces = response["viewer"]["workspaces"]["nodes"].as_array().expect("workspaces");
        assert_eq!(workspaces.len(), 20);
        for workspace in workspaces {
            let invites = workspace["invites"]["nodes"].as_array().expect("invites");
            assert_eq!(invites.len(), 10);
            assert!(invites.iter().all(|invite| invite["inviter"]["username"].is_string()));
        }
        // The viewer, their workspaces, their invites, the inviters; and the roles.
        assert_eq!(statements, 4 + 1);
    }

    async fn a_hundred_nodes_of_nine_kinds_cost_one_statement_per_kind(gateway) {
        gateway.add_all((1..=12).map(|id| data::user(id, &format!("user{id}")))).await;
        let mut ids = Vec::new();
        let mut representations = Vec::new();
        for n in 1..=11i64 {
            gateway.add(data::tag(n, &format!("tag{n}"))).await;
            gateway.add(data::workspace(n)).await;
            gateway.add(data::workspace_member(n, 12, "owner")).await;
            gateway.add(data::workspace_invite(n, n)).await;
            gateway.add(data::group(n, &format!("group-{n}"))).await;
            gateway.add(data::group_member(n, 12, "manager")).await;
            gateway.add(data::group_invite(n, n, &format!("g{n}"))).await;
            gateway.add(data::course(n, &format!("course-{n}"), 12)).await;
            gateway.add(data::course_invite(n, n, n)).await;
            gateway.add(entity::invite_code::Model {
                invited_by_id: Some(12),
                ..data::invite_code(n, &format!("CODE-{n}"))
            }).await;
            for kind in KINDS {
                ids.push(id_of_kind(kind, n));
                representations.push(if n % 2 == 0 {
                    json!({ "__typename": kind, "id": id_of_kind(kind, n) })
                } else {
                    json!({ "__typename": kind, "databaseId": n })
                });
            }
        }
        ids.push(global_id("User", 12));
        representations.push(json!({ "__typename": "User", "databaseId": "12" }));
        assert_eq!((ids.len(), representations.len()), (100, 100));
        let document = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";
        let variables = json!({ "ids": ids });
        for (viewer, roles) in [(Viewer::User(12), 1), (Viewer::Staff(12), 0)] {
            let (statements, response) = cost_with(&gateway, viewer, document, variables.clone()).await;
            let found: Vec<_> = response["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].clone()).collect();
            assert_eq!(json!(found), variables["ids"], "{viewer:?}");
            // One per kind, the viewer, and their roles in all targets that need one.
            assert_eq!(statements, 9 + 1 + roles, "{viewer:?}");

            // A router can use either key at the same cost.
            let document = "query($representations: [_Any!]!) {
                _entities(representations: $representations) { ... on Node { id } }
            }";
            let variables = json!({ "representations": representations });
            let (statements, response) = cost_with(&gateway, viewer, document, variables).await;
            let found: Vec<_> = response["_entities"].as_array().expect("entities").iter().map(|entity| entity["id"].clone()).collect();
            assert_eq!(found, ids, "{viewer:?}");
            assert_eq!(statements, 9 + 1 + roles, "{viewer:?}");
        }
    }

    async fn invites_of_every_kind_cost_the_list_and_one_statement_per_kind(gateway) {
        gateway.add(data::user(1, "sender")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::course(1, "course", 1)).await;
        for n in 1..=30 {
            gateway.add(data::user(100 + n, &format!("user{n}"))).await;
            gateway.add(entity::invite_code::Model {
                invited_by_id: Some(1),
                ..data::invite_code(n, &format!("CODE-{n}"))
            }).await;
            gateway.add(entity::workspace_invite::Model {
                inviter_id: Some(1),
                ..data::workspace_invite(n, 1)
            }).await;
            gateway.add(entity::course_invite::Model {
                invited_by_id: Some(1),
                ..data::course_invite(n, 1, 100 + n)
            }).await;
        }
        let (statements, response) = cost(&gateway, Viewer::User(1), "{
            viewer { sentInvites(first: 90) { totalCount nodes {
                id status target { __typename }
            } } }
        }").await;
        let sent = &response["viewer"]["sentInvites"];
        assert_eq!(sent["totalCount"], 90);
        assert_eq!(sent["nodes"].as_array().map(Vec::len), Some(90));
        // The viewer, the list, three kinds, the role in the course, and two kinds of targets.
        assert_eq!(statements, 8);
    }

    async fn batches_of_a_kind_have_few_statement_texts(gateway) {
        gateway.add(data::user(1, "inviter")).await;
        gateway.add_all((1..=9).map(|n| entity::invite_code::Model {
            invited_by_id: Some(1),
            ..data::invite_code(n, &format!("CODE-{n}"))
        })).await;
        for n in 1..=9 {
            let ids: Vec<_> = (1..=n).map(|id| id_of_kind("InviteCode", id)).collect();
            let document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
            gateway.graphql_with(Viewer::User(1), document, json!({ "ids": ids })).await;
        }
        let mut texts = gateway.statement_texts().await;
        texts.retain(|text| text.contains(r#"FROM "invite_codes""#));
        match gateway.backend {
            Backend::Postgres => assert_eq!(texts.len(), 1, "{texts:#?}"),
            // Lists of 1, 2, 4, 8 and 16 keys.
            Backend::Sqlite => assert_eq!(texts.len(), 5, "{texts:#?}"),
        }
    }

    async fn fields_that_are_not_selected_are_not_loaded(gateway) {
        courses_with_invitees(&gateway, 1, 3).await;
        gateway.add(data::invite_code(1, "CODE")).await;
        let (statements, _) = cost(&gateway, Viewer::Anonymous, r#"{ inviteCode(code: "CODE") { id } }"#).await;
        assert_eq!(statements, 1);
        let (statements, _) = cost(&gateway, Viewer::Anonymous, r#"{ inviteCode(code: "none") { id } }"#).await;
        assert_eq!(statements, 1);
        let (statements, _) = cost(&gateway, Viewer::Anonymous, "{ viewer { user { id } } }").await;
        assert_eq!(statements, 0);
    }

    async fn the_contracts_cost_the_same_over_rest(gateway) {
        courses_with_invitees(&gateway, 1, 30).await;
        gateway.add(entity::invite_code::Model {
            invited_by_id: Some(1),
            user_id: Some(2),
            ..data::invite_code(1, "CODE")
        }).await;
        for (viewer, path, expected) in [
            (Viewer::Anonymous, "/api/v2/invite_code/CODE/", 1),
            (Viewer::User(1), "/api/v2/course/1/invite/?limit=10&offset=10", 4),
        ] {
            gateway.get(viewer, path).await;
            let (statements, response) = gateway.counted(gateway.get(viewer, path)).await;
            assert_eq!(response.status, 200, "{path}: {}", response.text);
            assert_eq!(statements, expected, "{path}");
        }
    }
}
