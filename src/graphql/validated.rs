//! The extension of async-graphql: no second validation, and a response that ends at its limit.

use std::sync::Arc;

use async_graphql::{
    CacheControl, ServerError, ServerResult, ValidationResult, Value, async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextResolve, NextValidation, ResolveInfo,
    },
};

use super::json::WrittenInParts;

/// Takes each document for valid. Even its fast mode goes through the whole of one for each request, to
/// compute what nobody asks for here: depth, complexity and how long answers may be cached.
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
        // Objects and lists that are written as JSON count for themselves.
        if let Some(Value::String(text)) = &value
            && let Some(parts) = ctx.data_opt::<WrittenInParts>()
        {
            parts.count(text.len())?;
        }
        Ok(value)
    }
}
