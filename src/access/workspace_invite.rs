//! Workspace invites. Holders of the token, the invitee, the inviter, managers of the workspace and
//! staff see them. No view has the token.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use chrono::{DateTime, Utc};
use entity::workspace_invite::Model;
use futures_util::future::try_join;

use super::{
    Access, AccessError, Creation, EmailVisibility, NO_ID, Refused, UserView,
    creation::Rows,
    proof::{Guarded, ManagedScope, WorkspaceManager},
};
use crate::{
    invite::{InviteKind, ROLES, Refusal, Role, SentToken, Status, Token, grantable_roles},
    lifecycle::{Created, NewWorkspaceInvite, Terms},
    loader::{
        InviteSort, LoadError,
        invite::InviteRef,
        role::Target,
        workspace_invite::{WorkspaceInviteFilter, status},
    },
    paging::{Page, Slice},
    rate_limit::Secrecy,
};

/// An e-mail invitation to a workspace, without its token. Shares the row with other requests.
#[derive(Clone, Debug)]
pub struct WorkspaceInviteView {
    row: Guarded<Model>,
    email: EmailVisibility,
    shows_acceptor: bool,
    /// True for holders of the token and in lists of managers: they see the workspace whatever the
    /// status.
    always_shows_workspace: bool,
    /// Visibility of the inviter's address.
    pub inviter_email: EmailVisibility,
    /// Effective status.
    pub status: Status,
}

impl WorkspaceInviteView {
    /// `holder_visibility` is the visibility of both addresses to a holder of the token. Other viewers are
    /// parties of the invite: they see the invitee's address, but not the inviter's.
    fn new(
        row: Guarded<Model>,
        holder_visibility: Option<EmailVisibility>,
        shows_acceptor: bool,
        always_shows_workspace: bool,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            email: holder_visibility.unwrap_or(EmailVisibility::Full),
            inviter_email: holder_visibility.unwrap_or(EmailVisibility::Hidden),
            shows_acceptor,
            always_shows_workspace,
            status: status(row.peek(), now),
            row,
        }
    }

    /// Primary key.
    pub fn id(&self) -> i64 {
        self.row.peek().id
    }

    /// Kind, key and target.
    pub fn invite_ref(&self) -> InviteRef {
        InviteRef {
            kind: InviteKind::WorkspaceInvite,
            id: self.id(),
            target: Some(self.workspace_id()),
        }
    }

    /// Address of the invitee; possibly masked.
    pub fn email(&self) -> Option<Cow<'_, str>> {
        self.email.show(&self.row.peek().email)
    }

    /// The workspace that accepting joins.
    pub fn workspace_id(&self) -> i64 {
        self.row.peek().workspace_id
    }

    /// Normalized address of the invitee, for comparisons alone. Shown to nobody.
    pub(super) fn email_norm(&self) -> &str {
        &self.row.peek().email_norm
    }

    /// Returns true if this user accepted the invite.
    pub(super) fn is_accepted_by(&self, user_id: i64) -> bool {
        self.row.peek().accepted_by_id == Some(user_id)
    }

    /// Returns true if the invite itself entitles the viewer to see its workspace.
    pub(super) fn shows_workspace(&self) -> bool {
        self.always_shows_workspace || self.status == Status::Pending
    }

    /// The inviter.
    pub fn inviter_id(&self) -> Option<i64> {
        self.row.peek().inviter_id
    }

    /// Role that accepting grants.
    pub fn role(&self) -> Role<'_> {
        Role(&self.row.peek().role)
    }

    /// Message of the inviter.
    pub fn message(&self) -> Option<&str> {
        self.row.peek().message.as_deref()
    }

    /// Time of creation.
    pub fn created_at(&self) -> DateTime<Utc> {
        self.row.peek().created_at
    }

    /// Time from which the invite cannot be accepted. None if it never expires.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.row.peek().expires_at
    }

    /// Time of acceptance.
    pub fn accepted_at(&self) -> Option<DateTime<Utc>> {
        self.row.peek().accepted_at
    }

    /// Time at which the invitee declined.
    pub fn declined_at(&self) -> Option<DateTime<Utc>> {
        self.row.peek().declined_at
    }

    /// Time at which the gateway last sent the invite.
    pub fn last_sent_at(&self) -> Option<DateTime<Utc>> {
        self.row.peek().last_sent_at
    }

    /// Number of times that the gateway sent the invite.
    pub fn send_count(&self) -> i32 {
        self.row.peek().send_count
    }

    /// Time at which the invite was withdrawn.
    pub fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        let row = self.row.peek();
        row.cancelled_at.filter(|_| row.declined_at.is_none())
    }

    /// The user who accepted it; none if hidden.
    pub fn accepted_by_id(&self) -> Option<i64> {
        let id = self.row.peek().accepted_by_id;
        id.filter(|_| self.shows_acceptor)
    }
}

