//! Stored responses to imports, for clients that repeat a request with the same idempotency key.

use chrono::{DateTime, TimeDelta, Utc};
use entity::idempotency_key::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};
use sha2::{Digest, Sha256};

/// Time for which a response is stored.
const LIFETIME: TimeDelta = TimeDelta::days(1);

/// The `user_id` of responses to imports. No user has it.
const NOBODY: i64 = 0;

/// The idempotency key that a client chose for an import.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: String,
    fingerprint: Vec<u8>,
}

/// The entry of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The response to the same request.
    Same(String),
    /// The key belongs to another request.
    Other,
}

impl IdempotencyKey {
    /// Creates the key of a client's request. `request` is its kind and parameters, without its body.
    pub fn new(client: &str, text: &str, request: &str) -> Self {
        let digest = Sha256::digest(format!("{client}\0{text}"));
        Self {
            key: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            fingerprint: Sha256::digest(request).to_vec(),
        }
    }

    /// Loads the entry of the key.
    ///
    /// # Errors
    /// The database failed.
    pub async fn stored(
        &self,
        database: &DatabaseConnection,
        now: DateTime<Utc>,
    ) -> Result<Option<Stored>, DbErr> {
        let found = Entity::find_by_id((NOBODY, self.key.clone()));
        let found = found.one(database).await?;
        let fresh = found.filter(|found| found.created_at > now - LIFETIME);
        Ok(
            fresh.map(|found| match found.fingerprint == self.fingerprint {
                true => Stored::Same(found.outcome),
                false => Stored::Other,
            }),
        )
    }

    /// Stores a response, and deletes old ones.
    ///
    /// # Errors
    /// The database failed.
    pub async fn store(
        &self,
        database: &DatabaseConnection,
        answer: String,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        Entity::delete_many()
            .filter(Column::UserId.eq(NOBODY))
            .filter(Column::CreatedAt.lte(now - LIFETIME))
            .exec(database)
            .await?;
        let model = ActiveModel {
            user_id: Set(NOBODY),
            key: Set(self.key.clone()),
            fingerprint: Set(self.fingerprint.clone()),
            outcome: Set(answer),
            created_at: Set(now),
        };
        let replace = OnConflict::columns([Column::UserId, Column::Key])
            .update_columns([Column::Fingerprint, Column::Outcome, Column::CreatedAt])
            .to_owned();
        Entity::insert(model)
            .on_conflict(replace)
            .exec_without_returning(database)
            .await?;
        Ok(())
    }
}
