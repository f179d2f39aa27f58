//! Secrets that open an invite. Their `Debug` shows nothing of them.

use std::fmt;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use uuid::{Uuid, Version};

/// Bytes of a UUID written with hyphens.
const HYPHENATED: usize = 36;

/// Maximum length of a token that is no UUID, in characters.
const MAX_TOKEN: usize = 255;

/// Token of a workspace invite, as the gateway makes them. Sources may have other text in their links.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(Uuid);

impl Token {
    /// Creates a token of 122 random bits.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Reads a token: a UUID (RFC 9562) with hyphens. Other spellings of a UUID are no tokens.
    pub fn parse(text: &str) -> Option<Self> {
        let uuid = Uuid::try_parse(text).ok();
        uuid.filter(|_| text.len() == HYPHENATED).map(Self)
    }

    /// Reads a token that somebody copied: with blanks, brackets, quotes or a full stop around it.
    pub fn read(sent: &str) -> Option<Self> {
        Self::parse(unwrapped(sent))
    }

    /// The UUID, as it is in the link.
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// SHA-256 of the UUID's bytes, as it is stored.
    pub fn hash(self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }

    /// Returns true if the token has 122 random bits, so that nobody finds one by guessing.
    pub fn is_random(self) -> bool {
        self.0.get_version() == Some(Version::Random)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Returns the hash by which a source's token is stored: that of a UUID's bytes, or of other text. None for
/// text that is no token: the nil UUID, more than 255 characters, and text with blanks or control
/// characters.
pub fn token_hash(text: &str) -> Option<Vec<u8>> {
    match Token::read(text) {
        Some(token) => Some(token.hash()).filter(|_| !token.0.is_nil()),
        None => is_token(text).then(|| Sha256::digest(text).to_vec()),
    }
}

fn is_token(text: &str) -> bool {
    let is_short = text.len() <= MAX_TOKEN || text.chars().count() <= MAX_TOKEN;
    is_short && !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A token that somebody sent.
pub struct SentToken {
    /// Hashes of the tokens that it may stand for: of the text itself, and of the text without surrounding
    /// punctuation. The first that exists is chosen.
    pub hashes: Vec<Vec<u8>>,
    /// True if it has 122 random bits, so that nobody finds one by guessing.
    pub is_random: bool,
}

impl SentToken {
    /// Reads a token. A UUID is read without what surrounds it.
    pub fn new(sent: &str) -> Self {
        if let Some(token) = Token::read(sent) {
            return Self {
                hashes: vec![token.hash()],
                is_random: token.is_random(),
            };
        }
        let mut hashes: Vec<_> = token_hash(sent).into_iter().collect();
        hashes.extend(token_hash(unwrapped(sent)).filter(|hash| !hashes.contains(hash)));
        Self {
            hashes,
            is_random: false,
        }
    }
}

/// Code of an invite code or a group invite.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Code(String);

/// Crockford's base 32: no letter looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Letters of a new code, and of each of its groups.
const CODE_LETTERS: usize = 12;
const GROUP_LETTERS: usize = 4;

impl Code {
    /// Creates a code for people: 60 random bits as `XXXX-XXXX-XXXX`.
    pub fn random() -> Self {
        // The first bytes of a random UUID hold its version and variant in bytes 6 and 8.
        let random = Uuid::new_v4().into_bytes();
        let (high, low) = (&random[..6], &random[9..15]);
        let mut letters = String::with_capacity(CODE_LETTERS + CODE_LETTERS / GROUP_LETTERS);
        for (at, byte) in high.iter().chain(low).enumerate() {
            if at > 0 && at % GROUP_LETTERS == 0 {
                letters.push('-');
            }
            letters.push(char::from(ALPHABET[usize::from(byte % 32)]));
        }
        Self(letters)
    }

    /// A code as it is stored.
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The code itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Bucket of the code: the first byte of its SHA-256. Global ids of invite codes contain it, so that a
    /// database partitioned by bucket can find the row by its id.
    pub fn bucket(&self) -> u8 {
        Sha256::digest(&self.0)[0]
    }

    /// The code itself.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The codes that text may stand for, after people or mail programs have changed it.
pub struct Spellings {
    /// The text itself, and the text without surrounding punctuation. The first that exists is chosen.
    same_case: Vec<String>,
    /// The text in upper and in lower case, and as a code of [`Code::random`]. One of them is chosen if no
    /// other exists.
    other_case: Vec<String>,
}

impl Spellings {
    /// Returns the spellings of `sent`: at most five.
    pub fn new(sent: &str) -> Self {
        let code: String = unwrapped(sent).nfc().map(ascii_hyphen).collect();
        let mut same_case = vec![sent.to_owned()];
        let mut other_case = Vec::new();
        if !code.is_empty() {
            let (upper, lower) = (code.to_uppercase(), code.to_lowercase());
            let others = [Some(upper), Some(lower), crockford(&code)];
            for other in others.into_iter().flatten() {
                if other != code && !other_case.contains(&other) {
                    other_case.push(other);
                }
            }
            if code != sent {
                same_case.push(code);
            }
        }
        Self {
            same_case,
            other_case,
        }
    }

    /// All spellings.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.same_case.iter().chain(&self.other_case)
    }

    /// Chooses among the codes that exist. Returns none if several differ only in case.
    pub fn choose<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let exact = self.same_case.iter().find_map(|code| find(code));
        exact.or_else(|| {
            let mut found = self.other_case.iter().filter_map(|code| find(code));
            found.next().filter(|_| found.next().is_none())
        })
    }
}

/// Removes blanks, punctuation and invisible characters around a secret.
fn unwrapped(sent: &str) -> &str {
    sent.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '.' | ',' | ';' | ':' | '!' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"'
                    | '\'' | '`' | '*' | '\u{ab}' | '\u{bb}' | '\u{2018}'..='\u{201f}' | '\u{2026}'
                    | '\u{2039}' | '\u{203a}' | '\u{3001}' | '\u{3002}' | '\u{ad}'
                    | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
            )
    })
}

