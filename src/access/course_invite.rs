//! Course invites. The invitee, the inviter, managers of the course and staff see them. Invites to an
//! address are for the account that has verified it. Nothing here tells whether there is one.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::course_invite::Model;
use futures_util::future::try_join_all;

use super::{
    Access, AccessError, Creation, EmailVisibility, NO_ID, Refused, SlugKey, UserView,
    creation::Rows,
    proof::{CourseManager, Guarded},
};
use crate::{
    invite::{InviteKind, Refusal, Status},
    lifecycle::{Created, NewCourseInvite},
    loader::{
        LoadError,
        course_invite::{CourseInviteFilter, CourseInviteSort, status},
        invite::InviteRef,
        role::Target,
    },
    paging::{Page, Slice},
};

/// An invite to a course, of an account or an address.
#[derive(Clone, Debug)]
pub struct CourseInviteView {
    /// Primary key.
    pub id: i64,
    /// The course that accepting joins.
    pub course_id: i64,
    /// The invited account; none if invited by address.
    pub user_id: Option<i64>,
    /// Address of a person invited by address.
    pub email: Option<String>,
    email_norm: Option<String>,
    /// The inviter.
    pub inviter_id: Option<i64>,
    /// Time at which the invitee declined.
    pub declined_at: Option<DateTime<Utc>>,
    /// Time at which the invite was withdrawn.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Effective status.
    pub status: Status,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of acceptance.
    pub accepted_at: Option<DateTime<Utc>>,
    /// The user who accepted.
    pub accepted_by_id: Option<i64>,
    /// The viewer manages the course, and sees the external id of a pending invitee.
    is_manager: bool,
}

impl CourseInviteView {
    fn new(row: Guarded<Model>, is_manager: bool, now: DateTime<Utc>) -> Self {
        let row = row.take();
        let status = status(&row, now);
        let accepted_by_id = row.accepted_by_id.or(row.user_id);
        Self {
            status,
            id: row.id,
            course_id: row.course_id,
            user_id: row.user_id,
            email: row.email,
            email_norm: row.email_norm,
            accepted_by_id: accepted_by_id.filter(|_| status == Status::Accepted),
            inviter_id: row.invited_by_id,
            created_at: row.created_at,
            accepted_at: row.accepted_at,
            declined_at: row.declined_at,
            cancelled_at: (row.cancelled_at).filter(|_| row.declined_at.is_none()),
            is_manager,
        }
    }

    /// Normalized address of a person invited by address, for comparisons alone. Shown to nobody.
    pub(super) fn email_norm(&self) -> Option<&str> {
        self.email_norm.as_deref()
    }

    /// Kind, key and target.
    pub fn invite_ref(&self) -> InviteRef {
        InviteRef {
            kind: InviteKind::CourseInvite,
            id: self.id,
            target: Some(self.course_id),
        }
    }

    /// Returns true if the invite itself entitles the viewer to see its course.
    pub(super) fn shows_course(&self) -> bool {
        self.is_manager || self.status == Status::Pending
    }
}

/// Somebody to invite to a course.
#[derive(Clone, Debug)]
pub enum CourseInvitee {
    /// An account; none in place of an id that no user has.
    User(Option<i64>),
    /// An address.
    Email(String),
}

/// Fields of the input that list invitees.
const USERS: &str = "users";
const EMAILS: &str = "emails";

impl CourseInvitee {
    /// Field of the input that lists such invitees.
    pub fn list(&self) -> &'static str {
        match self {
            Self::User(_) => USERS,
            Self::Email(_) => EMAILS,
        }
    }
}

impl Access {
    /// Returns the invite with this id.
    pub async fn course_invite(&self, id: i64) -> Result<Option<CourseInviteView>, LoadError> {
        let found = self.find_course_invite(id);
        self.audit
            .read(InviteKind::CourseInvite.as_str(), found)
            .await
    }

