//! What a request may come to, and the errors of those that come to more.

use async_graphql::{ErrorExtensionValues, ServerError, Value};

use super::error::Code;
pub use crate::metrics::Limit;

/// What a GraphQL request may come to. The length of a body and the operations of a batch are
/// settings of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest document, in bytes.
    pub document: usize,
    /// Most tokens of a document: names, values and punctuation.
    pub tokens: usize,
    /// Deepest nesting of brackets, in a document and in JSON.
    pub nesting: usize,
    /// Deepest selection of fields.
    pub depth: usize,
    /// Most aliases of an operation, fragments unfolded.
    pub aliases: u64,
    /// Most root fields of an operation, fragments unfolded.
    pub root_fields: u64,
    /// Most directives of an operation, fragments unfolded.
    pub directives: u64,
    /// Most nodes that an operation may come to, and most fields of a document when its fragments
    /// are unfolded.
    pub cost: u64,
    /// Most values of a list that is sent: ids, representations, values of a filter.
    pub list: usize,
    /// Most errors of an answer.
    pub errors: usize,
    /// Longest answer, in bytes before compression.
    pub answer: usize,
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
            answer: 4 * 1024 * 1024,
        }
    }
}

/// What a refusal by a limit is called, and what it says.
trait Refusing {
    fn code(self) -> Code;

    /// What was met, as a sentence without its end.
    fn met(self, met: Met) -> String;
}

impl Refusing for Limit {
    fn code(self) -> Code {
        match self {
            Self::Body
            | Self::Values
            | Self::Batch
            | Self::Document
            | Self::Tokens
            | Self::Nesting => Code::OperationTooLarge,
            Self::Depth
            | Self::Aliases
            | Self::RootFields
            | Self::Directives
            | Self::Fields
            | Self::Cost
            | Self::Introspection
            | Self::SubgraphSchema => Code::OperationTooComplex,
            Self::List => Code::BadUserInput,
            Self::Answer => Code::ResponseTooLarge,
        }
    }

    fn met(self, met: Met) -> String {
        match self {
            Self::Body => format!("The request's body has {met} bytes"),
            Self::Values => format!("The request's JSON has {met} values"),
            Self::Batch => format!("The list has {met} operations"),
            Self::Document => format!("The document has {met} bytes"),
            Self::Tokens => format!("The document has {met} tokens"),
            Self::Nesting => format!("Brackets are nested {met} deep"),
            Self::Depth => format!("Fields are selected {met} deep"),
            Self::Aliases => format!("The operation has {met} aliases, fragments unfolded"),
            Self::RootFields => format!("The operation has {met} root fields, fragments unfolded"),
            Self::Directives => format!("The operation has {met} directives, fragments unfolded"),
            Self::Fields => format!("The document comes to {met} fields, fragments unfolded"),
            Self::Cost => format!("The operation comes to {met} nodes, as its lists are asked for"),
            Self::Introspection => format!("Introspection is asked for {met} values"),
            Self::SubgraphSchema => {
                format!("The operation selects the subgraph's schema {met} times")
            }
            Self::List => format!("A list has {met} values"),
            Self::Answer => format!("The answer has {met} bytes"),
        }
    }
}

/// What was met where `most` is allowed.
#[derive(Clone, Copy)]
pub(crate) enum Met {
    /// So much.
    Exactly(u64),
    /// More than so much: nobody looked how much more.
    MoreThan(u64),
}

impl std::fmt::Display for Met {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(met) => write!(formatter, "{met}"),
            Self::MoreThan(most) => write!(formatter, "more than {most}"),
        }
    }
}

/// The error of a request that goes beyond a limit: it says the limit and what was met.
pub(crate) fn exceeded(limit: Limit, most: u64, met: Met) -> ServerError {
    let message = format!("{}; at most {most} are allowed.", limit.met(met));
    with_message(limit, most, met, message)
}

/// As [`exceeded`], said in other words.
pub(crate) fn with_message(limit: Limit, most: u64, met: Met, message: String) -> ServerError {
    tracing::debug!(limit = limit.name(), "refused by a limit");
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", limit.code().as_str());
    extensions.set("limit", limit.name());
    extensions.set("allowed", most);
    if let Met::Exactly(met) = met {
        extensions.set("met", met);
    }
    let mut error = ServerError::new(message, None);
    error.extensions = Some(extensions);
    error
}

/// The limit by which an error is a refusal.
pub(crate) fn limit_of(error: &ServerError) -> Option<Limit> {
    match error.extensions.as_ref()?.get("limit")? {
        Value::String(name) => Limit::from_name(name),
        _ => None,
    }
}

/// Refuses what goes beyond a limit.
///
/// # Errors
/// It does.
pub(crate) fn hold(limit: Limit, most: u64, met: u64) -> Result<(), ServerError> {
    if met <= most {
        return Ok(());
    }
    // What is counted without end stops at the greatest number.
    let met = match met {
        u64::MAX => Met::MoreThan(most),
        met => Met::Exactly(met),
    };
    Err(exceeded(limit, most, met))
}

/// As [`hold`], of lengths.
///
/// # Errors
/// It does.
pub(crate) fn hold_length(limit: Limit, most: usize, met: usize) -> Result<(), ServerError> {
    hold(limit, most as u64, met as u64)
}

#[cfg(test)]
mod tests {
    use super::{Limit, hold, limit_of};

    #[test]
    fn what_goes_beyond_a_limit_is_an_error_that_names_it() {
        assert!(hold(Limit::Introspection, 5, 5).is_ok());
        for met in [6, u64::MAX] {
            let error = hold(Limit::Introspection, 5, met).unwrap_err();
            assert_eq!(limit_of(&error), Some(Limit::Introspection));
        }
    }
}
