//! Formats of other products, for `--from`: which of their members become which fields. All others are dropped.

use std::fmt;

use chrono::{DateTime, TimeDelta};
use clap::ValueEnum;
use serde_json::{Map, Value};

use super::{
    Kind,
    fields::{insert, is_instant},
};

/// A product whose rows have names and values of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// Clerk: users (also as CSV of the dashboard), organizations, memberships and invitations
    Clerk,
    /// WorkOS: users, organizations, memberships and invitations
    Workos,
    /// Auth0: users, organizations, members and invitations
    Auth0,
    /// GitHub: users, organizations, members and pending invitations
    Github,
}

/// The source of a field's value.
enum From {
    /// The first of these members that has a value. A path has dots.
    First(&'static [&'static str]),
    /// Texts, with blanks between them.
    Joined(&'static [&'static str]),
    /// A member without a prefix of its value.
    Without(&'static str, &'static str),
    /// The same value in every row, as JSON.
    Always(&'static str),
    /// An instant, these days after that of a member.
    DaysAfter(&'static str, i64),
    /// The primary address in Clerk's `email_addresses`, or its column in CSV.
    ClerkAddress,
    /// Whether that address is verified.
    ClerkVerified,
}

use From::{Always, ClerkAddress, ClerkVerified, DaysAfter, First, Joined, Without};

/// Fields of the rows of a kind, and their sources.
type Mapping = &'static [(&'static str, From)];

/// Values of a field and their meanings.
type Words = &'static [(&'static str, &'static str, &'static str)];

/// The workspace. Some lists do not say it; `--set` adds it.
const WORKSPACE: From = First(&["organization_id", "organization.id", "workspace_id"]);

/// The vendor's secrets are no tokens of the gateway, so the id is the key.
const NO_TOKEN: From = Always("[]");

const CLERK: [(Kind, Mapping); 4] = [
    (
        Kind::Users,
        &[
            ("id", First(&["id"])),
            ("ext_id", First(&["id"])),
            ("username", First(&["username", "id"])),
            ("full_name", Joined(&["first_name", "last_name"])),
            ("email", ClerkAddress),
            ("is_verified", ClerkVerified),
            ("avatar_url", First(&["image_url"])),
            ("created_at", First(&["created_at"])),
            ("deleted", First(&["deleted"])),
        ],
    ),
    (
        Kind::Workspaces,
        &[
            ("id", First(&["id"])),
            ("name", First(&["name"])),
            ("logo_url", First(&["image_url"])),
            ("created_at", First(&["created_at"])),
            ("deleted", First(&["deleted"])),
        ],
    ),
    (
        Kind::WorkspaceMembers,
        &[
            ("workspace_id", WORKSPACE),
            ("user_id", First(&["public_user_data.user_id", "user_id"])),
            ("role", Without("role", "org:")),
        ],
    ),
    (
        Kind::WorkspaceInvites,
        &[
            ("id", First(&["id"])),
            ("token_hashes", NO_TOKEN),
            ("workspace_id", WORKSPACE),
            ("email", First(&["email_address"])),
            ("inviter_id", First(&["inviter_id"])),
            ("role", Without("role", "org:")),
            ("status", First(&["status"])),
            ("created_at", First(&["created_at"])),
            // An invitation lasts a month, unless it says otherwise.
            ("expires_at", DaysAfter("created_at", 30)),
            ("expires_at", First(&["expires_at"])),
        ],
    ),
];

const WORKOS: [(Kind, Mapping); 4] = [
    (
        Kind::Users,
        &[
            ("id", First(&["id"])),
            ("ext_id", First(&["id"])),
            ("username", First(&["id"])),
            ("full_name", Joined(&["first_name", "last_name"])),
            ("email", First(&["email"])),
            ("is_verified", First(&["email_verified"])),
            ("avatar_url", First(&["profile_picture_url"])),
            ("created_at", First(&["created_at"])),
        ],
    ),
    (
        Kind::Workspaces,
        &[
            ("id", First(&["id"])),
            ("name", First(&["name"])),
            ("created_at", First(&["created_at"])),
        ],
    ),
    (
        Kind::WorkspaceMembers,
        &[
            ("workspace_id", WORKSPACE),
            ("user_id", First(&["user_id"])),
            ("role", First(&["role.slug", "role_slug"])),
            ("deleted", First(&["status"])),
        ],
    ),
    (
        Kind::WorkspaceInvites,
        &[
            ("id", First(&["id"])),
            ("token_hashes", NO_TOKEN),
            ("workspace_id", WORKSPACE),
            ("email", First(&["email"])),
            ("inviter_id", First(&["inviter_user_id"])),
            ("role", First(&["role_slug"])),
            ("status", First(&["state"])),
            ("created_at", First(&["created_at"])),
            ("expires_at", First(&["expires_at"])),
            ("accepted_at", First(&["accepted_at"])),
            ("accepted_by_id", First(&["accepted_user_id"])),
            ("cancelled_at", First(&["revoked_at"])),
        ],
    ),
];

