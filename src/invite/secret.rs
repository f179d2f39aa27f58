//! Secrets that open an invite. Their `Debug` shows nothing of them.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::{Uuid, Version};

/// Bytes of a UUID written with hyphens.
const HYPHENATED: usize = 36;

/// Token of a workspace invite.
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

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Token};

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
