//! Rights that a token grants: those of staff, creating invite codes, and importing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{CODES_SCOPE, IMPORT_SCOPE, STAFF_SCOPE};

/// The roles, scopes, permissions or groups that grant rights, and the claim that has them.
#[derive(Clone, Debug)]
pub struct GrantSettings {
    /// Name of the claim, or names separated by dots, of nested objects. Without it, `scope` and `scp`.
    pub claim: Option<String>,
    /// Values that make the user staff for the request.
    pub staff: Vec<String>,
    /// Values that let the user create invite codes.
    pub codes: Vec<String>,
    /// Values that let the bearer import.
    pub imports: Vec<String>,
}

impl Default for GrantSettings {
    fn default() -> Self {
        Self {
            claim: None,
            staff: vec![STAFF_SCOPE.to_owned()],
            codes: vec![CODES_SCOPE.to_owned()],
            imports: vec![IMPORT_SCOPE.to_owned()],
        }
    }
}

/// Rights that a token grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Grants {
    pub(super) is_staff: bool,
    pub(super) creates_codes: bool,
    pub(super) imports: bool,
}

impl GrantSettings {
    /// Returns what the claims of a verified token grant.
    pub(super) fn of_claims(&self, claims: &Value) -> Grants {
        let sources = match &self.claim {
            Some(path) => vec![at(claims, path)],
            None => vec![claims.get("scope"), claims.get("scp")],
        };
        let has = |wanted: &[String]| {
            let mut sources = sources.iter().flatten();
            sources.any(|source| wanted.iter().any(|wanted| holds(source, wanted)))
        };
        Grants {
            is_staff: has(&self.staff),
            creates_codes: has(&self.codes),
            imports: has(&self.imports),
        }
    }
}

/// Returns the claims of a token (RFC 7519 §7.2), which must have been verified.
pub(super) fn claims(token: &str) -> Option<Value> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// Returns the value at a path. A name may itself contain dots, such as `https://example.com/roles`.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let nested = || {
        let mut dots = path.match_indices('.');
        dots.find_map(|(dot, _)| at(value.get(&path[..dot])?, &path[dot + 1..]))
    };
    value.get(path).or_else(nested)
}

/// Returns true if a text of words separated by blanks (RFC 6749 §3.3), or a list, has the value.
fn holds(source: &Value, wanted: &str) -> bool {
    match source {
        Value::String(text) => text.split(' ').any(|word| word == wanted),
        Value::Array(values) => values.iter().any(|value| value == wanted),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::{GrantSettings, Grants, at, claims, holds};

    #[test]
    fn roles_of_the_configured_claim_grant_rights() {
        let settings = GrantSettings {
            claim: Some("realm_access.roles".to_owned()),
            staff: vec!["admin".to_owned(), "support".to_owned()],
            codes: vec!["inviter".to_owned()],
            imports: vec!["loader".to_owned()],
        };
        for (roles, is_staff, creates_codes, imports) in [
            (json!(["reader"]), false, false, false),
            (json!(["support"]), true, false, false),
            (json!("reader inviter"), false, true, false),
            (json!(["inviter", "admin"]), true, true, false),
            (json!(["loader"]), false, false, true),
        ] {
            let claims = json!({ "realm_access": { "roles": roles }, "scope": "admin inviter" });
            let expected = Grants {
                is_staff,
                creates_codes,
                imports,
            };
            assert_eq!(settings.of_claims(&claims), expected, "{claims}");
        }
        let token = format!(
            "h.{}.s",
            URL_SAFE_NO_PAD.encode(r#"{"scp":["invites:codes"]}"#)
        );
        let expected = Grants {
            creates_codes: true,
            ..Grants::default()
        };
        let claims = claims(&token).expect("claims");
        assert_eq!(GrantSettings::default().of_claims(&claims), expected);
    }

    #[test]
    fn a_path_names_a_claim_or_a_nested_one() {
        let claims = json!({
            "permissions": 1,
            "realm_access": { "roles": 2 },
            "https://example.com/roles": 3,
            "resource_access": { "web.app": { "roles": 4 } },
            "a.b": 5,
            "a": { "b": 6 },
        });
        for (path, expected) in [
            ("permissions", Some(1)),
            ("realm_access.roles", Some(2)),
            ("https://example.com/roles", Some(3)),
            ("resource_access.web.app.roles", Some(4)),
            ("a.b", Some(5)),
            ("absent", None),
            ("realm_access.absent", None),
            ("permissions.roles", None),
            ("", None),
            (".", None),
            ("realm_access.", None),
        ] {
            let found = at(&claims, path).and_then(serde_json::Value::as_i64);
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn a_text_has_words_and_a_list_has_values() {
        for (source, expected) in [
            (json!("openid admin"), true),
            (json!("admin"), true),
            (json!("administrator"), false),
            (json!("Admin"), false),
            (json!(["openid", "admin"]), true),
            (json!(["openid admin"]), false),
            (json!([["admin"]]), false),
            (json!({ "admin": true }), false),
            (json!(null), false),
        ] {
            assert_eq!(holds(&source, "admin"), expected, "{source}");
        }
    }
}
