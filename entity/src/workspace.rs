//! `workspaces`: what a workspace invite joins.

use sea_orm::entity::prelude::*;

/// A row of `workspaces`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Name to show.
    pub name: String,
    /// What the workspace is for; may be empty.
    pub description: String,
    /// Logo to show.
    pub logo_url: Option<String>,
    /// When the workspace was made.
    pub created_at: DateTimeUtc,
    /// When the workspace was deleted; its invites are then not found.
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
