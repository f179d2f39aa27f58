//! `tags`: labels that invite codes give to the accounts created with them.

use sea_orm::entity::prelude::*;

/// Kind of object that a tag labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum TagKind {
    /// Users.
    #[sea_orm(string_value = "user")]
    User,
    /// Categories of content.
    #[sea_orm(string_value = "category")]
    Category,
    /// Contributions.
    #[sea_orm(string_value = "contribution")]
    Contribution,
}

/// A row of `tags`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tags")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Kind of object that the tag labels.
    pub kind: TagKind,
    /// Name, at most 64 characters, unique in its kind.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Color as `#rrggbb`.
    pub color: String,
    /// True if the tag is shown beside a name.
    pub visible: bool,
    /// True if the tag can still be given.
    pub active: bool,
    /// When the tag was created.
    pub created_at: DateTimeUtc,
    /// When the tag was deleted. No list contains it then.
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
