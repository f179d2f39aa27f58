//! Requests that the gateway must refuse before execution, at almost no cost.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};

use super::{Answer, Gateway, Viewer, processor};

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
) -> Answer {
    let mut least = Duration::MAX;
    let mut last = None;
    // Interrupts can count towards a thread's time, so the minimum counts.
    for _ in 0..3 {
        let request = request();
        let (statements, (used, answer)) = gateway
            .counted(async {
                let before = processor::used();
                let answer = gateway.send(request).await;
                (processor::used() - before, answer)
            })
            .await;
        least = least.min(used);
        let shown: String = answer.text.chars().take(400).collect();
        assert_eq!(statements, 0, "{what}: {shown}");
        assert!(answer.text.len() <= MAX_RESPONSE_BYTES, "{what}: {shown}");
        assert!(answer.json["data"].is_null(), "{what}: {shown}");
        let errors = answer.json["errors"].as_array().expect("errors");
        assert!((1..=10).contains(&errors.len()), "{what}: {shown}");
        for error in errors {
            let extensions = &error["extensions"];
            assert_eq!(extensions["code"], code, "{what}: {shown}");
            assert_eq!(extensions["limit"].as_str(), limit, "{what}: {shown}");
        }
        last = Some(answer);
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
) -> Answer {
    let body = json!({ "query": document }).to_string();
    is_refused(gateway, what, || post(gateway, body.clone()), code, limit).await
}

/// Asserts that the gateway still works.
pub async fn still_answers(gateway: &Gateway) {
    let answer = gateway.graphql(Viewer::Anonymous, "{ __typename }").await;
    assert_eq!(answer, json!({ "data": { "__typename": "Query" } }));
}

/// Returns the maximum and the measured value in the only error of a response.
pub fn allowed_and_met(answer: &Answer) -> (Value, Value) {
    let extensions = &answer.json["errors"][0]["extensions"];
    (
        extensions["allowed"].clone(),
        extensions["measured"].clone(),
    )
}
