//! Cursors: opaque text for a position in one list in one order. Other lists refuse it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use serde_json::Value;

use crate::paging::{Position, SortType, SortValue};

/// Maximum length of a cursor, in bytes.
const MAX_LENGTH: usize = 4096;

/// Encodes a position in a list. `list` names the list and its order.
pub(super) fn encode(list: &str, position: &Position) -> String {
    let values = position.0.iter().map(|value| match value {
        SortValue::Int(value) => Value::from(*value),
        SortValue::Instant(value) => {
            Value::from(value.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        }
        SortValue::Text(value) => Value::from(value.clone()),
        SortValue::Uuid(value) => Value::from(value.to_string()),
    });
    let cursor: Vec<Value> = std::iter::once(Value::from(list)).chain(values).collect();
    URL_SAFE_NO_PAD.encode(Value::from(cursor).to_string())
}

/// Decodes a position in a list. Returns `None` if the text is not a cursor of that list.
pub(super) fn decode(list: &str, order: &[SortType], cursor: &str) -> Option<Position> {
    if cursor.len() > MAX_LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let read: Vec<Value> = serde_json::from_slice(&bytes).ok()?;
    let (named, values) = read.split_first()?;
    if named.as_str() != Some(list) || values.len() != order.len() {
        return None;
    }
    let values = values.iter().zip(order).map(|(value, kind)| match kind {
        SortType::Int => value.as_i64().map(SortValue::Int),
        SortType::Instant => read_instant(value.as_str()?).map(SortValue::Instant),
        // The databases cannot compare with a NUL character, and no row contains one.
        SortType::Text => value
            .as_str()
            .filter(|text| !text.contains('\0'))
            .map(|text| SortValue::Text(text.to_owned())),
        SortType::Uuid => value.as_str()?.parse().ok().map(SortValue::Uuid),
    });
    values.collect::<Option<Vec<_>>>().map(Position)
}

/// Parses an instant within the years that every database can compare.
fn read_instant(text: &str) -> Option<DateTime<Utc>> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (1..=9999).contains(&instant.year()).then_some(instant)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{decode, encode};
    use crate::paging::{Position, SortType, SortValue};

    const ORDER: [SortType; 4] = [
        SortType::Instant,
        SortType::Text,
        SortType::Int,
        SortType::Uuid,
    ];

    fn place() -> impl Strategy<Value = Position> {
        let instant = (-62_000_000_000i64..250_000_000_000, 0u32..1_000_000).prop_map(|(s, us)| {
            SortValue::Instant(DateTime::<Utc>::from_timestamp(s, us * 1000).unwrap())
        });
        let text = "[^\0]{0,40}".prop_map(SortValue::Text);
        let int = any::<i64>().prop_map(SortValue::Int);
        let uuid = any::<u128>().prop_map(|bits| SortValue::Uuid(Uuid::from_u128(bits)));
        (instant, text, int, uuid).prop_map(|(a, b, c, d)| Position(vec![a, b, c, d]))
    }

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_place(place in place()) {
            let cursor = encode("a list", &place);
            prop_assert_eq!(decode("a list", &ORDER, &cursor), Some(place));
        }

        #[test]
        fn a_cursor_is_refused_by_another_list_or_order(place in place()) {
            let cursor = encode("a list", &place);
            prop_assert_eq!(decode("another list", &ORDER, &cursor), None);
            prop_assert_eq!(decode("a list", &ORDER[..2], &cursor), None);
            prop_assert_eq!(decode("a list", &[SortType::Int; 4], &cursor), None);
        }

        #[test]
        fn any_other_text_is_no_cursor(text in ".{0,80}") {
            prop_assert_eq!(decode("a list", &ORDER, &text), None);
        }
    }
}
