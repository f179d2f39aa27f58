//! Groups. Signed-in viewers see them, and managers see their invite.

use entity::group::Model;

use super::{
    Access, AccessError, GroupInviteView, SlugKey, findable,
    proof::{GroupManager, Guarded, ManagedScope},
};
use crate::{
    loader::{LoadError, TargetFilter, TargetSort, role::Target},
    paging::{Page, Slice},
    rate_limit::Secrecy,
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

/// A group, as the holder of its code sees it before joining.
#[derive(Clone, Debug)]
pub struct GroupPreview {
    /// Display name.
    pub name: String,
    /// Name in URLs.
    pub slug: String,
    /// Number of members.
    pub member_count: i64,
    /// The viewer is a member.
    pub viewer_is_member: bool,
}

impl Access {
    /// Returns what the holder of a group's code may know.
    ///
    /// # Errors
    /// [`AccessError::RateLimited`] if the client exceeded its quota of misses;
    /// [`AccessError::Load`] if the rows could not be loaded.
    pub async fn group_preview(&self, code: &str) -> Result<Option<GroupPreview>, AccessError> {
        let look_up = self.group_invite_by_code(code);
        let Some(invite) = self.client.look_up(Secrecy::Guessable, look_up).await? else {
            return Ok(None);
        };
        let Some(group) = self.group_of(&invite).await? else {
            return Ok(None);
        };
        let role = self.role(Target::Group(group.id)).await?;
        Ok(Some(GroupPreview {
            member_count: self.reads().group_member_count(group.id).await?,
            viewer_is_member: role.is_some(),
            name: group.name,
            slug: group.slug,
        }))
    }

    /// Returns the group with this id or slug, for viewers with an account.
    pub async fn group(&self, key: SlugKey<'_>) -> Result<Option<GroupView>, LoadError> {
        let found = self.find_group(key);
        self.audit.read("group", found).await
    }

    async fn find_group(&self, key: SlugKey<'_>) -> Result<Option<GroupView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let row = match key {
            SlugKey::Id(id) => self.reads().group(id).await?,
            SlugKey::Slug(slug) => self.reads().group_by_slug(findable(slug)).await?,
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
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], [`AccessError::Forbidden`].
    pub async fn group_manager(&self, group: &GroupView) -> Result<GroupManager, AccessError> {
        self.demand_manager(Target::Group(group.id)).await?;
        Ok(GroupManager::new(group.id))
    }

    /// Returns a page of the groups in scope.
    pub async fn groups(
        &self,
        managed: &ManagedScope,
        filter: TargetFilter,
        sort: TargetSort,
        page: Page,
    ) -> Result<Slice<GroupView>, AccessError> {
        let slice = self.lists().groups(managed, filter, sort, page).await?;
        Ok(slice.map(GroupView::new))
    }
}
