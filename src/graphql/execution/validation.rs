//! Whether a document is GraphQL, and fits the schema (specification, section 5), by apollo-compiler:
//! async-graphql's own rules pass some documents that are not valid, refuse some that are, and judge
//! the others by the values of variables, too. What apollo-compiler leaves out is in `values.rs`; that
//! it takes fields of one name for the same whose arguments differ in the length of a list alone is
//! mended in `collecting.rs`, of what is executed.

use std::collections::HashMap;

use apollo_compiler::{
    Schema, ast,
    parser::Parser,
    response::GraphQLError,
    schema::ExtendedType,
    validation::{DiagnosticList, Valid},
};
use async_graphql::{Pos, ServerError, parser::types::OperationType};

use super::{Refusal, repeats::Kind, values::mismatches};
use crate::graphql::{error::Code, limits::Limits};

/// How errors name what they are about; answers do not tell it.
const SOURCE: &str = "document";

/// Most errors of a document that are looked at for those that are told.
const MAX_LOOKED_AT: usize = 100;

/// Longest part of a document that an error repeats, in bytes: names, and nothing of a value.
const MAX_REPEATED: usize = 64;

/// The schema that documents have to fit.
pub(super) struct Validation {
    schema: Valid<Schema>,
    /// The object types of each interface and union.
    possible_types: HashMap<String, Vec<String>>,
}

/// A document that is GraphQL.
pub(super) struct Document(ast::Document);

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// Where it stops being GraphQL.
    pub(super) fn read(text: &str, limits: &Limits) -> Result<Self, Refusal> {
        Parser::new()
            .recursion_limit(2 * limits.nesting)
            .parse_ast(text, SOURCE)
            .map(Self)
            .map_err(|failed| refused(&failed.errors, Code::GraphqlParseFailed, limits.errors))
    }

    /// The document written anew, without anything that its text could have left out.
    pub(super) fn canonical(&self) -> String {
        self.0.serialize().no_indent().to_string()
    }
}

impl Validation {
    /// Reads a schema in the schema definition language. None if it is no valid schema.
    pub(super) fn by(definition: &str) -> Option<Self> {
        let schema = Schema::parse_and_validate(definition, SOURCE).ok()?;
        let abstracts = schema
            .types
            .iter()
            .filter(|(_, ty)| matches!(ty, ExtendedType::Interface(_) | ExtendedType::Union(_)));
        let possible_types = abstracts.map(|(of, _)| {
            let objects = schema.types.iter();
            let objects = objects.filter(|(name, ty)| {
                matches!(ty, ExtendedType::Object(_)) && schema.is_subtype(of, name)
            });
            (
                of.to_string(),
                objects.map(|(name, _)| name.to_string()).collect(),
            )
        });
        Some(Self {
            possible_types: possible_types.collect(),
            schema,
        })
    }

    /// What a type is that fragments can be on.
    pub(super) fn kind(&self, name: &str) -> Kind {
        match self.schema.types.get(name) {
            Some(ExtendedType::Union(_)) => Kind::Union,
            Some(ExtendedType::Interface(_)) => Kind::Interface,
            _ => Kind::Object,
        }
    }

    /// Whether whatever is of the second type is of the first, an interface or union.
    pub(super) fn is_subtype(&self, of: &str, ty: &str) -> bool {
        self.schema.is_subtype(of, ty)
    }

    /// The object types of an interface or union.
    pub(super) fn possible_types(&self, of: &str) -> &[String] {
        self.possible_types.get(of).map_or(&[], Vec::as_slice)
    }

    /// The type that the fields of an operation belong to.
    pub(super) fn root_type(&self, operation: OperationType) -> &str {
        let roots = &self.schema.schema_definition;
        let root = match operation {
            OperationType::Query => &roots.query,
            OperationType::Mutation => &roots.mutation,
            OperationType::Subscription => &roots.subscription,
        };
        // Validation lets no operation through whose root is not there.
        root.as_ref().map_or("", |root| root.as_str())
    }

    /// The type of a field, without what it is wrapped in.
    pub(super) fn type_of_field(&self, parent: &str, field: &str) -> Option<&str> {
        let field = self.schema.type_field(parent, field).ok()?;
        Some(field.ty.inner_named_type().as_str())
    }

    /// Whether a document fits the schema.
    ///
    /// # Errors
    /// Why it does not, by at most `most` of what is wrong.
    pub(super) fn check(&self, document: &Document, most: usize) -> Result<(), Refusal> {
        // What comes of a field that is not there is not told beside it.
        let executable = match document.0.to_executable(&self.schema) {
            Ok(executable) => executable,
            Err(failed) => return Err(invalid(&failed.errors, most)),
        };
        let executable = executable
            .validate(&self.schema)
            .map_err(|failed| invalid(&failed.errors, most))?;
        let errors: Vec<_> = mismatches(&self.schema, &executable, most)
            .into_iter()
            .map(|found| GraphQLError::new(found.message, found.location, &executable.sources))
            .map(told)
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refusal::coded(errors, Code::GraphqlValidationFailed))
        }
    }
}

fn invalid(errors: &DiagnosticList, most: usize) -> Refusal {
    refused(errors, Code::GraphqlValidationFailed, most)
}

fn refused(errors: &DiagnosticList, code: Code, most: usize) -> Refusal {
    let mut distinct: Vec<ServerError> = Vec::new();
    for error in errors.iter().take(MAX_LOOKED_AT) {
        let error = told(error.to_json());
        if distinct.len() < most && !distinct.contains(&error) {
            distinct.push(error);
        }
    }
    Refusal::coded(distinct, code)
}

/// A message whose quoted parts are no longer than may be repeated. What stands where a value of an
/// enum belongs may be anything, and is left out.
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

/// What a client is told. Where the parser quotes what it found, that is left out: it may be a code
/// or token.
fn told(error: GraphQLError) -> ServerError {
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
