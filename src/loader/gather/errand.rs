//! Statements that are sent for one request alone, beside what it loads by keys.

use std::{
    any::{Any, TypeId},
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use tracing::Span;

use super::{
    super::{ListError, LoadError, measured::Kind},
    Gatherer,
    lanes::{Lanes, Share},
    level::{Level, Wished, wish},
    lock, tell, unpanicked,
};
use crate::{rate_limit::Toll, trace};

/// The work of a statement that is sent for one request alone.
pub(in super::super) trait Work: Send + Sized + 'static {
    type Done: Send + 'static;

    /// Adds `other` to this work, if one statement can do both; or else gives it back.
    fn join(&mut self, other: Self) -> Result<(), Self> {
        Err(other)
    }

    /// The toll that is paid before the statement is sent.
    fn take_toll(&mut self) -> Option<Toll> {
        None
    }

    fn run(self) -> BoxFuture<'static, Result<Self::Done, LoadError>>;
}

/// The work of one list alone.
pub(in super::super) struct Alone<T> {
    toll: Option<Toll>,
    statement: BoxFuture<'static, Result<T, LoadError>>,
}

impl<T> Alone<T> {
    pub(in super::super) fn new(
        toll: Option<Toll>,
        statement: BoxFuture<'static, Result<T, LoadError>>,
    ) -> Self {
        Self { toll, statement }
    }
}

impl<T: Send + 'static> Work for Alone<T> {
    type Done = T;

    fn take_toll(&mut self) -> Option<Toll> {
        self.toll.take()
    }

    fn run(self) -> BoxFuture<'static, Result<T, LoadError>> {
        self.statement
    }
}

/// A statement that nobody else asks for.
struct Errand<W: Work> {
    level: Arc<Level>,
    lanes: Arc<Lanes>,
    kind: Arc<Kind>,
    share: Arc<Share>,
    asked_by: Span,
    work: Mutex<Option<W>>,
    done: Mutex<Option<Result<W::Done, ListError>>>,
}

impl<W: Work> Wished for Errand<W> {
    fn hand_in(self: Arc<Self>) {
        let Some(work) = lock(&self.work).take() else {
            return;
        };
        tokio::spawn(async move {
            let done = self.answer(work).await;
            *lock(&self.done) = done;
            self.level.answered_one();
        });
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<W: Work> Errand<W> {
    /// Whether its request has been given up while it waited.
    fn is_given_up(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) == 1
    }

    /// Pays the toll, and sends the statement. A wait for the client's other lists takes no lane.
    async fn answer(self: &Arc<Self>, mut work: W) -> Option<Result<W::Done, ListError>> {
        let Some(toll) = work.take_toll() else {
            return self.send(work).await;
        };
        let place = toll.place().await;
        if self.is_given_up() {
            return None;
        }
        match place.reserve().await {
            Ok(reservation) => reservation.settle(self.send(work)).await,
            Err(limited) => Some(Err(limited.into())),
        }
    }

    async fn send(self: &Arc<Self>, work: W) -> Option<Result<W::Done, ListError>> {
        let statement = async {
            if self.is_given_up() {
                return None;
            }
            let asked_by = std::iter::once(&self.asked_by);
            let done = unpanicked(self.kind.run(1, asked_by, work.run())).await;
            tell(&self.kind, &done);
            Some(done.map_err(ListError::from))
        };
        let (done, _) = self.lanes.run(&self.share, statement, || {}).await;
        done
    }
}

impl<L> Gatherer<L> {
    /// The share of errands of a kind of work.
    fn share<W: 'static>(&self) -> Arc<Share> {
        let mut shares = lock(&self.shares);
        let share = shares.entry(TypeId::of::<W>());
        let share = share.or_insert_with(|| Share::of(self.lanes.max_late()));
        share.clone()
    }

    /// Runs `work` of a kind beside what the running request loads; `take` gives what was asked for
    /// once it is done.
    pub(in super::super) async fn errand<W: Work, T>(
        &self,
        kind: &Arc<Kind>,
        work: W,
        take: impl Fn(&mut Option<Result<W::Done, ListError>>) -> Option<Result<T, ListError>>,
    ) -> Result<T, ListError> {
        let unjoined = Mutex::new(Some(work));
        let errand = wish(
            |errand: &Errand<W>| {
                let mut theirs = lock(&errand.work);
                let mut unjoined = lock(&unjoined);
                let (Some(theirs), Some(ours)) = (theirs.as_mut(), unjoined.take()) else {
                    return false;
                };
                *unjoined = theirs.join(ours).err();
                unjoined.is_none()
            },
            |level| Errand {
                level,
                lanes: self.lanes.clone(),
                kind: kind.clone(),
                share: self.share::<W>(),
                asked_by: trace::current(),
                work: Mutex::new(lock(&unjoined).take()),
                done: Mutex::new(None),
            },
        );
        errand
            .level
            .wait_for(|| take(&mut lock(&errand.done)))
            .await
    }
}
