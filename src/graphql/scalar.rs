//! Custom scalars.

use std::borrow::Cow;

use async_graphql::{
    InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value, registry::Registry,
};
use chrono::{Datelike, SecondsFormat, SubsecRound, Utc};

/// A point in time in RFC 3339 format. Responses are in UTC, with a trailing `Z`; input may have
/// any offset and is read to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateTime(pub chrono::DateTime<Utc>);

/// A point in time in RFC 3339 format. Responses are in UTC, with a trailing `Z`; input may have
/// any offset and is read to the microsecond.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(bad_scalar(INSTANT));
        };
        read_instant(text)
            .map(Self)
            .ok_or_else(|| bad_scalar(INSTANT))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.text())
    }
}

impl DateTime {
    /// Formats the instant for responses.
    pub(super) fn text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

/// An instant in a range, unparsed: the resolver refuses invalid text, since it knows the argument's
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SentInstant(pub Option<chrono::DateTime<Utc>>);

impl InputType for SentInstant {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <DateTime as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <DateTime as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            Some(Value::String(text)) => Ok(Self(read_instant(&text))),
            _ => Err(bad_scalar(INSTANT)),
        }
    }

    fn to_value(&self) -> Value {
        self.0.map_or(Value::Null, |instant| {
            ScalarType::to_value(&DateTime(instant))
        })
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// Format of instants, for error messages.
pub(super) const INSTANT: &str =
    "an RFC 3339 instant of the years 0001 to 9999 such as 2026-01-31T12:00:00Z";

/// Parses an instant that every database can store and compare: its year has four digits in UTC.
fn read_instant(text: &str) -> Option<chrono::DateTime<Utc>> {
    let instant = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    let instant = instant.with_timezone(&Utc).trunc_subsecs(6);
    (1..=9999).contains(&instant.year()).then_some(instant)
}

/// An absolute URL (RFC 3986).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url(pub String);

/// An absolute URL (RFC 3986).
#[Scalar(
    name = "URL",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc3986"
)]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) if url::Url::parse(text).is_ok() => Ok(Self(text.clone())),
            _ => Err(bad_scalar("an absolute URL")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A 64-bit integer as a decimal string, since JavaScript numbers cannot hold all of them. Input
/// may be a string or an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BigInt(pub i64);

/// A 64-bit integer as a decimal string, since JavaScript numbers cannot hold all of them. Input
/// may be a string or an integer.
#[Scalar]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        number
            .map(Self)
            .ok_or_else(|| bad_scalar("a 64-bit integer"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

fn bad_scalar<T: InputType>(allowed: &str) -> InputValueError<T> {
    InputValueError::custom(format_args!("expected {allowed}"))
        .with_extension("code", super::error::Code::BadUserInput.as_str())
}

#[cfg(test)]
mod tests {
    use async_graphql::{ScalarType, Value};

    use super::{BigInt, DateTime};

    #[test]
    fn an_instant_of_any_offset_is_answered_in_utc() {
        let read = DateTime::parse(Value::from("2026-01-31T13:00:00.1234567+01:00")).unwrap();
        assert_eq!(read.to_value(), Value::from("2026-01-31T12:00:00.123456Z"));
    }

    #[test]
    fn a_big_integer_is_text_that_no_client_rounds() {
        assert_eq!(
            BigInt(i64::MAX).to_value(),
            Value::from("9223372036854775807")
        );
        assert_eq!(BigInt::parse(Value::from("-5")).unwrap(), BigInt(-5));
        assert!(BigInt::parse(Value::from("5.0")).is_err());
    }
}
