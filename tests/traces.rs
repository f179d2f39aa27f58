//! Traces: their spans, the relations of spans, and that attributes only have counts.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{
    self, Backend, Gateway,
    collector::{Collector, Span},
    data, each_database,
    process::{Process, Server, authorization, log_lines},
    run, tables,
    wire::Request,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

const LOOK_UPS: &str =
    r#"query LookUps { a: inviteCode(code: "A-1") { code } b: inviteCode(code: "B-2") { code } }"#;

/// Returns the spans of a server after its shutdown, when all have been sent.
async fn sent(server: Server, collector: &Collector) -> Vec<Span> {
    server.process.signal("TERM");
    assert_eq!(server.process.ended().await.status, Some(0));
    collector.spans()
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

/// Returns the only span with that name.
fn only<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let named = named(spans, name);
    assert_eq!(named.len(), 1, "{name}: {spans:#?}");
    named[0]
}

fn attributes(span: &Span) -> HashMap<&str, &str> {
    let all = span.attributes.iter();
    all.map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

each_database! {
    async fn a_request_has_spans_down_to_its_statement(gateway) {
        gateway.add(data::invite_code(1, "A-1")).await;
        gateway.add(data::invite_code(2, "B-2")).await;
        let collector = Collector::start().await;
        let server = Server::with(&gateway.database_url, &[&collector.option()]).await;
        let body = json!({ "query": LOOK_UPS }).to_string();
        let traceparent = format!("00-{TRACE}-{PARENT}-01");
        let request = Request::post_json("/graphql", &body)
            .header("traceparent", &traceparent)
            .header("tracestate", "vendor=anything");
        let response = server.send(&request).await;
        assert_eq!(response.json["data"]["b"]["code"], "B-2", "{}", response.text);
        assert_eq!(server.process.logged("request completed").await["trace_id"], TRACE);

        let spans = sent(server, &collector).await;
        assert_eq!(spans.len(), 4, "{spans:#?}");
        let [request, operation, batch, statement] =
            ["POST /graphql", "operation", "batch", "statement"].map(|name| only(&spans, name));
        for (span, parent) in [
            (request, PARENT), (operation, &request.id), (batch, &operation.id), (statement, &batch.id),
        ] {
            assert_eq!((span.trace.as_str(), span.parent.as_str()), (TRACE, parent), "{}", span.name);
            assert_eq!(span.service, "invite-gateway");
            assert!(!span.is_error && span.links.is_empty());
        }
        let expected = [
            ("http.request.method", "POST"), ("http.route", "/graphql"),
            ("http.response.status_code", "200"),
        ];
        assert_eq!(attributes(request), expected.into());
        let expected = [
            ("graphql.operation.name", "LookUps"), ("graphql.operation.outcome", "ok"),
            ("graphql.operation.errors", "0"),
        ];
        assert_eq!(attributes(operation), expected.into());
        let expected = [
            ("loader.kind", "invite_code_by_code"), ("loader.keys", "2"), ("loader.waiting", "1"),
        ];
        assert_eq!(attributes(batch), expected.into());
        let system = match gateway.backend {
            Backend::Sqlite => "sqlite",
            Backend::Postgres => "postgresql",
        };
        let expected = [
            ("db.system.name", system), ("db.server", "primary"), ("db.response.returned_rows", "2"),
        ];
        assert_eq!(attributes(statement), expected.into());
    }

    async fn each_wave_has_its_batches(gateway) {
        gateway.add(data::user(7, "grace")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 7, "admin")).await;
        gateway.add(data::workspace_invite(4, 1)).await;
        let collector = Collector::start().await;
        let server = Server::with(&gateway.database_url, &[&collector.option()]).await;
        let document = "{ viewer { workspaces { nodes { invites { nodes { id } } } } } }";
        let response = server.graphql(Some(&authorization(7)), document, json!({})).await;
        assert_eq!(response.json.get("errors"), None, "{}", response.text);

        let spans = sent(server, &collector).await;
        let request = only(&spans, "POST /graphql");
        let operation = only(&spans, "operation");
        let kinds_below = |parent: &Span| -> Vec<&str> {
            let batches = named(&spans, "batch").into_iter();
            batches.filter(|span| span.parent == parent.id)
                .map(|span| span.attributes["loader.kind"].as_str())
                .collect()
        };
        // The viewer is loaded before the operation is read.
        assert_eq!(kinds_below(request), ["account_by_id"]);
        let of_operation = kinds_below(operation);
        assert!(of_operation.contains(&"list_of_workspaces"), "{of_operation:?}");
        assert!(of_operation.contains(&"pages_of_workspace_invites"), "{of_operation:?}");
        assert_eq!(named(&spans, "batch").len(), named(&spans, "statement").len());
        assert_eq!(named(&spans, "batch").len(), 1 + of_operation.len());
        assert_eq!(attributes(operation).get("graphql.operation.name"), None);
    }

    async fn a_mutation_has_spans_down_to_its_write(gateway) {
        gateway.add(data::user(7, "grace")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 7, "owner")).await;
        gateway.add_all((1..=3).map(|id| data::workspace_invite(id, 1))).await;
        let collector = Collector::start().await;
        let server = Server::with(&gateway.database_url, &[&collector.option()]).await;
        let ids = [1, 2, 3].map(|id| support::invite_id("WorkspaceInvite", 1, id));
        let document = format!("mutation {{
            them: cancelInvites(input: {{ ids: [{:?}, {:?}, \"nothing\"] }}) {{ results {{ userErrors {{ code }} }} }}
            it: declineInvite(input: {{ id: {:?} }}) {{ userErrors {{ code }} }} }}", ids[0], ids[1], ids[2]);
        let response = server.graphql(Some(&authorization(7)), &document, json!({})).await;
        assert_eq!(response.json.get("errors"), None, "{}", response.text);

        let spans = sent(server, &collector).await;
        let operation = only(&spans, "operation");
        let mutations: Vec<_> = named(&spans, "mutation").into_iter()
            .map(|span| (span.parent.as_str(), attributes(span)))
            .collect();
        let cancelled = [
            ("mutation.field", "cancelInvites"), ("mutation.outcome", "ok"),
            ("mutation.rows", "3"), ("mutation.refused_rows", "1"),
        ];
        // Refused before it is a write.
        let refused = [("mutation.field", "declineInvite"), ("mutation.outcome", "wrong_account")];
        assert_eq!(mutations, [
            (operation.id.as_str(), cancelled.into()), (operation.id.as_str(), refused.into()),
        ]);
        let write = only(&spans, "write");
        assert_eq!(write.parent, named(&spans, "mutation")[0].id);
        assert!(!write.is_error);
        let expected = [
            ("write.kind", "workspace_invite"), ("write.command", "cancel"), ("write.rows", "2"),
            ("write.done", "2"),
        ];
        assert_eq!(attributes(write), expected.into());
        let statements = named(&spans, "statement").into_iter().filter(|span| span.parent == write.id);
        let rows: Vec<_> = statements.map(|span| span.attributes["db.response.returned_rows"].as_str()).collect();
        assert_eq!(rows, ["2"]);
    }

    async fn refusals_and_failures_are_recorded(gateway) {
        tables::remove(&gateway.database).await;
        let collector = Collector::start().await;
        let server = Server::with(&gateway.database_url, &[&collector.option()]).await;
        server.graphql(None, "query Broken { bogus }", json!({})).await;
        server.graphql(None, LOOK_UPS, json!({})).await;
        server.graphql(Some(&authorization(7)), LOOK_UPS, json!({})).await;

        let spans = sent(server, &collector).await;
        let outcomes: Vec<_> = named(&spans, "operation").into_iter()
            .map(|span| (
                span.attributes["graphql.operation.outcome"].as_str(),
                span.attributes["graphql.operation.errors"].as_str(),
                span.attributes.get("graphql.operation.name").map(String::as_str),
            ))
            .collect();
        assert_eq!(outcomes, [("refused", "1", None), ("failed", "2", Some("LookUps"))]);
        let away: Vec<_> = named(&spans, "POST /graphql").into_iter()
            .filter(|span| span.is_error)
            .map(|span| span.attributes["http.response.status_code"].as_str())
            .collect();
        assert_eq!(away, ["503"]);
        for statement in named(&spans, "statement") {
            assert!(statement.is_error, "{statement:?}");
            assert_eq!(statement.attributes["error.type"], "unavailable");
        }
    }

    async fn an_invalid_trace_context_begins_a_new_trace(gateway) {
        let collector = Collector::start().await;
        let server = Server::with(&gateway.database_url, &[&collector.option()]).await;
        let traceparents = [
            "".to_owned(), "garbage".to_owned(), format!("00-{}-{PARENT}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)), format!("ff-{TRACE}-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}-00"),
        ];
        for traceparent in &traceparents {
            let request = Request::get("/health/live").header("traceparent", traceparent);
            assert_eq!(server.send(&request).await.status, StatusCode::OK);
        }
        let spans = sent(server, &collector).await;
        // The caller's flag says not to record.
        assert_eq!(spans.len(), traceparents.len() - 1, "{spans:#?}");
        for span in &spans {
            assert_eq!((span.name.as_str(), span.parent.as_str()), ("GET /health/live", ""));
            assert_ne!(span.trace, TRACE);
        }
    }
}

#[tokio::test]
async fn a_batch_is_linked_to_all_waiting_operations() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        gateway.add(data::invite_code(1, "A-1")).await;
        gateway.add(data::invite_code(2, "B-2")).await;
        let collector = Collector::start().await;
        let server = Server::with(
            &gateway.database_url,
            &[&collector.option(), "--max-batch=2"],
        )
        .await;
        // Operations of one request have a span each, and share statements.
        let ask = |name: &str, code: &str| {
            json!({ "query": format!("query {name} {{ inviteCode(code: \"{code}\") {{ code }} }}") })
        };
        let body = json!([ask("First", "A-1"), ask("Second", "B-2")]).to_string();
        let response = server.send(&Request::post_json("/graphql", &body)).await;
        assert_eq!(response.json[1]["data"]["inviteCode"]["code"], "B-2");

        let spans = sent(server, &collector).await;
        let batch = only(&spans, "batch");
        assert_eq!(batch.attributes["loader.keys"], "2");
        let operations = named(&spans, "operation");
        let of_batch = operations.iter().filter(|span| batch.parent == span.id);
        assert_eq!((operations.len(), of_batch.count()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn an_unavailable_collector_is_logged_once_and_delays_nothing() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = closed.local_addr().expect("an address");
        drop(closed);
        let option = format!("--otlp-endpoint=http://{address}");
        let server = Server::with(&gateway.database_url, &[&option]).await;
        for _ in 0..3 {
            let response = server.graphql(None, "{ __typename }", json!({})).await;
            assert_eq!(response.status, StatusCode::OK);
        }
        server.process.signal("TERM");
        let ended = server.process.ended().await;
        assert_eq!(ended.status, Some(0));
        let lines = log_lines(&ended.stderr).into_iter().filter(|line| {
            line["message"] == "the collector does not accept traces; they are lost"
        });
        assert_eq!(lines.count(), 1, "{}", ended.stderr);
    })
    .await;
}

#[tokio::test]
async fn a_switched_off_sdk_sends_nothing() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        for (variable, sends) in [
            (("OTEL_SDK_DISABLED", "TRUE"), false),
            (("OTEL_TRACES_EXPORTER", "none"), false),
            (("OTEL_SDK_DISABLED", "1"), true),
            (("OTEL_TRACES_EXPORTER", "None"), false),
            (("OTEL_TRACES_EXPORTER", "otlp"), true),
            (("OTEL_TRACES_EXPORTER", "console, otlp"), true),
            // Names that are not known count as unset, by the specification.
            (("OTEL_TRACES_EXPORTER", "zipkin"), true),
        ] {
            let collector = Collector::start().await;
            let endpoint = collector.option();
            let (_, endpoint) = endpoint.split_once('=').expect("a value");
            let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), variable];
            let server = Server::with_variables(&gateway.database_url, &variables).await;
            let response = server.graphql(None, "{ __typename }", json!({})).await;
            assert_eq!(response.status, StatusCode::OK);
            // Stopping flushes the spans.
            server.process.signal("TERM");
            let ended = server.process.ended().await;
            assert_eq!(ended.status, Some(0));
            let is_warned = ended.stderr.contains("expected otlp or none");
            assert_eq!(is_warned, variable.1 == "zipkin", "{}", ended.stderr);
            assert_eq!(!collector.spans().is_empty(), sends, "{variable:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_invalid_endpoint_is_refused_without_repeating_it() {
    let endpoint = "http://me:PLANTED@collector.example";
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)];
    let ended = Process::run_in(&environment, &["demo", "--listen=127.0.0.1:0"]).await;
    assert_eq!(ended.status, Some(2));
    assert!(
        ended.stderr.contains("OTEL_EXPORTER_OTLP_ENDPOINT"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("PLANTED"), "{}", ended.stderr);
}
