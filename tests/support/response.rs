//! An HTTP response for assertions.

use axum::{
    body::Body,
    http::{self, HeaderMap, HeaderName, HeaderValue, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::Value;

/// An HTTP response.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON. Null if it is not JSON.
    pub json: Value,
}

impl Response {
    pub async fn read(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8(bytes.into()).expect("text");
        Self::new(parts.status, parts.headers, text)
    }

    /// Parses a raw response. Its body must not be chunked.
    pub(super) fn parse(sent: &str) -> Self {
        let (head, text) = sent.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.lines();
        let status_line = lines.next().expect("a status line");
        let status = status_line.split(' ').nth(1).expect("a status");
        let headers: HeaderMap = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").expect("a header");
                (
                    HeaderName::from_bytes(name.as_bytes()).expect("a header's name"),
                    HeaderValue::from_str(value).expect("a header's value"),
                )
            })
            .collect();
        let length = headers.get("content-length").expect("a length");
        assert_eq!(length, &text.len().to_string(), "the body is whole");
        Self::new(status.parse().expect("a status"), headers, text.to_owned())
    }

    fn new(status: StatusCode, headers: HeaderMap, text: String) -> Self {
        Self {
            status,
            headers,
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    /// Returns the value of a header; empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a readable header"))
    }
}
