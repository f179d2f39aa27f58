//! Look-ups of workspace invites by token.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{code_path, not_found, rest, rest_with, token_path};
use crate::{
    access::Disclosure,
    demo::{codes, people, workspace_invites as tokens},
};

#[tokio::test]
async fn a_workspace_invite_matches_the_contract() {
    let response = rest().await.get(&token_path(tokens::PENDING), None).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(
        response.text,
        concat!(
            r#"{"email":"jonas.weber@example.org","workspace_name":"Atlas Research","workspace_id":1,"#,
            r#""workspace_description":"Where the people of Atlas Research work together.","#,
            r#""workspace_logo":"https://logos.example.com/1.svg","#,
            r#""inviter":{"id":3,"email":"ingrid.sorensen@example.com","full_name":"Ingrid Sørensen","username":"ingrid.sorensen","is_verified":true,"profile_picture":"https://avatars.example.com/3.png"},"#,
            r#""inviter_name":"Ingrid Sørensen","role_display":"Member","is_expired":false,"#,
            r#""expires_at":"2099-12-31T23:59:00Z","message":"We would love to have you with us – join when you can!","status":"pending"}"#,
        )
    );
    assert_eq!(response.statements, 3);
}

#[tokio::test]
async fn missing_values_of_a_workspace_invite_are_empty() {
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
async fn status_is_derived_at_the_instant_of_the_request() {
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
async fn addresses_are_masked_if_so_configured() {
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
async fn a_miss_costs_one_statement_whatever_the_token() {
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
        let response = rest.get(&token_path(&token), None).await;
        response.is(StatusCode::NOT_FOUND, not_found());
        assert_eq!(response.statements, 1, "{token}");
    }
    let upper = pending.to_string().to_uppercase();
    assert_eq!(
        rest.get(&token_path(upper), None).await.status,
        StatusCode::OK
    );
}
