//! Words the errors of a document for the people who wrote it. No error repeats a value or other text of the
//! document than names, since it may be a code or a token.

use apollo_compiler::{Schema, response::GraphQLError};
use async_graphql::{Pos, ServerError};

/// Maximum length of a name that an error repeats, in bytes. Values are not repeated.
const MAX_REPEATED: usize = 64;

/// The parser's names of tokens, in place of the tokens.
const TOKENS: [(&str, &str); 12] = [
    ("L_PAREN", "`(`"),
    ("R_PAREN", "`)`"),
    ("L_CURLY", "`{`"),
    ("R_CURLY", "`}`"),
    ("L_BRACK", "`[`"),
    ("R_BRACK", "`]`"),
    ("COLON", "`:`"),
    ("EQ", "`=`"),
    ("DOLLAR", "`$`"),
    ("SPREAD", "`...`"),
    ("AT", "`@`"),
    ("NAME", "a name"),
];

/// Returns the client's error of a parser's or validator's error. `schema` is the one that validated it, and
/// `text` the document.
pub(crate) fn client_error(
    error: &GraphQLError,
    schema: Option<&Schema>,
    text: &str,
) -> ServerError {
    let pos = error.locations.first().map(|location| Pos {
        line: location.line,
        column: location.column,
    });
    let field = || name_at(text, pos?);
    let message = match of_syntax(&error.message) {
        Some(message) => message,
        None if error.message.contains("must have a subselection set") => match field() {
            Some(name) => {
                format!("`{name}` needs a selection of its fields, such as {{ __typename }}")
            }
            None => error.message.clone(),
        },
        None => of_enum(&error.message, schema).unwrap_or_else(|| error.message.clone()),
    };
    let message = without_long_names(&message);
    let mut letters = message.chars();
    let message = letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    });
    ServerError::new(message, pos)
}

/// Words a syntax error, without the text that was found in place of the expected.
fn of_syntax(message: &str) -> Option<String> {
    let (expected, _) = message.split_once(", got ")?;
    expected.starts_with("syntax error").then(|| {
        let named = TOKENS
            .iter()
            .find_map(|(name, token)| Some(format!("{}{token}", expected.strip_suffix(name)?)));
        named.unwrap_or_else(|| expected.to_owned())
    })
}

/// Words the error of a value that an enum does not have, without the value.
fn of_enum(message: &str, schema: Option<&Schema>) -> Option<String> {
    let (_, rest) = message.strip_prefix("value `")?.split_once('`')?;
    let values = || {
        let name = rest
            .strip_prefix(" does not exist on `")?
            .strip_suffix('`')?;
        let values = schema?.get_enum(name)?.values.keys();
        let values: Vec<_> = values.map(apollo_compiler::Name::as_str).collect();
        Some(format!(
            "the value is not in `{name}`, which has {}",
            values.join(", ")
        ))
    };
    Some(values().unwrap_or_else(|| format!("the value{rest}")))
}

/// Returns the name of the field that begins at a position, after its alias.
fn name_at(text: &str, pos: Pos) -> Option<&str> {
    let line = text.lines().nth(pos.line.checked_sub(1)?)?;
    let (start, _) = line.char_indices().nth(pos.column.checked_sub(1)?)?;
    let end_of = |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let field = &line[start..];
    let (name, rest) = field.split_at(end_of(field).unwrap_or(field.len()));
    let aliased = rest.trim_start().strip_prefix(':').map(str::trim_start);
    let name = match aliased {
        Some(field) => &field[..end_of(field).unwrap_or(field.len())],
        None => name,
    };
    Some(name).filter(|name| !name.is_empty())
}

/// Removes quoted names that are too long from a message.
fn without_long_names(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let short = parts.map(|(at, part)| match at % 2 {
        1 if part.len() > MAX_REPEATED => "…",
        _ => part,
    });
    short.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use async_graphql::Pos;

    use super::{name_at, of_syntax};

    #[test]
    fn syntax_errors_name_tokens_as_they_are_written() {
        for (message, expected) in [
            (
                "syntax error: expected R_PAREN, got {",
                "syntax error: expected `)`",
            ),
            (
                "syntax error: expected R_CURLY, got EOF",
                "syntax error: expected `}`",
            ),
            (
                "syntax error: expected a Name, got secret",
                "syntax error: expected a Name",
            ),
        ] {
            assert_eq!(of_syntax(message).as_deref(), Some(expected));
        }
        assert_eq!(of_syntax("the field x, got y"), None);
    }

    #[test]
    fn a_position_names_a_field() {
        let text = "{\n  viewer { me: user(x: 1) }\n  a :b\n}";
        for (line, column, expected) in [
            (2, 3, Some("viewer")),
            (2, 12, Some("user")),
            (3, 3, Some("b")),
            (1, 1, None),
            (9, 1, None),
            (2, 99, None),
            (0, 0, None),
        ] {
            assert_eq!(
                name_at(text, Pos { line, column }),
                expected,
                "{line}:{column}"
            );
        }
    }
}
