//! Comparison and masking of e-mail addresses.

use unicode_normalization::UnicodeNormalization;

/// Returns the form in which addresses are compared. Returns `None` if the address cannot be
/// compared safely; such an address equals no other, not even itself.
///
/// Ignores ASCII whitespace around the address. Compares the local part in NFC with ASCII letters
/// in lower case, and the domain as IDNA A-labels (UTS 46). Unicode case mapping and compatibility
/// mapping make look-alikes equal (U+212A KELVIN SIGN and `k`). The local part therefore uses
/// neither, and domains that become ASCII only by them are rejected.
pub fn normalize(address: &str) -> Option<String> {
    let address = address.trim_matches(|c: char| c.is_ascii_whitespace());
    if address.contains(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c)) {
        return None;
    }
    let (local, domain) = address.split_once('@')?;
    if domain.contains('@') {
        return None;
    }
    Some(format!("{}@{}", local_part(local)?, self::domain(domain)?))
}

fn local_part(local: &str) -> Option<String> {
    let is_replaced = |c: char| !std::iter::once(c).nfc().eq([c]);
    if local.is_empty() || local.contains(is_replaced) {
        return None;
    }
    let folded = local.nfc().map(|c| c.to_ascii_lowercase());
    // Some letters compose in lower case only, such as `j` with a caron.
    Some(folded.nfc().collect())
}

fn domain(domain: &str) -> Option<String> {
    // Such as the Kelvin sign, fullwidth letters and the ideographic full stop.
    let becomes_ascii = |c: char| {
        let mut buffer = [0; 4];
        !c.is_ascii()
            && idna::domain_to_unicode(c.encode_utf8(&mut buffer))
                .0
                .is_ascii()
    };
    if domain.is_empty() || domain.contains(becomes_ascii) {
        return None;
    }
    /// Characters that the mapping must not produce: whitespace, controls, and the separator.
    const DENIED: idna::AsciiDenyList = idna::AsciiDenyList::new(true, "@");
    let labels = idna::domain_to_ascii_cow(domain.as_bytes(), DENIED).ok()?;
    Some(labels.into_owned()).filter(|labels| !labels.is_empty())
}

/// Returns true for default-ignorable and format (`Cf`) characters.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        u32::from(c),
        0x00AD | 0x034F | 0x0600..=0x0605 | 0x061C | 0x06DD | 0x070F | 0x0890..=0x0891 | 0x08E2
            | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
    )
}

/// Masks all but the first letters and the top-level domain: `j…@e….com`.
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
    use proptest::{prop_assert_eq, proptest};
    use unicode_normalization::UnicodeNormalization;

    use super::{mask, normalize};

    #[test]
    fn ascii_case_outer_whitespace_and_composition_do_not_matter() {
        for (address, form) in [
            (" \t\r\nJane@Example.COM ", "jane@example.com"),
            ("a.b+c@x.io", "a.b+c@x.io"),
            ("Jos\u{65}\u{301}@x.io", "jos\u{e9}@x.io"),
            ("jos\u{e9}@x.io", "jos\u{e9}@x.io"),
            ("Jane@LocalHost", "jane@localhost"),
            ("jane@my_host.Example", "jane@my_host.example"),
            ("jane@[192.0.2.1]", "jane@[192.0.2.1]"),
            ("jane@B\u{fc}cher.example", "jane@xn--bcher-kva.example"),
            (
                "jane@b\u{75}\u{308}cher.example",
                "jane@xn--bcher-kva.example",
            ),
            ("jane@XN--BCHER-KVA.example", "jane@xn--bcher-kva.example"),
        ] {
            assert_eq!(normalize(address).as_deref(), Some(form), "{address:?}");
        }
    }

    #[test]
    fn non_ascii_letters_keep_their_case_in_the_local_part() {
        assert_ne!(normalize("\u{c9}va@x.io"), normalize("\u{e9}va@x.io"));
        assert_ne!(normalize("\u{130}@x.io"), normalize("i\u{307}@x.io"));
    }

    #[test]
    fn addresses_that_cannot_be_compared_safely_are_rejected() {
        for address in [
            // Not exactly one `@` between two parts.
            "",
            " ",
            "@",
            "jane",
            "jane@",
            "@x.io",
            "j@ne@x.io",
            // Whitespace and controls, also non-ASCII whitespace at the ends.
            "ja ne@x.io",
            "jane @x.io",
            "jane@ x.io",
            "jane@x .io",
            "ja\tne@x.io",
            "ja\0ne@x.io",
            "\u{a0}jane@x.io",
            "jane@x.io\u{a0}",
            "\u{3000}jane@x.io",
            "jane@x.io\u{3000}",
            "\u{b}jane@x.io",
            "jane@x.io\u{85}",
            "jane@x.io\u{2028}",
            "jane\u{7f}@x.io",
            // Characters that NFC replaces.
            "\u{212a}ate@x.io",
            "\u{212b}sa@x.io",
            "\u{2126}@x.io",
            "a\u{1fef}@x.io",
            "\u{37e}@x.io",
            "\u{212b}\u{301}@x.io",
            // Invisible characters.
            "ja\u{200b}ne@x.io",
            "ja\u{ad}ne@x.io",
            "\u{feff}jane@x.io",
            "jane@x.io\u{feff}",
            "ja\u{202e}ne@x.io",
            "ja\u{2066}ne@x.io",
            "ja\u{200d}ne@x.io",
            "ja\u{fe0f}ne@x.io",
            "jane@\u{200b}x.io",
            "jane@x\u{ad}.io",
            "jane@x\u{e0061}.io",
            // Domains that become ASCII.
            "jane@\u{212a}iosk.io",
            "jane@\u{ff58}.io",
            "jane@x\u{3002}io",
            "jane@x\u{ff0e}io",
            "jane@x\u{ff61}io",
            "jane@\u{2460}.io",
            "jane@\u{fb01}.io",
            "jane\u{ff20}x.io",
            "jane@x\u{ff20}io",
            "jane@b\u{fc}cher.\u{ff49}o",
            "jane@\u{1d41a}.io",
            // Domains that IDNA rejects, or whose mapping yields denied ASCII characters.
            "jane@xn--a.io",
            "jane@xn--\u{fc}.io",
            "jane@\u{301}x.io",
            "jane@\u{378}.io",
            "jane@\u{b4}.io",
            "jane@\u{fffd}.io",
        ] {
            assert_eq!(normalize(address), None, "{address:?}");
        }
    }

    proptest! {
        #[test]
        fn normalization_is_idempotent(
            address in "[ -~\u{80}-\u{24f}\u{300}-\u{340}]{1,4}@[a-zA-Z0-9._\u{80}-\u{24f}\u{300}-\u{340}]{1,4}"
        ) {
            if let Some(form) = normalize(&address) {
                prop_assert_eq!(normalize(&form), Some(form));
            }
        }

        #[test]
        fn normalization_does_not_depend_on_composition(
            address in "[a-zA-Z\u{c0}-\u{24f}\u{300}-\u{333}]{1,4}@[a-z]{1,3}[\u{c0}-\u{24f}]{0,2}[.]io"
        ) {
            let decomposed: String = address.nfd().collect();
            if let (Some(one), Some(other)) = (normalize(&address), normalize(&decomposed)) {
                prop_assert_eq!(one, other);
            }
        }
    }

    #[test]
    fn a_mask_keeps_first_letters_and_the_top_level_domain() {
        assert_eq!(mask("jane@example.com"), "j…@e….com");
        assert_eq!(mask("jane@localhost"), "j…@l…");
        assert_eq!(mask("nonsense"), "…");
    }
}
