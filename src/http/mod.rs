//! Routes and layers: from a connection to an answer.

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
use shedding::Shares;
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
    loader::Loaders,
    metrics::Metrics,
    rate_limit::RateLimits,
    rest::{self, ErrorFormat, RestSettings},
};

/// What the gateway is made of.
#[derive(Clone)]
pub struct Gateway {
    /// Read the data, for all requests.
    pub loaders: Arc<Loaders>,
    /// Tells who is asking.
    pub authenticator: Authenticator,
    /// What is shown.
    pub policy: Arc<Policy>,
    /// Tells the time.
    pub clock: Clock,
    /// What absolute URLs of the gateway's own begin with.
    pub public_url: Url,
    /// Longest body of a request, in bytes.
    pub max_body: usize,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How many requests for data are answered at a time: half of them with a token, half without. A
    /// client has at most an eighth of either half.
    pub max_in_flight: usize,
    /// Bytes of request bodies and responses that are held at a time. A client has at most an eighth.
    pub max_buffered: u64,
    /// How much a client may ask.
    pub rate_limits: RateLimits,
    /// From whom it is believed which client a request comes from.
    pub trusted_proxies: Arc<TrustedProxies>,
    /// How GraphQL is served.
    pub graphql: Graphql,
    /// Which pages of other origins may read answers.
    pub cors: Cors,
    /// What GraphiQL offers; there is no such page without.
    pub graphiql: Option<GraphiqlConfig>,
    /// Counts what happens.
    pub metrics: Metrics,
    /// Whether `/` and the OpenAPI document tell which version this is.
    pub tells_version: bool,
    /// Whether whoever reaches the gateway may read the metrics.
    pub has_metrics: bool,
}

/// Everything that the gateway serves, before it listens.
pub struct Service {
    /// The routes for clients.
    pub app: Router,
    /// The routes for operators: health and metrics.
    pub operations: Router,
    capacity: Capacity,
    trusted_proxies: Arc<TrustedProxies>,
    metrics: Metrics,
}

impl Service {
    /// The whole HTTP service.
    pub fn new(gateway: Gateway) -> Self {
        let metrics = gateway.metrics.clone();
        let capacity = Capacity::new(gateway.max_in_flight, gateway.max_buffered, &metrics);
        let shares = Shares::new(capacity.clone(), metrics.clone());
        let health = health::router(gateway.loaders.clone(), shares.clone());
        Self {
            operations: operations::router(health.clone(), metrics.clone()),
            trusted_proxies: gateway.trusted_proxies.clone(),
            app: app(gateway, health, shares),
            capacity,
            metrics,
        }
    }
}

fn app(gateway: Gateway, health: Router, shares: Arc<Shares>) -> Router {
    let rest = RestSettings {
        public_url: gateway.public_url.clone(),
        tells_version: gateway.tells_version,
    };
    let data = Router::new()
        .route(
            "/graphql",
            graphql::route(gateway.graphql.clone(), gateway.max_body),
        )
        .merge(rest::router(rest.clone()))
        .layer(middleware::from_fn_with_state(
            Pipeline::new(&gateway, shares),
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
                has_page: gateway.graphiql.is_some() && GraphiqlConfig::has_page(),
                tells_version: gateway.tells_version,
            }),
        )
        .layer(admission.clone());
    let app = Router::new()
        .merge(metrics.unwrap_or_default())
        .merge(health)
        .merge(documents)
        .layer(middleware::from_fn(panic::layer));
    // The files of GraphiQL are compressed already.
    let graphiql = gateway.graphiql.clone().map(graphiql::router);
    let graphiql = graphiql.unwrap_or_default().layer(admission.clone());
    let app = compression::compressed(app)
        .merge(data)
        .merge(graphiql)
        .fallback_service(get(not_found).fallback(not_found).layer(admission.clone()))
        .method_not_allowed_fallback(method_not_allowed.layer(admission.clone()));
    // Outside of everything that refuses, so that pages can read why.
    let app = gateway.cors.apply(app);
    let preflights = middleware::from_fn_with_state(preflights, admission::of_preflights);
    let app = app.layer(preflights);
    let request_log = middleware::from_fn_with_state(gateway.metrics, request_log::layer);
    app.layer(
        ServiceBuilder::new()
            .layer(no_sniffing())
            .layer(request_log)
            .layer(no_store),
    )
}

/// Browsers take each response for what its media type says.
fn no_sniffing() -> SetResponseHeaderLayer<HeaderValue> {
    const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
    SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF)
}

/// What `/` tells.
#[derive(Clone, Copy)]
struct Index {
    has_page: bool,
    tells_version: bool,
}

/// What there is to open. Browsers are sent to the page, if there is one.
async fn index(State(told): State<Index>, headers: HeaderMap) -> Response {
    let mut index = json!({
        "name": env!("CARGO_PKG_NAME"),
        "graphql": "/graphql",
        "openapi": "/openapi.json",
        "health": ["/health/live", "/health/ready"],
    });
    if told.tells_version {
        index["version"] = env!("CARGO_PKG_VERSION").into();
    }
    if !told.has_page {
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
    // It may be near the path of a contract, such as without its last slash.
    let error_format = rest::error_format(uri.path());
    let message = "Nothing is here; / lists what there is.";
    error_in(
        error_format,
        StatusCode::NOT_FOUND,
        Code::BadRequest,
        message,
    )
}

async fn method_not_allowed() -> Response {
    let message = "This method is not allowed here; the Allow header lists those that are.";
    graphql_error(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message)
}

fn internal_error(error_format: Option<ErrorFormat>) -> Response {
    let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, Code::InternalServerError);
    error_in(error_format, status, code, INTERNAL_MESSAGE)
}

/// An error in the error_format of the contract that was asked, or else in GraphQL's.
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

/// An answer in the shape of a GraphQL response that never executed; 503 with `Retry-After`.
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
