//! `groups`: targets of group invites.

use sea_orm::entity::prelude::*;

/// A row of `groups`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "groups")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Name in URLs, compared exactly.
    #[sea_orm(unique)]
    pub slug: String,
    /// Display name.
    pub name: String,
    /// When the group was created.
    pub created_at: DateTimeUtc,
    /// When the group was deleted. Its invite is then not found.
    pub deleted_at: Option<DateTimeUtc>,
    /// `name` folded for searches; null if folding changes only ASCII case.
    pub name_folded: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
