//! Invites of every kind: those that a user sent, and those addressed to them. Users see their own, and
//! staff those of all users.

use super::{
    Access, AccessError, CourseInviteView, GroupInviteView, InviteCodeView, UserView,
    WorkspaceInviteView,
    proof::{SelfProof, StaffProof},
};
use crate::{
    invite::InviteKind,
    loader::{
        InviteSort, LoadError,
        invite::{InviteFilter, InviteRef, Mailbox},
    },
    paging::{Page, Slice},
};

/// An invite of any kind.
#[derive(Clone, Debug)]
pub enum InviteView {
    /// A personal code.
    InviteCode(InviteCodeView),
    /// An e-mail invitation to a workspace.
    WorkspaceInvite(WorkspaceInviteView),
    /// A group's reusable link.
    GroupInvite(GroupInviteView),
    /// An invitation to a course.
    CourseInvite(CourseInviteView),
}

impl Access {
    /// Returns a page of the viewer's invites.
    pub async fn invites(
        &self,
        viewer: &SelfProof,
        mailbox: Mailbox,
        filter: InviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<InviteRef>, AccessError> {
        Ok(self
            .lists()
            .invites(viewer, mailbox, filter, sort, page)
            .await?)
    }

    /// Returns a page of a user's invites.
    pub async fn invites_of_user(
        &self,
        staff: &StaffProof,
        user: &UserView,
        mailbox: Mailbox,
        filter: InviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<InviteRef>, AccessError> {
        let lists = self.lists();
        let invites = lists.invites_of_user(staff, user.id(), mailbox, filter, sort, page);
        Ok(invites.await?)
    }

    /// Returns an invite, by the rules of its kind. None if it has another target than the one named.
    pub async fn invite(&self, invite: InviteRef) -> Result<Option<InviteView>, LoadError> {
        let InviteRef { kind, id, target } = invite;
        let view = match kind {
            InviteKind::InviteCode => self.invite_code(id).await?.map(InviteView::InviteCode),
            InviteKind::WorkspaceInvite => self
                .workspace_invite(id)
                .await?
                .map(InviteView::WorkspaceInvite),
            InviteKind::GroupInvite => self.group_invite(id).await?.map(InviteView::GroupInvite),
            InviteKind::CourseInvite => self.course_invite(id).await?.map(InviteView::CourseInvite),
        };
        let is_named = |view: &InviteView| target.is_none() || view.invite_ref().target == target;
        Ok(view.filter(is_named))
    }
}
