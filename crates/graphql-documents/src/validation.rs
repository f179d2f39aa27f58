//! Parsing and validation of documents (specification, section 5) by apollo-compiler.
//!
//! async-graphql's rules accept some invalid documents, refuse some valid ones, and judge others by the
//! values of variables. `values.rs` has the checks that apollo-compiler leaves out. It also takes fields
//! for the same whose arguments differ only in the length of a list: `collect_fields.rs` refuses them.

use apollo_compiler::{
    ExecutableDocument, Schema, ast,
    parser::Parser,
    response::GraphQLError,
    validation::{DiagnosticList, Valid},
};
use async_graphql::{Pos, ServerError};

use crate::{Limits, Refusal, values::mismatches};

/// Name of the document's text in errors; responses do not contain it.
const SOURCE: &str = "document";

/// Maximum of errors of a document that are examined.
const MAX_LOOKED_AT: usize = 100;

/// Maximum length of a name that an error repeats, in bytes. Values are not repeated.
const MAX_REPEATED: usize = 64;

/// A parsed document.
pub(super) struct Document(ast::Document);

impl Document {
    /// Parses a document.
    ///
    /// # Errors
    /// The syntax errors.
    pub(super) fn read(text: &str, limits: &Limits) -> Result<Self, Refusal> {
        Parser::new()
            .recursion_limit(2 * limits.nesting)
            .parse_ast(text, SOURCE)
            .map(Self)
            .map_err(|failed| Refusal::Syntax(distinct(&failed.errors, limits.errors)))
    }

    /// Prints the document without comments and optional white space.
    pub(super) fn canonical(&self) -> String {
        self.0.serialize().no_indent().to_string()
    }
}

/// Validates a document.
///
/// # Errors
/// At most `most` of its errors.
pub(super) fn validate(
    schema: &Valid<Schema>,
    document: &Document,
    most: usize,
) -> Result<Valid<ExecutableDocument>, Refusal> {
    // Errors that follow from an unknown field are not reported with it.
    let executable = match document.0.to_executable(schema) {
        Ok(executable) => executable,
        Err(failed) => return Err(invalid(&failed.errors, most)),
    };
    let executable = executable
        .validate(schema)
        .map_err(|failed| invalid(&failed.errors, most))?;
    let errors: Vec<_> = mismatches(schema, &executable, most)
        .into_iter()
        .map(|found| GraphQLError::new(found.message, found.location, &executable.sources))
        .map(client_error)
        .collect();
    if errors.is_empty() {
        Ok(executable)
    } else {
        Err(Refusal::Invalid(errors))
    }
}

fn invalid(errors: &DiagnosticList, most: usize) -> Refusal {
    Refusal::Invalid(distinct(errors, most))
}

/// Returns the first `most` errors, each once.
fn distinct(errors: &DiagnosticList, most: usize) -> Vec<ServerError> {
    let mut distinct: Vec<ServerError> = Vec::new();
    for error in errors.iter().take(MAX_LOOKED_AT) {
        let error = client_error(error.to_json());
        if distinct.len() < most && !distinct.contains(&error) {
            distinct.push(error);
        }
    }
    distinct
}

/// Removes quoted names that are too long, and the quoted value of an enum, from a message.
fn without_long_names(message: &str) -> String {
    let message = match message
        .strip_prefix("value `")
        .and_then(|rest| rest.split_once('`'))
    {
        Some((_, rest)) => format!("the value{rest}"),
        None => message.to_owned(),
    };
    let parts = message.split('`').enumerate();
    let short = parts.map(|(at, part)| match at % 2 {
        1 if part.len() > MAX_REPEATED => "…",
        _ => part,
    });
    short.collect::<Vec<_>>().join("`")
}

/// Returns the client's error. It omits text that the parser quotes, which may be a code or token.
fn client_error(error: GraphQLError) -> ServerError {
    let message = match error.message.split_once(", got ") {
        Some((expected, _)) if expected.starts_with("syntax error") => expected,
        _ => &error.message,
    };
    let message = without_long_names(message);
    let mut letters = message.chars();
    let message = letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    });
    let pos = error.locations.first().map(|location| Pos {
        line: location.line,
        column: location.column,
    });
    ServerError::new(message, pos)
}
