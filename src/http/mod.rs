//! HTTP service: routes, middleware and connections.

mod accept;
mod admission;
mod authentication;
mod capacity;
mod client_address;
mod compression;
mod connection;
mod cors;
mod deadline;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod graphiql;
mod graphql;
mod health;
mod import;
mod operations;
mod outgoing;
mod panic;
mod pipeline;
mod rate_limit;
mod request_log;
mod serve;
mod shedding;
mod slot;

use std::{sync::Arc, time::Duration};

use admission::Admission;
use axum::{
    Json, Router,
    extract::State,
    handler::Handler,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use capacity::Capacity;
use pipeline::Pipeline;
use serde::Serialize;
use serde_json::json;
use shedding::LoadShedder;
use tower::ServiceBuilder;
use tower_http::set_header::SetResponseHeaderLayer;
use url::Url;

pub use client_address::{Peer, TrustedProxies};
pub use cors::{Cors, Origin};
pub use graphiql::GraphiqlConfig;
pub use graphql::{Graphql, Manifest, ManifestError, PersistedDocuments, Registered};
pub use serve::{Connections, StopSignal, serve, serve_operations};

use crate::{
    access::Policy,
    auth::Authenticator,
    clock::Clock,
    graphql::{Code, INTERNAL_MESSAGE},
    import::Imports,
    lifecycle::Lifecycle,
    loader::Loaders,
    metrics::Metrics,
    rate_limit::RateLimits,
    rest::{self, ErrorFormat, RestSettings},
};

/// Parts and settings of the gateway.
#[derive(Clone)]
pub struct Gateway {
    /// Loads the data of all requests.
    pub loaders: Arc<Loaders>,
    /// Writes; none if this gateway only reads.
    pub lifecycle: Option<Arc<Lifecycle>>,
    /// Authenticates requests.
    pub authenticator: Authenticator,
    /// Database and limits of the import endpoint, if it is on.
    pub imports: Option<Imports>,
    /// Disclosure policy.
    pub policy: Arc<Policy>,
    /// Wall clock.
    pub clock: Clock,
    /// Base of absolute URLs in responses.
    pub public_url: Url,
    /// Longest request body, in bytes.
    pub max_body: usize,
    /// Time limit of a request.
    pub request_timeout: Duration,
    /// Most requests for data in flight. Requests with a token have one half, requests without have
    /// the other; one client may use an eighth of a half.
    pub max_in_flight: usize,
    /// Most bytes of request bodies and responses that are buffered. One client may use an eighth.
    pub max_buffered: u64,
    /// Rate limits.
    pub rate_limits: RateLimits,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Arc<TrustedProxies>,
    /// GraphQL service.
    pub graphql: Graphql,
    /// Origins whose pages may read responses.
    pub cors: Cors,
    /// Settings of the GraphiQL page, if it is served.
    pub graphiql: Option<GraphiqlConfig>,
    /// Metrics.
    pub metrics: Metrics,
    /// Include the version in `/` and the OpenAPI document.
    pub includes_version: bool,
    /// Serve metrics to clients.
    pub has_metrics: bool,
}

/// The complete HTTP service, before it listens.
pub struct Service {
    /// Routes for clients.
    pub app: Router,
    /// Routes for operators: health checks and metrics.
    pub operations: Router,
    capacity: Capacity,
    trusted_proxies: Arc<TrustedProxies>,
    metrics: Metrics,
}

impl Service {
    /// Builds the service.
    pub fn new(gateway: Gateway) -> Self {
        let metrics = gateway.metrics.clone();
        let capacity = Capacity::new(gateway.max_in_flight, gateway.max_buffered, &metrics);
        let shedder = LoadShedder::new(capacity.clone(), metrics.clone());
        let health = health::router(&gateway, shedder.clone());
        Self {
            operations: operations::router(health.clone(), metrics.clone()),
            trusted_proxies: gateway.trusted_proxies.clone(),
            app: app(gateway, health, shedder),
            capacity,
            metrics,
        }
    }
}

fn app(gateway: Gateway, health: Router, shedder: Arc<LoadShedder>) -> Router {
    let rest = RestSettings {
        public_url: gateway.public_url.clone(),
        includes_version: gateway.includes_version,
    };
    let has_page = gateway.graphiql.is_some() && GraphiqlConfig::has_page();
    let data = Router::new()
        .route(
            "/graphql",
            graphql::route(gateway.graphql.clone(), gateway.max_body, has_page),
        )
        .merge(rest::router(rest.clone()))
        .layer(middleware::from_fn_with_state(
            Pipeline::new(&gateway, shedder),
            pipeline::layer,
        ));
    let no_store = SetResponseHeaderLayer::if_not_present(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
    let metrics = gateway
        .has_metrics
        .then(|| operations::metrics(gateway.metrics.clone()));
    let preflights = Admission::new(&gateway);
    let admission = middleware::from_fn_with_state(preflights.clone(), admission::layer);
    let documents = Router::new()
        .merge(rest::openapi_router(&rest))
        .route(
            "/",
            get(index).with_state(Index {
                has_page,
                includes_version: gateway.includes_version,
            }),
        )
        .layer(admission.clone());
    let app = Router::new()
        .merge(metrics.unwrap_or_default())
        .merge(health)
        .merge(documents)
        .layer(middleware::from_fn(panic::layer));
    // GraphiQL's files are compressed already.
    let graphiql = gateway.graphiql.clone().map(graphiql::router);
    let graphiql = graphiql.unwrap_or_default().layer(admission.clone());
    let app = compression::compressed(app)
        .merge(data)
        .merge(import::router(&gateway))
        .merge(graphiql)
        .fallback_service(get(not_found).fallback(not_found).layer(admission.clone()))
        .method_not_allowed_fallback(method_not_allowed.layer(admission.clone()));
    // Outside of every layer that refuses requests, so that pages can read the reason.
    let app = gateway.cors.apply(app);
    let preflights = middleware::from_fn_with_state(preflights, admission::preflight_layer);
    let app = app.layer(preflights);
    let request_log = middleware::from_fn_with_state(gateway.metrics, request_log::layer);
    app.layer(
        ServiceBuilder::new()
            .layer(no_sniffing())
            .layer(request_log)
            .layer(no_store),
    )
}

/// Forbids browsers to guess media types.
fn no_sniffing() -> SetResponseHeaderLayer<HeaderValue> {
    const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
    SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF)
}

/// Settings of `/`.
#[derive(Clone, Copy)]
struct Index {
    has_page: bool,
    includes_version: bool,
}

/// Lists the endpoints, or redirects browsers to GraphiQL if it is served.
async fn index(State(settings): State<Index>, headers: HeaderMap) -> Response {
    let mut index = json!({
        "name": env!("CARGO_PKG_NAME"),
        "graphql": "/graphql",
        "openapi": "/openapi.json",
        "health": ["/health/live", "/health/ready"],
    });
    if settings.includes_version {
        index["version"] = env!("CARGO_PKG_VERSION").into();
    }
    if !settings.has_page {
        return Json(index).into_response();
    }
    index["graphiql"] = graphiql::PATH.into();
    let mut response = if accept::wants_page(&headers) {
        graphiql::redirect("graphiql")
    } else {
        Json(index).into_response()
    };
    let vary = HeaderValue::from_static("accept");
    response.headers_mut().insert(header::VARY, vary);
    response
}

async fn not_found(uri: Uri) -> Response {
    // The path may almost match a contract, such as with another segment.
    let error_format = rest::error_format(uri.path());
    let message = "The path does not exist; GET / lists the endpoints.";
    error_in(
        error_format,
        StatusCode::NOT_FOUND,
        Code::BadRequest,
        message,
    )
}

async fn method_not_allowed() -> Response {
    let message =
        "This path does not support the method; the Allow header lists the supported methods.";
    graphql_error(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message)
}

fn internal_error(error_format: Option<ErrorFormat>) -> Response {
    let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, Code::InternalServerError);
    error_in(error_format, status, code, INTERNAL_MESSAGE)
}

/// Builds an error response in the contract's format or, without a contract, in GraphQL's.
fn error_in(
    error_format: Option<ErrorFormat>,
    status: StatusCode,
    code: Code,
    message: &str,
) -> Response {
    match error_format {
        Some(error_format) => rest::error_response(error_format, status),
        None => graphql_error(status, code, message),
    }
}

/// Builds the response to a GraphQL request that was not executed. A 503 gets `Retry-After`.
fn graphql_error(status: StatusCode, code: Code, message: &str) -> Response {
    let error = json!({ "message": message, "extensions": { "code": code.as_str() } });
    let mut response = graphql_errors(status, &[error]);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let retry_after = HeaderValue::from_static("1");
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, retry_after);
    }
    response
}

fn graphql_errors(status: StatusCode, errors: &[impl Serialize]) -> Response {
    (status, Json(json!({ "errors": errors }))).into_response()
}
