//! The rules of access, each beside the kind that it is about.
//!
//! Access is denied by default. It depends on the viewer, on the code or token that the request
//! has, and on the viewer's role in the target. The loader returns guarded rows
//! ([`proof::Guarded`]), or demands a proof that only this module can make. An absent object and a
//! hidden one are both `None`.
//!
//! Views leave this module. A view is made by its `new`, from a guarded row and the viewer's rights
//! to it, and shows nothing that the viewer may not read. Views of users and of workspace invites
//! share their row with other requests; the others own the values.
//!
//! A list takes the proof that it needs, then its filter and sort if it has them, then the page.

pub mod proof;

mod audit;
mod command;
mod course;
mod course_invite;
mod creation;
mod external_key;
mod group;
mod group_invite;
mod invite;
mod invite_code;
mod invite_event;
mod permission;
mod tag;
mod user;
mod viewer;
mod workspace;
mod workspace_invite;
mod written;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, Utc};

pub use audit::{AUDIT_TARGET, Audit, AuditedMutation};
pub use command::{Answered, Redeemed};
pub use course::CourseView;
pub use course_invite::{CourseInviteView, CourseInvitee};
pub use creation::{CreatedInvite, Creation, MAX_ROWS, Refused};
pub use external_key::External;
pub use group::{GroupPreview, GroupView};
pub use group_invite::GroupInviteView;
pub use invite::InviteView;
pub use invite_code::{CodeInvitee, InviteCodeView};
pub use invite_event::InviteEventView;
pub use permission::Permissions;
pub use proof::StaffTargets;
pub use tag::TagView;
pub use user::{EmailVisibility, UserView, changes};
pub use viewer::Viewer;
pub use workspace::WorkspaceView;
pub use workspace_invite::{WorkspaceInviteView, WorkspaceInvitee, inviter_name};

use crate::{
    invite::{GroupInviteUrl, MANAGES_COURSE, MANAGES_GROUP, MANAGES_WORKSPACE},
    lifecycle::Lifecycle,
    loader::{
        Freshness, ListError, Lists, LoadError, Loaders, Reads,
        role::{Membership, RoleLoader, Target},
    },
    rate_limit::{Client, RateLimited},
};
use proof::{ManagedScope, SelfProof, StaffProof};
use written::Written;

/// Audience of the e-mail addresses that the REST contracts publish to holders of a code or token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// Every holder, as the contracts say.
    #[default]
    Contract,
    /// The invitee, the inviter, managers of the target, and staff. Other holders see
    /// `j…@e….com`.
    Masked,
}

/// Configured disclosure policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Audience of published addresses.
    pub disclosure: Disclosure,
    /// URL that accepts a group invite if its source gave none.
    pub group_invite_url: GroupInviteUrl,
}

/// An object or list could not be returned.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccessError {
    /// The viewer is signed out.
    #[error("sign in to see this")]
    Unauthenticated,
    /// The viewer is signed in, but has no account here.
    #[error("only for viewers with an account")]
    NoAccount,
    /// The viewer may not see it.
    #[error("not for this viewer")]
    Forbidden,
    /// The client exceeded a rate limit.
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

/// The key by which a group or course is looked up.
#[derive(Clone, Copy, Debug)]
pub enum SlugKey<'a> {
    /// By primary key.
    Id(i64),
    /// By name in URLs.
    Slug(&'a str),
}

impl<'a> SlugKey<'a> {
    /// Reads an id or a slug. ASCII digits alone are an id, and never a slug: otherwise a slug could
    /// pass for the id of an object that the viewer may not see. Digits that are not the usual
    /// spelling of an id name [`NO_ID`].
    pub fn from_text(text: &'a str) -> Self {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Slug(text);
        }
        let id = text.parse().ok();
        Self::Id(
            id.filter(|id: &i64| id.to_string() == text)
                .unwrap_or(NO_ID),
        )
    }
}

/// Access of one viewer, for one request.
pub struct Access {
    viewer: Viewer,
    client: Arc<Client>,
    roles: Option<RoleLoader>,
    loaders: Arc<Loaders>,
    /// Writes; none if this gateway only reads.
    lifecycle: Option<Arc<Lifecycle>>,
    /// True once the request writes, or if its viewer wrote a short time ago: it reads from the primary.
    reads_primary: AtomicBool,
    written: Mutex<Written>,
    policy: Arc<Policy>,
    audit: Audit,
    now: DateTime<Utc>,
}

impl Access {
    /// Creates the access of `viewer` for a request that `client` sent at `now`.
    pub fn new(
        viewer: Viewer,
        client: Arc<Client>,
        loaders: Arc<Loaders>,
        policy: Arc<Policy>,
        now: DateTime<Utc>,
    ) -> Self {
        let roles = viewer
            .self_proof()
            .ok()
            .map(|proof| RoleLoader::new(loaders.clone(), proof, now));
        Self {
            audit: Audit::new(&viewer),
            viewer,
            client,
            roles,
            loaders,
            lifecycle: None,
            reads_primary: AtomicBool::new(false),
            written: Mutex::default(),
            policy,
            now,
        }
    }

