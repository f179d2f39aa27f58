//! `workspaces`: targets of workspace invites.

use sea_orm::entity::prelude::*;

/// A row of `workspaces`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// URL of the logo.
    pub logo_url: Option<String>,
    /// When the workspace was created.
    pub created_at: DateTimeUtc,
    /// When the workspace was deleted. Its invites are then not found.
    pub deleted_at: Option<DateTimeUtc>,
    /// `name` folded for searches; null if folding changes only ASCII case.
    pub name_folded: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
