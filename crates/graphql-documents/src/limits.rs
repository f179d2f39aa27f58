//! The limits of requests, and the error of a request that exceeds one.

use std::{fmt, sync::Arc};

use async_graphql::{ErrorExtensionValues, ServerError};

/// Limits of a GraphQL request, except those of bodies and batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum length of a document, in bytes.
    pub document: usize,
    /// Maximum of tokens of a document: names, values and punctuators.
    pub tokens: usize,
    /// Maximum nesting of brackets, in a document and in JSON.
    pub nesting: usize,
    /// Maximum depth of fields.
    pub depth: usize,
    /// Maximum of aliases of an operation, fragments expanded.
    pub aliases: u64,
    /// Maximum of root fields of an operation, fragments expanded.
    pub root_fields: u64,
    /// Maximum of directives of an operation, fragments expanded.
    pub directives: u64,
    /// Maximum cost of an operation in nodes, and maximum of fields of a document with fragments
    /// expanded.
    pub cost: u64,
    /// Maximum of values of a list that is sent: ids, representations, values of a filter.
    pub list: usize,
    /// Maximum of errors of a response.
    pub errors: usize,
    /// Maximum length of a response, in bytes before compression.
    pub response: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document: 16 * 1024,
            tokens: 2000,
            nesting: 24,
            depth: 12,
            aliases: 20,
            root_fields: 20,
            directives: 20,
            cost: 10_000,
            list: 100,
            errors: 10,
            response: 4 * 1024 * 1024,
        }
    }
}

/// A limit of requests, documents or responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Request body, in bytes.
    Body,
    /// Document, in bytes.
    Document,
    /// Lexical tokens of the document.
    Tokens,
    /// Values in the request's JSON.
    Values,
    /// Nesting of brackets.
    Nesting,
    /// Depth of the selection.
    Depth,
    /// Aliases.
    Aliases,
    /// Fields of the root type.
    RootFields,
    /// Directives.
    Directives,
    /// Fields, with fragments expanded.
    Fields,
    /// Cost of execution.
    Cost,
    /// Values in a list argument, such as ids or representations.
    List,
    /// Operations in a batch.
    Batch,
    /// Selections of introspection.
    Introspection,
    /// Selections of the subgraph's schema.
    SubgraphSchema,
    /// Response, in bytes.
    Response,
}

impl Limit {
    /// All limits, by index.
    pub const ALL: [Self; 16] = [
        Self::Body,
        Self::Document,
        Self::Tokens,
        Self::Values,
        Self::Nesting,
        Self::Depth,
        Self::Aliases,
        Self::RootFields,
        Self::Directives,
        Self::Fields,
        Self::Cost,
        Self::List,
        Self::Batch,
        Self::Introspection,
        Self::SubgraphSchema,
        Self::Response,
    ];

    /// Returns its name in errors and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Document => "document",
            Self::Tokens => "tokens",
            Self::Values => "values",
            Self::Nesting => "nesting",
            Self::Depth => "depth",
            Self::Aliases => "aliases",
            Self::RootFields => "root_fields",
            Self::Directives => "directives",
            Self::Fields => "fields",
            Self::Cost => "cost",
            Self::List => "list",
            Self::Batch => "batch",
            Self::Introspection => "introspection",
            Self::SubgraphSchema => "subgraph_schema",
            Self::Response => "response",
        }
    }

    /// Returns the first half of the message.
    fn describe(self, measured: Measured) -> String {
        match self {
            Self::Body => format!("The request body has {measured} bytes"),
            Self::Values => format!("The request's JSON has {measured} values"),
            Self::Batch => format!("The batch has {measured} operations"),
            Self::Document => format!("The document has {measured} bytes"),
            Self::Tokens => format!("The document has {measured} tokens"),
            Self::Nesting => format!("Brackets are nested {measured} deep"),
            Self::Depth => format!("Fields are nested {measured} deep"),
            Self::Aliases => format!("The operation has {measured} aliases, fragments expanded"),
            Self::RootFields => {
                format!("The operation has {measured} root fields, fragments expanded")
            }
            Self::Directives => {
                format!("The operation has {measured} directives, fragments expanded")
            }
            Self::Fields => format!("The document has {measured} fields, fragments expanded"),
            Self::Cost => format!("The operation costs {measured} nodes"),
            Self::Introspection => format!("Introspection selects {measured} values"),
            Self::SubgraphSchema => {
                format!("The operation selects the subgraph's schema {measured} times")
            }
            Self::List => format!("A list has {measured} values"),
            Self::Response => format!("The response has {measured} bytes"),
        }
    }
}

