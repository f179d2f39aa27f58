//! Users: anybody reaches them through an invite, only signed-in viewers by id. Addresses are for
//! the user and staff, and where a contract publishes them.

use entity::user::Model;

use super::{Access, AccessError, Disclosure};
use crate::{email, loader::LoadError};

/// A user as the viewer may see them.
#[derive(Clone, Debug)]
pub struct UserView {
    /// Key in the source.
    pub id: i64,
    /// Unique sign-in name.
    pub username: String,
    /// Name to show; may be empty.
    pub full_name: String,
    /// Picture to show.
    pub avatar_url: Option<String>,
    /// Whether the address is proven to be theirs.
    pub is_verified: bool,
    /// Id in the customer's own system, for managers of a course that invited them and for staff.
    pub ext_id: Option<String>,
    /// Their address, where it is shown; possibly masked.
    pub email: Option<String>,
}

/// How far a contract publishes an address to this viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// Not at all.
    Nowhere,
    /// As `j…@e….com`.
    Masked,
    /// In full.
    InFull,
}

impl Published {
    /// The address as far as it is published; none when there is none.
    pub(super) fn show(self, address: &str) -> Option<String> {
        match self {
            _ if address.is_empty() => None,
            Self::Nowhere => None,
            Self::Masked => Some(email::mask(address)),
            Self::InFull => Some(address.to_owned()),
        }
    }
}

impl Access {
    /// The user of that id, for signed-in viewers.
    pub async fn user(&self, id: i64) -> Result<Option<UserView>, AccessError> {
        match self.viewer.id() {
            None => Ok(None),
            Some(_) => Ok(self.user_reached(Some(id), Published::Nowhere).await?),
        }
    }

    /// The user whom something that the viewer sees points to, unless deleted.
    pub async fn user_reached(
        &self,
        id: Option<i64>,
        email: Published,
    ) -> Result<Option<UserView>, LoadError> {
        let Some(id) = id else {
            return Ok(None);
        };
        let row = self.loaders.user(id).await?;
        Ok(row.map(|row| self.user_view(row.open(), email, false)))
    }

    /// The viewer as a user; none when signed out.
    pub fn viewer_user(&self) -> Option<UserView> {
        let row = self.viewer.row()?.clone();
        Some(self.user_view(row, Published::Nowhere, false))
    }

    pub(super) fn user_view(
        &self,
        row: Model,
        email: Published,
        manages_invitee: bool,
    ) -> UserView {
        let is_staff = self.viewer.is_staff();
        let email = if is_staff || self.viewer.is(Some(row.id)) {
            Published::InFull
        } else {
            email
        };
        UserView {
            id: row.id,
            username: row.username,
            full_name: row.full_name,
            avatar_url: row.avatar_url,
            is_verified: row.is_verified,
            ext_id: row.ext_id.filter(|_| is_staff || manages_invitee),
            email: email.show(&row.email),
        }
    }

    /// How an address that a contract publishes is shown to a holder of the code or token, who is
    /// `entitled` to it beside holding that.
    pub(super) fn published(&self, entitled: bool) -> Published {
        match self.policy.disclosure {
            Disclosure::Masked if !entitled => Published::Masked,
            _ => Published::InFull,
        }
    }

    /// Whether [`Access::published`] hangs on who the viewer is.
    pub(super) fn masks(&self) -> bool {
        self.policy.disclosure == Disclosure::Masked
    }
}
