//! `Tag`.

use async_graphql::{Enum, ID, Object};

use super::{
    eager::Leaves,
    id::{NodeKind, global_id},
    json::{enum_leaves, leaves},
    scalar::{BigInt, DateTime},
};
use crate::access::TagView;

/// What a tag labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::tag::TagKind")]
pub(super) enum TagKind {
    /// Users.
    User,
    /// Categories of content.
    Category,
    /// Contributions.
    Contribution,
}

enum_leaves!(TagKind);

/// A label that an invite code gives to whoever uses it.
#[derive(Clone)]
pub(super) struct Tag(pub(super) TagView);

impl Leaves for Tag {
    leaves! {
        "id" => id,
        "databaseId" => database_id,
        "kind" => kind,
        "name" => name,
        "description" => description,
        "color" => color,
        "visible" => visible,
        "active" => active,
        "createdAt" => created_at,
    }
}

/// A label that an invite code gives to whoever uses it.
#[Object]
impl Tag {
    /// Names this tag among all objects of the schema; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Tag, self.0.id)
    }

    /// Primary key in the source, as the REST contracts print it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// What the tag labels.
    async fn kind(&self) -> TagKind {
        self.0.kind.into()
    }

    /// Name, unique among tags of its kind.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the tag means.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Color as `#rrggbb`.
    async fn color(&self) -> Option<&str> {
        Some(self.0.color.as_str()).filter(|color| !color.is_empty())
    }

    /// Whether the tag is shown beside a name.
    async fn visible(&self) -> bool {
        self.0.visible
    }

    /// Whether the tag can still be given.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// When the tag was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
