//! E-mail addresses as they are compared, and as they are masked.

use unicode_normalization::UnicodeNormalization;

/// The form in which addresses are compared: trimmed, NFC, lower case. Dots and `+tags` stay.
///
/// Empty for an empty address; an empty form must never match another.
pub fn normalize(address: &str) -> String {
    // Lower-casing may decompose (as `İ` does), so the composition comes last.
    address.trim().to_lowercase().nfc().collect()
}

/// The address with all but the first letters and the top-level domain hidden: `j…@e….com`.
pub fn mask(address: &str) -> String {
    let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
    let Some((local, domain)) = address.rsplit_once('@') else {
        return "…".to_owned();
    };
    match domain.rsplit_once('.') {
        Some((host, top)) => format!("{}…@{}….{top}", first(local), first(host)),
        None => format!("{}…@{}…", first(local), first(domain)),
    }
}

#[cfg(test)]
mod tests {
    use super::{mask, normalize};

    #[test]
    fn addresses_that_differ_in_case_space_or_composition_are_one() {
        assert_eq!(
            normalize("  Jos\u{65}\u{301}@Example.COM "),
            "jos\u{e9}@example.com"
        );
        assert_eq!(normalize("a.b+c@x.io"), "a.b+c@x.io");
        assert_eq!(normalize(&normalize("İ@x.io")), normalize("İ@x.io"));
    }

    #[test]
    fn a_mask_keeps_first_letters_and_the_top_level_domain() {
        assert_eq!(mask("jane@example.com"), "j…@e….com");
        assert_eq!(mask("jane@localhost"), "j…@l…");
        assert_eq!(mask("nonsense"), "…");
    }
}
