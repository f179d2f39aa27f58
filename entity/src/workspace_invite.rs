//! `workspace_invites`: e-mail invitations, looked up by token without authentication. Their tokens
//! are in `invite_tokens`.

use sea_orm::entity::prelude::*;

/// Stored status. Clients see a derived one: a pending invite past its expiry is expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum StoredStatus {
    /// Neither accepted, cancelled nor expired.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Accepted.
    #[sea_orm(string_value = "accepted")]
    Accepted,
    /// Cancelled.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
    /// Expired according to the source.
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
    /// Workspace that the invitee joins by accepting.
    pub workspace_id: i64,
    /// Inviter.
    pub inviter_id: Option<i64>,
    /// Address of the person invited, as entered.
    pub email: String,
    /// Normalized `email`, for comparisons.
    pub email_norm: String,
    /// Role that the invite gives.
    pub role: String,
    /// Message from the inviter.
    pub message: Option<String>,
    /// Stored status.
    pub status: StoredStatus,
    /// When the invite was created.
    pub created_at: DateTimeUtc,
    /// When a pending invite expires; never if none.
    pub expires_at: Option<DateTimeUtc>,
    /// When the invite was accepted.
    pub accepted_at: Option<DateTimeUtc>,
    /// User who accepted the invite.
    pub accepted_by_id: Option<i64>,
    /// When the invite was cancelled.
    pub cancelled_at: Option<DateTimeUtc>,
    /// When the invitee declined. The row is then cancelled, too, for readers that know no refusal.
    pub declined_at: Option<DateTimeUtc>,
    /// When the gateway last changed the invite.
    pub updated_at: Option<DateTimeUtc>,
    /// When the gateway last sent the invite.
    pub last_sent_at: Option<DateTimeUtc>,
    /// How often the gateway sent the invite.
    pub send_count: i32,
    /// `email` folded for searches; null if folding changes only ASCII case.
    pub email_folded: Option<String>,
    /// `message` folded for searches; null if folding changes only ASCII case.
    pub message_folded: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
