//! Errors of documents and requests that cannot be executed.

use async_graphql::{Name, Positioned, ServerError};

use crate::LimitExceeded;

/// An error of a request that cannot be executed.
#[derive(Debug)]
pub enum Refusal {
    /// The document has syntax errors.
    Syntax(Vec<ServerError>),
    /// The document does not match the schema.
    Invalid(Vec<ServerError>),
    /// Values of variables do not match their declarations.
    Variables(Vec<ServerError>),
    /// The request does not select one operation of the document.
    NoOperation(&'static str),
    /// The operation is a mutation, and the request must be safe.
    UnsafeOperation,
    /// The operation is a mutation, and the schema has none.
    NoMutations,
    /// The document selects a disabled field.
    Disabled(Positioned<Name>),
    /// The document or the operation exceeds a limit.
    Limit(LimitExceeded),
}

impl From<LimitExceeded> for Refusal {
    fn from(exceeded: LimitExceeded) -> Self {
        Self::Limit(exceeded)
    }
}
