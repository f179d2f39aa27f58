//! Groups: their profile is for signed-in viewers, their invite for who manages them.

use entity::group::Model;

use super::{Access, AccessError, GroupInviteView, findable, id_of_digits, proof::GroupManager};
use crate::{
    invite::MANAGES_GROUP,
    loader::{LoadError, role::Target},
    paging::{Page, Slice},
};

/// What names a group.
#[derive(Clone, Copy, Debug)]
pub enum GroupKey<'a> {
    /// Key in the source.
    Id(i64),
    /// Name in URLs.
    Slug(&'a str),
}

impl<'a> GroupKey<'a> {
    /// Reads an id or a slug. Digits alone are an id.
    pub fn from_text(text: &'a str) -> Self {
        id_of_digits(text).map_or(Self::Slug(text), Self::Id)
    }
}

/// A group's profile.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// Key in the source.
    pub id: i64,
    /// Name in URLs.
    pub slug: String,
    /// Name to show.
    pub name: String,
}

impl From<Model> for GroupView {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
        }
    }
}

impl Access {
    /// The group of that id or slug, for signed-in viewers.
    pub async fn group(&self, key: GroupKey<'_>) -> Result<Option<GroupView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let row = match key {
            GroupKey::Id(id) => self.reads().group(id).await?,
            GroupKey::Slug(slug) => self.reads().group_by_slug(findable(slug)).await?,
        };
        Ok(row.map(|row| row.take().into()))
    }

    /// The group that the invite leads to, unless deleted. The link is always pending, and all
    /// signed-in viewers know of groups.
    pub async fn group_reached(
        &self,
        invite: &GroupInviteView,
    ) -> Result<Option<GroupView>, LoadError> {
        let row = self.reads().group(invite.group_id).await?;
        Ok(row.map(|row| row.take().into()))
    }

    /// The viewer's role in the group.
    pub async fn group_role(&self, id: i64) -> Result<Option<String>, LoadError> {
        Ok(self.membership(Target::Group(id)).await?.role)
    }

    /// Proof that the viewer manages the group.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::Forbidden`].
    pub async fn group_manager(&self, group: &GroupView) -> Result<GroupManager, AccessError> {
        if self
            .manages(Target::Group(group.id), &MANAGES_GROUP)
            .await?
        {
            Ok(GroupManager::new(group.id))
        } else {
            Err(self.denied())
        }
    }

    /// A page of the groups that the viewer manages, by id; for staff: of all.
    pub async fn groups(&self, page: &Page) -> Result<Slice<GroupView>, AccessError> {
        let slice = self
            .reads()
            .groups(&self.managed()?, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|row| row.take().into()))
    }
}
