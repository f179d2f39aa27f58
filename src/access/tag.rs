//! Tags. Anyone sees those of an invite code that they see; signed-in viewers see all by id.

use chrono::{DateTime, Utc};
use entity::tag::{Model, TagKind};

use super::{Access, AccessError, proof::Guarded};

/// A tag.
#[derive(Clone, Debug)]
pub struct TagView {
    /// Primary key.
    pub id: i64,
    /// Kind of things that the tag labels.
    pub kind: TagKind,
    /// Name, unique among tags of its kind.
    pub name: String,
    /// Meaning of the tag.
    pub description: Option<String>,
    /// Color as `#rrggbb`.
    pub color: String,
    /// The tag is shown beside a name.
    pub visible: bool,
    /// The tag can still be granted.
    pub active: bool,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
}

impl TagView {
    pub(super) fn new(row: Guarded<Model>) -> Self {
        let row = row.take();
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            description: row.description,
            color: row.color,
            visible: row.visible,
            active: row.active,
            created_at: row.created_at,
        }
    }
}

impl Access {
    /// Returns the tag with this id, for signed-in viewers.
    pub async fn tag(&self, id: i64) -> Result<Option<TagView>, AccessError> {
        let found = self.find_tag(id);
        self.audit.read("tag", found).await
    }

    async fn find_tag(&self, id: i64) -> Result<Option<TagView>, AccessError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let row = self.reads().tag(id).await?;
        Ok(row.map(TagView::new))
    }
}
