//! Accounts of people whom an identity provider names: made at their first request, linked to an account
//! of their verified address, and kept as the provider states them.
//!
//! A verified token is the right to write them. It precedes every proof, since there is no viewer yet.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use entity::user::Model;
use sea_orm::{ConnAcquireErr, DbErr};
use sha2::{Digest, Sha256};
use tokio::{sync::Mutex, time::timeout};
use url::Url;

use super::{
    WriteError, bounds,
    write::{Lock, Type, Write},
};
use crate::{
    database::{OpenDatabase, taken_name},
    email, fold,
    invite::FIRST_ID,
};

/// Most characters of a username, a display name and an external id.
const MAX_NAME: usize = 255;

/// Start of the username of people whose token has none.
const NAMELESS: &str = "user";

/// Times that an account is made if others take its username meanwhile.
const MAX_ATTEMPTS: u32 = 3;

/// A person's data as an identity provider states it.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The person's key at the provider.
    pub ext_id: String,
    /// Name to sign in with, possibly an address.
    pub username: Option<String>,
    /// Display name.
    pub full_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The provider has verified the address.
    pub is_verified: bool,
    /// URL of a picture.
    pub picture: Option<String>,
}

/// The values of an [`Identity`] that a row of `users` can hold. An account keeps its own values where these
/// are absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    ext_id: String,
    username: Option<String>,
    full_name: Option<String>,
    address: Option<Address>,
    avatar_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    email: String,
    email_norm: String,
    is_verified: bool,
}

impl Profile {
    /// Returns the values that an account can hold. None if the external id cannot be stored.
    ///
    /// A username that is an address is cut at its `@`, because usernames are public.
    pub fn new(identity: Identity) -> Option<Self> {
        let Identity { ext_id, .. } = &identity;
        if ext_id.is_empty() || ext_id.chars().count() > MAX_NAME || ext_id.contains('\0') {
            return None;
        }
        let address = identity.email.and_then(|email| {
            let email = email.trim().to_owned();
            Some(Address {
                email_norm: email::normalize(&email)?,
                is_verified: identity.is_verified,
                email,
            })
        });
        let username = identity.username.and_then(|username| {
            let start = username.split('@').next().unwrap_or_default();
            name(start)
        });
        Some(Self {
            ext_id: identity.ext_id,
            username,
            full_name: identity.full_name.as_deref().and_then(name),
            address,
            avatar_url: identity.picture.filter(|url| is_web(url)),
        })
    }

    /// Returns what the account does not have yet; none if nothing, and for ids below the gateway's own:
    /// accounts of imports are as their source states them.
    pub fn changes(&self, row: &Model) -> Option<Self> {
        let is_new_username = |name: &String| {
            row.username != *name && !taken_name::replaces(&row.username, name, MAX_NAME)
        };
        let is_new_address = |address: &Address| {
            row.email_norm != address.email_norm || (address.is_verified && !row.is_verified)
        };
        let Self {
            ext_id,
            username,
            full_name,
            address,
            avatar_url,
        } = self;
        // Compared before they are cloned: most requests change nothing.
        let username = username.as_ref().filter(|name| is_new_username(name));
        let full_name = full_name.as_ref().filter(|name| row.full_name != **name);
        let address = address.as_ref().filter(|address| is_new_address(address));
        let avatar_url = avatar_url
            .as_ref()
            .filter(|url| row.avatar_url.as_ref() != Some(*url));
        let is_changed =
            username.is_some() || full_name.is_some() || address.is_some() || avatar_url.is_some();
        (is_changed && row.id >= FIRST_ID).then(|| Self {
            ext_id: ext_id.clone(),
            username: username.cloned(),
            full_name: full_name.cloned(),
            address: address.cloned(),
            avatar_url: avatar_url.cloned(),
        })
    }
}

/// Returns a name that can be shown; none if it is empty or has control characters.
fn name(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(MAX_NAME).collect();
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}

fn is_web(text: &str) -> bool {
    let is_web = |url: Url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && Url::parse(text).is_ok_and(is_web)
}

/// Writes accounts; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    database: OpenDatabase,
    /// One account is written at a time, so that a rush of sign-ins leaves the connections to others.
    turn: Arc<Mutex<()>>,
    /// Time that a write waits for its turn before the database counts as unavailable.
    max_wait: Duration,
}

