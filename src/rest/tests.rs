//! The endpoints over the demo's data: exact bodies, who is refused what, and what the OpenAPI
//! document says of it all.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use chrono::{DateTime, Utc};
use entity::{group, group_invite, invite_code};
use http_body_util::BodyExt;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use super::{Manner, OPENAPI_PATH, RestSettings, manner_of, openapi, router};
use crate::{
    access::{Access, Disclosure, GroupInviteUrl, Policy, Viewer},
    database::{IN_MEMORY, Pool},
    demo::{self, codes, courses, groups, people, workspace_invites as tokens},
    loader::{Loaders, gather, user::Subject},
};

const PUBLIC_URL: &str = "https://invites.example.com/base/";

/// The gateway's REST side over the demo's data.
struct Rest {
    database: sea_orm::DatabaseConnection,
    loaders: Arc<Loaders>,
    policy: Arc<Policy>,
    router: Router,
    statements: Arc<AtomicUsize>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    statements: usize,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    fn header(&self, name: header::HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(&name).iter();
        let value = values.next()?.to_str().expect("text");
        assert_eq!(values.next(), None, "{name}: twice");
        Some(value)
    }

    #[track_caller]
    fn is(&self, status: StatusCode, body: Value) {
        assert_eq!((self.status, self.json()), (status, body));
        assert_eq!(self.header(header::CONTENT_TYPE), Some("application/json"));
        assert_eq!(self.header(header::CACHE_CONTROL), Some("no-store"));
        let challenge =
            (status == StatusCode::UNAUTHORIZED).then_some(r#"Bearer realm="invite-gateway""#);
        assert_eq!(self.header(header::WWW_AUTHENTICATE), challenge);
    }
}

fn now() -> DateTime<Utc> {
    "2026-07-01T12:00:00Z".parse().expect("an instant")
}

fn public_url() -> Url {
    PUBLIC_URL.parse().expect("a URL")
}

async fn rest() -> Rest {
    rest_with(Disclosure::Contract).await
}

async fn rest_with(disclosure: Disclosure) -> Rest {
    let mut database = Pool::small(IN_MEMORY).open().await.expect("a database");
    Migrator::up(&database, None).await.expect("migrations");
    demo::load(&database, now()).await.expect("sample data");
    let statements = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&statements);
    database.set_metric_callback(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let group_invite_url: GroupInviteUrl = GroupInviteUrl::DEFAULT.parse().expect("a URL");
    Rest {
        loaders: Arc::new(Loaders::new(database.clone())),
        policy: Arc::new(Policy {
            disclosure,
            group_invite_url,
        }),
        router: router(RestSettings {
            public_url: public_url(),
        }),
        database,
        statements,
    }
}

impl Rest {
    async fn viewer(&self, id: Option<i64>) -> Viewer {
        match id {
            None => Viewer::Anonymous,
            Some(id) => {
                let user = self.loaders.subject(Subject::Id(id)).await.expect("rows");
                Viewer::signed_in(user.expect("a user"), false)
            }
        }
    }

    async fn send(&self, method: Method, path: &str, viewer: Option<i64>) -> Answer {
        let viewer = self.viewer(viewer).await;
        let access = Access::new(viewer, self.loaders.clone(), self.policy.clone(), now());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .expect("a request");
        let before = self.statements.load(Ordering::Relaxed);
        let router = self.router.clone().layer(Extension(Arc::new(access)));
        let response = gather(router.oneshot(request)).await.expect("an answer");
        let statements = self.statements.load(Ordering::Relaxed) - before;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("UTF-8"),
            statements,
        }
    }

    async fn get(&self, path: &str, viewer: Option<i64>) -> Answer {
        self.send(Method::GET, path, viewer).await
    }
}

fn code_path(code: &str) -> String {
    format!("/api/v2/invite_code/{code}/")
}

fn token_path(token: impl std::fmt::Display) -> String {
    format!("/api/v1/invites/{token}/")
}

fn group_path(id: impl std::fmt::Display) -> String {
    format!("/v3/groups/{id}/invite")
}

fn course_path(rest: impl std::fmt::Display) -> String {
    format!("/api/v2/course/{rest}")
}

