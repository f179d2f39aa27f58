//! Commands to invites: which ones the viewer may give, and giving them.
//!
//! A refusal is data ([`Refusal`]). Only a viewer who is signed out gets an error.

use std::sync::{Arc, atomic::Ordering};

use futures_util::{FutureExt, future::try_join_all};

use super::{
    Access, AccessError, InviteView, Refused,
    proof::{Addressee, InviteManager},
};
use crate::{
    invite::{Code, Command, InviteKind, ROLES, Refusal, State, Token, roles_of_codes, transition},
    lifecycle::{Changes, Lifecycle, Settled, WriteError},
    loader::{LoadError, invite::InviteRef, role::Target},
    rate_limit::Secrecy,
};

/// The way to an invite that the viewer answers.
#[derive(Clone, Debug)]
pub enum Redeemed {
    /// By an invite code.
    Code(String),
    /// By the token of a workspace invite; none if malformed.
    Token(Option<Token>),
    /// By the code of a group invite.
    GroupCode(String),
    /// By its id; none if no invite has it.
    Id(Option<InviteRef>),
}

/// The outcome of accepting or declining.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// The invite.
    pub invite: InviteRef,
    /// The workspace, group or course. None for an invite code.
    pub target: Option<Target>,
}

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

    fn target(&self) -> Option<Target> {
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
    /// Returns the writer. What the request, and the viewer's next requests, read from now on is at least
    /// as new as its writes.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] if this gateway only reads.
    pub(super) fn lifecycle(&self) -> Result<&Arc<Lifecycle>, AccessError> {
        self.reads_primary.store(true, Ordering::Relaxed);
        let lifecycle = self.lifecycle.as_ref().ok_or(AccessError::Forbidden)?;
        if let Some(id) = self.viewer.id() {
            lifecycle.record_writer(id, self.now);
        }
        Ok(lifecycle)
    }

    /// Returns true if this gateway writes.
    pub fn can_write(&self) -> bool {
        self.lifecycle.is_some()
    }

    /// Returns true if the viewer may create invites to a target.
    pub async fn can_invite(&self, target: Target) -> Result<bool, LoadError> {
        Ok(self.can_write() && self.viewer.id().is_some() && self.manages(target).await?)
    }

    /// Returns the link with this token.
    pub fn accept_url(&self, token: Token) -> Option<String> {
        let lifecycle = self.lifecycle.as_ref()?;
        Some(lifecycle.accept_url()?.with_token(token))
    }

    /// Forgets the viewer's roles, which a write may have changed.
    fn forget_roles(&self) {
        if let Some(roles) = &self.roles {
            roles.forget();
        }
    }

    /// Returns what the viewer may do with an invite that they see. Of an invite code, only its holder
    /// knows whether they have it: they may accept it.
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

    /// Proves that the viewer may give a command to an invite that they manage, and returns the invite.
    /// Nobody sends or changes an invite whose role they may not grant; withdrawing it gives nothing.
    async fn invite_manager(
        &self,
        invite: Option<InviteRef>,
        command: Command,
    ) -> Result<Result<(InviteManager<InviteKind>, InviteView), Refusal>, LoadError> {
        let Some(invite) = invite else {
            return Ok(Err(Refusal::NotFound));
        };
        let Some(view) = self.invite(invite).await? else {
            return Ok(Err(Refusal::NotFound));
        };
        if !self.is_invite_manager(&view).await? {
            return Ok(Err(Refusal::NotAllowed));
        }
        if command != Command::Cancel && !self.may_grant_role_of(&view).await? {
            return Ok(Err(Refusal::RoleNotAllowed));
        }
        let InviteRef { kind, id, target } = view.invite_ref();
        Ok(Ok((InviteManager::new(kind, id, target), view)))
    }

    /// Returns true if the viewer may grant the role of an invite. Roles that only a source knows manage
    /// nothing here.
    async fn may_grant_role_of(&self, invite: &InviteView) -> Result<bool, LoadError> {
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
    fn addressee(
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
            InviteView::CourseInvite(view) if view.user_id == user_id => Ok(()),
            InviteView::CourseInvite(_) => Err(Refusal::WrongAccount),
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

    /// Finds the invite that the viewer answers, and proves that it is addressed to them.
    async fn redeemed(
        &self,
        redeemed: &Redeemed,
    ) -> Result<Result<(Answered, Addressee<InviteKind>), Refusal>, AccessError> {
        let (view, holds_code) = match redeemed {
            Redeemed::Code(code) => {
                let found = self.invite_code_by_code(code, Default::default()).await?;
                (found.map(InviteView::InviteCode), true)
            }
            Redeemed::Token(token) => {
                let found = self.workspace_invite_by_token(*token).await?;
                (found.map(InviteView::WorkspaceInvite), true)
            }
            Redeemed::GroupCode(code) => {
                let look_up = self.group_invite_by_code(code);
                let found = self.client.look_up(Secrecy::Guessable, look_up).await?;
                (found.map(InviteView::GroupInvite), true)
            }
            Redeemed::Id(None) => (None, false),
            Redeemed::Id(Some(invite)) => (self.invite(*invite).await?, false),
        };
        let Some(view) = view else {
            return Ok(Err(Refusal::NotFound));
        };
        let answered = Answered {
            invite: view.invite_ref(),
            target: view.target(),
        };
        Ok(self
            .addressee(&view, holds_code)
            .map(|proof| (answered, proof)))
    }

    /// Accepts an invite: the viewer becomes a member.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::RateLimited`], or the database failed.
    pub async fn accept_invite(
        &self,
        redeemed: &Redeemed,
    ) -> Result<Result<Answered, Refusal>, AccessError> {
        self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let (answered, proof) = match self.redeemed(redeemed).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let outcome = match redeemed {
            Redeemed::GroupCode(code) => {
                let code = Code::new(code.as_str());
                match lifecycle.join_group(&proof, &code, self.now).await? {
                    true => Ok(()),
                    false => Err(Refusal::NotFound),
                }
            }
            _ => lifecycle.accept(&proof, self.now).await?.map(drop),
        };
        self.forget_roles();
        Ok(outcome.map(|()| answered))
    }

    /// Declines an invite.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::RateLimited`], or the database failed.
    pub async fn decline_invite(
        &self,
        redeemed: &Redeemed,
    ) -> Result<Result<Answered, Refusal>, AccessError> {
        self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let (answered, proof) = match self.redeemed(redeemed).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let outcome = lifecycle.decline(&proof, self.now).await?;
        self.forget_roles();
        Ok(outcome.map(|_| answered))
    }

    /// Withdraws invites. Outcomes are in the order of the invites.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], or the database failed.
    pub async fn cancel_invites(
        &self,
        invites: &[Option<InviteRef>],
    ) -> Result<Vec<Result<Settled, Refusal>>, AccessError> {
        let actor = self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let (checked, proofs) = self.invite_managers(invites, Command::Cancel).await?;
        let given = lifecycle.cancel(&proofs, &actor, self.now).await?;
        Ok(self.given(checked, given))
    }

    /// Sends invites again. Outcomes are in the order of the invites.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], or the database failed.
    pub async fn resend_invites(
        &self,
        invites: &[Option<InviteRef>],
    ) -> Result<Vec<Result<Settled, Refusal>>, AccessError> {
        let actor = self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let (checked, proofs) = self.invite_managers(invites, Command::Resend).await?;
        let given = lifecycle.resend(&proofs, &actor, self.now).await?;
        Ok(self.given(checked, given))
    }

    /// Returns the check of each invite, and the proofs of those that passed.
    async fn invite_managers(
        &self,
        invites: &[Option<InviteRef>],
        command: Command,
    ) -> Result<(Vec<Result<(), Refusal>>, Vec<InviteManager<InviteKind>>), LoadError> {
        let checks = invites
            .iter()
            .map(|invite| self.invite_manager(*invite, command).boxed());
        let mut proofs = Vec::new();
        let checked = try_join_all(checks).await?.into_iter();
        let checked = checked.map(|check| check.map(|(proof, _)| proofs.push(proof)));
        Ok((checked.collect(), proofs))
    }

    /// Puts the outcomes of a command together with those of the checks before.
    fn given(
        &self,
        checked: Vec<Result<(), Refusal>>,
        given: Vec<Result<Settled, Refusal>>,
    ) -> Vec<Result<Settled, Refusal>> {
        self.forget_roles();
        let mut given = given.into_iter();
        let outcome = |check: Result<(), Refusal>| {
            check.and_then(|()| given.next().unwrap_or(Err(Refusal::NotFound)))
        };
        checked.into_iter().map(outcome).collect()
    }

    /// Changes an invite. `tags` replace those of `changes`; none in place of an id that no tag has.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], or the database failed.
    pub async fn update_invite(
        &self,
        invite: Option<InviteRef>,
        changes: Changes,
        tags: Option<Vec<Option<i64>>>,
    ) -> Result<Result<InviteRef, Refused>, AccessError> {
        let actor = self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let in_id = |refusal| Refused::new("id", refusal);
        let (proof, view) = match self.invite_manager(invite, Command::Update).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(in_id(refusal))),
        };
        let changes = match self.checked_changes(&view, changes, tags).await? {
            Ok(changes) => changes,
            Err(refused) => return Ok(Err(refused)),
        };
        let outcome = lifecycle.update(&proof, &actor, changes, self.now).await?;
        Ok(outcome.map(|_| view.invite_ref()).map_err(in_id))
    }

    /// Checks the new values of an invite, and returns them with their tags.
    async fn checked_changes(
        &self,
        invite: &InviteView,
        mut changes: Changes,
        tags: Option<Vec<Option<i64>>>,
    ) -> Result<Result<Changes, Refused>, AccessError> {
        const OTHER_KIND: Refusal = Refusal::Invalid("Invites of this kind have no such field.");
        let lifecycle = self.lifecycle()?;
        let kind = invite.invite_ref().kind;
        let is_code = kind == InviteKind::InviteCode;
        let is_workspace = kind == InviteKind::WorkspaceInvite;
        let given = [
            ("role", changes.role.is_some(), is_code || is_workspace),
            (
                "expiresAt",
                changes.expires_at.is_some(),
                is_code || is_workspace,
            ),
            ("message", changes.message.is_some(), is_workspace),
            ("name", changes.name.is_some(), is_code),
            ("tags", tags.is_some(), is_code),
        ];
        for (field, is_given, has_field) in given {
            if is_given && !has_field {
                return Ok(Err(Refused::new(field, OTHER_KIND)));
            }
        }
        if !given.iter().any(|(_, is_given, _)| *is_given) {
            let nothing = Refusal::Invalid("Name at least one field to change.");
            return Ok(Err(Refused::new("id", nothing)));
        }
        if let Some(role) = &changes.role {
            let may_grant = match invite.target() {
                Some(Target::Workspace(id)) => self.grantable_roles(id).await?,
                _ => self.grantable_code_roles(),
            };
            if !may_grant.contains(&role.as_str()) {
                return Ok(Err(Refused::new("role", Refusal::RoleNotAllowed)));
            }
        }
        if let Some(expires_at) = changes.expires_at
            && let Err(refusal) = lifecycle.expiry(Some(expires_at), self.now)
        {
            return Ok(Err(Refused::new("expiresAt", refusal)));
        }
        if let Some(message) = &changes.message
            && let Err(refusal) = lifecycle.check_message(message)
        {
            return Ok(Err(Refused::new("message", refusal)));
        }
        if let Some(name) = &changes.name
            && let Err(refusal) = lifecycle.check_name(name)
        {
            return Ok(Err(Refused::new("name", refusal)));
        }
        if let Some(tags) = tags {
            match self.grantable_tags(tags).await? {
                Ok(tags) => changes.tags = Some(tags),
                Err(refusal) => return Ok(Err(Refused::new("tags", refusal))),
            }
        }
        Ok(Ok(changes))
    }
}

impl From<WriteError> for AccessError {
    fn from(WriteError(error): WriteError) -> Self {
        Self::Load(error)
    }
}
