//! Waves: the loads that a request needs at one time, dispatched together and awaited together.

use std::{
    any::Any,
    cell::RefCell,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures_util::{future::poll_fn, task::AtomicWaker};

use super::lock;

tokio::task_local! {
    /// The wave that the running request has collected since it was last polled.
    static OPEN: RefCell<Option<OpenWave>>;
}

/// A wave that still collects loads.
#[derive(Default)]
struct OpenWave {
    wave: Arc<Wave>,
    loads: Vec<Arc<dyn PendingLoad>>,
}

/// A load that waits for its wave to be dispatched.
pub(super) trait PendingLoad: Send + Sync {
    fn dispatch(self: Arc<Self>);

    /// Allows further keys to join a load of a known type.
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// The loads of a request that are dispatched together.
#[derive(Default)]
pub(super) struct Wave {
    incomplete: AtomicUsize,
    resolvers: Mutex<Vec<Waker>>,
    request: AtomicWaker,
}

impl Wave {
    /// Marks one load as complete. The last one resumes the request.
    pub(super) fn complete_one(&self) {
        if self.incomplete.fetch_sub(1, Ordering::AcqRel) == 1 {
            for resolver in std::mem::take(&mut *lock(&self.resolvers)) {
                resolver.wake();
            }
            self.request.wake();
        }
    }

    fn poll_complete(&self, cx: &Context<'_>) -> Poll<()> {
        self.request.register(cx.waker());
        if self.incomplete.load(Ordering::Acquire) == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Waits until `result` returns a value. Every load stores its result before it is complete.
    pub(super) async fn wait_for<T>(&self, result: impl Fn() -> Option<T>) -> T {
        poll_fn(|cx| {
            let mut resolvers = lock(&self.resolvers);
            if let Some(result) = result() {
                return Poll::Ready(result);
            }
            // Resolvers that are polled by their request share its waker.
            if !resolvers
                .last()
                .is_some_and(|last| last.will_wake(cx.waker()))
            {
                resolvers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

/// Runs a request so that the loads of its resolvers are batched.
///
/// Its resolvers resume when their whole wave is loaded, so that the number of statements does not
/// depend on the order in which the database responds. Until then the request is not polled. This
/// cannot deadlock on a lock that the request holds, since nothing here waits for one.
pub async fn batch_loads<F: Future>(request: F) -> F::Output {
    let mut request = pin!(request);
    let mut dispatched: Option<Arc<Wave>> = None;
    poll_fn(move |cx| {
        loop {
            if let Some(wave) = &dispatched {
                if wave.poll_complete(cx).is_pending() {
                    return Poll::Pending;
                }
                dispatched = None;
            }
            let (polled, open) = OPEN.sync_scope(RefCell::default(), || {
                let polled = request.as_mut().poll(cx);
                (polled, OPEN.with(RefCell::take))
            });
            match (polled, open) {
                (Poll::Pending, Some(open)) => dispatched = Some(open.dispatch()),
                (polled, _) => return polled,
            }
        }
    })
    .await
}

impl OpenWave {
    fn dispatch(mut self) -> Arc<Wave> {
        // A resolver is dropped when a sibling fails, and its load is then not needed. From here on
        // resolvers are only dropped with the whole request.
        self.loads.retain(|load| Arc::strong_count(load) > 1);
        // Stored before the first load is dispatched, since it may complete at once.
        let incomplete = self.loads.len();
        self.wave.incomplete.store(incomplete, Ordering::Release);
        for load in self.loads {
            load.dispatch();
        }
        self.wave
    }
}

/// Adds a load to the wave of the running request: to a pending load that it `joins`, or as a new
/// one. Outside [`batch_loads`] a new load is dispatched at once.
pub(super) fn enqueue<L: PendingLoad + Any>(
    joins: impl Fn(&L) -> bool,
    new: impl FnOnce(Arc<Wave>) -> L,
) -> Arc<L> {
    let joined = OPEN.try_with(|open| {
        let open = open.borrow();
        let loads = open.iter().flat_map(|open| &open.loads);
        loads
            .filter_map(|load| load.clone().as_any().downcast::<L>().ok())
            .find(|load| joins(load))
    });
    if let Ok(Some(load)) = joined {
        return load;
    }
    let wave = OPEN.try_with(|open| open.borrow_mut().get_or_insert_default().wave.clone());
    let is_batched = wave.is_ok();
    let wave = wave.unwrap_or_default();
    let load = Arc::new(new(wave.clone()));
    let pending: Arc<dyn PendingLoad> = load.clone();
    if is_batched {
        OPEN.with(|open| {
            open.borrow_mut()
                .get_or_insert_default()
                .loads
                .push(pending);
        });
    } else {
        let loads = vec![pending];
        OpenWave { wave, loads }.dispatch();
    }
    load
}
