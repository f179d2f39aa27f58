//! When a statement is sent, and for whom.
//!
//! There is no timer. What a request's resolvers want is collected while they have their turn, and
//! handed in when none of them can go on: a level of a query is one wish a kind of key, whatever
//! its size. A kind of key has one statement under way; what all requests want meanwhile goes into
//! its next one. So a lone request waits for nobody, and the busier the gateway, the fewer
//! statements a request costs.
//!
//! A statement that takes long is waited for by few of its kind, whoever else asks: a table that is
//! locked shall not take all connections, and leave none to those who do not read it.

mod errand;
mod lanes;
mod level;
mod queue;
#[cfg(test)]
mod tests;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use futures_util::FutureExt;

pub use self::level::gather;
pub(super) use self::{
    errand::{Alone, Work},
    lanes::AllLate,
    queue::Key,
};

use self::lanes::{Lanes, Share};
use super::{LoadError, measured::Kind};
use crate::metrics::Metrics;

/// Locks what no panic can leave half-changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Loads rows for all requests, by keys of every kind.
pub(super) struct Gatherer<L> {
    loader: Arc<L>,
    lanes: Arc<Lanes>,
    queues: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// Of what is fetched by errands, by its type.
    shares: Mutex<HashMap<TypeId, Arc<Share>>>,
    metrics: Metrics,
}

impl<L: Send + Sync + 'static> Gatherer<L> {
    /// `connections`: how many there are for all statements. `late`: the statements that take long,
    /// of all gatherers that may use these connections.
    pub(super) fn new(
        loader: Arc<L>,
        connections: usize,
        late: Arc<AllLate>,
        metrics: &Metrics,
    ) -> Self {
        Self {
            loader,
            lanes: Arc::new(Lanes::new(connections, late)),
            queues: RwLock::default(),
            shares: Mutex::default(),
            metrics: metrics.clone(),
        }
    }
}

/// Whoever waits for `work` must be answered, even if it panics.
async fn unpanicked<T>(work: impl Future<Output = Result<T, LoadError>>) -> Result<T, LoadError> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(LoadError::broken("a statement's rows could not be read")))
}

/// Logs a failure, once for all who waited.
fn tell<T>(kind: &Kind, outcome: &Result<T, LoadError>) {
    match outcome {
        Ok(_) => {}
        Err(error @ LoadError::Failed(_)) => {
            tracing::error!(%error, kind = kind.name(), "rows could not be loaded");
        }
        Err(error) => {
            tracing::warn!(%error, kind = kind.name(), "rows could not be loaded");
        }
    }
}
