//! Invite codes: seen by who holds the code, by the invitee, the inviter, and staff.

use chrono::{DateTime, Utc};
use entity::{invite_code::Model, user};

use super::{Access, AccessError, EmailVisibility, TagView, UserView, findable, proof::Guarded};
use crate::rate_limit::Secrecy;
use crate::{
    invite::{Code, Status},
    loader::{
        InviteSort, LoadError,
        invite_code::{InviteCodeFilter, status},
        invite_code_by_code::{Found, Preload, Preloaded},
    },
    paging::{Page, Slice},
};

/// An invite code as the viewer may see it.
#[derive(Clone, Debug)]
pub struct InviteCodeView {
    /// Key in the source.
    pub id: i64,
    /// The code itself: for who holds it already, its inviter, and staff.
    pub code: Option<Code>,
    /// Role that using the code gives.
    pub role: Option<String>,
    /// Name of the person invited.
    pub name: Option<String>,
    /// Address of the person invited; possibly masked.
    pub email: Option<String>,
    /// Who made the code.
    pub inviter_id: Option<i64>,
    /// The account made with the code.
    pub user_id: Option<i64>,
    /// When the code was made.
    pub generated_at: DateTime<Utc>,
    /// When the code was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the code was used.
    pub used_at: Option<DateTime<Utc>>,
    /// When an unused code expires.
    pub expires_at: Option<DateTime<Utc>>,
    /// Effective status.
    pub status: Status,
    /// Rows that were loaded with the code.
    preloaded: Preloaded,
}

impl Access {
    /// Looks up an invite code by its code, with the rows of `preload`.
    ///
    /// # Errors
    /// [`AccessError::RateLimited`], or the row could not be loaded.
    pub async fn invite_code_by_code(
        &self,
        code: &str,
        preload: Preload,
    ) -> Result<Option<InviteCodeView>, AccessError> {
        let code = findable(code);
        let look_up =
            async { Ok::<_, AccessError>(self.reads().invite_code_by_code(code, preload).await?) };
        let found = self.client.look_up(Secrecy::Guessable, look_up).await?;
        Ok(found.map(|Found { invite, preloaded }| {
            let published = self.published(self.is_party(invite.peek()));
            InviteCodeView {
                preloaded,
                ..self.invite_code_view(invite.take(), true, published)
            }
        }))
    }

    /// Who made the code, unless deleted.
    pub async fn inviter_of(&self, code: &InviteCodeView) -> Result<Option<UserView>, LoadError> {
        self.preloaded(&code.preloaded.inviter, code.inviter_id)
            .await
    }

    /// The account made with the code, unless deleted.
    pub async fn user_of(&self, code: &InviteCodeView) -> Result<Option<UserView>, LoadError> {
        self.preloaded(&code.preloaded.user, code.user_id).await
    }

    async fn preloaded(
        &self,
        loaded: &Option<Option<Guarded<user::Model>>>,
        id: Option<i64>,
    ) -> Result<Option<UserView>, LoadError> {
        match loaded {
            Some(row) => {
                let row = row.clone();
                Ok(row.map(|row| self.user_view(row, EmailVisibility::Hidden, false)))
            }
            None => self.user_reached(id, EmailVisibility::Hidden).await,
        }
    }

    /// The tags that the code gives, by name.
    pub async fn tags_of(&self, code: &InviteCodeView) -> Result<Vec<TagView>, LoadError> {
        let rows = match &code.preloaded.tags {
            Some(rows) => rows.clone(),
            None => self.reads().tags_of_invite_code(code.id).await?,
        };
        Ok(rows.into_iter().map(|row| row.take().into()).collect())
    }

    /// The invite code of that id.
    pub async fn invite_code(&self, id: i64) -> Result<Option<InviteCodeView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let row = self.reads().invite_code(id).await?;
        Ok(row
            .filter(|row| self.is_party(row.peek()))
            .map(|row| self.listed_invite_code(row)))
    }

    /// A page of the codes that the viewer made; for staff: of all.
    pub async fn invite_codes(
        &self,
        filter: &InviteCodeFilter,
        sort: InviteSort,
        page: &Page,
    ) -> Result<Slice<InviteCodeView>, AccessError> {
        let managed = self.managed()?;
        let slice = self
            .reads()
            .invite_codes(&managed, filter, sort, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|row| self.listed_invite_code(row)))
    }

    /// Whether the viewer is the invitee, the inviter, or staff.
    fn is_party(&self, row: &Model) -> bool {
        let viewer = &self.viewer;
        viewer.is_staff()
            || viewer.is(row.invited_by_id)
            || viewer.is(row.user_id)
            || viewer.has_verified(row.email_norm.as_deref())
    }

    /// The code of a party that did not bring it along.
    fn listed_invite_code(&self, row: Guarded<Model>) -> InviteCodeView {
        let row = row.take();
        let may_give_it = self.viewer.is_staff() || self.viewer.is(row.invited_by_id);
        self.invite_code_view(row, may_give_it, EmailVisibility::Full)
    }

    fn invite_code_view(
        &self,
        row: Model,
        with_code: bool,
        email: EmailVisibility,
    ) -> InviteCodeView {
        let status = status(&row, self.now);
        InviteCodeView {
            id: row.id,
            code: with_code.then(|| Code::new(row.code)),
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
            expires_at: row.expires_at,
            status,
            preloaded: Preloaded::default(),
        }
    }
}
