//! When a batch is sent: as soon as the request that asks has nothing else to do.
//!
//! A timer would make every level of a query wait, and would still cut a batch in two on a busy
//! machine. Instead a request's batches are driven by the request's own task, after each of its
//! resolvers had its turn: a level of a query is one batch a kind of key, whatever its size.

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
use tokio::sync::oneshot;

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

/// The batches that a request drives. Those of a request that is given up go on without it, so
/// that no connection is left in the middle of a statement.
#[derive(Default)]
struct Batches(FuturesUnordered<FutureObj<'static, ()>>);

impl Batches {
    /// Drives what can be driven; true when nothing is left.
    fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        while let Poll::Ready(Some(())) = self.0.poll_next_unpin(cx) {}
        self.0.is_empty()
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
///
/// Resolvers go on when all batches of a level are there, so that the number of statements does
/// not hang on which of them the database answers first. While batches run, the request itself is
/// not polled: inside of it, the database is asked by batches and [`drive`] alone, and no lock is
/// waited for that another request holds.
pub async fn gather<F: Future>(request: F) -> F::Output {
    let mut request = pin!(request);
    let mut batches = Batches::default();
    poll_fn(move |cx| {
        while batches.advance(cx) {
            let (polled, begun) = BEGUN.sync_scope(RefCell::default(), || {
                let polled = request.as_mut().poll(cx);
                (polled, BEGUN.with(RefCell::take))
            });
            let waits_for_others = begun.is_empty();
            batches.0.extend(begun);
            if polled.is_ready() || waits_for_others {
                return polled;
            }
        }
        Poll::Pending
    })
    .await
}

/// Runs `statement` among the batches of the running request.
pub(super) async fn drive<T: Send + 'static>(
    statement: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (answer, answered) = oneshot::channel();
    let batch = statement.map(|value| drop(answer.send(value)));
    Gathered.spawn_obj(FutureObj::new(Box::new(batch))).ok()?;
    answered.await.ok()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::future::{join, join_all};
    use tokio::sync::Notify;

    use super::{drive, gather};

    #[tokio::test]
    async fn a_level_goes_on_when_all_of_its_batches_are_there() {
        let begun = Arc::new(AtomicUsize::new(0));
        let load = |wait: usize| {
            let begun = begun.clone();
            drive(async move {
                begun.fetch_add(1, Ordering::SeqCst);
                for _ in 0..wait {
                    tokio::task::yield_now().await;
                }
            })
        };
        let seen = gather(join_all([1, 50, 3].map(|wait| {
            let (batch, begun) = (load(wait), &begun);
            async move {
                batch.await;
                begun.load(Ordering::SeqCst)
            }
        })))
        .await;
        assert_eq!(seen, [3, 3, 3]);
    }

    #[tokio::test]
    async fn a_request_that_is_given_up_leaves_its_batches_running() {
        let (started, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (start, end) = (started.clone(), ended.clone());
        let request = tokio::spawn(gather(async move {
            drive(async move {
                start.notify_one();
                tokio::task::yield_now().await;
                end.notify_one();
            })
            .await;
        }));
        started.notified().await;
        request.abort();
        let (_, ()) = join(request, ended.notified()).await;
    }
}
