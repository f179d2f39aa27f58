//! What resolvers ask of their request, by few verbs.

use std::sync::Arc;

use async_graphql::Context;

use super::error::{Failure, Nullable, nullable};
use crate::access::Access;

/// The verbs of a resolver's context.
pub(super) trait Ask {
    /// What this request's viewer may see.
    fn access(&self) -> Result<&Access, Failure>;

    /// The value of a nullable field: what `ask` gets from the access module, wrapped.
    async fn look_up<'a, T, U, E, F>(
        &'a self,
        ask: impl FnOnce(&'a Access) -> F,
        wrap: impl FnOnce(T) -> U,
    ) -> Nullable<U>
    where
        F: Future<Output = Result<Option<T>, E>>,
        Failure: From<E>,
    {
        match self.access() {
            // Boxed, so that what resolves any field of a type stays small.
            Ok(access) => nullable(Box::pin(ask(access)).await, wrap),
            Err(failure) => Some(Err(failure)),
        }
    }
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
