//! `courses`: what a course invite joins.

use sea_orm::entity::prelude::*;

/// Who may know of a course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum CoursePrivacy {
    /// Not published: known to those who make it.
    #[sea_orm(string_value = "draft")]
    Draft,
    /// Anybody signed in may know of it and join.
    #[sea_orm(string_value = "open")]
    Open,
    /// Anybody signed in may know of it; joining is asked for.
    #[sea_orm(string_value = "private")]
    Private,
    /// Known to those who are in it or invited.
    #[sea_orm(string_value = "secret")]
    Secret,
}

/// A row of `courses`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "courses")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Name in URLs, compared exactly.
    #[sea_orm(unique)]
    pub slug: String,
    /// Name to show.
    pub name: String,
    /// What the course is about; may be empty.
    pub description: String,
    /// Who may know of it.
    pub privacy: CoursePrivacy,
    /// Who made it, and so manages it.
    pub created_by_id: i64,
    /// When the course was made.
    pub created_at: DateTimeUtc,
    /// When the course was deleted; its invites are then not found.
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
