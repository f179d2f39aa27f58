//! `course_invites`: people invited to courses, by account or by e-mail address.

use sea_orm::entity::prelude::*;

/// Status of an invite, which triggers keep. Course invites do not expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum StoredStatus {
    /// Neither accepted nor cancelled, and the invited account is not a member.
    #[sea_orm(string_value = "pending")]
    Pending,
    /// Accepted, or the invited account is a member of the course.
    #[sea_orm(string_value = "accepted")]
    Accepted,
    /// Withdrawn.
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
    /// Refused by the invitee.
    #[sea_orm(string_value = "declined")]
    Declined,
}

/// A row of `course_invites`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "course_invites")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Course that the invitee joins by accepting.
    pub course_id: i64,
    /// Invitee; none if invited by address.
    pub user_id: Option<i64>,
    /// Address of a person invited by address, as entered; none if invited by account.
    pub email: Option<String>,
    /// Normalized `email`, for comparisons.
    pub email_norm: Option<String>,
    /// Inviter.
    pub invited_by_id: Option<i64>,
    /// When the invite was created.
    pub created_at: DateTimeUtc,
    /// When the invite was accepted.
    pub accepted_at: Option<DateTimeUtc>,
    /// User who accepted the invite here.
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
    /// Status; null if the invitee's account is deleted. Triggers set it, whoever writes.
    pub status: Option<StoredStatus>,
    /// `email` folded for searches; null if folding changes only ASCII case.
    pub email_folded: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
