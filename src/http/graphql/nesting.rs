//! How deep JSON is nested, seen before anything reads it.

use async_graphql::ServerError;

use crate::graphql::{Limit, Limits, hold_length};

/// Refuses JSON that is nested too deep.
///
/// # Errors
/// It is.
pub(super) fn hold(limits: &Limits, json: &[u8]) -> Result<(), ServerError> {
    hold_length(Limit::Nesting, limits.nesting, nesting(json))
}

/// How deep brackets are nested; one pass over the text, whatever it is.
pub(in crate::http) fn nesting(mut json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    while let [byte, after @ ..] = json {
        json = after;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => json = after_string(json),
            _ => {}
        }
    }
    deepest
}

/// What follows a string, whose first quotation mark is passed already.
fn after_string(mut json: &[u8]) -> &[u8] {
    loop {
        json = match json {
            [b'"', after @ ..] => return after,
            [b'\\', _, after @ ..] | [_, after @ ..] => after,
            [] => return json,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::nesting;

    #[test]
    fn brackets_count_only_where_they_are_brackets() {
        for (json, expected) in [
            ("", 0),
            ("1", 0),
            ("{}", 1),
            (r#"{"a":[{"b":1},[]]}"#, 3),
            (r#"{"a":"[[[[","b":"\"{{{"}"#, 1),
            (r#"{"a\\":[["#, 3),
            (r#""\\\"[[" [["#, 2),
            ("]]]]{", 1),
            ("\"[[[", 0),
            ("\"[[[\\", 0),
        ] {
            assert_eq!(nesting(json.as_bytes()), expected, "{json}");
        }
        assert_eq!(nesting("[".repeat(100_000).as_bytes()), 100_000);
    }
}
