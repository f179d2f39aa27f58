//! `group_members`: members of groups and their roles.

use sea_orm::entity::prelude::*;

/// A row of `group_members`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "group_members")]
pub struct Model {
    /// The group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_id: i64,
    /// The member.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// `owner`, `manager` or `member`: owners and managers manage the group.
    pub role: String,
}

impl ActiveModelBehavior for ActiveModel {}
