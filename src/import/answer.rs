//! Answers to imports that a client sends again with the same key.

use chrono::{DateTime, TimeDelta, Utc};
use entity::idempotency_key::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};
use sha2::{Digest, Sha256};

/// Time for which an answer is kept.
const LIFETIME: TimeDelta = TimeDelta::days(1);

/// The `user_id` of answers to imports: no user has it.
const NOBODY: i64 = 0;

/// A key that a client chose for an import.
#[derive(Clone, Debug)]
pub struct AnswerKey {
    key: String,
    fingerprint: Vec<u8>,
}

/// What is stored for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The answer to the same request.
    Same(String),
    /// Another request has the key.
    Other,
}

impl AnswerKey {
    /// Creates the key of a client's request. `request` is what the request asks for, without its body.
    pub fn new(client: &str, text: &str, request: &str) -> Self {
        let digest = Sha256::digest(format!("{client}\0{text}"));
        Self {
            key: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            fingerprint: Sha256::digest(request).to_vec(),
        }
    }

    /// Loads what is stored for the key.
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

    /// Stores an answer, and forgets old ones.
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
