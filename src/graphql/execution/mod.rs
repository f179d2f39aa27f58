//! From a document's text to a response: read, guarded and validated once a document, then
//! executed.

mod documents;
mod guard;
mod positions;
mod types;
mod validator;
mod variables;

use std::sync::Arc;

use async_graphql::{
    ErrorExtensionValues, Response, ServerError, Variables,
    parser::{
        self, parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};

use self::{
    documents::{Document, Documents, Proof},
    guard::{MAX_NESTING, is_shallow, unfolds_too_far},
    types::Types,
    validator::Validator,
    variables::Presence,
};
use super::{Schema, SchemaSettings, definition, error::Code, introspection, schema};
use crate::access::Access;

/// What is asked: a document, which of its operations, and the values of its variables.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The document.
    pub query: String,
    /// The operation, where the document has several.
    pub operation_name: Option<String>,
    /// The variables' values; what is not declared is ignored.
    pub variables: Variables,
    /// Whether it came in a way that must not change anything.
    pub is_safe: bool,
}

/// Executes GraphQL requests.
///
/// The schema stands twice: once to validate strictly without executing anything, and once to
/// execute what has been validated. A document that is asked again is not read again, and not
/// validated again where the outcome is known; `documents` says when it is.
#[derive(Clone)]
pub struct Executor(Arc<Parts>);

struct Parts {
    settings: SchemaSettings,
    schema: Schema,
    validator: Validator,
    types: Types,
    documents: Documents,
}

/// A request that can be executed.
pub struct Prepared {
    document: Arc<Document>,
    request: Request,
}

/// Why a request is not executed.
#[derive(Debug)]
pub enum Refusal {
    /// Request errors (specification, section 7.1.3).
    Errors(Vec<ServerError>),
    /// It is a mutation, and came in a way that must not change anything.
    UnsafeOperation,
}

impl Refusal {
    /// One error of that code, without a place in the document.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::coded(vec![ServerError::new(message, None)], code)
    }

    /// Gives that code to the errors that have none.
    fn coded(errors: Vec<ServerError>, code: Code) -> Self {
        Self::Errors(with_code(errors, code))
    }

    /// The errors that an answer tells.
    pub fn into_errors(self) -> Vec<ServerError> {
        match self {
            Self::Errors(errors) => errors,
            Self::UnsafeOperation => {
                let error = ServerError::new("Send a mutation by POST.", None);
                with_code(vec![error], Code::BadRequest)
            }
        }
    }
}

fn with_code(mut errors: Vec<ServerError>, code: Code) -> Vec<ServerError> {
    for error in &mut errors {
        let extensions = error
            .extensions
            .get_or_insert_with(ErrorExtensionValues::default);
        if extensions.get("code").is_none() {
            extensions.set("code", code.as_str());
        }
    }
    errors
}

impl Executor {
    /// `document_cache`: how much text of documents to keep what is known of, in bytes; 0 keeps
    /// nothing.
    pub fn new(settings: SchemaSettings, document_cache: u64) -> Option<Self> {
        let schema = schema(settings);
        let types = Types::read(&definition(&schema))?;
        Some(Self(Arc::new(Parts {
            settings,
            schema,
            validator: Validator::new(settings),
            types,
            documents: Documents::new(document_cache),
        })))
    }

    /// Reads and validates a request. Nothing of it is executed.
    ///
    /// # Errors
    /// Why it cannot be executed.
    pub async fn prepare(&self, request: Request) -> Result<Prepared, Refusal> {
        let parts = &*self.0;
        let document = match parts.documents.get(&request.query) {
            Some(document) => document,
            None => {
                let parsed = parse(&request.query)?;
                // Before it is validated: a schema without mutations refuses all of them.
                refuse_unsafe(&parsed, &request)?;
                Arc::new(self.validate(parsed).await?)
            }
        };
        refuse_unsafe(document.parsed(), &request)?;
        let operation = select(document.parsed(), request.operation_name.as_deref())?;
        let wrong = variables::check(&parts.types, operation, &request.variables);
        if !wrong.is_empty() {
            return Err(Refusal::coded(wrong, Code::BadUserInput));
        }
        let proof = Presence::of(operation, &request.variables).map(|presence| Proof {
            operation: request.operation_name.clone(),
            presence,
        });
        let is_proven = proof.as_ref().is_some_and(|proof| document.has(proof));
        if !is_proven {
            // What hangs on values: an argument with a variable inside.
            parts
                .validator
                .validate(document.parsed(), &request)
                .await?;
            if let Some(proof) = proof {
                document.add(proof);
                parts.documents.keep(&request.query, &document);
            }
        }
        Ok(Prepared { document, request })
    }

