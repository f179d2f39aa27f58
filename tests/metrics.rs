//! Metrics: their values, where they are served, and their bounds.

use std::fs;

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use chrono::TimeDelta;
use invite_gateway::{
    auth::Authenticator,
    graphql::Limits,
    http::Graphql,
    lifecycle::Accounts,
    metrics::{Metrics, RateLimit, Share},
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    Backend, Gateway, NOW, Viewer, at, data, each_database, graphql_with_limits, metric_in,
    process::{Process, Server, address_in, eventually},
    run,
    tokens::with_keys,
    wire::{Request, Wire},
};

const LOOK_UP: &str = "query LookUp($code: String!) { inviteCode(code: $code) { code } }";

/// Returns the name of a metric of operations.
fn operation(name: &str, outcome: &str) -> String {
    format!("invite_gateway_graphql_requests_total{{operation=\"{name}\",outcome=\"{outcome}\"}}")
}

/// Returns the name of a metric of executed statements.
fn statements(kind: &str, outcome: &str) -> String {
    format!("invite_gateway_sql_statements_total{{kind=\"{kind}\",outcome=\"{outcome}\"}}")
}

each_database! {
    async fn operations_are_counted_by_name_and_outcome(gateway) {
        gateway.add(data::invite_code(5, "AbC-123")).await;
        for _ in 0..3 {
            gateway.graphql_with(Viewer::Anonymous, LOOK_UP, json!({ "code": "AbC-123" })).await;
        }
        gateway.graphql_with(Viewer::Anonymous, LOOK_UP, json!({ "code": 5 })).await;
        gateway.graphql(Viewer::Anonymous, "{ __typename }").await;
        gateway.graphql(Viewer::Anonymous, "{ bogus }").await;
        gateway.graphql(Viewer::Anonymous, "query Broken { bogus }").await;
        gateway.graphql(Viewer::Anonymous, "query Denied { inviteCodes { totalCount } }").await;
        for (name, outcome, count) in [
            ("LookUp", "ok", 3.0),
            // Its name is in the document, which is not parsed.
            ("LookUp", "refused", 0.0),
            ("anonymous", "ok", 1.0),
            ("other", "refused", 3.0),
            ("Denied", "errors", 1.0),
        ] {
            assert_eq!(gateway.metric(&operation(name, outcome)), count, "{name} {outcome}");
        }
        let text = gateway.metrics.text().expect("metrics");
        assert!(!text.contains("Broken"), "{text}");
        let duration = "invite_gateway_graphql_request_duration_seconds_count{operation=\"LookUp\"}";
        assert_eq!(gateway.metric(duration), 3.0);
        // Eight requests of seven documents, one of which is refused before the cache.
        let cache = |result| format!("invite_gateway_document_cache_requests_total{{result=\"{result}\"}}");
        assert_eq!((gateway.metric(&cache("hit")), gateway.metric(&cache("miss"))), (3.0, 5.0));
        let ok = "invite_gateway_http_requests_total{route=\"/graphql\",status=\"200\"}";
        assert_eq!(gateway.metric(ok), 8.0);
        assert_eq!(gateway.metric("invite_gateway_http_requests_in_flight"), 0.0);
    }

    async fn mutations_are_counted_by_field_and_outcome(gateway) {
        for (id, name) in [(1, "olga"), (2, "mia"), (3, "sid")] {
            gateway.add(data::user(id, name)).await;
        }
        gateway.add(entity::user::Model {
            email: "invitee1@example.org".to_owned(),
            email_norm: "invitee1@example.org".to_owned(),
            ..data::user(4, "ivy")
        }).await;
        gateway.add(data::workspace(1)).await;
        gateway.add_all([data::workspace_member(1, 1, "owner"), data::workspace_member(1, 2, "member")]).await;
        gateway.add(data::workspace_invite(1, 1)).await;
        let create = |workspace: &str| format!("ALIASED: createWorkspaceInvites(input: {{ workspace: {workspace:?}, invitees: [
            {{ email: \"new@x.io\" }}, {{ email: \"PLANTED\" }}, {{ email: \"mia@example.com\" }}, {{ email: \"x\" }}] }})
            {{ userErrors {{ code }} }}");
        let accept = format!("acceptInvite(input: {{ token: \"{}\" }}) {{ userErrors {{ code }} }}", data::token(1));
        let cancel = format!("cancelInvites(input: {{ ids: [{:?}, \"x\"] }}) {{ userErrors {{ code }} }}",
            crate::support::invite_id("WorkspaceInvite", 1, 1));
        let malformed = "acceptInvite(input: {}) { userErrors { code } }".to_owned();
        for (viewer, fields) in [
            (Viewer::User(1), create("1")),
            (Viewer::User(1), create("9")),
            (Viewer::User(2), create("1")),
            (Viewer::Anonymous, create("1")),
            (Viewer::User(3), accept.clone()),
            (Viewer::User(4), format!("a: {accept} b: {accept}")),
            (Viewer::User(1), cancel),
        ] {
            gateway.graphql(viewer, &format!("mutation {{ {fields} }}")).await;
        }
        gateway.graphql_with(Viewer::User(1), "mutation ($it: RedeemInviteInput!) {
            acceptInvite(input: $it) { userErrors { code } } }", json!({ "it": { "code": null } })).await;
        gateway.graphql(Viewer::User(1), &format!("mutation {{ {malformed} }}")).await;

        let mutations = |field: &str, outcome: &str| {
            gateway.metric(&format!("invite_gateway_mutations_total{{mutation=\"{field}\",outcome=\"{outcome}\"}}"))
        };
        for (field, outcome, count) in [
            ("createWorkspaceInvites", "ok", 1.0),
            ("createWorkspaceInvites", "not_found", 1.0),
            ("createWorkspaceInvites", "not_allowed", 1.0),
            ("createWorkspaceInvites", "unauthenticated", 1.0),
            ("acceptInvite", "wrong_account", 1.0),
            ("acceptInvite", "ok", 2.0),
            ("cancelInvites", "ok", 1.0),
        ] {
            assert_eq!(mutations(field, outcome), count, "{field} {outcome}");
        }
        let rows = |field: &str, outcome: &str| {
            gateway.metric(&format!("invite_gateway_mutation_rows_total{{mutation=\"{field}\",outcome=\"{outcome}\"}}"))
        };
        for (field, outcome, count) in [
            ("createWorkspaceInvites", "ok", 1.0),
            ("createWorkspaceInvites", "invalid_email", 2.0),
            ("createWorkspaceInvites", "already_member", 1.0),
            ("cancelInvites", "already_accepted", 1.0),
            ("cancelInvites", "not_found", 1.0),
        ] {
            assert_eq!(rows(field, outcome), count, "{field} {outcome}");
        }
        // Labels are of the schema: no alias, address or token.
        let text = gateway.metrics.text().expect("metrics");
        for planted in ["ALIASED", "PLANTED", "new@x.io", &data::token(1).to_string()] {
            assert!(!text.contains(planted), "{planted}");
        }
        assert!(!text.contains("mutation_rows_total{mutation=\"acceptInvite\""), "it has one invite");
    }

    async fn mutations_that_fail_are_counted(gateway) {
        gateway.add(data::user(1, "olga")).await;
        gateway.add(data::group(1, "studio")).await;
        gateway.add(data::group_member(1, 1, "manager")).await;
        gateway.database.execute_unprepared("DROP TABLE invite_events").await.expect("no table");
        let document = "mutation { enableGroupInvite(input: { group: 1 }) { userErrors { code } } }";
        let response = gateway.graphql(Viewer::User(1), document).await;
        assert_eq!(response["data"]["enableGroupInvite"], json!(null), "{response}");
        let code = &response["errors"][0]["extensions"]["code"];
        let outcome = match code.as_str() {
            Some("SERVICE_UNAVAILABLE") => "unavailable",
            _ => "failed",
        };
        let name = format!("invite_gateway_mutations_total{{mutation=\"enableGroupInvite\",outcome=\"{outcome}\"}}");
        assert_eq!(gateway.metric(&name), 1.0, "{response}");
    }

    async fn requests_are_counted_by_route_and_status(gateway) {
        gateway.add(data::invite_code(5, "AbC-123")).await;
        gateway.get(Viewer::Anonymous, "/api/v2/invite_code/AbC-123/").await;
        gateway.get(Viewer::Anonymous, "/api/v2/invite_code/none/").await;
        gateway.get(Viewer::Anonymous, "/api/v2/invite_code/nothing/").await;
        gateway.get(Viewer::Anonymous, "/wp-login.php").await;
        let route = "/api/v2/invite_code/{code}/";
        for (route, status, count) in [(route, 200, 1.0), (route, 404, 2.0), ("none", 404, 1.0)] {
            let name = format!("invite_gateway_http_requests_total{{route=\"{route}\",status=\"{status}\"}}");
            assert_eq!(gateway.metric(&name), count, "{name}");
        }
        let duration = format!("invite_gateway_http_request_duration_seconds_count{{route=\"{route}\"}}");
        assert_eq!(gateway.metric(&duration), 3.0);
    }

    async fn checks_of_readiness_are_counted_by_result(gateway) {
        let checks = |result| format!("invite_gateway_readiness_checks_total{{result=\"{result}\"}}");
        gateway.get(Viewer::Anonymous, "/health/ready").await;
        gateway.database.execute_unprepared("DELETE FROM seaql_migrations").await.expect("no migrations");
        for _ in 0..2 {
            gateway.get(Viewer::Anonymous, "/health/ready").await;
        }
        gateway.get(Viewer::Anonymous, "/health/live").await;
        assert_eq!((gateway.metric(&checks("ready")), gateway.metric(&checks("unready"))), (1.0, 2.0));
    }

    async fn statements_and_batches_are_counted_by_key_kind(gateway) {
        gateway.add_all((1..=3).map(|id| data::invite_code(id, &format!("code-{id}")))).await;
        let document = r#"{
            a: inviteCode(code: "code-1") { code } b: inviteCode(code: "code-2") { code }
            c: inviteCode(code: "code-3") { code }
        }"#;
        let (sent, _) = gateway.counted(gateway.data(Viewer::Anonymous, document)).await;
        assert_eq!(sent, 1);
        let kind = "invite_code_by_code";
        assert_eq!(gateway.metric(&statements(kind, "ok")), 1.0);
        let sum = format!("invite_gateway_loader_batch_size_sum{{kind=\"{kind}\"}}");
        assert_eq!(gateway.metric(&sum), 3.0);
        let count = format!("invite_gateway_sql_statement_duration_seconds_count{{kind=\"{kind}\"}}");
        assert_eq!(gateway.metric(&count), 1.0);

        gateway.add(data::user(7, "grace")).await;
        let lists = r#"{ inviteCodes { totalCount } viewer { sentInvites { totalCount } } }"#;
        let (sent, _) = gateway.counted(gateway.data(Viewer::User(7), lists)).await;
        let kinds = ["account_by_id", "list_of_invite_codes", "list_of_invites"];
        let counted: f64 = kinds.iter().map(|kind| gateway.metric(&statements(kind, "ok"))).sum();
        assert_eq!((sent, counted), (3, 3.0));
        let state = |state| format!("invite_gateway_database_connections{{server=\"primary\",state=\"{state}\"}}");
        let open = gateway.metric(&state("idle")) + gateway.metric(&state("in_use"));
        assert!(open >= 1.0, "{open}");
        assert_eq!(gateway.metric("invite_gateway_database_connections_max{server=\"primary\"}"), 4.0);
    }

    async fn failing_statements_are_counted(gateway) {
        crate::support::tables::remove(&gateway.database).await;
        let response = gateway.graphql_with(Viewer::Anonymous, LOOK_UP, json!({ "code": "x" })).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{response}");
        assert_eq!(gateway.metric(&statements("invite_code_by_code", "unavailable")), 1.0);
        // The status is 200, so that this counter alone shows the fault.
        assert_eq!(gateway.metric(&operation("LookUp", "failed")), 1.0);
        assert_eq!(gateway.metric(&operation("LookUp", "errors")), 0.0);
    }

    async fn a_response_that_is_too_long_is_counted_once(gateway) {
        gateway.add(data::user(7, "grace")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 7, "admin")).await;
        gateway.add_all((1..=100).map(|id| data::workspace_invite(id, 1))).await;
        let gateway = gateway.with(|parts| {
            let limits = Limits { response: 1000, ..Limits::default() };
            let graphql = graphql_with_limits(limits, 0);
            parts.graphql = Graphql { metrics: parts.metrics.clone(), ..graphql };
        });
        let counted = "invite_gateway_limit_refusals_total{limit=\"response\"}";
        let invites = |first| {
            format!("{{ viewer {{ workspaces {{ nodes {{ invites(first: {first}) {{ nodes {{ id createdAt }} }} }} }} }} }}")
        };
        // Slightly too long as a whole; far too long, it is not written to its end.
        for (first, met, count) in [(5, true, 0.0), (15, true, 1.0), (100, false, 2.0)] {
            let response = gateway.graphql(Viewer::User(7), &invites(first)).await;
            let extensions = &response["errors"][0]["extensions"];
            if count > 0.0 {
                assert_eq!((&extensions["limit"], extensions.get("measured").is_some()), (&json!("response"), met), "{response}");
            } else {
                assert_eq!(response.get("errors"), None, "{response}");
            }
            assert_eq!(gateway.metric(counted), count, "{first}");
        }
    }

    async fn cached_tokens_are_counted_apart_from_new_ones(gateway) {
        gateway.add(data::user(7, "grace")).await;
        for _ in 0..3 {
            gateway.get(Viewer::User(7), "/api/v2/course/1/invite/").await;
        }
        gateway.get(Viewer::Header("Bearer x"), "/api/v2/course/1/invite/").await;
        gateway.get(Viewer::Anonymous, "/api/v2/course/1/invite/").await;
        let cache = |result| format!("invite_gateway_token_cache_requests_total{{result=\"{result}\"}}");
        assert_eq!((gateway.metric(&cache("hit")), gateway.metric(&cache("miss"))), (2.0, 2.0));
    }

    async fn names_beyond_the_bound_share_a_label(gateway) {
        let gateway = gateway.with(|parts| {
            parts.metrics = Metrics::new(2);
            parts.graphql.metrics = parts.metrics.clone();
        });
        gateway.add(data::user(7, "grace")).await;
        for at in 0..50 {
            gateway.data(Viewer::Anonymous, &format!("query Made{at} {{ __typename }}")).await;
        }
        for at in 0..5 {
            gateway.data(Viewer::User(7), &format!("query Own{at} {{ __typename }}")).await;
        }
        let text = gateway.metrics.text().expect("metrics");
        let labels = text.lines().filter(|line| {
            line.starts_with("invite_gateway_graphql_requests_total") && line.contains("\"ok\"")
        });
        // Two names, one of them from an anonymous client; requests without a name; and all others.
        assert_eq!(labels.count(), 4, "{text}");
        assert_eq!(gateway.metric(&operation("Made0", "ok")), 1.0);
        assert_eq!(gateway.metric(&operation("Own0", "ok")), 1.0);
        assert_eq!(gateway.metric(&operation("other", "ok")), 53.0);
    }

    async fn they_are_served_only_at_the_configured_address(gateway) {
        let server = Server::new(&gateway.database_url).await;
        assert_eq!(server.get(None, "/metrics").await.status, StatusCode::NOT_FOUND);

        let server = Server::with(&gateway.database_url, &["--metrics=on"]).await;
        let response = server.get(None, "/metrics").await;
        assert_eq!(response.status, StatusCode::OK);
        let openmetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert_eq!(response.header("content-type"), openmetrics);
        assert_eq!(response.header("cache-control"), "no-store");

        let own = ["--metrics-listen=127.0.0.1:0"];
        let server = Server::with(&gateway.database_url, &own).await;
        let listening = server.process.logged("serving metrics").await;
        let address = address_in(listening["url"].as_str().expect("a URL"));
        assert_eq!(server.get(None, "/metrics").await.status, StatusCode::NOT_FOUND);
        server.graphql(Some("Bearer x"), "{ __typename }", json!({})).await;
        let ask = async |path| {
            let mut wire = Wire::connect(address).await.expect("a connection");
            wire.write(&Request::get(path).text()).await;
            wire.response().await
        };
        let response = ask("/metrics").await;
        assert_eq!(response.status, StatusCode::OK);
        let refused = "invite_gateway_http_requests_total{route=\"/graphql\",status=\"401\"}";
        assert_eq!(metric_in(&response.text, refused), 1.0);
        assert_eq!(ask("/graphql").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn every_refusal_has_a_counter_from_the_start() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let counters = [
            ("limit_refusals_total{limit=\"tokens\"}", 1.0),
            ("limit_refusals_total{limit=\"depth\"}", 0.0),
            ("rate_limited_total{limit=\"missed_lookups\"}", 2.0),
            ("rate_limited_total{limit=\"cost\"}", 0.0),
            ("rate_limited_total{limit=\"mutations\"}", 0.0),
            ("rate_limited_total{limit=\"written_rows\"}", 0.0),
            (
                "mutations_total{mutation=\"acceptInvite\",outcome=\"already_accepted\"}",
                0.0,
            ),
            (
                "mutation_rows_total{mutation=\"cancelInvites\",outcome=\"cancelled\"}",
                0.0,
            ),
            ("requests_shed_total{share=\"signed_in\"}", 1.0),
            ("requests_shed_total{share=\"anonymous\"}", 0.0),
            ("persisted_documents_total{result=\"not_found\"}", 0.0),
            ("jwks_refreshes_total{outcome=\"failed\"}", 0.0),
        ];
        let counted = |name: &str| gateway.metric(&format!("invite_gateway_{name}"));
        for (name, _) in counters {
            assert_eq!(counted(name), 0.0, "{name}");
        }
        gateway
            .metrics
            .limit_refused(graphql_documents::Limit::Tokens);
        gateway.metrics.rate_limited(RateLimit::MissedLookups);
        gateway.metrics.rate_limited(RateLimit::MissedLookups);
        gateway.metrics.shed(Share::SignedIn);
        for (name, count) in counters {
            assert_eq!(counted(name), count, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_too_long_counts_as_a_limit_refusal() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let body = json!({ "query": "#".repeat(200_000) }).to_string();
        let request = gateway
            .request(Viewer::Anonymous, Method::POST, "/graphql")
            .header(header::CONTENT_TYPE, "application/json");
        let response = gateway
            .send(request.body(Body::from(body)).expect("a request"))
            .await;
        assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
        let refused = "invite_gateway_limit_refusals_total{limit=\"body\"}";
        assert_eq!(gateway.metric(refused), 1.0);
    })
    .await;
}

#[tokio::test]
async fn the_age_and_fetches_of_key_sets_are_exported() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("keys.json");
        fs::write(&file, r#"{ "keys": [] }"#).expect("a file");
        let clock = gateway.clock();
        let accounts = Accounts::new(gateway.shared.clone());
        let gateway = gateway.with(|parts| {
            let tokens = with_keys(&file.to_string_lossy());
            parts.authenticator = Authenticator::new(
                tokens,
                parts.loaders.clone(),
                accounts,
                clock,
                &parts.metrics,
            )
            .expect("usable settings");
        });
        let refreshes = |outcome| {
            let name = format!("invite_gateway_jwks_refreshes_total{{outcome=\"{outcome}\"}}");
            gateway.metric(&name)
        };
        eventually("the keys", async || {
            (refreshes("loaded") == 1.0).then_some(())
        })
        .await;
        let age = "invite_gateway_jwks_age_seconds";
        eventually("their age", async || {
            gateway
                .metrics
                .text()
                .expect("metrics")
                .contains(age)
                .then_some(())
        })
        .await;
        assert_eq!(gateway.metric(age), 0.0);
        gateway.set_now(at(NOW) + TimeDelta::minutes(1));
        assert_eq!(gateway.metric(age), 60.0);

        fs::remove_file(&file).expect("no file");
        // An unknown key is looked up once more.
        let response = gateway
            .get(Viewer::User(7), "/api/v2/course/1/invite/")
            .await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
        assert_eq!((refreshes("loaded"), refreshes("failed")), (1.0, 1.0));
        assert_eq!(gateway.metric(age), 60.0);
    })
    .await;
}

#[tokio::test]
async fn the_process_and_its_build_are_exported() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let version = env!("CARGO_PKG_VERSION");
        let text = gateway.metrics.text().expect("metrics");
        let build = format!("invite_gateway_build_info{{version=\"{version}\",commit=\"");
        assert!(text.contains(&build), "{text}");
        assert!(text.ends_with("# EOF\n"));
        if cfg!(target_os = "linux") {
            let mebibytes = gateway.metric("process_resident_memory_bytes") / 1_048_576.0;
            assert!((1.0..100_000.0).contains(&mebibytes), "{mebibytes}");
            assert!(gateway.metric("process_cpu_seconds_total") >= 0.0);
            let started = gateway.metric("process_start_time_seconds");
            assert!(started > 1_700_000_000.0, "{started}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_metrics_address_in_use_is_a_startup_error() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = taken.local_addr().expect("an address");
    let listen = format!("--metrics-listen={address}");
    let ended = Process::run(&["demo", "--listen=127.0.0.1:0", &listen]).await;
    assert_eq!(ended.status, Some(1));
    let expected = format!("cannot listen on {address}");
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
}
