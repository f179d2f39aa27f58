//! Measures a document's text before parsing, in one pass without allocations.

use crate::limits::{Limit, LimitExceeded, Limits, check_length};

/// Size of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Number of names, values and punctuators.
    pub(crate) tokens: usize,
    /// Nesting of brackets of all kinds.
    pub(crate) nesting: usize,
}

impl Extent {
    /// Measures any text. A byte that does not start a token of GraphQL counts as one.
    pub(crate) fn of(text: &str) -> Self {
        Self::measure(text, after_block)
    }

    /// `after_block` returns the text after a block string whose opening quotation marks are consumed.
    fn measure(text: &str, mut after_block: impl FnMut(&[u8]) -> Option<&[u8]>) -> Self {
        let mut extent = Self::default();
        let mut depth = 0usize;
        let mut rest = text.as_bytes();
        // False once an end of a block string was not found, so that the search is not repeated.
        let mut may_end = true;
        while let [byte, after @ ..] = rest {
            rest = after;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => continue,
                // The byte order mark may occur anywhere.
                0xEF if after.starts_with(&[0xBB, 0xBF]) => {
                    rest = &after[2..];
                    continue;
                }
                b'#' => {
                    let end = after.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                    rest = &after[end.unwrap_or(after.len())..];
                    continue;
                }
                b'{' | b'[' | b'(' => {
                    depth += 1;
                    extent.nesting = extent.nesting.max(depth);
                }
                b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                b'.' if after.starts_with(b"..") => rest = &after[2..],
                b'"' => match after.strip_prefix(b"\"\"") {
                    Some(block) if may_end => match after_block(block) {
                        Some(after) => rest = after,
                        // A parser may read an empty string here, and continue after it.
                        None => {
                            may_end = false;
                            rest = &after[1..];
                        }
                    },
                    Some(_) => rest = &after[1..],
                    None => rest = after_string(after),
                },
                b'-' | b'0'..=b'9' => rest = after_number(after),
                byte if is_of_name(*byte) => rest = behind(after, is_of_name),
                _ => {}
            }
            extent.tokens += 1;
        }
        extent
    }

    /// Checks the length, the nesting and the tokens of a document.
    ///
    /// # Errors
    /// One of them exceeds its limit.
    pub(crate) fn check(limits: &Limits, text: &str) -> Result<(), LimitExceeded> {
        check_length(Limit::Document, limits.document, text.len())?;
        let extent = Self::of(text);
        check_length(Limit::Nesting, limits.nesting, extent.nesting)?;
        check_length(Limit::Tokens, limits.tokens, extent.tokens)
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Returns the text after a number whose first byte is consumed. Only exponents contain a sign.
fn after_number(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = match rest {
            [b'e' | b'E', b'+' | b'-', after @ ..] => after,
            [b'0'..=b'9' | b'.' | b'e' | b'E', after @ ..] => after,
            _ => return rest,
        };
    }
}

fn behind(text: &[u8], is_of_token: fn(u8) -> bool) -> &[u8] {
    let end = text.iter().position(|byte| !is_of_token(*byte));
    &text[end.unwrap_or(text.len())..]
}

/// Returns the text after a block string whose opening quotation marks are consumed.
fn after_block(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [b'"', b'"', b'"', after @ ..] => return Some(after),
            [b'\\', b'"', b'"', b'"', after @ ..] | [_, after @ ..] => after,
            [] => return None,
        };
    }
}

