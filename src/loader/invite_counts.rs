//! Numbers of a target's invites by effective status.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{Hash, Hasher},
    marker::PhantomData,
    sync::Arc,
};

use async_graphql::dataloader::Loader;
use batch_loader::{Key, Work};
use chrono::{DateTime, Utc};
use entity::{course, course_invite, workspace, workspace_invite};
use futures_util::{FutureExt, future::BoxFuture};
use sea_orm::{
    Condition, EntityName, EntityTrait,
    sea_query::{CaseStatement, Expr, Func, Query, SelectStatement},
};

use super::{
    ListError, Lists, LoadError, Loading, Rows,
    columns::Columns,
    course_invite as course_invites,
    key::any_of,
    scope::{ParentColumn, RowCost, Scope, rows_of},
    workspace_invite as workspace_invites,
};
use crate::{
    access::proof::{CourseManager, WorkspaceManager},
    invite::Status,
    rate_limit::CostEstimate,
};

/// Numbers of invites by effective status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InviteCounts {
    /// Pending.
    pub pending: i64,
    /// Accepted.
    pub accepted: i64,
    /// Withdrawn.
    pub cancelled: i64,
    /// Expired.
    pub expired: i64,
    /// Declined.
    pub declined: i64,
}

impl InviteCounts {
    fn of(&mut self, status: Status) -> &mut i64 {
        match status {
            Status::Pending => &mut self.pending,
            Status::Accepted => &mut self.accepted,
            Status::Cancelled => &mut self.cancelled,
            Status::Expired => &mut self.expired,
            Status::Declined => &mut self.declined,
        }
    }
}

/// A table of invites to targets.
trait Counted: EntityTrait {
    /// The table of targets.
    type Target: EntityTrait;
    /// The column that names the target.
    const TARGET: Self::Column;
    /// Condition: the invite has this effective status.
    fn status_is(status: Status, now: DateTime<Utc>) -> Condition;
}

impl Counted for workspace_invite::Entity {
    type Target = workspace::Entity;
    const TARGET: Self::Column = workspace_invite::Column::WorkspaceId;

    fn status_is(status: Status, now: DateTime<Utc>) -> Condition {
        workspace_invites::status_is(status, now)
    }
}

impl Counted for course_invite::Entity {
    type Target = course::Entity;
    const TARGET: Self::Column = course_invite::Column::CourseId;

    fn status_is(status: Status, _: DateTime<Utc>) -> Condition {
        course_invites::status_is(status)
    }
}

/// The invites of one target.
struct CountsOf<E> {
    target_id: i64,
    now: DateTime<Utc>,
    of: PhantomData<E>,
}

/// Derived impls would need the same of `E`.
impl<E> Clone for CountsOf<E> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<E> PartialEq for CountsOf<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.target_id, self.now) == (other.target_id, other.now)
    }
}

impl<E> Eq for CountsOf<E> {}

impl<E> Hash for CountsOf<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.target_id, self.now).hash(state);
    }
}

impl<E: Counted> Key for CountsOf<E> {
    fn kind() -> Cow<'static, str> {
        format!("counts_of_{}", E::default().table_name()).into()
    }
}

impl<E: Counted> Loader<CountsOf<E>> for Rows {
    type Value = InviteCounts;
    type Error = LoadError;

    /// Reads only the index by status. A target without invites is missing in the result.
    async fn load(
        &self,
        keys: &[CountsOf<E>],
    ) -> Result<HashMap<CountsOf<E>, InviteCounts>, LoadError> {
        let mut targets_at: HashMap<DateTime<Utc>, Vec<i64>> = HashMap::new();
        for key in keys {
            targets_at.entry(key.now).or_default().push(key.target_id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (now, ids) in targets_at {
            let target = || Expr::col((E::default(), E::TARGET));
            let mut statement = Query::select()
                .expr(target())
                .from(E::default())
                .and_where(any_of(self.database(), (E::default(), E::TARGET), ids))
                .add_group_by([target()])
                .take();
            for status in Status::ALL {
                let counted = CaseStatement::new().case(E::status_is(status, now), 1i32);
                statement.expr(Func::count(counted));
            }
            for row in self.router.all(&statement).await? {
                let mut columns = Columns::from(&row, 0);
                let target_id = columns.next()?;
                let mut counts = InviteCounts::default();
                for status in Status::ALL {
                    *counts.of(status) = columns.next()?;
                }
                let of = PhantomData;
                found.insert(CountsOf { target_id, now, of }, counts);
            }
        }
        Ok(found)
    }
}

/// The invites of all targets.
struct InvitesOf<E>(PhantomData<E>);

impl<E: Counted> Scope for InvitesOf<E> {
    fn list() -> &'static str {
        E::default().table_name()
    }

    fn parents() -> &'static str {
        E::Target::default().table_name()
    }

    fn rows(parent: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        vec![rows_of::<E>(E::TARGET, parent)]
    }
}

/// Counts that read many rows, for one request alone.
struct WideCounts<E> {
    rows: Arc<Rows>,
    key: CountsOf<E>,
    estimate: Option<CostEstimate>,
}

impl<E: Counted> Work for WideCounts<E> {
    type Output = Option<InviteCounts>;
    type Error = LoadError;
    type Admission = CostEstimate;

    fn take_admission(&mut self) -> Option<CostEstimate> {
        self.estimate.take()
    }

    fn run(self) -> BoxFuture<'static, Result<Self::Output, LoadError>> {
        async move {
            let found = self.rows.load(std::slice::from_ref(&self.key)).await?;
            Ok(found.get(&self.key).copied())
        }
        .boxed()
    }
}

impl Lists<'_> {
    /// Counts the invites to a workspace.
    pub async fn workspace_invite_counts(
        &self,
        manager: &WorkspaceManager,
    ) -> Result<InviteCounts, ListError> {
        self.counts::<workspace_invite::Entity>(manager.workspace_id())
            .await
    }

    /// Counts the invites to a course, without those of deleted accounts.
    pub async fn course_invite_counts(
        &self,
        manager: &CourseManager,
    ) -> Result<InviteCounts, ListError> {
        self.counts::<course_invite::Entity>(manager.course_id())
            .await
    }

    async fn counts<E: Counted>(&self, target_id: i64) -> Result<InviteCounts, ListError> {
        let estimate = self
            .estimate::<InvitesOf<E>>(Some(target_id), RowCost::COUNT)
            .await?;
        let (now, of) = (self.now, PhantomData::<E>);
        let key = CountsOf { target_id, now, of };
        let counts = match estimate {
            None => self.reads.one(key).await?,
            estimate => {
                let Loading { rows, batches } = self.reads.loading();
                let instrument = rows.instruments.list(E::default().table_name());
                let rows = rows.clone();
                let work = WideCounts {
                    rows,
                    key,
                    estimate,
                };
                batches.run_single(&instrument, work, Option::take).await?
            }
        };
        Ok(counts.unwrap_or_default())
    }
}