    async fn find_course_invite(&self, id: i64) -> Result<Option<CourseInviteView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let Some(row) = self.reads().course_invite(id).await? else {
            self.load_as_if_hidden(Target::Course(NO_ID)).await?;
            return Ok(None);
        };
        let invite = row.peek();
        let is_party = self.viewer.is(invite.user_id)
            || self.viewer.is(invite.invited_by_id)
            || self.viewer.is(invite.accepted_by_id)
            || self.viewer.has_verified(invite.email_norm.as_deref());
        let is_manager = self.manages(Target::Course(invite.course_id)).await?;
        let is_visible = is_party || is_manager;
        Ok(is_visible.then(|| CourseInviteView::new(row, is_manager, self.now)))
    }

    /// Invites people to a course. `key` is an idempotency key and the request.
    ///
    /// An address is invited whether or not an account has it: the outcome must not tell.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
    pub async fn create_course_invites(
        &self,
        course_id: Option<i64>,
        invitees: Vec<CourseInvitee>,
        key: Option<(String, String)>,
    ) -> Result<Creation, AccessError> {
        let actor = self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let in_course = |refusal| Ok(Err(Refused::new("course", refusal)));
        let course = SlugKey::Id(course_id.unwrap_or(NO_ID));
        let Some(course) = self.course(course).await? else {
            return in_course(Refusal::NotFound);
        };
        let manager = match self.course_manager(&course).await {
            Ok(manager) => manager,
            Err(AccessError::Forbidden) => return in_course(Refusal::NotAllowed),
            Err(error) => return Err(error),
        };
        let checked = Self::check_rows(USERS, invitees.len()).and_then(|()| Self::check_key(key));
        let key = match checked {
            Ok(key) => key,
            Err(refused) => return Ok(Err(refused)),
        };
        let reads = self.reads();
        let ids = invitees.iter().filter_map(|invitee| match invitee {
            CourseInvitee::User(id) => Some(id.unwrap_or(NO_ID)),
            CourseInvitee::Email(_) => None,
        });
        let found = try_join_all(ids.map(|id| reads.user(id))).await?;
        let mut found = found.into_iter();
        let lists: Vec<_> = invitees.iter().map(CourseInvitee::list).collect();
        let mut seen = HashSet::new();
        let checked = invitees.into_iter().map(|invitee| {
            let list = invitee.list();
            let refused = |refusal| Refused::new(list, refusal);
            let (invitee, repeated) = match invitee {
                CourseInvitee::User(_) => {
                    let user = found.next().flatten();
                    let id = user.ok_or(refused(Refusal::NotFound))?.peek().id;
                    let repeated = "An earlier row has the same user.";
                    (NewCourseInvite::User(id), repeated)
                }
                CourseInvitee::Email(email) => {
                    let email = email.trim().to_owned();
                    let email_norm = lifecycle.check_address(&email).map_err(refused)?;
                    let repeated = "An earlier row has the same address.";
                    (NewCourseInvite::Email { email, email_norm }, repeated)
                }
            };
            match seen.insert(invitee.key()) {
                true => Ok(invitee),
                false => Err(refused(Refusal::Invalid(repeated))),
            }
        });
        let (checked, invites) = Rows::new(checked).split();
        let created = match invites.is_empty() {
            true => Created::Rows(Vec::new()),
            false => {
                let created =
                    lifecycle.create_course_invites(&manager, &actor, invites, key, self.now);
                created.await?
            }
        };
        let outcomes = Rows::<NewCourseInvite>::outcomes(checked, &created, USERS, |_| None);
        Ok(outcomes.map(|mut rows| {
            for (row, list) in rows.iter_mut().zip(lists) {
                row.refused = row.refused.map(|refused| Refused {
                    field: list,
                    ..refused
                });
            }
            rows
        }))
    }

    /// Returns a page of a course's invitees with an account, with their invites.
    pub async fn course_invitees(
        &self,
        manager: &CourseManager,
        filter: CourseInviteFilter,
        sort: CourseInviteSort,
        page: Page,
    ) -> Result<Slice<(UserView, CourseInviteView)>, AccessError> {
        let slice = self
            .lists()
            .course_invitees(manager, filter, sort, page)
            .await?;
        Ok(slice.map(|invitee| {
            let user = self.user_view(invitee.user, EmailVisibility::Hidden, true);
            (user, CourseInviteView::new(invitee.invite, true, self.now))
        }))
    }

    /// Returns a page of a course's invites in any status.
    pub async fn course_invites(
        &self,
        manager: &CourseManager,
        filter: CourseInviteFilter,
        sort: CourseInviteSort,
        page: Page,
    ) -> Result<Slice<CourseInviteView>, AccessError> {
        let slice = self
            .lists()
            .course_invites(manager, filter, sort, page)
            .await?;
        Ok(slice.map(|row| CourseInviteView::new(row, true, self.now)))
    }

    /// Returns the invited account. None for an invite to an address.
    pub async fn invitee_of(
        &self,
        invite: &CourseInviteView,
    ) -> Result<Option<UserView>, LoadError> {
        let Some(id) = invite.user_id else {
            return Ok(None);
        };
        let row = self.reads().user(id).await?;
        // After acceptance or cancellation the user is no invitee of the course.
        let shows_ext_id = invite.is_manager && invite.status == Status::Pending;
        Ok(row.map(|row| self.user_view(row, EmailVisibility::Hidden, shows_ext_id)))
    }
}
