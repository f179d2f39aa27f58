//! From a document's text to a response: read, guarded and validated once a document, then
//! executed.

mod collecting;
mod documents;
mod guard;
mod input_types;
mod repeats;
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
    collecting::{Collecting, no_condition},
    documents::{Documents, Known},
    guard::{Extent, Plan, Prices, refuse_ruinous},
    input_types::InputTypes,
    repeats::{conditions, must_be_collected},
    validation::{Document, Validation},
};
use super::{
    Limits, Schema, SchemaSettings, definition,
    error::{Code, rate_limited_error},
    introspection,
    json::{Json, WrittenInParts},
    limits::{Limit, hold, limit_of},
    schema,
};
use crate::{access::Access, metrics::Metrics, rate_limit::RateLimited};

/// What reading and validating a document takes, in tokens and bytes a node.
const TOKENS_A_NODE: usize = 4;
const BYTES_A_NODE: usize = 160;

/// Values that introspection may come to, a node.
const INTROSPECTED_A_NODE: u64 = 60;

/// Tokens of a document, and how deep its brackets are nested.
#[cfg(feature = "fuzzing")]
pub(super) fn measured(document: &str) -> (usize, usize) {
    let extent = Extent::of(document);
    (extent.tokens, extent.nesting)
}

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
    /// Whether the answer is to tell what the operation costs.
    pub tells_cost: bool,
}

/// Executes GraphQL requests. A document that is asked again is neither read nor validated again.
#[derive(Clone)]
pub struct Executor(Arc<Parts>);

struct Parts {
    settings: SchemaSettings,
    limits: Limits,
    schema: Schema,
    prices: Prices,
    validation: Validation,
    input_types: InputTypes,
    documents: Documents,
    metrics: Metrics,
}

/// A request that can be executed.
pub struct Prepared {
    document: Arc<Known>,
    /// What async-graphql executes.
    executed: ExecutableDocument,
    request: Request,
    /// Nodes that the operation may come to.
    cost: u64,
    /// Nodes that a quota is charged beside them.
    surcharge: u64,
}

/// What came of a request that was executed.
#[derive(Debug)]
pub struct Executed {
    errors: Vec<ServerError>,
    /// The limit that it went beyond, if it did.
    beyond: Option<Limit>,
    data: Value,
    /// What is told beside them; often nothing.
    extensions: serde_json::Map<String, serde_json::Value>,
}

/// Why a request is not executed.
#[derive(Debug)]
pub enum Refusal {
    /// Request errors (specification, section 7.1.3).
    Errors(Vec<ServerError>),
    /// It is a mutation, and came in a way that must not change anything.
    UnsafeOperation,
    /// The client has asked for as much as it may for now.
    RateLimited(RateLimited),
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

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        Self::Errors(vec![error])
    }
}

