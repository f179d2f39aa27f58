//! Responses are the same with and without the document cache.

use axum::{
    Router,
    body::Body,
    http::{Method, StatusCode, header},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{DOCUMENT_CACHE, Gateway, Response, Viewer, any_database, data, graphql};

const VIEWER: Viewer<'static> = Viewer::User(1);

/// Returns documents, each with the operation to execute and several values of its variables.
fn documents() -> Vec<(&'static str, Option<&'static str>, Vec<Value>)> {
    let texts = || {
        vec![
            json!({}),
            json!({ "it": null }),
            json!({ "it": "CODE-1" }),
            json!({ "it": "CODE-2" }),
            json!({ "it": "unknown" }),
            json!({ "it": 1 }),
            json!({ "it": ["CODE-1"] }),
            json!({ "it": "CODE-1", "other": 1 }),
            json!({ "other": "CODE-1" }),
        ]
    };
    let lists = || {
        vec![
            json!({}),
            json!({ "it": "PENDING" }),
            json!({ "it": ["PENDING"] }),
            json!({ "it": ["NOTHING"] }),
            json!({ "it": [null] }),
            json!({ "it": [] }),
            json!({ "it": null }),
            json!({ "it": 1 }),
        ]
    };
    vec![
        (
            "query ($it: String!) { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query A($it: String!) { inviteCode(code: $it) { databaseId } }",
            Some("A"),
            texts(),
        ),
        (
            "query A($it: String!) { inviteCode(code: $it) { databaseId } }",
            Some("B"),
            texts(),
        ),
        (
            "query A($it: String!) { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: String! = \"CODE-2\") { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: String) { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: String = \"CODE-1\") { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: ID!) { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: Nothing!) { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: String!) { inviteCode(code: \"CODE-1\") { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: String!) { inviteCode(code: $it) { nothing } }",
            None,
            texts(),
        ),
        (
            "query ($it: String!) { inviteCode(code: $it) { databaseId }",
            None,
            texts(),
        ),
        // Two operations. The variables of the other one are ignored.
        (
            "query A($it: String!) { inviteCode(code: $it) { databaseId } } query B { viewer { user { id } } }",
            Some("B"),
            texts(),
        ),
        (
            "query A($it: String!) { inviteCode(code: $it) { databaseId } } query B($it: String!) { workspaceInvite(token: $it) { id } }",
            Some("A"),
            texts(),
        ),
        (
            "query A($it: String!) { inviteCode(code: $it) { databaseId } } query B($it: String!) { workspaceInvite(token: $it) { id } }",
            Some("B"),
            texts(),
        ),
        // Fragments, with variables in them and in directives.
        (
            "query ($it: String!) { ...F } fragment F on Query { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: Int!) { ...F } fragment F on Query { inviteCode(code: $it) { databaseId } }",
            None,
            texts(),
        ),
        (
            "query ($it: Boolean!) { viewer { user { id @include(if: $it) username } } }",
            None,
            vec![
                json!({}),
                json!({ "it": true }),
                json!({ "it": false }),
                json!({ "it": 1 }),
                json!({ "it": null }),
            ],
        ),
        (
            "query ($it: String!) { viewer { user { id @include(if: $it) username } } }",
            None,
            texts(),
        ),
        // Variables as part of an argument.
        (
            "query ($it: [InviteStatus!]) { inviteCodes(filter: { status: $it }) { totalCount } }",
            None,
            lists(),
        ),
        (
            "query ($it: [InviteStatus!]!) { inviteCodes(filter: { status: $it }) { totalCount } }",
            None,
            lists(),
        ),
        (
            "query ($it: InviteStatus!) { inviteCodes(filter: { status: [$it] }) { totalCount } }",
            None,
            lists(),
        ),
        (
            "query ($it: InviteStatus!) { inviteCodes(filter: { status: $it }) { totalCount } }",
            None,
            lists(),
        ),
        (
            "query ($it: [InviteStatus!]) { inviteCodes(filter: { status: $it, email: 5 }) { totalCount } }",
            None,
            lists(),
        ),
        (
            "query ($it: [InviteStatus!]) { inviteCodes(filter: { status: $it, nothing: 5 }) { totalCount } }",
            None,
            lists(),
        ),
        (
            "query ($it: DateTime) { inviteCodes(filter: { createdAt: { from: $it } }) { totalCount } }",
            None,
            vec![
                json!({}),
                json!({ "it": null }),
                json!({ "it": "2026-01-01T00:00:00Z" }),
                json!({ "it": "yesterday" }),
                json!({ "it": 5 }),
            ],
        ),
        (
            "query ($it: InviteCodeFilter) { inviteCodes(filter: $it) { totalCount } }",
            None,
            vec![
                json!({}),
                json!({ "it": {} }),
                json!({ "it": { "email": "a@example.com" } }),
                json!({ "it": { "email": 1 } }),
                json!({ "it": { "nothing": 1 } }),
                json!({ "it": { "status": "PENDING" } }),
                json!({ "it": { "status": ["LOST"] } }),
                json!({ "it": [] }),
            ],
        ),
        (
            "query ($it: Int) { inviteCodes(first: $it) { nodes { databaseId } } }",
            None,
            vec![
                json!({}),
                json!({ "it": null }),
                json!({ "it": 1 }),
                json!({ "it": 0 }),
                json!({ "it": -1 }),
                json!({ "it": 101 }),
                json!({ "it": 1.5 }),
                json!({ "it": 99999999999_i64 }),
                json!({ "it": "1" }),
            ],
        ),
        (
            "query ($it: Int, $at: String) { inviteCodes(first: $it, after: $at) { nodes { databaseId } } }",
            None,
            vec![
                json!({}),
                json!({ "it": 1 }),
                json!({ "it": 1, "at": null }),
                json!({ "it": 1, "at": "x" }),
                json!({ "at": "x" }),
                json!({ "it": "x", "at": 1 }),
            ],
        ),
        (
            "query ($it: [ID!]!) { nodes(ids: $it) { id } }",
            None,
            vec![
                json!({}),
                json!({ "it": [] }),
                json!({ "it": "x" }),
                json!({ "it": ["x", 1] }),
                json!({ "it": [null] }),
                json!({ "it": [[]] }),
            ],
        ),
        (
            "query ($it: ID!) { nodes(ids: [$it, \"x\"]) { id } }",
            None,
            vec![
                json!({}),
                json!({ "it": "x" }),
                json!({ "it": 1 }),
                json!({ "it": null }),
            ],
        ),
        // Operations of routers.
        (
            "query ($it: [_Any!]!) { _entities(representations: $it) { __typename ... on Tag { id } } }",
            None,
            vec![
                json!({}),
                json!({ "it": [] }),
                json!({ "it": [{ "__typename": "Tag", "id": "x" }] }),
                json!({ "it": [{ "__typename": "Tag" }, 5, null] }),
                json!({ "it": null }),
                json!({ "it": 5 }),
            ],
        ),
        // Introspection, whose arguments are in no definition of this schema.
        (
            "query ($it: String!) { __type(name: $it) { name } }",
            None,
            vec![
                json!({ "it": "Query" }),
                json!({ "it": "Nothing" }),
                json!({ "it": 1 }),
                json!({}),
            ],
        ),
        (
            "query ($it: Boolean) { __type(name: \"Invite\") { fields(includeDeprecated: $it) { name } } }",
            None,
            vec![json!({ "it": true }), json!({ "it": "x" }), json!({})],
        ),
    ]
}

async fn ask(router: &Router, gateway: &Gateway, body: &Value) -> (StatusCode, String) {
    let request = gateway
        .request(VIEWER, Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/graphql-response+json");
    let request = request
        .body(Body::from(body.to_string()))
        .expect("a request");
    let response = router.clone().oneshot(request).await.expect("a response");
    let response = Response::read(response).await;
    (response.status, response.text)
}

any_database! {
    async fn responses_are_the_same(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add_all([data::invite_code(1, "CODE-1"), data::invite_code(2, "CODE-2")]).await;
        let gateway = gateway.with(|parts| parts.graphql = graphql(0));
        let forgets = gateway.service();
        let gateway = gateway.with(|parts| parts.graphql = graphql(DOCUMENT_CACHE));
        let remembers = gateway.service();
        let (mut answered, mut refused) = (0, 0);
        // Forwards and backwards, so that each document follows all others once.
        let mut all: Vec<Value> = documents()
            .into_iter()
            .flat_map(|(query, operation, values)| {
                values.into_iter().map(move |variables| {
                    json!({ "query": query, "operationName": operation, "variables": variables })
                })
            })
            .collect();
        for _ in 0..2 {
            for body in &all {
                let expected = ask(&forgets, &gateway, body).await;
                for _ in 0..2 {
                    assert_eq!(ask(&remembers, &gateway, body).await, expected, "{body}");
                }
                if expected.0 == StatusCode::OK { answered += 1 } else { refused += 1 }
            }
            all.reverse();
        }
        // Both outcomes are common.
        assert!(answered > 100 && refused > 100, "{answered} {refused}");
    }

    async fn a_cached_mutation_is_executed_each_time(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::group(1, "studio")).await;
        gateway.add(data::group_member(1, 1, "manager")).await;
        let mutation = "mutation { enableGroupInvite(input: { group: 1 }) { userErrors { code } } }";
        gateway.data(VIEWER, mutation).await;
        let hits = "invite_gateway_document_cache_requests_total{result=\"hit\"}";
        assert_eq!(gateway.metric(hits), 0.0);
        let rotate = "mutation { rotateGroupInvite(input: { group: 1 }) { invite { code } } }";
        let mut codes = Vec::new();
        for _ in 0..3 {
            let data = gateway.data(VIEWER, rotate).await;
            codes.push(data["rotateGroupInvite"]["invite"]["code"].as_str().expect("a code").to_owned());
        }
        assert_eq!(gateway.metric(hits), 2.0);
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 3);
        // A document that is cached is refused by `GET` as others are.
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", rotate).finish();
        let response = gateway.get(VIEWER, &format!("/graphql?{query}")).await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{}", response.text);
        let data = gateway.data(VIEWER, "{ group(id: 1) { invite { code } } }").await;
        assert!(codes.iter().any(|code| data["group"]["invite"]["code"] == *code));
    }

    async fn documents_that_exceed_the_cache_are_executed(gateway) {
        gateway.add(data::invite_code(1, "CODE-1")).await;
        let gateway = gateway.with(|parts| parts.graphql = graphql(1000));
        for round in 0..200 {
            let document = format!("query Q{round} {{ inviteCode(code: \"CODE-1\") {{ databaseId }} }}");
            let expected = json!({ "inviteCode": { "databaseId": "1" } });
            assert_eq!(gateway.data(Viewer::Anonymous, &document).await, expected);
        }
    }
}
