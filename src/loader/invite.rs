//! Lists of invites of every kind: those that the viewer sent, and those addressed to them.
//!
//! They return kinds and ids. The rows are then loaded and guarded like any other.

use chrono::{DateTime, Utc};
use entity::{course_invite, invite_code, workspace_invite};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    InstantRange, InviteSort, ListError, Lists,
    columns::Columns,
    course_invite as course_invites,
    filter::{any_status, far_future},
    invite_code as invite_codes,
    listing::{Listing, Source},
    scope::{RowCost, Scope},
    workspace_invite as workspace_invites,
};
use crate::{
    access::proof::SelfProof,
    invite::{InviteKind, Status},
    paging::{Page, Slice, SortType},
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
    /// Its workspace, group or course; of an invite code, the bucket of the code. None if not known.
    pub target: Option<i64>,
}

const KIND: &str = "kind";
const ID: &str = "invite_id";
const INVITE_CODE: i64 = 1;
const WORKSPACE_INVITE: i64 = 2;
const COURSE_INVITE: i64 = 3;

/// A list of invites of every kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// Invites that the viewer sent.
    Sent,
    /// Invites addressed to the viewer, by user or by verified address.
    Received,
}

/// Name of the lists.
const LIST: &str = "invites";

/// The invites that a user sent.
struct Sent;

/// The invites addressed to a user. Only a verified address counts.
struct Received;

impl Scope for Sent {
    fn list() -> &'static str {
        LIST
    }

    fn rows(user: Option<&dyn Fn(&'static str) -> Expr>) -> Vec<SelectStatement> {
        let by = |column: Expr| user.map(|user| column.eq(user("id")));
        vec![
            in_table(invite_code::Entity, invite_code::Column::InvitedById, by),
            in_table(
                workspace_invite::Entity,
                workspace_invite::Column::InviterId,
                by,
            ),
            in_table(
                course_invite::Entity,
                course_invite::Column::InvitedById,
                by,
            ),
        ]
    }
}

impl Scope for Received {
    fn list() -> &'static str {
        LIST
    }

    fn rows(user: Option<&dyn Fn(&'static str) -> Expr>) -> Vec<SelectStatement> {
        let to = |column: Expr| user.map(|user| column.eq(user("id")));
        let at = |column: Expr| {
            user.map(|user| {
                column
                    .eq(user("email_norm"))
                    .and(user("email_norm").ne(""))
                    .and(user("is_verified"))
            })
        };
        vec![
            in_table(invite_code::Entity, invite_code::Column::UserId, to),
            in_table(invite_code::Entity, invite_code::Column::EmailNorm, at),
            in_table(
                workspace_invite::Entity,
                workspace_invite::Column::AcceptedById,
                to,
            ),
            in_table(
                workspace_invite::Entity,
                workspace_invite::Column::EmailNorm,
                at,
            ),
            in_table(course_invite::Entity, course_invite::Column::UserId, to),
        ]
    }
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

impl Lists<'_> {
    /// Loads a page of the viewer's invites.
    pub async fn invites(
        &self,
        viewer: &SelfProof,
        mailbox: Mailbox,
        filter: InviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<InviteRef>, ListError> {
        let id = viewer.user_id();
        let email = viewer.verified_email_norm();
        let (estimate, conditions) = match mailbox {
            Mailbox::Sent => {
                let row_cost = filter.row_cost(RowCost::default(), sort, &page);
                let conditions = [
                    invite_code::Column::InvitedById.eq(id).into(),
                    workspace_invite::Column::InviterId.eq(id).into(),
                    course_invite::Column::InvitedById.eq(id).into(),
                ];
                (self.estimate::<Sent>(Some(id), row_cost).await?, conditions)
            }
            Mailbox::Received => {
                let row_cost = filter.row_cost(RowCost::MERGE, sort, &page);
                let conditions = [
                    Condition::any()
                        .add(invite_code::Column::UserId.eq(id))
                        .add_option(email.map(|email| invite_code::Column::EmailNorm.eq(email))),
                    Condition::any()
                        .add(workspace_invite::Column::AcceptedById.eq(id))
                        .add_option(
                            email.map(|email| workspace_invite::Column::EmailNorm.eq(email)),
                        ),
                    course_invite::Column::UserId.eq(id).into(),
                ];
                (
                    self.estimate::<Received>(Some(id), row_cost).await?,
                    conditions,
                )
            }
        };
        let listing = filter.listing(conditions, sort, self.now);
        self.reads.list(listing, page, read, estimate).await
    }
}

fn read(columns: &mut Columns<'_>) -> Result<InviteRef, DbErr> {
    let kind = match columns.next::<i64>()? {
        INVITE_CODE => InviteKind::InviteCode,
        WORKSPACE_INVITE => InviteKind::WorkspaceInvite,
        _ => InviteKind::CourseInvite,
    };
    let id = columns.next()?;
    Ok(InviteRef {
        kind,
        id,
        target: None,
    })
}

impl InviteFilter {
    /// `base` is the cost without a filter.
    fn row_cost(&self, base: RowCost, sort: InviteSort, page: &Page) -> RowCost {
        let filters = RowCost::sum([
            (true, base),
            (self.statuses.is_some(), RowCost::COMPARE),
            (self.expires.is_bounded(), RowCost::COMPARE),
            (sort == InviteSort::ExpiresAt, RowCost::SORT),
        ]);
        filters.of_page(page)
    }

    /// The invites of each kind that meet its condition. Group invites are in no list: they have
    /// neither inviter nor invitee.
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
            name: LIST,
            sources,
            order: vec![SortType::Instant, SortType::Int, SortType::Int],
            joined: Vec::new(),
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
