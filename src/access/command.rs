//! Commands to invites that exist.
//!
//! A refusal is data ([`Refusal`]). Only a viewer without an account gets an error.

use std::sync::{Arc, MutexGuard, PoisonError, atomic::Ordering};

use futures_util::{FutureExt, future::try_join_all};

use super::{
    Access, AccessError, InviteView, Refused,
    proof::{Addressee, InviteManager},
    written::Written,
};
use crate::{
    invite::{Code, Command, InviteKind, Refusal, Token},
    lifecycle::{Changes, Lifecycle, Settled, WriteError},
    loader::{LoadError, invite::InviteRef, role::Target},
    rate_limit::Secrecy,
};

/// The way to an invite that the viewer answers.
#[derive(Clone, Debug)]
pub enum Redeemed {
    /// By an invite code.
    Code(String),
    /// By the token of a workspace invite.
    Token(String),
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

impl Access {
    /// Returns the writer. What the request reads from now on is at least as new as its writes; what it
    /// wrote before may change again.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] if this gateway only reads.
    pub(super) fn lifecycle(&self) -> Result<&Arc<Lifecycle>, AccessError> {
        self.reads_primary.store(true, Ordering::Relaxed);
        *self.written() = Written::default();
        self.lifecycle.as_ref().ok_or(AccessError::Forbidden)
    }

    /// Returns true if this gateway writes.
    pub fn can_write(&self) -> bool {
        self.lifecycle.is_some()
    }

    /// Returns the link with this token.
    pub fn accept_url(&self, token: Token) -> Option<String> {
        let lifecycle = self.lifecycle.as_ref()?;
        Some(lifecycle.accept_url()?.with_token(token))
    }

    /// The rows of the last write.
    pub(super) fn written(&self) -> MutexGuard<'_, Written> {
        // Nothing that holds the lock panics.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a row that was written, for the response.
    fn keep(&self, settled: Result<Settled, Refusal>) -> Result<Settled, Refusal> {
        settled.map(|mut settled| {
            self.written().extend(settled.row.take());
            settled
        })
    }

    /// Forgets the viewer's roles, which accepting and declining may change.
    fn forget_roles(&self) {
        if let Some(roles) = &self.roles {
            roles.forget();
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
        let InviteRef { kind, id, target } = view.invite_ref();
        let refusal = if !self.is_invite_manager(&view).await? {
            Some(Refusal::NotAllowed)
        } else if command != Command::Cancel && !self.may_grant_role_of(&view).await? {
            Some(Refusal::RoleNotAllowed)
        } else {
            None
        };
        self.audit
            .record(command.as_str(), kind.as_str(), refusal.is_none());
        if let Some(refusal) = refusal {
            return Ok(Err(refusal));
        }
        Ok(Ok((InviteManager::new(kind, id, target), view)))
    }

    /// Finds the invite that the viewer answers, and proves that it is addressed to them. Also returns the
    /// code of a group's link, as it is stored.
    async fn redeemed(
        &self,
        redeemed: &Redeemed,
        command: Command,
    ) -> Result<Result<(Answered, Addressee<InviteKind>, Option<Code>), Refusal>, AccessError> {
        let (view, holds_code) = match redeemed {
            Redeemed::Code(code) => {
                let found = self.invite_code_by_code(code, Default::default()).await?;
                (found.map(InviteView::InviteCode), true)
            }
            Redeemed::Token(token) => {
                let found = self.workspace_invite_by_token(token).await?;
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
        let addressee = self.addressee(&view, holds_code);
        let kind = answered.invite.kind.as_str();
        self.audit.record(command.as_str(), kind, addressee.is_ok());
        let group_code = match view {
            InviteView::GroupInvite(link) => Some(link.code),
            _ => None,
        };
        Ok(addressee.map(|proof| (answered, proof, group_code)))
    }

    /// Accepts an invite: the viewer becomes a member.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], [`AccessError::RateLimited`], or the
    /// database failed.
    pub async fn accept_invite(
        &self,
        redeemed: &Redeemed,
    ) -> Result<Result<Answered, Refusal>, AccessError> {
        self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let found = self.redeemed(redeemed, Command::Accept).await?;
        let (answered, proof, group_code) = match found {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let outcome = match group_code {
            Some(code) => match lifecycle.join_group(&proof, &code, self.now).await? {
                true => Ok(()),
                false => Err(Refusal::NotFound),
            },
            None => self
                .keep(lifecycle.accept(&proof, self.now).await?)
                .map(drop),
        };
        self.forget_roles();
        Ok(outcome.map(|()| answered))
    }

    /// Declines an invite.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], [`AccessError::RateLimited`], or the
    /// database failed.
    pub async fn decline_invite(
        &self,
        redeemed: &Redeemed,
    ) -> Result<Result<Answered, Refusal>, AccessError> {
        self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let found = self.redeemed(redeemed, Command::Decline).await?;
        let (answered, proof, _) = match found {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let outcome = self.keep(lifecycle.decline(&proof, self.now).await?);
        self.forget_roles();
        Ok(outcome.map(|_| answered))
    }

    /// Withdraws invites. Outcomes are in the order of the invites.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
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
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
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
        let mut given = given.into_iter().map(|settled| self.keep(settled));
        let outcome = |check: Result<(), Refusal>| {
            check.and_then(|()| given.next().unwrap_or(Err(Refusal::NotFound)))
        };
        checked.into_iter().map(outcome).collect()
    }

    /// Changes an invite. `tags` replace those of `changes`; none in place of an id that no tag has.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
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
        let outcome = self.keep(outcome);
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
