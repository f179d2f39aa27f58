//! The gateway as a subgraph of Apollo Federation 2: `_entities` and `_service`, and the schema that
//! routers compose.

mod entity;
mod representation;
mod sdl;

use async_graphql::{Any, Context, Object, SimpleObject};
use futures_util::future::join_all;

pub(super) use sdl::{
    Authenticated, Changed, Keyed, Served, Unfederated, WithoutMutations, WithoutNode, linked,
};

use super::{
    context::ContextExt,
    error::{Failure, Nullable, nullable},
    external_id::id_of,
    id::Named,
    node,
};
use crate::access::Access;
use entity::Entity;
use representation::Represented;
use sdl::Written;

/// The subgraph's schema, for routers.
#[derive(SimpleObject)]
#[graphql(name = "_Service")]
struct Service {
    /// The subgraph's schema, with the directives of federation.
    sdl: Written,
}

/// Root fields for routers. Introspection omits them, so that clients' tools do not offer them.
#[derive(Default)]
pub(super) struct FederationQuery;

#[Object]
impl FederationQuery {
    /// The objects that representations name, in the order asked. Null in place of each that is not
    /// there or that the viewer may not see; one that is malformed is null with an error.
    #[graphql(name = "_entities", visible = false)]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "A `__typename` and an `id`, a `databaseId`, or `source` and `externalId` each; at most 100."
        )]
        representations: Vec<Any>,
    ) -> Result<Vec<Nullable<Entity>>, Failure> {
        let access = ctx.access()?;
        let found = representations
            .iter()
            .map(|Any(sent)| async move { nullable(find(access, sent).await, Entity) });
        Ok(join_all(found).await)
    }

    /// The subgraph's schema.
    #[graphql(name = "_service", visible = false)]
    async fn service(&self, ctx: &Context<'_>) -> Result<Service, Failure> {
        let account = ctx.access()?.viewer().account();
        match ctx.data_opt::<Served>() {
            Some(served) => {
                if served.is_for_signed_in() {
                    account?;
                }
                Ok(Service {
                    sdl: served.written(),
                })
            }
            None => {
                tracing::error!("the schema came without what it is composed from");
                Err(Failure::Internal)
            }
        }
    }
}

/// Loads the object of a representation, by the rules of its kind.
async fn find(access: &Access, sent: &async_graphql::Value) -> Result<Option<node::Node>, Failure> {
    let Some(Represented {
        kind,
        named,
        external,
    }) = representation::read(sent)?
    else {
        return Ok(None);
    };
    let external = match external {
        Some(key) => Some(Named {
            kind,
            id: id_of(access, kind, &key).await?,
            target: None,
        }),
        None => None,
    };
    match (named, external) {
        (Some(named), Some(external)) if named.id != external.id => Ok(None),
        (named, external) => match named.or(external) {
            Some(named) => node::fetch(access, named).await,
            None => Ok(None),
        },
    }
}
