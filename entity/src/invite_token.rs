//! `invite_tokens`: hashes of the tokens in the links of workspace invites. A token itself is stored
//! nowhere.

use sea_orm::entity::prelude::*;

/// A row of `invite_tokens`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invite_tokens")]
pub struct Model {
    /// SHA-256 of the token's 16 bytes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// The invite that the token opens.
    pub invite_id: i64,
    /// Workspace of the invite.
    pub workspace_id: i64,
    /// When the token was stored.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
