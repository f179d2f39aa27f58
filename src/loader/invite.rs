//! Lists of invites of every kind: those that a user sent, and those addressed to them.
//!
//! They return kinds and ids. The rows are then loaded and guarded like any other.

use std::{hash::Hash, marker::PhantomData, sync::Arc};

use chrono::{DateTime, Utc};
use entity::{course_invite, invite_code, user, workspace_invite};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, ExprTrait,
    sea_query::{CaseStatement, Expr, Query, SelectStatement},
};

use super::{
    InstantRange, InviteSort, ListError, Lists,
    columns::Columns,
    course_invite as course_invites,
    filter::{any_status, far_future, status_rank},
    invite_code as invite_codes,
    listing::{ListOfParent, Listing, OfParent, Source},
    scope::{ParentColumn, RowCost, Scope, rows_of},
    workspace_invite as workspace_invites,
};
use crate::{
    access::proof::{SelfProof, StaffProof},
    invite::{InviteKind, Joined, Status},
    paging::{Page, Slice, SortType},
};

/// Narrows a list of invites of every kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
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
    /// Invites that the user sent.
    Sent,
    /// Invites addressed to the user, by account or by verified address.
    Received,
}

impl Mailbox {
    /// Condition: an invite of this kind is in the mailbox of the user whose columns are given. Group
    /// invites are in none: they have neither inviter nor invitee.
    fn has(self, kind: InviteKind, user: ParentColumn<'_>) -> Expr {
        use InviteKind::{CourseInvite, GroupInvite, InviteCode, WorkspaceInvite};
        let (owner, address) = match (self, kind) {
            (_, GroupInvite) => return Expr::cust("1 = 0"),
            (Self::Sent, InviteCode) => (column(invite_code::Column::InvitedById), None),
            (Self::Sent, WorkspaceInvite) => (column(workspace_invite::Column::InviterId), None),
            (Self::Sent, CourseInvite) => (column(course_invite::Column::InvitedById), None),
            (Self::Received, InviteCode) => (
                column(invite_code::Column::UserId),
                Some(column(invite_code::Column::EmailNorm)),
            ),
            (Self::Received, WorkspaceInvite) => (
                column(workspace_invite::Column::AcceptedById),
                Some(column(workspace_invite::Column::EmailNorm)),
            ),
            (Self::Received, CourseInvite) => {
                let accepted = column(course_invite::Column::AcceptedById).eq(user("id"));
                let invited = column(course_invite::Column::UserId).eq(user("id"));
                let address = column(course_invite::Column::EmailNorm);
                return invited.or(accepted).or(address.eq(verified_address(user)));
            }
        };
        let is_theirs = owner.eq(user("id"));
        match address {
            Some(address) => is_theirs.or(address.eq(verified_address(user))),
            None => is_theirs,
        }
    }

    /// Cost for each row of a list without a filter.
    fn row_cost(self) -> RowCost {
        match self {
            Self::Sent => RowCost::default(),
            Self::Received => RowCost::MERGE,
        }
    }
}

/// A user's verified address, normalized; NULL if there is none.
fn verified_address(user: ParentColumn<'_>) -> Expr {
    let is_verified = user("is_verified").and(user("email_norm").ne(""));
    CaseStatement::new()
        .case(is_verified, user("email_norm"))
        .into()
}

/// Name of the viewer's lists.
const LIST: &str = "invites";

/// The invites that a user sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Sent;

/// The invites addressed to a user. Only a verified address counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Received;

impl Scope for Sent {
    fn list() -> &'static str {
        LIST
    }

    fn rows(user: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        vec![
            rows_of::<invite_code::Entity>(invite_code::Column::InvitedById, user),
            rows_of::<workspace_invite::Entity>(workspace_invite::Column::InviterId, user),
            rows_of::<course_invite::Entity>(course_invite::Column::InvitedById, user),
        ]
    }
}

