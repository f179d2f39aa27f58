//! Hostile bodies and query strings. The gateway refuses them before execution, at almost no cost.

use std::num::NonZeroU32;

use axum::{
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
};
use futures_util::stream;
use serde_json::{Value, json};

use crate::support::{
    Viewer, any_database,
    attack::{allowed_and_met, is_refused, post, still_answers},
    data, global_id, graphql_with_limits,
    process::{Server, authorization},
    wire,
};
use invite_gateway::{graphql::Limits, rate_limit::Quotas};

const LARGE: &str = "OPERATION_TOO_LARGE";

const NODES: &str = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";

fn nested(open: &str, depth: usize, close: &str) -> String {
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

/// Returns requests with a part that is nested that deep.
fn deep(depth: usize) -> Vec<(&'static str, String)> {
    let (lists, objects) = (nested("[", depth, "]"), nested("{\"a\":", depth, "}"));
    let query = "\"query\":\"{ __typename }\"";
    vec![
        (
            "lists in variables",
            format!("{{{query},\"variables\":{{\"a\":{lists}}}}}"),
        ),
        (
            "objects in variables",
            format!("{{{query},\"variables\":{objects}}}"),
        ),
        (
            "lists in extensions",
            format!("{{{query},\"extensions\":{{\"a\":{lists}}}}}"),
        ),
        (
            "lists where nothing is",
            format!("{{\"nothing\":{lists},{query}}}"),
        ),
        ("objects for a query", format!("{{\"query\":{objects}}}")),
        ("lists alone", lists.clone()),
        ("lists that do not end", "[".repeat(depth)),
        ("objects that do not end", "{\"a\":".repeat(depth)),
        (
            "lists in a batch",
            format!("[{{{query},\"variables\":{{\"a\":{lists}}}}}]"),
        ),
    ]
}

any_database! {
    async fn deep_json_is_refused_before_parsing(gateway) {
        for depth in [25, 1500, 20_000] {
            for (what, body) in deep(depth) {
                let response = is_refused(&gateway, what, || post(&gateway, body.clone()), LARGE, Some("nesting")).await;
                assert_eq!(response.status, StatusCode::BAD_REQUEST, "{what}");
                assert_eq!(allowed_and_met(&response).0, 24);
            }
        }
        // Brackets in strings do not count.
        let variables = json!({ "a": "[{\"".repeat(1000) });
        let response = gateway.graphql_with(Viewer::Anonymous, "{ __typename }", variables).await;
        assert_eq!(response, json!({ "data": { "__typename": "Query" } }));
    }

    async fn the_process_survives(gateway) {
        let server = Server::new(&gateway.database_url).await;
        for (what, body) in deep(20_000) {
            let response = server.send(&wire::Request::post_json("/graphql", &body)).await;
            assert_eq!(response.json["errors"][0]["extensions"]["code"], LARGE, "{what}: {}", response.text);
        }
        let response = server.graphql(None, "{ __typename }", json!({})).await;
        assert_eq!(response.json, json!({ "data": { "__typename": "Query" } }));
    }

    async fn a_long_body_is_refused_with_and_without_a_length(gateway) {
        let body = |length: usize| {
            let padding = " ".repeat(length - 26);
            format!("{{{padding}\"query\":\"{{ __typename }}\"}}")
        };
        let most = 128 * 1024;
        let (fits, long) = (body(most), body(most + 1));
        assert_eq!((fits.len(), long.len()), (most, most + 1));
        let response = gateway.send(post(&gateway, fits)).await;
        assert_eq!(response.json, json!({ "data": { "__typename": "Query" } }));
        let said = || {
            let mut request = post(&gateway, long.clone());
            request.headers_mut().insert(header::CONTENT_LENGTH, long.len().into());
            request
        };
        let response = is_refused(&gateway, "long", said, LARGE, Some("body")).await;
        assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(allowed_and_met(&response), (json!(most), json!(most + 1)));
        let pieces = || {
            let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 4096])));
            post(&gateway, Body::from_stream(endless))
        };
        let response = is_refused(&gateway, "endless", pieces, LARGE, Some("body")).await;
        assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(allowed_and_met(&response), (json!(most), Value::Null));
        still_answers(&gateway).await;
    }

    async fn the_number_of_json_values_is_limited(gateway) {
        let query = "\"query\":\"query ($it: [_Any!]!) { _entities(representations: $it) { __typename } }\"";
        let many = |value: &str, count: usize| vec![value; count].join(",");
        let objects = (0..4000).map(|at| format!("\"k{at}\":0")).collect::<Vec<_>>().join(",");
        for (what, body) in [
            ("an undeclared list", format!("{{{query},\"variables\":{{\"zz\":[{}]}}}}", many("[]", 4000))),
            ("an undeclared object", format!("{{{query},\"variables\":{{\"zz\":{{{objects}}}}}}}")),
            ("a key of a representation", format!("{{{query},\"variables\":{{\"it\":[{{\"__typename\":\"Tag\",\"zz\":[{}]}}]}}}}", many("0", 4000))),
            ("an extension", format!("{{{query},\"extensions\":{{\"zz\":[{}]}}}}", many("0", 4000))),
            ("an unknown member", format!("{{{query},\"zz\":[{}]}}", many("0", 4000))),
        ] {
            is_refused(&gateway, what, || post(&gateway, body.clone()), LARGE, Some("values")).await;
        }
        let fits = format!("{{{query},\"variables\":{{\"it\":[],\"zz\":[{}]}}}}", many("0", 3900));
        let response = gateway.send(post(&gateway, fits)).await;
        assert_eq!(response.json, json!({ "data": { "_entities": [] } }));
    }

    async fn json_values_are_charged(gateway) {
        let gateway = gateway.with_quotas(Quotas { cost: NonZeroU32::new(100), ..Quotas::default() });
        // 3,000 values cost 60 nodes.
        let body = json!({ "query": "{ __typename }", "variables": { "zz": vec![0; 3000] } }).to_string();
        let response = gateway.send(post(&gateway, body.clone())).await;
        assert_eq!(response.status, StatusCode::OK, "{}", response.text);
        let response = gateway.send(post(&gateway, body)).await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS, "{}", response.text);
        assert_eq!(response.json["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    }

    async fn a_response_that_is_too_long_is_given_up_while_it_is_written(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(entity::course::Model {
            description: "x".repeat(200_000),
            ..data::course(1, "course", 1)
        }).await;
        let server = Server::with(&gateway.database_url, &[]).await;
        let text = "... on Course { description }";
        let ids = vec![global_id("Course", 1); 100];
        let entity = json!({ "__typename": "Course", "id": global_id("Course", 1) });
        let variables = json!({ "ids": ids, "entities": vec![entity; 100] });
        let aliases = |field: &str| (0..20).map(|at| format!("a{at}: {field} {{ {text} }} ")).collect::<String>();
        for document in [
            format!("query($ids: [ID!]!) {{ {} }}", aliases("nodes(ids: $ids)")),
            format!("query($entities: [_Any!]!) {{ {} }}", aliases("_entities(representations: $entities)")),
        ] {
            let authorization = authorization(1);
            let response = server.graphql(Some(&authorization), &document, variables.clone()).await;
            let code = &response.json["errors"][0]["extensions"]["code"];
            assert_eq!(code, "RESPONSE_TOO_LARGE", "{}", response.text);
        }
        // Written to its end, one such response has 400 MB.
        let peak = server.process.peak_memory();
        assert!(peak < 200 << 20, "{} MiB", peak >> 20);
    }

    async fn the_maximum_length_of_lists_applies_everywhere(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let tags = "query ($it: [ID!]) { inviteCodes(filter: { tag: $it }) { totalCount } }";
        let filter = "query ($it: InviteCodeFilter) { inviteCodes(filter: $it) { totalCount } }";
        let entities = "query ($it: [_Any!]!) { _entities(representations: $it) { __typename } }";
        for (document, variables, place) in [
            (NODES, (|list| json!({ "ids": list })) as fn(Vec<Value>) -> Value, ""),
            (tags, |list| json!({ "it": list }), ""),
            (filter, |list| json!({ "it": { "role": list } }), " at role"),
            (entities, |list| json!({ "it": list }), ""),
        ] {
            let value = if document == entities { json!({ "__typename": "Tag", "id": "x" }) } else { json!("1") };
            let body = |length| json!({ "query": document, "variables": variables(vec![value.clone(); length]) }).to_string();
            let (fits, long) = (body(100), body(101));
            let response = gateway.send(post(&gateway, fits)).await;
            assert!(response.json.get("data").is_some(), "{}", response.text);
            let response = is_refused(&gateway, document, || post(&gateway, long.clone()), "BAD_USER_INPUT", Some("list")).await;
            let message = response.json["errors"][0]["message"].as_str().expect("a message");
            let expected = format!("got an invalid value{place}: expected at most 100 values, not 101.");
            assert!(message.ends_with(&expected), "{message}");
        }
    }

    async fn malformed_bodies_are_refused_at_almost_no_cost(gateway) {
        let query = "\"query\":\"{ __typename }\"";
        let keys = (0..3000).map(|at| format!("\"k{at}\":1,")).collect::<String>();
        let ids = (0..3000).map(|_| "\"a\",").collect::<String>();
        for (what, body, code, limit) in [
            ("a number beyond all", format!("{{{query},\"variables\":{{\"a\":1e999999}}}}"), "BAD_REQUEST", None),
            ("a long number", format!("{{{query},\"variables\":{{\"a\":{}x}}}}", "9".repeat(100_000)), "BAD_REQUEST", None),
            ("the query twice", format!("{{{query},{query}}}"), "BAD_REQUEST", None),
            ("3,000 keys and no query", format!("{{{keys}\"x\":1}}"), "BAD_REQUEST", None),
            ("3,000 ids", format!("{{\"query\":\"{NODES}\",\"variables\":{{\"ids\":[{ids}\"a\"]}}}}"), "BAD_USER_INPUT", Some("list")),
            ("a long operation name", json!({ "query": "{ __typename }", "operationName": "a".repeat(100_000) }).to_string(), "BAD_REQUEST", None),
            ("a list, where lists are not taken", format!("[{{{query}}}]"), "BAD_REQUEST", None),
            ("escapes of nothing", format!("{{\"query\":\"{}\"}}", "\\ud800".repeat(10_000)), "BAD_REQUEST", None),
            ("a long hash", json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "a".repeat(100_000) } } }).to_string(), "PERSISTED_QUERY_NOT_SUPPORTED", None),
        ] {
            is_refused(&gateway, what, || post(&gateway, body.clone()), code, limit).await;
        }
        still_answers(&gateway).await;
    }

    async fn a_batch_has_a_maximum_of_operations(gateway) {
        let gateway = gateway.with(|parts| parts.graphql.max_batch = 5);
        let batch = |length: usize| Value::from(vec![json!({ "query": "{ __typename }" }); length]).to_string();
        let response = gateway.send(post(&gateway, batch(5))).await;
        assert_eq!(response.json.as_array().map(Vec::len), Some(5));
        for length in [6, 2000, 4000] {
            let body = batch(length);
            let response = is_refused(&gateway, "a batch", || post(&gateway, body.clone()), LARGE, Some("batch")).await;
            assert_eq!(response.status, StatusCode::BAD_REQUEST);
            assert_eq!(allowed_and_met(&response), (json!(5), json!(length)));
        }
        // Limits of one operation also apply to each operation of a batch.
        let bomb = "{ viewer { workspaces(first: 100) { nodes { invites(first: 100) { nodes { id } } } } } }";
        let body = json!([{ "query": bomb }, { "query": "{ __typename }" }]).to_string();
        let response = gateway.send(post(&gateway, body)).await;
        assert_eq!(response.json[0]["errors"][0]["extensions"]["limit"], "cost");
        assert_eq!(response.json[1], json!({ "data": { "__typename": "Query" } }));
    }

    async fn query_strings_have_the_same_limits(gateway) {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (lists, objects) = (nested("[", 1500, "]"), nested("{\"a\":", 1500, "}"));
        for (what, path, limit) in [
            ("variables", format!("/graphql?query=%7B__typename%7D&variables={}", encoded(&format!("{{\"a\":{lists}}}"))), "nesting"),
            ("extensions", format!("/graphql?query=%7B__typename%7D&extensions={}", encoded(&objects)), "nesting"),
            ("a document", format!("/graphql?query={}", encoded(&format!("{{ a(b: {lists}) }}"))), "nesting"),
            ("a long document", format!("/graphql?query={}", encoded(&" ".repeat(17_000))), "document"),
        ] {
            let get = || gateway.request(Viewer::Anonymous, Method::GET, &path).body(Body::empty()).expect("a request");
            is_refused(&gateway, what, get, LARGE, Some(limit)).await;
        }
    }

    async fn a_response_has_a_maximum_length(gateway) {
        let document = "{ __schema { types { name description } } }";
        let gateway = gateway.with(|parts| {
            parts.graphql = graphql_with_limits(Limits { response: 6000, ..Limits::default() }, 0);
            parts.graphql.max_batch = 5;
        });
        let is_too_long = |response: &Value| {
            assert_eq!(response["data"], Value::Null);
            let extensions = &response["errors"][0]["extensions"];
            assert_eq!((&extensions["code"], &extensions["limit"], &extensions["allowed"]), (&json!("RESPONSE_TOO_LARGE"), &json!("response"), &json!(6000)));
            assert!(extensions["measured"].as_u64().is_some_and(|met| met > 6000), "{response}");
        };
        let one = json!({ "query": document });
        let response = gateway.send(post(&gateway, one.to_string())).await;
        assert_eq!(response.status, StatusCode::OK);
        is_too_long(&response.json);
        // The other operations of the batch get responses.
        let short = json!({ "query": "{ __typename }" });
        let batch = json!([short, one, short]);
        let response = gateway.send(post(&gateway, batch.to_string())).await;
        assert_eq!(response.status, StatusCode::OK);
        is_too_long(&response.json[1]);
        for at in [0, 2] {
            assert_eq!(response.json[at], json!({ "data": { "__typename": "Query" } }));
        }
        still_answers(&gateway).await;
    }

    async fn requests_that_need_no_preflight_are_not_executed(gateway) {
        gateway.add(data::invite_code(1, "CODE")).await;
        let query = "{ inviteCode(code: \"CODE\") { databaseId } }";
        let as_json = json!({ "query": query }).to_string();
        let as_form: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", query).finish();
        let as_parts = format!("--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{as_json}\r\n--x--\r\n");
        for (content_type, body) in [
            (None, &as_json),
            (Some("text/plain"), &as_json),
            (Some("text/plain; charset=utf-8"), &as_json),
            (Some("text/plain; application/json"), &as_json),
            (Some("text/plain, application/json"), &as_json),
            (Some("application/x-www-form-urlencoded"), &as_json),
            (Some("application/x-www-form-urlencoded"), &as_form),
            (Some("multipart/form-data; boundary=x"), &as_parts),
            (Some("multipart/form-data; boundary=application/json"), &as_parts),
            (Some("application/graphql"), &query.to_owned()),
            (Some(""), &as_json),
        ] {
            let request = || {
                let mut request = Request::builder().method(Method::POST).uri("/graphql").header(header::ORIGIN, "https://evil.example");
                if let Some(content_type) = content_type {
                    request = request.header(header::CONTENT_TYPE, content_type);
                }
                request.body(Body::from(body.clone())).expect("a request")
            };
            let response = is_refused(&gateway, content_type.unwrap_or("none"), request, "BAD_REQUEST", None).await;
            assert_eq!(response.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        // GET changes nothing, and pages of other origins cannot read the response.
        let path = format!("/graphql?{as_form}");
        let request = gateway.request(Viewer::Anonymous, Method::GET, &path).header(header::ORIGIN, "https://evil.example");
        let response = gateway.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.header("access-control-allow-origin"), "");
    }

    async fn limits_are_configurable(gateway) {
        let limits = ["--max-depth=2", "--max-batch", "--max-response=1024"];
        let server = Server::with(&gateway.database_url, &limits).await;
        let depth = |response: &Value| response["errors"][0]["extensions"]["limit"].clone();
        let response = server.graphql(None, "{ viewer { user { id } } }", json!({})).await;
        assert_eq!(depth(&response.json), "depth");
        let response = server.graphql(None, "{ __schema { types { name description } } }", json!({})).await;
        assert_eq!(depth(&response.json), "response");
        for (length, is_fine) in [(5, true), (6, false)] {
            let batch = Value::from(vec![json!({ "query": "{ __typename }" }); length]).to_string();
            let response = server.send(&wire::Request::post_json("/graphql", &batch)).await;
            assert_eq!(response.json.is_array(), is_fine, "{}", response.text);
        }
    }
}
