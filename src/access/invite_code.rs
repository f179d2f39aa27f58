//! Invite codes. Holders of the code, the invitee, the inviter and staff see them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{invite_code::Model, user};
use futures_util::future::try_join_all;

use super::{
    Access, AccessError, Creation, EmailVisibility, Refused, TagView, UserView,
    creation::Rows,
    findable,
    proof::{CodeCreator, Guarded, ManagedScope},
};
use crate::{
    invite::{Code, InviteKind, ROLES, Refusal, Status, roles_of_codes},
    lifecycle::{Created, Lifecycle, NewInviteCode},
    loader::{
        InviteSort, LoadError,
        invite::InviteRef,
        invite_code::{InviteCodeFilter, status},
        invite_code_by_code::{Found, Preload, Preloaded},
    },
    paging::{Page, Slice},
    rate_limit::Secrecy,
};

/// A personal code.
#[derive(Clone, Debug)]
pub struct InviteCodeView {
    /// Primary key.
    pub id: i64,
    /// Bucket of the code, as in [`Code::bucket`].
    pub bucket: u8,
    /// The code itself, for its holders, its inviter, and staff.
    pub code: Option<Code>,
    /// Role that using the code grants.
    pub role: Option<String>,
    /// Name of the invitee.
    pub name: Option<String>,
    /// Address of the invitee; possibly masked.
    pub email: Option<String>,
    /// The inviter.
    pub inviter_id: Option<i64>,
    /// The account created with the code.
    pub user_id: Option<i64>,
    /// Time of creation.
    pub generated_at: DateTime<Utc>,
    /// Time of sending.
    pub sent_at: Option<DateTime<Utc>>,
    /// Time of use.
    pub used_at: Option<DateTime<Utc>>,
    /// Time from which the code cannot be used.
    pub expires_at: Option<DateTime<Utc>>,
    /// Time at which the invitee declined.
    pub declined_at: Option<DateTime<Utc>>,
    /// Time at which the invite was withdrawn.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Effective status.
    pub status: Status,
    /// Normalized address of the invitee, for comparisons alone.
    email_norm: Option<String>,
    preloaded: Preloaded,
}

impl InviteCodeView {
    fn new(
        row: Guarded<Model>,
        preloaded: Preloaded,
        shows_code: bool,
        email: EmailVisibility,
        now: DateTime<Utc>,
    ) -> Self {
        let row = row.take();
        let status = status(&row, now);
        let code = Code::new(row.code);
        Self {
            status,
            id: row.id,
            email_norm: row.email_norm,
            bucket: code.bucket(),
            code: shows_code.then_some(code),
            role: row.role,
            name: row.name,
            email: row
                .email
                .and_then(|address| Some(email.show(&address)?.into_owned())),
            inviter_id: row.invited_by_id,
            user_id: row.user_id,
            generated_at: row.generated_at,
            sent_at: row.sent_at,
            used_at: row.used_at,
            declined_at: row.declined_at,
            cancelled_at: row.cancelled_at.filter(|_| row.declined_at.is_none()),
            expires_at: row.expires_at,
            preloaded,
        }
    }

    /// Kind, key and bucket.
    pub fn invite_ref(&self) -> InviteRef {
        InviteRef {
            kind: InviteKind::InviteCode,
            id: self.id,
            target: Some(self.bucket.into()),
        }
    }

    /// Normalized address of the invitee. Shown to nobody.
    pub(super) fn email_norm(&self) -> Option<&str> {
        self.email_norm.as_deref()
    }
}

/// Somebody to invite by a code.
#[derive(Clone, Debug)]
pub struct CodeInvitee {
    /// Name.
    pub name: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// Role that using the code grants.
    pub role: Option<String>,
    /// Tags that the code grants; none in place of an id that no tag has.
    pub tags: Vec<Option<i64>>,
}

