//! Documents that are short but expensive. The gateway refuses each before execution, at almost no
//! cost. It accepts the documents of honest clients.

use serde_json::{Value, json};

use crate::support::{
    Viewer, any_database,
    attack::{allowed_and_met, document_is_refused, is_refused, post, still_answers},
    data, graphql_with_limits, metric_in,
    node::node,
    process::Server,
    wire::Request,
};
use invite_gateway::graphql::Limits;

const LARGE: &str = "OPERATION_TOO_LARGE";
const COMPLEX: &str = "OPERATION_TOO_COMPLEX";

/// Returns fragments that each spread the next one `times` times.
fn chain(length: usize, times: usize) -> String {
    let mut text = "{ viewer { ...F0 } }".to_owned();
    for at in 0..length {
        let spreads = format!("...F{} ", at + 1).repeat(times);
        text += &format!("fragment F{at} on Viewer{{{spreads}}}");
    }
    text + &format!("fragment F{length} on Viewer{{__typename}}")
}

fn nested(open: &str, depth: usize, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

/// Returns documents, each with the code and the limit of its refusal.
fn attacks() -> Vec<(&'static str, String, &'static str, Option<&'static str>)> {
    let in_argument = |value: String| format!("{{ inviteCode(code: {value}) {{ id }} }}");
    let unknown = |count: usize| (0..count).map(|at| format!("f{at} ")).collect::<String>();
    let aliases = |count: usize| {
        (0..count)
            .map(|at| format!("a{at}: __typename "))
            .collect::<String>()
    };
    let bomb = chain(20, 2);
    assert!(bomb.len() < 1000, "{}", bomb.len());
    vec![
        ("a list literal", in_argument(nested("[", 1500, "1", "]")), LARGE, Some("nesting")),
        ("a list literal that does not end", in_argument("[".repeat(1500)), LARGE, Some("nesting")),
        ("an object literal", in_argument(nested("{a:", 1500, "1", "}")), LARGE, Some("nesting")),
        ("lists and objects in turn", in_argument(nested("[{a:", 700, "1", "}]")), LARGE, Some("nesting")),
        ("a variable's default", format!("query ($it: [Int] = {}) {{ viewer {{ user {{ id }} }} }}", nested("[", 1500, "1", "]")), LARGE, Some("nesting")),
        ("a variable's type", format!("query ($it: {}) {{ viewer {{ user {{ id }} }} }}", nested("[", 1500, "Int", "]")), LARGE, Some("nesting")),
        ("a directive's argument", format!("{{ __typename @skip(if: {}) }}", nested("[", 1500, "1", "]")), LARGE, Some("nesting")),
        ("selections", nested("{ viewer ", 1500, "", "}"), LARGE, Some("nesting")),
        ("inline fragments", format!("{{ {} }}", nested("... { ", 1500, "__typename", " }")), LARGE, Some("nesting")),
        ("arguments that do not end", "{ a(".repeat(2000), LARGE, Some("nesting")),
        ("brackets behind a string that does not end", format!("{{ a(b: \"\"\"x\" {}", "[".repeat(1500)), LARGE, Some("nesting")),
        ("fragments that spread the next one", chain(200, 1), COMPLEX, Some("depth")),
        ("more of them", chain(500, 1), LARGE, Some("tokens")),
        ("a bomb of fragments", bomb, COMPLEX, Some("fields")),
        ("a deeper bomb of fragments", chain(29, 2), COMPLEX, Some("fields")),
        ("a bomb that is nested too deep as well", chain(60, 2), COMPLEX, Some("depth")),
        ("fragments that spread each other", "{ ...A } fragment A on Query { ...B ...B } fragment B on Query { ...A ...A }".into(), "GRAPHQL_VALIDATION_FAILED", None),
        ("5,000 aliases", format!("{{ {} }}", aliases(5000)), LARGE, Some("document")),
        ("500 aliases", format!("{{ {} }}", aliases(500)), COMPLEX, Some("aliases")),
        ("21 aliases", format!("{{ viewer {{ {} }} }}", aliases(21)), COMPLEX, Some("aliases")),
        ("21 aliases, by fragments", format!("{{ viewer {{ ...F ...F ...F }} }} fragment F on Viewer {{ {} }}", aliases(7)), COMPLEX, Some("aliases")),
        ("the same root field again and again", format!("{{ {} }}", "__typename ".repeat(500)), COMPLEX, Some("root_fields")),
        ("100 KB of fields that are not there", format!("{{ {} }}", unknown(15_000)), LARGE, Some("document")),
        ("16 KB of fields that are not there", format!("{{ viewer {{ {} }} }}", unknown(2500)), LARGE, Some("tokens")),
        ("1,900 fields that are not there", format!("{{ viewer {{ {} }} }}", unknown(1900)), "GRAPHQL_VALIDATION_FAILED", None),
        ("16 KB of brackets", "{}".repeat(8000), LARGE, Some("tokens")),
        ("21 directives", format!("{{ __typename {} }}", "@skip(if: true) ".repeat(21)), COMPLEX, Some("directives")),
        ("900 directives", format!("query {} {{ __typename }}", "@a ".repeat(900)), COMPLEX, Some("directives")),
        ("directives on variables", format!("query ($it: Int {}) {{ __typename }}", "@a ".repeat(900)), COMPLEX, Some("directives")),
        ("13 deep", nested("{ viewer ", 13, "", "}").replacen("viewer }", "viewer { id } }", 1), COMPLEX, Some("depth")),
        ("pages within pages", "{ viewer { workspaces(first: 100) { nodes { invites(first: 100) { nodes { id } } } } } }".into(), COMPLEX, Some("cost")),
        ("a ring of pages", format!("{{ workspaceInvites {{ {} }} }}", "nodes { workspace { invites { ".repeat(3) + "totalCount" + &" } } }".repeat(3)), COMPLEX, Some("cost")),
        ("pages by edges", "{ viewer { courses(last: 100) { edges { node { invitees(last: 100) { edges { cursor } } } } } } }".into(), COMPLEX, Some("cost")),
        ("nodes of edges under many names", format!("{{ workspaceInvites(first: 100) {{ edges {{ node {{ workspace {{ invites(first: 95) {{ edges {{ {} }} }} }} }} }} }} }}", (0..20).map(|at| format!("n{at}: node {{ id }} ")).collect::<String>()), COMPLEX, Some("cost")),
        ("types within types", "{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }".into(), COMPLEX, Some("introspection")),
        ("types within types, by a fragment", "{ __schema { types { ...A } } } fragment A on __Type { fields { type { ...B } } } fragment B on __Type { possibleTypes { fields { type { ...C } } } } fragment C on __Type { fields { name } interfaces { possibleTypes { fields { name } } } }".into(), COMPLEX, Some("introspection")),
        ("type of type of type", format!("{{ __type(name: \"Node\") {{ {} }} }}", "ofType { ".repeat(21) + "name" + &" }".repeat(21)), COMPLEX, Some("depth")),
        ("101 ids", format!("{{ nodes(ids: [{}]) {{ id }} }}", "1 ".repeat(101)), "BAD_USER_INPUT", Some("list")),
        ("101 representations", format!("{{ _entities(representations: [{}]) {{ __typename }} }}", "{__typename: \"Tag\" id: 1} ".repeat(101)), "BAD_USER_INPUT", Some("list")),
        ("101 values of a filter", format!("{{ inviteCodes(filter: {{ role: [{}] }}) {{ totalCount }} }}", "\"a\" ".repeat(101)), "BAD_USER_INPUT", Some("list")),
        ("101 values of a default", format!("query ($it: [ID!]! = [{}]) {{ nodes(ids: $it) {{ id }} }}", "1 ".repeat(101)), "BAD_USER_INPUT", Some("list")),
        ("strings that do not end", "\"\"\" \\\"\"\" ".repeat(1600), LARGE, Some("tokens")),
        ("a long name", format!("{{ {} }}", "a".repeat(16_000)), "GRAPHQL_VALIDATION_FAILED", None),
        ("a long number", format!("{{ inviteCodes(first: {}) {{ totalCount }} }}", "9".repeat(16_000)), "GRAPHQL_PARSE_FAILED", None),
        ("a long comment and nothing", format!("#{}", "x".repeat(16_000)), "GRAPHQL_PARSE_FAILED", None),
        ("spaces", " ".repeat(16_000), "GRAPHQL_PARSE_FAILED", None),
        ("byte order marks", "\u{feff}".repeat(5000), "GRAPHQL_PARSE_FAILED", None),
        ("control characters", "\u{1}".repeat(1900), "GRAPHQL_PARSE_FAILED", None),
        ("300 variables that are not used", format!("query ({}) {{ __typename }}", (0..300).map(|at| format!("$v{at}: Int ")).collect::<String>()), "GRAPHQL_VALIDATION_FAILED", None),
        ("200 fragments that are not used", format!("{{ __typename }} {}", (0..200).map(|at| format!("fragment F{at} on Query {{ __typename }} ")).collect::<String>()), "GRAPHQL_VALIDATION_FAILED", None),
        ("600 variables that are not there", format!("{{ nodes(ids: [{}]) {{ id @skip(if: $x) }} }}", (0..100).map(|at| format!("$v{at} ")).collect::<String>()), "GRAPHQL_VALIDATION_FAILED", None),
    ]
}

any_database! {
    async fn each_is_refused_at_almost_no_cost(gateway) {
        for (what, document, code, limit) in attacks() {
            document_is_refused(&gateway, what, &document, code, limit).await;
        }
        still_answers(&gateway).await;
    }

    async fn the_process_survives(gateway) {
        let server = Server::new(&gateway.database_url).await;
        for (what, document, code, _) in attacks() {
            let response = server.graphql(None, &document, json!({})).await;
            assert_eq!(response.json["errors"][0]["extensions"]["code"], code, "{what}: {}", response.text);
        }
        let response = server.graphql(None, "{ __typename }", json!({})).await;
        assert_eq!(response.json, json!({ "data": { "__typename": "Query" } }));
    }

    async fn expanding_documents_are_cached_as_sent(gateway) {
        let server = Server::with(&gateway.database_url, &["--metrics=on"]).await;
        let memory = async || {
            let metrics = server.get(None, "/metrics").await.text;
            metric_in(&metrics, "process_resident_memory_bytes") / 1_048_576.0
        };
        let leaves = "id databaseId username fullName avatarUrl isVerified";
        let fragments = format!(
            "fragment R on Query {{ viewer {{ s: sentInvites(first: 0) {{ nodes {{ ...I }} edges {{ node {{ ...I }} }} }} }}
                ... {{ viewer {{ user {{ id }} }} }} }}
             fragment I on Invite {{ id status inviter {{ {leaves} }} target {{ ... on Workspace {{ name }} ... on Group {{ name }} }} }}"
        );
        let mut before = None;
        for round in 0..40 {
            let operations = (0..50).map(|at| format!("query A{at}_{round} {{ ...R }} "));
            let document = format!("{} {fragments}", operations.collect::<String>());
            let body = json!({ "query": document, "operationName": format!("A0_{round}") }).to_string();
            for _ in 0..2 {
                let response = server.send(&Request::post_json("/graphql", &body)).await;
                assert_eq!(response.json["data"], json!({ "viewer": null }), "{}", response.text);
            }
            if round == 4 {
                before = Some(memory().await);
            }
        }
        let grown = memory().await - before.expect("a measure");
        assert!(grown < 32.0, "{grown} MiB");
    }

    async fn a_refusal_has_the_limit_and_the_measured_value(gateway) {
        for (document, allowed, met, message) in [
            (" ".repeat(20_000), 16_384, json!(20_000), "The document has 20000 bytes; the maximum is 16384."),
            ("a ".repeat(2001), 2000, json!(2001), "The document has 2001 tokens; the maximum is 2000."),
            ("[".repeat(25), 24, json!(25), "Brackets are nested 25 deep; the maximum is 24."),
            (format!("{{ {} }}", "__typename ".repeat(21)), 20, json!(21), "The operation has 21 root fields, fragments expanded; the maximum is 20."),
            (
                "{ viewer { workspaces(first: 100) { nodes { invites(first: 100) { nodes { id } } } } } }".into(),
                10_000, json!(10_202), "The operation costs 10202 nodes; the maximum is 10000.",
            ),
            (format!("{{ nodes(ids: [{}]) {{ id }} }}", "1 ".repeat(101)), 100, json!(101), "ids: must have at most 100 values, not 101"),
        ] {
            let body = json!({ "query": document }).to_string();
            let response = gateway.send(post(&gateway, body)).await;
            assert_eq!(allowed_and_met(&response), (json!(allowed), met), "{}", response.text);
            assert_eq!(response.json["errors"][0]["message"], message);
        }
    }

    async fn each_limit_is_configurable(gateway) {
        let document = "{ a: viewer { user { id } } b: __typename @skip(if: true) viewer { workspaces { nodes { id } } } nodes(ids: [1 2]) { id } }";
        gateway.data(Viewer::Anonymous, document).await;
        let fine = Limits { document: 133, tokens: 55, nesting: 4, depth: 4, aliases: 2, root_fields: 4, directives: 1, cost: 100, list: 2, ..Limits::default() };
        let mut gateway = gateway;
        for (name, limits) in [
            ("document", Limits { document: 100, ..fine }),
            ("tokens", Limits { tokens: 40, ..fine }),
            ("nesting", Limits { nesting: 3, ..fine }),
            ("depth", Limits { depth: 3, ..fine }),
            ("aliases", Limits { aliases: 1, ..fine }),
            ("root_fields", Limits { root_fields: 3, ..fine }),
            ("directives", Limits { directives: 0, ..fine }),
            ("cost", Limits { cost: 30, ..fine }),
            ("fields", Limits { cost: 9, ..fine }),
            ("list", Limits { list: 1, ..fine }),
        ] {
            gateway = gateway.with(|parts| parts.graphql = graphql_with_limits(limits, 0));
            let response = gateway.graphql(Viewer::Anonymous, document).await;
            assert_eq!(response["errors"][0]["extensions"]["limit"], name, "{response}");
            gateway = gateway.with(|parts| parts.graphql = graphql_with_limits(fine, 0));
            gateway.data(Viewer::Anonymous, document).await;
        }
    }

    async fn variables_determine_the_cost(gateway) {
        let document = "query ($a: Int = 10, $b: Int, $ids: [ID!]! = []) {
            viewer { workspaces(first: $a) { nodes { invites(last: $b) { edges { node { inviter { id } } } } } } }
            nodes(ids: $ids) { id } ...F
        }
        fragment F on Query { viewer { courses(first: $b) { nodes { id } } } }";
        // The viewer twice, the workspaces, each with its invites and their inviters; the courses.
        let nodes = |a: u64, b: u64, ids: u64| 1 + (1 + a * (1 + (1 + b * 2))) + ids + 1 + (1 + b);
        for (variables, expected) in [
            (json!({}), nodes(10, 25, 0)),
            (json!({ "a": 2 }), nodes(2, 25, 0)),
            (json!({ "a": null, "b": null }), nodes(25, 25, 0)),
            (json!({ "a": 0, "b": 100 }), nodes(0, 100, 0)),
            (json!({ "a": 3, "b": 7, "ids": ["1", "2", "3"] }), nodes(3, 7, 3)),
            (json!({ "a": 3, "b": 7, "ids": "1" }), nodes(3, 7, 1)),
            (json!({ "a": -5, "b": 2_000_000_000 }), nodes(0, 100, 0)),
        ] {
            for _ in 0..2 {
                let body = json!({ "query": document, "variables": variables, "extensions": { "cost": true } });
                let response = gateway.send(post(&gateway, body.to_string())).await;
                let cost = json!({ "nodes": expected, "allowed": 10_000 });
                assert_eq!(response.json["extensions"]["cost"], cost, "{variables}: {}", response.text);
            }
        }
        let body = json!({ "query": document, "variables": { "a": 100, "b": 100 } }).to_string();
        let response = is_refused(&gateway, "pages by variables", || post(&gateway, body.clone()), COMPLEX, Some("cost")).await;
        assert_eq!(allowed_and_met(&response), (json!(10_000), json!(nodes(100, 100, 0))));
        // No message for an anonymous viewer.
        let response = gateway.graphql(Viewer::Anonymous, document).await;
        assert_eq!(response.get("extensions"), None);
    }

    async fn fields_of_an_object_cost(gateway) {
        gateway.add(data::invite_code(1, "CODE")).await;
        let cost = async |fields: &str| {
            let document = format!("{{ inviteCode(code: \"CODE\") {{ {fields} }} }}");
            let body = json!({ "query": document, "extensions": { "cost": true } }).to_string();
            gateway.send(post(&gateway, body)).await.json["extensions"]["cost"]["nodes"].clone()
        };
        // A repeated field is loaded once, but each occurrence costs.
        assert_eq!(cost(&"id ".repeat(100)).await, 6);
        // A value, and the fragment that has it.
        assert_eq!(cost(&"... { id } ".repeat(9)).await, 1);
        assert_eq!(cost(&"... { id } ".repeat(10)).await, 2);
        assert_eq!(cost(&"... { id } ".repeat(50)).await, 6);
        assert_eq!(cost("tags { id }").await, 11);
        assert_eq!(cost("inviter { id } user { id }").await, 3);
    }

    async fn a_response_has_ten_errors_and_counts_the_others(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let document = "query ($it: [_Any!]!) { _entities(representations: $it) { __typename } }";
        let ask = async |count: usize| {
            let it = vec![json!({ "__typename": "Nothing" }); count];
            gateway.graphql_with(Viewer::User(1), document, json!({ "it": it })).await
        };
        let response = ask(10).await;
        assert_eq!(response["errors"].as_array().map(Vec::len), Some(10));
        assert_eq!(response.get("extensions"), None);
        let response = ask(100).await;
        assert_eq!(response["errors"].as_array().map(Vec::len), Some(10));
        assert_eq!(response["extensions"], json!({ "omittedErrors": 90 }));
        assert_eq!(response["data"]["_entities"].as_array().map(Vec::len), Some(100));
    }

    async fn documents_of_honest_clients_are_executed(gateway) {
        // Each has its variables, and the longest lists allowed.
        let input = |name: &str| match name {
            "AcceptInvite" => json!({ "code": "CODE" }),
            "CancelInvites" => json!({ "ids": vec!["id"; 100] }),
            "CreateWorkspaceInvites" => json!({
                "workspace": "1",
                "invitees": vec![json!({ "email": "ada@example.com" }); 100],
            }),
            _ => Value::Null,
        };
        let Value::Object(documents) = node("honest_documents.mjs", &[]).await else {
            panic!("documents by name");
        };
        assert!(documents.len() >= 16, "{}", documents.len());
        for (name, document) in documents {
            let variables = json!({
                "code": "CODE", "token": data::token(1), "id": "1", "course": "1", "first": 100,
                "input": input(&name), "by": { "code": "CODE" },
            });
            let body = json!({ "query": document, "variables": variables, "extensions": { "cost": true } });
            let response = gateway.send(post(&gateway, body.to_string())).await;
            assert!(response.json["extensions"]["cost"]["nodes"].is_u64(), "{name}: {}", response.text);
        }
    }
}
