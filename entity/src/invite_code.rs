//! `invite_codes`: personal codes, looked up without authentication.

use sea_orm::entity::prelude::*;

/// A row of `invite_codes`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invite_codes")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Code, a secret: at most 64 characters, case-sensitive.
    #[sea_orm(unique)]
    pub code: String,
    /// Role that the code gives.
    pub role: Option<String>,
    /// Name of the person invited.
    pub name: Option<String>,
    /// Address of the person invited, as entered.
    pub email: Option<String>,
    /// Normalized `email`, for comparisons.
    pub email_norm: Option<String>,
    /// Inviter, who created the code.
    pub invited_by_id: Option<i64>,
    /// Account created with the code.
    pub user_id: Option<i64>,
    /// When the code was created.
    pub generated_at: DateTimeUtc,
    /// When the code was sent.
    pub sent_at: Option<DateTimeUtc>,
    /// When the code was used, and so accepted.
    pub used_at: Option<DateTimeUtc>,
    /// When an unused code expires; never if absent.
    pub expires_at: Option<DateTimeUtc>,
    /// When the code was cancelled.
    pub cancelled_at: Option<DateTimeUtc>,
    /// When the invitee declined. The row is then cancelled, too, for readers that know no refusal.
    pub declined_at: Option<DateTimeUtc>,
    /// When the gateway last changed the invite.
    pub updated_at: Option<DateTimeUtc>,
    /// When the gateway last sent the invite.
    pub last_sent_at: Option<DateTimeUtc>,
    /// How often the gateway sent the invite.
    pub send_count: i32,
    /// `name` folded for searches; null if folding changes only ASCII case.
    pub name_folded: Option<String>,
    /// `email` folded for searches; null if folding changes only ASCII case.
    pub email_folded: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
