//! Metrics, spans and logs of batches and statements, by the kind of key or list.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use batch_loader::Observer;
use sea_orm::{DbErr, QueryResult};
use tracing::{Instrument as _, Span};

use super::{
    LoadError,
    error::{is_locked, is_overdue, is_unavailable},
};
use crate::{
    metrics::{Metrics, Server, StatementOutcome, Statements},
    trace,
};

tokio::task_local! {
    /// Counts the statements of the running task.
    static CURRENT: Arc<Instrument>;
}

/// Observes the loads of one kind of key or list.
pub(super) struct Instrument {
    kind: Cow<'static, str>,
    statements: Statements,
}

impl Instrument {
    fn new(metrics: &Metrics, kind: Cow<'static, str>) -> Arc<Self> {
        let statements = metrics.statements(&kind);
        Arc::new(Self { kind, statements })
    }
}

impl Observer for Instrument {
    type Error = LoadError;
    type Context = Span;

    fn context() -> Span {
        trace::current()
    }

    async fn observe<'a, T: Send>(
        self: &Arc<Self>,
        keys: usize,
        contexts: impl Iterator<Item = &'a Span> + Send,
        load: impl Future<Output = Result<T, LoadError>> + Send,
    ) -> Result<T, LoadError> {
        let span = trace::batch(&self.kind, keys, contexts);
        let outcome = CURRENT.scope(self.clone(), load).instrument(span).await;
        // Once for all requests that waited.
        match &outcome {
            Ok(_) => {}
            Err(error @ LoadError::Failed(_)) => {
                tracing::error!(%error, kind = &*self.kind, "rows could not be loaded");
            }
            Err(error) => {
                tracing::warn!(%error, kind = &*self.kind, "rows could not be loaded");
            }
        }
        outcome
    }

    fn record_batch(&self, keys: usize) {
        self.statements.batch(keys);
    }
}

/// Creates instruments, and keeps those of lists.
pub(super) struct Instruments {
    metrics: Metrics,
    lists: RwLock<HashMap<&'static str, Arc<Instrument>>>,
}

impl Instruments {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            lists: RwLock::default(),
        }
    }

    /// Creates the instrument of a kind of key.
    pub(super) fn create(&self, kind: Cow<'static, str>) -> Arc<Instrument> {
        Instrument::new(&self.metrics, kind)
    }

    /// Returns the instrument of the lists of that name.
    pub(super) fn list(&self, name: &'static str) -> Arc<Instrument> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(instrument) = lists.get(name) {
            return instrument.clone();
        }
        drop(lists);
        let instrument = Instrument::new(&self.metrics, format!("list_of_{name}").into());
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        lists.entry(name).or_insert(instrument).clone()
    }
}

/// Measures a statement that is sent to a server.
pub(super) async fn statement(
    system: &'static str,
    server: Server,
    send: impl Future<Output = Result<Vec<QueryResult>, DbErr>>,
) -> Result<Vec<QueryResult>, DbErr> {
    let span = trace::statement(system, server.name());
    let started = Instant::now();
    let rows = send.instrument(span.clone()).await;
    let outcome = match &rows {
        Ok(_) => StatementOutcome::Ok,
        Err(error) if is_overdue(error) => StatementOutcome::TimedOut,
        Err(error) if is_unavailable(error) || is_locked(error) => StatementOutcome::Unavailable,
        Err(_) => StatementOutcome::Failed,
    };
    let result = rows.as_ref().map(Vec::len).map_err(|_| outcome.name());
    trace::returned(&span, result);
    // Outside a batch or a list, no kind counts it.
    let _ = CURRENT.try_with(|kind| kind.statements.answered(outcome, started.elapsed()));
    rows
}
