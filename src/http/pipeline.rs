//! Middleware of the data routes, as one layer. Each axum layer would copy the layers below it for
//! every request, and box its future.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::{
    Gateway,
    authentication::Authentication,
    compression::ContentEncoding,
    deadline, outgoing, panic,
    shedding::{LoadShedder, share_of, shed_response},
    slot::Slot,
};
use crate::{loader::batch_loads, rest, rest::ErrorFormat};

/// Middleware of the data routes.
pub(super) struct Pipeline {
    shedder: Arc<LoadShedder>,
    request_timeout: Duration,
    authentication: Authentication,
}

impl Pipeline {
    pub(super) fn new(gateway: &Gateway, shedder: Arc<LoadShedder>) -> Arc<Self> {
        Arc::new(Self {
            shedder,
            request_timeout: gateway.request_timeout,
            authentication: Authentication::new(gateway),
        })
    }

    /// Buffers the response and attaches its slot and its reserved buffer bytes, which are released
    /// once it is sent.
    async fn finish(
        &self,
        response: Response,
        slot: Slot,
        error_format: Option<ErrorFormat>,
    ) -> Response {
        let response = outgoing::buffer(response).await;
        let length = outgoing::length(&response);
        match self.shedder.capacity.buffered.take(slot.client(), length) {
            Ok(bytes) => outgoing::attach_resources(response, Arc::new((bytes, slot))),
            // The refusal is short, and needs no slot.
            Err(reason) => shed_response(reason, error_format),
        }
    }
}

pub(super) async fn layer(
    State(pipeline): State<Arc<Pipeline>>,
    mut request: Request,
    next: Next,
) -> Response {
    let encoding = ContentEncoding::negotiate(request.headers_mut());
    let error_format = rest::error_format(request.uri().path());
    let slot = match pipeline.shedder.slot(share_of(request.headers())) {
        Ok(slot) => slot,
        Err(reason) => return shed_response(reason, error_format),
    };
    request.extensions_mut().insert(slot.clone());
    // The wrappers are applied from the inside out. The inner future is boxed, because each wrapper
    // moves the future it wraps.
    let response_future = Box::pin(pipeline.authentication.authenticate(
        request,
        &slot,
        error_format,
        next,
    ));
    // Authentication and execution share one `batch_loads` scope, so that their loads batch.
    let response_future = batch_loads(response_future);
    let response_future =
        deadline::enforce(pipeline.request_timeout, error_format, response_future);
    let response = panic::catch(error_format, response_future).await;
    let response = encoding.compress(response).await;
    pipeline.finish(response, slot, error_format).await
}