impl Access {
    /// Returns the roles that the viewer may grant with invite codes.
    pub(super) fn grantable_code_roles(&self) -> &'static [&'static str] {
        match (self.viewer.is_staff(), self.viewer.creates_codes()) {
            (true, _) => &ROLES,
            (false, true) => roles_of_codes(),
            (false, false) => &[],
        }
    }

    /// Creates invite codes. `key` is an idempotency key and the request.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
    pub async fn create_invite_codes(
        &self,
        invitees: Vec<CodeInvitee>,
        expires_at: Option<DateTime<Utc>>,
        key: Option<(String, String)>,
    ) -> Result<Creation, AccessError> {
        let actor = self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        if !self.viewer.creates_codes() {
            return Ok(Err(Refused::new("invitees", Refusal::NotAllowed)));
        }
        let creator = CodeCreator::new(actor.user_id());
        let expires_at = lifecycle.expiry(expires_at, self.now);
        let checked = Self::check_rows("invitees", invitees.len()).and_then(|()| {
            let expires_at = expires_at.map_err(|refusal| Refused::new("expiresAt", refusal))?;
            Ok((expires_at, Self::check_key(key)?))
        });
        let (expires_at, key) = match checked {
            Ok(checked) => checked,
            Err(refused) => return Ok(Err(refused)),
        };
        let checks = invitees
            .into_iter()
            .map(|invitee| self.check_code(lifecycle, invitee));
        let (checked, codes) = Rows::new(try_join_all(checks).await?).split();
        let links: HashMap<i64, String> = codes
            .iter()
            .filter_map(|(number, code)| {
                Some((*number, lifecycle.accept_url()?.with_code(&code.code)))
            })
            .collect();
        let created = match codes.is_empty() {
            true => Created::Rows(Vec::new()),
            false => {
                let created =
                    lifecycle.create_invite_codes(&creator, codes, expires_at, key, self.now);
                let (created, rows) = created.await?;
                self.written().extend(rows);
                created
            }
        };
        // A code that was created before is in the invite, for its inviter.
        let links: HashMap<i64, String> = match &created {
            Created::Rows(rows) => rows
                .iter()
                .filter_map(|(number, row)| Some((*row.as_ref().ok()?, links.get(number)?.clone())))
                .collect(),
            Created::Before(_) | Created::KeyReused => HashMap::new(),
        };
        let url = |id: i64| links.get(&id).cloned();
        Ok(Rows::<NewInviteCode>::outcomes(
            checked, &created, "email", url,
        ))
    }

    async fn check_code(
        &self,
        lifecycle: &Lifecycle,
        invitee: CodeInvitee,
    ) -> Result<Result<NewInviteCode, Refused>, AccessError> {
        let tags = match self.grantable_tags(invitee.tags).await? {
            Ok(tags) => tags,
            Err(refusal) => return Ok(Err(Refused::new("tags", refusal))),
        };
        let checked = || {
            let email = invitee.email.map(|email| {
                let email = email.trim();
                let email_norm = lifecycle.check_address(email);
                email_norm.map(|email_norm| (email.to_owned(), email_norm))
            });
            let email = email
                .transpose()
                .map_err(|refusal| Refused::new("email", refusal))?;
            if let Some(role) = &invitee.role
                && !self.grantable_code_roles().contains(&role.as_str())
            {
                return Err(Refused::new("role", Refusal::RoleNotAllowed));
            }
            if let Some(name) = &invitee.name {
                let name = lifecycle.check_name(name);
                name.map_err(|refusal| Refused::new("name", refusal))?;
            }
            Ok(NewInviteCode {
                code: Code::random(),
                name: invitee.name,
                email,
                role: invitee.role,
                tags,
            })
        };
        Ok(checked())
    }

    /// Returns the invite code with this code, with the rows of `preload`.
    ///
    /// # Errors
    /// [`AccessError::RateLimited`], or the row could not be loaded.
    pub async fn invite_code_by_code(
        &self,
        code: &str,
        preload: Preload,
    ) -> Result<Option<InviteCodeView>, AccessError> {
        let found = self.find_invite_code_by_code(code, preload);
        self.audit
            .read(InviteKind::InviteCode.as_str(), found)
            .await
    }

    async fn find_invite_code_by_code(
        &self,
        code: &str,
        preload: Preload,
    ) -> Result<Option<InviteCodeView>, AccessError> {
        let code = findable(code);
        let look_up =
            async { Ok::<_, AccessError>(self.reads().invite_code_by_code(code, preload).await?) };
        let found = self.client.look_up(Secrecy::Guessable, look_up).await?;
        Ok(found.map(|Found { invite, preloaded }| {
            let email = self.holder_visibility(self.is_invite_code_party(invite.peek()));
            InviteCodeView::new(invite, preloaded, true, email, self.now)
        }))
    }

    /// Returns the invite code with this id.
    pub async fn invite_code(&self, id: i64) -> Result<Option<InviteCodeView>, LoadError> {
        let found = self.find_invite_code(id);
        self.audit
            .read(InviteKind::InviteCode.as_str(), found)
            .await
    }

    async fn find_invite_code(&self, id: i64) -> Result<Option<InviteCodeView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let written = self.written().invite_code(id);
        let row = match written {
            None => self.reads().invite_code(id).await?,
            written => written,
        };
        Ok(row
            .filter(|row| self.is_invite_code_party(row.peek()))
            .map(|row| self.invite_code_of_party(row)))
    }

    /// Returns a page of the codes in scope.
    pub async fn invite_codes(
        &self,
        managed: &ManagedScope,
        filter: InviteCodeFilter,
        sort: InviteSort,
        page: Page,
    ) -> Result<Slice<InviteCodeView>, AccessError> {
        let slice = self
            .lists()
            .invite_codes(managed, filter, sort, page)
            .await?;
        Ok(slice.map(|row| self.invite_code_of_party(row)))
    }

    /// Returns the inviter of a code, unless deleted.
    pub async fn inviter_of(&self, code: &InviteCodeView) -> Result<Option<UserView>, LoadError> {
        self.preloaded(&code.preloaded.inviter, code.inviter_id)
            .await
    }

    /// Returns the account created with a code, unless deleted.
    pub async fn user_of(&self, code: &InviteCodeView) -> Result<Option<UserView>, LoadError> {
        self.preloaded(&code.preloaded.user, code.user_id).await
    }

    /// Returns the tags that a code grants, by name.
    pub async fn tags_of(&self, code: &InviteCodeView) -> Result<Vec<TagView>, LoadError> {
        let rows = match &code.preloaded.tags {
            Some(rows) => rows.clone(),
            None => self.reads().tags_of_invite_code(code.id).await?,
        };
        Ok(rows.into_iter().map(TagView::new).collect())
    }

    async fn preloaded(
        &self,
        preloaded: &Option<Option<Guarded<user::Model>>>,
        id: Option<i64>,
    ) -> Result<Option<UserView>, LoadError> {
        match preloaded {
            Some(row) => {
                let row = row.clone();
                Ok(row.map(|row| self.user_view(row, EmailVisibility::Hidden, false)))
            }
            None => self.referenced_user(id, EmailVisibility::Hidden).await,
        }
    }

    /// Returns true if the viewer is the invitee, the inviter, or staff.
    fn is_invite_code_party(&self, row: &Model) -> bool {
        let viewer = &self.viewer;
        viewer.is_staff()
            || viewer.is(row.invited_by_id)
            || viewer.is(row.user_id)
            || viewer.has_verified(row.email_norm.as_deref())
    }

    /// Creates the view of a party that has not sent the code.
    fn invite_code_of_party(&self, row: Guarded<Model>) -> InviteCodeView {
        let shows_code = self.viewer.is_staff() || self.viewer.is(row.peek().invited_by_id);
        let preloaded = Preloaded::default();
        InviteCodeView::new(row, preloaded, shows_code, EmailVisibility::Full, self.now)
    }
}
