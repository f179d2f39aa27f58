//! Look-ups of invite codes.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use entity::invite_code;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};

use super::{code_path, not_found, rest};
use crate::demo::codes;

#[tokio::test]
async fn an_invite_code_matches_the_contract() {
    let response = rest().await.get(&code_path(codes::USED), None).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(
        response.text,
        concat!(
            r#"{"id":2,"invited_by_username":"noor.haddad","role":"member","tags":["#,
            r##"{"id":6,"active":true,"type":"contribution","name":"Dokümantasyon ✍","description":null,"color":"#3366f0","visible":true,"deleted":false,"created_at":"2025-09-01T08:00:00Z"},"##,
            r##"{"id":2,"active":true,"type":"category","name":"Rust","description":"Given to those we know as Rust.","color":"#336650","visible":true,"deleted":false,"created_at":"2025-09-01T08:00:00Z"}],"##,
            r#""name":"Omar Farouk","email":"omar.farouk@example.com","code":"USED-2026","#,
            r#""generated_at":"2026-03-03T09:00:00Z","sent_at":"2026-03-03T09:05:00Z","used_at":"2026-03-09T15:30:00Z","#,
            r#""invited_by":2,"user":{"id":12,"username":"omar.farouk","real_name":"Omar Farouk","ext_id":null,"avatar":"https://avatars.example.com/12.png"}}"#,
        )
    );
    assert_eq!(response.statements, 1);
}

#[tokio::test]
async fn missing_values_of_an_invite_code_are_null() {
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
async fn instants_include_fractions_of_seconds_if_there_are_any() {
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
async fn a_miss_costs_one_statement_whatever_the_code() {
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
        let response = rest.get(&code_path(code), None).await;
        response.is(StatusCode::NOT_FOUND, not_found());
        assert_eq!(response.statements, 1, "{code}");
    }
}
