//! Groups. Signed-in viewers see them, and managers see their invite.

use entity::group::Model;

use super::{
    Access, AccessError, GroupInviteView, GroupKey, findable,
    proof::{GroupManager, Guarded, ManagedScope},
};
use crate::{
    loader::{LoadError, role::Target},
    paging::{Page, Slice},
};

/// A group's profile.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// Primary key.
    pub id: i64,
    /// Name in URLs.
    pub slug: String,
    /// Display name.
    pub name: String,
}

impl GroupView {
    fn new(row: Guarded<Model>) -> Self {
        let row = row.take();
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
        }
    }
}

impl Access {
    /// Returns the group with this id or slug, for signed-in viewers.
    pub async fn group(&self, key: GroupKey<'_>) -> Result<Option<GroupView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let row = match key {
            GroupKey::Id(id) => self.reads().group(id).await?,
            GroupKey::Slug(slug) => self.reads().group_by_slug(findable(slug)).await?,
        };
        Ok(row.map(GroupView::new))
    }

    /// Returns the group of an invite, unless deleted. The link is always pending, and all signed-in
    /// viewers see groups.
    pub async fn group_of(&self, invite: &GroupInviteView) -> Result<Option<GroupView>, LoadError> {
        let row = self.reads().group(invite.group_id).await?;
        Ok(row.map(GroupView::new))
    }

    /// Proves that the viewer manages the group.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::Forbidden`].
    pub async fn group_manager(&self, group: &GroupView) -> Result<GroupManager, AccessError> {
        self.demand_manager(Target::Group(group.id)).await?;
        Ok(GroupManager::new(group.id))
    }

    /// Returns a page of the groups in scope, ordered by id.
    pub async fn groups(
        &self,
        managed: &ManagedScope,
        page: Page,
    ) -> Result<Slice<GroupView>, AccessError> {
        let slice = self.lists().groups(managed, page).await?;
        Ok(slice.map(GroupView::new))
    }
}
