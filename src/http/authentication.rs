//! Settles who is asking before anything else of a request is read.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{Gateway, graphql_error};
use crate::{access::Access, auth::AuthError, graphql::Code, rest};

/// Puts what the viewer may see beside the request, or refuses a token that is not good.
pub(super) async fn layer(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    let viewer = match gateway.authenticator.viewer(request.headers()).await {
        Ok(viewer) => viewer,
        Err(error) => return refusal(&error, request.uri().path()),
    };
    let now = gateway.clock.now();
    let access = Access::new(viewer, gateway.loaders, gateway.policy, now);
    request.extensions_mut().insert(Arc::new(access));
    next.run(request).await
}

/// An answer in the manner of the endpoint that was asked.
fn refusal(error: &AuthError, path: &str) -> Response {
    let status = error.status();
    let code = match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::SERVICE_UNAVAILABLE => Code::ServiceUnavailable,
        _ => Code::InternalServerError,
    };
    if status.is_server_error() {
        tracing::error!(%error, "it could not be settled who is asking");
    }
    let mut response = match rest::manner_of(path) {
        Some(manner) if code == Code::Unauthenticated => rest::bad_token_response(manner),
        Some(manner) => rest::error_response(manner, status),
        None => graphql_error(status, code, &error.message()),
    };
    let headers = response.headers_mut();
    match code {
        Code::Unauthenticated => {
            headers.insert(header::WWW_AUTHENTICATE, error.www_authenticate());
        }
        Code::ServiceUnavailable => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    response
}
