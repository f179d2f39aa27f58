//! Authenticates requests and charges the rate limit before the body is read.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{Gateway, TrustedProxies, error_in, rate_limit, shedding::shed_response, slot::Slot};
use crate::{
    access::{Access, Policy, Viewer},
    auth::{AuthError, Authenticator},
    clock::Clock,
    graphql::Code,
    lifecycle::Lifecycle,
    loader::Loaders,
    rate_limit::{Client, ClientKey, RateLimits},
    rest::{self, ErrorFormat},
};

/// Dependencies of authentication.
pub(super) struct Authentication {
    authenticator: Authenticator,
    loaders: Arc<Loaders>,
    lifecycle: Option<Arc<Lifecycle>>,
    policy: Arc<Policy>,
    clock: Clock,
    rate_limits: RateLimits,
    rate_limit_policy: Option<HeaderValue>,
    trusted_proxies: Arc<TrustedProxies>,
}

impl Authentication {
    pub(super) fn new(gateway: &Gateway) -> Self {
        Self {
            authenticator: gateway.authenticator.clone(),
            loaders: gateway.loaders.clone(),
            lifecycle: gateway.lifecycle.clone(),
            policy: gateway.policy.clone(),
            clock: gateway.clock.clone(),
            rate_limit_policy: rate_limit::policy(&gateway.rate_limits),
            rate_limits: gateway.rate_limits.clone(),
            trusted_proxies: gateway.trusted_proxies.clone(),
        }
    }

    fn access(&self, viewer: Viewer, client: Arc<Client>) -> Access {
        let (loaders, policy) = (self.loaders.clone(), self.policy.clone());
        Access::new(viewer, client, loaders, policy, self.clock.now())
            .with_lifecycle(self.lifecycle.clone())
    }

    /// Runs the request with its viewer's `Access`, or refuses a bad token or an exhausted quota.
    /// Counts the slot for the client.
    pub(super) async fn authenticate(
        &self,
        mut request: Request,
        slot: &Slot,
        error_format: Option<ErrorFormat>,
        next: Next,
    ) -> Response {
        let limits = &self.rate_limits;
        let proxies = &self.trusted_proxies;
        let by_address = proxies.client(request.headers(), request.extensions());
        let viewer = self.authenticator.viewer(request.headers()).await;
        let user = viewer.as_ref().ok().and_then(Viewer::id);
        let key = user.map_or(by_address, ClientKey::User);
        if let Err(reason) = slot.assign(key) {
            return shed_response(reason, error_format);
        }
        let client = Arc::new(limits.client(key));
        let mut response = match (client.request().await, viewer) {
            (Err(limited), _) => rate_limit::refusal(limited, error_format),
            (Ok(()), Err(error)) => refusal(&error, error_format),
            (Ok(()), Ok(viewer)) => {
                let access = self.access(viewer, client.clone());
                request.extensions_mut().insert(Arc::new(access));
                next.run(request).await
            }
        };
        rate_limit::add_headers(&client, &self.rate_limit_policy, response.headers_mut());
        response
    }
}

/// Asks for a token.
pub(super) fn challenge() -> Response {
    let message = "This needs a bearer token.";
    let status = StatusCode::UNAUTHORIZED;
    let mut response = error_in(None, status, Code::Unauthenticated, message);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, AuthError::challenge());
    response
}

/// Builds the refusal in the format of the endpoint.
pub(super) fn refusal(error: &AuthError, error_format: Option<ErrorFormat>) -> Response {
    let status = error.status();
    let code = match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::SERVICE_UNAVAILABLE => Code::ServiceUnavailable,
        _ => Code::InternalServerError,
    };
    let reason = error.reason();
    if status.is_server_error() {
        tracing::error!(reason, %error, "cannot authenticate a request");
    } else {
        tracing::info!(reason, "a token was refused");
    }
    let mut response = match error_format {
        Some(error_format) if code == Code::Unauthenticated => {
            rest::bad_token_response(error_format)
        }
        error_format => error_in(error_format, status, code, &error.message()),
    };
    if code == Code::Unauthenticated {
        let challenge = error.www_authenticate();
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
