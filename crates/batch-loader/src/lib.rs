//! Batches the loads of concurrent requests into few database statements.
//!
//! A request runs inside [`batch_loads`], and its resolvers call [`BatchLoader::load`] with one key
//! each. While the request is polled, its keys are collected. When no resolver can go on, they are
//! dispatched as one *wave*: one load for each type of key, however many keys there are. The
//! resolvers resume when the whole wave is loaded, so the number of statements does not depend on
//! the order in which the database responds.
//!
//! There is no timer. Each type of key has one statement running. Keys that other requests enqueue
//! meanwhile go into the next one. So a lone request does not wait, and a busier process sends
//! fewer statements for each request.
//!
//! Statements run in tasks of their own. A request that is dropped interrupts none, and a statement
//! that panics fails alone. A slow statement stops delaying others after a few milliseconds, but
//! the number of slow ones is limited, so that a locked table cannot occupy every connection.
//!
//! The crate knows no database. A [`Backend`] loads the rows, by implementing the [`Loader`] of
//! async-graphql for each type of key. An [`Observer`] records metrics, spans and logs. A statement
//! that serves one request alone is [`Work`], and may need [`Admission`].

mod limiter;
mod queue;
mod single;
#[cfg(test)]
mod tests;
mod wave;

use std::{
    any::{Any, TypeId},
    borrow::Cow,
    collections::HashMap,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

pub use async_graphql::dataloader::Loader;
use futures_util::FutureExt;

pub use self::{
    limiter::SlowStatements,
    single::{Admission, Outcome, Work},
    wave::batch_loads,
};

use self::limiter::{ConcurrencyLimiter, KindLimit};

/// A key of rows that are loaded in batches.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {
    /// Returns the name of this kind of key, for observers.
    fn kind() -> Cow<'static, str>;
}

/// Loads the rows, by implementing [`Loader`] for each type of key.
pub trait Backend: Send + Sync + 'static {
    /// Observes the loads of one kind.
    type Observer: Observer;

    /// Returns the observer of the loads by keys of the type `K`. Called once for each type.
    fn observer<K: Key>(&self) -> Arc<Self::Observer>;
}

/// The error of a backend's loads.
pub type LoadError<B> = <<B as Backend>::Observer as Observer>::Error;

/// Observes the loads of one kind, for metrics, traces and logs.
pub trait Observer: Send + Sync + 'static {
    /// The error of a load. Every request that waits for the load receives a clone.
    type Error: Clone + From<Panicked> + Send + Sync + 'static;

    /// Identifies the part of a request that needs a load, for example by its span.
    type Context: Send + Sync + 'static;

    /// Returns the context of the running task.
    fn context() -> Self::Context;

    /// Runs `load`, which loads `keys` keys for the requests that have these contexts, and observes
    /// its result.
    fn observe<'a, T: Send>(
        self: &Arc<Self>,
        keys: usize,
        contexts: impl Iterator<Item = &'a Self::Context> + Send,
        load: impl Future<Output = Result<T, Self::Error>> + Send,
    ) -> impl Future<Output = Result<T, Self::Error>> + Send;

    /// Records that one batch of `keys` keys is sent. A load of very many keys has several.
    fn record_batch(&self, keys: usize);
}

/// A load panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

/// Loads rows for all requests, by keys of every type, and keeps none.
pub struct BatchLoader<B> {
    backend: Arc<B>,
    limiter: Arc<ConcurrencyLimiter>,
    /// A [`queue::Queue`] for each type of key.
    queues: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// The limit of each type of [`Work`].
    limits: Mutex<HashMap<TypeId, Arc<KindLimit>>>,
}

impl<B: Backend> BatchLoader<B> {
    /// Creates a loader over `connections` database connections. `slow` is shared by all loaders
    /// that use the same connections.
    pub fn new(backend: Arc<B>, connections: usize, slow: Arc<SlowStatements>) -> Self {
        Self {
            backend,
            limiter: Arc::new(ConcurrencyLimiter::new(connections, slow)),
            queues: RwLock::default(),
            limits: Mutex::default(),
        }
    }
}

/// Locks a mutex whose data no panic can leave inconsistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Turns a panic into an error, so that requests do not wait forever.
async fn catch_panic<T, E: From<Panicked>>(
    load: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let caught = AssertUnwindSafe(load).catch_unwind().await;
    caught.unwrap_or_else(|_| Err(Panicked.into()))
}
