//! Links at which invites are accepted.

use std::{fmt, str::FromStr};

use super::{Code, Token};

/// A URL with a secret in it. `Debug` does not show it.
#[derive(Clone)]
pub struct Link(pub String);

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(…)")
    }
}

/// Template of the URL at which a group invite is accepted, with `{slug}` and `{code}` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInviteUrl(String);

impl GroupInviteUrl {
    /// The template below a URL.
    pub fn below(base: &str) -> Self {
        Self(format!(
            "{}/group/{{slug}}/invite/{{code}}",
            base.trim_end_matches('/')
        ))
    }

    /// The URL that accepts the invite with this code of the group with this slug. It contains the
    /// code.
    pub fn with_code(&self, slug: &str, code: &Code) -> String {
        self.0
            .replace("{slug}", &encoded(slug))
            .replace("{code}", &encoded(code.as_str()))
    }
}

/// Template of the URL at which an invite is accepted, with `{kind}` (`code` or `workspace`) and
/// `{secret}` (the code or token) in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptUrl(String);

impl AcceptUrl {
    /// The URL that accepts the invite with this code.
    pub fn with_code(&self, code: &Code) -> String {
        self.filled("code", code.as_str())
    }

    /// The URL that accepts the invite with this token.
    pub fn with_token(&self, token: Token) -> String {
        self.filled("workspace", &token.uuid().to_string())
    }

    fn filled(&self, kind: &str, secret: &str) -> String {
        self.0
            .replace("{kind}", kind)
            .replace("{secret}", &encoded(secret))
    }
}

impl FromStr for AcceptUrl {
    type Err = String;

    fn from_str(template: &str) -> Result<Self, String> {
        if !template.contains("{secret}") {
            return Err("it must contain {secret}, and may contain {kind}".to_owned());
        }
        let example = template
            .replace("{kind}", "code")
            .replace("{secret}", "secret");
        check_url(&example).map(|()| Self(template.to_owned()))
    }
}

impl fmt::Display for AcceptUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Encodes text for a segment of a path.
fn encoded(text: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// Checks the URL of an example.
fn check_url(example: &str) -> Result<(), String> {
    match url::Url::parse(example) {
        // Clients read the URL.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("it must not hold a user name or a password".to_owned())
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        _ => Err("it must be an absolute http or https URL".to_owned()),
    }
}

impl FromStr for GroupInviteUrl {
    type Err = String;

    fn from_str(template: &str) -> Result<Self, String> {
        if !template.contains("{code}") {
            return Err("it must contain {code}, and may contain {slug}".to_owned());
        }
        let example = template.replace("{slug}", "slug").replace("{code}", "code");
        check_url(&example).map(|()| Self(template.to_owned()))
    }
}

impl fmt::Display for GroupInviteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, GroupInviteUrl};

    #[test]
    fn without_a_template_links_are_below_the_public_url() {
        for base in [
            "https://invites.example/api",
            "https://invites.example/api/",
        ] {
            let url = GroupInviteUrl::below(base).with_code("open lab", &Code::new("A/B"));
            assert_eq!(
                url,
                "https://invites.example/api/group/open%20lab/invite/A%2FB"
            );
        }
    }
}
