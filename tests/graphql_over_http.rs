//! How GraphQL travels over HTTP.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, Viewer, data, each_database};

/// Sends `body` to `/graphql` as it is.
async fn post(gateway: &Gateway, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = gateway.request(Viewer::Anonymous, Method::POST, "/graphql");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.to_owned().into());
    gateway.send(request.expect("a request")).await
}

fn code(answer: &Value) -> &Value {
    &answer["errors"][0]["extensions"]["code"]
}

const JSON: (&str, &str) = ("content-type", "application/json");

each_database! {
    async fn a_query_may_be_got(gateway) {
        gateway.add(data::invite_code(1, "CODE")).await;
        let query = "query%20One(%24code%3A%20String!)%20%7B%20inviteCode(code%3A%20%24code)%20%7B%20databaseId%20%7D%20%7D%20query%20Two%20%7B%20viewer%20%7B%20user%20%7B%20id%20%7D%20%7D%20%7D";
        let one = format!("/graphql?query={query}&operationName=One&variables=%7B%22code%22%3A%22CODE%22%7D");
        let answer = gateway.get(Viewer::Anonymous, &one).await;
        assert_eq!(answer.json, json!({ "data": { "inviteCode": { "databaseId": "1" } } }));
        let two = format!("/graphql?query={query}&operationName=Two");
        let answer = gateway.get(Viewer::Anonymous, &two).await;
        assert_eq!(answer.json, json!({ "data": { "viewer": null } }));
        for (path, told) in [
            ("/graphql".to_owned(), "query"),
            (format!("/graphql?query={query}&operationName=One&variables=x"), "variables"),
        ] {
            let answer = gateway.get(Viewer::Anonymous, &path).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
            assert_eq!(code(&answer.json), "BAD_REQUEST");
            assert!(answer.text.contains(told), "{}", answer.text);
        }
    }

    async fn other_bodies_are_refused_and_say_what_is_expected(gateway) {
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
        ] {
            let answer = post(&gateway, headers, body).await;
            let shown = &body[..body.len().min(60)];
            assert_eq!(answer.status, status, "{headers:?} {shown}");
            assert_eq!(code(&answer.json), "BAD_REQUEST", "{shown}");
            assert!(answer.json.get("data").is_none());
        }
        let answer = post(&gateway, &[("content-type", "application/json; charset=UTF-8")], r#"{"query":"{ __typename }"}"#).await;
        assert_eq!(answer.json, json!({ "data": { "__typename": "Query" } }));
    }

    async fn clients_that_ask_for_it_learn_by_the_status_whether_it_executed(gateway) {
        let asks = ("accept", "application/graphql-response+json, application/json;q=0.9");
        for (query, executed) in [
            ("{ viewer { user { id } } }", true),
            ("{ inviteCodes { totalCount } }", true),
            ("{ nothing }", false),
            ("{", false),
        ] {
            let body = json!({ "query": query }).to_string();
            let answer = post(&gateway, &[JSON, asks], &body).await;
            let status = if executed { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            assert_eq!(answer.status, status, "{query}");
            assert_eq!(answer.header("content-type"), "application/graphql-response+json; charset=utf-8");
            assert_eq!(answer.json.get("data").is_some(), executed, "{query}");

            let answer = post(&gateway, &[JSON], &body).await;
            assert_eq!(answer.status, StatusCode::OK, "{query}");
            assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }

    async fn small_documents_that_are_ruinous_are_refused(gateway) {
        let mut bomb = "{ ...F0 }".to_owned();
        for level in 0..31 {
            bomb += &format!(" fragment F{level} on Query {{ ...F{0} ...F{0} }}", level + 1);
        }
        bomb += " fragment F31 on Query { __typename }";
        let list = format!("{{ inviteCode(code: {}{}) {{ id }} }}", "[".repeat(1500), "]".repeat(1500));
        let object = format!("{{ inviteCode(code: {}1{}) {{ id }} }}", "{a:".repeat(1500), "}".repeat(1500));
        for (document, expected) in [
            (bomb, "GRAPHQL_VALIDATION_FAILED"),
            (list, "GRAPHQL_PARSE_FAILED"),
            (object, "GRAPHQL_PARSE_FAILED"),
        ] {
            let answer = gateway.graphql(Viewer::Anonymous, &document).await;
            assert_eq!(code(&answer), expected);
            assert!(answer.to_string().len() < 400, "{answer}");
        }
    }

    async fn other_methods_are_not_allowed(gateway) {
        let request = gateway.request(Viewer::Anonymous, Method::PUT, "/graphql");
        let answer = gateway.send(request.body(String::new().into()).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        let allowed = answer.headers.get(header::ALLOW).and_then(|allow| allow.to_str().ok());
        assert_eq!(allowed, Some("GET,HEAD,POST"));
        let answer = gateway.get(Viewer::Anonymous, "/nothing").await;
        assert_eq!((answer.status, code(&answer.json)), (StatusCode::NOT_FOUND, &json!("BAD_REQUEST")));
    }
}
