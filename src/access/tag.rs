//! Tags: anybody reaches them through an invite code, only signed-in viewers by id.

use chrono::{DateTime, Utc};
use entity::tag::{Model, TagKind};

use super::{Access, AccessError};

/// A tag.
#[derive(Clone, Debug)]
pub struct TagView {
    /// Key in the source.
    pub id: i64,
    /// What the tag labels.
    pub kind: TagKind,
    /// Unique in its kind.
    pub name: String,
    /// What the tag means.
    pub description: Option<String>,
    /// `#rrggbb`.
    pub color: String,
    /// Whether the tag is shown beside a name.
    pub visible: bool,
    /// Whether the tag can still be given.
    pub active: bool,
    /// When the tag was made.
    pub created_at: DateTime<Utc>,
}

impl From<Model> for TagView {
    fn from(row: Model) -> Self {
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
    /// The tag of that id, for signed-in viewers.
    pub async fn tag(&self, id: i64) -> Result<Option<TagView>, AccessError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let row = self.reads().tag(id).await?;
        Ok(row.map(|row| row.take().into()))
    }
}
