//! Execution of requests: the schema's documents, prices and error codes, and the response.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Pos, Positioned, Response, ServerError, Value,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use graphql_documents::{
    Documents, InvalidSchema, Limit, LimitExceeded, Limits, Operation, Request, Tariff,
};
use serde_json::json;

use super::{
    Schema, SchemaSettings,
    connection::{DEFAULT_PAGE, MAX_PAGE},
    definition,
    error::{Code, FAULTS, rate_limited_error},
    introspection::{disabled_error, disabled_fields},
    json::{Json, WrittenInParts},
    schema,
};
use crate::{access::Access, metrics::Metrics, rate_limit::RateLimited};

/// Lengths and prices of the served schema's lists and texts. The subgraph's schema costs one node for
/// each KiB.
const TARIFF: Tariff = Tariff {
    default_page: DEFAULT_PAGE,
    max_page: MAX_PAGE,
    lists: &[
        ("InviteCode", "tags", 10),
        ("AcceptInvitePayload", "userErrors", 1),
        ("InvitePayload", "userErrors", 1),
        ("InviteResult", "userErrors", 1),
        ("InvitesPayload", "userErrors", 1),
        ("ResendInvitesPayload", "userErrors", 1),
        ("ResendInviteResult", "userErrors", 1),
        ("GroupInvitePayload", "userErrors", 1),
        ("CreateWorkspaceInvitesPayload", "userErrors", 1),
        ("WorkspaceInviteResult", "userErrors", 1),
        ("CreateInviteCodesPayload", "userErrors", 1),
        ("InviteCodeResult", "userErrors", 1),
        ("CreateCourseInvitesPayload", "userErrors", 1),
        ("CourseInviteResult", "userErrors", 1),
    ],
    texts: &[("_Service", "sdl", 80)],
};

/// Message of the error of a mutation while there are none.
const NO_MUTATIONS: &str =
    "Mutations are switched off. The operator of this gateway switches them on by --mutations on.";

/// Executes GraphQL requests, with a cache of valid documents.
#[derive(Clone)]
pub struct Executor(Arc<Parts>);

struct Parts {
    schema: Schema,
    documents: Documents,
    metrics: Metrics,
}

/// The response of a request that was executed.
#[derive(Debug)]
pub struct Executed {
    errors: Vec<ServerError>,
    /// The limit that the response exceeded, if any.
    exceeded: Option<Limit>,
    data: Value,
    extensions: serde_json::Map<String, serde_json::Value>,
}

/// An error of a request that is not executed.
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

impl From<RateLimited> for Refusal {
    fn from(limited: RateLimited) -> Self {
        Self::RateLimited(limited)
    }
}

impl From<graphql_documents::Refusal> for Refusal {
    fn from(refusal: graphql_documents::Refusal) -> Self {
        use graphql_documents::Refusal;
        match refusal {
            Refusal::Syntax(errors) => Self::coded(errors, Code::GraphqlParseFailed),
            Refusal::Invalid(errors) => Self::coded(errors, Code::GraphqlValidationFailed),
            Refusal::Variables(errors) => Self::coded(errors, Code::BadUserInput),
            Refusal::NoOperation(message) => Self::new(Code::BadRequest, message),
            Refusal::UnsafeOperation => Self::UnsafeOperation,
            Refusal::NoMutations => Self::new(Code::GraphqlValidationFailed, NO_MUTATIONS),
            Refusal::Disabled(field) => Self::Errors(vec![disabled_error(&field)]),
            Refusal::Limit(exceeded) => Self::Errors(vec![limit_error(exceeded)]),
        }
    }
}

/// Adds that code, or the code of an exceeded limit, to the errors without one.
fn with_code(mut errors: Vec<ServerError>, code: Code) -> Vec<ServerError> {
    for error in &mut errors {
        let exceeded = LimitExceeded::from_error(error);
        let code = exceeded.map_or(code, |exceeded| limit_code(exceeded.limit));
        set_code(error, code);
    }
    errors
}

/// Sets the code of an error without one.
fn set_code(error: &mut ServerError, code: Code) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code.as_str());
    }
}

/// Returns the error of an exceeded limit.
pub(crate) fn limit_error(exceeded: LimitExceeded) -> ServerError {
    let code = limit_code(exceeded.limit);
    let mut error = ServerError::from(exceeded);
    set_code(&mut error, code);
    error
}

