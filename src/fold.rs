//! The form in which searches compare text.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::email::is_invisible;

/// Returns the form in which searches compare text: regardless of case, of normal and compatibility
/// form, of invisible characters, of the number of blanks, and of the kind of apostrophe.
///
/// Folding is idempotent. It makes look-alikes equal, so no right depends on it: [`crate::email::normalize`]
/// compares addresses for rights.
pub fn fold(text: &str) -> String {
    let folded = match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => fold_letters(text),
    };
    let words: Vec<_> = folded.split_whitespace().collect();
    words.join(" ")
}

/// Returns the folded text to store beside `text`. None if folding changes only ASCII case: the database
/// does that itself.
pub fn stored(text: &str) -> Option<String> {
    let folded = fold(text);
    (folded != text.to_ascii_lowercase()).then_some(folded)
}

/// Folds case letter by letter, as Unicode's full case folding does. Going through upper case expands
/// letters such as `ß`, and makes both kinds of small sigma equal.
fn fold_letters(text: &str) -> String {
    let letters = text.nfkd().flat_map(char::to_lowercase);
    let letters = letters
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    let mut base = ' ';
    let letters = letters.filter(|letter| {
        // The dot of the Turkish capital, which keyboards of other languages do not have.
        let is_dot_of_i = *letter == '\u{307}' && base == 'i';
        if !is_combining_mark(*letter) {
            base = *letter;
        }
        !is_dot_of_i && !is_invisible(*letter)
    });
    letters
        .map(|letter| match letter {
            '\u{2bb}' | '\u{2bc}' | '\u{2018}' | '\u{2019}' => '\'',
            other => other,
        })
        .nfkc()
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};
    use unicode_normalization::UnicodeNormalization;

    use super::{fold, stored};

    #[test]
    fn case_and_form_do_not_matter() {
        for (one, other) in [
            ("Anna", "ANNA"),
            ("ДМИТРИЙ", "дмитрий"),
            ("\u{c9}mile", "e\u{301}MILE"),
            ("\u{c5}SA \u{d6}berg", "\u{212b}sa o\u{308}berg"),
            ("Stra\u{df}e Wei\u{df}", "STRASSE WEISS"),
            ("STRA\u{1e9e}E", "strasse"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("\u{130}brahim Y\u{131}lmaz", "ibrahim yilmaz"),
            ("IBRAHIM", "ibrah\u{131}m"),
            ("Ｆｕｍｉ", "fumi"),
            ("\u{fb01}ne", "FINE"),
            ("O\u{2019}Neil", "o'neil"),
            ("Anna  Double", " anna\u{a0}double\n"),
            ("Nguy\u{1ec5}n", "NGUYE\u{302}\u{303}N"),
            ("co\u{ad}op", "coop"),
        ] {
            assert_eq!(fold(one), fold(other), "{one:?} {other:?}");
        }
        for (one, other) in [("e", "\u{e9}"), ("a", "\u{430}"), ("a b", "ab")] {
            assert_ne!(fold(one), fold(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn text_that_differs_only_in_ascii_case_is_not_stored() {
        for text in ["", "Anna Smith", "100%_\\", "a.b@X.io"] {
            assert_eq!(stored(text), None, "{text:?}");
        }
        assert_eq!(stored("\u{c9}mile").as_deref(), Some("\u{e9}mile"));
        assert_eq!(stored("Anna  Double").as_deref(), Some("anna double"));
        assert_eq!(stored("\u{e9}mile"), None);
    }

    proptest! {
        #[test]
        fn folding_is_idempotent_and_ignores_case_and_composition(text in "\\PC{0,12}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded.clone());
            prop_assert_eq!(fold(&text.nfd().collect::<String>()), folded.clone());
            prop_assert_eq!(fold(&text.nfc().collect::<String>()), folded);
        }

        #[test]
        fn letters_fold_alike_in_each_case(text in "[a-zA-Z\u{c0}-\u{24f}\u{370}-\u{3ff}\u{400}-\u{52f}]{0,12}") {
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
        }
    }
}
