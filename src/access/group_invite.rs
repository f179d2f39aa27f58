//! Group invites: seen by who manages the group, and staff.

use chrono::{DateTime, Utc};
use entity::group_invite::Model;

use super::{Access, AccessError, GroupView, NO_ID};
use crate::{
    invite::{Code, MANAGES_GROUP},
    loader::{LoadError, role::Target},
    paging::{Page, Slice},
};

/// A group's reusable invite.
#[derive(Clone, Debug)]
pub struct GroupInviteView {
    /// Key in the source.
    pub id: i64,
    /// Which group it joins.
    pub group_id: i64,
    /// The code in the link.
    pub code: Code,
    /// When the code was made.
    pub created_at: DateTime<Utc>,
    /// When the code was last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<Model> for GroupInviteView {
    fn from(row: Model) -> Self {
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
    /// The invite of that id.
    pub async fn group_invite(&self, id: i64) -> Result<Option<GroupInviteView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let Some(row) = self.reads().group_invite(id).await? else {
            self.as_if_hidden(Target::Group(NO_ID)).await?;
            return Ok(None);
        };
        let target = Target::Group(row.peek().group_id);
        let visible = self.manages(target, &MANAGES_GROUP).await?;
        Ok(visible.then(|| row.take().into()))
    }

    /// The invite of a group, for who manages it; none where the group has no code.
    pub async fn group_invite_of(
        &self,
        group: &GroupView,
    ) -> Result<Option<GroupInviteView>, AccessError> {
        let manager = self.group_manager(group).await?;
        let row = self.reads().group_invite_of(&manager).await?;
        Ok(row.map(|row| row.take().into()))
    }

    /// A page of the invites of all groups that the viewer manages; for staff: of all.
    pub async fn group_invites(&self, page: &Page) -> Result<Slice<GroupInviteView>, AccessError> {
        let slice = self
            .reads()
            .group_invites(&self.managed()?, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|row| row.take().into()))
    }

    /// Where a group's invite is accepted.
    pub fn group_invite_url(&self, group: &GroupView, invite: &GroupInviteView) -> String {
        self.policy
            .group_invite_url
            .with_code(&group.slug, &invite.code)
    }
}
