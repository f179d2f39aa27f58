//! `workspace_invites`: e-mail invitations, looked up in public by their token.

use sea_orm::entity::prelude::*;

/// Status as stored. What clients see is derived: a pending invite past its expiry is expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum StoredStatus {
    /// Waiting for an answer.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Accepted.
    #[sea_orm(string_value = "accepted")]
    Accepted,
    /// Withdrawn.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
    /// Expired, as the source itself noted.
    #[sea_orm(string_value = "expired")]
    Expired,
}

/// A row of `workspace_invites`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace_invites")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What the e-mailed link carries, a secret.
    #[sea_orm(unique)]
    pub token: Uuid,
    /// Which workspace accepting joins.
    pub workspace_id: i64,
    /// Who invited.
    pub inviter_id: Option<i64>,
    /// Address of the person invited, as it was given.
    pub email: String,
    /// `email` as it is compared.
    pub email_norm: String,
    /// Role that accepting gives.
    pub role: String,
    /// Words of the inviter.
    pub message: Option<String>,
    /// Status as stored.
    pub status: StoredStatus,
    /// When the invite was made.
    pub created_at: DateTimeUtc,
    /// From when on a pending invite is expired.
    pub expires_at: DateTimeUtc,
    /// When it was accepted.
    pub accepted_at: Option<DateTimeUtc>,
    /// Who accepted it.
    pub accepted_by_id: Option<i64>,
    /// When it was withdrawn.
    pub cancelled_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