/// Mail programs set other hyphens and dashes.
fn ascii_hyphen(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// Reads `code` as one that [`Code::random`] made: in any case and groups, and with `O`, `I` and `L` for the
/// digits that they look like.
fn crockford(code: &str) -> Option<String> {
    let letters = code.chars().filter(|c| *c != '-' && !c.is_whitespace());
    let letters: Option<Vec<char>> = letters
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            other => ALPHABET
                .iter()
                .any(|known| char::from(*known) == other)
                .then_some(other),
        })
        .collect();
    let letters = letters.filter(|letters| letters.len() == CODE_LETTERS)?;
    let groups = letters.chunks(GROUP_LETTERS).map(String::from_iter);
    Some(groups.collect::<Vec<_>>().join("-"))
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Code, MAX_TOKEN, SentToken, Spellings, Token, token_hash};

    #[test]
    fn a_token_is_a_uuid_with_hyphens_in_either_case() {
        let canonical = "6f1b24a1-5b4c-4d0e-9c37-0d6f0b6a2b11";
        let token = Token::parse(canonical).expect("a token");
        assert_eq!(Token::parse(&canonical.to_uppercase()), Some(token));
        assert!(token.is_random());
        for other in [
            "",
            "6f1b24a15b4c4d0e9c370d6f0b6a2b11",
            "{6f1b24a1-5b4c-4d0e-9c37-0d6f0b6a2b11}",
            "urn:uuid:6f1b24a1-5b4c-4d0e-9c37-0d6f0b6a2b11",
            " 6f1b24a1-5b4c-4d0e-9c37-0d6f0b6a2b11",
            "6f1b24a1-5b4c-4d0e-9c37-0d6f0b6a2b1",
        ] {
            assert_eq!(Token::parse(other), None, "{other}");
        }
        let by_time = "1f1b24a1-5b4c-1d0e-9c37-0d6f0b6a2b11";
        assert_eq!(Token::parse(by_time).map(Token::is_random), Some(false));
    }

    #[test]
    fn a_copied_token_is_read_without_surrounding_punctuation() {
        let canonical = "6f1b24a1-5b4c-4d0e-9c37-0d6f0b6a2b11";
        let token = Token::parse(canonical);
        for copied in [
            format!(" {canonical}\n"),
            format!("{{{canonical}}}"),
            format!("<{}>.", canonical.to_uppercase()),
            format!("\u{201c}{canonical}\u{201d},"),
            format!("\u{feff}{canonical}\u{200b}"),
        ] {
            assert_eq!(Token::read(&copied), token, "{copied:?}");
        }
        assert_eq!(Token::read(&format!("x{canonical}")), None);
        assert_eq!(Token::read("."), None);
    }

    #[test]
    fn a_token_may_be_any_text_without_blanks() {
        let canonical = "6f1b24a1-5b4c-4d0e-9c37-0d6f0b6a2b11";
        let of_uuid = Token::parse(canonical).map(Token::hash);
        assert_eq!(
            token_hash(&format!("{{{}}}", canonical.to_uppercase())),
            of_uuid
        );
        let longest = "\u{e9}".repeat(MAX_TOKEN);
        let tokens = [
            "x",
            "tok_2abC.def=",
            "6f1b24a15b4c4d0e9c370d6f0b6a2b11",
            "(x)",
            &longest,
        ];
        let hashes: HashSet<_> = tokens
            .iter()
            .map(|text| token_hash(text).unwrap())
            .collect();
        assert_eq!(hashes.len(), tokens.len());
        for text in tokens {
            assert_eq!(
                SentToken::new(text).hashes.first(),
                token_hash(text).as_ref(),
                "{text}"
            );
        }
        let copied = SentToken::new(" \u{ab}tok_2abC.def=\u{bb}. ");
        assert_eq!(copied.hashes, [token_hash("tok_2abC.def=").unwrap()]);
        for text in [
            "",
            "a b",
            "a\0",
            "a\n",
            "00000000-0000-0000-0000-000000000000",
            &format!("{longest}x"),
        ] {
            assert_eq!(token_hash(text), None, "{text:?}");
        }
        assert_eq!(SentToken::new(" . ").hashes, [] as [Vec<u8>; 0]);
    }

    fn chosen(sent: &str, existing: &[&str]) -> Option<String> {
        let find = |code: &str| existing.contains(&code).then(|| code.to_owned());
        Spellings::new(sent).choose(find)
    }

    #[test]
    fn a_copied_code_is_read_without_surrounding_punctuation() {
        let code = "Caf\u{e9}-1_";
        for sent in [
            "Caf\u{e9}-1_",
            " Caf\u{e9}-1_ ",
            "Caf\u{e9}-1_.",
            "(Caf\u{e9}-1_),",
            "\u{ab}Cafe\u{301}-1_\u{bb}",
            "Caf\u{e9}\u{2011}1_",
        ] {
            assert_eq!(chosen(sent, &[code]).as_deref(), Some(code), "{sent:?}");
        }
        for sent in ["", ".", "Caf\u{e9}-1", "Cafe-1_", "Caf\u{e9}-1_ x"] {
            assert_eq!(chosen(sent, &[code]), None, "{sent:?}");
        }
        // A code may itself end with a full stop.
        assert_eq!(chosen("A.", &["A", "A."]).as_deref(), Some("A."));
        assert_eq!(chosen(" A. ", &["A", "A."]).as_deref(), Some("A"));
    }

    #[test]
    fn case_does_not_matter_where_it_is_unambiguous() {
        assert_eq!(chosen("welcome", &["WELCOME"]).as_deref(), Some("WELCOME"));
        assert_eq!(chosen("Welcome.", &["welcome"]).as_deref(), Some("welcome"));
        assert_eq!(
            chosen("welcome", &["WELCOME", "welcome"]).as_deref(),
            Some("welcome")
        );
        assert_eq!(chosen("Welcome", &["WELCOME", "welcome"]), None);
        assert_eq!(chosen("wElcome", &["Welcome"]), None);
        let made = "0123-1BCD-EFGH";
        for sent in [
            "o123-ibcd-efgh",
            "O1231BCDEFGH",
            "0123 LBCD EFGH",
            "0l23\u{2013}1bcd-efgh.",
        ] {
            assert_eq!(chosen(sent, &[made]).as_deref(), Some(made), "{sent:?}");
        }
        // A source's own code is preferred.
        assert_eq!(
            chosen("O123-1BCD-EFGH", &[made, "O123-1BCD-EFGH"]).as_deref(),
            Some("O123-1BCD-EFGH")
        );
        assert!(Spellings::new(&" o123-ibcd-Efgh.".repeat(3)).all().count() <= 5);
    }

    #[test]
    fn a_new_code_has_three_groups_of_four_letters() {
        let code = Code::random().into_string();
        let groups: Vec<_> = code.split('-').map(str::len).collect();
        assert_eq!(groups, [4, 4, 4], "{code}");
        assert!(!code.contains(['I', 'L', 'O', 'U']), "{code}");
        assert_ne!(code, Code::random().into_string());
        assert!(Token::random().is_random());
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = Token::parse("6f1b24a1-5b4c-4d0e-9c37-0d6f0b6a2b11").expect("a token");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(format!("{:?}", Code::new("SECRET")), "Code(…)");
    }
}