fn detail(text: &str) -> Value {
    json!({"detail": text})
}

fn not_found() -> Value {
    detail("Not found.")
}

fn forbidden() -> Value {
    detail("You do not have permission to perform this action.")
}

fn sign_in() -> Value {
    detail("Authentication credentials were not provided.")
}

fn arena_not_found() -> Value {
    json!({"error": "Not Found", "code": 404, "details": {
        "message": "The resource you are looking for does not exist."}})
}

#[tokio::test]
async fn an_invite_code_is_printed_as_the_contract_has_it() {
    let answer = rest().await.get(&code_path(codes::USED), None).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.text,
        concat!(
            r#"{"id":2,"invited_by_username":"noor.haddad","role":"member","tags":["#,
            r##"{"id":6,"active":true,"type":"contribution","name":"Dokümantasyon ✍","description":null,"color":"#3366f0","visible":true,"deleted":false,"created_at":"2025-09-01T08:00:00Z"},"##,
            r##"{"id":2,"active":true,"type":"category","name":"Rust","description":"Given to those we know as Rust.","color":"#336650","visible":true,"deleted":false,"created_at":"2025-09-01T08:00:00Z"}],"##,
            r#""name":"Omar Farouk","email":"omar.farouk@example.com","code":"USED-2026","#,
            r#""generated_at":"2026-03-03T09:00:00Z","sent_at":"2026-03-03T09:05:00Z","used_at":"2026-03-09T15:30:00Z","#,
            r#""invited_by":2,"user":{"id":12,"username":"omar.farouk","real_name":"Omar Farouk","ext_id":null,"avatar":"https://avatars.example.com/12.png"}}"#,
        )
    );
    assert_eq!(answer.statements, 3);
}

