//! Metrics, spans and logs of batches and statements, by the kind of key or list.

use std::{
    any::type_name,
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
    kind: String,
    statements: Statements,
}

impl Instrument {
    fn new(metrics: &Metrics, kind: String) -> Arc<Self> {
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
                tracing::error!(%error, kind = self.kind, "rows could not be loaded");
            }
            Err(error) => {
                tracing::warn!(%error, kind = self.kind, "rows could not be loaded");
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

    /// Creates the instrument of the keys of the type `K`.
    pub(super) fn create_for_key<K>(&self) -> Arc<Instrument> {
        Instrument::new(&self.metrics, kind_of_key(type_name::<K>()))
    }

    /// Returns the instrument of the lists of that name.
    pub(super) fn list(&self, name: &'static str) -> Arc<Instrument> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(instrument) = lists.get(name) {
            return instrument.clone();
        }
        drop(lists);
        let instrument = Instrument::new(&self.metrics, format!("list_of_{name}"));
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

/// Names a type of key in metrics: `…::workspace_invite::ByToken` is `workspace_invite_by_token`. A
/// page of a list has the list's name, and a scope that of the list's module.
fn kind_of_key(type_name: &str) -> String {
    let (outer, inner) = type_name.split_once('<').unwrap_or(("", type_name));
    let mut segments = inner.trim_end_matches('>').rsplit("::");
    let (mut name, module) = (segments.next().unwrap_or_default(), segments.next());
    if outer.ends_with("::ScopeOf") {
        name = "Scope";
    }
    let mut snake = module
        .map(|module| format!("{module}_"))
        .unwrap_or_default();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::kind_of_key;

    #[test]
    fn kinds_are_named_after_their_keys() {
        for (type_name, name) in [
            (
                "gateway::loader::workspace_invite::ByToken",
                "workspace_invite_by_token",
            ),
            (
                "gateway::loader::of_parent::PageOf<gateway::loader::course_invite::List>",
                "course_invite_list",
            ),
            (
                "gateway::scope::ScopeOf<entity::group::Entity>",
                "group_scope",
            ),
            (
                "gateway::scope::ScopeOf<gateway::loader::invite_code::Managed>",
                "invite_code_scope",
            ),
            ("u32", "u32"),
        ] {
            assert_eq!(kind_of_key(type_name), name);
        }
    }
}
