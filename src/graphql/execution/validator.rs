//! Strict validation by the library's own rules, without executing anything.

use std::sync::Arc;

use async_graphql::{
    Response, Value,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute},
    parser::types::{ExecutableDocument, OperationDefinition},
};

use super::{Refusal, Request};
use crate::graphql::{Schema, SchemaSettings, error::Code, served};

/// A schema that validates, and then answers nothing.
pub(super) struct Validator(Schema);

impl Validator {
    pub(super) fn new(settings: SchemaSettings) -> Self {
        Self(served(settings).extension(NeverExecute).finish())
    }

    /// Validates an operation with its variables' values.
    pub(super) async fn validate(
        &self,
        document: &ExecutableDocument,
        request: &Request,
    ) -> Result<(), Refusal> {
        let mut asked =
            async_graphql::Request::new(String::new()).variables(request.variables.clone());
        asked.operation_name.clone_from(&request.operation_name);
        self.ask(asked, document).await
    }

    /// Validates what does not hang on the variables' values, of all operations at once.
    pub(super) async fn validate_alone(
        &self,
        document: &ExecutableDocument,
    ) -> Result<(), Refusal> {
        let mut asked = async_graphql::Request::new(String::new());
        // Which one does not matter here, but that one is named.
        let mut operations = document.operations.iter();
        asked.operation_name = operations
            .next()
            .and_then(|(name, _): (_, &async_graphql::Positioned<OperationDefinition>)| name)
            .map(ToString::to_string);
        self.ask(asked, document).await
    }

    async fn ask(
        &self,
        mut asked: async_graphql::Request,
        document: &ExecutableDocument,
    ) -> Result<(), Refusal> {
        asked.set_parsed_query(document.clone());
        let errors = self.0.execute(asked).await.errors;
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refusal::coded(errors, Code::GraphqlValidationFailed))
        }
    }
}

/// Ends a request where its execution would begin.
struct NeverExecute;

impl ExtensionFactory for NeverExecute {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for NeverExecute {
    async fn execute(
        &self,
        _: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        Response::new(Value::Null)
    }
}
