//! GraphQL over HTTP.

use std::io::Read;

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{Gateway, Response, Viewer, any_database, data};

/// Sends `body` unchanged to `/graphql`.
async fn post(gateway: &Gateway, headers: &[(&str, &str)], body: &str) -> Response {
    let mut request = gateway.request(Viewer::Anonymous, Method::POST, "/graphql");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.to_owned().into());
    gateway.send(request.expect("a request")).await
}

fn code(response: &Value) -> &Value {
    &response["errors"][0]["extensions"]["code"]
}

const JSON: (&str, &str) = ("content-type", "application/json");

any_database! {
    async fn a_query_may_be_sent_by_get(gateway) {
        gateway.add(data::invite_code(1, "CODE")).await;
        let query = "query%20One(%24code%3A%20String!)%20%7B%20inviteCode(code%3A%20%24code)%20%7B%20databaseId%20%7D%20%7D%20query%20Two%20%7B%20viewer%20%7B%20user%20%7B%20id%20%7D%20%7D%20%7D";
        let one = format!("/graphql?query={query}&operationName=One&variables=%7B%22code%22%3A%22CODE%22%7D");
        let response = gateway.get(Viewer::Anonymous, &one).await;
        assert_eq!(response.json, json!({ "data": { "inviteCode": { "databaseId": "1" } } }));
        let two = format!("/graphql?query={query}&operationName=Two");
        let response = gateway.get(Viewer::Anonymous, &two).await;
        assert_eq!(response.json, json!({ "data": { "viewer": null } }));
        for (path, expected) in [
            ("/graphql".to_owned(), "query"),
            (format!("/graphql?query={query}&operationName=One&variables=x"), "variables"),
        ] {
            let response = gateway.get(Viewer::Anonymous, &path).await;
            assert_eq!(response.status, StatusCode::BAD_REQUEST, "{path}");
            assert_eq!(code(&response.json), "BAD_REQUEST");
            assert!(response.text.contains(expected), "{}", response.text);
        }
    }

    async fn other_media_types_are_refused_with_the_expected_ones(gateway) {
        let long = format!(r#"{{"query":"{}"}}"#, "x".repeat(200_000));
        for (headers, body, status) in [
            (&[JSON][..], "{}", StatusCode::BAD_REQUEST),
            (&[JSON], "[]", StatusCode::BAD_REQUEST),
            (&[JSON], "", StatusCode::BAD_REQUEST),
            (&[JSON], r#"{"query": 1}"#, StatusCode::BAD_REQUEST),
            (&[JSON], r#"{"query": "{ viewer { user { id } } }", "variables": []}"#, StatusCode::BAD_REQUEST),
            (&[JSON], &long, StatusCode::PAYLOAD_TOO_LARGE),
            (&[("content-type", "text/plain")], r#"{"query":"{ __typename }"}"#, StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (&[("content-type", "application/json; charset=latin1")], r#"{"query":"{ __typename }"}"#, StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (&[], r#"{"query":"{ __typename }"}"#, StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (&[JSON, ("content-encoding", "gzip")], r#"{"query":"{ __typename }"}"#, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ] {
            let response = post(&gateway, headers, body).await;
            let shown = &body[..body.len().min(60)];
            assert_eq!(response.status, status, "{headers:?} {shown}");
            let expected = if status == StatusCode::PAYLOAD_TOO_LARGE { "OPERATION_TOO_LARGE" } else { "BAD_REQUEST" };
            assert_eq!(code(&response.json), expected, "{shown}");
            assert!(response.json.get("data").is_none());
        }
        let response = post(&gateway, &[("content-type", "application/json; charset=UTF-8")], r#"{"query":"{ __typename }"}"#).await;
        assert_eq!(response.json, json!({ "data": { "__typename": "Query" } }));
    }

    async fn the_graphql_response_media_type_uses_statuses(gateway) {
        let asks = ("accept", "application/graphql-response+json, application/json;q=0.9");
        for (query, executed) in [
            ("{ viewer { user { id } } }", true),
            ("{ inviteCodes { totalCount } }", true),
            ("{ nothing }", false),
            ("{", false),
        ] {
            let body = json!({ "query": query }).to_string();
            let response = post(&gateway, &[JSON, asks], &body).await;
            let status = if executed { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            assert_eq!(response.status, status, "{query}");
            assert_eq!(response.header("content-type"), "application/graphql-response+json; charset=utf-8");
            assert_eq!(response.json.get("data").is_some(), executed, "{query}");

            let response = post(&gateway, &[JSON], &body).await;
            assert_eq!(response.status, StatusCode::OK, "{query}");
            assert_eq!(response.header("content-type"), "application/json; charset=utf-8");
            assert_eq!(response.header("cache-control"), "no-store");
        }
    }

    async fn other_methods_are_not_allowed(gateway) {
        let request = gateway.request(Viewer::Anonymous, Method::PUT, "/graphql");
        let response = gateway.send(request.body(String::new().into()).expect("a request")).await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED);
        let allowed = response.headers.get(header::ALLOW).and_then(|allow| allow.to_str().ok());
        assert_eq!(allowed, Some("GET,HEAD,POST"));
        let response = gateway.get(Viewer::Anonymous, "/nothing").await;
        assert_eq!((response.status, code(&response.json)), (StatusCode::NOT_FOUND, &json!("BAD_REQUEST")));
    }

    async fn a_response_has_a_media_type_that_the_client_accepts(gateway) {
        let body = r#"{"query":"{ __typename }"}"#;
        for (accept, status, content_type) in [
            ("*/*", StatusCode::OK, "application/json; charset=utf-8"),
            ("application/graphql-response+json;q=0.5, application/json", StatusCode::OK, "application/json; charset=utf-8"),
            ("application/json, application/graphql-response+json", StatusCode::OK, "application/graphql-response+json; charset=utf-8"),
            ("text/html", StatusCode::NOT_ACCEPTABLE, "application/json; charset=utf-8"),
        ] {
            let response = post(&gateway, &[JSON, ("accept", accept)], body).await;
            assert_eq!((response.status, response.header("content-type")), (status, content_type), "{accept}");
            assert_eq!(response.header("vary"), "accept");
        }
        let response = post(&gateway, &[JSON, ("accept", "text/html")], body).await;
        assert_eq!(code(&response.json), "BAD_REQUEST");
        assert!(response.text.contains("application/graphql-response+json or application/json"), "{}", response.text);
        let request = gateway.request(Viewer::Anonymous, Method::GET, "/graphql?query=%7B__typename%7D");
        let request = request.header("accept", "image/png").body(String::new().into());
        assert_eq!(gateway.send(request.expect("a request")).await.status, StatusCode::NOT_ACCEPTABLE);
    }

    async fn a_mutation_by_get_is_refused(gateway) {
        for path in [
            "/graphql?query=mutation%20%7B%20__typename%20%7D",
            "/graphql?query=query%20A%20%7B%20__typename%20%7D%20mutation%20B%20%7B%20__typename%20%7D&operationName=B",
        ] {
            let response = gateway.get(Viewer::Anonymous, path).await;
            assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{}", response.text);
            assert_eq!(response.header("allow"), "POST");
            assert_eq!(code(&response.json), "BAD_REQUEST");
            assert_eq!(response.json.get("data"), None);
        }
        let response = gateway.graphql(Viewer::Anonymous, "mutation { __typename }").await;
        assert_eq!(response, json!({ "data": { "__typename": "Mutation" } }));
    }

    async fn a_repeated_parameter_is_refused(gateway) {
        let response = gateway.get(Viewer::Anonymous, "/graphql?query=%7Ba%7D&query=%7B__typename%7D").await;
        assert_eq!((response.status, code(&response.json)), (StatusCode::BAD_REQUEST, &json!("BAD_REQUEST")));
        assert!(response.text.contains("query"), "{}", response.text);
    }

    async fn a_variable_must_match_its_usage(gateway) {
        for (document, expected) in [
            ("query ($it: ID!) { workspaceInvite(token: $it) { id } }", "`$it` of type `ID!` cannot be used for argument `token` of type `String!`"),
            ("query ($it: String) { workspaceInvite(token: $it) { id } }", "`String!`"),
            ("query ($it: ID!) { nodes(ids: $it) { id } }", "`[ID!]!`"),
            ("query ($it: [ID]!) { nodes(ids: $it) { id } }", "`[ID!]!`"),
            ("query ($it: String) { viewer { user { id @skip(if: $it) } } }", "`Boolean!`"),
            ("query ($it: Int) { __type(name: $it) { name } }", "`String!`"),
        ] {
            let response = gateway.graphql(Viewer::Anonymous, document).await;
            assert_eq!(code(&response), "GRAPHQL_VALIDATION_FAILED", "{document}");
            let message = response["errors"][0]["message"].as_str().expect("a message");
            assert!(message.contains(expected), "{message}");
        }
        for document in [
            "query ($it: String! = \"x\") { workspaceInvite(token: $it) { id } }",
            "query ($it: String = \"x\") { workspaceInvite(token: $it) { id } }",
            "query ($it: [ID!]! = []) { nodes(ids: $it) { id } }",
            "query ($it: ID! = 1) { nodes(ids: [$it]) { id } }",
        ] {
            let response = gateway.graphql(Viewer::Anonymous, document).await;
            assert_eq!(response.get("errors"), None, "{document}");
        }
    }

    async fn batches_are_accepted_if_configured(gateway) {
        gateway.add_all([data::invite_code(1, "ONE"), data::invite_code(2, "TWO")]).await;
        let look_up = |code: &str| json!({ "query": "query ($it: String!) { inviteCode(code: $it) { databaseId } }", "variables": { "it": code } });
        let batch = json!([look_up("ONE"), { "query": "{ nothing }" }, look_up("TWO")]).to_string();
        let response = post(&gateway, &[JSON], &batch).await;
        assert_eq!((response.status, code(&response.json)), (StatusCode::BAD_REQUEST, &json!("BAD_REQUEST")));

        let gateway = gateway.with(|parts| parts.graphql.max_batch = 3);
        let (statements, response) = gateway.counted(post(&gateway, &[JSON], &batch)).await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        assert_eq!(response.json[0], json!({ "data": { "inviteCode": { "databaseId": "1" } } }));
        assert_eq!(code(&response.json[1]), "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(response.json[1].get("data"), None);
        assert_eq!(response.json[2], json!({ "data": { "inviteCode": { "databaseId": "2" } } }));
        assert_eq!(statements, 1, "look-ups of a batch share their statement");

        for (body, expected) in [
            (json!([]), "The batch is empty"),
            (json!([look_up("ONE"), look_up("ONE"), look_up("ONE"), look_up("ONE")]), "the maximum is 3"),
            (json!([1]), "expected a JSON object"),
        ] {
            let response = post(&gateway, &[JSON], &body.to_string()).await;
            assert_eq!(response.status, StatusCode::BAD_REQUEST, "{body}");
            assert!(response.text.contains(expected), "{}", response.text);
        }
    }

    async fn long_responses_are_compressed_as_negotiated(gateway) {
        let body = r#"{"query":"{ __schema { types { name description fields { name description } } } }"}"#;
        let plain = post(&gateway, &[JSON], body).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (StatusCode::OK, ""));
        for encoding in ["br", "gzip"] {
            let response = send_raw(&gateway, &[JSON, ("accept-encoding", encoding)], body).await;
            assert_eq!(response.0, encoding);
            let read = match encoding {
                "br" => read_all(brotli::Decompressor::new(&response.1[..], 4096)),
                _ => read_all(flate2::read::GzDecoder::new(&response.1[..])),
            };
            assert!(response.1.len() * 2 < read.len());
            assert_eq!(read, plain.text, "{encoding}");
        }
        let all = send_raw(&gateway, &[JSON, ("accept-encoding", "gzip, deflate, br, zstd")], body).await;
        assert_eq!(all.0, "br");
        for (accepted, encoding) in [
            ("zstd, *;q=0.5", "br"),
            ("gzip, identity;q=0", "gzip"),
            ("gzip;q=0.5, br;q=0.1", "gzip"),
            ("*", "br"),
        ] {
            let response = send_raw(&gateway, &[JSON, ("accept-encoding", accepted)], body).await;
            assert_eq!(response.0, encoding, "{accepted}");
        }
        for accepted in ["identity", "zstd", "*;q=0", "identity;q=0", "gzip;q=0", "identity, gzip;q=0.5"] {
            let response = post(&gateway, &[JSON, ("accept-encoding", accepted)], body).await;
            assert_eq!((response.status, response.text), (StatusCode::OK, plain.text.clone()), "{accepted}");
        }
        let short = post(&gateway, &[JSON, ("accept-encoding", "gzip")], r#"{"query":"{ __typename }"}"#).await;
        assert_eq!(short.header("content-encoding"), "");
    }
}

/// Returns the encoding and the bytes of a response.
async fn send_raw(gateway: &Gateway, headers: &[(&str, &str)], body: &str) -> (String, Vec<u8>) {
    let mut request = gateway.request(Viewer::Anonymous, Method::POST, "/graphql");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Body::from(body.to_owned()))
        .expect("a request");
    let response = gateway
        .service()
        .oneshot(request)
        .await
        .expect("a response");
    let encoding = response.headers()["content-encoding"]
        .to_str()
        .expect("text")
        .to_owned();
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("a whole body")
        .to_bytes();
    (encoding, bytes.into())
}

fn read_all(mut source: impl Read) -> String {
    let mut text = String::new();
    source.read_to_string(&mut text).expect("compressed text");
    text
}
