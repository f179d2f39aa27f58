//! Users invited to a course, for its managers.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{course_path, detail, not_found, rest};
use crate::demo::{courses, people};

fn forbidden() -> Value {
    detail("You do not have permission to perform this action.")
}

fn sign_in() -> Value {
    detail("Authentication credentials were not provided.")
}

#[tokio::test]
async fn course_invitees_match_the_contract() {
    let rest = rest().await;
    let response = rest
        .get(
            &course_path("1/invite/?limit=1&offset=1"),
            Some(people::AMARA),
        )
        .await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(
        response.text,
        concat!(
            r#"{"count":2000,"#,
            r#""next":"https://invites.example.com/base/api/v2/course/1/invite/?limit=1&offset=2","#,
            r#""previous":"https://invites.example.com/base/api/v2/course/1/invite/?limit=1","#,
            r#""results":[{"id":12,"username":"omar.farouk","real_name":"Omar Farouk","ext_id":"P-0012","avatar":"https://avatars.example.com/12.png"}]}"#,
        )
    );
    // One each for the course, the viewer's role and the page.
    assert_eq!(response.statements, 3);
    let third = rest
        .get(
            &course_path("1/invite/?limit=1&offset=2"),
            Some(people::PRIYA),
        )
        .await;
    assert_eq!(
        third.json()["results"],
        json!([{"id": people::CHLOE, "username": "chloe.dubois", "real_name": "",
            "ext_id": null, "avatar": null}])
    );
}

#[tokio::test]
async fn next_links_reach_every_invitee_once() {
    let rest = rest().await;
    let viewer = Some(people::YUKI);
    let origin = "https://invites.example.com/base";
    let mut path = course_path("1/invite/?limit=100");
    let mut seen = std::collections::HashSet::new();
    let mut previous = Value::Null;
    loop {
        let body = rest.get(&path, viewer).await.json();
        assert_eq!(body["count"], courses::INVITEES);
        assert_eq!(body["previous"], previous);
        for user in body["results"].as_array().expect("results") {
            assert!(seen.insert(user["id"].as_i64()), "{user}: twice");
        }
        let Some(next) = body["next"].as_str() else {
            break;
        };
        previous = json!(format!("{origin}{path}"));
        path = next.strip_prefix(origin).expect("our URL").to_owned();
    }
    assert_eq!(seen.len(), 2_000);
}

#[tokio::test]
async fn next_and_previous_are_limit_offset_links() {
    let rest = rest().await;
    let url = |query: &str| {
        json!(format!(
            "https://invites.example.com/base/api/v2/course/1/invite/?{query}"
        ))
    };
    for (query, results, next, previous) in [
        ("", 25, url("limit=25&offset=25"), Value::Null),
        ("?offset=10", 25, url("limit=25&offset=35"), url("limit=25")),
        (
            "?offset=1975&x=y",
            25,
            Value::Null,
            url("limit=25&offset=1950"),
        ),
        ("?offset=1990", 10, Value::Null, url("limit=25&offset=1965")),
        ("?offset=2000", 0, Value::Null, url("limit=25&offset=1975")),
        (
            "?limit=10&offset=5000",
            0,
            Value::Null,
            url("limit=10&offset=4990"),
        ),
        (
            "?limit=100&offset=1000000000",
            0,
            Value::Null,
            url("limit=100&offset=999999900"),
        ),
    ] {
        let path = course_path(format!("1/invite/{query}"));
        let body = rest.get(&path, Some(people::AMARA)).await.json();
        assert_eq!(body["count"], 2_000, "{query}");
        let printed = body["results"].as_array().map(Vec::len);
        assert_eq!(printed, Some(results), "{query}");
        assert_eq!(
            (&body["next"], &body["previous"]),
            (&next, &previous),
            "{query}"
        );
    }
}

#[tokio::test]
async fn course_invitees_are_for_managers_only() {
    let rest = rest().await;
    // Authentication is checked before anything else.
    for course in [
        "1/invite/",
        "999/invite/",
        "x/invite/",
        "%FF/invite/",
        "1/invite/?limit=0",
    ] {
        let response = rest.get(&course_path(course), None).await;
        response.is(StatusCode::UNAUTHORIZED, sign_in());
        assert_eq!(response.statements, 0, "{course}");
    }
    let limit = json!({"limit": ["Must be a whole number from 1 to 100, given at most once."]});
    for course in [
        "1/invite/?limit=0",
        "999/invite/?limit=101",
        "x/invite/?limit=",
    ] {
        let response = rest.get(&course_path(course), Some(people::NADIA)).await;
        response.is(StatusCode::BAD_REQUEST, limit.clone());
    }
    for course in [
        "999",
        "0",
        "-1",
        "+1",
        "1.0",
        "rust-from-zero",
        "%00",
        "%FF",
        "99999999999999999999",
        "5", // deleted
    ] {
        let path = course_path(format!("{course}/invite/"));
        let response = rest.get(&path, Some(people::AMARA)).await;
        response.is(StatusCode::NOT_FOUND, not_found());
    }
    for (course, viewer, status, body) in [
        (
            courses::BIG_ID,
            people::NADIA,
            StatusCode::FORBIDDEN,
            forbidden(),
        ),
        (
            courses::BIG_ID,
            people::LIAM,
            StatusCode::FORBIDDEN,
            forbidden(),
        ),
        (
            courses::BIG_ID,
            people::MEI,
            StatusCode::FORBIDDEN,
            forbidden(),
        ),
        (
            courses::SECRET_ID,
            people::MEI,
            StatusCode::FORBIDDEN,
            forbidden(),
        ),
        (
            courses::SECRET_ID,
            people::AMARA,
            StatusCode::NOT_FOUND,
            not_found(),
        ),
        (
            courses::DRAFT_ID,
            people::NADIA,
            StatusCode::NOT_FOUND,
            not_found(),
        ),
    ] {
        let path = course_path(format!("{course}/invite/"));
        rest.get(&path, Some(viewer)).await.is(status, body);
    }
}
