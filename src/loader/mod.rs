//! Loads rows from the database, in batches and pages.
//!
//! All requests share one [`Loaders`], which caches no row. A viewer's roles are cached for one
//! request ([`role::RoleLoader`]).
//!
//! # Freshness
//!
//! If the database has a hot standby, a request reads from it, unless it needs fresher rows
//! ([`Freshness`]). Some reads raise the freshness of their request:
//!
//! - The viewer and their rights are always read from the primary: the viewer's row
//!   (`Loaders::subject`), their roles (`role`), and the lists that are filtered by roles in SQL. So a
//!   withdrawn role or a deleted account takes effect at once.
//! - Codes, tokens and the rows that they name are read from the primary if the standby lacks them.
//!   The e-mail that has the code may be faster than replication.
//! - A standby that is unavailable is skipped (`read_router`).
//!
//! Other changes are visible once they are replayed: until then a cancelled invite may still look
//! pending, and a list may lack its newest row.

mod columns;
mod error;
mod filter;
mod instrument;
mod key;
mod listing;
mod managed;
mod read_router;
mod reader;
mod scope;
mod tables;

pub mod course;
pub mod course_invite;
pub mod external_key;
pub mod group;
pub mod group_invite;
mod group_member_count;
pub mod invite;
pub mod invite_code;
pub mod invite_code_by_code;
pub mod invite_counts;
pub mod invite_event;
pub mod role;
pub mod tag;
pub mod user;
pub mod workspace;
pub mod workspace_invite;
mod workspace_invite_by_token;

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use async_graphql::dataloader::Loader;
use batch_loader::{Backend, BatchLoader, Key, SlowStatements, Work};
use chrono::{DateTime, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::{
    DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryResult, QueryTrait, Select, Value,
    sea_query::{SelectStatement, ValueType},
};
use tokio::time::timeout;

use crate::{
    access::proof::Guarded,
    database::{Heartbeat, OpenDatabase, Purpose, Readiness, readiness},
    metrics::Metrics,
    paging::{Page, Slice},
    rate_limit::{Client, CostEstimate},
};
use columns::{Columns, FromColumns};
use instrument::{Instrument, Instruments};
use listing::Listing;
use read_router::ReadRouter;
use reader::{Reader, Text};
use scope::Scopes;

pub use batch_loader::batch_loads;
pub use error::{ListError, LoadError};
pub use filter::{InstantRange, InviteSort};
pub use managed::{TargetFilter, TargetSort};

/// Timeout of a readiness check of a database without a heartbeat.
const READINESS_TIMEOUT: Duration = Duration::from_millis(900);

/// Loads rows by key, for all requests. Keys that are pending at the same time share statements.
pub struct Loaders {
    /// Reads from the primary.
    current: Arc<Loading>,
    /// Reads from the standby; the same as `current` without one.
    replicated: Arc<Loading>,
    scopes: Scopes,
    /// The readiness of the last check.
    readiness: Mutex<Option<Readiness>>,
}

/// Loads rows through one router.
struct Loading {
    rows: Arc<Rows>,
    batches: BatchLoader<Rows>,
}

impl Loading {
    fn from(router: ReadRouter, slow: Arc<SlowStatements>, metrics: &Metrics) -> Arc<Self> {
        let connections = router.max_connections();
        let instruments = Instruments::new(metrics);
        let rows = Arc::new(Rows {
            router,
            instruments,
        });
        Arc::new(Self {
            batches: BatchLoader::new(rows.clone(), connections, slow),
            rows,
        })
    }

    async fn list<T: Send + 'static>(
        &self,
        listing: Listing,
        page: Page,
        read: fn(&mut Columns<'_>) -> Result<T, DbErr>,
        estimate: Option<CostEstimate>,
    ) -> Result<Slice<T>, ListError> {
        let instrument = self.rows.instruments.list(listing.name);
        let rows = self.rows.clone();
        let load = async move { listing.page(&rows.router, &page, read).await };
        let work = ListStatement {
            estimate,
            statement: load.boxed(),
        };
        let found = self.batches.run_single(&instrument, work, Option::take);
        found.await
    }
}

/// The statement of a list that one request alone loads.
struct ListStatement<T> {
    estimate: Option<CostEstimate>,
    statement: BoxFuture<'static, Result<Slice<T>, LoadError>>,
}

impl<T: Send + 'static> Work for ListStatement<T> {
    type Output = Slice<T>;
    type Error = LoadError;
    type Admission = CostEstimate;

    fn take_admission(&mut self) -> Option<CostEstimate> {
        self.estimate.take()
    }

    fn run(self) -> BoxFuture<'static, Result<Slice<T>, LoadError>> {
        self.statement
    }
}