const AUTH0: [(Kind, Mapping); 4] = [
    (
        Kind::Users,
        &[
            ("id", First(&["user_id"])),
            ("ext_id", First(&["user_id"])),
            ("username", First(&["username", "user_id"])),
            ("full_name", First(&["name", "nickname"])),
            ("email", First(&["email"])),
            ("is_verified", First(&["email_verified"])),
            ("avatar_url", First(&["picture"])),
            ("created_at", First(&["created_at"])),
        ],
    ),
    (
        Kind::Workspaces,
        &[
            ("id", First(&["id"])),
            ("name", First(&["display_name", "name"])),
            ("logo_url", First(&["branding.logo_url"])),
        ],
    ),
    (
        Kind::WorkspaceMembers,
        &[
            ("workspace_id", WORKSPACE),
            ("user_id", First(&["user_id"])),
            ("role", First(&["role", "roles.0.name"])),
        ],
    ),
    (
        Kind::WorkspaceInvites,
        &[
            ("id", First(&["id"])),
            ("token_hashes", NO_TOKEN),
            ("workspace_id", WORKSPACE),
            ("email", First(&["invitee.email"])),
            // Auth0 deletes an invitation that is accepted.
            ("status", Always("\"pending\"")),
            ("created_at", First(&["created_at"])),
            ("expires_at", First(&["expires_at"])),
        ],
    ),
];

const GITHUB: [(Kind, Mapping); 4] = [
    (
        Kind::Users,
        &[
            ("id", First(&["id"])),
            ("username", First(&["login"])),
            ("full_name", First(&["name", "login"])),
            ("email", First(&["email"])),
            ("avatar_url", First(&["avatar_url"])),
            ("created_at", First(&["created_at"])),
        ],
    ),
    (
        Kind::Workspaces,
        &[
            ("id", First(&["id"])),
            ("name", First(&["name", "login"])),
            ("description", First(&["description"])),
            ("logo_url", First(&["avatar_url"])),
            ("created_at", First(&["created_at"])),
        ],
    ),
    (
        Kind::WorkspaceMembers,
        &[
            ("workspace_id", WORKSPACE),
            ("user_id", First(&["user.id", "id"])),
            // A list of members has no roles.
            ("role", Always("\"member\"")),
            ("role", First(&["role"])),
            ("deleted", First(&["state"])),
        ],
    ),
    (
        Kind::WorkspaceInvites,
        &[
            ("id", First(&["id"])),
            ("token_hashes", NO_TOKEN),
            ("workspace_id", WORKSPACE),
            ("email", First(&["email"])),
            ("inviter.id", First(&["inviter.id"])),
            ("inviter.username", First(&["inviter.login"])),
            ("role", First(&["role"])),
            ("status", Always("\"pending\"")),
            ("created_at", First(&["created_at"])),
            // GitHub cancels an invitation after a week.
            ("expires_at", DaysAfter("created_at", 7)),
        ],
    ),
];

const WORDS: Words = &[
    // States of memberships.
    ("deleted", "active", "false"),
    ("deleted", "inactive", "true"),
    ("deleted", "pending", "true"),
    // GitHub's roles of invitations.
    ("role", "direct_member", "member"),
];

