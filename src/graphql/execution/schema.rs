//! The served schema: documents are validated, collected and priced by it.

use std::collections::HashMap;

use apollo_compiler::{Name, Schema, ast::OperationType, schema::ExtendedType, validation::Valid};
use async_graphql::parser::types;

use super::guard::{FieldPrices, Prices};

/// Name of the schema's text in errors; responses do not contain it.
const SOURCE: &str = "schema";

pub(super) struct ServedSchema {
    schema: Valid<Schema>,
    /// The object types of each interface and union.
    possible_types: HashMap<Name, Vec<Name>>,
    prices: Prices,
}

impl ServedSchema {
    /// Reads a schema in the schema definition language. None if it is not valid.
    pub(super) fn parse(definition: &str) -> Option<Self> {
        let schema = Schema::parse_and_validate(definition, SOURCE).ok()?;
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
        Some(Self {
            possible_types: possible_types.collect(),
            prices: Prices::new(&schema),
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
