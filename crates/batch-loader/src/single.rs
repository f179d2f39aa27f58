//! Single statements: sent for one request alone, beside the rows that it loads by keys.

use std::{
    any::{Any, TypeId},
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;

use super::{
    Backend, BatchLoader, Observer, Panicked, catch_panic,
    limiter::{ConcurrencyLimiter, KindLimit},
    lock,
    wave::{PendingLoad, Wave, enqueue},
};

/// The work of a statement that is sent for one request alone.
pub trait Work: Send + Sized + 'static {
    /// The statement's result.
    type Output: Send + 'static;

    /// The statement's error.
    type Error: From<Panicked> + Send + 'static;

    /// Admits the statement before it is sent.
    type Admission: Admission<Error: From<Self::Error>>;

    /// Merges `other` into this work if one statement can do both, and returns it otherwise.
    ///
    /// # Errors
    /// One statement cannot do both.
    fn merge(&mut self, other: Self) -> Result<(), Self> {
        Err(other)
    }

    /// Takes the admission that the statement needs; none if it may be sent at once.
    fn take_admission(&mut self) -> Option<Self::Admission>;

    /// Sends the statement.
    fn run(self) -> BoxFuture<'static, Result<Self::Output, Self::Error>>;
}

/// The result of a single statement.
pub type Outcome<W> = Result<<W as Work>::Output, <<W as Work>::Admission as Admission>::Error>;

/// Delays or refuses a single statement, for example because of a rate limit.
pub trait Admission: Send + 'static {
    /// The statement was refused, or it failed.
    type Error: Send + 'static;

    /// Runs `statement` once it is admitted. A wait for admission takes no permit from other
    /// statements. Returns none if the request is abandoned by the end of the wait.
    fn admit<T: Send>(
        self,
        is_abandoned: impl Fn() -> bool + Send,
        statement: impl Future<Output = T> + Send,
    ) -> impl Future<Output = Result<Option<T>, Self::Error>> + Send;
}

/// A statement for one request alone.
struct SingleStatement<W: Work, O: Observer> {
    wave: Arc<Wave>,
    limiter: Arc<ConcurrencyLimiter>,
    limit: Arc<KindLimit>,
    observer: Arc<O>,
    context: O::Context,
    work: Mutex<Option<W>>,
    outcome: Mutex<Option<Outcome<W>>>,
}

impl<W: Work, O: Observer<Error = W::Error>> PendingLoad for SingleStatement<W, O> {
    fn dispatch(self: Arc<Self>) {
        let Some(work) = lock(&self.work).take() else {
            return;
        };
        tokio::spawn(async move {
            let outcome = self.run(work).await;
            *lock(&self.outcome) = outcome;
            self.wave.complete_one();
        });
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<W: Work, O: Observer<Error = W::Error>> SingleStatement<W, O> {
    /// The request has been dropped.
    fn is_abandoned(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) == 1
    }

    async fn run(self: &Arc<Self>, mut work: W) -> Option<Outcome<W>> {
        let Some(admission) = work.take_admission() else {
            return self.send(work).await;
        };
        let admitted = admission.admit(|| self.is_abandoned(), self.send(work));
        match admitted.await {
            Ok(outcome) => outcome.flatten(),
            Err(refused) => Some(Err(refused)),
        }
    }

    async fn send(self: &Arc<Self>, work: W) -> Option<Outcome<W>> {
        let statement = async {
            if self.is_abandoned() {
                return None;
            }
            let contexts = std::iter::once(&self.context);
            let load = catch_panic(work.run());
            let outcome = self.observer.observe(1, contexts, load).await;
            Some(outcome.map_err(Into::into))
        };
        let (outcome, _) = self.limiter.run(&self.limit, statement, || {}).await;
        outcome
    }
}

impl<B: Backend> BatchLoader<B> {
    /// Returns the limit of a type of work.
    fn limit<W: 'static>(&self) -> Arc<KindLimit> {
        let mut limits = lock(&self.limits);
        let limit = limits.entry(TypeId::of::<W>());
        let limit = limit.or_insert_with(|| KindLimit::new(self.limiter.max_slow()));
        limit.clone()
    }

    /// Runs `work` beside the rows that the request loads. `take` reads the caller's part of the
    /// outcome, since merged work has one outcome.
    ///
    /// # Errors
    /// The statement was refused, failed or panicked.
    pub async fn run_single<W, T, E>(
        &self,
        observer: &Arc<B::Observer>,
        work: W,
        take: impl Fn(&mut Option<Outcome<W>>) -> Option<Result<T, E>>,
    ) -> Result<T, E>
    where
        W: Work,
        B::Observer: Observer<Error = W::Error>,
    {
        let work = Mutex::new(Some(work));
        let pending = enqueue(
            |pending: &SingleStatement<W, B::Observer>| {
                let mut theirs = lock(&pending.work);
                let mut work = lock(&work);
                let (Some(theirs), Some(ours)) = (theirs.as_mut(), work.take()) else {
                    return false;
                };
                *work = theirs.merge(ours).err();
                work.is_none()
            },
            |wave| SingleStatement {
                wave,
                limiter: self.limiter.clone(),
                limit: self.limit::<W>(),
                observer: observer.clone(),
                context: B::Observer::context(),
                work: Mutex::new(lock(&work).take()),
                outcome: Mutex::new(None),
            },
        );
        pending
            .wave
            .wait_for(|| take(&mut lock(&pending.outcome)))
            .await
    }
}
