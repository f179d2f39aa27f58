//! Reads the claims of a token from which the account of its person is made.

use serde_json::Value;

use super::grants::at;
use crate::lifecycle::{Identity, Profile};

/// Names of the claims that an account is made of. A name may be a path, as that of
/// [`GrantSettings`](super::GrantSettings).
#[derive(Clone, Debug)]
pub struct ProfileClaims {
    /// Username.
    pub username: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Whether the provider has verified the address.
    pub email_verified: String,
    /// URL of a picture.
    pub picture: String,
}

impl Default for ProfileClaims {
    /// The standard claims of OpenID Connect (Core 1.0, §5.1).
    fn default() -> Self {
        Self {
            username: "preferred_username".to_owned(),
            name: "name".to_owned(),
            email: "email".to_owned(),
            email_verified: "email_verified".to_owned(),
            picture: "picture".to_owned(),
        }
    }
}

impl ProfileClaims {
    /// Returns what the claims of a verified token state about the person `sub`. None if no account can have
    /// that key.
    pub(super) fn of_claims(&self, claims: &Value, sub: &str) -> Option<Profile> {
        let text = |path: &str| at(claims, path)?.as_str().map(str::to_owned);
        Profile::new(Identity {
            ext_id: sub.to_owned(),
            username: text(&self.username),
            full_name: text(&self.name),
            email: text(&self.email),
            is_verified: at(claims, &self.email_verified).is_some_and(is_true),
            picture: text(&self.picture),
        })
    }
}

/// Some providers send the text or the number.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is_true) => *is_true,
        Value::String(text) => matches!(text.as_str(), "true" | "1"),
        Value::Number(number) => number.as_u64() == Some(1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_true;

    #[test]
    fn only_what_says_so_is_verified() {
        for value in [json!(true), json!("true"), json!("1"), json!(1)] {
            assert!(is_true(&value), "{value}");
        }
        for value in [
            json!(false),
            json!("false"),
            json!("True "),
            json!(0),
            json!(2),
            json!(null),
            json!([true]),
            json!({}),
        ] {
            assert!(!is_true(&value), "{value}");
        }
    }
}