#[tokio::test]
async fn what_an_invite_code_lacks_is_null() {
    let rest = rest().await;
    for code in [codes::INVITER_DELETED, codes::NO_INVITER] {
        let body = rest.get(&code_path(code), None).await.json();
        assert_eq!(body["invited_by"], Value::Null, "{code}");
        assert_eq!(body["invited_by_username"], Value::Null, "{code}");
    }
    let body = rest.get(&code_path(codes::NO_EMAIL), None).await.json();
    assert_eq!(
        (&body["name"], &body["email"]),
        (&Value::Null, &Value::Null)
    );
    let body = rest
        .get(&code_path(codes::NEVER_EXPIRES), None)
        .await
        .json();
    assert_eq!(
        (&body["role"], &body["sent_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(body["tags"], json!([]));
    let body = rest.get(&code_path(codes::USER_DELETED), None).await.json();
    assert_eq!(body["user"], Value::Null);
    assert_eq!(body["used_at"], "2026-03-12T08:00:00Z");
}

#[tokio::test]
async fn fractions_of_seconds_are_printed_where_there_are_any() {
    let rest = rest().await;
    let sent_at: DateTime<Utc> = "2026-03-02T09:05:00.250Z".parse().expect("an instant");
    invite_code::Entity::update_many()
        .col_expr(invite_code::Column::SentAt, Expr::value(sent_at))
        .filter(invite_code::Column::Code.eq(codes::PENDING))
        .exec(&rest.database)
        .await
        .expect("an update");
    let body = rest.get(&code_path(codes::PENDING), None).await.json();
    assert_eq!(body["sent_at"], "2026-03-02T09:05:00.250Z");
}

#[tokio::test]
async fn whatever_is_no_invite_code_is_not_found_in_one_statement() {
    let rest = rest().await;
    for code in [
        "UNKNOWN",
        "Welcome-2026",
        "%00",
        "WELCOME-2026%00",
        "%FF%FE",
        "%zz",
        "%2F",
        "..",
        "%2e%2e",
        "'%20OR%20'1'='1",
        &"x".repeat(5_000),
    ] {
        let answer = rest.get(&code_path(code), None).await;
        answer.is(StatusCode::NOT_FOUND, not_found());
        assert_eq!(answer.statements, 1, "{code}");
    }
}

#[tokio::test]
async fn a_workspace_invite_is_printed_as_the_contract_has_it() {
    let answer = rest().await.get(&token_path(tokens::PENDING), None).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.text,
        concat!(
            r#"{"email":"jonas.weber@example.org","workspace_name":"Atlas Research","workspace_id":1,"#,
            r#""workspace_description":"Where the people of Atlas Research work together.","#,
            r#""workspace_logo":"https://logos.example.com/1.svg","#,
            r#""inviter":{"id":3,"email":"ingrid.sorensen@example.com","full_name":"Ingrid Sørensen","username":"ingrid.sorensen","is_verified":true,"profile_picture":"https://avatars.example.com/3.png"},"#,
            r#""inviter_name":"Ingrid Sørensen","role_display":"Member","is_expired":false,"#,
            r#""expires_at":"2099-12-31T23:59:00Z","message":"We would love to have you with us – join when you can!","status":"pending"}"#,
        )
    );
    assert_eq!(answer.statements, 3);
}

#[tokio::test]
async fn what_a_workspace_invite_lacks_is_empty() {
    let rest = rest().await;
    for token in [tokens::INVITER_DELETED, tokens::NO_INVITER] {
        let body = rest.get(&token_path(token), None).await.json();
        assert_eq!(
            (&body["inviter"], &body["inviter_name"]),
            (&Value::Null, &json!(""))
        );
    }
    let body = rest.get(&token_path(tokens::NO_LOGO), None).await.json();
    assert_eq!(body["workspace_logo"], "");
    assert_eq!(body["workspace_description"], "");
    let body = rest.get(&token_path(tokens::NO_MESSAGE), None).await.json();
    assert_eq!(body["message"], "");
    let body = rest
        .get(&token_path(tokens::UNKNOWN_ROLE), None)
        .await
        .json();
    assert_eq!(body["role_display"], "UNKNOWN");
}

#[tokio::test]
async fn an_invite_says_its_status_of_now() {
    let rest = rest().await;
    for (token, status) in [
        (tokens::ACCEPTED, "accepted"),
        (tokens::CANCELLED, "cancelled"),
        (tokens::EXPIRED, "expired"),
        (tokens::PENDING_PAST_EXPIRY, "expired"),
        (tokens::ACCEPTED_THEN_EXPIRED, "accepted"),
    ] {
        let body = rest.get(&token_path(token), None).await.json();
        assert_eq!(body["status"], status, "{token}");
        assert_eq!(body["is_expired"], status == "expired", "{token}");
    }
}

#[tokio::test]
async fn addresses_are_masked_where_the_operator_settled_so() {
    let rest = rest_with(Disclosure::Masked).await;
    for viewer in [None, Some(people::NADIA)] {
        let body = rest.get(&token_path(tokens::PENDING), viewer).await.json();
        assert_eq!(body["email"], "j…@e….org");
        assert_eq!(body["inviter"]["email"], "i…@e….com");
        let body = rest.get(&code_path(codes::PENDING), viewer).await.json();
        assert_eq!(body["email"], "j…@e….org");
    }
    let body = rest
        .get(&token_path(tokens::PENDING), Some(people::INGRID))
        .await
        .json();
    assert_eq!(body["email"], "jonas.weber@example.org");
    assert_eq!(body["inviter"]["email"], "ingrid.sorensen@example.com");
}

#[tokio::test]
async fn whatever_is_no_token_is_not_found_in_one_statement() {
    let rest = rest().await;
    let pending = tokens::PENDING;
    for token in [
        "d0000000-0000-4000-8000-999999999999".to_owned(),
        uuid::Uuid::nil().to_string(),
        "token".to_owned(),
        "%00".to_owned(),
        "%FF".to_owned(),
        pending.simple().to_string(),
        format!("%7B{pending}%7D"),
        pending.urn().to_string(),
        format!("%20{pending}"),
        tokens::WORKSPACE_DELETED.to_string(),
    ] {
        let answer = rest.get(&token_path(&token), None).await;
        answer.is(StatusCode::NOT_FOUND, not_found());
        assert_eq!(answer.statements, 1, "{token}");
    }
    let upper = pending.to_string().to_uppercase();
    assert_eq!(
        rest.get(&token_path(upper), None).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_group_invite_is_printed_as_the_contract_has_it() {
    let rest = rest().await;
    let by_slug = rest
        .get(&group_path(groups::STUDIO), Some(people::NOOR))
        .await;
    assert_eq!(by_slug.status, StatusCode::OK);
    assert_eq!(
        by_slug.text,
        concat!(
            r#"{"id":12345,"type":"GroupInvite","code":"abc123xyz","#,
            r#""url":"https://www.are.na/group/research-studio/invite/abc123xyz","#,
            r#""created_at":"2023-01-15T10:30:00Z","updated_at":"2023-01-15T10:30:00Z","#,
            r#""_links":{"self":{"href":"https://invites.example.com/base/v3/groups/1/invite"}}}"#,
        )
    );
    let by_id = rest.get(&group_path(1), Some(people::NOOR)).await;
    assert_eq!(by_id.text, by_slug.text);
    let staff = rest.get(&group_path(1), Some(people::PRIYA)).await;
    assert_eq!(staff.text, by_slug.text);
}

#[tokio::test]
async fn digits_are_an_id_before_they_are_a_slug() {
    let rest = rest().await;
    let group = |id: i64, slug: &str| group::ActiveModel {
        id: sea_orm::Set(id),
        slug: sea_orm::Set(slug.to_owned()),
        name: sea_orm::Set("Numbers".to_owned()),
        created_at: sea_orm::Set(now()),
        deleted_at: sea_orm::Set(None),
    };
    let huge = "99999999999999999999";
    let rows = [group(70, "1"), group(71, "2024"), group(72, huge)];
    group::Entity::insert_many(rows)
        .exec_without_returning(&rest.database)
        .await
        .expect("groups");
    let invite = |id: i64| group_invite::ActiveModel {
        id: sea_orm::Set(id),
        group_id: sea_orm::Set(id),
        code: sea_orm::Set(format!("code-{id}")),
        created_at: sea_orm::Set(now()),
        updated_at: sea_orm::Set(now()),
    };
    group_invite::Entity::insert_many([invite(70), invite(71), invite(72)])
        .exec_without_returning(&rest.database)
        .await
        .expect("invites");
    for (path, id) in [("1", 12_345), ("2024", 71), ("70", 70), (huge, 72)] {
        let answer = rest.get(&group_path(path), Some(people::PRIYA)).await;
        assert_eq!(answer.json()["id"], id, "{path}");
    }
}

#[tokio::test]
async fn a_group_invite_is_for_who_manages_the_group() {
    let rest = rest().await;
    for id in [
        groups::STUDIO,
        "1",
        "unknown",
        groups::DELETED,
        "%00",
        "%FF",
    ] {
        let body = json!({"error": "Unauthorized", "code": 401, "details": {
            "message": "You must be signed in to access this resource."}});
        let answer = rest.get(&group_path(id), None).await;
        answer.is(StatusCode::UNAUTHORIZED, body);
        assert_eq!(answer.statements, 0, "{id}");
    }
    for id in [
        "unknown",
        "0",
        "-1",
        "999",
        "99999999999999999999",
        groups::DELETED,
        "%00",
        "%FF",
    ] {
        let answer = rest.get(&group_path(id), Some(people::NOOR)).await;
        answer.is(StatusCode::NOT_FOUND, arena_not_found());
    }
    let answer = rest
        .get(&group_path(groups::NO_CODE), Some(people::NOOR))
        .await;
    answer.is(StatusCode::NOT_FOUND, arena_not_found());
    for (group, viewer) in [
        (groups::STUDIO, people::NADIA),
        (groups::STUDIO, people::DANIEL),
        (groups::OTHERS, people::NOOR),
        (groups::NO_CODE, people::NADIA),
    ] {
        let body = json!({"error": "Forbidden", "code": 403, "details": {
            "message": "You do not have permission to access this resource."}});
        let answer = rest.get(&group_path(group), Some(viewer)).await;
        answer.is(StatusCode::FORBIDDEN, body);
    }
}

#[tokio::test]
async fn course_invitees_are_printed_as_the_contract_has_it() {
    let rest = rest().await;
    let answer = rest
        .get(
            &course_path("1/invite/?limit=1&offset=1"),
            Some(people::AMARA),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.text,
        concat!(
            r#"{"count":2000,"#,
            r#""next":"https://invites.example.com/base/api/v2/course/1/invite/?limit=1&offset=2","#,
            r#""previous":"https://invites.example.com/base/api/v2/course/1/invite/?limit=1","#,
            r#""results":[{"id":12,"username":"omar.farouk","real_name":"Omar Farouk","ext_id":"P-0012","avatar":"https://avatars.example.com/12.png"}]}"#,
        )
    );
    // The course, the viewer's role, the page.
    assert_eq!(answer.statements, 3);
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
async fn the_pages_of_course_invitees_follow_each_other_without_loss() {
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
async fn links_are_those_of_a_limit_offset_page() {
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
async fn course_invitees_are_for_who_manages_the_course() {
    let rest = rest().await;
    // Before anything else is told.
    for course in [
        "1/invite/",
        "999/invite/",
        "x/invite/",
        "%FF/invite/",
        "1/invite/?limit=0",
    ] {
        let answer = rest.get(&course_path(course), None).await;
        answer.is(StatusCode::UNAUTHORIZED, sign_in());
        assert_eq!(answer.statements, 0, "{course}");
    }
    let limit = json!({"limit": ["Must be a whole number from 1 to 100, given at most once."]});
    for course in [
        "1/invite/?limit=0",
        "999/invite/?limit=101",
        "x/invite/?limit=",
    ] {
        let answer = rest.get(&course_path(course), Some(people::NADIA)).await;
        answer.is(StatusCode::BAD_REQUEST, limit.clone());
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
        let answer = rest.get(&path, Some(people::AMARA)).await;
        answer.is(StatusCode::NOT_FOUND, not_found());
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

#[tokio::test]
async fn head_is_get_without_a_body_and_other_methods_are_refused() {
    let rest = rest().await;
    let paths = [
        (code_path(codes::USED), Manner::Detail),
        (token_path(tokens::PENDING), Manner::Detail),
        (group_path(groups::STUDIO), Manner::Arena),
        (course_path("1/invite/"), Manner::Detail),
        (OPENAPI_PATH.to_owned(), Manner::Detail),
    ];
    for (path, manner) in paths {
        let get = rest.get(&path, Some(people::PRIYA)).await;
        let head = rest.send(Method::HEAD, &path, Some(people::PRIYA)).await;
        assert_eq!(
            (head.status, head.text.as_str()),
            (StatusCode::OK, ""),
            "{path}"
        );
        assert_eq!(head.headers, get.headers, "{path}");
        let body = match manner {
            Manner::Detail => detail("Method not allowed."),
            Manner::Arena => json!({"error": "Method Not Allowed", "code": 405, "details": {
                "message": "This resource does not support this method."}}),
        };
        for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
            let answer = rest.send(method, &path, None).await;
            answer.is(StatusCode::METHOD_NOT_ALLOWED, body.clone());
            assert_eq!(answer.header(header::ALLOW), Some("GET,HEAD"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_database_that_fails_is_told_in_the_manner_of_the_contract() {
    let rest = rest().await;
    let viewer = rest.viewer(Some(people::NOOR)).await;
    rest.database.close_by_ref().await.expect("the end");
    for (path, body) in [
        (
            code_path(codes::USED),
            detail("Service temporarily unavailable, try again later."),
        ),
        (
            group_path(groups::STUDIO),
            json!({"error": "Service Unavailable", "code": 503, "details": {
                "message": "The service is temporarily unavailable. Try again later."}}),
        ),
    ] {
        let access = Access::new(
            viewer.clone(),
            rest.loaders.clone(),
            rest.policy.clone(),
            now(),
        );
        let router = rest.router.clone().layer(Extension(Arc::new(access)));
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = gather(router.oneshot(request)).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let bytes = response
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), body);
    }
}

#[test]
fn every_path_of_a_contract_has_its_manner() {
    for (path, manner) in [
        ("/api/v2/invite_code/x/", Some(Manner::Detail)),
        ("/api/v1/invites/x/", Some(Manner::Detail)),
        ("/v3/groups/1/invite", Some(Manner::Arena)),
        ("/v3/groups/", Some(Manner::Arena)),
        ("/api/v2/course/1/invite/", Some(Manner::Detail)),
        ("/graphql", None),
        ("/", None),
        (OPENAPI_PATH, None),
    ] {
        assert_eq!(manner_of(path), manner, "{path}");
    }
}

/// What of `value` is not as `schema` says; the part of JSON Schema that the document uses.
fn mismatches(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference}: dangling"));
        return mismatches(document, target, value, at);
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let fits = |option| mismatches(document, option, value, at).is_empty();
        let fitting = options.iter().filter(|option| fits(option)).count();
        return if fitting == 1 {
            Vec::new()
        } else {
            vec![format!("{at}: fits {fitting} of {schema}")]
        };
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{at}: no type in {schema}"),
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut wrong = Vec::new();
    if !types.contains(&is) {
        wrong.push(format!("{at}: {is} where {types:?} is allowed"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        wrong.push(format!("{at}: not one of {allowed:?}"));
    }
    if let Value::Array(items) = value {
        for item in items {
            wrong.extend(mismatches(document, &schema["items"], item, at));
        }
    }
    if let Value::Object(members) = value {
        for (name, member) in members {
            let at = format!("{at}.{name}");
            let property = &schema["properties"][name];
            let property = if property.is_null() {
                &schema["additionalProperties"]
            } else {
                property
            };
            if property.is_null() {
                wrong.push(format!("{at}: not described"));
            } else {
                wrong.extend(mismatches(document, property, member, &at));
            }
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().expect("a name")) {
                wrong.push(format!("{at}.{name}: missing"));
            }
        }
    }
    wrong
}

#[tokio::test]
async fn the_document_describes_what_is_printed() {
    let rest = rest().await;
    let document = rest.get(OPENAPI_PATH, None).await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(document.statements, 0);
    let document = document.json();

    let staff = Some(people::PRIYA);
    let nobody = Some(people::NADIA);
    let code = "/api/v2/invite_code/{code}/";
    let token = "/api/v1/invites/{token}/";
    let group = "/v3/groups/{id}/invite";
    let course = "/api/v2/course/{id}/invite/";
    let mut asked = vec![
        (code, code_path("unknown"), None),
        (token, token_path("unknown"), None),
        (group, group_path(1), staff),
        (group, group_path(1), None),
        (group, group_path(1), nobody),
        (group, group_path("unknown"), nobody),
        (course, course_path("1/invite/"), staff),
        (course, course_path("1/invite/?offset=1990"), staff),
        (course, course_path("1/invite/"), None),
        (course, course_path("1/invite/"), nobody),
        (course, course_path("1/invite/?limit=x&offset=x"), staff),
        (course, course_path("999/invite/"), staff),
    ];
    let all = invite_code::Entity::find().all(&rest.database).await;
    asked.extend(
        all.expect("codes")
            .iter()
            .map(|row| (code, code_path(&row.code), None)),
    );
    asked.extend((1..=17).map(|id| {
        let path = token_path(format!("d0000000-0000-4000-8000-{id:012}"));
        (token, path, staff)
    }));
    for (template, path, viewer) in asked {
        let answer = rest.get(&path, viewer).await;
        let responses = &document["paths"][template]["get"]["responses"];
        let schema = &responses[answer.status.as_str()]["content"]["application/json"]["schema"];
        assert!(
            schema.is_object(),
            "{path}: {} is not described",
            answer.status
        );
        let wrong = mismatches(&document, schema, &answer.json(), "$");
        assert!(wrong.is_empty(), "{path}: {wrong:#?}");
    }
}

#[test]
fn the_document_is_complete() {
    let document = serde_json::to_value(openapi(&public_url())).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        document["servers"],
        json!([{"url": "https://invites.example.com/base"}])
    );
    assert_eq!(document["info"]["contact"], Value::Null);
    assert_eq!(
        document["info"]["license"]["identifier"],
        "MIT OR Apache-2.0"
    );
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );

    let paths = document["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        let operation = &item["get"];
        let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
        assert!(!text("summary").is_empty(), "{path}");
        assert!(!text("description").is_empty(), "{path}");
        for parameter in operation["parameters"].as_array().expect("parameters") {
            assert!(parameter["description"].is_string(), "{parameter}");
            assert_eq!(
                parameter["required"],
                parameter["in"] == "path",
                "{parameter}"
            );
        }
        for (status, response) in operation["responses"].as_object().expect("responses") {
            assert!(response["description"].is_string(), "{path} {status}");
            let content = &response["content"]["application/json"];
            assert!(content["example"].is_object(), "{path} {status}");
            let wrong = mismatches(&document, &content["schema"], &content["example"], "$");
            assert!(wrong.is_empty(), "{path} {status}: {wrong:#?}");
        }
        let tag = &operation["tags"][0];
        let tags = document["tags"].as_array().expect("tags");
        assert!(
            tags.iter().any(|described| described["name"] == *tag),
            "{tag}"
        );
        let statuses: Vec<_> = operation["responses"]
            .as_object()
            .into_iter()
            .flat_map(|responses| responses.keys().cloned())
            .collect();
        let security = operation["security"].clone();
        operations.push((
            path.clone(),
            text("operationId"),
            statuses.join(" "),
            security,
        ));
    }
    let expect = |path: &str, id: &str, statuses: &str, security: Value| {
        (
            path.to_owned(),
            id.to_owned(),
            statuses.to_owned(),
            security,
        )
    };
    let optional = json!([{}, {"bearer": []}]);
    let demanded = json!([{"bearer": []}]);
    assert_eq!(
        operations,
        [
            expect(
                "/api/v1/invites/{token}/",
                "getWorkspaceInvite",
                "200 401 404 500 503",
                optional.clone()
            ),
            expect(
                "/api/v2/course/{id}/invite/",
                "getCourseInvitedUsers",
                "200 400 401 403 404 500 503",
                demanded.clone()
            ),
            expect(
                "/api/v2/invite_code/{code}/",
                "getInviteCode",
                "200 401 404 500 503",
                optional
            ),
            expect(
                "/v3/groups/{id}/invite",
                "getGroupInvite",
                "200 401 403 404 500 503",
                demanded
            ),
        ]
    );

    let limit = paths["/api/v2/course/{id}/invite/"]["get"]["parameters"]
        .as_array()
        .and_then(|parameters| parameters.iter().find(|one| one["name"] == "limit"))
        .expect("limit");
    assert_eq!(limit["schema"]["minimum"], 1);
    assert_eq!(limit["schema"]["maximum"], 100);
    assert_eq!(limit["schema"]["default"], 25);
}

#[test]
fn every_property_of_an_answer_is_described_and_required() {
    let document = serde_json::to_value(openapi(&public_url())).expect("JSON");
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    for (name, schema) in schemas {
        let Some(properties) = schema["properties"].as_object() else {
            continue;
        };
        let required = schema["required"].as_array().expect("required");
        for (property, schema) in properties {
            assert!(required.contains(&json!(property)), "{name}.{property}");
            let described = schema["description"].is_string()
                || schema["$ref"].is_string()
                || schema["oneOf"].is_array();
            assert!(described, "{name}.{property}: {schema}");
        }
    }
    let nullable = |name: &str| -> Vec<String> {
        let is_nullable = |schema: &Value| {
            schema["type"]
                .as_array()
                .is_some_and(|all| all.contains(&json!("null")))
                || schema["oneOf"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|option| option["type"] == "null"))
        };
        let properties = schemas[name]["properties"].as_object().expect("properties");
        let mut names: Vec<_> = properties
            .iter()
            .filter(|(_, schema)| is_nullable(schema))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names
    };
    assert_eq!(nullable("WorkspaceInvitePublic"), ["inviter"]);
    assert_eq!(nullable("SimpleUser"), ["profile_picture"]);
    assert_eq!(nullable("GroupInvite"), [""; 0]);
    assert_eq!(nullable("User"), ["avatar", "ext_id"]);
    assert_eq!(nullable("CourseInvitees"), ["next", "previous"]);
    assert_eq!(nullable("Tag"), ["description"]);
    assert_eq!(
        nullable("InviteCode"),
        [
            "email",
            "invited_by",
            "invited_by_username",
            "name",
            "role",
            "sent_at",
            "used_at",
            "user"
        ]
    );
}
