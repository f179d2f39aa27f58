//! `Tag`.

use async_graphql::{Context, Enum, ID, Object};

use super::{
    eager::Leaves,
    error::Nullable,
    external_id::{external_id, source},
    id::{NodeKind, global_id},
    json::{enum_leaves, leaves},
    scalar::{BigInt, DateTime},
};
use crate::access::TagView;

/// Kinds of things that tags label.
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

/// A label that an invite code grants to the person who uses it.
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

/// A label that an invite code grants to the person who uses it.
#[Object]
impl Tag {
    /// Global id of this tag; opaque.
    pub(super) async fn id(&self) -> ID {
        global_id(NodeKind::Tag, self.0.id)
    }

    /// Primary key in the source, as the REST contracts return it.
    async fn database_id(&self) -> BigInt {
        BigInt(self.0.id)
    }

    /// Id of this tag in its source, if the source has ids of its own. Null for viewers without an
    /// account.
    async fn external_id(&self, ctx: &Context<'_>) -> Nullable<String> {
        external_id(ctx, &self.0).await
    }

    /// Name of the source that gave `externalId`. Null if that is null.
    async fn source(&self, ctx: &Context<'_>) -> Nullable<String> {
        source(ctx, &self.0).await
    }

    /// Kind of things that the tag labels.
    async fn kind(&self) -> TagKind {
        self.0.kind.into()
    }

    /// Name, unique among tags of its kind.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Meaning of the tag.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Color as `#rrggbb`.
    async fn color(&self) -> Option<&str> {
        Some(self.0.color.as_str()).filter(|color| !color.is_empty())
    }

    /// True if the tag is shown beside a name.
    async fn visible(&self) -> bool {
        self.0.visible
    }

    /// True if the tag can still be granted.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// Time of creation.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
