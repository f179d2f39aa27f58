//! Lists of invites of every kind: those that the viewer sent, and those addressed to them.
//!
//! They return kinds and ids. The rows are then loaded and guarded like any other.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::{course_invite, invite_code, workspace_invite};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    InstantRange, InviteSort, ListError, Reads,
    columns::Columns,
    course_invite as course_invites,
    filter::{any_status, far_future},
    invite_code as invite_codes,
    listing::{Listing, Source},
    scope::{Effort, scope},
    workspace_invite as workspace_invites,
};
use crate::{
    access::proof::SelfProof,
    invite::{InviteKind, Status},
    paging::{Page, Slice, SortType},
    rate_limit::Client,
};

/// Narrows a list of invites of every kind.
#[derive(Clone, Debug, Default)]
pub struct InviteFilter {
    /// Of these kinds.
    pub kinds: Option<Vec<InviteKind>>,
    /// Effective status.
    pub statuses: Option<Vec<Status>>,
    /// Creation time.
    pub created: InstantRange,
    /// Expiry time. An invite that never expires is outside every range.
    pub expires: InstantRange,
}

/// Names an invite of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InviteRef {
    /// Its kind.
    pub kind: InviteKind,
    /// Its id among those of its kind.
    pub id: i64,
}

const KIND: &str = "kind";
const ID: &str = "invite_id";
const INVITE_CODE: i64 = 1;
const WORKSPACE_INVITE: i64 = 2;
const COURSE_INVITE: i64 = 3;

/// The invites that a user sent.
mod sent {
    use super::{ExprTrait, course_invite, in_table, invite_code, scope, workspace_invite};
    use sea_orm::sea_query::Expr;

    scope!("invites" of "users", |person| {
        let by = |column: Expr| person.map(|person| column.eq(person("id")));
        vec![
            in_table(invite_code::Entity, invite_code::Column::InvitedById, by),
            in_table(workspace_invite::Entity, workspace_invite::Column::InviterId, by),
            in_table(course_invite::Entity, course_invite::Column::InvitedById, by),
        ]
    });
}

/// The invites addressed to a user. Only a verified address counts.
mod received {
    use super::{ExprTrait, course_invite, in_table, invite_code, scope, workspace_invite};
    use sea_orm::sea_query::Expr;

    scope!("invites" of "users", |person| {
        let to = |column: Expr| person.map(|person| column.eq(person("id")));
        let at = |column: Expr| {
            person.map(|person| {
                column
                    .eq(person("email_norm"))
                    .and(person("email_norm").ne(""))
                    .and(person("is_verified"))
            })
        };
        vec![
            in_table(invite_code::Entity, invite_code::Column::UserId, to),
            in_table(invite_code::Entity, invite_code::Column::EmailNorm, at),
            in_table(workspace_invite::Entity, workspace_invite::Column::AcceptedById, to),
            in_table(workspace_invite::Entity, workspace_invite::Column::EmailNorm, at),
            in_table(course_invite::Entity, course_invite::Column::UserId, to),
        ]
    });
}

/// Selects the rows of a table whose column `is` the user's.
fn in_table<E: EntityTrait>(
    entity: E,
    of: E::Column,
    is: impl Fn(Expr) -> Option<Expr>,
) -> SelectStatement {
    Query::select()
        .from(entity)
        .and_where_option(is(column::<E>(of)))
        .take()
}

impl Reads<'_> {
    /// Loads a page of the invites that the viewer sent.
    pub async fn sent_invites(
        &self,
        person: &SelfProof,
        filter: &InviteFilter,
        sort: InviteSort,
        page: &Page,
        now: DateTime<Utc>,
        client: &Arc<Client>,
    ) -> Result<Slice<InviteRef>, ListError> {
        let id = person.user_id();
        let effort = filter.effort(Effort::default(), sort, page);
        let estimate = self
            .estimate::<sent::Scope>(client, Some(id), effort, now)
            .await?;
        let codes = invite_code::Column::InvitedById.eq(id).into();
        let workspaces = workspace_invite::Column::InviterId.eq(id).into();
        let courses = course_invite::Column::InvitedById.eq(id).into();
        let listing = filter.listing([codes, workspaces, courses], sort, now);
        self.list(listing, page, read, estimate).await
    }

    /// Loads a page of the invites addressed to the viewer, by user or by verified address.
    pub async fn received_invites(
        &self,
        person: &SelfProof,
        filter: &InviteFilter,
        sort: InviteSort,
        page: &Page,
        now: DateTime<Utc>,
        client: &Arc<Client>,
    ) -> Result<Slice<InviteRef>, ListError> {
        let id = person.user_id();
        let effort = filter.effort(Effort::MERGE, sort, page);
        let estimate = self
            .estimate::<received::Scope>(client, Some(id), effort, now)
            .await?;
        let email = person.verified_email_norm();
        let codes = Condition::any()
            .add(invite_code::Column::UserId.eq(id))
            .add_option(email.map(|email| invite_code::Column::EmailNorm.eq(email)));
        let workspaces = Condition::any()
            .add(workspace_invite::Column::AcceptedById.eq(id))
            .add_option(email.map(|email| workspace_invite::Column::EmailNorm.eq(email)));
        let courses = course_invite::Column::UserId.eq(id).into();
        let listing = filter.listing([codes, workspaces, courses], sort, now);
        self.list(listing, page, read, estimate).await
    }
}