impl Scope for Received {
    fn list() -> &'static str {
        LIST
    }

    fn rows(user: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        vec![
            rows_of::<invite_code::Entity>(invite_code::Column::UserId, user),
            rows_at::<invite_code::Entity>(invite_code::Column::EmailNorm, user),
            rows_of::<workspace_invite::Entity>(workspace_invite::Column::AcceptedById, user),
            rows_at::<workspace_invite::Entity>(workspace_invite::Column::EmailNorm, user),
            rows_of::<course_invite::Entity>(course_invite::Column::UserId, user),
            rows_of::<course_invite::Entity>(course_invite::Column::AcceptedById, user),
            rows_at::<course_invite::Entity>(course_invite::Column::EmailNorm, user),
        ]
    }
}

/// Selects the rows of a table whose `address` is the user's.
fn rows_at<E: EntityTrait>(address: E::Column, user: Option<ParentColumn<'_>>) -> SelectStatement {
    let is_theirs = user.map(|user| column(address).eq(verified_address(user)));
    Query::select()
        .from(E::default())
        .and_where_option(is_theirs)
        .take()
}

/// A mailbox as a type.
trait TypedMailbox: Scope + Clone + Eq + Hash {
    const MAILBOX: Mailbox;
    /// Name of the lists in metrics.
    const NAME: &'static str;
}

impl TypedMailbox for Sent {
    const MAILBOX: Mailbox = Mailbox::Sent;
    const NAME: &'static str = "sent_invites";
}

impl TypedMailbox for Received {
    const MAILBOX: Mailbox = Mailbox::Received;
    const NAME: &'static str = "received_invites";
}

/// A mailbox of users other than the viewer.
#[derive(Clone, PartialEq, Eq, Hash)]
struct MailboxOfUser<M> {
    filter: InviteFilter,
    sort: InviteSort,
    page: Page,
    now: DateTime<Utc>,
    of: PhantomData<M>,
}

