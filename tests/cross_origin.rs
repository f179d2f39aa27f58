//! Cross-origin access: which pages may read responses.

use axum::http::{Method, StatusCode, header};
use invite_gateway::http::{Cors, Origin};

use crate::support::{
    Gateway, Response, Viewer, any_database, data,
    process::{Process, Server, log_lines},
    wire::Request,
};

async fn preflight(gateway: &Gateway, origin: &str, path: &str) -> Response {
    let request = gateway
        .request(Viewer::Anonymous, Method::OPTIONS, path)
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            "authorization,content-type",
        );
    gateway
        .send(request.body(String::new().into()).expect("a request"))
        .await
}

async fn post(gateway: &Gateway, origin: &str) -> Response {
    let request = gateway
        .request(Viewer::Anonymous, Method::POST, "/graphql")
        .header(header::ORIGIN, origin)
        .header(header::CONTENT_TYPE, "application/json");
    let body = r#"{"query":"{ __typename }"}"#.to_owned();
    gateway
        .send(request.body(body.into()).expect("a request"))
        .await
}

const APP: &str = "https://app.example";
const OTHER: &str = "https://other.example";

any_database! {
    async fn no_origin_is_allowed_by_default(gateway) {
        let response = preflight(&gateway, APP, "/graphql").await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.header("access-control-allow-origin"), "");
        let response = post(&gateway, APP).await;
        assert_eq!(response.header("access-control-allow-origin"), "");
    }

    async fn configured_origins_are_allowed(gateway) {
        gateway.add(data::invite_code(1, "CODE")).await;
        let gateway = gateway.with(|parts| {
            parts.cors = Cors(vec![APP.parse().expect("an origin")]);
        });
        for path in ["/graphql", "/api/v2/invite_code/CODE/"] {
            let response = preflight(&gateway, APP, path).await;
            assert_eq!(response.status, StatusCode::OK);
            assert_eq!(response.header("access-control-allow-origin"), APP);
            assert_eq!(response.header("access-control-allow-methods"), "GET,POST");
            assert_eq!(response.header("access-control-allow-headers"), "authorization,content-type");
            assert_eq!(response.header("access-control-allow-credentials"), "");
        }
        assert_eq!(post(&gateway, APP).await.header("access-control-allow-origin"), APP);

        let response = preflight(&gateway, OTHER, "/graphql").await;
        assert_eq!(response.header("access-control-allow-origin"), "");
        let response = post(&gateway, OTHER).await;
        assert_eq!(response.header("access-control-allow-origin"), "");
        let varies = response.headers.get_all(header::VARY).iter();
        let varies: Vec<_> = varies.filter_map(|value| value.to_str().ok()).collect();
        assert!(varies.join(",").contains("origin"), "{varies:?}");
        assert!(varies.join(",").contains("accept"), "{varies:?}");
    }

    async fn apps_and_pages_of_this_machine_can_be_allowed(gateway) {
        let gateway = gateway.with(|parts| {
            parts.cors = Cors(vec!["capacitor://localhost".parse().expect("an origin"), Origin::Loopback]);
        });
        for (origin, is_allowed) in [
            ("capacitor://localhost", true),
            ("http://localhost:5173", true),
            ("http://127.0.0.1:3000", true),
            ("ionic://app", false),
            (OTHER, false),
        ] {
            let allowed = preflight(&gateway, origin, "/graphql").await;
            let expected = if is_allowed { origin } else { "" };
            assert_eq!(allowed.header("access-control-allow-origin"), expected);
            assert_eq!(post(&gateway, origin).await.header("access-control-allow-origin"), expected);
        }
    }

    async fn configured_origins_can_read_refusals(gateway) {
        let gateway = gateway.with(|parts| {
            parts.cors = Cors(vec![APP.parse().expect("an origin")]);
        });
        let request = gateway
            .request(Viewer::Header("Bearer nothing"), Method::POST, "/graphql")
            .header(header::ORIGIN, APP);
        let response = gateway.send(request.body(String::new().into()).expect("a request")).await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
        assert_eq!(response.header("access-control-allow-origin"), APP);
        assert!(response.header("access-control-expose-headers").contains("www-authenticate"));
    }

    async fn a_refused_origin_is_logged_once_with_the_setting(gateway) {
        let cors = format!("--cors-origin={APP}");
        for settings in [&[][..], &[cors.as_str()]] {
            let server = Server::with(&gateway.database_url, settings).await;
            let preflight = async |origin: &str| {
                let request = Request::of("OPTIONS", "/graphql")
                    .header("origin", origin)
                    .header("access-control-request-method", "POST");
                server.send(&request).await;
            };
            let long = format!("https://{}.example", "x".repeat(300));
            for origin in [OTHER, OTHER, &long, APP] {
                preflight(origin).await;
            }
            // Clients can send any origin, so that only 50 are logged.
            for number in 0..100 {
                let origin = format!("https://{number}.example");
                preflight(&origin).await;
            }
            let message = "refused the requests of a page; --cors-origin allows its origin";
            server.process.logged(message).await;
            let (_, log) = server.process.written();
            let lines: Vec<_> = log_lines(&log).into_iter().filter(|line| line["message"] == message).collect();
            let count = |origin: &str| lines.iter().filter(|line| line["origin"] == origin).count();
            assert_eq!(lines[0]["level"], "WARN");
            let expected = usize::from(settings.is_empty());
            assert_eq!((count(OTHER), count(&long), count(APP)), (1, 0, expected));
            assert_eq!(lines.len(), 50);
        }
    }

    async fn a_star_allows_all_origins(gateway) {
        let gateway = gateway.with(|parts| parts.cors = Cors(vec!["*".parse().expect("all")]));
        assert_eq!(post(&gateway, OTHER).await.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn an_invalid_origin_is_a_startup_error() {
    for origin in ["app.example", "https://app.example/path", "null"] {
        let ended = Process::run(&["demo", "--cors-origin", origin]).await;
        assert_eq!(ended.status, Some(2), "{origin}");
        assert!(
            ended.stderr.contains("such as https://app.example"),
            "{}",
            ended.stderr
        );
    }
}
