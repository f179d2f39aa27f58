//! `GET /api/v2/course/{id}/invite/`: users invited to a course, for its managers.

use axum::http::StatusCode;
use invite_gateway::import::Kind;
use serde_json::{Value, json};

use super::{detail, has_code, import, is_exactly, is_not_found, is_refused, minified};
use crate::support::{Gateway, PUBLIC_URL, Viewer, data, each_database};

/// The contract's response, with values.
const PAGE: &str = r#"{
    "count": 3,
    "next": null,
    "previous": null,
    "results": [
        {"id": 12, "username": "omar", "real_name": "Omar Farouk", "ext_id": "P-0012", "avatar": "https://img.example/12.png"},
        {"id": 11, "username": "ève", "real_name": "", "ext_id": null, "avatar": null},
        {"id": 13, "username": "zoe", "real_name": "Zoë", "ext_id": "P-0013", "avatar": null}
    ]
}"#;

const PATH: &str = "/api/v2/course/1/invite/";

const CREATOR: Viewer<'_> = Viewer::User(1);
const MANAGER: Viewer<'_> = Viewer::User(2);
const MEMBER: Viewer<'_> = Viewer::User(3);
const STRANGER: Viewer<'_> = Viewer::User(4);

/// Adds the open course 1 and the secret course 2, with members.
async fn fill(gateway: &Gateway) {
    let user = |id: i64| json!({ "id": id, "username": format!("user{id}"), "full_name": "" });
    import(gateway, Kind::Users, &[user(1), user(2), user(3), user(4)]).await;
    let course = |id: i64, privacy: &str| {
        json!({ "id": id, "slug": format!("c{id}"), "name": format!("Course {id}"),
            "privacy": privacy, "created_by": 1 })
    };
    import(
        gateway,
        Kind::Courses,
        &[course(1, "open"), course(2, "secret")],
    )
    .await;
    let member = |user: i64, role: &str| json!({ "course_id": 1, "user_id": user, "role": role });
    import(
        gateway,
        Kind::CourseMembers,
        &[member(2, "manager"), member(3, "joined")],
    )
    .await;
}

/// Imports the contract's page into course 1.
async fn import_page(gateway: &Gateway) {
    let mut row = minified(PAGE).0;
    row["course_id"] = 1.into();
    import(gateway, Kind::CourseInvites, &[row]).await;
}

fn ids(page: &Value) -> Vec<i64> {
    let results = page["results"].as_array().expect("results");
    results
        .iter()
        .map(|user| user["id"].as_i64().expect("an id"))
        .collect()
}

