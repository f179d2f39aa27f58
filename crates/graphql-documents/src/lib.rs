//! Prepares GraphQL documents for execution by async-graphql.
//!
//! [`Documents::prepare`] measures, parses and validates a document once, and caches it. For each
//! request it selects the operation, checks the variables, collects the fields and computes the cost.
//! The schema, the limits and the prices of lists are the caller's.

mod cache;
mod collect_fields;
mod guard;
mod limits;
mod message;
mod refusal;
mod schema;
mod validation;
mod values;
mod variables;

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, ServerError, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};

use cache::{Cache, ValidDocument};
use collect_fields::Collector;
use guard::FieldPrices;
pub use guard::Writes;
use guard::{Extent, Shape, measure};
pub use limits::{Limit, LimitExceeded, Limits, Measured, check, check_length};
pub use refusal::Refusal;
use schema::ServedSchema;
pub use schema::{InvalidSchema, Tariff};
use validation::{Document, validate};

/// Tokens of a new document that cost one node.
const TOKENS_A_NODE: usize = 4;

/// Bytes of a new document that cost one node.
const BYTES_A_NODE: usize = 160;

/// Values of introspection that cost one node.
const INTROSPECTED_A_NODE: u64 = 60;

/// Returns the number of tokens of a text, and the nesting of its brackets.
pub fn measure_text(text: &str) -> (usize, usize) {
    let extent = Extent::of(text);
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
    /// Refuses mutations, as for GET.
    pub is_safe: bool,
}

/// An operation that can be executed.
pub struct Operation {
    /// The operation, with its fields collected. It has no fragments but by object type.
    pub definition: OperationDefinition,
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// The values of its variables, defaults included.
    pub variables: Variables,
    /// Cost in nodes.
    pub cost: u64,
    /// Nodes that a quota is charged besides the cost.
    pub surcharge: u64,
    /// Amount that it writes.
    pub writes: Writes,
}

/// A mutation of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mutation<'a> {
    /// Its field.
    pub name: &'a str,
    /// It has an outcome for each row of its input.
    pub is_bulk: bool,
}

/// The documents of one schema, with a cache of valid ones.
pub struct Documents {
    schema: ServedSchema,
    limits: Limits,
    disabled: Vec<&'static str>,
    cache: Cache,
}

impl Documents {
    /// `definition` is the schema in the schema definition language. `disabled` are the names of
    /// fields that documents must not select. `cache` is the capacity of the cache in bytes of text; 0
    /// disables it.
    ///
    /// # Errors
    /// The definition is not valid, or `tariff` lacks a list's length.
    pub fn new(
        definition: &str,
        tariff: &Tariff,
        limits: Limits,
        disabled: Vec<&'static str>,
        cache: u64,
    ) -> Result<Self, InvalidSchema> {
        Ok(Self {
            schema: ServedSchema::parse(definition, tariff)?,
            limits,
            disabled,
            cache: Cache::new(cache),
        })
    }

    /// Returns the mutations of the schema.
    pub fn mutations(&self) -> impl Iterator<Item = Mutation<'_>> {
        let root = self.schema.root_type(OperationType::Mutation);
        let prices = root.and_then(|root| self.schema.prices(root));
        prices
            .into_iter()
            .flat_map(FieldPrices::iter)
            .map(|(name, price)| Mutation {
                name,
                is_bulk: price.is_bulk_mutation(),
            })
    }

    /// Returns the limits of requests.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the nodes that a quota is charged for parsing and validating a document, valid or not.
    /// A cached document costs nothing.
    pub fn reading_cost(&self, document: &str) -> u64 {
        if document.len() > self.limits.document || self.cache.get(document).is_some() {
            return 0;
        }
        let tokens = Extent::of(document).tokens.min(self.limits.tokens);
        (tokens / TOKENS_A_NODE + document.len() / BYTES_A_NODE) as u64
    }

    /// Validates a request and computes its cost. Calls `on_look_up` with whether the cache contains
    /// the document.
    ///
    /// # Errors
    /// The request cannot be executed, or exceeds a limit.
    pub fn prepare(
        &self,
        request: Request,
        on_look_up: impl FnOnce(bool),
    ) -> Result<Operation, Refusal> {
        let cached = self.cache.get(&request.query);
        on_look_up(cached.is_some());
        let document = match cached {
            Some(document) => {
                refuse_mutation(&self.schema, &document.parsed, &request)?;
                document
            }
            None => {
                let document = Arc::new(self.read(&request.query, |document| {
                    // Before validation, whose error says less if the schema has none.
                    refuse_mutation(&self.schema, document, &request)
                })?);
                self.cache.insert(&request.query, &document);
                document
            }
        };
        let name = request.operation_name.as_deref();
        let (name, operation) = select(&document.parsed, name)?;
        let declared = document.variables.get(&name.cloned());
        let declared = declared.map_or(&[][..], Vec::as_slice);
        let limits = &self.limits;
        let mut variables = request.variables;
        variables::keep_declared(operation, &mut variables);
        let schema = self.schema.definition();
        variables::check(schema, limits, operation, declared, &variables)?;
        variables::default(operation, &mut variables);
        let fragments = &document.parsed.fragments;
        let collector = Collector::new(&self.schema, fragments, &variables, limits.cost);
        let (definition, cost) = collector.collect(operation)?;
        check(Limit::Cost, limits.cost, cost.nodes())?;
        let introspection = document.introspection / INTROSPECTED_A_NODE;
        Ok(Operation {
            definition,
            name: name.cloned(),
            variables,
            cost: cost.nodes(),
            surcharge: cost.surcharge().saturating_add(introspection),
            writes: cost.writes(),
        })
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
    ) -> Result<ValidDocument, Refusal> {
        Extent::check(&self.limits, text)?;
        let document = Document::read(text, &self.limits)?;
        let parsed = parse(text, &document)?;
        let Shape {
            introspection,
            disabled,
        } = measure(&self.limits, &parsed, &self.disabled)?;
        refuse(&parsed)?;
        if let Some(field) = disabled {
            return Err(Refusal::Disabled(field.clone()));
        }
        let executable = validate(self.schema.definition(), &document, self.limits.errors)?;
        let operations = executable.operations.iter();
        let variables = operations.map(|operation| {
            let name = operation.name.as_ref().map(Name::new);
            (name, operation.variables.clone())
        });
        Ok(ValidDocument {
            variables: variables.collect::<HashMap<_, _>>(),
            introspection,
            parsed,
        })
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
        let message = "The document is GraphQL that this service cannot parse.";
        Refusal::Syntax(vec![ServerError::new(message, None)])
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

/// Refuses a mutation that must not be executed, or that no schema has.
fn refuse_mutation(
    schema: &ServedSchema,
    document: &ExecutableDocument,
    request: &Request,
) -> Result<(), Refusal> {
    let is_mutation = select(document, request.operation_name.as_deref())
        .is_ok_and(|(_, operation)| operation.ty == OperationType::Mutation);
    if is_mutation && request.is_safe {
        return Err(Refusal::UnsafeOperation);
    }
    if is_mutation && schema.root_type(OperationType::Mutation).is_none() {
        return Err(Refusal::NoMutations);
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
        .map_err(Refusal::NoOperation)
}
