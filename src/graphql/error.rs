//! Errors of GraphQL responses: their codes and messages.
//!
//! Resolvers return a [`Failure`]. It does not implement [`std::fmt::Display`]: async-graphql would
//! send the text to the client.

use async_graphql::{Error, ErrorExtensions, ServerError};

use crate::{access::AccessError, loader::LoadError, rate_limit::RateLimited};

/// `extensions.code` of a GraphQL error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// An argument's value is not allowed.
    BadUserInput,
    /// Only for signed-in viewers.
    Unauthenticated,
    /// Not for this viewer.
    Forbidden,
    /// The document has a syntax error.
    GraphqlParseFailed,
    /// The document does not match the schema.
    GraphqlValidationFailed,
    /// The request exceeds a limit of length or nesting.
    OperationTooLarge,
    /// The operation exceeds a limit of cost, depth or selections.
    OperationTooComplex,
    /// The response exceeds the maximum length.
    ResponseTooLarge,
    /// The HTTP request does not conform to GraphQL over HTTP.
    BadRequest,
    /// No document is registered under this hash. Send the document with its hash.
    PersistedQueryNotFound,
    /// Persisted documents are disabled. Send the document.
    PersistedQueryNotSupported,
    /// The document is not a trusted one.
    PersistedQueryNotInList,
    /// The client exceeded a rate limit.
    RateLimited,
    /// The database is unavailable.
    ServiceUnavailable,
    /// The request or a statement exceeded its time limit.
    Timeout,
    /// An internal error.
    InternalServerError,
}

impl Code {
    /// Returns the code of responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::OperationTooLarge => "OPERATION_TOO_LARGE",
            Self::OperationTooComplex => "OPERATION_TOO_COMPLEX",
            Self::ResponseTooLarge => "RESPONSE_TOO_LARGE",
            Self::BadRequest => "BAD_REQUEST",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::PersistedQueryNotInList => "PERSISTED_QUERY_NOT_IN_LIST",
            Self::RateLimited => "RATE_LIMITED",
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }
}

/// Codes of faults of the gateway or its database; clients cause the others.
pub(super) const FAULTS: [Code; 3] = [
    Code::ServiceUnavailable,
    Code::Timeout,
    Code::InternalServerError,
];

/// An error of a field.
#[derive(Clone, Debug)]
pub enum Failure {
    /// An argument's value is not allowed.
    BadUserInput {
        /// Path of the argument, as in `filter.createdAt`.
        argument: &'static str,
        /// The allowed values.
        allowed: String,
    },
    /// Only for signed-in viewers.
    Unauthenticated,
    /// Only for viewers with an account.
    NoAccount,
    /// Not for this viewer.
    Forbidden,
    /// The client exceeded a rate limit.
    RateLimited(RateLimited),
    /// The database is unavailable.
    Unavailable,
    /// A statement exceeded its time limit.
    TimedOut,
    /// An internal error, logged where it occurred.
    Internal,
}

impl Failure {
    /// An argument's value is not allowed; `allowed` states the allowed values.
    pub(super) fn bad_input(argument: &'static str, allowed: impl Into<String>) -> Self {
        let allowed = allowed.into();
        Self::BadUserInput { argument, allowed }
    }

    fn code(&self) -> Code {
        match self {
            Self::BadUserInput { .. } => Code::BadUserInput,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::NoAccount | Self::Forbidden => Code::Forbidden,
            Self::RateLimited(_) => Code::RateLimited,
            Self::Unavailable => Code::ServiceUnavailable,
            Self::TimedOut => Code::Timeout,
            Self::Internal => Code::InternalServerError,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BadUserInput { argument, allowed } => format!("{argument}: {allowed}"),
            Self::Unauthenticated => "Sign in first.".to_owned(),
            Self::NoAccount => "You are signed in, but have no account here.".to_owned(),
            Self::Forbidden => "You may not see this.".to_owned(),
            Self::RateLimited(limited) => format!("{limited}."),
            Self::Unavailable => "The service is unavailable; try again later.".to_owned(),
            Self::TimedOut => "This took too long; try again later, or ask for less.".to_owned(),
            Self::Internal => INTERNAL_MESSAGE.to_owned(),
        }
    }
}

/// Message of all internal errors.
pub const INTERNAL_MESSAGE: &str = "Internal server error.";

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Error::new(failure.message()).extend_with(|_, extensions| {
            extensions.set("code", failure.code().as_str());
            match &failure {
                Failure::BadUserInput { argument, .. } => extensions.set("argument", *argument),
                Failure::NoAccount => extensions.set("reason", "NO_ACCOUNT"),
                Failure::RateLimited(limited) => {
                    extensions.set("rateLimit", limited.limit.name());
                    extensions.set("retryAfter", limited.retry_after);
                }
                _ => {}
            }
        })
    }
}

/// Returns the error of a request that a rate limit refuses. Clients may retry after `retryAfter`
/// seconds.
pub(crate) fn rate_limited_error(limited: RateLimited) -> ServerError {
    let Error {
        message,
        source,
        extensions,
    } = Failure::RateLimited(limited).into();
    ServerError {
        source,
        extensions,
        ..ServerError::new(message, None)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        // Logged where it occurred, once for all that waited.
        match error {
            LoadError::Unavailable(_) => Self::Unavailable,
            LoadError::TimedOut(_) => Self::TimedOut,
            LoadError::Failed(_) => Self::Internal,
        }
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Unauthenticated => Self::Unauthenticated,
            AccessError::NoAccount => Self::NoAccount,
            AccessError::Forbidden => Self::Forbidden,
            AccessError::RateLimited(limited) => Self::RateLimited(limited),
            AccessError::Load(error) => error.into(),
        }
    }
}

/// Result of a nullable field. An error makes the field null, and not its parent.
pub(super) type Nullable<T> = Option<Result<T, Failure>>;

/// Converts a result of the access module to a field's value.
pub(super) fn nullable<T, U, E>(
    answer: Result<Option<T>, E>,
    wrap: impl FnOnce(T) -> U,
) -> Nullable<U>
where
    Failure: From<E>,
{
    match answer {
        Ok(value) => value.map(wrap).map(Ok),
        Err(error) => Some(Err(error.into())),
    }
}