    /// Lets the viewer write. A viewer who wrote a short time ago reads from the primary.
    pub fn with_lifecycle(self, lifecycle: Option<Arc<Lifecycle>>) -> Self {
        let writer = lifecycle.as_ref().zip(self.viewer.id());
        let wrote = writer.is_some_and(|(lifecycle, id)| lifecycle.wrote_recently(id));
        Self {
            lifecycle,
            reads_primary: AtomicBool::new(wrote),
            ..self
        }
    }

    /// The instant of the request.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Reads rows with the freshness of the request.
    fn reads(&self) -> Reads<'_> {
        let freshness = match self.reads_primary.load(Ordering::Relaxed) {
            true => Freshness::Primary,
            false => Freshness::Standby,
        };
        self.loaders.reads(freshness)
    }

    /// Reads lists with the freshness of the request, for its client.
    fn lists(&self) -> Lists<'_> {
        self.reads().lists(&self.client, self.now)
    }

    /// Returns the viewer.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// Returns the audit log of the request.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Returns the client, whose rate limits the request counts against.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Returns the scope of the lists that the viewer manages: everything for staff without limits.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`].
    pub fn managed(&self) -> Result<ManagedScope, AccessError> {
        let account = self.viewer.account();
        self.audit.record("list", "managed", account.is_ok());
        let id = account?;
        Ok(if self.viewer.is_staff() {
            ManagedScope::everything()
        } else {
            ManagedScope::new(id, self.viewer.limits().cloned().unwrap_or_default())
        })
    }

    /// Proves that the viewer is staff without limits.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], [`AccessError::Forbidden`].
    pub fn staff(&self) -> Result<StaffProof, AccessError> {
        let is_staff = self.viewer.is_staff();
        self.audit.record("list", "user", is_staff);
        self.viewer.account()?;
        match is_staff {
            true => Ok(StaffProof::new()),
            false => Err(AccessError::Forbidden),
        }
    }

    /// Proves the viewer's identity.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`].
    pub fn self_proof(&self) -> Result<SelfProof, AccessError> {
        self.viewer.self_proof()
    }

    /// Returns the viewer's role in a target; none if not a member.
    pub async fn role(&self, target: Target) -> Result<Option<String>, LoadError> {
        Ok(self.membership(target).await?.role)
    }

    /// Returns the viewer's membership in a target: the default without an account.
    async fn membership(&self, target: Target) -> Result<Membership, LoadError> {
        match &self.roles {
            Some(roles) => roles.membership(target).await,
            None => Ok(Membership::default()),
        }
    }

    /// Loads what the look-up of a hidden object would load, so that the time of a miss does not
    /// depend on the reason. Nothing is hidden from staff.
    async fn load_as_if_hidden(&self, target: Target) -> Result<(), LoadError> {
        self.belongs_to(target).await.map(|_| ())
    }

    /// Returns true if the viewer is staff of the target, a member of it, or has a pending invite to it.
    async fn belongs_to(&self, target: Target) -> Result<bool, LoadError> {
        if self.viewer.is_staff_of(target) {
            return Ok(true);
        }
        let membership = self.membership(target).await?;
        Ok(membership.role.is_some() || membership.is_invited)
    }

    /// Returns true if the viewer is staff of the target, or has a role that manages it.
    async fn manages(&self, target: Target) -> Result<bool, LoadError> {
        if self.viewer.is_staff_of(target) {
            return Ok(true);
        }
        let managers = match target {
            Target::Workspace(_) => MANAGES_WORKSPACE,
            Target::Group(_) => MANAGES_GROUP,
            Target::Course(_) => MANAGES_COURSE,
        };
        let role = self.role(target).await?;
        Ok(role.is_some_and(|role| managers.contains(&role.as_str())))
    }

    /// Returns an error unless the viewer manages the target.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], [`AccessError::Forbidden`].
    async fn demand_manager(&self, target: Target) -> Result<(), AccessError> {
        let account = self.viewer.account();
        let manages = account.is_ok() && self.manages(target).await?;
        self.audit.record_management(target, manages);
        account?;
        match manages {
            true => Ok(()),
            false => Err(AccessError::Forbidden),
        }
    }
}

/// An id that no row has. Look-ups of malformed and unknown ids use it, so that they run the same
/// statements as look-ups of other ids.
pub const NO_ID: i64 = i64::MIN;

/// Replaces text containing NUL, which PostgreSQL rejects, by the empty string, so that the look-up
/// misses in the same time.
fn findable(text: &str) -> &str {
    if text.contains('\0') { "" } else { text }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entity::{user, workspace, workspace_member};
    use migration::{Migrator, MigratorTrait};
    use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

    use super::{NO_ID, SlugKey, proof::SelfProof};
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
            username_folded: None,
            full_name_folded: None,
            email_folded: None,
        };
        let workspace = workspace::Model {
            id: 1,
            name: "studio".to_owned(),
            description: String::new(),
            logo_url: None,
            created_at: now,
            deleted_at: None,
            name_folded: None,
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
        let id_of_digits = |text| match SlugKey::from_text(text) {
            SlugKey::Id(id) => Some(id),
            SlugKey::Slug(_) => None,
        };
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
