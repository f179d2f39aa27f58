//! Execution of requests. A document is guarded, parsed and validated once; its operation's fields
//! are collected, priced and executed for each request.

mod collect_fields;
mod documents;
mod guard;
mod schema;
mod validation;
mod values;
mod variables;

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    ErrorExtensionValues, Name, Pos, Positioned, Response, ServerError, Value, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};

use serde_json::json;

use self::{
    collect_fields::Collector,
    documents::{Documents, Known},
    guard::{Extent, Shape, measure},
    schema::ServedSchema,
    validation::{Document, validate},
};
use super::{
    Limits, Schema, SchemaSettings, definition,
    error::{Code, rate_limited_error},
    introspection::{disabled_error, disabled_fields},
    json::{Json, WrittenInParts},
    limits::{Limit, LimitExceeded, check},
    schema,
};
use crate::{access::Access, metrics::Metrics, rate_limit::RateLimited};

/// Tokens and bytes of a new document that cost one node.
const TOKENS_A_NODE: usize = 4;
const BYTES_A_NODE: usize = 160;

/// Values of introspection that cost one node.
const INTROSPECTED_A_NODE: u64 = 60;

/// Returns the tokens of a document, and how deep its brackets are nested.
#[cfg(feature = "fuzzing")]
pub(super) fn measured(document: &str) -> (usize, usize) {
    let extent = Extent::of(document);
    (extent.tokens, extent.nesting)
}

/// A GraphQL request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The document's text.
    pub query: String,
    /// Name of the operation. Required if the document has several.
    pub operation_name: Option<String>,
    /// Values of the variables. Undeclared ones are ignored.
    pub variables: Variables,
    /// Whether mutations are refused, as by GET.
    pub is_safe: bool,
    /// Whether the response has the operation's cost in its extensions.
    pub tells_cost: bool,
}

/// Executes GraphQL requests, with a cache of valid documents.
#[derive(Clone)]
pub struct Executor(Arc<Parts>);

struct Parts {
    settings: SchemaSettings,
    limits: Limits,
    schema: Schema,
    served: ServedSchema,
    documents: Documents,
    metrics: Metrics,
}

/// A request that can be executed.
pub struct Prepared {
    /// The operation, with its fields collected.
    operation: OperationDefinition,
    name: Option<Name>,
    request: Request,
    /// Cost in nodes.
    cost: u64,
    /// Nodes that a quota is charged besides the cost.
    surcharge: u64,
}

/// The response of a request that was executed.
#[derive(Debug)]
pub struct Executed {
    errors: Vec<ServerError>,
    /// The limit that the response exceeded, if any.
    beyond: Option<Limit>,
    data: Value,
    extensions: serde_json::Map<String, serde_json::Value>,
}

/// Why a request is not executed.
#[derive(Debug)]
pub enum Refusal {
    /// Request errors (specification, section 7.1.3).
    Errors(Vec<ServerError>),
    /// The operation is a mutation, and the request must be safe.
    UnsafeOperation,
    /// The client exceeded its rate limit.
    RateLimited(RateLimited),
}

