//! Validation: exactly the documents that the specification allows are valid.

use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, any_database, data, process::Server};

const VIEWER: Viewer<'static> = Viewer::Staff(1);

async fn build(gateway: &Gateway) {
    gateway.add(data::user(1, "ada")).await;
    gateway
        .add_all([data::invite_code(1, "ONE"), data::invite_code(2, "TWO")])
        .await;
    gateway.add(data::course(1, "rust", 1)).await;
}

fn code(response: &Value) -> &Value {
    &response["errors"][0]["extensions"]["code"]
}

any_database! {
    async fn invalid_documents_are_not_executed(gateway) {
        build(&gateway).await;
        for document in [
            // Conflicting fields with one name.
            "{ c: inviteCode(code: \"ONE\") { status } ...F } fragment F on Query { c: inviteCode(code: \"TWO\") { usedAt } }",
            "{ inviteCode(code: \"ONE\") { c: databaseId ...F } } fragment F on InviteCode { c: role }",
            "{ a: course(id: 1) { x: name } a: course(id: 1) { x: slug } }",
            "{ viewer { user { id: username ... on User { id } } } }",
            "{ node(id: 1) { ... on User { x: username } ... on Course { x: databaseId } } }",
            // Directives in all locations.
            "{ __typename @nothing }",
            "{ __typename @skip }",
            "{ __typename @skip(if: \"x\") }",
            "{ __typename @skip(if: true) @skip(if: false) }",
            "{ __typename @skip(if: $it) }",
            // Input objects.
            "query ($it: String) { inviteCodes(filter: { email: $it, nothing: 1 }) { totalCount } }",
            "query ($it: String) { inviteCodes(filter: { email: $it, search: 5 }) { totalCount } }",
            "query ($it: OrderDirection!) { inviteCodes(orderBy: { direction: $it }) { totalCount } }",
            "query ($it: OrderDirection) { inviteCodes(orderBy: { direction: $it, field: CREATED_AT }) { totalCount } }",
            "query ($it: String) { inviteCodes(filter: { createdAt: { from: $it } }) { totalCount } }",
            "query ($it: ID) { nodes(ids: [$it]) { id } }",
            "query ($it: ID = null) { node(id: $it) { id } }",
            "query ($it: OrderDirection) { ...F } fragment F on Query { inviteCodes(orderBy: { direction: $it, field: CREATED_AT }) { totalCount } }",
            "{ inviteCodes(orderBy: { field: CREATED_AT, field: EXPIRES_AT, direction: ASC }) { totalCount } }",
            "{ inviteCodes(filter: { status: [\"PENDING\"] }) { totalCount } }",
            "{ inviteCodes(filter: \"PENDING\") { totalCount } }",
            "{ inviteCodes(filter: []) { totalCount } }",
            // Numbers.
            "{ inviteCodes(first: 3000000000) { totalCount } }",
            "query ($it: Int = 99999999999) { inviteCodes(first: $it) { totalCount } }",
        ] {
            let response = gateway.graphql(VIEWER, document).await;
            assert_eq!(code(&response), "GRAPHQL_VALIDATION_FAILED", "{document}: {response}");
            assert_eq!(response.get("data"), None, "{document}");
        }
        for document in [
            "queryQ { __typename }",
            "query Q() { __typename }",
            "{ ...on } fragment on on Query { __typename }",
            "{ nodes(ids: [01]) { id } }",
            "{ inviteCodes(filter: nullfirst: 1) { totalCount } }",
        ] {
            let response = gateway.graphql(VIEWER, document).await;
            assert_eq!(code(&response), "GRAPHQL_PARSE_FAILED", "{document}: {response}");
        }
    }

    async fn valid_documents_are_executed(gateway) {
        build(&gateway).await;
        let node = crate::support::global_id("User", 1);
        for (document, variables) in [
            ("query ($d: Boolean!) { node(id: \"NODE\") { ... on User { ... @include(if: $d) { label: username } } ... on Course { ... @include(if: $d) { label: name } } } }", json!({ "d": true })),
            ("query ($d: Boolean!) { course(id: 1) { __typename @include(if: $d) } }", json!({ "d": true })),
            ("query ($it: [ID! ]!) { nodes(ids: $it) { id } }", json!({ "it": [] })),
            ("query ($it: [ ID ! ] !) { nodes(ids: $it) { id } }", json!({ "it": [] })),
            ("{ viewer { user { ... on#c\n User { id } } } }", json!({})),
            ("{ viewer { user { ... on #c\n User { id } } } }", json!({})),
            ("{ viewer { user { ... on\n,#c\n User { id } } } }", json!({})),
            ("# {\n{ viewer { user { id # }\n} } } # on", json!({})),
            ("query ($it: OrderDirection = ASC) { inviteCodes(orderBy: { direction: $it, field: CREATED_AT }) { totalCount } }", json!({})),
            ("query ($it: ID!) { nodes(ids: [$it]) { id } }", json!({ "it": "x" })),
            ("query ($it: [InviteStatus!]!) { inviteCodes(filter: { status: $it }) { totalCount } }", json!({ "it": "PENDING" })),
        ] {
            let document = document.replace("NODE", &node);
            let response = gateway.graphql_with(VIEWER, &document, variables).await;
            assert_eq!(response.get("errors"), None, "{document}: {response}");
        }
    }

    async fn escaped_strings_are_decoded(gateway) {
        gateway.add_all([data::invite_code(1, "A\"\"\"b"), data::invite_code(2, "Ab"), data::invite_code(3, "\u{1f600}")]).await;
        for (literal, found) in [
            ("\"\"\"A\\\"\"\"b\"\"\"", "1"),
            ("\"A\\\"\\\"\\\"b\"", "1"),
            ("\"\\u0041b\"", "2"),
            ("\"\"\"\n  Ab\n\"\"\"", "2"),
            ("\"\\uD83D\\uDE00\"", "3"),
            ("\"\\u{1F600}\"", "3"),
        ] {
            let document = format!("{{ inviteCode(code: {literal}) {{ databaseId }} }}");
            let expected = json!({ "inviteCode": { "databaseId": found } });
            assert_eq!(gateway.data(Viewer::Anonymous, &document).await, expected, "{literal}");
        }
    }

    async fn variables_of_another_operation_are_ignored(gateway) {
        build(&gateway).await;
        let document = "query A($x: Int) { ...F } query B($x: ID!) { course(id: $x) { slug } } \
                        fragment F on Query { inviteCodes(first: $x) { totalCount } }";
        let body = json!({ "query": document, "operationName": "B", "variables": { "x": "rust" } });
        let server = Server::new(&gateway.database_url).await;
        let body = body.to_string();
        let request = crate::support::wire::Request::post_json("/graphql", &body);
        let authorization = crate::support::process::authorization(1);
        let response = server.send(&request.authorized(Some(&authorization))).await;
        assert_eq!(response.json, json!({ "data": { "course": { "slug": "rust" } } }));
    }

    async fn an_unterminated_string_hides_nothing(gateway) {
        let server = Server::new(&gateway.database_url).await;
        for depth in [60, 400, 5000] {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            for (document, expected) in [
                // A parser may continue after the start of a block string.
                (format!("{{ nodes(ids: [\"\"\"x\" {open}1{close}]) {{ id }} }}"), "OPERATION_TOO_LARGE"),
                (format!("{{ nodes(ids: [\"\"\" {open}1{close}]) {{ id }} }}"), "GRAPHQL_PARSE_FAILED"),
                (format!("{{ nodes(ids: [\"x {open}1{close}]) {{ id }} }}"), "GRAPHQL_PARSE_FAILED"),
            ] {
                let response = server.graphql(None, &document, json!({})).await;
                assert_eq!(code(&response.json), expected, "{}", response.text);
            }
        }
        let response = server.graphql(None, "{ __typename }", json!({})).await;
        assert_eq!(response.json, json!({ "data": { "__typename": "Query" } }));
    }

    async fn errors_do_not_repeat_values(gateway) {
        build(&gateway).await;
        const SECRET: &str = "secret@example.com";
        for document in [
            "{ inviteCodes(filter: \"SECRET\") { totalCount } }",
            "{ inviteCodes(filter: { createdAt: \"SECRET\" }) { totalCount } }",
            "{ inviteCodes(filter: { status: [\"SECRET\"] }) { totalCount } }",
            "{ inviteCodes(filter: { createdAt: { from: \"SECRET\" } }) { totalCount } }",
            "query ($it: InviteCodeFilter = \"SECRET\") { inviteCodes(filter: $it) { totalCount } }",
            "{ inviteCodes \"SECRET\" }",
            "{ inviteCodes(filter: { status: [SECRET] }) { totalCount } }",
            "\"SECRET\"",
            "{ inviteCode(code: \"SECRET",
        ] {
            let response = gateway.graphql(VIEWER, &document.replace("SECRET", SECRET)).await;
            assert!(code(&response).is_string(), "{document}: {response}");
            assert!(!response.to_string().contains(SECRET), "{response}");
        }
        let document = "{ inviteCodes(filter: { status: [WELCOME_2026] }) { totalCount } }";
        let response = gateway.graphql(VIEWER, document).await;
        assert!(!response.to_string().contains("WELCOME"), "{response}");
        let long = "a".repeat(5000);
        for document in [format!("{{ {long} }}"), format!("query (${long}: ID!) {{ node(id: ${long}) {{ id }} }}")] {
            let response = gateway.graphql(VIEWER, &document).await;
            assert!(code(&response).is_string() && response.to_string().len() < 500, "{response}");
        }
        let document = "query ($it: InviteCodeFilter) { inviteCodes(filter: $it) { totalCount } }";
        for it in [json!({ SECRET: 1 }), json!({ "status": [SECRET] }), json!(SECRET)] {
            let response = gateway.graphql_with(VIEWER, document, json!({ "it": it })).await;
            assert_eq!(code(&response), "BAD_USER_INPUT");
            assert!(!response.to_string().contains(SECRET), "{response}");
        }
    }
}
