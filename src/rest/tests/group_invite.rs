//! Group invites, for managers of the group.

use axum::http::StatusCode;
use entity::{group, group_invite};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{group_path, now, rest};
use crate::demo::{groups, people};

fn arena_not_found() -> Value {
    json!({"error": "Not Found", "code": 404, "details": {
        "message": "The resource you are looking for does not exist."}})
}

#[tokio::test]
async fn a_group_invite_matches_the_contract() {
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
async fn a_path_of_digits_is_an_id_and_never_a_slug() {
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
    for (path, id) in [("1", 12_345), ("70", 70)] {
        let response = rest.get(&group_path(path), Some(people::PRIYA)).await;
        assert_eq!(response.json()["id"], id, "{path}");
    }
    for path in ["2024", huge] {
        let response = rest.get(&group_path(path), Some(people::PRIYA)).await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_group_invite_is_for_managers_only() {
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
        let response = rest.get(&group_path(id), None).await;
        response.is(StatusCode::UNAUTHORIZED, body);
        assert_eq!(response.statements, 0, "{id}");
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
        let response = rest.get(&group_path(id), Some(people::NOOR)).await;
        response.is(StatusCode::NOT_FOUND, arena_not_found());
    }
    let response = rest
        .get(&group_path(groups::NO_CODE), Some(people::NOOR))
        .await;
    response.is(StatusCode::NOT_FOUND, arena_not_found());
    for (group, viewer) in [
        (groups::STUDIO, people::NADIA),
        (groups::STUDIO, people::DANIEL),
        (groups::OTHERS, people::NOOR),
        (groups::NO_CODE, people::NADIA),
    ] {
        let body = json!({"error": "Forbidden", "code": 403, "details": {
            "message": "You do not have permission to access this resource."}});
        let response = rest.get(&group_path(group), Some(viewer)).await;
        response.is(StatusCode::FORBIDDEN, body);
    }
}
