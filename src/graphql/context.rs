//! Extension methods for resolvers' contexts.

use std::sync::Arc;

use async_graphql::Context;

use super::error::{Failure, Nullable, nullable};
use crate::access::Access;

/// Reads the request from a resolver's context.
pub(super) trait ContextExt {
    /// Returns the access of the request's viewer.
    fn access(&self) -> Result<&Access, Failure>;

    /// Resolves a nullable field: calls `load` with the access, and wraps its result.
    async fn look_up<'a, T, U, E, F>(
        &'a self,
        load: impl FnOnce(&'a Access) -> F,
        wrap: impl FnOnce(T) -> U,
    ) -> Nullable<U>
    where
        F: Future<Output = Result<Option<T>, E>>,
        Failure: From<E>,
    {
        match self.access() {
            // Boxed, so that the future of a type's fields stays small.
            Ok(access) => nullable(Box::pin(load(access)).await, wrap),
            Err(failure) => Some(Err(failure)),
        }
    }
}

impl ContextExt for Context<'_> {
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
