//! `course_members`: members of courses and their roles.

use sea_orm::entity::prelude::*;

/// A row of `course_members`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "course_members")]
pub struct Model {
    /// The course.
    #[sea_orm(primary_key, auto_increment = false)]
    pub course_id: i64,
    /// The member.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// `creator`, `manager` or `joined`: creators and managers manage the course.
    pub role: String,
}

impl ActiveModelBehavior for ActiveModel {}