/// A database to read rows from.
pub struct Source {
    /// The database.
    pub database: OpenDatabase,
    /// Heartbeat of the server. Without one, statements wait as long as connecting may take.
    pub heartbeat: Option<Heartbeat>,
    /// The database's time limit of a statement.
    pub limit: Option<Duration>,
}

impl Source {
    fn reader(self) -> Reader {
        Reader::new(self.database, self.heartbeat, self.limit)
    }
}

impl<T: Into<OpenDatabase>> From<T> for Source {
    fn from(database: T) -> Self {
        Self {
            database: database.into(),
            heartbeat: None,
            limit: None,
        }
    }
}

impl Loaders {
    /// Creates loaders over a database.
    pub fn new(source: impl Into<Source>, metrics: &Metrics) -> Self {
        let router = ReadRouter::new(Arc::new(source.into().reader()));
        metrics.collect_connections(router.connections());
        let current = Loading::from(router, Arc::default(), metrics);
        Self {
            replicated: current.clone(),
            current,
            scopes: Scopes::default(),
            readiness: Mutex::default(),
        }
    }

    /// Creates loaders over a PostgreSQL and its hot standby.
    pub fn with_standby(primary: Source, standby: Source, metrics: &Metrics) -> Self {
        let primary = Arc::new(primary.reader());
        let router = ReadRouter::with_standby(primary.clone(), standby.reader());
        metrics.collect_connections(router.connections());
        // Statements that the standby cannot run go to the primary, too.
        let slow = Arc::<SlowStatements>::default();
        Self {
            current: Loading::from(ReadRouter::new(primary), slow.clone(), metrics),
            replicated: Loading::from(router, slow, metrics),
            scopes: Scopes::default(),
            readiness: Mutex::default(),
        }
    }

    /// Returns the readiness of the database for a purpose now. Logs a change.
    pub async fn readiness(&self, purpose: Purpose) -> Readiness {
        let readiness = self.check(purpose).await;
        let mut last = self
            .readiness
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (readiness, last.replace(readiness)) {
            (readiness, last) if last == Some(readiness) => {}
            (Readiness::Ready, None) => {}
            (Readiness::Ready, _) => tracing::info!("{readiness}"),
            _ => tracing::warn!("{readiness}"),
        }
        readiness
    }

    async fn check(&self, purpose: Purpose) -> Readiness {
        match self.current.rows.router.heartbeat() {
            Some(heartbeat) => heartbeat.readiness(purpose).await,
            None => {
                let checked = timeout(READINESS_TIMEOUT, readiness(self.database(), purpose)).await;
                checked.unwrap_or(Readiness::Unreachable)
            }
        }
    }

    fn database(&self) -> &DatabaseConnection {
        self.current.rows.database()
    }

    /// Reads rows as fresh as a request needs them.
    pub fn reads(&self, freshness: Freshness) -> Reads<'_> {
        Reads {
            loaders: self,
            freshness,
        }
    }
}

/// The freshness of the rows that a request reads, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Reads from the standby, which may be a little behind.
    Standby,
    /// Reads keys that the standby lacks from the primary as well. Lists are read as with
    /// [`Self::Standby`].
    StandbyThenPrimary,
    /// Reads from the primary.
    Primary,
}

/// Reads rows with the freshness of a request.
#[derive(Clone, Copy)]
pub struct Reads<'a> {
    loaders: &'a Loaders,
    freshness: Freshness,
}

/// Reads lists for a client, at the instant of its request. Wide lists are charged to the client.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    reads: Reads<'a>,
    client: &'a Arc<Client>,
    now: DateTime<Utc>,
}

impl Lists<'_> {
    fn database(&self) -> &DatabaseConnection {
        self.reads.database()
    }
}

