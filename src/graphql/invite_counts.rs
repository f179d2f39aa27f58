//! `InviteCounts`: numbers of a target's invites by status.

use async_graphql::SimpleObject;

use crate::loader::invite_counts;

/// Numbers of the invites to a workspace or course, by effective status. The invites of deleted accounts
/// to a course are not counted.
#[derive(Clone, SimpleObject)]
pub(super) struct InviteCounts {
    /// Number of pending invites.
    pending: i32,
    /// Number of accepted invites.
    accepted: i32,
    /// Number of withdrawn invites.
    cancelled: i32,
    /// Number of expired invites.
    expired: i32,
    /// Number of declined invites.
    declined: i32,
}

impl From<invite_counts::InviteCounts> for InviteCounts {
    fn from(counts: invite_counts::InviteCounts) -> Self {
        let int = |count| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            pending: int(counts.pending),
            accepted: int(counts.accepted),
            cancelled: int(counts.cancelled),
            expired: int(counts.expired),
            declined: int(counts.declined),
        }
    }
}
