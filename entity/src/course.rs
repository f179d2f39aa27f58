//! `courses`: targets of course invites.

use sea_orm::entity::prelude::*;

/// Visibility of a course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum CoursePrivacy {
    /// Not published: visible to members and invitees.
    #[sea_orm(string_value = "draft")]
    Draft,
    /// Visible to all signed-in users, who may join.
    #[sea_orm(string_value = "open")]
    Open,
    /// Visible to all signed-in users, who may request to join.
    #[sea_orm(string_value = "private")]
    Private,
    /// Visible to members and invitees.
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
    /// Display name.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// Visibility.
    pub privacy: CoursePrivacy,
    /// Creator, who also manages the course.
    pub created_by_id: Option<i64>,
    /// When the course was created.
    pub created_at: DateTimeUtc,
    /// When the course was deleted. Its invites are then not found.
    pub deleted_at: Option<DateTimeUtc>,
    /// `name` folded for searches; null if folding changes only ASCII case.
    pub name_folded: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
