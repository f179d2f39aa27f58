//! What guarded rows demand before they are loaded or read: values that the access module alone
//! can make. Both `access` and `loader` stand on this page, and it on nothing.
//!
//! A row can be closed in by anybody, and opened by the access module alone:
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
//! Proofs are made by it alone:
//!
//! ```compile_fail,E0624
//! let proof = invite_gateway::access::proof::CourseManager::of(1);
//! ```
//!
//! ```compile_fail,E0451
//! let proof = invite_gateway::access::proof::CourseManager { course_id: 1 };
//! ```

use std::{fmt, sync::Arc};

/// A row that was loaded and may not be read yet: only the access module can open it, after asking
/// whether this viewer may see this row. Requests that want the same row share it.
#[derive(Clone)]
pub struct Guarded<T>(Arc<T>);

/// Of a row that may not be read nothing is shown.
impl<T> fmt::Debug for Guarded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

impl<T> Guarded<T> {
    /// Closes a row in.
    pub fn seal(row: T) -> Self {
        Self(Arc::new(row))
    }

    /// The row itself; copied where others have it, too.
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

/// The viewer manages this workspace, or is staff: they see its invites.
#[derive(Debug)]
pub struct WorkspaceManager {
    workspace_id: i64,
}

impl WorkspaceManager {
    pub(super) fn of(workspace_id: i64) -> Self {
        Self { workspace_id }
    }

    /// Which workspace.
    pub fn workspace_id(&self) -> i64 {
        self.workspace_id
    }
}

/// The viewer manages this group, or is staff: they see its invite.
#[derive(Debug)]
pub struct GroupManager {
    group_id: i64,
}

impl GroupManager {
    pub(super) fn of(group_id: i64) -> Self {
        Self { group_id }
    }

    /// Which group.
    pub fn group_id(&self) -> i64 {
        self.group_id
    }
}

/// The viewer manages this course, or is staff: they see its invitees.
#[derive(Debug)]
pub struct CourseManager {
    course_id: i64,
}

impl CourseManager {
    pub(super) fn of(course_id: i64) -> Self {
        Self { course_id }
    }

    /// Which course.
    pub fn course_id(&self) -> i64 {
        self.course_id
    }
}

/// How far a list of what the viewer manages reaches: it is for them, so it needs no further check.
#[derive(Debug)]
pub struct Managed {
    by: Option<i64>,
}

impl Managed {
    pub(super) fn everything() -> Self {
        Self { by: None }
    }

    pub(super) fn by(user_id: i64) -> Self {
        Self { by: Some(user_id) }
    }

    /// Whose; none for staff, who manage everything.
    pub fn user_id(&self) -> Option<i64> {
        self.by
    }
}

/// The signed-in person: the lists of what they sent and received are theirs.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Person {
    user_id: i64,
    verified_email_norm: Option<String>,
}

impl Person {
    pub(super) fn new(user_id: i64, verified_email_norm: Option<String>) -> Self {
        Self {
            user_id,
            verified_email_norm,
        }
    }

    /// Who.
    pub fn user_id(&self) -> i64 {
        self.user_id
    }

    /// The address that is proven to be theirs, as addresses are compared; never empty.
    pub fn verified_email_norm(&self) -> Option<&str> {
        self.verified_email_norm.as_deref()
    }
}