/// The measured value of a request that exceeds a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Exactly this value.
    Exactly(u64),
    /// More than this value: the measurement stopped there.
    MoreThan(u64),
}

impl fmt::Display for Measured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(measured) => write!(formatter, "{measured}"),
            Self::MoreThan(allowed) => write!(formatter, "more than {allowed}"),
        }
    }
}

/// A limit that a request or its response exceeds.
///
/// As a [`ServerError`] it is the error's source, so that it survives execution by async-graphql.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// The exceeded limit.
    pub limit: Limit,
    allowed: u64,
    measured: Measured,
    message: String,
}

impl LimitExceeded {
    /// The error with the limit's own message.
    pub fn new(limit: Limit, allowed: u64, measured: Measured) -> Self {
        let message = format!("{}; the maximum is {allowed}.", limit.describe(measured));
        Self::with_message(limit, allowed, measured, message)
    }

    /// The error with a message of the caller's.
    pub fn with_message(limit: Limit, allowed: u64, measured: Measured, message: String) -> Self {
        Self {
            limit,
            allowed,
            measured,
            message,
        }
    }

    /// Returns the exceeded limit that an error reports, if any.
    pub fn from_error(error: &ServerError) -> Option<&Self> {
        error.source()
    }
}

impl From<LimitExceeded> for ServerError {
    fn from(exceeded: LimitExceeded) -> Self {
        let limit = exceeded.limit;
        tracing::debug!(limit = limit.name(), "refused by a limit");
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("limit", limit.name());
        extensions.set("allowed", exceeded.allowed);
        if let Measured::Exactly(measured) = exceeded.measured {
            extensions.set("measured", measured);
        }
        let mut error = Self::new(exceeded.message.clone(), None);
        error.extensions = Some(extensions);
        error.source = Some(Arc::new(exceeded));
        error
    }
}

/// Checks a measured value against a limit.
///
/// # Errors
/// The value exceeds the limit.
pub fn check(limit: Limit, allowed: u64, measured: u64) -> Result<(), LimitExceeded> {
    if measured <= allowed {
        return Ok(());
    }
    // Saturated sums have no exact value.
    let measured = match measured {
        u64::MAX => Measured::MoreThan(allowed),
        measured => Measured::Exactly(measured),
    };
    Err(LimitExceeded::new(limit, allowed, measured))
}

/// Checks a length against a limit.
///
/// # Errors
/// The length exceeds the limit.
pub fn check_length(limit: Limit, allowed: usize, measured: usize) -> Result<(), LimitExceeded> {
    check(limit, allowed as u64, measured as u64)
}

#[cfg(test)]
mod tests {
    use async_graphql::ServerError;

    use super::{Limit, LimitExceeded, check};

    #[test]
    fn the_error_of_an_exceeded_limit_names_it() {
        assert!(check(Limit::Introspection, 5, 5).is_ok());
        for measured in [6, u64::MAX] {
            let error: ServerError = check(Limit::Introspection, 5, measured).unwrap_err().into();
            let exceeded = LimitExceeded::from_error(&error).expect("a limit");
            assert_eq!(exceeded.limit, Limit::Introspection);
        }
    }
}
