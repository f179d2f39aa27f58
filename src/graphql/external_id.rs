//! Ids that objects have in their source: the fields of objects, and look-ups.

use async_graphql::{Context, ID, InputObject};

use super::{
    context::ContextExt,
    error::{Failure, Nullable},
    id::{NodeKind, parse_global_id},
};
use crate::{
    access::{Access, External, SlugKey},
    loader::{
        LoadError,
        external_key::{ExternalKey, ExternalKind},
    },
};

/// The id of an object in its source.
#[derive(Clone, Debug, InputObject)]
pub(super) struct ExternalIdInput {
    /// Name of the source, as the import was given it.
    pub source: String,
    /// Id that the source gave to the object.
    pub id: String,
}

impl From<NodeKind> for ExternalKind {
    fn from(kind: NodeKind) -> Self {
        match kind {
            NodeKind::Invite(kind) => Self::Invite(kind),
            NodeKind::User => Self::User,
            NodeKind::Tag => Self::Tag,
            NodeKind::Workspace => Self::Workspace,
            NodeKind::Group => Self::Group,
            NodeKind::Course => Self::Course,
        }
    }
}

/// Resolves `externalId`.
pub(super) async fn external_id(ctx: &Context<'_>, view: &impl External) -> Nullable<String> {
    ctx.look_up(|access| access.external_key(view), |key| key.external_id)
        .await
}

/// Resolves `source`.
pub(super) async fn source(ctx: &Context<'_>, view: &impl External) -> Nullable<String> {
    ctx.look_up(|access| access.external_key(view), |key| key.source)
        .await
}

/// One of the two ways in which a field looks an object up.
pub(super) enum LookUp {
    /// By id.
    Id(ID),
    /// By its id in a source.
    External(ExternalKey),
}

impl LookUp {
    /// Reads the arguments `id` and `externalId`.
    ///
    /// # Errors
    /// There is none of them, or both.
    pub(super) fn read(id: Option<ID>, external: Option<ExternalIdInput>) -> Result<Self, Failure> {
        match (id, external) {
            (Some(id), None) => Ok(Self::Id(id)),
            (None, Some(ExternalIdInput { source, id })) => Ok(Self::External(ExternalKey {
                source,
                external_id: id,
            })),
            _ => Err(Failure::bad_input(
                "id",
                "send exactly one of id and externalId",
            )),
        }
    }

    /// Returns the key of an object with a slug. Its id is a global id, a database id or the slug.
    pub(super) async fn key(
        &self,
        access: &Access,
        kind: NodeKind,
    ) -> Result<SlugKey<'_>, LoadError> {
        Ok(match self {
            Self::Id(text) => match parse_global_id(text) {
                Some(named) if named.kind == kind => SlugKey::Id(named.id),
                _ => SlugKey::from_text(text),
            },
            Self::External(key) => SlugKey::Id(id_of(access, kind, key).await?),
        })
    }
}

/// Returns the id of the object with an id in a source.
pub(super) async fn id_of(
    access: &Access,
    kind: NodeKind,
    key: &ExternalKey,
) -> Result<i64, LoadError> {
    access.id_by_external_key(kind.into(), key).await
}
