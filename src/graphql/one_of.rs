//! Inputs of which a client sends exactly one field.

use std::borrow::Cow;

use async_graphql::{InputType, InputValueResult, Value, registry::Registry};

use super::error::Failure;

/// Reads a `T`; none if the input is not valid, which the resolver refuses. An error here would quote
/// the input, which may hold a code, and would end the whole response.
#[derive(Clone, Debug)]
pub(super) struct OneOf<T>(Option<T>);

impl<T> OneOf<T> {
    /// Returns the input, or the failure of `argument`.
    pub(super) fn read(self, argument: &'static str, expected: &str) -> Result<T, Failure> {
        self.0.ok_or_else(|| Failure::bad_input(argument, expected))
    }
}

impl<T: InputType> InputType for OneOf<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        Ok(Self(T::parse(value).ok()))
    }

    fn to_value(&self) -> Value {
        self.0.as_ref().map_or(Value::Null, T::to_value)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}
