//! Introspection: executed or refused as configured.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{any_database, data, process::Server, wire::Request};

any_database! {
    async fn switched_off_a_document_with_introspection_is_refused(gateway) {
        gateway.add(data::invite_code(5, "AbC-123")).await;
        let server = Server::with(&gateway.database_url, &["--introspection=off"]).await;
        for (document, field) in [
            ("{ __schema { types { name } } }", "__schema"),
            ("{ inviteCode(code: \"AbC-123\") { role } a: __type(name: \"Query\") { name } }", "__type"),
            ("{ ... @include(if: false) { __schema { types { name } } } }", "__schema"),
            ("{ ...F } fragment F on Query { ... on Query { __type(name: \"Query\") { name } } }", "__type"),
        ] {
            let response = server.graphql(None, document, json!({})).await;
            assert_eq!(response.json.get("data"), None, "{document}");
            let errors = response.json["errors"].as_array().expect("errors");
            assert_eq!(errors.len(), 1, "{}", response.text);
            let message = errors[0]["message"].as_str().expect("text");
            assert!(message.contains("Introspection is disabled"), "{message}");
            assert!(message.contains(field), "{message}");
            let expected = json!({
                "code": "GRAPHQL_VALIDATION_FAILED",
                "validationErrorCode": "INTROSPECTION_DISABLED",
            });
            assert_eq!(errors[0]["extensions"], expected);
            assert!(errors[0]["locations"][0]["column"].is_u64(), "{}", response.text);
        }
        let body = json!({ "query": "{ __schema { types { name } } }" }).to_string();
        let request = Request::post_json("/graphql", &body)
            .header("accept", "application/graphql-response+json");
        assert_eq!(server.send(&request).await.status, StatusCode::BAD_REQUEST);

        let document = "{ __typename inviteCode(code: \"AbC-123\") { __typename databaseId } }";
        let response = server.graphql(None, document, json!({})).await;
        let expected = json!({ "data": {
            "__typename": "Query",
            "inviteCode": { "__typename": "InviteCode", "databaseId": "5" },
        } });
        assert_eq!(response.json, expected);
        // Errors do not suggest names of the schema.
        let response = server.graphql(None, "{ inviteCod }", json!({})).await;
        assert!(!response.text.contains("mean"), "{}", response.text);
    }

    async fn on_a_loopback_address_it_is_on_by_default(gateway) {
        for flags in [&[][..], &["--introspection=on", "--graphiql=off"]] {
            let server = Server::with(&gateway.database_url, flags).await;
            let response = server.graphql(None, "{ __type(name: \"Tag\") { kind } }", json!({})).await;
            assert_eq!(response.json, json!({ "data": { "__type": { "kind": "OBJECT" } } }));
        }
    }
}
