//! Names in place of those that are taken: the start of the name, `~`, and 16 random hex digits.

use sea_orm::DbBackend;

/// Number of random digits.
const DIGITS: usize = 16;

/// Characters of the suffix.
const SUFFIX: usize = 1 + DIGITS;

/// Returns the SQL expression of a name in place of `name`, an expression itself. The new name has at most
/// `longest` characters.
pub fn replacement(backend: DbBackend, name: &str, longest: usize) -> String {
    let random = match backend {
        DbBackend::Postgres => "left(replace(CAST(gen_random_uuid() AS text), '-', ''), 16)",
        _ => "lower(hex(randomblob(8)))",
    };
    let start = longest - SUFFIX;
    format!("substr({name}, 1, {start}) || '~' || {random}")
}

/// Returns true if `stored` is in place of `name`.
pub fn replaces(stored: &str, name: &str, longest: usize) -> bool {
    let Some((start, digits)) = stored.rsplit_once('~') else {
        return false;
    };
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    digits.len() == DIGITS
        && digits.bytes().all(is_hex)
        && name.chars().take(longest - SUFFIX).eq(start.chars())
}

#[cfg(test)]
mod tests {
    use super::replaces;

    #[test]
    fn a_replacement_is_recognized() {
        let long = "é".repeat(255);
        let start = "é".repeat(238);
        for (stored, name, expected) in [
            ("ada~0123456789abcdef", "ada", true),
            ("a~b~0123456789abcdef", "a~b", true),
            (&format!("{start}~0123456789abcdef"), &long, true),
            ("ada", "ada", false),
            ("ada~0123456789abcdef", "adam", false),
            ("ada~0123456789abcde", "ada", false),
            ("ada~0123456789ABCDEF", "ada", false),
        ] {
            assert_eq!(replaces(stored, name, 255), expected, "{stored}");
        }
    }
}
