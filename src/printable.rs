//! Escapes text for terminals.

use std::fmt::{self, Display, Write};

/// Displays a value with control characters escaped. File names and database messages must not move
/// the cursor, recolour text or reorder it.
pub(crate) struct Printable<T>(pub T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive(is_obeyed) {
            let mut rest = piece.chars();
            match rest.next_back() {
                Some(last) if is_obeyed(last) => {
                    self.0.write_str(rest.as_str())?;
                    write!(self.0, "{}", last.escape_default())?;
                }
                _ => self.0.write_str(piece)?,
            }
        }
        Ok(())
    }
}

/// Displays JSON with the same characters escaped, as JSON does. They occur only in its strings.
pub(crate) struct PrintableJson<'a>(pub &'a str);

impl Display for PrintableJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(is_obeyed) {
            let mut rest = piece.chars();
            match rest.next_back() {
                Some(last) if is_obeyed(last) => {
                    f.write_str(rest.as_str())?;
                    write!(f, "\\u{:04x}", u32::from(last))?;
                }
                _ => f.write_str(piece)?,
            }
        }
        Ok(())
    }
}

/// Returns true for control characters (C0, DEL, C1), line separators and bidirectional controls.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::{Printable, PrintableJson};

    #[test]
    fn escaped_json_has_the_same_value() {
        let text = "größe \u{1b}[31m\u{9b}\u{202e}\u{2066}\r\n\u{7f}\\\"";
        let json = serde_json::json!({ "text": text });
        let shown = PrintableJson(&json.to_string()).to_string();
        assert!(!shown.contains(super::is_obeyed), "{shown}");
        let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(read, json);
    }

    #[test]
    fn control_and_bidirectional_characters_are_escaped() {
        for (text, shown) in [
            ("", ""),
            ("größe 日本.json", "größe 日本.json"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{7f}\u{9b}2J", "\\u{7f}\\u{9b}2J"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
            ("\u{2066}\u{2069}\u{200f}", "\\u{2066}\\u{2069}\\u{200f}"),
        ] {
            assert_eq!(Printable(text).to_string(), shown);
        }
    }
}