impl<'a> Reads<'a> {
    /// Reads lists with the same freshness.
    pub fn lists(self, client: &'a Arc<Client>, now: DateTime<Utc>) -> Lists<'a> {
        Lists {
            reads: self,
            client,
            now,
        }
    }

    /// Raises the freshness to `freshness`, and never lowers it.
    pub fn at_least(self, freshness: Freshness) -> Self {
        Self {
            freshness: self.freshness.max(freshness),
            ..self
        }
    }

    fn database(&self) -> &DatabaseConnection {
        self.loaders.database()
    }

    /// Returns the loading of lists, and of the first attempt at keys.
    fn loading(&self) -> &Loading {
        match self.freshness {
            Freshness::Standby | Freshness::StandbyThenPrimary => &self.loaders.replicated,
            Freshness::Primary => &self.loaders.current,
        }
    }

    /// Loads the row of a key, in one statement with the keys of its type that are pending now.
    async fn one<K: Key>(&self, key: K) -> Result<Option<<Rows as Loader<K>>::Value>, LoadError>
    where
        Rows: Loader<K, Error = LoadError>,
    {
        let Loaders {
            current,
            replicated,
            ..
        } = self.loaders;
        let may_retry = self.freshness == Freshness::StandbyThenPrimary;
        if !may_retry || Arc::ptr_eq(current, replicated) {
            return self.loading().batches.load(key).await;
        }
        match replicated.batches.load(key.clone()).await? {
            // Keys of a wave that the standby lacks share one statement on the primary.
            None => current.batches.load(key).await,
            found => Ok(found),
        }
    }

    /// Loads a page of a list for one request alone.
    async fn list<T: Send + 'static>(
        &self,
        listing: Listing,
        page: Page,
        read: fn(&mut Columns<'_>) -> Result<T, DbErr>,
        estimate: Option<CostEstimate>,
    ) -> Result<Slice<T>, ListError> {
        self.loading().list(listing, page, read, estimate).await
    }
}

/// Locks a mutex whose data no panic can leave inconsistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Guards each row, and maps it by its key.
fn guarded_by_key<M, K: Eq + Hash>(rows: Vec<M>, key: impl Fn(&M) -> K) -> HashMap<K, Guarded<M>> {
    rows.into_iter()
        .map(|row| (key(&row), Guarded::seal(row)))
        .collect()
}

/// Loads batches: implements [`Loader`] once for each kind of key.
struct Rows {
    router: ReadRouter,
    instruments: Instruments,
}

impl Backend for Rows {
    type Observer = Instrument;

    fn observer<K: Key>(&self) -> Arc<Instrument> {
        self.instruments.create(K::kind())
    }
}

impl Rows {
    fn database(&self) -> &DatabaseConnection {
        self.router.database()
    }

    /// Loads the rows of `select` whose `column` is any of `keys`.
    async fn load_by_keys<E, K>(
        &self,
        select: impl Fn() -> Select<E>,
        column: E::Column,
        keys: &[K],
        text: &OnceLock<Arc<str>>,
    ) -> Result<Vec<E::Model>, LoadError>
    where
        E: EntityTrait<Model: FromColumns>,
        K: Into<Value> + ValueType + Clone + Sync,
    {
        let rows = self.rows_of_keys(keys, text, |keys| {
            let wanted = key::any_of(
                self.database(),
                (E::default(), column),
                keys.iter().cloned(),
            );
            select().filter(wanted).into_query()
        });
        let rows = rows.await?;
        let models = rows
            .iter()
            .map(|row| E::Model::read(&mut Columns::from(row, 0)));
        Ok(models.collect::<Result<_, _>>()?)
    }

    /// Loads the rows of the statement whose only parameters are `keys`. `text` caches it where one
    /// text serves all keys.
    async fn rows_of_keys<K>(
        &self,
        keys: &[K],
        text: &OnceLock<Arc<str>>,
        statement: impl Fn(&[K]) -> SelectStatement,
    ) -> Result<Vec<QueryResult>, DbErr>
    where
        K: Into<Value> + ValueType + Clone + Sync,
    {
        if self.router.postgres().is_none() {
            return self.router.all(&statement(keys)).await;
        }
        let sql = text.get_or_init(|| Text::new(&statement(&[])).sql);
        self.router.all_of_text(sql, || key::array(keys)).await
    }
}
