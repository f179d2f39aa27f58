//! Settles who is asking before anything else of a request is read.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{Gateway, error_in};
use crate::{
    access::{Access, Policy},
    auth::{AuthError, Authenticator},
    clock::Clock,
    graphql::Code,
    loader::Loaders,
    rest,
};

/// What it takes to settle who is asking.
pub(super) struct Authentication {
    authenticator: Authenticator,
    loaders: Arc<Loaders>,
    policy: Arc<Policy>,
    clock: Clock,
}

impl Authentication {
    pub(super) fn of(gateway: &Gateway) -> Arc<Self> {
        Arc::new(Self {
            authenticator: gateway.authenticator.clone(),
            loaders: gateway.loaders.clone(),
            policy: gateway.policy.clone(),
            clock: gateway.clock.clone(),
        })
    }
}

/// Puts what the viewer may see beside the request, or refuses a token that is not good.
pub(super) async fn layer(
    State(authentication): State<Arc<Authentication>>,
    mut request: Request,
    next: Next,
) -> Response {
    let viewer = match authentication.authenticator.viewer(request.headers()).await {
        Ok(viewer) => viewer,
        Err(error) => return refusal(&error, request.uri().path()),
    };
    let Authentication {
        loaders,
        policy,
        clock,
        ..
    } = &*authentication;
    let access = Access::new(viewer, loaders.clone(), policy.clone(), clock.now());
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
        manner => error_in(manner, status, code, &error.message()),
    };
    if code == Code::Unauthenticated {
        let challenge = error.www_authenticate();
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
