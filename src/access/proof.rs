//! Proofs and guarded rows. The loader demands a proof before it loads guarded rows, and only
//! `access` can make one. Both `access` and `loader` use this file; it imports nothing.
//!
//! Anyone can guard a row, and only `access` can open it:
//!
//! ```
//! # use invite_gateway::access::proof::Guarded;
//! let row = Guarded::seal("a secret");
//! assert_eq!(format!("{row:?}"), "Guarded");
//! ```
//!
//! ```compile_fail,E0624
//! # use invite_gateway::access::proof::Guarded;
//! let row = Guarded::seal("a secret").take();
//! ```
//!
//! ```compile_fail,E0616
//! # use invite_gateway::access::proof::Guarded;
//! let row = Guarded::seal("a secret").0;
//! ```
//!
//! Only `access` can make a proof:
//!
//! ```compile_fail,E0624
//! let proof = invite_gateway::access::proof::CourseManager::new(1);
//! ```
//!
//! ```compile_fail,E0451
//! let proof = invite_gateway::access::proof::CourseManager { course_id: 1 };
//! ```

use std::{fmt, sync::Arc};

/// A loaded row that only `access` can open, once it has checked that the viewer may see it.
/// Requests for the same row share it.
#[derive(Clone)]
pub struct Guarded<T>(Arc<T>);

/// Shows nothing of the row.
impl<T> fmt::Debug for Guarded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

impl<T> Guarded<T> {
    /// Guards a row.
    pub fn seal(row: T) -> Self {
        Self(Arc::new(row))
    }

    /// Returns the row itself, cloned if other requests share it.
    pub(super) fn take(self) -> T
    where
        T: Clone,
    {
        Arc::unwrap_or_clone(self.0)
    }

    pub(super) fn peek(&self) -> &T {
        &self.0
    }
}

/// Declares a proof that the viewer manages a target.
macro_rules! manager_proof {
    ($(#[doc = $doc:literal] $proof:ident($id:ident);)*) => {$(
        #[doc = $doc]
        #[derive(Debug)]
        pub struct $proof {
            $id: i64,
        }

        impl $proof {
            pub(super) fn new($id: i64) -> Self {
                Self { $id }
            }

            /// Returns the id of the target.
            pub fn $id(&self) -> i64 {
                self.$id
            }
        }
    )*};
}

manager_proof! {
    /// Proof that the viewer manages this workspace or is staff, and may see its invites.
    WorkspaceManager(workspace_id);
    /// Proof that the viewer manages this group or is staff, and may see its invite.
    GroupManager(group_id);
    /// Proof that the viewer manages this course or is staff, and may see its invitees.
    CourseManager(course_id);
}

/// Workspaces, groups and courses to which staff are limited, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaffTargets {
    /// Workspaces.
    pub workspaces: Vec<i64>,
    /// Groups.
    pub groups: Vec<i64>,
    /// Courses.
    pub courses: Vec<i64>,
}

/// Scope of the lists that the viewer manages. They need no further check.
#[derive(Debug)]
pub struct ManagedScope {
    user_id: Option<i64>,
    staff_of: StaffTargets,
}

impl ManagedScope {
    pub(super) fn everything() -> Self {
        Self {
            user_id: None,
            staff_of: StaffTargets::default(),
        }
    }

    pub(super) fn new(user_id: i64, staff_of: StaffTargets) -> Self {
        Self {
            user_id: Some(user_id),
            staff_of,
        }
    }

    /// Returns the user who manages; none for staff, who manage everything.
    pub fn user_id(&self) -> Option<i64> {
        self.user_id
    }

    /// Returns what the user manages as limited staff, besides what their roles let them manage.
    pub fn staff_of(&self) -> &StaffTargets {
        &self.staff_of
    }
}

/// Proof that the viewer is staff without limits, and may see all users and their invites.
#[derive(Debug)]
pub struct StaffProof {
    _only_access: (),
}

impl StaffProof {
    pub(super) fn new() -> Self {
        Self { _only_access: () }
    }
}

/// Proof of the viewer's own identity, for the lists of invites that they sent and received, and for the
/// events that they cause.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SelfProof {
    user_id: i64,
    verified_email_norm: Option<String>,
}

impl SelfProof {
    pub(super) fn new(user_id: i64, verified_email_norm: Option<String>) -> Self {
        Self {
            user_id,
            verified_email_norm,
        }
    }

    /// Returns the id of the user.
    pub fn user_id(&self) -> i64 {
        self.user_id
    }

    /// Returns their verified address, normalized; never empty.
    pub fn verified_email_norm(&self) -> Option<&str> {
        self.verified_email_norm.as_deref()
    }
}

/// Proof that the viewer may create invite codes.
#[derive(Debug)]
pub struct CodeCreator {
    user_id: i64,
}

impl CodeCreator {
    pub(super) fn new(user_id: i64) -> Self {
        Self { user_id }
    }

    /// Returns the id of the user.
    pub fn user_id(&self) -> i64 {
        self.user_id
    }
}

/// Proof that the viewer may cancel, resend and update this invite of the kind `K`.
#[derive(Debug)]
pub struct InviteManager<K> {
    kind: K,
    id: i64,
    target: Option<i64>,
}

impl<K: Copy> InviteManager<K> {
    pub(super) fn new(kind: K, id: i64, target: Option<i64>) -> Self {
        Self { kind, id, target }
    }

    /// Returns the key of the invite's workspace, group or course; of an invite code, the bucket.
    pub fn target(&self) -> Option<i64> {
        self.target
    }

    /// Returns the kind and the id of the invite.
    pub fn invite(&self) -> (K, i64) {
        (self.kind, self.id)
    }
}

/// Proof that the viewer may read the events of this invite of the kind `K`.
#[derive(Debug)]
pub struct HistoryReader<K> {
    kind: K,
    id: i64,
}

impl<K: Copy> HistoryReader<K> {
    pub(super) fn new(kind: K, id: i64) -> Self {
        Self { kind, id }
    }

    /// Returns the kind and the id of the invite.
    pub fn invite(&self) -> (K, i64) {
        (self.kind, self.id)
    }
}

/// Proof that this invite of the kind `K` is addressed to the viewer, who may accept and decline it.
#[derive(Debug)]
pub struct Addressee<K> {
    kind: K,
    id: i64,
    user_id: i64,
}

impl<K: Copy> Addressee<K> {
    pub(super) fn new(kind: K, id: i64, user_id: i64) -> Self {
        Self { kind, id, user_id }
    }

    /// Returns the kind and the id of the invite.
    pub fn invite(&self) -> (K, i64) {
        (self.kind, self.id)
    }

    /// Returns the id of the user.
    pub fn user_id(&self) -> i64 {
        self.user_id
    }
}