impl Accounts {
    /// Creates the writer of the primary database.
    pub fn new(database: impl Into<OpenDatabase>) -> Self {
        let database = database.into();
        let (_, max_wait) = bounds(&database);
        Self {
            database,
            turn: Arc::default(),
            max_wait,
        }
    }

    /// Links the person to the account of their verified address, or makes an account, unless some account
    /// has their external id.
    ///
    /// Links only if the provider and the account both state that the address is verified, no other live
    /// account has verified it, and the account has no external id and is not staff.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn create(&self, profile: &Profile, now: DateTime<Utc>) -> Result<(), WriteError> {
        const ID: &[(&str, Type)] = &[("id", Type::Int), ("how", Type::Text)];
        let verified = profile.address.as_ref().filter(|it| it.is_verified);
        let email_norm = verified.map(|it| it.email_norm.clone());
        let name = profile.username.as_deref().unwrap_or(NAMELESS);
        let address = profile.address.as_ref();
        let text = |of: fn(&Address) -> &String| address.map(of).cloned().unwrap_or_default();
        let full_name = profile.full_name.clone().unwrap_or_default();
        let unless_known = "NOT EXISTS (SELECT 1 FROM users WHERE ext_id = :ext_id)";
        let write = self.write(profile)
            .set("verified_norm", email_norm)
            .set("username", name)
            .set("username_folded", fold::stored(name))
            .set("full_name_folded", fold::stored(&full_name))
            .set("full_name", full_name)
            .set("email_folded", address.and_then(|it| fold::stored(&it.email)))
            .set("email", text(|it| &it.email))
            .set("email_norm", text(|it| &it.email_norm))
            .set("avatar_url", profile.avatar_url.clone())
            .set("is_verified", verified.is_some())
            .set("is_staff", false)
            .set("now", now)
            .step("linked", ID, format!(
                "UPDATE users SET ext_id = :ext_id
                 WHERE id = (SELECT min(id) FROM users
                    WHERE email_norm = :verified_norm AND is_verified AND deleted_at IS NULL
                    HAVING count(*) = 1 AND count(ext_id) = 0
                       AND sum(CASE WHEN is_staff THEN 1 ELSE 0 END) = 0)
                   AND ext_id IS NULL AND {unless_known}
                 RETURNING id, 'linked' AS how"
            ))
            .step("created", ID, format!(
                "INSERT INTO users (id, username, username_folded, full_name, full_name_folded, email, email_norm,
                    email_folded, avatar_url, is_verified, ext_id, is_staff, created_at)
                 SELECT {id}, {username}, :username_folded, :full_name, :full_name_folded, :email, :email_norm,
                    :email_folded, :avatar_url, :is_verified, :ext_id, :is_staff, :now
                 WHERE {unless_known} AND NOT EXISTS (SELECT 1 FROM linked)
                 ON CONFLICT DO NOTHING
                 RETURNING id, 'created' AS how",
                id = Write::new_id(&self.database, "users", "1"),
                username = self.free_username(profile.username.is_some()),
            ))
            .step("known", ID, "SELECT min(id) AS id, 'known' AS how FROM users WHERE ext_id = :ext_id HAVING count(*) > 0")
            .step("outcome", ID, "SELECT * FROM linked UNION ALL SELECT * FROM created UNION ALL SELECT * FROM known");
        let _turn = self.turn().await?;
        for _ in 0..MAX_ATTEMPTS {
            // Empty if somebody else took the username meanwhile.
            if let Some(row) = write.run(&self.database, "outcome").await?.first() {
                let (id, how): (i64, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
                match how.as_str() {
                    "linked" => tracing::info!(
                        id,
                        "linked a person to the account of their verified address"
                    ),
                    "created" => tracing::info!(id, "created an account for a new person"),
                    _ => {}
                }
                break;
            }
        }
        Ok(())
    }

    /// Writes the changes of an account. A new address is verified only if the provider says so.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn update(&self, changes: &Profile) -> Result<(), WriteError> {
        let mut set = Vec::new();
        let mut write = self.write(changes);
        if let Some(name) = &changes.username {
            set.push(format!("username = {}", self.free_username(true)));
            set.push("username_folded = :username_folded".to_owned());
            write = write
                .set("username", name.clone())
                .set("username_folded", fold::stored(name));
        }
        if let Some(name) = &changes.full_name {
            set.push("full_name = :full_name, full_name_folded = :full_name_folded".to_owned());
            write = write
                .set("full_name", name.clone())
                .set("full_name_folded", fold::stored(name));
        }
        if let Some(address) = &changes.address {
            let Address {
                email,
                email_norm,
                is_verified,
            } = address;
            set.push(
                "email = :email, email_norm = :email_norm, email_folded = :email_folded,
                 is_verified = (:is_verified OR (is_verified AND email_norm = :email_norm))"
                    .to_owned(),
            );
            write = write
                .set("email_folded", fold::stored(email))
                .set("email", email.clone())
                .set("email_norm", email_norm.clone())
                .set("is_verified", *is_verified);
        }
        if let Some(url) = &changes.avatar_url {
            set.push("avatar_url = :avatar_url".to_owned());
            write = write.set("avatar_url", url.clone());
        }
        let write = write.step("updated", &[("id", Type::Int)], format!(
            "UPDATE users SET {} WHERE ext_id = :ext_id AND deleted_at IS NULL AND id >= {FIRST_ID} RETURNING id",
            set.join(", ")
        ));
        let _turn = self.turn().await?;
        write.run(&self.database, "updated").await?;
        Ok(())
    }

    fn write(&self, profile: &Profile) -> Write {
        Write::new(&self.database)
            .with_locks([lock(&profile.ext_id)])
            .set("ext_id", profile.ext_id.clone())
    }

    /// Returns the expression of the username, or of one in its place if another account has it.
    fn free_username(&self, is_stated: bool) -> String {
        let backend = self.database.backend();
        let replacement = taken_name::replacement(backend, ":username", MAX_NAME);
        match is_stated {
            false => replacement,
            true => format!(
                "CASE WHEN EXISTS (SELECT 1 FROM users taken WHERE taken.username = :username
                    AND taken.deleted_at IS NULL
                    AND (taken.ext_id IS NULL OR taken.ext_id <> :ext_id))
                 THEN {replacement} ELSE :username END"
            ),
        }
    }

    async fn turn(&self) -> Result<tokio::sync::MutexGuard<'_, ()>, WriteError> {
        let turn = timeout(self.max_wait, self.turn.lock()).await;
        turn.map_err(|_| WriteError::from(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))
    }
}

