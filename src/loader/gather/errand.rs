//! Statements that are sent for one request alone, beside what it loads by keys.

use std::{
    any::{Any, TypeId},
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use tracing::Span;

use super::{
    super::{LoadError, measured::Kind},
    Gatherer,
    lanes::{Lanes, Share},
    level::{Level, Wished, wish},
    lock, tell, unpanicked,
};
use crate::trace;

/// A statement that nobody else asks for.
struct Errand<T> {
    level: Arc<Level>,
    lanes: Arc<Lanes>,
    kind: Arc<Kind>,
    share: Arc<Share>,
    asked_by: Span,
    work: Mutex<Option<BoxFuture<'static, Result<T, LoadError>>>>,
    done: Mutex<Option<Result<T, LoadError>>>,
}

impl<T: Send + 'static> Wished for Errand<T> {
    fn hand_in(self: Arc<Self>) {
        let Some(work) = lock(&self.work).take() else {
            return;
        };
        tokio::spawn(async move {
            let work = async {
                // Its request may have been given up while it waited.
                if Arc::strong_count(&self) == 1 {
                    return None;
                }
                let asked_by = std::iter::once(&self.asked_by);
                let done = unpanicked(self.kind.run(1, asked_by, work)).await;
                tell(&self.kind, &done);
                Some(done)
            };
            let (done, _) = self.lanes.run(&self.share, work, || {}).await;
            *lock(&self.done) = done;
            self.level.answered_one();
        });
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<L> Gatherer<L> {
    /// The share of errands that fetch a `T`.
    fn share<T: 'static>(&self) -> Arc<Share> {
        let mut shares = lock(&self.shares);
        let share = shares.entry(TypeId::of::<T>());
        let share = share.or_insert_with(|| Share::of(self.lanes.max_late()));
        share.clone()
    }

    /// Runs `work` of a kind beside what the running request loads.
    pub(in super::super) async fn errand<T: Send + 'static>(
        &self,
        kind: &Arc<Kind>,
        work: BoxFuture<'static, Result<T, LoadError>>,
    ) -> Result<T, LoadError> {
        let errand = wish(
            |_: &Errand<T>| false,
            |level| Errand {
                level,
                lanes: self.lanes.clone(),
                kind: kind.clone(),
                share: self.share::<T>(),
                asked_by: trace::current(),
                work: Mutex::new(Some(work)),
                done: Mutex::new(None),
            },
        );
        errand.level.wait_for(|| lock(&errand.done).take()).await
    }
}