each_database! {
    async fn the_response_equals_the_imported_data(gateway) {
        fill(&gateway).await;
        import_page(&gateway).await;
        let text = minified(PAGE).1;
        for viewer in [CREATOR, MANAGER, Viewer::Staff(4)] {
            is_exactly(&gateway.get(viewer, PATH).await, &text);
        }
        let empty = r#"{"count":0,"next":null,"previous":null,"results":[]}"#;
        is_exactly(&gateway.get(CREATOR, "/api/v2/course/2/invite/").await, empty);
    }

    async fn graphql_returns_the_same_values(gateway) {
        fill(&gateway).await;
        import_page(&gateway).await;
        let query = r#"{ course(id: "c1") { databaseId name viewerRole invitees {
            totalCount
            nodes { databaseId username fullName extId avatarUrl email isVerified }
            edges { invite { status createdAt acceptedAt expiresAt invitee { username } } }
            pageInfo { hasNextPage hasPreviousPage }
        } } }"#;
        let node = |id: &str, username: &str, name: &str, ext_id: Value, avatar: Value| json!({
            "databaseId": id, "username": username, "fullName": name, "extId": ext_id,
            "avatarUrl": avatar, "email": null, "isVerified": false,
        });
        // The contract does not state when a user was invited, so it is the time of the import.
        let edge = |username: &str| json!({ "invite": {
            "status": "PENDING", "createdAt": "2026-06-01T12:00:00Z", "acceptedAt": null,
            "expiresAt": null, "invitee": { "username": username },
        } });
        assert_eq!(gateway.data(MANAGER, query).await, json!({ "course": {
            "databaseId": "1",
            "name": "Course 1",
            "viewerRole": "manager",
            "invitees": {
                "totalCount": 3,
                "nodes": [
                    node("12", "omar", "Omar Farouk", json!("P-0012"),
                        json!("https://img.example/12.png")),
                    node("11", "ève", "", Value::Null, Value::Null),
                    node("13", "zoe", "Zoë", json!("P-0013"), Value::Null),
                ],
                "edges": [edge("omar"), edge("ève"), edge("zoe")],
                "pageInfo": { "hasNextPage": false, "hasPreviousPage": false },
            },
        } }));
    }

    async fn next_and_previous_walk_the_whole_list(gateway) {
        fill(&gateway).await;
        let invitees: Vec<i64> = (100..130).collect();
        let results: Vec<Value> = invitees
            .iter()
            .map(|id| json!({ "id": id, "username": format!("u{id}"), "real_name": "" }))
            .collect();
        let page = json!({ "course": 1, "results": results });
        import(&gateway, Kind::CourseInvites, &[page]).await;

        let default = gateway.get(CREATOR, PATH).await.json;
        assert_eq!(ids(&default), invitees[..25]);
        let next = format!("{PUBLIC_URL}{PATH}?limit=25&offset=25");
        assert_eq!((&default["next"], &default["previous"]), (&json!(next), &Value::Null));

        let walk = async |direction: &str, from: String| {
            let mut url = json!(format!("{PUBLIC_URL}{from}"));
            let mut pages = Vec::new();
            while let Some(absolute) = url.as_str() {
                let path = absolute.strip_prefix(PUBLIC_URL).expect("an absolute URL of ours");
                let answer = gateway.get(CREATOR, path).await;
                assert_eq!((answer.status, &answer.json["count"]), (StatusCode::OK, &json!(30)));
                url = answer.json[direction].clone();
                pages.push(ids(&answer.json));
            }
            pages
        };
        let forward = walk("next", format!("{PATH}?limit=7")).await;
        assert_eq!(forward.iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 7, 7, 2]);
        assert_eq!(forward.concat(), invitees);
        let mut backward = walk("previous", format!("{PATH}?limit=7&offset=28")).await;
        backward.reverse();
        assert_eq!(backward, forward);

        let beyond = gateway.get(CREATOR, &format!("{PATH}?limit=7&offset=99")).await.json;
        assert_eq!((ids(&beyond), &beyond["next"]), (Vec::new(), &Value::Null));
        let previous = format!("{PUBLIC_URL}{PATH}?limit=7&offset=92");
        assert_eq!(beyond["previous"], previous);
    }

    async fn members_and_settled_or_deleted_invitees_are_not_listed(gateway) {
        fill(&gateway).await;
        import_page(&gateway).await;
        import(&gateway, Kind::CourseInvites, &[
            json!({ "course_id": 1, "user_id": 11, "accepted_at": "2026-05-01T00:00:00Z" }),
            json!({ "course_id": 1, "user_id": 3 }),
        ]).await;
        let deleted = json!({ "id": 13, "username": "zoe", "full_name": "Zoë",
            "deleted_at": "2026-05-01T00:00:00Z" });
        import(&gateway, Kind::Users, &[deleted]).await;
        let page = gateway.get(CREATOR, PATH).await.json;
        assert_eq!((ids(&page), &page["count"]), (vec![12], &json!(1)));
    }

    async fn only_managers_of_the_course_are_allowed(gateway) {
        fill(&gateway).await;
        import_page(&gateway).await;
        let sign_in = detail("Authentication credentials were not provided.");
        for path in [PATH, "/api/v2/course/99/invite/", "/api/v2/course/1/invite/?limit=x"] {
            let answer = gateway.get(Viewer::Anonymous, path).await;
            is_refused(&answer, StatusCode::UNAUTHORIZED, &sign_in);
        }
        let forbidden = detail("You do not have permission to perform this action.");
        let query = "{ course(id: 1) { name invitees { totalCount } } }";
        // Invitees may not see other invitees.
        for viewer in [MEMBER, STRANGER, Viewer::User(12)] {
            is_refused(&gateway.get(viewer, PATH).await, StatusCode::FORBIDDEN, &forbidden);
            let answer = gateway.graphql(viewer, query).await;
            has_code(&answer, json!(["course", "invitees"]), "FORBIDDEN");
            let course = json!({ "course": { "name": "Course 1", "invitees": null } });
            assert_eq!(answer["data"], course);
        }
    }

    async fn an_unknown_or_secret_course_is_not_found(gateway) {
        fill(&gateway).await;
        let paths = ["99", "c1", "0", "-1", "+1", "1.0", "99999999999999999999", "%FF"]
            .map(|id| format!("/api/v2/course/{id}/invite/"));
        is_not_found(&gateway, CREATOR, &paths, &detail("Not found.")).await;
        let secret = ["/api/v2/course/2/invite/".to_owned()];
        is_not_found(&gateway, STRANGER, &secret, &detail("Not found.")).await;
        gateway.add(data::user(50, "invited")).await;
        gateway.add(data::course_invite(1, 2, 50)).await;
        let answer = gateway.get(Viewer::User(50), &secret[0]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }

    async fn errors_name_invalid_parameters(gateway) {
        fill(&gateway).await;
        let limit = "Must be a whole number from 1 to 100, given at most once.";
        let offset = "Must be a whole number from 0 to 1000000000, given at most once.";
        for (query, body) in [
            ("limit=0", json!({ "limit": [limit] })),
            ("limit=101", json!({ "limit": [limit] })),
            ("limit=ten", json!({ "limit": [limit] })),
            ("limit=", json!({ "limit": [limit] })),
            ("offset=-1", json!({ "offset": [offset] })),
            ("offset=1&offset=2", json!({ "offset": [offset] })),
            ("limit=%00&offset=x", json!({ "limit": [limit], "offset": [offset] })),
        ] {
            let answer = gateway.get(CREATOR, &format!("{PATH}?{query}")).await;
            is_refused(&answer, StatusCode::BAD_REQUEST, &body);
        }
    }
}
