//! `invite_code_tags`: tags that invite codes give.

use sea_orm::entity::prelude::*;

/// A row of `invite_code_tags`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invite_code_tags")]
pub struct Model {
    /// Invite code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub invite_code_id: i64,
    /// Tag.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag_id: i64,
    /// Row of the invite code.
    #[sea_orm(belongs_to, from = "invite_code_id", to = "id")]
    pub invite_code: BelongsTo<super::invite_code::Entity>,
    /// Row of the tag.
    #[sea_orm(belongs_to, from = "tag_id", to = "id")]
    pub tag: BelongsTo<super::tag::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
