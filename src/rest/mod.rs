//! The four contracts' endpoints as they are: thin, over the same [`Access`](crate::access::Access)
//! as everything else, and the OpenAPI document that is generated from them.
//!
//! One contract, one file; a new one is a file and its line in `ENDPOINTS`. A request must carry
//! its viewer's [`Access`](crate::access::Access) as an extension, and run within
//! [`batch_loads`](crate::loader::batch_loads) so that it loads in few statements.

mod community_user;
mod course_invitees;
mod described_errors;
mod error;
mod group_invite;
mod invite_code;
mod workspace_invite;

#[cfg(test)]
mod tests;

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

use error::Refusal;
pub use error::{Manner, bad_token_response, error_response};

/// Where the OpenAPI document is served.
pub const OPENAPI_PATH: &str = "/openapi.json";

const ENDPOINTS: [Endpoint; 4] = [
    invite_code::ENDPOINT,
    workspace_invite::ENDPOINT,
    group_invite::ENDPOINT,
    course_invitees::ENDPOINT,
];

/// One contract's endpoint.
struct Endpoint {
    /// As the contract writes it, with its one parameter in braces.
    path: &'static str,
    manner: Manner,
    route: fn() -> MethodRouter<Arc<RestSettings>>,
    document: fn() -> OpenApi,
}

/// What the endpoints need to know of the installation.
#[derive(Clone, Debug)]
pub struct RestSettings {
    /// Where clients reach the gateway; it may have a path.
    pub public_url: Url,
    /// Whether the OpenAPI document tells which version of the gateway this is.
    pub tells_version: bool,
}

impl RestSettings {
    /// The absolute URL of a path of ours.
    fn url(&self, path: &str) -> Url {
        let mut url = self.public_url.clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

/// Stands for the version where that is not told: the document needs one.
const UNTOLD: &str = "0";

/// The document at [`OPENAPI_PATH`], which is for everybody.
pub fn openapi_router(settings: &RestSettings) -> Router {
    let mut document = openapi(&settings.public_url);
    if !settings.tells_version {
        document.info.version = UNTOLD.to_owned();
    }
    let document = Arc::new(document);
    let document = get(move || ready(answer(StatusCode::OK, document.as_ref())));
    Router::new().route(OPENAPI_PATH, other_methods(document, Manner::Detail))
}

/// The endpoints. Each request needs an `Extension<Arc<Access>>`.
pub fn router(settings: RestSettings) -> Router {
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        let route = other_methods((endpoint.route)(), endpoint.manner);
        router = router.route(endpoint.path, route);
    }
    router.with_state(Arc::new(settings))
}

/// Refuses the methods that `route` does not have; `Allow` names those that it has.
fn other_methods<S>(route: MethodRouter<S>, manner: Manner) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    route.fallback(move || ready(error_response(manner, StatusCode::METHOD_NOT_ALLOWED)))
}

/// How errors of the contract are shaped that `path` belongs to; none for paths of no contract.
pub fn manner_of(path: &str) -> Option<Manner> {
    let is_of = |endpoint: &&Endpoint| {
        let (prefix, _) = endpoint.path.split_once('{').unwrap_or((endpoint.path, ""));
        path.starts_with(prefix)
    };
    let endpoint = ENDPOINTS.iter().find(is_of)?;
    Some(endpoint.manner)
}

/// The OpenAPI 3.1 document of the endpoints, as served at `public_url`.
pub fn openapi(public_url: &Url) -> OpenApi {
    let license = env!("CARGO_PKG_LICENSE");
    let info = InfoBuilder::new()
        .title("Invite Gateway")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The REST contracts of the systems whose invites the gateway answers for. What a \
             viewer sees is the same here as in GraphQL. Every answer is `Cache-Control: no-store`.",
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
        .description(Some("Who is asking; public resources are shown without."))
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

/// An answer in JSON that nobody keeps.
fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, Json(body)).into_response()
}

/// What was found, or why it is not shown.
fn respond(manner: Manner, found: Result<impl Serialize, Refusal>) -> Response {
    match found {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(refusal) => refusal.respond(manner),
    }
}

/// The one parameter of a path; empty, which names nothing, when it is not UTF-8.
fn text(path: Result<Path<String>, PathRejection>) -> String {
    path.map(|Path(text)| text).unwrap_or_default()
}

/// The id that a path names: decimal digits alone.
fn id(text: &str) -> Option<i64> {
    // Other spellings of the number are no id, so that a resource has one path.
    text.parse()
        .ok()
        .filter(|id: &i64| *id >= 0 && id.to_string() == text)
}
