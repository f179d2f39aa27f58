//! What a running request wants at a time, and how it waits for it.

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
    /// What the running request wants since it was last polled.
    static OPEN: RefCell<Option<Open>>;
}

/// What a request wants that is not handed in yet.
#[derive(Default)]
struct Open {
    level: Arc<Level>,
    wishes: Vec<Arc<dyn Wished>>,
}

/// What can be handed in.
pub(super) trait Wished: Send + Sync {
    fn hand_in(self: Arc<Self>);

    /// The wish itself, if it may take more keys.
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// The wishes of a request that are handed in together, and answered together.
#[derive(Default)]
pub(super) struct Level {
    unanswered: AtomicUsize,
    resolvers: Mutex<Vec<Waker>>,
    request: AtomicWaker,
}

impl Level {
    pub(super) fn answered_one(&self) {
        if self.unanswered.fetch_sub(1, Ordering::AcqRel) == 1 {
            for resolver in std::mem::take(&mut *lock(&self.resolvers)) {
                resolver.wake();
            }
            self.request.wake();
        }
    }

    fn poll_answered(&self, cx: &Context<'_>) -> Poll<()> {
        self.request.register(cx.waker());
        if self.unanswered.load(Ordering::Acquire) == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Waits for `answer`, which is given before the level is answered.
    pub(super) async fn wait_for<T>(&self, answer: impl Fn() -> Option<T>) -> T {
        poll_fn(|cx| {
            let mut resolvers = lock(&self.resolvers);
            if let Some(answer) = answer() {
                return Poll::Ready(answer);
            }
            // Resolvers that are polled by their request have its waker.
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

/// Runs a request so that what its resolvers load at the same time is loaded together.
///
/// Resolvers go on when all that they wait for is there, so that the number of statements does not
/// hang on what the database answers first. Until then the request is not polled: no lock is waited
/// for here that it could hold.
pub async fn gather<F: Future>(request: F) -> F::Output {
    let mut request = pin!(request);
    let mut waiting: Option<Arc<Level>> = None;
    poll_fn(move |cx| {
        loop {
            if let Some(level) = &waiting {
                if level.poll_answered(cx).is_pending() {
                    return Poll::Pending;
                }
                waiting = None;
            }
            let (polled, open) = OPEN.sync_scope(RefCell::default(), || {
                let polled = request.as_mut().poll(cx);
                (polled, OPEN.with(RefCell::take))
            });
            match (polled, open) {
                (Poll::Pending, Some(open)) => waiting = Some(open.hand_in()),
                (polled, _) => return polled,
            }
        }
    })
    .await
}

impl Open {
    fn hand_in(mut self) -> Arc<Level> {
        // A resolver that wished is given up where one beside it failed: nobody waits for its
        // wish. From here on none is, but with the whole request.
        self.wishes.retain(|wish| Arc::strong_count(wish) > 1);
        // Before the first is handed in: it may be answered at once.
        let wishes = self.wishes.len();
        self.level.unanswered.store(wishes, Ordering::Release);
        for wish in self.wishes {
            wish.hand_in();
        }
        self.level
    }
}

/// Puts a wish among those of the running request, unless one that is there `takes` it. Outside of
/// a [`gather`]ed request it is handed in at once.
pub(super) fn wish<W: Wished + Any>(
    takes: impl Fn(&W) -> bool,
    make: impl FnOnce(Arc<Level>) -> W,
) -> Arc<W> {
    let found = OPEN.try_with(|open| {
        let open = open.borrow();
        let wishes = open.iter().flat_map(|open| &open.wishes);
        wishes
            .filter_map(|wish| wish.clone().as_any().downcast::<W>().ok())
            .find(|wish| takes(wish))
    });
    if let Ok(Some(wish)) = found {
        return wish;
    }
    let level = OPEN.try_with(|open| open.borrow_mut().get_or_insert_default().level.clone());
    let is_gathered = level.is_ok();
    let level = level.unwrap_or_default();
    let wish = Arc::new(make(level.clone()));
    let wished: Arc<dyn Wished> = wish.clone();
    if is_gathered {
        OPEN.with(|open| {
            open.borrow_mut()
                .get_or_insert_default()
                .wishes
                .push(wished);
        });
    } else {
        let wishes = vec![wished];
        Open { level, wishes }.hand_in();
    }
    wish
}
