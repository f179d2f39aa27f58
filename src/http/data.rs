//! Middleware of the data routes, as one layer: each of axum's copies, for every request, all that is
//! below it, and boxes what it awaits.

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
    deadline, outgoing, panic,
    place::Place,
    shedding::{Shares, share_of, turned_away},
};
use crate::{loader::batch_loads, rest, rest::ErrorFormat};

/// Limits of requests for data.
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

    /// The response, with all that is held until it was sent.
    async fn finish(
        &self,
        response: Response,
        place: Place,
        error_format: Option<ErrorFormat>,
    ) -> Response {
        let response = outgoing::whole(response).await;
        let length = outgoing::length(&response);
        match self.shares.capacity.buffered.take(place.client(), length) {
            Ok(bytes) => outgoing::holding(response, Arc::new((bytes, place))),
            // The place is given back: the refusal is short.
            Err(reason) => turned_away(reason, error_format),
        }
    }
}

pub(super) async fn layer(
    State(around): State<Arc<Around>>,
    mut request: Request,
    next: Next,
) -> Response {
    let encoding = Chosen::by(request.headers_mut());
    let error_format = rest::error_format(request.uri().path());
    let place = match around.shares.place(share_of(request.headers())) {
        Ok(place) => place,
        Err(reason) => return turned_away(reason, error_format),
    };
    request.extensions_mut().insert(place.clone());
    // From the inside out. Boxed, since each that takes it in moves it.
    let answering = Box::pin(
        around
            .authentication
            .settle(request, &place, error_format, next),
    );
    // Authentication and the request itself share waves.
    let answering = batch_loads(answering);
    let answering = deadline::within(around.limit, error_format, answering);
    let response = panic::caught(error_format, answering).await;
    let response = encoding.compress(response).await;
    around.finish(response, place, error_format).await
}
