//! REST endpoints of the four contracts, and the OpenAPI document generated from them.
//!
//! Each endpoint is a thin layer over [`Access`](crate::access::Access), in a file of its own. To
//! add one, add a file and its line in `ENDPOINTS`. A request must carry its viewer's `Access` as
//! an extension, and run within [`batch_loads`](crate::loader::batch_loads) so that its loads batch.

mod community_user;
mod course_invitees;
mod described_errors;
mod error;
mod group_invite;
mod invite_code;
mod workspace_invite;

use std::{future::ready, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, rejection::PathRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde::Serialize;
use url::Url;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Server,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use error::RestError;
pub(crate) use error::{ErrorFormat, bad_token_response, error_response};

/// Path of the OpenAPI document.
pub(crate) const OPENAPI_PATH: &str = "/openapi.json";

const ENDPOINTS: [Endpoint; 4] = [
    invite_code::ENDPOINT,
    workspace_invite::ENDPOINT,
    group_invite::ENDPOINT,
    course_invitees::ENDPOINT,
];

/// Endpoint of one contract.
struct Endpoint {
    /// Path template of the contract, with one parameter in braces.
    path: &'static str,
    format: ErrorFormat,
    route: fn() -> MethodRouter<Arc<RestSettings>>,
    document: fn() -> OpenApi,
}

/// Configuration of the endpoints.
#[derive(Clone, Debug)]
pub(crate) struct RestSettings {
    /// URL at which clients reach the gateway. It may have a path.
    pub public_url: Url,
    /// True if the OpenAPI document contains the gateway's version.
    pub includes_version: bool,
}

impl RestSettings {
    /// Returns the absolute URL of a path of the gateway.
    fn url(&self, path: &str) -> Url {
        let mut url = self.public_url.clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

/// Replaces the version if it is not published. OpenAPI requires one.
const HIDDEN_VERSION: &str = "0";

/// Serves the OpenAPI document at [`OPENAPI_PATH`], without authentication.
pub(crate) fn openapi_router(settings: &RestSettings) -> Router {
    let mut document = openapi(&settings.public_url);
    if !settings.includes_version {
        document.info.version = HIDDEN_VERSION.to_owned();
    }
    let document = Arc::new(document);
    let document = get(move || ready(json_response(StatusCode::OK, document.as_ref())));
    Router::new().route(OPENAPI_PATH, other_methods(document, ErrorFormat::Drf))
}

/// Serves the endpoints. Each request needs an `Extension<Arc<Access>>`.
pub(crate) fn router(settings: RestSettings) -> Router {
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        let route = other_methods((endpoint.route)(), endpoint.format);
        router = router.route(endpoint.path, route);
    }
    router.with_state(Arc::new(settings))
}

/// Rejects methods that `route` does not handle with 405. `Allow` lists those that it does.
fn other_methods<S>(route: MethodRouter<S>, format: ErrorFormat) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    route.fallback(move || ready(error_response(format, StatusCode::METHOD_NOT_ALLOWED)))
}

/// Returns the error format of the contract to which `path` belongs, if any.
pub(crate) fn error_format(path: &str) -> Option<ErrorFormat> {
    let is_of = |endpoint: &&Endpoint| {
        let (prefix, _) = endpoint.path.split_once('{').unwrap_or((endpoint.path, ""));
        path.starts_with(prefix)
    };
    let endpoint = ENDPOINTS.iter().find(is_of)?;
    Some(endpoint.format)
}

/// Builds the OpenAPI 3.1 document of the endpoints at `public_url`.
fn openapi(public_url: &Url) -> OpenApi {
    let license = env!("CARGO_PKG_LICENSE");
    let info = InfoBuilder::new()
        .title("Invite Gateway")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "REST endpoints that are compatible with the systems whose invites the gateway \
             serves. The access rules are those of the GraphQL API. Every response has \
             `Cache-Control: no-store`.",
        ))
        .license(Some(
            LicenseBuilder::new()
                .name(license)
                .identifier(Some(license))
                .build(),
        ))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "Identifies the viewer. Public resources do not need it.",
        ))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .build();
    let base = OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new(
            public_url.as_str().trim_end_matches('/'),
        )]))
        .components(Some(components))
        .build();
    ENDPOINTS
        .iter()
        .fold(base, |all, endpoint| all.merge_from((endpoint.document)()))
}

/// Builds a JSON response that clients and proxies must not cache.
fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, Json(body)).into_response()
}

/// Builds the response: 200 with the resource, or the error in the contract's format.
fn respond(format: ErrorFormat, found: Result<impl Serialize, RestError>) -> Response {
    match found {
        Ok(body) => json_response(StatusCode::OK, &body),
        Err(error) => error.respond(format),
    }
}

/// Returns the path parameter. If it is not UTF-8, returns an empty string, which matches nothing.
fn text(path: Result<Path<String>, PathRejection>) -> String {
    path.map(|Path(text)| text).unwrap_or_default()
}

/// Parses an id in a path: canonical decimal digits only.
fn id(text: &str) -> Option<i64> {
    // Rejects `+1` and `01`, so that each resource has one path.
    text.parse()
        .ok()
        .filter(|id: &i64| *id >= 0 && id.to_string() == text)
}
