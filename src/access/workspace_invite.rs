//! Workspace invites: seen by who holds the token, by the invitee, the inviter, who manages the
//! workspace, and staff. The token itself is never shown.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use entity::workspace_invite::Model;

use super::{
    Access, AccessError, EmailVisibility, NO_ID, UserView,
    proof::{Guarded, WorkspaceManager},
};
use crate::{
    invite::{MANAGES_WORKSPACE, Role, Status, Token},
    loader::{
        InviteSort, LoadError,
        role::Target,
        workspace_invite::{WorkspaceInviteFilter, status},
    },
    paging::{Page, Slice},
    rate_limit::Secrecy,
};

/// A workspace invite as the viewer may see it; it does not show the token.
#[derive(Clone, Debug)]
pub struct WorkspaceInviteView {
    row: Guarded<Model>,
    email: EmailVisibility,
    shows_acceptor: bool,
    /// Whether the viewer holds the token or manages the workspace, and so sees the workspace
    /// whatever the status.
    is_entitled: bool,
    /// How far the inviter's address is published to the viewer.
    pub inviter_email: EmailVisibility,
    /// Effective status.
    pub status: Status,
}

impl WorkspaceInviteView {
    /// Key in the source.
    pub fn id(&self) -> i64 {
        self.row.peek().id
    }

    /// Address of the person invited; possibly masked.
    pub fn email(&self) -> Option<Cow<'_, str>> {
        self.email.show(&self.row.peek().email)
    }

    /// Which workspace accepting joins.
    pub fn workspace_id(&self) -> i64 {
        self.row.peek().workspace_id
    }

    /// Whether the invite shows its workspace to the viewer, whatever else they may see.
    pub(super) fn shows_workspace(&self) -> bool {
        self.is_entitled || self.status == Status::Pending
    }

    /// Who invited.
    pub fn inviter_id(&self) -> Option<i64> {
        self.row.peek().inviter_id
    }

    /// Role that accepting gives.
    pub fn role(&self) -> Role<'_> {
        Role(&self.row.peek().role)
    }

    /// Words of the inviter.
    pub fn message(&self) -> Option<&str> {
        self.row.peek().message.as_deref()
    }

    /// When the invite was made.
    pub fn created_at(&self) -> DateTime<Utc> {
        self.row.peek().created_at
    }

    /// When a pending invite expires.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.row.peek().expires_at
    }

    /// When it was accepted.
    pub fn accepted_at(&self) -> Option<DateTime<Utc>> {
        self.row.peek().accepted_at
    }

    /// Who accepted it, where that is shown.
    pub fn accepted_by_id(&self) -> Option<i64> {
        self.row
            .peek()
            .accepted_by_id
            .filter(|_| self.shows_acceptor)
    }
}

impl Access {
    /// The invite that this token names. A token that cannot be one is looked for like another.
    ///
    /// # Errors
    /// [`AccessError::RateLimited`], or the row could not be loaded.
    pub async fn workspace_invite_by_token(
        &self,
        token: Option<Token>,
    ) -> Result<Option<WorkspaceInviteView>, AccessError> {
        let sought = token.map(Token::uuid).unwrap_or_default();
        let look_up = async {
            let row = self.reads().workspace_invite_by_token(sought).await?;
            Ok::<_, AccessError>(row.filter(|_| token.is_some()))
        };
        let secrecy = match token {
            Some(token) if token.is_random() => Secrecy::Random,
            _ => Secrecy::Guessable,
        };
        let Some(row) = self.client.look_up(secrecy, look_up).await? else {
            return Ok(None);
        };
        // Who the viewer is may cost a statement, and does not always matter.
        let matters = self.masks() || row.peek().accepted_by_id.is_some();
        let is_party = !matters || self.is_workspace_invite_party(row.peek()).await?;
        let published = self.published(is_party);
        Ok(Some(WorkspaceInviteView {
            email: published,
            inviter_email: published,
            // The contract does not publish who accepted, and a link may have been passed on.
            shows_acceptor: is_party,
            // The contract publishes the workspace, whatever the status.
            is_entitled: true,
            status: status(row.peek(), self.now),
            row,
        }))
    }

    /// The invite of that id.
    pub async fn workspace_invite(
        &self,
        id: i64,
    ) -> Result<Option<WorkspaceInviteView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let Some(row) = self.reads().workspace_invite(id).await? else {
            self.as_if_hidden(Target::Workspace(NO_ID)).await?;
            return Ok(None);
        };
        let visible = self.is_workspace_invite_party(row.peek()).await?;
        Ok(visible.then(|| self.listed_workspace_invite(row, false)))
    }

    /// A page of a workspace's invites, for who manages it.
    pub async fn workspace_invites_of(
        &self,
        manager: &WorkspaceManager,
        filter: WorkspaceInviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<WorkspaceInviteView>, AccessError> {
        let slice = self
            .reads()
            .workspace_invites_of(manager, filter, sort, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|row| self.listed_workspace_invite(row, true)))
    }

    /// A page of the invites of all workspaces that the viewer manages; for staff: of all.
    pub async fn workspace_invites(
        &self,
        filter: &WorkspaceInviteFilter,
        sort: InviteSort,
        page: &Page,
    ) -> Result<Slice<WorkspaceInviteView>, AccessError> {
        let managed = self.managed()?;
        let slice = self
            .reads()
            .workspace_invites(&managed, filter, sort, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|row| self.listed_workspace_invite(row, true)))
    }

    /// Whether the viewer is the invitee, the inviter, manages the workspace, or is staff.
    async fn is_workspace_invite_party(&self, row: &Model) -> Result<bool, LoadError> {
        let viewer = &self.viewer;
        if viewer.is(row.inviter_id)
            || viewer.is(row.accepted_by_id)
            || viewer.has_verified(Some(&row.email_norm))
        {
            return Ok(true);
        }
        self.manages(Target::Workspace(row.workspace_id), &MANAGES_WORKSPACE)
            .await
    }

    /// The invite of a party that did not bring its token along. `manages` tells whether the viewer
    /// is known to manage the workspace.
    fn listed_workspace_invite(&self, row: Guarded<Model>, manages: bool) -> WorkspaceInviteView {
        WorkspaceInviteView {
            email: EmailVisibility::Full,
            inviter_email: EmailVisibility::Hidden,
            shows_acceptor: true,
            is_entitled: manages,
            status: status(row.peek(), self.now),
            row,
        }
    }
}

/// Name of an inviter to show: the full name, or else the username.
pub fn inviter_name(inviter: &UserView) -> &str {
    if inviter.full_name().is_empty() {
        inviter.username()
    } else {
        inviter.full_name()
    }
}
