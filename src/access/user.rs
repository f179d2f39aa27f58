//! Users: anybody reaches them through an invite, only signed-in viewers by id. Addresses are for
//! the user and staff, and where a contract publishes them.

use std::borrow::Cow;

use entity::user::Model;

use super::{Access, AccessError, Disclosure, proof::Guarded};
use crate::{email, loader::LoadError};

/// A user as the viewer may see them: a row that others may share, and what of it is theirs.
#[derive(Clone, Debug)]
pub struct UserView {
    row: Guarded<Model>,
    shows_ext_id: bool,
    email: EmailVisibility,
}

impl UserView {
    /// Key in the source.
    pub fn id(&self) -> i64 {
        self.row.peek().id
    }

    /// Unique sign-in name.
    pub fn username(&self) -> &str {
        &self.row.peek().username
    }

    /// Name to show; may be empty.
    pub fn full_name(&self) -> &str {
        &self.row.peek().full_name
    }

    /// Picture to show.
    pub fn avatar_url(&self) -> Option<&str> {
        self.row.peek().avatar_url.as_deref()
    }

    /// Whether the address is proven to be theirs.
    pub fn is_verified(&self) -> bool {
        self.row.peek().is_verified
    }

    /// Id in the customer's own system, for managers of a course that invited them and for staff.
    pub fn ext_id(&self) -> Option<&str> {
        let ext_id = self.row.peek().ext_id.as_deref();
        ext_id.filter(|_| self.shows_ext_id)
    }

    /// Their address, where it is shown; possibly masked.
    pub fn email(&self) -> Option<Cow<'_, str>> {
        self.email.show(&self.row.peek().email)
    }
}

/// How much of an e-mail address this viewer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailVisibility {
    /// Nothing.
    Hidden,
    /// As `j…@e….com`.
    Masked,
    /// All of it.
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

impl Access {
    /// The user of that id, for signed-in viewers.
    pub async fn user(&self, id: i64) -> Result<Option<UserView>, AccessError> {
        match self.viewer.id() {
            None => Ok(None),
            Some(_) => Ok(self.user_reached(Some(id), EmailVisibility::Hidden).await?),
        }
    }

    /// The user whom something that the viewer sees points to, unless deleted.
    pub async fn user_reached(
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

    /// The viewer as a user; none when signed out.
    pub fn viewer_user(&self) -> Option<UserView> {
        let row = self.viewer.row()?.clone();
        Some(self.user_view(row, EmailVisibility::Hidden, false))
    }

    pub(super) fn user_view(
        &self,
        row: Guarded<Model>,
        email: EmailVisibility,
        manages_invitee: bool,
    ) -> UserView {
        let is_staff = self.viewer.is_staff();
        let email = if is_staff || self.viewer.is(Some(row.peek().id)) {
            EmailVisibility::Full
        } else {
            email
        };
        UserView {
            shows_ext_id: is_staff || manages_invitee,
            row,
            email,
        }
    }

    /// How an address that a contract publishes is shown to a holder of the code or token, who is
    /// `entitled` to it beside holding that.
    pub(super) fn published(&self, entitled: bool) -> EmailVisibility {
        match self.policy.disclosure {
            Disclosure::Masked if !entitled => EmailVisibility::Masked,
            _ => EmailVisibility::Full,
        }
    }

    /// Whether [`Access::published`] hangs on who the viewer is.
    pub(super) fn masks(&self) -> bool {
        self.policy.disclosure == Disclosure::Masked
    }
}
