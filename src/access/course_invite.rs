//! Course invites. The invitee, the inviter, managers of the course and staff see them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::course_invite::Model;
use futures_util::future::try_join_all;

use super::{
    Access, AccessError, CourseKey, Creation, EmailVisibility, NO_ID, Refused, UserView,
    creation::Rows,
    proof::{CourseManager, Guarded},
};
use crate::{
    invite::{InviteKind, Refusal, Status},
    lifecycle::Created,
    loader::{
        LoadError,
        course_invite::{CourseInviteFilter, CourseInviteSort, status},
        invite::InviteRef,
        role::Target,
    },
    paging::{Page, Slice},
};

/// A user's invite to a course.
#[derive(Clone, Debug)]
pub struct CourseInviteView {
    /// Primary key.
    pub id: i64,
    /// The course that accepting joins.
    pub course_id: i64,
    /// The invitee.
    pub user_id: i64,
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
    /// The viewer manages the course, and sees the external id of a pending invitee.
    is_manager: bool,
}

impl CourseInviteView {
    fn new(row: Guarded<Model>, is_manager: bool, now: DateTime<Utc>) -> Self {
        let row = row.take();
        Self {
            status: status(&row, now),
            id: row.id,
            course_id: row.course_id,
            user_id: row.user_id,
            inviter_id: row.invited_by_id,
            created_at: row.created_at,
            accepted_at: row.accepted_at,
            declined_at: row.declined_at,
            cancelled_at: (row.cancelled_at).filter(|_| row.declined_at.is_none()),
            is_manager,
        }
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

impl Access {
    /// Returns the invite with this id.
    pub async fn course_invite(&self, id: i64) -> Result<Option<CourseInviteView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let Some(row) = self.reads().course_invite(id).await? else {
            self.load_as_if_hidden(Target::Course(NO_ID)).await?;
            return Ok(None);
        };
        let invite = row.peek();
        let is_party = self.viewer.is(Some(invite.user_id)) || self.viewer.is(invite.invited_by_id);
        let is_manager = self.manages(Target::Course(invite.course_id)).await?;
        let is_visible = is_party || is_manager;
        Ok(is_visible.then(|| CourseInviteView::new(row, is_manager, self.now)))
    }

    /// Invites users to a course; none in place of an id that no user has. `key` is an idempotency key
    /// and the request.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
    pub async fn create_course_invites(
        &self,
        course_id: Option<i64>,
        users: Vec<Option<i64>>,
        key: Option<(String, String)>,
    ) -> Result<Creation, AccessError> {
        let actor = self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let in_course = |refusal| Ok(Err(Refused::new("course", refusal)));
        let course = CourseKey::Id(course_id.unwrap_or(NO_ID));
        let Some(course) = self.course(course).await? else {
            return in_course(Refusal::NotFound);
        };
        let manager = match self.course_manager(&course).await {
            Ok(manager) => manager,
            Err(AccessError::Forbidden) => return in_course(Refusal::NotAllowed),
            Err(error) => return Err(error),
        };
        let checked = Self::check_rows("users", users.len()).and_then(|()| Self::check_key(key));
        let key = match checked {
            Ok(key) => key,
            Err(refused) => return Ok(Err(refused)),
        };
        let reads = self.reads();
        let loads = users.iter().map(|id| reads.user(id.unwrap_or(NO_ID)));
        let found = try_join_all(loads).await?;
        let mut seen = HashSet::new();
        let checked = found.into_iter().map(|user| {
            let refused = |refusal| Refused::new("users", refusal);
            let id = user.ok_or(refused(Refusal::NotFound))?.peek().id;
            match seen.insert(id) {
                true => Ok(id),
                false => Err(refused(Refusal::Invalid(
                    "An earlier row has the same user.",
                ))),
            }
        });
        let (checked, users) = Rows::new(checked).split();
        let created = match users.is_empty() {
            true => Created::Rows(Vec::new()),
            false => {
                let created =
                    lifecycle.create_course_invites(&manager, &actor, users, key, self.now);
                created.await?
            }
        };
        Ok(Rows::<i64>::outcomes(checked, &created, "users", |_| None))
    }

    /// Returns a page of a course's invitees with their invites.
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

    /// Returns the invitee of an invite, unless deleted.
    pub async fn invitee_of(
        &self,
        invite: &CourseInviteView,
    ) -> Result<Option<UserView>, LoadError> {
        let row = self.reads().user(invite.user_id).await?;
        // After acceptance or cancellation the user is no invitee of the course.
        let shows_ext_id = invite.is_manager && invite.status == Status::Pending;
        Ok(row.map(|row| self.user_view(row, EmailVisibility::Hidden, shows_ext_id)))
    }
}
