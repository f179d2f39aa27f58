//! What a request may come to, and the one place where a refusal by a limit becomes known.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use async_graphql::{ErrorExtensionValues, ServerError};

use super::error::Code;

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

/// What a request was refused by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of the body.
    Body,
    /// Operations of a batch.
    Batch,
    /// Bytes of the document.
    Document,
    /// Tokens of the document.
    Tokens,
    /// Nesting of brackets, in the document or in JSON.
    Nesting,
    /// Depth of selections.
    Depth,
    /// Aliases.
    Aliases,
    /// Root fields.
    RootFields,
    /// Directives.
    Directives,
    /// Fields with fragments unfolded.
    Fields,
    /// Nodes.
    Cost,
    /// What introspection may come to.
    Introspection,
    /// Values of a list.
    List,
    /// Bytes of the answer.
    Answer,
}

/// How often each limit has refused something since the process began.
static REFUSALS: [AtomicU64; Limit::ALL.len()] = [const { AtomicU64::new(0) }; Limit::ALL.len()];

impl Limit {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Body,
        Self::Batch,
        Self::Document,
        Self::Tokens,
        Self::Nesting,
        Self::Depth,
        Self::Aliases,
        Self::RootFields,
        Self::Directives,
        Self::Fields,
        Self::Cost,
        Self::Introspection,
        Self::List,
        Self::Answer,
    ];

    /// Its name, in `extensions.limit` of an error, and for whoever counts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Batch => "batch",
            Self::Document => "document",
            Self::Tokens => "tokens",
            Self::Nesting => "nesting",
            Self::Depth => "depth",
            Self::Aliases => "aliases",
            Self::RootFields => "root_fields",
            Self::Directives => "directives",
            Self::Fields => "fields",
            Self::Cost => "cost",
            Self::Introspection => "introspection",
            Self::List => "list",
            Self::Answer => "answer",
        }
    }

    /// How often it has refused something since the process began.
    pub fn refusals(self) -> u64 {
        REFUSALS[self as usize].load(Relaxed)
    }

    /// Every refusal by a limit passes here, once.
    fn refused(self) {
        REFUSALS[self as usize].fetch_add(1, Relaxed);
        tracing::debug!(limit = self.name(), "refused by a limit");
    }

    fn code(self) -> Code {
        match self {
            Self::Body | Self::Batch | Self::Document | Self::Tokens | Self::Nesting => {
                Code::OperationTooLarge
            }
            Self::Depth
            | Self::Aliases
            | Self::RootFields
            | Self::Directives
            | Self::Fields
            | Self::Cost
            | Self::Introspection => Code::OperationTooComplex,
            Self::List => Code::BadUserInput,
            Self::Answer => Code::AnswerTooLarge,
        }
    }

    /// What was met, as a sentence without its end.
    fn met(self, met: Met) -> String {
        match self {
            Self::Body => format!("The request's body has {met} bytes"),
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
    limit.refused();
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
    use super::{Limit, hold};

    #[test]
    fn limits_are_listed_in_their_order_and_have_names_of_their_own() {
        for (place, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, place);
            let namesakes = Limit::ALL.iter().filter(|it| it.name() == limit.name());
            assert_eq!(namesakes.count(), 1, "{limit:?}");
        }
    }

    #[test]
    fn what_is_refused_is_counted_and_what_is_not_is_not() {
        let before = Limit::Introspection.refusals();
        assert!(hold(Limit::Introspection, 5, 5).is_ok());
        for met in [6, u64::MAX] {
            assert!(hold(Limit::Introspection, 5, met).is_err());
        }
        // Others are tested meanwhile.
        assert!(Limit::Introspection.refusals() >= before + 2);
    }
}
