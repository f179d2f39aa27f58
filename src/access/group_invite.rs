//! Group invites. Managers of the group and staff see them.

use chrono::{DateTime, Utc};
use entity::group_invite::Model;

use super::{
    Access, AccessError, GroupView, NO_ID,
    proof::{Guarded, ManagedScope},
};
use crate::{
    invite::Code,
    loader::{LoadError, role::Target},
    paging::{Page, Slice},
};

/// A group's reusable invite.
#[derive(Clone, Debug)]
pub struct GroupInviteView {
    /// Primary key.
    pub id: i64,
    /// The group that accepting joins.
    pub group_id: i64,
    /// The code in the link.
    pub code: Code,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the code's last change.
    pub updated_at: DateTime<Utc>,
}

impl GroupInviteView {
    fn new(row: Guarded<Model>) -> Self {
        let row = row.take();
        Self {
            id: row.id,
            group_id: row.group_id,
            code: Code::new(row.code),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Access {
    /// Returns the invite with this id.
    pub async fn group_invite(&self, id: i64) -> Result<Option<GroupInviteView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let Some(row) = self.reads().group_invite(id).await? else {
            self.load_as_if_hidden(Target::Group(NO_ID)).await?;
            return Ok(None);
        };
        let is_visible = self.manages(Target::Group(row.peek().group_id)).await?;
        Ok(is_visible.then(|| GroupInviteView::new(row)))
    }

    /// Returns the invite of a group for its managers; none if the group has none.
    pub async fn group_invite_of(
        &self,
        group: &GroupView,
    ) -> Result<Option<GroupInviteView>, AccessError> {
        let manager = self.group_manager(group).await?;
        let row = self.reads().group_invite_of(&manager).await?;
        Ok(row.map(GroupInviteView::new))
    }

    /// Returns a page of the invites of all groups in scope.
    pub async fn group_invites(
        &self,
        managed: &ManagedScope,
        page: Page,
    ) -> Result<Slice<GroupInviteView>, AccessError> {
        let slice = self.lists().group_invites(managed, page).await?;
        Ok(slice.map(GroupInviteView::new))
    }

    /// Returns the URL that accepts a group's invite.
    pub fn group_invite_url(&self, group: &GroupView, invite: &GroupInviteView) -> String {
        self.policy
            .group_invite_url
            .with_code(&group.slug, &invite.code)
    }
}
