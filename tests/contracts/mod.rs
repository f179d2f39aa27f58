//! The four contracts: what is imported in a contract's own shape is answered in it, and in GraphQL.

mod course_invitees;
mod document;
mod group_invite;
mod invite_code;
mod workspace_invite;

use axum::http::StatusCode;
use invite_gateway::import::Kind;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, Viewer};

/// Imports rows that are all good.
async fn import(gateway: &Gateway, kind: Kind, rows: &[Value]) {
    let (summary, rejected) = gateway.import(kind, rows).await;
    assert_eq!(rejected, []);
    assert_eq!(summary.written, rows.len() as u64);
}

/// The JSON of a text, and the text without the space between its words: what a server writes.
fn minified(text: &str) -> (Value, String) {
    let lines: String = text.lines().map(str::trim).collect();
    let minified = lines.replace("\": ", "\":").replace(", \"", ",\"");
    let value = serde_json::from_str(&minified).expect("JSON");
    (value, minified)
}

/// That an answer is a success with exactly this body, to the letter.
#[track_caller]
fn is_exactly(answer: &Answer, body: &str) {
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, body)
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[track_caller]
fn is_refused(answer: &Answer, status: StatusCode, body: &Value) {
    assert_eq!((answer.status, &answer.json), (status, body));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let challenge = match status {
        StatusCode::UNAUTHORIZED => r#"Bearer realm="invite-gateway""#,
        _ => "",
    };
    assert_eq!(answer.header("www-authenticate"), challenge);
}

fn detail(text: &str) -> Value {
    json!({ "detail": text })
}

/// The only error's code of a GraphQL answer, at that path.
#[track_caller]
fn has_code(answer: &Value, path: Value, code: &str) {
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert_eq!(
        (&errors[0]["path"], &errors[0]["extensions"]["code"]),
        (&path, &json!(code))
    );
}

/// That what is no code, token or id is not found, by GET, whoever asks.
async fn is_not_found(gateway: &Gateway, viewer: Viewer<'_>, paths: &[String], body: &Value) {
    for path in paths {
        let answer = gateway.get(viewer, path).await;
        assert_eq!(
            (answer.status, &answer.json),
            (StatusCode::NOT_FOUND, body),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}
