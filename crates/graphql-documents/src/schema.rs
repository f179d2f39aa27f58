//! The served schema: documents are validated, collected and priced by it.

use std::collections::HashMap;

use apollo_compiler::{Name, Schema, ast::OperationType, schema::ExtendedType, validation::Valid};
use async_graphql::parser::types;

use crate::guard::{FieldPrices, Prices};

/// Name of the schema's text in errors; responses do not contain it.
const SOURCE: &str = "schema";

/// A field of introspection in the specification of September 2025. The gateway resolves it, and
/// apollo-compiler's introspection types lack it. Without it, tools do not know which input is `@oneOf`.
const IS_ONE_OF: &str = "extend type __Type { isOneOf: Boolean }";

/// The lengths and prices that a schema does not state.
#[derive(Clone, Copy, Debug)]
pub struct Tariff {
    /// Rows of a page if the request does not state its size.
    pub default_page: u64,
    /// Maximum rows of a page.
    pub max_page: u64,
    /// Assumed lengths of lists of objects that are not pages and depend on no argument, as type, field
    /// and length. Types that the schema does not have are ignored.
    pub lists: &'static [(&'static str, &'static str, u64)],
    /// Nodes of fields that return long texts, as type, field and nodes.
    pub texts: &'static [(&'static str, &'static str, u64)],
}

/// An error of a schema that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSchema {
    /// The definition is not valid.
    #[error("the schema's definition is not valid: {0}")]
    Definition(String),
    /// The tariff has no length for a list.
    #[error("the tariff has no length for the list {0}")]
    Unpriced(String),
    /// The tariff has a length for a field that does not need one.
    #[error("the tariff has a length for {0}, which is no list of objects")]
    NotAList(String),
}

pub(super) struct ServedSchema {
    schema: Valid<Schema>,
    /// The object types of each interface and union.
    possible_types: HashMap<Name, Vec<Name>>,
    prices: Prices,
}

impl ServedSchema {
    /// Reads a schema in the schema definition language.
    pub(super) fn parse(definition: &str, tariff: &Tariff) -> Result<Self, InvalidSchema> {
        let schema = Schema::builder()
            .parse(definition, SOURCE)
            .parse(IS_ONE_OF, "introspection")
            .build()
            .and_then(Schema::validate)
            .map_err(|invalid| InvalidSchema::Definition(invalid.errors.to_string()))?;
        let abstract_types = schema
            .types
            .iter()
            .filter(|(_, ty)| matches!(ty, ExtendedType::Interface(_) | ExtendedType::Union(_)));
        let possible_types = abstract_types.map(|(name, _)| {
            let objects = schema.types.iter().filter(|(object, ty)| {
                matches!(ty, ExtendedType::Object(_)) && schema.is_subtype(name, object)
            });
            (
                name.clone(),
                objects.map(|(object, _)| object.clone()).collect(),
            )
        });
        Ok(Self {
            possible_types: possible_types.collect(),
            prices: Prices::new(&schema, tariff)?,
            schema,
        })
    }

    pub(super) fn definition(&self) -> &Valid<Schema> {
        &self.schema
    }

    /// Returns the object types of an interface or union. None for object types.
    pub(super) fn possible_types(&self, of: &str) -> Option<&[Name]> {
        self.possible_types.get(of).map(Vec::as_slice)
    }

    /// Returns whether all objects of a type satisfy a type condition.
    pub(super) fn satisfies(&self, ty: &str, condition: &str) -> bool {
        ty == condition || self.schema.is_subtype(condition, ty)
    }

    /// Returns the type of an operation's root fields. Valid operations have one.
    pub(super) fn root_type(&self, operation: types::OperationType) -> Option<&Name> {
        self.schema.root_operation(match operation {
            types::OperationType::Query => OperationType::Query,
            types::OperationType::Mutation => OperationType::Mutation,
            types::OperationType::Subscription => OperationType::Subscription,
        })
    }

    /// Returns the prices of a type's fields.
    pub(super) fn prices(&self, ty: &str) -> Option<&FieldPrices> {
        self.prices.get(ty)
    }
}
