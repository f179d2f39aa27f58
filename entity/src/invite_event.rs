//! `invite_events`: what happened to invites, in the order of the ids. Holds no code, token or link.

use sea_orm::entity::prelude::*;

/// A row of `invite_events`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invite_events")]
pub struct Model {
    /// UUID of version 7: ids are in the order of time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The type of event, such as `accepted`.
    #[sea_orm(column_name = "type")]
    pub event_type: String,
    /// Kind of the invite, such as `workspace_invite`.
    pub kind: String,
    /// Key of the invite in the table of its kind.
    pub invite_id: i64,
    /// The workspace, group or course. None for invite codes.
    pub target_id: Option<i64>,
    /// The user who caused the event. None if nobody did.
    pub actor_id: Option<i64>,
    /// When it happened.
    pub at: DateTimeUtc,
    /// Names of the fields that an update changed, separated by commas.
    pub changed: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