impl Preset {
    fn kinds(self) -> &'static [(Kind, Mapping)] {
        match self {
            Self::Clerk => &CLERK,
            Self::Workos => &WORKOS,
            Self::Auth0 => &AUTH0,
            Self::Github => &GITHUB,
        }
    }

    fn fields(self, kind: Kind) -> Option<Mapping> {
        let kinds = self.kinds().iter();
        let mut of_kind = kinds.filter(|(other, _)| *other == kind);
        of_kind.next().map(|(_, fields)| *fields)
    }

    /// Checks that the product has rows of a kind.
    ///
    /// # Errors
    /// It has none. The error is the message.
    pub fn check(self, kind: Kind) -> Result<(), String> {
        if self.fields(kind).is_some() {
            return Ok(());
        }
        let known: Vec<_> = self
            .kinds()
            .iter()
            .map(|(kind, _)| kind.to_string())
            .collect();
        Err(format!(
            "{self}: has no {kind}; expected {}",
            known.join(", ")
        ))
    }

    /// Returns the product with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// Replaces a row of the product by one with the fields of a kind. Those in `kept` stay.
    pub(super) fn apply<'a>(
        self,
        kind: Kind,
        row: &mut Value,
        kept: impl Iterator<Item = &'a str>,
    ) {
        let (Some(fields), Value::Object(members)) = (self.fields(kind), &*row) else {
            return;
        };
        // Remarks, such as those of `--rejects`.
        let remarks = members.iter().filter(|(name, _)| name.starts_with('_'));
        let mut mapped: Map<_, _> = remarks
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for (field, from) in fields {
            let Some(mut value) = from.read(row) else {
                continue;
            };
            if value.is_null() && mapped.contains_key(*field) {
                continue;
            }
            if is_instant(field)
                && let Some(instant) = milliseconds(&value)
            {
                value = instant;
            }
            let word = WORDS
                .iter()
                .find(|(of, word, _)| of == field && value == *word);
            if let Some((_, _, meaning)) = word {
                value = Value::from(*meaning);
            }
            let path: Vec<&str> = field.split('.').collect();
            insert(&mut mapped, &path, value);
        }
        for field in kept {
            if let Some(value) = member(row, field) {
                let path: Vec<&str> = field.split('.').collect();
                insert(&mut mapped, &path, value.clone());
            }
        }
        *row = Value::Object(mapped);
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => f.write_str(value.get_name()),
            None => Ok(()),
        }
    }
}

impl From {
    fn read(&self, row: &Value) -> Option<Value> {
        match self {
            First(paths) => {
                let mut found = paths.iter().filter_map(|path| member(row, path));
                // A null that a row states erases the stored value.
                let null = || {
                    paths
                        .iter()
                        .any(|path| row.get(*path).is_some())
                        .then_some(Value::Null)
                };
                found.next().cloned().or_else(null)
            }
            Joined(paths) => {
                let texts: Vec<_> = paths
                    .iter()
                    .filter_map(|path| member(row, path)?.as_str())
                    .collect();
                let is_stated = paths.iter().any(|path| row.get(*path).is_some());
                is_stated.then(|| texts.join(" ").into())
            }
            Without(path, prefix) => {
                let value = member(row, path)?;
                let text = value.as_str().and_then(|text| text.strip_prefix(prefix));
                Some(text.map_or_else(|| value.clone(), Value::from))
            }
            Always(json) => serde_json::from_str(json).ok(),
            DaysAfter(path, days) => {
                let value = member(row, path)?;
                let instant = milliseconds(value);
                let text = instant.as_ref().unwrap_or(value).as_str()?;
                let instant = DateTime::parse_from_rfc3339(text).ok()?;
                let later = instant.checked_add_signed(TimeDelta::days(*days))?;
                Some(later.to_rfc3339().into())
            }
            ClerkAddress => match clerk_address(row) {
                Some(address) => address.get("email_address").cloned(),
                None => member(row, "primary_email_address").cloned(),
            },
            ClerkVerified => match clerk_address(row) {
                Some(address) => {
                    let status = member(address, "verification.status")?;
                    Some((status == "verified").into())
                }
                None => {
                    let address = member(row, "primary_email_address")?;
                    let verified = member(row, "verified_email_addresses").and_then(Value::as_str);
                    let is_between = |c: char| "|,; ".contains(c);
                    let mut verified = verified.unwrap_or_default().split(is_between);
                    Some(verified.any(|verified| address == verified).into())
                }
            },
        }
    }
}

/// Returns the member at a path, unless it is null or empty.
fn member<'a>(row: &'a Value, path: &str) -> Option<&'a Value> {
    let found = row.pointer(&format!("/{}", path.replace('.', "/")))?;
    (!found.is_null() && found != "").then_some(found)
}

/// Returns the primary one of Clerk's addresses of a user.
fn clerk_address(row: &Value) -> Option<&Value> {
    let primary = member(row, "primary_email_address_id")?;
    let mut addresses = row.get("email_addresses")?.as_array()?.iter();
    addresses.find(|address| address.get("id") == Some(primary))
}

/// Returns the instant that a number of milliseconds since 1970 stands for.
fn milliseconds(value: &Value) -> Option<Value> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let instant = DateTime::from_timestamp_millis(number?)?;
    Some(instant.to_rfc3339().into())
}