impl Refusal {
    /// One error with that code and without a location.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::coded(vec![ServerError::new(message, None)], code)
    }

    /// Adds that code to the errors without one.
    fn coded(errors: Vec<ServerError>, code: Code) -> Self {
        Self::Errors(with_code(errors, code))
    }

    /// Returns the errors of the response.
    pub fn into_errors(self) -> Vec<ServerError> {
        match self {
            Self::Errors(errors) => errors,
            Self::UnsafeOperation => {
                let error = ServerError::new("Send a mutation by POST.", None);
                with_code(vec![error], Code::BadRequest)
            }
            Self::RateLimited(limited) => vec![rate_limited_error(limited)],
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

impl From<RateLimited> for Refusal {
    fn from(limited: RateLimited) -> Self {
        Self::RateLimited(limited)
    }
}

impl From<LimitExceeded> for Refusal {
    fn from(exceeded: LimitExceeded) -> Self {
        Self::Errors(vec![exceeded.into()])
    }
}

impl Executor {
    /// `document_cache` is the capacity of the document cache in bytes of text; 0 disables it. None
    /// if the schema's definition is not valid.
    pub fn new(
        settings: SchemaSettings,
        limits: Limits,
        document_cache: u64,
        metrics: &Metrics,
    ) -> Option<Self> {
        let schema = schema(settings);
        let definition = definition(&schema);
        Some(Self(Arc::new(Parts {
            settings,
            limits,
            schema,
            served: ServedSchema::parse(&definition)?,
            documents: Documents::new(document_cache),
            metrics: metrics.clone(),
        })))
    }

    /// Validates a request and computes its cost, without executing it.
    ///
    /// # Errors
    /// The request cannot be executed, or exceeds a limit.
    pub fn prepare(&self, mut request: Request) -> Result<Prepared, Refusal> {
        let parts = &*self.0;
        let known = parts.documents.get(&request.query);
        parts.metrics.document_cache().count(known.is_some());
        let document = match known {
            Some(document) => document,
            None => {
                let document = Arc::new(self.read(&request.query, |document| {
                    // Before validation, which refuses all mutations if the schema has none.
                    refuse_unsafe(document, &request)
                })?);
                parts.documents.keep(&request.query, &document);
                document
            }
        };
        refuse_unsafe(&document.parsed, &request)?;
        let name = request.operation_name.as_deref();
        let (name, operation) = select(&document.parsed, name)?;
        let declared = document.variables.get(&name.cloned());
        let declared = declared.map_or(&[][..], Vec::as_slice);
        let (schema, limits) = (&parts.served, &parts.limits);
        let variables = &mut request.variables;
        variables::keep_declared(operation, variables);
        variables::check(schema.definition(), limits, operation, declared, variables)?;
        variables::default(operation, variables);
        let fragments = &document.parsed.fragments;
        let collector = Collector::new(schema, fragments, variables, limits.cost);
        let (operation, cost) = collector.collect(operation)?;
        check(Limit::Cost, limits.cost, cost.nodes())?;
        let introspection = document.introspection / INTROSPECTED_A_NODE;
        Ok(Prepared {
            operation,
            name: name.cloned(),
            cost: cost.nodes(),
            surcharge: cost.surcharge().saturating_add(introspection),
            request,
        })
    }

    /// Returns the nodes that a quota is charged for parsing and validating a document, valid or not.
    /// A cached document costs nothing.
    pub fn reading(&self, document: &str) -> u64 {
        if document.len() > self.0.limits.document || self.0.documents.get(document).is_some() {
            return 0;
        }
        let tokens = Extent::of(document).tokens.min(self.0.limits.tokens);
        (tokens / TOKENS_A_NODE + document.len() / BYTES_A_NODE) as u64
    }

    /// Returns the limits of requests.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Validates a document and returns the names of its operations.
    ///
    /// # Errors
    /// The document is not valid, or exceeds a limit.
    pub fn check(&self, document: &str) -> Result<Vec<String>, Refusal> {
        let document = self.read(document, |_| Ok(()))?;
        let names = document.parsed.operations.iter();
        Ok(names
            .filter_map(|(name, _)| Some(name?.to_string()))
            .collect())
    }

    /// Parses and validates a document. `refuse` may refuse it before validation.
    fn read(
        &self,
        text: &str,
        refuse: impl FnOnce(&ExecutableDocument) -> Result<(), Refusal>,
    ) -> Result<Known, Refusal> {
        let parts = &*self.0;
        Extent::check(&parts.limits, text)?;
        let document = Document::read(text, &parts.limits)?;
        let parsed = parse(text, &document)?;
        let disabled = disabled_fields(parts.settings);
        let Shape {
            introspection,
            disabled,
        } = measure(&parts.limits, &parsed, &disabled)?;
        refuse(&parsed)?;
        if let Some(field) = disabled {
            return Err(Refusal::Errors(vec![disabled_error(field)]));
        }
        let schema = parts.served.definition();
        let executable = validate(schema, &document, parts.limits.errors)?;
        let operations = executable.operations.iter();
        let variables = operations.map(|operation| {
            let name = operation.name.as_ref().map(Name::new);
            (name, operation.variables.clone())
        });
        Ok(Known {
            variables: variables.collect(),
            introspection,
            parsed,
        })
    }

    /// Executes a request for the viewer of `access`.
    pub async fn execute(&self, prepared: Prepared, access: Arc<Access>) -> Executed {
        let Request {
            variables,
            tells_cost,
            ..
        } = prepared.request;
        let operation = Positioned::new(prepared.operation, Pos::default());
        let mut request = async_graphql::Request::new(String::new())
            .variables(variables)
            .data(WrittenInParts::of(self.0.limits.answer))
            .data(access);
        request.set_parsed_query(ExecutableDocument {
            operations: DocumentOperations::Single(operation),
            fragments: HashMap::new(),
        });
        let Response { errors, data, .. } = self.0.schema.execute(request).await;
        // Resolvers' errors have a code. The others are of arguments that do not take their value,
        // such as null for a variable with a default.
        let mut errors = with_code(errors, Code::BadUserInput);
        let limits = &self.0.limits;
        let beyond = errors.iter().find_map(LimitExceeded::from_error);
        let beyond = beyond.map(|exceeded| exceeded.limit);
        let mut extensions = serde_json::Map::new();
        let omitted = errors.len().saturating_sub(limits.errors);
        if omitted > 0 {
            errors.truncate(limits.errors);
            extensions.insert("omittedErrors".into(), omitted.into());
        }
        if tells_cost {
            let cost = json!({ "nodes": prepared.cost, "allowed": limits.cost });
            extensions.insert("cost".into(), cost);
        }
        Executed {
            errors,
            beyond,
            data,
            extensions,
        }
    }
}

impl Executed {
    /// Returns the number of errors in the response.
    pub fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// Returns the limit that the response exceeded, if any.
    pub fn beyond(&self) -> Option<Limit> {
        self.beyond
    }

    /// Returns the response for a transport of async-graphql. [`Self::write`] is faster.
    ///
    /// # Errors
    /// A part of the response is not JSON.
    pub fn into_response(self) -> serde_json::Result<Response> {
        let mut response = Response::new(Json::into_values(self.data)?);
        response.errors = self.errors;
        for (name, value) in self.extensions {
            response.extensions.insert(name, Value::from_json(value)?);
        }
        Ok(response)
    }

    /// Appends the response as JSON (specification, section 7.2.2).
    ///
    /// # Errors
    /// An error's extensions are not JSON.
    pub fn write(&self, text: &mut Vec<u8>) -> serde_json::Result<()> {
        text.push(b'{');
        if !self.errors.is_empty() {
            text.extend_from_slice(br#""errors":"#);
            serde_json::to_writer(&mut *text, &self.errors)?;
            text.push(b',');
        }
        text.extend_from_slice(br#""data":"#);
        Json::append(&self.data, text);
        if !self.extensions.is_empty() {
            text.extend_from_slice(br#","extensions":"#);
            serde_json::to_writer(&mut *text, &self.extensions)?;
        }
        text.push(b'}');
        Ok(())
    }
}

impl Prepared {
    /// Returns the nodes that a quota is charged before execution.
    pub fn charge(&self) -> u64 {
        self.cost.saturating_add(self.surcharge)
    }

    /// Returns the operation's name, if it has one.
    pub fn operation_name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Parses a document by async-graphql. Its parser refuses some GraphQL, such as white space within
/// types, and misreads some. It then gets the document as apollo-compiler prints it; errors have the
/// locations of that text.
fn parse(text: &str, document: &Document) -> Result<ExecutableDocument, Refusal> {
    if !is_misread(text)
        && let Ok(parsed) = parse_query(text)
    {
        return Ok(parsed);
    }
    parse_query(document.canonical()).map_err(|_| {
        let message = "The document is GraphQL that this service does not read.";
        Refusal::new(Code::GraphqlParseFailed, message)
    })
}

/// Returns whether async-graphql's parser may misread a text: escapes in a block string, or a comment
/// after `on`.
fn is_misread(text: &str) -> bool {
    const IGNORED: [char; 6] = [' ', '\t', ',', '\r', '\n', '\u{feff}'];
    let mut before_comments = text.split('#');
    // The last part precedes no comment.
    before_comments.next_back();
    text.contains("\"\"\"")
        || before_comments.any(|before| before.trim_end_matches(IGNORED).ends_with("on"))
}

fn refuse_unsafe(document: &ExecutableDocument, request: &Request) -> Result<(), Refusal> {
    let is_mutation = request.is_safe
        && select(document, request.operation_name.as_deref())
            .is_ok_and(|(_, operation)| operation.ty == OperationType::Mutation);
    if is_mutation {
        return Err(Refusal::UnsafeOperation);
    }
    Ok(())
}

/// Selects the operation to execute, with its name (specification, section 6.1).
fn select<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<(Option<&'a Name>, &'a OperationDefinition), Refusal> {
    let selected = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok((None, operation)),
        (DocumentOperations::Single(_), Some(_)) => {
            Err("operationName names no operation of the document: its only one has no name.")
        }
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get_key_value(name)
            .map(|(name, operation)| (Some(name), operation))
            .ok_or("operationName names no operation of the document."),
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.iter();
            match (all.next(), all.next()) {
                (Some((name, operation)), None) => Ok((Some(name), operation)),
                _ => Err("The document has several operations: say by operationName which."),
            }
        }
    };
    selected
        .map(|(name, operation)| (name, &operation.node))
        .map_err(|message| Refusal::new(Code::BadRequest, message))
}
