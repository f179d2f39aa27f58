//! Measures the nesting, length and number of values of JSON before it is parsed.

use graphql_documents::{Limit, LimitExceeded, Limits, check_length};
use memchr::memchr2;

/// Most values in the JSON of a request: text is bounded by its bytes, but a value takes many times
/// its text once it is read.
const MAX_VALUES: usize = 4_000;

/// Values whose reading costs as much as a node.
const VALUES_PER_NODE: usize = 50;

/// Measurements of a JSON text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JsonShape {
    /// Deepest nesting of brackets.
    pub(super) nesting: usize,
    /// Number of values in the outermost list or object, at least 1.
    pub(super) length: usize,
    /// Number of values, rounded up: one, and one for each opening bracket and comma.
    pub(super) values: usize,
}

impl JsonShape {
    /// Measures any text in one pass.
    pub(super) fn measure(mut json: &[u8]) -> Self {
        let mut shape = Self {
            nesting: 0,
            length: 1,
            values: 1,
        };
        let mut depth = 0usize;
        while let [byte, after @ ..] = json {
            json = after;
            match byte {
                b'{' | b'[' => {
                    depth += 1;
                    shape.values += 1;
                    shape.nesting = shape.nesting.max(depth);
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                b',' => {
                    shape.values += 1;
                    shape.length += usize::from(depth == 1);
                }
                b'"' => json = after_string(json),
                _ => {}
            }
        }
        shape
    }

    /// Checks the nesting.
    ///
    /// # Errors
    /// The JSON is nested too deeply.
    pub(super) fn check_nesting(self, limits: &Limits) -> Result<(), LimitExceeded> {
        check_length(Limit::Nesting, limits.nesting, self.nesting)
    }

    /// Checks the number of values.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn check_values(self) -> Result<(), LimitExceeded> {
        check_length(Limit::Values, MAX_VALUES, self.values)
    }

    /// Nodes that a client's quota is charged for reading the values.
    pub(super) fn nodes(self) -> u64 {
        (self.values / VALUES_PER_NODE) as u64
    }
}

/// Returns the text after a string whose opening quotation mark was consumed.
fn after_string(mut json: &[u8]) -> &[u8] {
    while let Some(at) = memchr2(b'"', b'\\', json) {
        let (is_end, passed) = match json[at] {
            b'"' => (true, 1),
            _ => (false, 2),
        };
        json = json.get(at + passed..).unwrap_or_default();
        if is_end {
            return json;
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::JsonShape;

    #[test]
    fn brackets_and_commas_count_only_where_they_are_such() {
        for (json, nesting, length, values) in [
            ("", 0, 1, 1),
            ("1", 0, 1, 1),
            ("{}", 1, 1, 2),
            (r#"{"a":[{"b":1},[]]}"#, 3, 1, 6),
            (r#"[{"a":1,"b":[2,3]},{}, [4,5] ]"#, 3, 3, 11),
            (r#"{"a":"[[[[","b":"\"{{{,"}"#, 1, 2, 3),
            (r#"{"a\\":[["#, 3, 1, 4),
            (r#""\\\"[[" [["#, 2, 1, 3),
            ("]]]]{", 1, 1, 2),
            ("\"[[[", 0, 1, 1),
            ("\"[[[\\", 0, 1, 1),
        ] {
            assert_eq!(
                JsonShape::measure(json.as_bytes()),
                JsonShape {
                    nesting,
                    length,
                    values
                },
                "{json}"
            );
        }
        assert_eq!(
            JsonShape::measure("[".repeat(100_000).as_bytes()).nesting,
            100_000
        );
    }
}
