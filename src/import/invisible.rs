//! Invisible characters. Identifiers with one are refused; names lose those that no script needs.

use serde_json::Value;

use super::note::rows_that;

/// Fields with names of people and things, also inside other rows.
const NAMES: [&str; 4] = ["name", "full_name", "real_name", "workspace_name"];

/// Returns true for an invisible character: a control or format character.
pub(super) fn is_invisible(c: char) -> bool {
    // Soft hyphen, zero-width and bidirectional characters, the byte order mark, tags.
    let is_format = matches!(u32::from(c),
        0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2064
        | 0x2066..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F);
    c.is_control() || is_format
}

/// Removes invisible characters from the names in a row, and replaces line breaks and tabs by spaces. Returns
/// true if there were any.
pub(super) fn clean_names(row: &mut Value) -> bool {
    let mut is_cleaned = false;
    match row {
        Value::Object(members) => {
            for (member, value) in members {
                is_cleaned |= match value {
                    Value::String(name) if NAMES.contains(&member.as_str()) => clean(name),
                    value => clean_names(value),
                };
            }
        }
        Value::Array(items) => {
            for item in items {
                is_cleaned |= clean_names(item);
            }
        }
        _ => {}
    }
    is_cleaned
}

/// Returns the note on rows whose names were cleaned.
pub(super) fn note(cleaned: u64) -> Option<String> {
    (cleaned > 0).then(|| {
        let rows = rows_that(cleaned, "has a name", "have names");
        format!("{rows} with invisible characters, which were removed")
    })
}

fn clean(name: &mut String) -> bool {
    const FLAG: char = '\u{1F3F4}';
    if name.is_ascii() && !name.bytes().any(|byte| byte.is_ascii_control()) {
        return false;
    }
    let mut is_in_flag = false;
    let kept = |c: char| {
        // Emoji of some flags are written in tags.
        let is_tag = matches!(c, '\u{E0020}'..='\u{E007F}');
        is_in_flag = c == FLAG || (is_in_flag && is_tag);
        match c {
            // Rejected later.
            '\0' => Some(c),
            '\u{2028}' | '\u{2029}' => Some(' '),
            c if c.is_control() && c.is_whitespace() => Some(' '),
            // Joiners shape words of Persian and Indic scripts, and emoji. Marks order mixed text.
            '\u{200C}'..='\u{200F}' | '\u{61C}' => Some(c),
            c if is_invisible(c) && !is_in_flag => None,
            c => Some(c),
        }
    };
    let cleaned: String = name.chars().filter_map(kept).collect();
    let is_cleaned = cleaned != *name;
    *name = cleaned;
    is_cleaned
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::clean_names;

    #[test]
    fn names_lose_characters_that_no_script_needs() {
        for (name, cleaned) in [
            ("Ada\u{202e} Lovelace\u{202c}", "Ada Lovelace"),
            ("\u{feff}Ada\u{200b}\u{ad}\u{2066}\u{7}", "Ada"),
            ("Ada\tKing\r\nLovelace", "Ada King  Lovelace"),
            ("Ada\u{e0041}\u{e0042}", "Ada"),
        ] {
            let mut row = json!({ "full_name": name, "message": name, "tags": [{ "name": name }] });
            assert!(clean_names(&mut row), "{name:?}");
            let expected =
                json!({ "full_name": cleaned, "message": name, "tags": [{ "name": cleaned }] });
            assert_eq!(row, expected);
        }
    }

    #[test]
    fn names_keep_the_joiners_and_marks_of_scripts_and_emoji() {
        for name in [
            "Ada",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👩\u{200d}🚀 ❤\u{fe0f}",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            "שלום\u{200f}!",
            "with NUL \0",
        ] {
            let row = json!({ "workspace_name": name });
            let mut cleaned = row.clone();
            assert!(!clean_names(&mut cleaned), "{name:?}");
            assert_eq!(cleaned, row);
        }
    }
}
