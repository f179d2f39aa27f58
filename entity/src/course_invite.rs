//! `course_invites`: one invited user of a course.

use sea_orm::entity::prelude::*;

/// A row of `course_invites`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "course_invites")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Which course accepting joins.
    pub course_id: i64,
    /// The invitee.
    pub user_id: i64,
    /// Who invited.
    pub invited_by_id: Option<i64>,
    /// When the invite was made.
    pub created_at: DateTimeUtc,
    /// When it was accepted.
    pub accepted_at: Option<DateTimeUtc>,
    /// When it was withdrawn.
    pub cancelled_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
