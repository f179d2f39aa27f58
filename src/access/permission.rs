//! Permissions: the commands that the viewer may give to an invite.

use super::{Access, InviteView, proof::Addressee};
use crate::{
    invite::{Command, InviteKind, ROLES, Refusal, State, roles_of_codes, transition},
    loader::{LoadError, invite::InviteRef, role::Target},
};

/// Commands that the viewer may give to an invite now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Accept it.
    pub accept: bool,
    /// Decline it.
    pub decline: bool,
    /// Withdraw it.
    pub cancel: bool,
    /// Send it again.
    pub resend: bool,
    /// Change it.
    pub update: bool,
}

impl InviteView {
    /// Kind, key and target of the invite.
    pub fn invite_ref(&self) -> InviteRef {
        match self {
            Self::InviteCode(view) => view.invite_ref(),
            Self::WorkspaceInvite(view) => view.invite_ref(),
            Self::GroupInvite(view) => view.invite_ref(),
            Self::CourseInvite(view) => view.invite_ref(),
        }
    }

    pub(super) fn target(&self) -> Option<Target> {
        match self {
            Self::InviteCode(_) => None,
            Self::WorkspaceInvite(view) => Some(Target::Workspace(view.workspace_id())),
            Self::GroupInvite(view) => Some(Target::Group(view.group_id)),
            Self::CourseInvite(view) => Some(Target::Course(view.course_id)),
        }
    }

    fn state(&self) -> State {
        match self {
            Self::InviteCode(view) => State::from_status(view.status),
            Self::WorkspaceInvite(view) => State::from_status(view.status),
            Self::GroupInvite(_) => State::Pending,
            Self::CourseInvite(view) => State::from_status(view.status),
        }
    }
}

impl Access {
    /// Returns true if the viewer may create invites to a target.
    pub async fn can_invite(&self, target: Target) -> Result<bool, LoadError> {
        Ok(self.can_write() && self.viewer.id().is_some() && self.manages(target).await?)
    }

    /// Returns the commands that the viewer may give to an invite that they see. `accept` and `decline` are
    /// false for a group invite, and for an invite code that names neither a user nor an address: whoever has
    /// the code may use it.
    pub async fn permissions(&self, invite: &InviteView) -> Result<Permissions, LoadError> {
        if !self.can_write() || self.viewer.id().is_none() {
            return Ok(Permissions::default());
        }
        let kind = invite.invite_ref().kind;
        let can = |command| {
            let outcome = transition(kind, invite.state(), None, command, self.now);
            outcome.is_ok_and(|outcome| outcome.event.is_some())
        };
        let is_addressee = self.addressee(invite, false).is_ok();
        let is_manager = self.is_invite_manager(invite).await?;
        let may_grant = is_manager && self.may_grant_role_of(invite).await?;
        Ok(Permissions {
            accept: is_addressee && can(Command::Accept),
            decline: is_addressee && can(Command::Decline),
            cancel: is_manager && can(Command::Cancel),
            resend: may_grant && can(Command::Resend),
            update: may_grant && can(Command::Update),
        })
    }

    /// Returns true if the viewer may cancel, resend and update an invite that they see.
    pub(super) async fn is_invite_manager(&self, invite: &InviteView) -> Result<bool, LoadError> {
        match (invite, invite.target()) {
            (InviteView::InviteCode(code), _) => {
                Ok(self.viewer.is_staff() || self.viewer.is(code.inviter_id))
            }
            (_, Some(target)) => self.manages(target).await,
            (_, None) => Ok(false),
        }
    }

    /// Returns true if the viewer, who manages an invite, may grant its role. A role that only the source
    /// knows gives no rights here, so every manager may grant it.
    pub(super) async fn may_grant_role_of(&self, invite: &InviteView) -> Result<bool, LoadError> {
        let (role, grantable) = match invite {
            InviteView::InviteCode(code) => {
                let grantable = match self.viewer.is_staff() {
                    true => &ROLES,
                    false => roles_of_codes(),
                };
                (code.role.as_deref().unwrap_or_default(), grantable)
            }
            InviteView::WorkspaceInvite(view) => {
                let grantable = self.grantable_roles(view.workspace_id()).await?;
                (view.role().0, grantable)
            }
            InviteView::GroupInvite(_) | InviteView::CourseInvite(_) => return Ok(true),
        };
        Ok(!ROLES.contains(&role) || grantable.contains(&role))
    }

    /// Proves that an invite is addressed to the viewer. `holds_code` is true if they have sent its code.
    pub(super) fn addressee(
        &self,
        invite: &InviteView,
        holds_code: bool,
    ) -> Result<Addressee<InviteKind>, Refusal> {
        let user_id = self.viewer.id().ok_or(Refusal::NotFound)?;
        let InviteRef { kind, id, .. } = invite.invite_ref();
        let is_addressed = match invite {
            InviteView::InviteCode(code) if self.viewer.is(code.user_id) => Ok(()),
            InviteView::InviteCode(code) => match code.email_norm() {
                Some(email_norm) => self.owns_address(email_norm),
                None if holds_code => Ok(()),
                None => Err(Refusal::NotAllowed),
            },
            InviteView::WorkspaceInvite(view) if view.is_accepted_by(user_id) => Ok(()),
            InviteView::WorkspaceInvite(view) => self.owns_address(view.email_norm()),
            InviteView::CourseInvite(view)
                if self.viewer.is(view.user_id.or(view.accepted_by_id)) =>
            {
                Ok(())
            }
            InviteView::CourseInvite(view) => match view.email_norm() {
                Some(email_norm) => self.owns_address(email_norm),
                None => Err(Refusal::WrongAccount),
            },
            InviteView::GroupInvite(_) if holds_code => Ok(()),
            InviteView::GroupInvite(_) => Err(Refusal::NotSupported),
        };
        is_addressed.map(|()| Addressee::new(kind, id, user_id))
    }

    /// Checks that a normalized address is the viewer's, and verified.
    fn owns_address(&self, email_norm: &str) -> Result<(), Refusal> {
        if self.viewer.has_verified(Some(email_norm)) {
            return Ok(());
        }
        match !email_norm.is_empty() && self.viewer.states_address(email_norm) {
            true => Err(Refusal::EmailNotVerified),
            false => Err(Refusal::WrongAccount),
        }
    }
}
