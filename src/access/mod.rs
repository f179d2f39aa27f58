//! Who may see what: the one place where the rules are, each beside the kind that it is about.
//!
//! Denied by default. What a viewer sees depends on who they are, on the code or token that they
//! hold, and on their role in the target. Rows come closed in from the loader ([`proof::Guarded`])
//! or demand a proof that is made here; what leaves this module are views, which hold nothing that
//! this viewer may not read. *Absent* and *hidden* are both `None`.

pub mod proof;

mod course;
mod course_invite;
mod group;
mod group_invite;
mod invite;
mod invite_code;
mod tag;
mod user;
mod viewer;
mod workspace;
mod workspace_invite;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use course::{CourseKey, CourseView};
pub use course_invite::CourseInviteView;
pub use group::{GroupKey, GroupView};
pub use group_invite::GroupInviteView;
pub use invite::InviteView;
pub use invite_code::InviteCodeView;
pub use tag::TagView;
pub use user::{EmailVisibility, UserView};
pub use viewer::Viewer;
pub use workspace::WorkspaceView;
pub use workspace_invite::{WorkspaceInviteView, inviter_name};

use crate::{
    invite::GroupInviteUrl,
    loader::{
        Freshness, ListError, LoadError, Loaders, Reads,
        role::{Membership, RoleLoader, Target},
    },
    rate_limit::{Client, RateLimited},
};
use proof::{ManagedScope, SelfProof};

/// To whom the addresses are shown that the contracts publish to the holder of a code or token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// To the holder, as the contracts have it.
    #[default]
    Contract,
    /// In full only to the invitee, the inviter, who manages the target, and staff; to other
    /// holders as `j…@e….com`.
    Masked,
}

/// What is shown, as the operator settled it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// To whom published addresses are shown.
    pub disclosure: Disclosure,
    /// Where a group invite is accepted.
    pub group_invite_url: GroupInviteUrl,
}

/// Why something was not answered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccessError {
    /// Only for signed-in viewers.
    #[error("sign in to see this")]
    Unauthenticated,
    /// Not for this viewer.
    #[error("not for this viewer")]
    Forbidden,
    /// The client has asked for as much as it may.
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    /// The rows could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl From<ListError> for AccessError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::RateLimited(limited) => Self::RateLimited(limited),
            ListError::Load(error) => Self::Load(error),
        }
    }
}

/// What one viewer may see, at the one instant of their request.
pub struct Access {
    viewer: Viewer,
    client: Arc<Client>,
    roles: Option<RoleLoader>,
    loaders: Arc<Loaders>,
    freshness: Freshness,
    policy: Arc<Policy>,
    now: DateTime<Utc>,
}

impl Access {
    /// For one request of `viewer` at `now`, sent by `client`.
    pub fn new(
        viewer: Viewer,
        client: Arc<Client>,
        loaders: Arc<Loaders>,
        policy: Arc<Policy>,
        now: DateTime<Utc>,
    ) -> Self {
        let roles = viewer
            .self_proof()
            .map(|proof| RoleLoader::new(loaders.clone(), proof, now));
        Self {
            viewer,
            client,
            roles,
            loaders,
            freshness: Freshness::Standby,
            policy,
            now,
        }
    }

    /// Reads rows with the freshness of the request.
    fn reads(&self) -> Reads<'_> {
        self.loaders.reads(self.freshness)
    }

    /// Who is asking.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// Who asks too much, if anybody does.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The instant that statuses are told of.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The lists of what the viewer manages; for staff: of everything.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`].
    pub fn managed(&self) -> Result<ManagedScope, AccessError> {
        let id = self.viewer.id().ok_or(AccessError::Unauthenticated)?;
        Ok(if self.viewer.is_staff() {
            ManagedScope::everything()
        } else {
            ManagedScope::new(id)
        })
    }

    /// The lists of what the viewer sent and received.
    fn self_proof(&self) -> Result<SelfProof, AccessError> {
        self.viewer.self_proof().ok_or(AccessError::Unauthenticated)
    }

    /// What the viewer is in a place: nothing, when signed out.
    async fn membership(&self, target: Target) -> Result<Membership, LoadError> {
        match &self.roles {
            Some(roles) => roles.membership(target).await,
            None => Ok(Membership::default()),
        }
    }

    /// Costs a look-up of something absent the statement that it would cost hidden, so that time
    /// does not tell the two apart. Nothing is hidden from staff.
    async fn as_if_hidden(&self, target: Target) -> Result<(), LoadError> {
        if !self.viewer.is_staff() {
            self.membership(target).await?;
        }
        Ok(())
    }

    /// Whether the viewer is staff or has one of `roles` in `place`.
    async fn manages(&self, target: Target, roles: &[&str]) -> Result<bool, LoadError> {
        if self.viewer.is_staff() {
            return Ok(true);
        }
        let membership = self.membership(target).await?;
        Ok(membership
            .role
            .is_some_and(|role| roles.contains(&role.as_str())))
    }

    /// What a viewer gets who does not manage the target.
    fn denied(&self) -> AccessError {
        match self.viewer {
            Viewer::Anonymous => AccessError::Unauthenticated,
            Viewer::User { .. } => AccessError::Forbidden,
        }
    }
}

