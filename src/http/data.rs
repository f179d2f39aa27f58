//! What is around each request for data. It is one layer: each of axum's copies, for every request, all
//! that is below it, and boxes what it awaits.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::{
    Gateway,
    authentication::Authentication,
    compression::Chosen,
    deadline, panic,
    shedding::{Shares, share_of},
};
use crate::{loader::gather, rest};

/// What requests for data are held to.
pub(super) struct Around {
    shares: Arc<Shares>,
    limit: Duration,
    authentication: Authentication,
}

impl Around {
    pub(super) fn of(gateway: &Gateway, shares: Arc<Shares>) -> Arc<Self> {
        Arc::new(Self {
            shares,
            limit: gateway.request_timeout,
            authentication: Authentication::of(gateway),
        })
    }
}

pub(super) async fn layer(
    State(around): State<Arc<Around>>,
    mut request: Request,
    next: Next,
) -> Response {
    let encoding = Chosen::by(request.headers_mut());
    let manner = rest::manner_of(request.uri().path());
    let share = share_of(request.headers());
    // From the inside out. Boxed, since each that takes it in moves it.
    let answering = Box::pin(around.authentication.settle(request, manner, next));
    // Who is asking is settled, and what they ask for is loaded, within one gathering.
    let answering = gather(answering);
    let answering = deadline::within(around.limit, manner, answering);
    let answering = around.shares.within(share, manner, answering);
    let answer = panic::caught(manner, answering).await;
    encoding.compress(answer).await
}
