//! Requests that the gateway must refuse before execution, at almost no cost.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};

use super::{Gateway, Response, Viewer, processor};

/// Maximum length of the response to an attack, in bytes.
const MAX_RESPONSE_BYTES: usize = 16 * 1024;

/// Returns a GraphQL request with this body, from an anonymous client.
pub fn post(gateway: &Gateway, body: impl Into<Body>) -> Request<Body> {
    gateway
        .request(Viewer::Anonymous, Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .expect("a request")
}

/// Sends a request several times. Asserts that each is refused with that code and limit, without a
/// statement or data, by a short response in little time.
pub async fn is_refused(
    gateway: &Gateway,
    what: &str,
    request: impl Fn() -> Request<Body>,
    code: &str,
    limit: Option<&str>,
) -> Response {
    let mut least = Duration::MAX;
    let mut last = None;
    // Interrupts can count towards a thread's time, so the minimum counts.
    for _ in 0..3 {
        let request = request();
        let (statements, (used, response)) = gateway
            .counted(async {
                let before = processor::used();
                let response = gateway.send(request).await;
                (processor::used() - before, response)
            })
            .await;
        least = least.min(used);
        let shown: String = response.text.chars().take(400).collect();
        assert_eq!(statements, 0, "{what}: {shown}");
        assert!(response.text.len() <= MAX_RESPONSE_BYTES, "{what}: {shown}");
        assert!(response.json["data"].is_null(), "{what}: {shown}");
        let errors = response.json["errors"].as_array().expect("errors");
        assert!((1..=10).contains(&errors.len()), "{what}: {shown}");
        for error in errors {
            let extensions = &error["extensions"];
            assert_eq!(extensions["code"], code, "{what}: {shown}");
            assert_eq!(extensions["limit"].as_str(), limit, "{what}: {shown}");
        }
        last = Some(response);
    }
    assert!(least <= processor::REFUSAL, "{what}: took {least:?}");
    last.expect("a response")
}

/// Like [`is_refused`], for a document.
pub async fn document_is_refused(
    gateway: &Gateway,
    what: &str,
    document: &str,
    code: &str,
    limit: Option<&str>,
) -> Response {
    let body = json!({ "query": document }).to_string();
    is_refused(gateway, what, || post(gateway, body.clone()), code, limit).await
}

/// Asserts that the gateway still works.
pub async fn still_answers(gateway: &Gateway) {
    let response = gateway.graphql(Viewer::Anonymous, "{ __typename }").await;
    assert_eq!(response, json!({ "data": { "__typename": "Query" } }));
}

/// Returns the maximum and the measured value in the only error of a response.
pub fn allowed_and_met(response: &Response) -> (Value, Value) {
    let extensions = &response.json["errors"][0]["extensions"];
    (
        extensions["allowed"].clone(),
        extensions["measured"].clone(),
    )
}
