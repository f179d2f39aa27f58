//! The four contracts: REST returns imported objects unchanged, and GraphQL returns the same
//! values.

mod common;
mod course_invitees;
mod document;
mod group_invite;
mod invite_code;
mod workspace_invite;

use axum::http::StatusCode;
use invite_gateway::import::Kind;
use serde_json::{Value, json};

use crate::support::{Gateway, Response, Viewer};

/// Imports rows, all of which must be good.
async fn import(gateway: &Gateway, kind: Kind, rows: &[Value]) {
    let (summary, rejected) = gateway.import(kind, rows).await;
    assert_eq!(rejected, []);
    assert_eq!(summary.written, rows.len() as u64);
}

/// Parses JSON, and returns it with the text that a server would write, without whitespace.
fn minified(text: &str) -> (Value, String) {
    let lines: String = text.lines().map(str::trim).collect();
    let minified = lines.replace("\": ", "\":").replace(", \"", ",\"");
    let value = serde_json::from_str(&minified).expect("JSON");
    (value, minified)
}

/// Asserts a success with exactly this body, byte for byte.
#[track_caller]
fn is_exactly(response: &Response, body: &str) {
    assert_eq!(
        (response.status, response.text.as_str()),
        (StatusCode::OK, body)
    );
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("cache-control"), "no-store");
}

#[track_caller]
fn is_refused(response: &Response, status: StatusCode, body: &Value) {
    assert_eq!((response.status, &response.json), (status, body));
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("cache-control"), "no-store");
    let challenge = match status {
        StatusCode::UNAUTHORIZED => r#"Bearer realm="invite-gateway""#,
        _ => "",
    };
    assert_eq!(response.header("www-authenticate"), challenge);
}

fn detail(text: &str) -> Value {
    json!({ "detail": text })
}

/// Asserts the path and code of the only error of a GraphQL response.
#[track_caller]
fn has_code(response: &Value, path: Value, code: &str) {
    let errors = response["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{response:#}");
    assert_eq!(
        (&errors[0]["path"], &errors[0]["extensions"]["code"]),
        (&path, &json!(code))
    );
}

/// Asserts that no path leads to a resource.
async fn is_not_found(gateway: &Gateway, viewer: Viewer<'_>, paths: &[String], body: &Value) {
    for path in paths {
        let response = gateway.get(viewer, path).await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
        is_refused(&response, StatusCode::NOT_FOUND, body);
    }
}

/// Asserts that anonymous look-ups miss. Each costs one statement, even if no row can have that code
/// or token.
async fn is_missed(gateway: &Gateway, paths: &[String]) {
    for path in paths {
        let request = gateway.get(Viewer::Anonymous, path);
        let (statements, response) = gateway.counted(request).await;
        assert_eq!(
            (statements, response.status),
            (1, StatusCode::NOT_FOUND),
            "{path}"
        );
        is_refused(&response, StatusCode::NOT_FOUND, &detail("Not found."));
    }
}

/// Returns an error in the format of Are.na.
fn arena_error(status: u16, name: &str, message: &str) -> Value {
    json!({ "error": name, "code": status, "details": { "message": message } })
}
