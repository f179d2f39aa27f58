//! Links at which invites are accepted.

use std::{fmt, str::FromStr};

use super::Code;

/// Template of the URL at which a group invite is accepted, with `{slug}` and `{code}` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInviteUrl(String);

impl GroupInviteUrl {
    /// The form of the contract's example.
    pub const DEFAULT: &str = "https://www.are.na/group/{slug}/invite/{code}";

    /// The URL that accepts the invite with this code of the group with this slug. It contains the
    /// code.
    pub fn with_code(&self, slug: &str, code: &Code) -> String {
        let encode = |text: &str| {
            url::form_urlencoded::byte_serialize(text.as_bytes())
                .collect::<String>()
                .replace('+', "%20")
        };
        self.0
            .replace("{slug}", &encode(slug))
            .replace("{code}", &encode(code.as_str()))
    }
}

impl FromStr for GroupInviteUrl {
    type Err = String;

    fn from_str(template: &str) -> Result<Self, String> {
        if !template.contains("{code}") {
            return Err("it must contain {code}, and may contain {slug}".to_owned());
        }
        let example = template.replace("{slug}", "slug").replace("{code}", "code");
        match url::Url::parse(&example) {
            // Clients read the URL.
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                Err("it must not hold a user name or a password".to_owned())
            }
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Self(template.to_owned())),
            _ => Err("it must be an absolute http or https URL".to_owned()),
        }
    }
}

impl fmt::Display for GroupInviteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
