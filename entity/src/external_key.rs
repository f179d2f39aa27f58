//! `external_keys`: ids of sources that have no 64-bit integers.

use sea_orm::entity::prelude::*;

/// A row of `external_keys`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_keys")]
pub struct Model {
    /// Name of the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    /// Table of the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Id that the source gave to the row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub external_id: String,
    /// Id of the row.
    pub id: i64,
}

impl ActiveModelBehavior for ActiveModel {}
