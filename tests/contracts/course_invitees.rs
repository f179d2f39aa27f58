//! `GET /api/v2/course/{id}/invite/`: users invited to a course, for its managers.

use axum::http::StatusCode;
use invite_gateway::import::Kind;
use serde_json::{Value, json};

use super::{detail, has_code, import, is_exactly, is_not_found, is_refused, minified};
use crate::support::{Gateway, PUBLIC_URL, Viewer, any_database, data, each_database};

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

/// Adds the open course 1, the secret course 2, the draft 3 and the deleted course 4, with members.
async fn fill(gateway: &Gateway) {
    let user = |id: i64| json!({ "id": id, "username": format!("user{id}"), "full_name": "" });
    import(gateway, Kind::Users, &[user(1), user(2), user(3), user(4)]).await;
    let course = |id: i64, privacy: &str| {
        json!({ "id": id, "slug": format!("c{id}"), "name": format!("Course {id}"),
            "privacy": privacy, "created_by": 1 })
    };
    let mut deleted = course(4, "open");
    deleted["deleted_at"] = "2026-01-01T00:00:00Z".into();
    import(
        gateway,
        Kind::Courses,
        &[
            course(1, "open"),
            course(2, "secret"),
            course(3, "draft"),
            deleted,
        ],
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

/// Imports users as invitees of course 1, and returns their ids in the order of the list.
async fn import_invitees(gateway: &Gateway, count: i64) -> Vec<i64> {
    let invitees: Vec<i64> = (100..100 + count).collect();
    let results: Vec<Value> = invitees
        .iter()
        .map(|id| json!({ "id": id, "username": format!("u{id}"), "real_name": "" }))
        .collect();
    let page = json!({ "course": 1, "results": results });
    import(gateway, Kind::CourseInvites, &[page]).await;
    invitees
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
        let middle = concat!(
            r#"{"count":3,"next":"https://gateway.example/api/v2/course/1/invite/?limit=1&offset=2","#,
            r#""previous":"https://gateway.example/api/v2/course/1/invite/?limit=1","#,
            r#""results":[{"id":11,"username":"ève","real_name":"","ext_id":null,"avatar":null}]}"#,
        );
        is_exactly(&gateway.get(CREATOR, &format!("{PATH}?limit=1&offset=1")).await, middle);
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
        let invitees = import_invitees(&gateway, 30).await;
        let walk = async |direction: &str, from: String| {
            let mut url = json!(format!("{PUBLIC_URL}{from}"));
            let mut pages = Vec::new();
            while let Some(absolute) = url.as_str() {
                let path = absolute.strip_prefix(PUBLIC_URL).expect("an absolute URL of ours");
                let response = gateway.get(CREATOR, path).await;
                assert_eq!((response.status, &response.json["count"]), (StatusCode::OK, &json!(30)));
                url = response.json[direction].clone();
                pages.push(ids(&response.json));
            }
            pages
        };
        let forward = walk("next", format!("{PATH}?limit=7")).await;
        assert_eq!(forward.iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 7, 7, 2]);
        assert_eq!(forward.concat(), invitees);
        let mut backward = walk("previous", format!("{PATH}?limit=7&offset=28")).await;
        backward.reverse();
        assert_eq!(backward, forward);
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
        // Authentication is checked before anything else.
        for rest in ["1/invite/", "99/invite/", "x/invite/", "%FF/invite/", "1/invite/?limit=x"] {
            let path = format!("/api/v2/course/{rest}");
            let (statements, response) = gateway.counted(gateway.get(Viewer::Anonymous, &path)).await;
            is_refused(&response, StatusCode::UNAUTHORIZED, &sign_in);
            assert_eq!(statements, 0, "{path}");
        }
        let forbidden = detail("You do not have permission to perform this action.");
        let query = "{ course(id: 1) { name invitees { totalCount } } }";
        // Invitees may not see other invitees.
        for viewer in [MEMBER, STRANGER, Viewer::User(12)] {
            is_refused(&gateway.get(viewer, PATH).await, StatusCode::FORBIDDEN, &forbidden);
            let response = gateway.graphql(viewer, query).await;
            has_code(&response, json!(["course", "invitees"]), "FORBIDDEN");
            let course = json!({ "course": { "name": "Course 1", "invitees": null } });
            assert_eq!(response["data"], course);
        }
    }

    async fn an_unknown_deleted_or_hidden_course_is_not_found(gateway) {
        fill(&gateway).await;
        let unknown = ["99", "4", "c1", "0", "-1", "+1", "1.0", "99999999999999999999", "%00", "%FF"]
            .map(|id| format!("/api/v2/course/{id}/invite/"));
        is_not_found(&gateway, CREATOR, &unknown, &detail("Not found.")).await;
        let hidden = ["2", "3"].map(|id| format!("/api/v2/course/{id}/invite/"));
        is_not_found(&gateway, STRANGER, &hidden, &detail("Not found.")).await;
        gateway.add(data::user(50, "invited")).await;
        gateway.add(data::course_invite(1, 2, 50)).await;
        let response = gateway.get(Viewer::User(50), &hidden[0]).await;
        let forbidden = detail("You do not have permission to perform this action.");
        is_refused(&response, StatusCode::FORBIDDEN, &forbidden);
    }
}