fn limit_code(limit: Limit) -> Code {
    match limit {
        Limit::Body
        | Limit::Values
        | Limit::Batch
        | Limit::Document
        | Limit::Tokens
        | Limit::Nesting => Code::OperationTooLarge,
        Limit::Depth
        | Limit::Aliases
        | Limit::RootFields
        | Limit::Directives
        | Limit::Fields
        | Limit::Cost
        | Limit::Introspection
        | Limit::SubgraphSchema => Code::OperationTooComplex,
        Limit::List => Code::BadUserInput,
        Limit::Response => Code::ResponseTooLarge,
    }
}

impl Executor {
    /// `document_cache` is the capacity of the document cache in bytes of text; 0 disables it.
    ///
    /// # Errors
    /// The schema cannot be served.
    pub fn new(
        settings: SchemaSettings,
        limits: Limits,
        document_cache: u64,
        metrics: &Metrics,
    ) -> Result<Self, InvalidSchema> {
        let schema = schema(settings);
        let definition = definition(&schema);
        let disabled = disabled_fields(settings);
        let documents = Documents::new(&definition, &TARIFF, limits, disabled, document_cache)?;
        for mutation in documents.mutations() {
            metrics
                .mutations()
                .register(mutation.name, mutation.is_bulk);
        }
        Ok(Self(Arc::new(Parts {
            schema,
            documents,
            metrics: metrics.clone(),
        })))
    }

    /// Validates a request and computes its cost, without executing it.
    ///
    /// # Errors
    /// The request cannot be executed, or exceeds a limit.
    pub fn prepare(&self, request: Request) -> Result<Operation, Refusal> {
        let Parts {
            documents, metrics, ..
        } = &*self.0;
        let count = |is_cached| metrics.document_cache().count(is_cached);
        Ok(documents.prepare(request, count)?)
    }

    /// Returns the nodes that a quota is charged for parsing and validating a document, valid or not.
    /// A cached document costs nothing.
    pub fn reading_cost(&self, document: &str) -> u64 {
        self.0.documents.reading_cost(document)
    }

    /// Returns the limits of requests.
    pub fn limits(&self) -> &Limits {
        self.0.documents.limits()
    }

    /// Validates a document and returns the names of its operations.
    ///
    /// # Errors
    /// The document is not valid, or exceeds a limit.
    pub fn check(&self, document: &str) -> Result<Vec<String>, Refusal> {
        Ok(self.0.documents.check(document)?)
    }

    /// Executes an operation for the viewer of `access`. With `with_cost`, the response's extensions
    /// contain the cost.
    pub async fn execute(
        &self,
        operation: Operation,
        access: Arc<Access>,
        with_cost: bool,
    ) -> Executed {
        let Operation {
            definition,
            variables,
            cost,
            ..
        } = operation;
        let limits = self.limits();
        let is_mutation = definition.ty == OperationType::Mutation;
        let operation = Positioned::new(definition, Pos::default());
        let mut request = async_graphql::Request::new(String::new())
            .variables(variables)
            .data(WrittenInParts::of(limits.response))
            .data(access);
        if is_mutation {
            request = request.data(self.0.metrics.clone());
        }
        request.set_parsed_query(ExecutableDocument {
            operations: DocumentOperations::Single(operation),
            fragments: HashMap::new(),
        });
        let Response { errors, data, .. } = self.0.schema.execute(request).await;
        // Resolvers' errors have a code. The others are of arguments that do not take their value,
        // such as null for a variable with a default.
        let mut errors = with_code(errors, Code::BadUserInput);
        let exceeded = errors.iter().find_map(LimitExceeded::from_error);
        let exceeded = exceeded.map(|exceeded| exceeded.limit);
        let mut extensions = serde_json::Map::new();
        let omitted = errors.len().saturating_sub(limits.errors);
        if omitted > 0 {
            errors.truncate(limits.errors);
            extensions.insert("omittedErrors".into(), omitted.into());
        }
        if with_cost {
            let cost = json!({ "nodes": cost, "allowed": limits.cost });
            extensions.insert("cost".into(), cost);
        }
        Executed {
            errors,
            exceeded,
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

    /// Returns true if an error is a fault of the gateway or its database.
    pub fn has_fault(&self) -> bool {
        let codes = self
            .errors
            .iter()
            .filter_map(|error| error.extensions.as_ref()?.get("code"));
        let is_fault = |code: &Value| {
            FAULTS
                .iter()
                .any(|fault| matches!(code, Value::String(code) if code == fault.as_str()))
        };
        codes.into_iter().any(is_fault)
    }

    /// Returns the limit that the response exceeded, if any.
    pub fn exceeded(&self) -> Option<Limit> {
        self.exceeded
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

#[cfg(test)]
mod tests;
