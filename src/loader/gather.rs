//! When a batch is sent: as soon as the request that asks has nothing else to do.
//!
//! A timer would make every level of a query wait, and would still cut a batch in two on a busy
//! machine. Instead a request's batches are driven by the request's own task, after each of its
//! resolvers had its turn: each level is one batch, whatever its size, and nothing waits.

use std::{
    cell::RefCell,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::runtime::Timer;
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, poll_fn, ready},
    stream::FuturesUnordered,
    task::{FutureObj, Spawn, SpawnError},
};

tokio::task_local! {
    /// Batches that the running request has begun and that nobody drives yet.
    static BEGUN: RefCell<Vec<FutureObj<'static, ()>>>;
}

/// Hands the batches of a [`gather`]ed request to that request; others to the runtime.
pub(super) struct Gathered;

impl Spawn for Gathered {
    fn spawn_obj(&self, batch: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        let mut batch = Some(batch);
        let begun = BEGUN.try_with(|begun| begun.borrow_mut().extend(batch.take()));
        if begun.is_err()
            && let Some(batch) = batch
        {
            tokio::spawn(batch);
        }
        Ok(())
    }
}

impl Timer for Gathered {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }
}

/// The batches that a request drives. Other requests may wait for the same batches, so that those
/// of a request that is given up go on without it.
#[derive(Default)]
struct Batches(FuturesUnordered<FutureObj<'static, ()>>);

impl Batches {
    /// Drives what can be driven; true when a batch has ended.
    fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        let mut ended = false;
        while let Poll::Ready(Some(())) = self.0.poll_next_unpin(cx) {
            ended = true;
        }
        ended
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        if !self.0.is_empty()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let batches = std::mem::take(&mut self.0);
            runtime.spawn(batches.collect::<()>());
        }
    }
}

/// Runs a request so that what its resolvers load at the same time is loaded together.
pub async fn gather<F: Future>(request: F) -> F::Output {
    let mut request = pin!(request);
    let mut batches = Batches::default();
    poll_fn(move |cx| {
        loop {
            let (polled, begun) = BEGUN.sync_scope(RefCell::default(), || {
                let polled = request.as_mut().poll(cx);
                (polled, BEGUN.with(RefCell::take))
            });
            batches.0.extend(begun);
            if polled.is_ready() || !batches.advance(cx) {
                return polled;
            }
        }
    })
    .await
}
