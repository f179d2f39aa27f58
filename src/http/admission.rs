//! Rate limit of routes without data: pages, documents and unknown paths.
//!
//! They cost little, but each request writes a log line. Health checks are exempt, since probes
//! must not be refused. Preflights of browsers count as well; `cors` responds to them.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{Gateway, TrustedProxies, cors::RefusedOrigins, rate_limit};
use crate::{rate_limit::RateLimits, rest};

/// Counts requests by client address.
pub(super) struct Admission {
    limits: RateLimits,
    policy: Option<HeaderValue>,
    refused_origins: RefusedOrigins,
    trusted_proxies: Arc<TrustedProxies>,
}

impl Admission {
    pub(super) fn new(gateway: &Gateway) -> Arc<Self> {
        Arc::new(Self {
            policy: rate_limit::policy(&gateway.rate_limits),
            limits: gateway.rate_limits.clone(),
            refused_origins: RefusedOrigins::default(),
            trusted_proxies: gateway.trusted_proxies.clone(),
        })
    }
}

/// Counts only preflights: other requests are counted by their routes. Logs refused origins.
pub(super) async fn preflight_layer(
    State(admission): State<Arc<Admission>>,
    request: Request,
    next: Next,
) -> Response {
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let response = layer(State(admission.clone()), request, next).await;
    if let Some(origin) = origin
        && response.status() != StatusCode::TOO_MANY_REQUESTS
    {
        admission
            .refused_origins
            .record(&origin, response.headers());
    }
    response
}

pub(super) async fn layer(
    State(admission): State<Arc<Admission>>,
    request: Request,
    next: Next,
) -> Response {
    let proxies = &admission.trusted_proxies;
    let client = proxies.client(request.headers(), request.extensions());
    let client = admission.limits.client(client);
    let mut response = match client.request().await {
        Ok(()) => next.run(request).await,
        Err(limited) => rate_limit::refusal(limited, rest::error_format(request.uri().path())),
    };
    rate_limit::add_headers(&client, &admission.policy, response.headers_mut());
    response
}