fn read(columns: &mut Columns<'_>) -> Result<InviteRef, DbErr> {
    let kind = match columns.next::<i64>()? {
        INVITE_CODE => InviteKind::InviteCode,
        WORKSPACE_INVITE => InviteKind::WorkspaceInvite,
        _ => InviteKind::CourseInvite,
    };
    let id = columns.next()?;
    Ok(InviteRef { kind, id })
}

impl InviteFilter {
    /// `base` is the effort without a filter.
    fn effort(&self, base: Effort, sort: InviteSort, page: &Page) -> Effort {
        let filters = Effort::sum([
            (true, base),
            (self.statuses.is_some(), Effort::COMPARE),
            (self.expires.is_bounded(), Effort::COMPARE),
            (sort == InviteSort::ExpiresAt, Effort::SORT),
        ]);
        filters.of_page(page)
    }

    /// The invites of each kind that meet its condition. Group invites are in no list, since they
    /// belong to nobody in particular.
    fn listing(
        &self,
        [codes, workspaces, courses]: [Condition; 3],
        sort: InviteSort,
        now: DateTime<Utc>,
    ) -> Listing {
        let mut sources = Vec::new();
        if self.has(InviteKind::InviteCode) {
            use invite_code::{Column, Entity};
            let condition = Condition::all()
                .add(codes)
                .add(self.statuses_are(|status| invite_codes::status_is(status, now)))
                .add(self.created.contains(column::<Entity>(Column::GeneratedAt)))
                .add(self.expires.contains(column::<Entity>(Column::ExpiresAt)));
            sources.push(source(
                Query::select().from(Entity).cond_where(condition).take(),
                INVITE_CODE,
                column::<Entity>(Column::Id),
                invite_codes::sort_expr(sort),
            ));
        }
        if self.has(InviteKind::WorkspaceInvite) {
            use workspace_invite::{Column, Entity};
            let condition = Condition::all()
                .add(workspaces)
                .add(self.statuses_are(|status| workspace_invites::status_is(status, now)))
                .add(workspace_invites::in_live_workspace())
                .add(self.created.contains(column::<Entity>(Column::CreatedAt)))
                .add(self.expires.contains(column::<Entity>(Column::ExpiresAt)));
            sources.push(source(
                Query::select().from(Entity).cond_where(condition).take(),
                WORKSPACE_INVITE,
                column::<Entity>(Column::Id),
                workspace_invites::sort_expr(sort),
            ));
        }
        if self.has(InviteKind::CourseInvite) && !self.expires.is_bounded() {
            use course_invite::{Column, Entity};
            let condition = Condition::all()
                .add(courses)
                .add(self.statuses_are(course_invites::status_is))
                .add(self.created.contains(column::<Entity>(Column::CreatedAt)));
            let sort = match sort {
                InviteSort::CreatedAt => column::<Entity>(Column::CreatedAt),
                InviteSort::ExpiresAt => Expr::val(far_future()),
            };
            sources.push(source(
                course_invites::live_rows().cond_where(condition).take(),
                COURSE_INVITE,
                column::<Entity>(Column::Id),
                sort,
            ));
        }
        Listing {
            name: "invites",
            sources,
            order: vec![SortType::Instant, SortType::Int, SortType::Int],
        }
    }

    fn has(&self, kind: InviteKind) -> bool {
        self.kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&kind))
    }

    fn statuses_are(&self, status_is: impl Fn(Status) -> Condition) -> Condition {
        match &self.statuses {
            None => Condition::all(),
            Some(statuses) => Condition::all().add(any_status(statuses, status_is)),
        }
    }
}

fn column<E: EntityTrait>(column: E::Column) -> Expr {
    Expr::col((E::default(), column))
}

fn source(rows: SelectStatement, kind: i64, id: Expr, sort: Expr) -> Source {
    Source {
        rows,
        counted: None,
        columns: vec![
            (Expr::val(kind), KIND.to_owned()),
            (id.clone(), ID.to_owned()),
        ],
        order: vec![sort, id, Expr::val(kind)],
    }
}
