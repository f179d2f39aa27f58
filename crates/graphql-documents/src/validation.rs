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
use async_graphql::ServerError;

use crate::{Limits, Refusal, message::client_error, values::mismatches};

/// Name of the document's text in errors; responses do not contain it.
const SOURCE: &str = "document";

/// Maximum of errors of a document that are examined.
const MAX_LOOKED_AT: usize = 100;

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
            .map_err(|failed| Refusal::Syntax(distinct(&failed.errors, limits.errors, None, text)))
    }

    /// Returns the text that was parsed.
    fn text(&self) -> &str {
        let files = &self.0.sources;
        files
            .values()
            .map(|file| file.source_text())
            .next()
            .unwrap_or_default()
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
    let text = document.text();
    let invalid =
        |errors: &DiagnosticList| Refusal::Invalid(distinct(errors, most, Some(schema), text));
    // Errors that follow from an unknown field are not reported with it.
    let executable = match document.0.to_executable(schema) {
        Ok(executable) => executable,
        Err(failed) => return Err(invalid(&failed.errors)),
    };
    let executable = executable
        .validate(schema)
        .map_err(|failed| invalid(&failed.errors))?;
    let errors: Vec<_> = mismatches(schema, &executable, most)
        .into_iter()
        .map(|found| GraphQLError::new(found.message, found.location, &executable.sources))
        .map(|error| client_error(&error, Some(schema), text))
        .collect();
    if errors.is_empty() {
        Ok(executable)
    } else {
        Err(Refusal::Invalid(errors))
    }
}

/// Returns the first `most` errors, each once.
fn distinct(
    errors: &DiagnosticList,
    most: usize,
    schema: Option<&Schema>,
    text: &str,
) -> Vec<ServerError> {
    let mut distinct: Vec<ServerError> = Vec::new();
    for error in errors.iter().take(MAX_LOOKED_AT) {
        let error = client_error(&error.to_json(), schema, text);
        if distinct.len() < most && !distinct.contains(&error) {
            distinct.push(error);
        }
    }
    distinct
}
