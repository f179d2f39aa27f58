//! Extension of async-graphql that skips its validation and bounds the response.

use std::sync::Arc;

use async_graphql::{
    CacheControl, ServerError, ServerResult, ValidationResult, Value, async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextResolve, NextValidation, ResolveInfo,
    },
};

use super::json::WrittenInParts;

/// Skips async-graphql's validation: documents are valid already. Even its fast mode walks each document
/// to compute its depth, complexity and cache control, which are not used here.
pub(super) struct Validated;

impl ExtensionFactory for Validated {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Validated {
    async fn validation(
        &self,
        _ctx: &ExtensionContext<'_>,
        _next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        Ok(ValidationResult {
            cache_control: CacheControl::default(),
            complexity: 0,
            depth: 0,
        })
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let value = next.run(ctx, info).await?;
        // Objects and lists that are written as JSON count their own bytes.
        if let Some(Value::String(text)) = &value
            && let Some(parts) = ctx.data_opt::<WrittenInParts>()
        {
            parts.count(text.len())?;
        }
        Ok(value)
    }
}
