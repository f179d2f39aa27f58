//! Users. Anyone sees those of an invite that they see; signed-in viewers see all by id. The user,
//! staff, and those to whom a contract publishes it see an address.

use std::borrow::Cow;

use entity::user::Model;

use super::{
    Access, AccessError, Disclosure,
    proof::{Guarded, StaffProof},
};
use crate::{
    email,
    lifecycle::Profile,
    loader::{
        LoadError,
        user::{UserFilter, UserSort},
    },
    paging::{Page, Slice},
};

/// A user. Shares the row with other requests.
#[derive(Clone, Debug)]
pub struct UserView {
    row: Guarded<Model>,
    email: EmailVisibility,
    shows_ext_id: bool,
    is_self: bool,
}

impl UserView {
    fn new(row: Guarded<Model>, email: EmailVisibility, shows_ext_id: bool, is_self: bool) -> Self {
        Self {
            row,
            email,
            shows_ext_id,
            is_self,
        }
    }

    /// Primary key.
    pub fn id(&self) -> i64 {
        self.row.peek().id
    }

    /// Unique sign-in name.
    pub fn username(&self) -> &str {
        &self.row.peek().username
    }

    /// Display name; may be empty.
    pub fn full_name(&self) -> &str {
        &self.row.peek().full_name
    }

    /// URL of the profile picture.
    pub fn avatar_url(&self) -> Option<&str> {
        self.row.peek().avatar_url.as_deref()
    }

    /// Returns true if the user has proven that the address is theirs.
    pub fn is_verified(&self) -> bool {
        self.row.peek().is_verified
    }

    /// Id in the customer's own system, for staff, and for managers of a course that invited the
    /// user.
    pub fn ext_id(&self) -> Option<&str> {
        let ext_id = self.row.peek().ext_id.as_deref();
        ext_id.filter(|_| self.shows_ext_id)
    }

    /// Returns true if the viewer may see the id that the user has in their source.
    pub(super) fn shows_external_key(&self) -> bool {
        self.shows_ext_id || self.is_self
    }

    /// E-mail address, possibly masked; none if hidden.
    pub fn email(&self) -> Option<Cow<'_, str>> {
        self.email.show(&self.row.peek().email)
    }
}

/// Visibility of an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailVisibility {
    /// Not visible.
    Hidden,
    /// Visible as `j…@e….com`.
    Masked,
    /// Visible in full.
    Full,
}

impl EmailVisibility {
    /// Returns the address as the viewer sees it. None if it is hidden or empty.
    pub(super) fn show(self, address: &str) -> Option<Cow<'_, str>> {
        match self {
            _ if address.is_empty() => None,
            Self::Hidden => None,
            Self::Masked => Some(Cow::Owned(email::mask(address))),
            Self::Full => Some(Cow::Borrowed(address)),
        }
    }
}

/// Returns the id of an account, and what it does not have yet of what an identity provider states.
pub fn changes(row: &Guarded<Model>, profile: &Profile) -> Option<(i64, Profile)> {
    let row = row.peek();
    Some((row.id, profile.changes(row)?))
}

impl Access {
    /// Returns the user with this id, for viewers with an account.
    pub async fn user(&self, id: i64) -> Result<Option<UserView>, AccessError> {
        let found = self.find_user(id);
        self.audit.read("user", found).await
    }

    async fn find_user(&self, id: i64) -> Result<Option<UserView>, AccessError> {
        match self.viewer.id() {
            None => Ok(None),
            Some(_) => Ok(self
                .referenced_user(Some(id), EmailVisibility::Hidden)
                .await?),
        }
    }

    /// Returns the user to whom an object visible to the viewer refers. None if deleted.
    pub async fn referenced_user(
        &self,
        id: Option<i64>,
        email: EmailVisibility,
    ) -> Result<Option<UserView>, LoadError> {
        let Some(id) = id else {
            return Ok(None);
        };
        let row = self.reads().user(id).await?;
        Ok(row.map(|row| self.user_view(row, email, false)))
    }

    /// Returns a page of all users.
    pub async fn users(
        &self,
        staff: &StaffProof,
        filter: UserFilter,
        sort: UserSort,
        page: Page,
    ) -> Result<Slice<UserView>, AccessError> {
        let slice = self.lists().users(staff, filter, sort, page).await?;
        Ok(slice.map(|row| self.user_view(row, EmailVisibility::Full, true)))
    }

    /// Returns the viewer as a user; none without an account.
    pub fn viewer_user(&self) -> Option<UserView> {
        let row = self.viewer.row()?.clone();
        Some(self.user_view(row, EmailVisibility::Hidden, false))
    }

    /// Creates the view of a user. The users themselves and staff see more than `email` and
    /// `shows_ext_id` say.
    pub(super) fn user_view(
        &self,
        row: Guarded<Model>,
        email: EmailVisibility,
        shows_ext_id: bool,
    ) -> UserView {
        let is_staff = self.viewer.is_staff();
        let is_self = self.viewer.is(Some(row.peek().id));
        let email = match is_staff || is_self {
            true => EmailVisibility::Full,
            false => email,
        };
        UserView::new(row, email, shows_ext_id || is_staff, is_self)
    }

    /// Returns the visibility of an address that a contract publishes to holders of a code or token.
    /// Parties of the invite see it in full in any case.
    pub(super) fn holder_visibility(&self, is_party: bool) -> EmailVisibility {
        match self.policy.disclosure {
            Disclosure::Masked if !is_party => EmailVisibility::Masked,
            _ => EmailVisibility::Full,
        }
    }

    /// Returns true if [`Access::holder_visibility`] depends on the viewer.
    pub(super) fn masks(&self) -> bool {
        self.policy.disclosure == Disclosure::Masked
    }
}
