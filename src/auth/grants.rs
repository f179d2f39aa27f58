//! Rights that a token grants: those of staff, creating invite codes, and importing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{CODES_SCOPE, IMPORT_SCOPE, STAFF_SCOPE, claims::canonical_id};
use crate::access::StaffTargets;

/// The roles, scopes, permissions or groups that grant rights, and the claim that has them.
#[derive(Clone, Debug)]
pub struct GrantSettings {
    /// Name of the claim, or names separated by dots, of nested objects. Without it, `scope` and `scp`.
    pub claim: Option<String>,
    /// Values that make the user staff for the request.
    pub staff: Vec<String>,
    /// Claim that limits staff to workspaces, groups and courses, named as `claim` is. Without it, staff have
    /// no limits.
    pub staff_targets: Option<String>,
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
            staff_targets: None,
            codes: vec![CODES_SCOPE.to_owned()],
            imports: vec![IMPORT_SCOPE.to_owned()],
        }
    }
}

/// Rights that a token grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Grants {
    pub(super) is_staff: bool,
    /// Limits of staff, by the token or by their account; none without limits.
    pub(super) staff_targets: Option<StaffTargets>,
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
            staff_targets: self
                .staff_targets
                .as_ref()
                .and_then(|path| limits(at(claims, path))),
            creates_codes: has(&self.codes),
            imports: has(&self.imports),
        }
    }
}

/// Value without limits.
const EVERYTHING: &str = "*";

/// Reads the limits of staff: `workspace:7`, `group:7`, `course:7`, by id. An absent claim limits them to
/// nothing, and other values add nothing.
fn limits(claim: Option<&Value>) -> Option<StaffTargets> {
    let values: Vec<&str> = match claim {
        Some(Value::String(text)) => text.split(' ').collect(),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if values.contains(&EVERYTHING) {
        return None;
    }
    let mut targets = StaffTargets::default();
    for (kind, id) in values.iter().filter_map(|value| value.split_once(':')) {
        let ids = match kind {
            "workspace" => &mut targets.workspaces,
            "group" => &mut targets.groups,
            "course" => &mut targets.courses,
            _ => continue,
        };
        ids.extend(canonical_id(id));
    }
    Some(targets)
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

    use super::{GrantSettings, Grants, StaffTargets, at, claims, holds, limits};

    #[test]
    fn roles_of_the_configured_claim_grant_rights() {
        let settings = GrantSettings {
            claim: Some("realm_access.roles".to_owned()),
            staff: vec!["admin".to_owned(), "support".to_owned()],
            staff_targets: None,
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
                staff_targets: None,
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
    fn staff_are_limited_to_targets_by_id() {
        let nothing = StaffTargets::default();
        let some = StaffTargets {
            workspaces: vec![7, 8],
            groups: vec![1],
            courses: vec![9],
        };
        for (claim, expected) in [
            (
                Some(json!("workspace:7 workspace:8 group:1 course:9")),
                Some(some.clone()),
            ),
            (
                Some(json!([
                    "workspace:7",
                    "workspace:8",
                    "group:1",
                    "course:9",
                    5,
                    "tag:3"
                ])),
                Some(some),
            ),
            (Some(json!(["workspace:7", "*"])), None),
            (Some(json!("*")), None),
            (None, Some(nothing.clone())),
            (Some(json!(null)), Some(nothing.clone())),
            (Some(json!(true)), Some(nothing.clone())),
            (
                Some(json!(
                    "workspace:07 workspace:+7 workspace: workspace:* Workspace:7 group:studio"
                )),
                Some(nothing),
            ),
        ] {
            assert_eq!(limits(claim.as_ref()), expected, "{claim:?}");
        }
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
