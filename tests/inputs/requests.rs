//! Requests that are not GraphQL, or do not match the schema.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use serde_json::{Value, json};

use super::{STAFF, VIEWER, build, is_fine, refused};
use crate::support::{Gateway, Response, data, each_database};

/// Sends a body unchanged.
async fn post(gateway: &Gateway, body: impl Into<Body>) -> Response {
    let request = gateway
        .request(VIEWER, Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json");
    gateway
        .send(request.body(body.into()).expect("a request"))
        .await
}

/// Asserts that every error has this code, which does not mean a failure of the gateway.
#[track_caller]
fn has_code(response: &Value, code: &str) {
    let errors = response["errors"].as_array().expect("errors");
    assert!(!errors.is_empty());
    for error in errors {
        assert_eq!(error["extensions"]["code"], code, "{response}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{response}"
        );
    }
}

each_database! {
    async fn a_lone_surrogate_is_no_text(gateway) {
        build(&gateway).await;
        for escape in ["\\uD800", "\\uDFFF", "\\ud83d", "\\uDC00\\uD800", "a\\uD800b"] {
            for document in [
                format!("{{ inviteCode(code: \"{escape}\") {{ id }} }}"),
                format!("{{ node(id: \"{escape}\") {{ id }} }}"),
                format!("{{ inviteCodes(filter: {{ search: \"{escape}\" }}) {{ totalCount }} }}"),
                format!("{{ groupInvites(after: \"{escape}\") {{ totalCount }} }}"),
            ] {
                let message = refused(&gateway, &document, json!({}), "GRAPHQL_PARSE_FAILED").await;
                assert!(message.starts_with("Syntax error"), "{message}");
            }
            // As a JSON escape, in the document and in a variable.
            for body in [
                format!(r#"{{"query":"{{ inviteCode(code: \"{escape}\") {{ id }} }}"}}"#),
                format!(r#"{{"query":"query ($it: String!) {{ inviteCode(code: $it) {{ id }} }}","variables":{{"it":"{escape}"}}}}"#),
                format!(r#"{{"query":"{{ viewer {{ user {{ id }} }} }}","operationName":"{escape}"}}"#),
            ] {
                let response = post(&gateway, body).await;
                assert_eq!(response.status, StatusCode::BAD_REQUEST);
                has_code(&response.json, "BAD_REQUEST");
            }
        }
        // A surrogate pair is text in JSON.
        let body = r#"{"query":"query ($it: String!) { inviteCode(code: $it) { id } }","variables":{"it":"\ud83d\ude00"}}"#;
        assert_eq!(post(&gateway, body).await.json, json!({ "data": { "inviteCode": null } }));
        is_fine(&gateway).await;
    }

    async fn a_nul_in_the_document_is_an_error_or_text(gateway) {
        build(&gateway).await;
        let response = gateway.graphql(VIEWER, "{ inviteCode(code: \"\\u0000\") { id } }").await;
        assert_eq!(response, json!({ "data": { "inviteCode": null } }));
        let response = gateway.graphql(VIEWER, "{ \0 }").await;
        has_code(&response, "GRAPHQL_PARSE_FAILED");
        for document in ["{ inviteCode(code: \"\0\") { id } }", "{ course(id: \"\0\") { id } }"] {
            let response = gateway.graphql(VIEWER, document).await;
            let is_null = response.get("errors").is_none();
            assert!(is_null || response["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED", "{response}");
        }
        is_fine(&gateway).await;
    }

    async fn syntax_errors_have_a_location(gateway) {
        build(&gateway).await;
        for document in ["", " ", "{", "}", "{ viewer { user { id } }", "query", "{ viewer(}", "SELECT 1", "{ inviteCode(code: \"x) { id } }", "{}"] {
            let response = gateway.graphql(VIEWER, document).await;
            has_code(&response, "GRAPHQL_PARSE_FAILED");
            assert!(response.get("data").is_none(), "{response}");
            assert!(response["errors"][0]["locations"][0]["line"].is_u64(), "{response}");
        }
        let message = refused(&gateway, "{ inviteCode(code: ) { id } }", json!({}), "GRAPHQL_PARSE_FAILED").await;
        assert!(message.contains("expected"), "{message}");
    }

    async fn a_syntax_error_does_not_quote_the_document(gateway) {
        build(&gateway).await;
        let token = data::token(1).to_string();
        for document in [
            format!("{{ workspaceInvite(token: \"{token}\" {{ id }} }}"),
            format!("{{ workspaceInvite(token: \"{token}) {{ id }} }}"),
            format!("{{ workspaceInvite(token: {token}) {{ id }} }}"),
            format!("# = {token}"),
            format!("{{ viewer {{ user {{ id }} }} = {token}"),
        ] {
            let response = gateway.graphql(VIEWER, &document).await;
            has_code(&response, "GRAPHQL_PARSE_FAILED");
            assert!(!response.to_string().contains(&token), "{document}: {response}");
        }
    }

    async fn errors_name_unknown_fields_and_types(gateway) {
        build(&gateway).await;
        for (document, name) in [
            ("{ nothing }", "nothing"),
            ("{ viewer { nothing } }", "nothing"),
            ("{ viewer { user } }", "`user` needs a selection"),
            ("{ viewer { user { id { id } } } }", "ID"),
            ("{ inviteCode { id } }", "code"),
            ("{ inviteCode(code: null) { id } }", "code"),
            ("{ inviteCode(code: \"x\", more: 1) { id } }", "more"),
            ("{ inviteCodes(filter: { nothing: 1 }) { totalCount } }", "nothing"),
            ("{ inviteCodes(orderBy: { field: CREATED_AT }) { totalCount } }", "direction"),
            ("{ inviteCodes(orderBy: { field: CITY, direction: ASC }) { totalCount } }", "not in `InviteOrderField`, which has CREATED_AT, EMAIL, EXPIRES_AT"),
            ("{ inviteCodes(filter: { status: [LOST] }) { totalCount } }", "InviteStatus"),
            ("{ course(id: \"1\") { invitees(orderBy: { field: CITY, direction: ASC }) { totalCount } } }", "OrderField"),
            ("{ viewer { ...Nothing } }", "Nothing"),
            ("{ ... on Nothing { id } }", "Nothing"),
            ("query ($it: Nothing) { viewer { user { id } } }", "Nothing"),
            ("{ viewer { user { id @nothing } } }", "nothing"),
            ("{ inviteCode(code: $it) { id } }", "it"),
        ] {
            let message = refused(&gateway, document, json!({}), "GRAPHQL_VALIDATION_FAILED").await;
            assert!(message.contains(name), "{document}: {message}");
        }
        for document in ["mutation { viewer }", "subscription { viewer }"] {
            let response = gateway.graphql(VIEWER, document).await;
            let code = response["errors"][0]["extensions"]["code"].as_str().expect("a code");
            assert!(["GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"].contains(&code), "{response}");
        }
    }

    async fn a_variable_of_another_type_is_refused(gateway) {
        build(&gateway).await;
        for (document, value, expected) in [
            ("query ($it: Int) { inviteCodes(first: $it) { totalCount } }", json!("1"), "expected an integer of 32 bits"),
            ("query ($it: Int) { inviteCodes(first: $it) { totalCount } }", json!(1.5), "expected an integer of 32 bits"),
            ("query ($it: Int) { inviteCodes(first: $it) { totalCount } }", json!({}), "expected an integer of 32 bits"),
            ("query ($it: String!) { inviteCode(code: $it) { id } }", json!(1), "expected a string"),
            ("query ($it: String!) { inviteCode(code: $it) { id } }", json!(["CODE-1"]), "expected a string"),
            ("query ($it: String!) { inviteCode(code: $it) { id } }", json!({ "it": 1 }), "expected a string"),
            ("query ($it: String!) { workspaceInvite(token: $it) { id } }", json!(1), "expected a string"),
            ("query ($it: String!) { workspaceInvite(token: $it) { id } }", json!(["x"]), "expected a string"),
            ("query ($it: ID!) { node(id: $it) { id } }", json!([]), "expected a string or an integer"),
            ("query ($it: ID!) { node(id: $it) { id } }", json!(true), "expected a string or an integer"),
            ("query ($it: [ID!]!) { nodes(ids: $it) { id } }", json!({}), "expected a string or an integer"),
            ("query ($it: [ID!]!) { nodes(ids: $it) { id } }", json!(["x", {}]), "at [1]: expected a string or an integer"),
            ("query ($it: [ID!]!) { nodes(ids: $it) { id } }", json!([null]), "at [0]: expected \"ID!\", not null"),
            ("query ($it: DateTime) { inviteCodes(filter: { createdAt: { from: $it } }) { totalCount } }", json!(1), "expected a string"),
            ("query ($it: InviteCodeFilter) { inviteCodes(filter: $it) { totalCount } }", json!({ "email": 1 }), "at email: expected a string"),
            ("query ($it: InviteCodeFilter) { inviteCodes(filter: $it) { totalCount } }", json!({ "role": [1] }), "at role[0]: expected a string"),
            ("query ($it: InviteCodeFilter) { inviteCodes(filter: $it) { totalCount } }", json!({ "nothing": 1 }), "has no field \"nothing\""),
            ("query ($it: InviteOrder) { inviteCodes(orderBy: $it) { totalCount } }", json!({ "field": "CITY", "direction": "ASC" }), "at field: expected one of "),
            ("query ($it: InviteOrder) { inviteCodes(orderBy: $it) { totalCount } }", json!({ "field": "CREATED_AT" }), "the field \"direction\" is required"),
        ] {
            let message = refused(&gateway, document, json!({ "it": value }), "BAD_USER_INPUT").await;
            assert!(message.starts_with("Variable \"$it\""), "{message}");
            assert!(message.contains(expected), "{document} {value}: {message}");
        }
        // A scalar instead of an object.
        for value in [json!(1), json!("x"), json!([1])] {
            let document = "query ($it: InviteCodeFilter) { inviteCodes(filter: $it) { totalCount } }";
            let message = refused(&gateway, document, json!({ "it": value }), "BAD_USER_INPUT").await;
            assert!(message.contains("InviteCodeFilter"), "{message}");
        }
        is_fine(&gateway).await;
    }

    async fn a_missing_required_variable_is_refused(gateway) {
        build(&gateway).await;
        let document = "query ($it: String!) { inviteCode(code: $it) { id } }";
        for (variables, expected) in [
            (json!({}), "was not provided"),
            (json!({ "other": "x" }), "was not provided"),
            (json!({ "it": null }), "not null"),
        ] {
            let message = refused(&gateway, document, variables, "BAD_USER_INPUT").await;
            assert!(message.contains("$it") && message.contains(expected), "{message}");
        }
    }

    async fn a_body_is_a_json_object_with_a_query(gateway) {
        build(&gateway).await;
        for body in [
            "", "x", "null", "1", "[]", "\"{ viewer }\"", "{}", "{\"query\":1}", "{\"query\":null}", "{\"query\":\"{ viewer { user { id } } }\"",
            "{\"query\":\"{ viewer { user { id } } }\",\"variables\":[]}", "{\"query\":\"{ viewer { user { id } } }\",\"variables\":\"{}\"}",
            "{\"query\":\"{ viewer { user { id } } }\",\"operationName\":1}",
            "[{\"query\":\"{ viewer { user { id } } }\"}]",
        ] {
            let response = post(&gateway, body).await;
            assert_eq!(response.status, StatusCode::BAD_REQUEST, "{body}: {}", response.text);
            has_code(&response.json, "BAD_REQUEST");
        }
        let response = post(&gateway, vec![b'{', 0xff, b'}']).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST);
        has_code(&response.json, "BAD_REQUEST");
        is_fine(&gateway).await;
    }

    async fn an_unknown_or_ambiguous_operation_is_refused(gateway) {
        build(&gateway).await;
        let two = "query A { viewer { user { id } } } query B { viewer { user { id } } }";
        for body in [
            json!({ "query": two }),
            json!({ "query": two, "operationName": "C" }),
            json!({ "query": two, "operationName": "" }),
            json!({ "query": "query A { viewer { user { id } } } query A { viewer { user { id } } }" }),
        ] {
            let response = post(&gateway, body.to_string()).await;
            let code = response.json["errors"][0]["extensions"]["code"].as_str();
            assert!(matches!(code, Some("GRAPHQL_VALIDATION_FAILED" | "GRAPHQL_PARSE_FAILED" | "BAD_REQUEST")), "{}", response.text);
        }
    }

    async fn a_selection_that_is_too_deep_is_refused(gateway) {
        build(&gateway).await;
        let ring = "workspaces { nodes { invites { nodes { workspace { id } } } } }";
        let mut document = "workspace { id }".to_owned();
        for _ in 0..4 {
            document = format!("workspace {{ invites {{ nodes {{ {document} }} }} }}");
        }
        let document = format!("{{ workspaceInvites {{ nodes {{ {document} }} }} }}");
        refused(&gateway, &document, json!({}), "OPERATION_TOO_COMPLEX").await;
        gateway.data(STAFF, &format!("{{ viewer {{ {ring} }} }}")).await;
    }

    async fn a_failing_field_does_not_affect_others(gateway) {
        build(&gateway).await;
        let document = "{ bad: inviteCodes(first: -1) { totalCount } good: inviteCodes { totalCount } }";
        let response = gateway.graphql(VIEWER, document).await;
        assert_eq!(response["data"], json!({ "bad": null, "good": { "totalCount": 2 } }));
        has_code(&response, "BAD_USER_INPUT");
        assert_eq!(response["errors"][0]["path"], json!(["bad"]));
        assert_eq!(response["errors"][0]["extensions"]["argument"], "first");
    }
}
