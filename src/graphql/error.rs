//! What a client may read of an error, and what it may not.
//!
//! A [`Failure`] is what resolvers return. It deliberately is no [`std::fmt::Display`]:
//! async-graphql turns the text of anything that is into an answer.

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
    /// The document is no GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The request is longer, or nested deeper, than is taken.
    OperationTooLarge,
    /// What is asked would come to more than may be asked at once.
    OperationTooComplex,
    /// What was asked came to a longer answer than is given.
    ResponseTooLarge,
    /// The HTTP request is not one of GraphQL over HTTP.
    BadRequest,
    /// No document was registered under this hash: send it with its hash.
    PersistedQueryNotFound,
    /// Documents cannot be named here: send them.
    PersistedQueryNotSupported,
    /// The document is none of those that are trusted.
    PersistedQueryNotInList,
    /// The client has asked for as much as it may for now.
    RateLimited,
    /// The database is away.
    ServiceUnavailable,
    /// It took longer than it may.
    Timeout,
    /// A fault of the gateway's own.
    InternalServerError,
}

impl Code {
    /// The code as clients read it.
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

/// Why a field was not answered.
#[derive(Clone, Debug)]
pub enum Failure {
    /// An argument's value is not allowed.
    BadUserInput {
        /// Path of the argument, as in `filter.createdAt`.
        argument: &'static str,
        /// What would be right.
        allowed: String,
    },
    /// Only for signed-in viewers.
    Unauthenticated,
    /// Not for this viewer.
    Forbidden,
    /// The client has asked for as much as it may for now.
    RateLimited(RateLimited),
    /// The database is away.
    Unavailable,
    /// A statement took longer than it may.
    TimedOut,
    /// A fault of the gateway's own; logged where it happened.
    Internal,
}

impl Failure {
    /// An argument's value is not allowed; `allowed` says what would be right.
    pub(super) fn bad_input(argument: &'static str, allowed: impl Into<String>) -> Self {
        let allowed = allowed.into();
        Self::BadUserInput { argument, allowed }
    }

    fn code(&self) -> Code {
        match self {
            Self::BadUserInput { .. } => Code::BadUserInput,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Forbidden => Code::Forbidden,
            Self::RateLimited(_) => Code::RateLimited,
            Self::Unavailable => Code::ServiceUnavailable,
            Self::TimedOut => Code::Timeout,
            Self::Internal => Code::InternalServerError,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BadUserInput { argument, allowed } => format!("{argument}: {allowed}"),
            Self::Unauthenticated => "Sign in to see this.".to_owned(),
            Self::Forbidden => "You may not see this.".to_owned(),
            Self::RateLimited(limited) => format!("{limited}."),
            Self::Unavailable => "The service is unavailable; try again later.".to_owned(),
            Self::TimedOut => "This took too long; try again later, or ask for less.".to_owned(),
            Self::Internal => INTERNAL_MESSAGE.to_owned(),
        }
    }
}

/// All that a client learns of a fault of the gateway's own.
pub const INTERNAL_MESSAGE: &str = "Internal server error.";

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Error::new(failure.message()).extend_with(|_, extensions| {
            extensions.set("code", failure.code().as_str());
            match &failure {
                Failure::BadUserInput { argument, .. } => extensions.set("argument", *argument),
                Failure::RateLimited(limited) => {
                    extensions.set("rateLimit", limited.limit.name());
                    extensions.set("retryAfter", limited.retry_after);
                }
                _ => {}
            }
        })
    }
}

/// The error of what is refused as a whole; after `retryAfter` seconds it can be asked again.
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
        // Logged where it failed, once for all who waited.
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
            AccessError::Forbidden => Self::Forbidden,
            AccessError::RateLimited(limited) => Self::RateLimited(limited),
            AccessError::Load(error) => error.into(),
        }
    }
}

/// The type of a nullable field that can fail: it is then null by itself, and its parent is not.
pub(super) type Nullable<T> = Option<Result<T, Failure>>;

/// Turns what the access module answers into a field's value.
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
