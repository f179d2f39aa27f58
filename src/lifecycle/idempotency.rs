//! Idempotency keys: a request to create invites that a client sends again is carried out once.

use chrono::{DateTime, TimeDelta, Utc};
use entity::idempotency_key::{Entity, Model};
use sea_orm::{DbErr, EntityTrait};
use sha2::{Digest, Sha256};

use super::{
    create::{Numbered, RESULT, Row, outcome},
    write::Write,
};
use crate::{database::OpenDatabase, invite::Refusal};

/// Time for which a key is remembered.
const LIFETIME: TimeDelta = TimeDelta::days(1);

/// Most characters of a key.
const MAX_LENGTH: usize = 64;

/// A key that a client chose for a request, and the fingerprint of the request.
#[derive(Clone, Debug)]
pub struct Key {
    text: String,
    fingerprint: Vec<u8>,
}

/// Stored outcome of a request with a key.
pub(super) enum Stored {
    /// The outcomes of the same request.
    Same(Vec<Numbered<Row>>),
    /// Another request has the key.
    Other,
}

impl Key {
    /// Reads the key of a request. `request` is everything that the outcome depends on.
    ///
    /// # Errors
    /// The key is empty or too long.
    pub fn new(text: &str, request: &str) -> Result<Self, Refusal> {
        if text.is_empty() || text.chars().count() > MAX_LENGTH || text.contains('\0') {
            return Err(Refusal::Invalid(
                "The idempotency key must have 1 to 64 characters.",
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            fingerprint: Sha256::digest(request).to_vec(),
        })
    }

    /// Adds the step that stores the outcome of each row.
    pub(super) fn step(&self, write: Write) -> Write {
        write
            .set("key", self.text.clone())
            .set("fingerprint", self.fingerprint.clone())
            .then(
                "forgotten",
                "DELETE FROM idempotency_keys
                 WHERE user_id = :actor AND created_at <= :day_ago AND key <> :key",
            )
            .then(
                "remembered",
                format!(
                    "INSERT INTO idempotency_keys (user_id, key, fingerprint, outcome, created_at)
                     SELECT :actor, :key, :fingerprint,
                            string_agg(CAST(n AS text) || '=' || CASE WHEN refusal IS NULL THEN CAST(id AS text)
                                ELSE refusal || ':' || coalesce(CAST(existing AS text), '') END,
                                ',' ORDER BY n),
                            :now
                     FROM {RESULT} WHERE 1 = 1 HAVING count(*) > 0
                     ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,
                        outcome = excluded.outcome, created_at = excluded.created_at"
                ),
            )
    }

    /// Loads what is stored for the key.
    pub(super) async fn stored(
        &self,
        database: &OpenDatabase,
        user_id: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<Stored>, DbErr> {
        let found = Entity::find_by_id((user_id, self.text.clone()))
            .one(database.orm())
            .await?;
        let fresh = found.filter(|found| found.created_at > now - LIFETIME);
        Ok(fresh.map(|found| self.compared(&found)))
    }

    fn compared(&self, found: &Model) -> Stored {
        if found.fingerprint != self.fingerprint {
            return Stored::Other;
        }
        let row = |text: &str| {
            let (number, text) = text.split_once('=')?;
            let outcome = match text.split_once(':') {
                None => outcome(None, None, text.parse().ok()),
                Some((refusal, existing)) => outcome(Some(refusal), existing.parse().ok(), None),
            };
            Some((number.parse().ok()?, outcome))
        };
        Stored::Same(found.outcome.split(',').filter_map(row).collect())
    }
}
