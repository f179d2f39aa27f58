//! What resolvers ask of their request, by one verb.

use std::sync::Arc;

use async_graphql::Context;

use super::error::Failure;
use crate::access::Access;

/// The verbs of a resolver's context.
pub(super) trait Ask {
    /// What this request's viewer may see.
    fn access(&self) -> Result<&Access, Failure>;
}

impl Ask for Context<'_> {
    fn access(&self) -> Result<&Access, Failure> {
        match self.data_opt::<Arc<Access>>() {
            Some(access) => Ok(access),
            None => {
                tracing::error!("the request came without its viewer");
                Err(Failure::Internal)
            }
        }
    }
}
