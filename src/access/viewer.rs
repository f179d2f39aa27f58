//! The viewer of a request.

use std::sync::Arc;

use entity::user::Model;

use super::{
    AccessError,
    proof::{Guarded, SelfProof, StaffTargets},
};
use crate::loader::role::Target;

/// The viewer of a request.
#[derive(Clone, Debug)]
pub enum Viewer {
    /// The request has no token.
    Anonymous,
    /// A person whose token was verified, and who has no account here. Sees what an anonymous viewer
    /// sees.
    Stranger,
    /// A user whose token was verified.
    User {
        /// The signed-in user.
        user: Arc<SignedIn>,
    },
}

/// The viewer's own row, which they may read.
#[derive(Debug)]
pub struct SignedIn {
    row: Guarded<Model>,
    is_staff: bool,
    /// Limits of staff; none for staff of everything.
    limits: Option<StaffTargets>,
    creates_codes: bool,
}

impl Viewer {
    /// Creates the viewer that a verified token names. `has_staff_scope` is true if the token itself
    /// makes them staff, `has_code_scope` if it lets them create invite codes. `limits` are those of staff,
    /// whatever makes them staff; none for staff of everything.
    pub fn signed_in(
        row: Guarded<Model>,
        has_staff_scope: bool,
        has_code_scope: bool,
        limits: Option<StaffTargets>,
    ) -> Self {
        let is_staff = row.peek().is_staff || has_staff_scope;
        let user = Arc::new(SignedIn {
            row,
            is_staff,
            limits,
            creates_codes: has_code_scope,
        });
        Self::User { user }
    }

    /// Returns the viewer's user id; none without an account.
    pub fn id(&self) -> Option<i64> {
        self.row().map(|row| row.peek().id)
    }

    /// Returns true if the request has a valid token.
    pub fn is_signed_in(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }

    /// Returns the viewer's user id.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`].
    pub fn account(&self) -> Result<i64, AccessError> {
        match self {
            Self::Anonymous => Err(AccessError::Unauthenticated),
            Self::Stranger => Err(AccessError::NoAccount),
            Self::User { user } => Ok(user.row.peek().id),
        }
    }

    /// Returns true if the viewer is staff without limits, and sees everything.
    pub fn is_staff(&self) -> bool {
        matches!(self, Self::User { user } if user.is_staff && user.limits.is_none())
    }

    /// Returns true if the viewer is staff, and sees everything of this target.
    pub(super) fn is_staff_of(&self, target: Target) -> bool {
        self.is_staff()
            || self.limits().is_some_and(|limits| {
                let ids = match target {
                    Target::Workspace(_) => &limits.workspaces,
                    Target::Group(_) => &limits.groups,
                    Target::Course(_) => &limits.courses,
                };
                ids.contains(&target.id())
            })
    }

    /// Returns the targets of staff with limits; none for others.
    pub(super) fn limits(&self) -> Option<&StaffTargets> {
        match self {
            Self::User { user } if user.is_staff => user.limits.as_ref(),
            _ => None,
        }
    }

    /// Returns true if the viewer is the user with this id.
    pub(super) fn is(&self, id: Option<i64>) -> bool {
        id.is_some() && self.id() == id
    }

    /// Returns true if this normalized address is the viewer's, and verified.
    pub(super) fn has_verified(&self, email_norm: Option<&str>) -> bool {
        email_norm.is_some() && self.verified_email_norm() == email_norm
    }

    /// Returns true if this normalized address is the viewer's, verified or not.
    pub(super) fn states_address(&self, email_norm: &str) -> bool {
        self.row()
            .is_some_and(|row| row.peek().email_norm == email_norm)
    }

    /// Returns true if the viewer may create invite codes.
    pub(super) fn creates_codes(&self) -> bool {
        self.is_staff() || matches!(self, Self::User { user } if user.creates_codes)
    }

    pub(super) fn row(&self) -> Option<&Guarded<Model>> {
        match self {
            Self::Anonymous | Self::Stranger => None,
            Self::User { user } => Some(&user.row),
        }
    }

    pub(super) fn self_proof(&self) -> Result<SelfProof, AccessError> {
        let email = self.verified_email_norm().map(str::to_owned);
        self.account().map(|id| SelfProof::new(id, email))
    }

    fn verified_email_norm(&self) -> Option<&str> {
        self.row()
            .map(Guarded::peek)
            .filter(|row| row.is_verified && !row.email_norm.is_empty())
            .map(|row| row.email_norm.as_str())
    }
}