impl Executor {
    /// `document_cache`: how much text of documents to keep what is known of, in bytes; 0 keeps
    /// nothing. None if the schema's own definition is not valid.
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
            prices: Prices::read(&definition)?,
            validation: Validation::by(&definition)?,
            input_types: InputTypes::read(&definition)?,
            documents: Documents::new(document_cache),
            metrics: metrics.clone(),
        })))
    }

    /// Reads and validates a request. Nothing of it is executed.
    ///
    /// # Errors
    /// Why it cannot be executed.
    pub fn prepare(&self, mut request: Request) -> Result<Prepared, Refusal> {
        let parts = &*self.0;
        let known = parts.documents.get(&request.query);
        parts.metrics.document_cache().count(known.is_some());
        let document = match known {
            Some(document) => document,
            None => {
                let document = Arc::new(self.read(&request.query, |document| {
                    // Before it is validated: a schema without mutations refuses all of them.
                    refuse_unsafe(document, &request)
                })?);
                parts.documents.keep(&request.query, &document);
                document
            }
        };
        refuse_unsafe(&document.parsed, &request)?;
        let name = request.operation_name.as_deref();
        let operation = select(&document.parsed, name)?;
        let variables = &mut request.variables;
        variables::keep_declared(operation, variables);
        variables::check(&parts.input_types, &parts.limits, operation, variables)?;
        variables::default(operation, variables);
        let cost = document.plan.nodes(name, operation, variables);
        hold(Limit::Cost, parts.limits.cost, cost)?;
        let executed = parts.executed(&document, name, operation, variables)?;
        let surcharge =
            document.plan.surcharge(name) + document.introspection / INTROSPECTED_A_NODE;
        Ok(Prepared {
            document,
            executed,
            request,
            cost,
            surcharge,
        })
    }

    /// The nodes that a client's quota is charged for reading and validating a document, whether it
    /// turns out to be valid or not; none for one that is known.
    pub fn reading(&self, document: &str) -> u64 {
        if document.len() > self.0.limits.document || self.0.documents.get(document).is_some() {
            return 0;
        }
        let tokens = Extent::of(document).tokens.min(self.0.limits.tokens);
        (tokens / TOKENS_A_NODE + document.len() / BYTES_A_NODE) as u64
    }

    /// What a request may come to.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Whether a document can be executed, as far as that does not hang on variables; gives the
    /// names of its operations.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self, document: &str) -> Result<Vec<String>, Refusal> {
        let document = self.read(document, |_| Ok(()))?;
        let names = document.parsed.operations.iter();
        Ok(names
            .filter_map(|(name, _)| Some(name?.to_string()))
            .collect())
    }

    /// Reads a document and refuses what is wrong with it, and what `refuse` does before that.
    fn read(
        &self,
        text: &str,
        refuse: impl FnOnce(&ExecutableDocument) -> Result<(), Refusal>,
    ) -> Result<Known, Refusal> {
        let parts = &*self.0;
        Extent::hold(&parts.limits, text)?;
        let document = Document::read(text, &parts.limits)?;
        let parsed = parse(text, &document)?;
        let introspection = refuse_ruinous(&parts.limits, &parsed)?;
        refuse(&parsed)?;
        if let Some(error) = introspection::refusal(parts.settings, &parsed) {
            return Err(error.into());
        }
        parts.validation.check(&document, parts.limits.errors)?;
        let conditions = conditions(&parsed);
        let plan = Plan::of(&parsed, &parts.prices);
        Ok(Known {
            repeats: must_be_collected(&parsed, |name| parts.validation.kind(name)),
            conditions,
            plan,
            introspection,
            parsed,
        })
    }

    /// Executes a request for whom `access` knows.
    pub async fn execute(&self, prepared: Prepared, access: Arc<Access>) -> Executed {
        let Request {
            operation_name,
            variables,
            tells_cost,
            ..
        } = prepared.request;
        let mut request = async_graphql::Request::new(String::new())
            .variables(variables)
            .data(WrittenInParts::of(self.0.limits.answer))
            .data(access);
        request.operation_name = operation_name;
        request.set_parsed_query(prepared.executed);
        let Response { errors, data, .. } = self.0.schema.execute(request).await;
        // What comes without a code here did not come from a resolver: an argument does not take
        // its value, such as null for a variable whose default was to fill it.
        let mut errors = with_code(errors, Code::BadUserInput);
        let limits = &self.0.limits;
        let beyond = errors.iter().find_map(limit_of);
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

impl Parts {
    /// What async-graphql executes of a document: one operation, which is all that it goes through.
    fn executed(
        &self,
        known: &Known,
        name: Option<&str>,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Result<ExecutableDocument, Refusal> {
        let fragments = &known.parsed.fragments;
        let (operation, fragments) = if known.repeats {
            let collecting = Collecting {
                schema: &self.validation,
                fragments,
                variables,
                most: self.limits.cost,
            };
            (collecting.collect(operation)?, HashMap::new())
        } else {
            refuse_null(&known.conditions, operation, variables)?;
            (operation.clone(), fragments.clone())
        };
        let operation = Positioned::new(operation, Pos::default());
        let operations = match name {
            None => DocumentOperations::Single(operation),
            Some(name) => DocumentOperations::Multiple([(Name::new(name), operation)].into()),
        };
        Ok(ExecutableDocument {
            operations,
            fragments,
        })
    }
}

/// Refuses null for a variable of the operation that a condition goes by.
fn refuse_null(
    conditions: &[(Name, Pos)],
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<(), Refusal> {
    for (name, pos) in conditions {
        let mut declared = operation.variable_definitions.iter();
        if variables.get(name) == Some(&Value::Null)
            && declared.any(|variable| variable.node.name.node == *name)
        {
            return Err(no_condition(name, *pos));
        }
    }
    Ok(())
}

impl Executed {
    /// How many errors it tells.
    pub fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// The limit that it went beyond while it was executed, if it did: that of its answer.
    pub fn beyond(&self) -> Option<Limit> {
        self.beyond
    }

    /// Appends the response as JSON (specification, section 7.2.2).
    ///
    /// # Errors
    /// An error's extensions are no JSON.
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
    /// The nodes that a client's quota is charged before it is executed.
    pub fn charge(&self) -> u64 {
        self.cost.saturating_add(self.surcharge)
    }

    /// The operation's name, where it has one.
    pub fn operation_name(&self) -> Option<&str> {
        let only = || match &self.document.parsed.operations {
            DocumentOperations::Multiple(operations) if operations.len() == 1 => {
                operations.keys().next().map(Name::as_str)
            }
            _ => None,
        };
        self.request.operation_name.as_deref().or_else(only)
    }
}

/// What async-graphql executes. Its parser refuses a few things that are GraphQL, such as white space
/// within types, and misreads others: it is then given the document written anew, in which errors
/// have other places.
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

/// Whether async-graphql's parser may read a text otherwise than the specification: what is escaped
/// in a block string, and a comment behind `on`.
fn is_misread(text: &str) -> bool {
    const IGNORED: [char; 6] = [' ', '\t', ',', '\r', '\n', '\u{feff}'];
    let mut before_comments = text.split('#');
    // Nothing stands before what follows the last one.
    before_comments.next_back();
    text.contains("\"\"\"")
        || before_comments.any(|before| before.trim_end_matches(IGNORED).ends_with("on"))
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