/// An id that no row has. Look-ups of malformed and unknown ids use it, so that they run the same
/// statements as look-ups of other ids.
pub const NO_ID: i64 = i64::MIN;

/// Reads text that names an object by id or slug. ASCII digits alone are an id, and never a slug:
/// else a slug could pass for the id of an object that the viewer may not see. Digits that are not
/// the usual spelling of an id name [`NO_ID`]. None where the text is a slug.
fn id_of_digits(text: &str) -> Option<i64> {
    let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| {
        let id = text.parse().ok();
        id.filter(|id: &i64| id.to_string() == text)
            .unwrap_or(NO_ID)
    })
}

/// What to look for instead of text that no row can hold: found in nothing, in like time.
fn findable(text: &str) -> &str {
    if text.contains('\0') { "" } else { text }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entity::{user, workspace, workspace_member};
    use migration::{Migrator, MigratorTrait};
    use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

    use super::{NO_ID, id_of_digits, proof::SelfProof};
    use crate::{
        database::{IN_MEMORY, Pool},
        loader::{
            Loaders,
            role::{RoleLoader, Target},
        },
        metrics::Metrics,
    };

    #[tokio::test]
    async fn a_role_is_remembered_until_it_is_forgotten() {
        let database = Pool::small(IN_MEMORY).open().await.expect("a database");
        Migrator::up(&database, None).await.expect("migrations");
        let now = "2026-07-01T12:00:00Z".parse().expect("an instant");
        let user = user::Model {
            id: 1,
            username: "grace".to_owned(),
            full_name: String::new(),
            email: String::new(),
            email_norm: String::new(),
            avatar_url: None,
            is_verified: false,
            ext_id: None,
            is_staff: false,
            created_at: now,
            deleted_at: None,
        };
        let workspace = workspace::Model {
            id: 1,
            name: "studio".to_owned(),
            description: String::new(),
            logo_url: None,
            created_at: now,
            deleted_at: None,
        };
        let owner = workspace_member::Model {
            workspace_id: 1,
            user_id: 1,
            role: "owner".to_owned(),
        };
        let user = user::Entity::insert(user.into_active_model().reset_all());
        user.exec(&database).await.expect("a user");
        let workspace = workspace::Entity::insert(workspace.into_active_model().reset_all());
        workspace.exec(&database).await.expect("a workspace");
        let owner = workspace_member::Entity::insert(owner.into_active_model().reset_all());
        owner.exec(&database).await.expect("a member");
        let loaders = Arc::new(Loaders::new(database.clone(), &Metrics::default()));
        let roles = RoleLoader::new(loaders, SelfProof::new(1, None), now);
        let role = async || {
            let membership = roles.membership(Target::Workspace(1)).await;
            membership.expect("rows").role
        };
        assert_eq!(role().await.as_deref(), Some("owner"));
        let withdrawn = workspace_member::Entity::delete_many().exec(&database);
        withdrawn.await.expect("a member");
        assert_eq!(role().await.as_deref(), Some("owner"));
        roles.forget();
        assert_eq!(role().await, None);
    }

    #[test]
    fn digits_alone_are_an_id() {
        assert_eq!(id_of_digits("12"), Some(12));
        assert_eq!(id_of_digits("0"), Some(0));
        for misspelled in ["012", "00", "99999999999999999999"] {
            assert_eq!(id_of_digits(misspelled), Some(NO_ID), "{misspelled}");
        }
        for slug in ["", "-1", "+1", " 1", "1.0", "1st", "\u{0661}"] {
            assert_eq!(id_of_digits(slug), None, "{slug}");
        }
    }
}
