//! `workspace_members`: members of workspaces and their roles.

use sea_orm::entity::prelude::*;

/// A row of `workspace_members`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace_members")]
pub struct Model {
    /// The workspace.
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: i64,
    /// The member.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// `owner`, `admin`, `member`, …: owners and admins manage the workspace.
    pub role: String,
}

impl ActiveModelBehavior for ActiveModel {}