/// Returns the text after a string whose opening quotation mark is consumed. A string ends with its
/// line. A line break right after the mark is part of the string for apollo-compiler's lexer.
fn after_string(mut rest: &[u8]) -> &[u8] {
    if let [b'\n' | b'\r', after @ ..] = rest {
        rest = after;
    }
    loop {
        rest = match rest {
            [b'"' | b'\n' | b'\r', after @ ..] => return after,
            [b'\\', b'\n' | b'\r', after @ ..] => return after,
            [b'\\', _, after @ ..] | [_, after @ ..] => after,
            [] => return rest,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Extent, after_block};
    use crate::limits::{Limit, Limits};

    #[test]
    fn tokens_are_those_of_the_specification() {
        for (text, tokens, nesting) in [
            ("", 0, 0),
            (" \t\r\n,\u{feff}", 0, 0),
            ("# a b { c", 0, 0),
            ("# a\n{ b }", 3, 1),
            ("{a}", 3, 1),
            (
                "{ a: b(c: -1.5e+3, d: [1,2 3]) @e { ...F ... on G { h } } }",
                29,
                3,
            ),
            ("query($a:Int=1){b}", 12, 1),
            ("\"a { b\" \"\"\"c \" { \\\"\"\" d\"\"\" \"\"", 3, 0),
            ("\"\"\"\"\"\"x", 2, 0),
            ("\"\\\"{\" \"\\\\\"", 2, 0),
            ("\"\n{\"", 1, 0),
            ("é", 2, 0),
            ("a&b|c", 5, 0),
            ("1a", 2, 0),
            ("0-2.5e+3-1E-2", 3, 0),
        ] {
            assert_eq!(Extent::of(text), Extent { tokens, nesting }, "{text}");
        }
    }

    #[test]
    fn brackets_count_only_where_they_are_brackets() {
        let deep = "[".repeat(25);
        for shallow in [
            "[".repeat(24),
            format!("{{ a(b: \"{deep}\") }}"),
            format!("{{ a(b: \"\\\"{deep}\") }}"),
            format!("{{ a(b: \"\"\"{deep} \\\"\"\" {deep} \" {deep}\"\"\") }}"),
            format!("# {deep}\n{{ a }}"),
            "[]".repeat(1000),
        ] {
            assert!(Extent::of(&shallow).nesting <= 24, "{shallow}");
        }
        for hidden in [
            format!("{{ a(b: {deep}"),
            format!("\"\"{deep}"),
            format!("\"\"\"\"\"\"{deep}"),
            format!("# x\n{deep}"),
            format!("\"\\\\\"{deep}"),
            format!("\"\n\" {deep}"),
            // A block string that does not end is an empty one to some.
            format!("\"\"\"x\" {deep}"),
        ] {
            assert!(Extent::of(&hidden).nesting > 24, "{hidden}");
        }
    }

    #[test]
    fn an_unterminated_block_string_is_searched_once() {
        for piece in ["\"\"\" ", "\\\"\"\"", "\"\"\"x\"", "\" \\\n"] {
            let text = piece.repeat(10_000);
            let mut searched = 0;
            Extent::measure(&text, |block| {
                let after = after_block(block);
                searched += block.len() - after.map_or(0, <[u8]>::len);
                after
            });
            assert!(searched <= 2 * text.len(), "{piece}: {searched} bytes");
        }
    }

    #[test]
    fn each_limit_refuses_from_one_more_on() {
        let limits = Limits::default();
        for (text, limit) in [
            (" ".repeat(limits.document), None),
            (" ".repeat(limits.document + 1), Some(Limit::Document)),
            ("a ".repeat(limits.tokens), None),
            ("a ".repeat(limits.tokens + 1), Some(Limit::Tokens)),
            ("{".repeat(limits.nesting), None),
            ("{".repeat(limits.nesting + 1), Some(Limit::Nesting)),
        ] {
            let refused = Extent::check(&limits, &text).err();
            assert_eq!(refused.map(|exceeded| exceeded.limit), limit);
        }
    }

    proptest! {
        #[test]
        fn any_text_has_no_more_tokens_than_bytes(text in ".{0,200}") {
            let extent = Extent::of(&text);
            prop_assert!(extent.tokens <= text.len());
            prop_assert!(extent.nesting <= extent.tokens);
        }
    }
}
