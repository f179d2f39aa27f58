//! Course invites: seen by the invitee, the inviter, who manages the course, and staff.

use chrono::{DateTime, Utc};

use super::{Access, AccessError, EmailVisibility, NO_ID, UserView, proof::CourseManager};
use crate::{
    invite::{MANAGES_COURSE, Status},
    loader::{
        LoadError,
        course_invite::{CourseInviteeFilter, InviteeSort, Row, status},
        role::Target,
    },
    paging::{Page, Slice},
};

/// A user's invitation to a course.
#[derive(Clone, Debug)]
pub struct CourseInviteView {
    /// Key in the source.
    pub id: i64,
    /// Which course accepting joins.
    pub course_id: i64,
    /// The invitee.
    pub user_id: i64,
    /// Who invited.
    pub inviter_id: Option<i64>,
    /// Effective status.
    pub status: Status,
    /// When the invite was made.
    pub created_at: DateTime<Utc>,
    /// When it was accepted.
    pub accepted_at: Option<DateTime<Utc>>,
    /// Whether the viewer manages the course, and so sees the invitee's external id.
    manages: bool,
}

impl CourseInviteView {
    fn new(row: Row, manages: bool, now: DateTime<Utc>) -> Self {
        Self {
            status: status(&row, now),
            id: row.invite.id,
            course_id: row.invite.course_id,
            user_id: row.invite.user_id,
            inviter_id: row.invite.invited_by_id,
            created_at: row.invite.created_at,
            accepted_at: row.invite.accepted_at,
            manages,
        }
    }

    /// Whether the invite shows its course to the viewer, whatever else they may see.
    pub(super) fn shows_course(&self) -> bool {
        self.manages || self.status == Status::Pending
    }
}

impl Access {
    /// The invite of that id.
    pub async fn course_invite(&self, id: i64) -> Result<Option<CourseInviteView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let Some(row) = self.reads().course_invite(id).await? else {
            self.as_if_hidden(Target::Course(NO_ID)).await?;
            return Ok(None);
        };
        let invite = &row.peek().invite;
        let is_party = self.viewer.is(Some(invite.user_id)) || self.viewer.is(invite.invited_by_id);
        let manages = self
            .manages(Target::Course(invite.course_id), &MANAGES_COURSE)
            .await?;
        Ok((is_party || manages).then(|| CourseInviteView::new(row.take(), manages, self.now)))
    }

    /// A page of a course's invitees, for who manages it.
    pub async fn course_invitees(
        &self,
        manager: &CourseManager,
        filter: CourseInviteeFilter,
        sort: InviteeSort,
        page: Page,
    ) -> Result<Slice<(UserView, CourseInviteView)>, AccessError> {
        let slice = self
            .reads()
            .course_invitees(manager, filter, sort, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|invitee| {
            let user = self.user_view(invitee.user, EmailVisibility::Hidden, true);
            (user, CourseInviteView::new(invitee.invite, true, self.now))
        }))
    }

    /// Who is invited, unless deleted.
    pub async fn invitee_of(
        &self,
        invite: &CourseInviteView,
    ) -> Result<Option<UserView>, LoadError> {
        let row = self.reads().user(invite.user_id).await?;
        // Who has accepted or was given up is no invitee of the course any more.
        let manages_invitee = invite.manages && invite.status == Status::Pending;
        Ok(row.map(|row| self.user_view(row, EmailVisibility::Hidden, manages_invitee)))
    }
}
