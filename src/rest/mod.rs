//! REST endpoints of the four contracts, and the OpenAPI document generated from them.
//!
//! Each endpoint is a thin layer over [`Access`], in a file of its own. To add one, add a file, its
//! line in `ENDPOINTS`, and its path and tag in `Document`. A request must carry its viewer's `Access` as
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
    Extension, Json, Router,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde::Serialize;
use url::Url;
use utoipa::{
    OpenApi,
    openapi::{
        self, InfoBuilder, LicenseBuilder, Server,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::access::{Access, AccessError};
use error::{ArenaError, DetailError, RestError};
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
    route: fn(ErrorFormat) -> MethodRouter<Arc<RestSettings>>,
}

#[derive(OpenApi)]
#[openapi(
    paths(
        invite_code::find,
        workspace_invite::find,
        group_invite::find,
        course_invitees::find
    ),
    components(schemas(DetailError, ArenaError)),
    tags(
        (name = "Invite codes", description = "Personal codes for joining the community (SelfCommunity)."),
        (name = "Workspace invites", description = "E-mail invitations to workspaces (AISquare Studio)."),
        (name = "Group invites", description = "Reusable links for joining groups (Are.na)."),
        (name = "Course invitees", description = "Users invited to courses (SelfCommunity)."),
    )
)]
struct Document;

/// Request of an endpoint.
struct Request {
    access: Arc<Access>,
    settings: Arc<RestSettings>,
    /// The parameter in the path; empty, which matches nothing, if it is not UTF-8.
    parameter: String,
    query: String,
}

impl Request {
    /// Refuses viewers without an account before anything is looked up.
    fn require_account(&self) -> Result<(), AccessError> {
        self.access.viewer().account().map(drop)
    }
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
    /// Returns the absolute URL of the resource with that id.
    fn url(&self, template: &str, id: i64) -> Url {
        let path = template.replace("{id}", &id.to_string());
        let mut url = self.public_url.clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

/// Version in the OpenAPI document when `includes_version` is false; OpenAPI requires one.
const HIDDEN_VERSION: &str = "0";

/// Serves the OpenAPI document at [`OPENAPI_PATH`], without authentication.
pub(crate) fn openapi_router(settings: &RestSettings) -> Router {
    let mut document = openapi(&settings.public_url);
    if !settings.includes_version {
        document.info.version = HIDDEN_VERSION.to_owned();
    }
    let document = Arc::new(document);
    let document = get(move || ready(json_response(StatusCode::OK, document.as_ref())));
    let route = reject_other_methods(document, ErrorFormat::Drf);
    Router::new().route(OPENAPI_PATH, route)
}

/// Serves the endpoints. Each request needs an `Extension<Arc<Access>>`. Paths without the contract's
/// last slash are redirected to the one with it.
pub(crate) fn router(settings: RestSettings) -> Router {
    let mut router = Router::new();
    for endpoint in ENDPOINTS {
        let route = reject_other_methods((endpoint.route)(endpoint.format), endpoint.format);
        router = router.route(endpoint.path, route);
        if let Some(path) = endpoint.path.strip_suffix('/') {
            let redirect = reject_other_methods(get(add_slash), endpoint.format);
            router = router.route(path, redirect);
        }
    }
    router.with_state(Arc::new(settings))
}

/// Redirects to the path with a last slash, and the same query string. The target is relative, so
/// that a proxy may serve the gateway below a path. Looks nothing up, so that it reveals nothing.
async fn add_slash(uri: Uri) -> Response {
    let (_, segment) = uri.path().rsplit_once('/').unwrap_or_default();
    // `./`, because the segment may contain a colon.
    let target = match uri.query() {
        Some(query) => format!("./{segment}/?{query}"),
        None => format!("./{segment}/"),
    };
    let headers = [
        (header::LOCATION, target.as_str()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::PERMANENT_REDIRECT, headers).into_response()
}

/// Rejects methods that `route` does not handle with 405. `Allow` lists those that it does.
fn reject_other_methods<S>(route: MethodRouter<S>, format: ErrorFormat) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    route.fallback(move || ready(error_response(format, StatusCode::METHOD_NOT_ALLOWED)))
}

/// Returns the error format of the contract to which `path` belongs, if any.
pub(crate) fn error_format(path: &str) -> Option<ErrorFormat> {
    let has_path_prefix = |endpoint: &&Endpoint| {
        let (prefix, _) = endpoint.path.split_once('{').unwrap_or((endpoint.path, ""));
        path.starts_with(prefix)
    };
    let endpoint = ENDPOINTS.iter().find(has_path_prefix)?;
    Some(endpoint.format)
}

/// Builds the OpenAPI 3.1 document of the endpoints at `public_url`.
fn openapi(public_url: &Url) -> openapi::OpenApi {
    let license = env!("CARGO_PKG_LICENSE");
    let mut document = Document::openapi();
    document.info = InfoBuilder::new()
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
    document.servers = Some(vec![Server::new(public_url.as_str().trim_end_matches('/'))]);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "Identifies the viewer. Public resources do not need it.",
        ))
        .build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    document
}

/// Builds a JSON response that clients and proxies must not cache.
fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, Json(body)).into_response()
}

/// Serves `GET`: 200 with the resource that `find` returns, or the error in the contract's format.
fn route<Found, Resource>(
    format: ErrorFormat,
    find: fn(Request) -> Found,
) -> MethodRouter<Arc<RestSettings>>
where
    Found: Future<Output = Result<Resource, RestError>> + Send + 'static,
    Resource: Serialize + 'static,
{
    get(
        move |Extension(access): Extension<Arc<Access>>,
              State(settings): State<Arc<RestSettings>>,
              path: Result<Path<String>, PathRejection>,
              RawQuery(query): RawQuery| async move {
            let found = find(Request {
                access,
                settings,
                parameter: path.map(|Path(text)| text).unwrap_or_default(),
                query: query.unwrap_or_default(),
            });
            match found.await {
                Ok(resource) => json_response(StatusCode::OK, &resource),
                Err(error) => error.respond(format),
            }
        },
    )
}

/// Parses an id in a path: canonical decimal digits only.
fn id(text: &str) -> Option<i64> {
    // Rejects `+1` and `01`, so that each resource has one path.
    text.parse()
        .ok()
        .filter(|id: &i64| *id >= 0 && id.to_string() == text)
}