/// Returns the lock of the accounts with an external id, which is the same in every gateway.
fn lock(ext_id: &str) -> Lock {
    let hash: [u8; 32] = Sha256::digest(ext_id).into();
    let start = hash[..8]
        .iter()
        .fold(0_i64, |start, byte| (start << 8) | i64::from(*byte));
    Lock::Account(start & ((1 << 60) - 1))
}

#[cfg(test)]
mod tests {
    use super::{Identity, Profile};

    fn profile(change: impl FnOnce(&mut Identity)) -> Option<Profile> {
        let mut identity = Identity {
            ext_id: "auth0|7".to_owned(),
            ..Identity::default()
        };
        change(&mut identity);
        Profile::new(identity)
    }

    #[test]
    fn what_no_row_can_hold_is_left_out() {
        for ext_id in ["", "a\0b", &"x".repeat(256)] {
            assert_eq!(profile(|it| it.ext_id = ext_id.to_owned()), None);
        }
        for (stated, expected) in [
            ("ada", Some("ada")),
            (" ada ", Some("ada")),
            ("ada@example.com", Some("ada")),
            ("@example.com", None),
            ("", None),
            ("a\0da", None),
            ("a\nda", None),
        ] {
            let profile = profile(|it| it.username = Some(stated.to_owned())).expect("a profile");
            assert_eq!(profile.username.as_deref(), expected, "{stated:?}");
        }
        for (stated, is_kept) in [
            ("https://img.example/1.png", true),
            ("http://img.example/1.png", true),
            ("javascript:alert(1)", false),
            ("/1.png", false),
            ("https://img.example/ 1.png", false),
        ] {
            let profile = profile(|it| it.picture = Some(stated.to_owned())).expect("a profile");
            assert_eq!(profile.avatar_url.is_some(), is_kept, "{stated}");
        }
        let profile = profile(|it| {
            it.email = Some("no address".to_owned());
            it.is_verified = true;
        });
        assert_eq!(profile.expect("a profile").address, None);
    }
}
