//! `tags`: labels that an invite code gives to whoever uses it.

use sea_orm::entity::prelude::*;

/// What a tag labels.
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
    /// What the tag labels.
    pub kind: TagKind,
    /// At most 64 characters, unique in its kind.
    pub name: String,
    /// What the tag means.
    pub description: Option<String>,
    /// `#rrggbb`.
    pub color: String,
    /// Whether the tag is shown beside a name.
    pub visible: bool,
    /// Whether the tag can still be given.
    pub active: bool,
    /// When the tag was made.
    pub created_at: DateTimeUtc,
    /// When the tag was deleted; it then leaves every list.
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
