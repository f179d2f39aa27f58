//! Workspace invites: seen by who holds the token, by the invitee, the inviter, who manages the
//! workspace, and staff. The token itself is never shown.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use entity::workspace_invite::Model;
use uuid::{Uuid, Version};

use super::{
    Access, AccessError, NO_ID, Published, UserView,
    proof::{Guarded, WorkspaceManager},
};
use crate::loader::{
    InviteSort, LoadError, Page, Slice, Status,
    role::Place,
    workspace::MANAGES_WORKSPACE,
    workspace_invite::{WorkspaceInviteFilter, status},
};
use crate::rate_limit::Secrecy;

/// A workspace invite as the viewer may see it; it does not show the token.
#[derive(Clone, Debug)]
pub struct WorkspaceInviteView {
    row: Guarded<Model>,
    email: Published,
    shows_acceptor: bool,
    /// Whether the viewer holds the token or manages the workspace, and so sees the workspace
    /// whatever the status.
    is_entitled: bool,
    /// How far the inviter's address is published to the viewer.
    pub inviter_email: Published,
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
    pub fn role(&self) -> &str {
        &self.row.peek().role
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

/// A role as people read it; `UNKNOWN` when it has no known name.
pub fn role_display(role: &str) -> &'static str {
    match role {
        "owner" => "Owner",
        "admin" => "Admin",
        "manager" => "Manager",
        "member" => "Member",
        "editor" => "Editor",
        "viewer" => "Viewer",
        "guest" => "Guest",
        "billing" => "Billing",
        _ => "UNKNOWN",
    }
}

/// Reads a token: a UUID (RFC 9562) with hyphens, and no other way of writing one.
pub fn parse_token(text: &str) -> Option<Uuid> {
    const HYPHENATED: usize = 36;
    Uuid::try_parse(text)
        .ok()
        .filter(|_| text.len() == HYPHENATED)
}

impl Access {
    /// The invite that this token names. A token that cannot be one is looked for like another.
    ///
    /// # Errors
    /// [`AccessError::RateLimited`], or the row could not be loaded.
    pub async fn workspace_invite_by_token(
        &self,
        token: Option<Uuid>,
    ) -> Result<Option<WorkspaceInviteView>, AccessError> {
        let sought = token.unwrap_or_default();
        let look_up = async {
            let row = self.loaders.workspace_invite_by_token(sought).await?;
            Ok::<_, AccessError>(row.filter(|_| token.is_some()))
        };
        let secrecy = match token {
            Some(token) if token.get_version() == Some(Version::Random) => Secrecy::Random,
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
        let Some(row) = self.loaders.workspace_invite(id).await? else {
            self.as_if_hidden(Place::Workspace(NO_ID)).await?;
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
            .loaders
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
            .loaders
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
        self.manages(Place::Workspace(row.workspace_id), &MANAGES_WORKSPACE)
            .await
    }

    /// The invite of a party that did not bring its token along. `manages` tells whether the viewer
    /// is known to manage the workspace.
    fn listed_workspace_invite(&self, row: Guarded<Model>, manages: bool) -> WorkspaceInviteView {
        WorkspaceInviteView {
            email: Published::InFull,
            inviter_email: Published::Nowhere,
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

#[cfg(test)]
mod tests {
    use super::parse_token;

    #[test]
    fn a_token_is_a_uuid_with_hyphens() {
        let canonical = "d0000000-0000-4000-8000-00000000000a";
        assert!(parse_token(canonical).is_some());
        assert_eq!(
            parse_token(canonical),
            parse_token(&canonical.to_uppercase())
        );
        for other in [
            "",
            "d000000000004000800000000000000a",
            "{d0000000-0000-4000-8000-00000000000a}",
            "urn:uuid:d0000000-0000-4000-8000-00000000000a",
            "d0000000-0000-4000-8000-00000000000",
            "d0000000-0000-4000-8000-00000000000g",
            " d0000000-0000-4000-8000-00000000000a",
        ] {
            assert_eq!(parse_token(other), None, "{other}");
        }
    }
}