/// Somebody to invite to a workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceInvitee {
    /// Address.
    pub email: String,
    /// Role that accepting grants; `member` by default.
    pub role: Option<String>,
}

/// Role of a workspace invite that names none.
const DEFAULT_ROLE: &str = "member";

impl Access {
    /// Returns the roles that the viewer may grant in a workspace, from the highest to the lowest.
    pub async fn grantable_roles(
        &self,
        workspace_id: i64,
    ) -> Result<&'static [&'static str], LoadError> {
        if !self.can_write() {
            return Ok(&[]);
        }
        let workspace = Target::Workspace(workspace_id);
        if self.viewer.is_staff_of(workspace) {
            return Ok(&ROLES);
        }
        let role = self.role(workspace).await?;
        Ok(role.map_or(&[], |role| grantable_roles(&role)))
    }

    /// Creates invites to a workspace. `key` is an idempotency key and the request.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
    pub async fn create_workspace_invites(
        &self,
        workspace_id: Option<i64>,
        invitees: Vec<WorkspaceInvitee>,
        message: Option<String>,
        expires_at: Option<DateTime<Utc>>,
        key: Option<(String, String)>,
    ) -> Result<Creation, AccessError> {
        let actor = self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let in_workspace = |refusal| Ok(Err(Refused::new("workspace", refusal)));
        let Some(workspace) = self.workspace(workspace_id.unwrap_or(NO_ID)).await? else {
            return in_workspace(Refusal::NotFound);
        };
        let manager = match self.workspace_manager(&workspace).await {
            Ok(manager) => manager,
            Err(AccessError::Forbidden) => return in_workspace(Refusal::NotAllowed),
            Err(error) => return Err(error),
        };
        let checked = Self::check_rows("invitees", invitees.len()).and_then(|()| {
            let message = message
                .as_deref()
                .map_or(Ok(()), |text| lifecycle.check_message(text));
            message.map_err(|refusal| Refused::new("message", refusal))?;
            let expires_at = lifecycle.expiry(expires_at, self.now);
            let expires_at = expires_at.map_err(|refusal| Refused::new("expiresAt", refusal))?;
            Ok((expires_at, Self::check_key(key)?))
        });
        let (expires_at, key) = match checked {
            Ok(checked) => checked,
            Err(refused) => return Ok(Err(refused)),
        };
        let grantable = self.grantable_roles(workspace.id).await?;
        let mut seen = HashSet::new();
        let checked = invitees.into_iter().map(|invitee| {
            let email = invitee.email.trim();
            let email_norm = lifecycle.check_address(email);
            let email_norm = email_norm.map_err(|refusal| Refused::new("email", refusal))?;
            let role = invitee.role.unwrap_or_else(|| DEFAULT_ROLE.to_owned());
            if !grantable.contains(&role.as_str()) {
                return Err(Refused::new("role", Refusal::RoleNotAllowed));
            }
            if !seen.insert(email_norm.clone()) {
                let repeated = Refusal::Invalid("An earlier row has the same address.");
                return Err(Refused::new("email", repeated));
            }
            Ok(NewWorkspaceInvite {
                email: email.to_owned(),
                email_norm,
                role,
                token: Token::random(),
            })
        });
        let (checked, invites) = Rows::new(checked).split();
        let tokens: HashMap<i64, Token> = invites
            .iter()
            .map(|(number, invite)| (*number, invite.token))
            .collect();
        let created = match invites.is_empty() {
            true => Created::Rows(Vec::new()),
            false => {
                let terms = Terms {
                    message: message.filter(|message| !message.is_empty()),
                    expires_at,
                };
                let created = lifecycle
                    .create_workspace_invites(&manager, &actor, invites, terms, key, self.now);
                let (created, rows) = created.await?;
                self.written().extend(rows);
                created
            }
        };
        let links: HashMap<i64, Token> = match &created {
            Created::Rows(rows) | Created::Before(rows) => rows
                .iter()
                .filter_map(|(number, row)| Some((*row.as_ref().ok()?, *tokens.get(number)?)))
                .collect(),
            Created::KeyReused => HashMap::new(),
        };
        let links = match created {
            // Links cannot be read back. The earlier ones keep working.
            Created::Before(_) => {
                lifecycle
                    .mint_tokens(&manager, &actor, links, self.now)
                    .await?
            }
            _ => links,
        };
        let url = |id: i64| {
            let token = links.get(&id)?;
            Some(lifecycle.accept_url()?.with_token(*token))
        };
        Ok(Rows::<NewWorkspaceInvite>::outcomes(
            checked, &created, "email", url,
        ))
    }

    /// Returns the invite with the token that was sent. For text that is no token, runs the same look-up
    /// and returns none, so that both misses take the same time.
    ///
    /// # Errors
    /// [`AccessError::RateLimited`] if the client exceeded its quota of misses;
    /// [`AccessError::Load`] if the row could not be loaded.
    pub async fn workspace_invite_by_token(
        &self,
        sent: &str,
    ) -> Result<Option<WorkspaceInviteView>, AccessError> {
        let found = self.find_workspace_invite_by_token(sent);
        self.audit
            .read(InviteKind::WorkspaceInvite.as_str(), found)
            .await
    }

    async fn find_workspace_invite_by_token(
        &self,
        sent: &str,
    ) -> Result<Option<WorkspaceInviteView>, AccessError> {
        let SentToken { hashes, is_random } = SentToken::new(sent);
        let look_up = async {
            let reads = self.reads();
            // No token has the empty hash.
            let first = hashes.first().cloned().unwrap_or_default();
            let first = reads.workspace_invite_by_token(first);
            let second = hashes.get(1).cloned();
            let second = async {
                match second {
                    Some(hash) => reads.workspace_invite_by_token(hash).await,
                    None => Ok(None),
                }
            };
            // Together, so that they share a statement.
            let (first, second) = try_join(first, second).await?;
            Ok::<_, AccessError>(first.or(second))
        };
        let secrecy = match is_random {
            true => Secrecy::Random,
            false => Secrecy::Guessable,
        };
        let Some(row) = self.client.look_up(secrecy, look_up).await? else {
            return Ok(None);
        };
        // The viewer's role may cost a statement. Load it only if the response depends on it.
        let depends_on_role = self.masks() || row.peek().accepted_by_id.is_some();
        let is_party = !depends_on_role || self.is_workspace_invite_party(row.peek()).await?;
        // Only parties see who accepted: the contract omits it, and a link may have been forwarded.
        // The contract returns the workspace whatever the status.
        let holder_visibility = Some(self.holder_visibility(is_party));
        let view = WorkspaceInviteView::new(row, holder_visibility, is_party, true, self.now);
        Ok(Some(view))
    }

    /// Returns the invite with this id.
    pub async fn workspace_invite(
        &self,
        id: i64,
    ) -> Result<Option<WorkspaceInviteView>, LoadError> {
        let found = self.find_workspace_invite(id);
        self.audit
            .read(InviteKind::WorkspaceInvite.as_str(), found)
            .await
    }

    async fn find_workspace_invite(
        &self,
        id: i64,
    ) -> Result<Option<WorkspaceInviteView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let written = self.written().workspace_invite(id);
        let row = match written {
            None => self.reads().workspace_invite(id).await?,
            written => written,
        };
        let Some(row) = row else {
            // An unknown invite must cost the same statements as a hidden one.
            self.load_as_if_hidden(Target::Workspace(NO_ID)).await?;
            return Ok(None);
        };
        let is_visible = self.is_workspace_invite_party(row.peek()).await?;
        Ok(is_visible.then(|| WorkspaceInviteView::new(row, None, true, false, self.now)))
    }

    /// Returns a page of a workspace's invites.
    pub async fn workspace_invites_of(
        &self,
        manager: &WorkspaceManager,
        filter: WorkspaceInviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<WorkspaceInviteView>, AccessError> {
        let slice = self
            .lists()
            .workspace_invites_of(manager, filter, sort, page)
            .await?;
        Ok(slice.map(|row| WorkspaceInviteView::new(row, None, true, true, self.now)))
    }

    /// Returns a page of the invites of all workspaces in scope.
    pub async fn workspace_invites(
        &self,
        managed: &ManagedScope,
        filter: WorkspaceInviteFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<WorkspaceInviteView>, AccessError> {
        let slice = self
            .lists()
            .workspace_invites(managed, filter, sort, page)
            .await?;
        Ok(slice.map(|row| WorkspaceInviteView::new(row, None, true, true, self.now)))
    }

    /// Returns true if the viewer is the invitee, the inviter, a manager of the workspace, or staff.
    async fn is_workspace_invite_party(&self, row: &Model) -> Result<bool, LoadError> {
        let viewer = &self.viewer;
        if viewer.is(row.inviter_id)
            || viewer.is(row.accepted_by_id)
            || viewer.has_verified(Some(&row.email_norm))
        {
            return Ok(true);
        }
        self.manages(Target::Workspace(row.workspace_id)).await
    }
}

/// Returns the display name of an inviter: the full name, or else the username.
pub fn inviter_name(inviter: &UserView) -> &str {
    if inviter.full_name().is_empty() {
        inviter.username()
    } else {
        inviter.full_name()
    }
}