any_database! {
    async fn next_and_previous_are_limit_offset_links(gateway) {
        fill(&gateway).await;
        let invitees = import_invitees(&gateway, 60).await;
        let link = |query: Option<&str>| query.map(|query| format!("{PUBLIC_URL}{PATH}?{query}"));
        for (query, results, next, previous) in [
            ("", 0..25, Some("limit=25&offset=25"), None),
            // Unknown parameters are ignored.
            ("page=2&=&&x", 0..25, Some("limit=25&offset=25"), None),
            ("Limit=7", 0..25, Some("limit=25&offset=25"), None),
            ("limits=0", 0..25, Some("limit=25&offset=25"), None),
            ("limit=1", 0..1, Some("limit=1&offset=1"), None),
            ("offset=%30&li%6dit=007&cursor=x", 0..7, Some("limit=7&offset=7"), None),
            ("offset=10", 10..35, Some("limit=25&offset=35"), Some("limit=25")),
            ("offset=35&x=y", 35..60, None, Some("limit=25&offset=10")),
            ("offset=50", 50..60, None, Some("limit=25&offset=25")),
            ("offset=60", 60..60, None, Some("limit=25&offset=35")),
            ("limit=10&offset=5000", 60..60, None, Some("limit=10&offset=4990")),
            ("limit=100&offset=1000000000", 60..60, None, Some("limit=100&offset=999999900")),
        ] {
            let page = gateway.get(CREATOR, &format!("{PATH}?{query}")).await.json;
            assert_eq!((ids(&page), &page["count"]), (invitees[results].to_vec(), &json!(60)));
            let links = json!([link(next), link(previous)]);
            assert_eq!(json!([page["next"], page["previous"]]), links, "{query}");
        }
    }

    async fn errors_name_invalid_parameters_and_their_range(gateway) {
        fill(&gateway).await;
        let limit = json!(["Must be a whole number from 1 to 100, given at most once."]);
        let offset = json!(["Must be a whole number from 0 to 1000000000, given at most once."]);
        let values = |name: &str, values: &[&str]| -> Vec<String> {
            values.iter().map(|value| format!("1/invite/?{name}={value}")).collect()
        };
        let mut limits = values("limit", &[
            "", "0", "-1", "101", "1.5", "+5", "%2B5", "%205", "1e1", "ten", "0x10", "%00", "%FF",
            "%EF%BC%91", "99999999999999999999999",
        ]);
        // Checked before the course is looked up.
        limits.extend(["99/invite/?limit=101", "x/invite/?limit="].map(str::to_owned));
        let mut offsets = values("offset", &["", "-1", "1000000001", "x"]);
        offsets.push("1/invite/?offset=1&offset=2".to_owned());
        let both = ["limit=%00&offset=x", "limit=5&limit=5&offset=1&offset="]
            .map(|query| format!("1/invite/?{query}"));
        for (paths, body) in [
            (limits, json!({ "limit": limit })),
            (offsets, json!({ "offset": offset })),
            (both.to_vec(), json!({ "limit": limit, "offset": offset })),
        ] {
            for path in paths {
                for viewer in [CREATOR, STRANGER] {
                    let response = gateway.get(viewer, &format!("/api/v2/course/{path}")).await;
                    is_refused(&response, StatusCode::BAD_REQUEST, &body);
                }
            }
        }
    }
}
