//! `idempotency_keys`: requests to create invites that were carried out, by the key that the client
//! gave them.

use sea_orm::entity::prelude::*;

/// A row of `idempotency_keys`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// The user who sent the request.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// The key that the client chose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of the mutation's name and input.
    pub fingerprint: Vec<u8>,
    /// Outcome of each row of the input, in its order.
    pub outcome: String,
    /// When the request was carried out.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
