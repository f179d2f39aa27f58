//! `group_invites`: reusable join links, one per group, visible to the group's managers.

use sea_orm::entity::prelude::*;

/// A row of `group_invites`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "group_invites")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Group that the link joins.
    #[sea_orm(unique)]
    pub group_id: i64,
    /// Code in the link, a secret: at most 64 characters, case-sensitive.
    #[sea_orm(unique)]
    pub code: String,
    /// The URL of the link, if the source gave one. It contains the code.
    pub url: Option<String>,
    /// When the code was created.
    pub created_at: DateTimeUtc,
    /// When the code was last changed.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
