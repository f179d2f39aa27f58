//! Public information about the gateway: the subgraph's schema, `--public strict`, and headers.

use axum::http::StatusCode;
use invite_gateway::graphql::{SchemaSettings, subgraph_sdl};
use serde_json::json;

use crate::support::{
    Response, any_database, data,
    process::{Server, address_in, authorization},
    wire::{Request, Wire},
};

const SERVICE: &str = "{ _service { sdl } }";

/// Returns the code of the only error of a response, which must have nothing else.
fn refused(response: &Response) -> &str {
    let errors = response.json["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "{}", response.text);
    assert!(response.json["data"].is_null(), "{}", response.text);
    errors[0]["extensions"]["code"].as_str().expect("a code")
}

any_database! {
    async fn the_setting_decides_who_reads_the_subgraphs_schema(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let ada = authorization(1);
        let all = json!({ "data": { "_service": { "sdl": subgraph_sdl(SchemaSettings::default()) } } });
        for (setting, anonymous, signed_in) in [
            (&[][..], None, None),
            (&["--subgraph-sdl=public", "--introspection=off"], None, None),
            (&["--subgraph-sdl=signed-in"], Some("UNAUTHENTICATED"), None),
            (&["--public=strict"], Some("UNAUTHENTICATED"), None),
            (&["--public=strict", "--subgraph-sdl=public"], None, None),
            (&["--subgraph-sdl=off"], Some("GRAPHQL_VALIDATION_FAILED"), Some("GRAPHQL_VALIDATION_FAILED")),
        ] {
            let server = Server::with(&gateway.database_url, setting).await;
            for (authorization, code) in [(None, anonymous), (Some(ada.as_str()), signed_in)] {
                let response = server.graphql(authorization, SERVICE, json!({})).await;
                match code {
                    None => assert_eq!(response.json, all, "{setting:?}"),
                    Some(code) => assert_eq!(refused(&response), code, "{setting:?}"),
                }
            }
            // Entities are for routers, whoever may read the schema.
            let document = "{ _entities(representations: []) { __typename } }";
            let response = server.graphql(None, document, json!({})).await;
            assert_eq!(response.json, json!({ "data": { "_entities": [] } }), "{setting:?}");
        }
    }

    async fn an_operation_returns_the_subgraphs_schema_once(gateway) {
        let server = Server::new(&gateway.database_url).await;
        let fields = (0..20).map(|at| format!("a{at}: _service {{ sdl }} "));
        let document = format!("{{ {} }}", fields.collect::<String>());
        let response = server.graphql(None, &document, json!({})).await;
        assert_eq!(refused(&response), "OPERATION_TOO_COMPLEX");
        assert_eq!(response.json["errors"][0]["message"],
            "The operation selects the subgraph's schema 20 times; the maximum is 1.");
    }

    async fn a_strict_gateway_has_neither_introspection_nor_graphiql_nor_version(gateway) {
        let version = env!("CARGO_PKG_VERSION");
        let strict = Server::with(&gateway.database_url, &["--public=strict"]).await;
        let response = strict.graphql(None, "{ __schema { types { name } } }", json!({})).await;
        assert_eq!(refused(&response), "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(strict.get(None, "/graphiql").await.status, StatusCode::NOT_FOUND);
        let index = strict.get(None, "/").await;
        assert_eq!(index.json["name"], "invite-gateway");
        for path in ["/", "/openapi.json", "/health/ready"] {
            let response = strict.get(None, path).await;
            assert_eq!(response.status, StatusCode::OK, "{path}");
            assert!(!response.text.contains(version), "{path}: {}", response.text);
        }
        let usual = Server::new(&gateway.database_url).await;
        for path in ["/", "/openapi.json"] {
            let response = usual.get(None, path).await;
            assert!(response.text.contains(&format!("\"version\":\"{version}\"")), "{path}");
        }
        // An explicit setting takes precedence.
        let settings = ["--public=strict", "--introspection=on"];
        let mixed = Server::with(&gateway.database_url, &settings).await;
        let response = mixed.graphql(None, "{ __type(name: \"Tag\") { kind } }", json!({})).await;
        assert_eq!(response.json, json!({ "data": { "__type": { "kind": "OBJECT" } } }));
    }

    async fn every_response_has_nosniff_and_no_server_header(gateway) {
        let origin = "https://app.example";
        let cors = format!("--cors-origin={origin}");
        let settings = ["--metrics=on", "--graphiql=on", "--rate-limit-requests=1000", &cors];
        let server = Server::with(&gateway.database_url, &settings).await;
        let query = json!({ "query": "{ __typename }" }).to_string();
        let too_long = format!("{{\"query\":\"{}\"}}", "x".repeat(200_000));
        let preflight = Request::of("OPTIONS", "/graphql")
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        for (kind, status, request) in [
            ("GraphQL", 200, Request::post_json("/graphql", &query)),
            ("a refused document", 200, Request::post_json("/graphql", "{\"query\":\"{\"}")),
            ("no JSON", 400, Request::post_json("/graphql", "{")),
            ("a long body", 413, Request::post_json("/graphql", &too_long)),
            ("a bad token", 401, Request::post_json("/graphql", &query).header("authorization", "Bearer x")),
            ("another method", 405, Request::of("DELETE", "/graphql")),
            ("a preflight", 200, preflight),
            ("a contract", 404, Request::get("/api/v2/invite_code/x/")),
            ("its method", 405, Request::of("POST", "/api/v2/invite_code/x/")),
            ("nothing", 404, Request::get("/nothing")),
            ("the index", 200, Request::get("/")),
            ("health", 200, Request::get("/health/live")),
            ("readiness", 200, Request::get("/health/ready")),
            ("OpenAPI", 200, Request::get("/openapi.json")),
            ("metrics", 200, Request::get("/metrics")),
            ("GraphiQL's settings", 200, Request::get("/graphiql/config.json")),
            ("no asset", 404, Request::get("/graphiql/nothing.js")),
        ] {
            let response = server.send(&request).await;
            assert_eq!(response.status.as_u16(), status, "{kind}");
            is_guarded(&response, kind);
        }
    }

    async fn metrics_at_their_own_address_have_nosniff(gateway) {
        let server = Server::with(&gateway.database_url, &["--metrics-listen=127.0.0.1:0"]).await;
        let listening = server.process.logged("serving metrics").await;
        let address = address_in(listening["url"].as_str().expect("a URL"));
        for path in ["/metrics", "/health/live", "/health/ready", "/nothing"] {
            let mut wire = Wire::connect(address).await.expect("a connection");
            wire.write(&Request::get(path).text()).await;
            is_guarded(&wire.response().await, path);
        }
    }

    async fn a_rate_limited_response_has_nosniff(gateway) {
        let limited = Server::limited(&gateway.database_url, &["--rate-limit-requests=1"]).await;
        let mut statuses = Vec::new();
        for _ in 0..2 {
            let response = limited.get(None, "/api/v2/invite_code/x/").await;
            is_guarded(&response, "a rate limit");
            statuses.push(response.status.as_u16());
        }
        assert_eq!(statuses, [404, 429]);
    }
}

#[track_caller]
fn is_guarded(response: &Response, kind: &str) {
    assert_eq!(
        response.header("x-content-type-options"),
        "nosniff",
        "{kind}"
    );
    for hint in ["server", "x-powered-by", "via"] {
        assert_eq!(response.header(hint), "", "{kind}");
    }
}