    /// Whether a document can be executed, as far as that does not hang on variables.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn check(&self, document: &str) -> Result<(), Refusal> {
        self.validate(parse(document)?).await.map(|_| ())
    }

    /// Refuses what is wrong with a document whatever the variables.
    async fn validate(&self, parsed: ExecutableDocument) -> Result<Document, Refusal> {
        if !self.0.settings.introspection
            && let Some(error) = introspection::refusal(&parsed)
        {
            return Err(Refusal::Errors(vec![error]));
        }
        self.0.validator.validate_alone(&parsed).await?;
        let positions = positions::check(&self.0.types, &parsed);
        if !positions.errors.is_empty() {
            let code = Code::GraphqlValidationFailed;
            return Err(Refusal::coded(positions.errors, code));
        }
        Ok(Document::new(parsed, !positions.some_unknown))
    }

    /// Executes a request for whom `access` knows.
    pub async fn execute(&self, prepared: Prepared, access: Arc<Access>) -> Response {
        let Request {
            operation_name,
            variables,
            ..
        } = prepared.request;
        let mut request = async_graphql::Request::new(String::new())
            .variables(variables)
            .data(access);
        request.operation_name = operation_name;
        request.set_parsed_query(prepared.document.parsed().clone());
        let mut response = self.0.schema.execute(request).await;
        // What comes without a code here never came from a resolver: a value that its argument
        // does not take.
        let errors = std::mem::take(&mut response.errors);
        response.errors = with_code(errors, Code::BadUserInput);
        response
    }
}

impl Prepared {
    /// The operation's name, where it has one.
    pub fn operation_name(&self) -> Option<&str> {
        let only = || match &self.document.parsed().operations {
            DocumentOperations::Multiple(operations) if operations.len() == 1 => {
                operations.keys().next().map(async_graphql::Name::as_str)
            }
            _ => None,
        };
        self.request.operation_name.as_deref().or_else(only)
    }
}

/// Reads a document, unless reading it or unfolding its fragments would be ruinous.
fn parse(text: &str) -> Result<ExecutableDocument, Refusal> {
    if !is_shallow(text) {
        let message = format!("Brackets are nested more than {MAX_NESTING} deep.");
        return Err(Refusal::new(Code::GraphqlParseFailed, message));
    }
    let parsed = parse_query(text)
        .map_err(|error| Refusal::coded(vec![syntax_error(error)], Code::GraphqlParseFailed))?;
    match unfolds_too_far(&parsed) {
        Some(message) => Err(Refusal::new(Code::GraphqlValidationFailed, message)),
        None => Ok(parsed),
    }
}

fn refuse_unsafe(document: &ExecutableDocument, request: &Request) -> Result<(), Refusal> {
    let is_mutation = request.is_safe
        && select(document, request.operation_name.as_deref())
            .is_ok_and(|operation| operation.ty == OperationType::Mutation);
    if is_mutation {
        return Err(Refusal::UnsafeOperation);
    }
    Ok(())
}

/// The operation that is to be executed (specification, section 6.1).
fn select<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, Refusal> {
    let selected = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get(name)
            .ok_or("operationName names no operation of the document."),
        (DocumentOperations::Single(_), Some(_)) => {
            Err("operationName names no operation of the document: its only one has no name.")
        }
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.values();
            match (all.next(), all.next()) {
                (Some(operation), None) => Ok(operation),
                _ => Err("The document has several operations: say by operationName which."),
            }
        }
    };
    selected
        .map(|operation| &operation.node)
        .map_err(|message| Refusal::new(Code::BadRequest, message))
}

/// Says where a document stops being GraphQL, and what would go on there. The text that the parser
/// makes quotes the document, which may hold a code or token.
fn syntax_error(error: parser::Error) -> ServerError {
    let parser::Error::Syntax { message, start, .. } = error else {
        return error.into();
    };
    let last_line = message.lines().next_back().unwrap_or_default();
    let message = match last_line.trim_start().strip_prefix("= ") {
        Some(expected) => format!("Syntax error: {expected}"),
        None => "Syntax error".to_owned(),
    };
    ServerError::new(message, Some(start))
}