impl<M: TypedMailbox> ListOfParent for MailboxOfUser<M> {
    type Row = InviteRef;
    type Parent = user::Entity;
    const PARENT_COLUMNS: &'static [&'static str] = &["id", "email_norm", "is_verified"];
    const NAME: &'static str = M::NAME;

    fn scope(user: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        M::rows(user)
    }

    fn listing(&self, _: &DatabaseConnection) -> Listing {
        let of_parent = |kind| -> OfParent { Arc::new(move |user| M::MAILBOX.has(kind, user)) };
        self.filter
            .listing(|kind| (None, Some(of_parent(kind))), self.sort, self.now)
    }

    fn page(&self) -> &Page {
        &self.page
    }

    fn row_cost(&self) -> RowCost {
        let base = M::MAILBOX.row_cost();
        self.filter.row_cost(base, self.sort, &self.page)
    }

    fn read(columns: &mut Columns<'_>) -> Result<InviteRef, DbErr> {
        read(columns)
    }
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
        let row_cost = filter.row_cost(mailbox.row_cost(), sort, &page);
        let estimate = match mailbox {
            Mailbox::Sent => self.estimate::<Sent>(Some(id), row_cost).await?,
            Mailbox::Received => self.estimate::<Received>(Some(id), row_cost).await?,
        };
        let email = viewer.verified_email_norm();
        let user = |column| match column {
            "email_norm" => Expr::val(email.unwrap_or_default()),
            "is_verified" => Expr::val(email.is_some()),
            _ => Expr::val(id),
        };
        let is_theirs = |kind| (Some(mailbox.has(kind, &user)), None);
        let listing = filter.listing(is_theirs, sort, self.now);
        self.reads.list(listing, page, read, estimate).await
    }

    /// Loads a page of the invites that a user sent, or of those addressed to them, in one statement with
    /// those of other users.
    pub async fn invites_of_user(
        &self,
        _: &StaffProof,
        user_id: i64,
        mailbox: Mailbox,
        filter: InviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<InviteRef>, ListError> {
        match mailbox {
            Mailbox::Sent => self.of_user::<Sent>(user_id, filter, sort, page).await,
            Mailbox::Received => self.of_user::<Received>(user_id, filter, sort, page).await,
        }
    }

    async fn of_user<M: TypedMailbox>(
        &self,
        user_id: i64,
        filter: InviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<InviteRef>, ListError> {
        let list = MailboxOfUser::<M> {
            filter,
            sort,
            page,
            now: self.now,
            of: PhantomData,
        };
        self.of_parent(user_id, list).await
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
            (sort != InviteSort::CreatedAt, RowCost::SORT),
        ]);
        filters.of_page(page)
    }

    /// The invites of each kind that meet the condition of `whose`, or belong to the parent.
    fn listing(
        &self,
        whose: impl Fn(InviteKind) -> (Option<Expr>, Option<OfParent>),
        sort: InviteSort,
        now: DateTime<Utc>,
    ) -> Listing {
        let mut sources = Vec::new();
        if self.has(InviteKind::InviteCode) {
            use invite_code::{Column, Entity};
            let (is_theirs, of_parent) = whose(InviteKind::InviteCode);
            let condition = Condition::all()
                .add_option(is_theirs)
                .add(self.statuses_are(|status| invite_codes::status_is(status, now)))
                .add(self.created.contains(column(Column::GeneratedAt)))
                .add(self.expires.contains(column(Column::ExpiresAt)));
            sources.push(source(
                Query::select().from(Entity).cond_where(condition).take(),
                INVITE_CODE,
                column(Column::Id),
                invite_codes::sort_expr(sort, now),
                of_parent,
            ));
        }
        if self.has(InviteKind::WorkspaceInvite) {
            use workspace_invite::{Column, Entity};
            let (is_theirs, of_parent) = whose(InviteKind::WorkspaceInvite);
            let condition = Condition::all()
                .add_option(is_theirs)
                .add(self.statuses_are(|status| workspace_invites::status_is(status, now)))
                .add(workspace_invites::in_live_workspace())
                .add(self.created.contains(column(Column::CreatedAt)))
                .add(self.expires.contains(column(Column::ExpiresAt)));
            sources.push(source(
                Query::select().from(Entity).cond_where(condition).take(),
                WORKSPACE_INVITE,
                column(Column::Id),
                workspace_invites::sort_expr(sort, now),
                of_parent,
            ));
        }
        if self.has(InviteKind::CourseInvite) && !self.expires.is_bounded() {
            use course_invite::Column;
            let (is_theirs, of_parent) = whose(InviteKind::CourseInvite);
            let condition = Condition::all()
                .add_option(is_theirs)
                .add(self.statuses_are(course_invites::status_is))
                .add(self.created.contains(column(Column::CreatedAt)));
            let value = match sort {
                InviteSort::CreatedAt => column(Column::CreatedAt),
                InviteSort::ExpiresAt => Expr::val(far_future()),
                InviteSort::Status => status_rank(course_invites::status_is),
                InviteSort::Role => Expr::val(Joined::COURSE),
                InviteSort::Email => course_invites::address(),
                InviteSort::Name => Expr::val(""),
            };
            sources.push(source(
                course_invites::live_rows().cond_where(condition).take(),
                COURSE_INVITE,
                column(Column::Id),
                value,
                of_parent,
            ));
        }
        Listing {
            name: LIST,
            sources,
            order: vec![sort.sort_type(), SortType::Int, SortType::Int],
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

fn column<C: ColumnTrait>(column: C) -> Expr {
    Expr::col(column.as_column_ref())
}

fn source(
    rows: SelectStatement,
    kind: i64,
    id: Expr,
    sort: Expr,
    of_parent: Option<OfParent>,
) -> Source {
    Source {
        rows,
        counted: None,
        columns: vec![
            (Expr::val(kind), KIND.to_owned()),
            (id.clone(), ID.to_owned()),
        ],
        order: vec![sort, id, Expr::val(kind)],
        of_parent,
    }
}
