//! What is told of batches and statements: to metrics by the kind of key, to traces as spans.

use std::{
    any::type_name,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use sea_orm::{DbErr, QueryResult};
use tracing::{Instrument, Span};

use super::error::{is_locked, is_overdue, is_unavailable};
use crate::{
    metrics::{Metrics, Server, StatementOutcome, Statements},
    trace,
};

tokio::task_local! {
    /// What the statements are counted with that the running task sends.
    static KIND: Arc<Kind>;
}

/// A kind of key, or of list.
pub(super) struct Kind {
    name: String,
    statements: Statements,
}

impl Kind {
    pub(super) fn new(metrics: &Metrics, name: String) -> Arc<Self> {
        let statements = metrics.statements(&name);
        Arc::new(Self { name, statements })
    }

    /// The kind of keys of the type `K`.
    pub(super) fn of_key<K>(metrics: &Metrics) -> Arc<Self> {
        Self::new(metrics, name_of(type_name::<K>()))
    }

    /// How it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// So many keys are going to be loaded together.
    pub(super) fn count(&self, keys: usize) {
        self.statements.batch(keys);
    }

    /// Runs what loads keys of this kind for those who asked for them.
    pub(super) async fn run<'a, T>(
        self: &Arc<Self>,
        keys: usize,
        asked_by: impl Iterator<Item = &'a Span>,
        load: impl Future<Output = T>,
    ) -> T {
        let span = trace::batch(&self.name, keys, asked_by);
        KIND.scope(self.clone(), load).instrument(span).await
    }
}

/// The kinds of lists.
pub(super) struct Lists {
    metrics: Metrics,
    kinds: RwLock<HashMap<&'static str, Arc<Kind>>>,
}

impl Lists {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            kinds: RwLock::default(),
        }
    }

    /// The kind of lists of that name.
    pub(super) fn kind(&self, name: &'static str) -> Arc<Kind> {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = kinds.get(name) {
            return kind.clone();
        }
        drop(kinds);
        let kind = Kind::new(&self.metrics, format!("list_of_{name}"));
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        kinds.entry(name).or_insert(kind).clone()
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
    let told = rows.as_ref().map(Vec::len).map_err(|_| outcome.name());
    trace::returned(&span, told);
    // Outside of a batch or a list it is nobody's.
    let _ = KIND.try_with(|kind| kind.statements.answered(outcome, started.elapsed()));
    rows
}

/// How a key is called in metrics: `…::workspace_invite::ByToken` is `workspace_invite_by_token`,
/// and what is a page of a list is called as the list.
fn name_of(type_name: &str) -> String {
    let inner = type_name
        .split_once('<')
        .map_or(type_name, |(_, inner)| inner.trim_end_matches('>'));
    let mut segments = inner.rsplit("::");
    let (name, module) = (segments.next().unwrap_or_default(), segments.next());
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
    use super::name_of;

    #[test]
    fn kinds_are_called_as_their_keys() {
        for (type_name, name) in [
            (
                "gateway::loader::workspace_invite::ByToken",
                "workspace_invite_by_token",
            ),
            (
                "gateway::loader::of_parent::PageOf<gateway::loader::course_invite::List>",
                "course_invite_list",
            ),
            ("u32", "u32"),
        ] {
            assert_eq!(name_of(type_name), name);
        }
    }
}
