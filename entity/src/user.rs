//! `users`: the accounts that invite, are invited, and sign in.

use sea_orm::entity::prelude::*;

/// A row of `users`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Unique sign-in name, at most 255 characters.
    #[sea_orm(unique)]
    pub username: String,
    /// Name to show; may be empty.
    pub full_name: String,
    /// Address as it was given; empty when unknown.
    pub email: String,
    /// `email` as it is compared: trimmed, NFC, lower case. Empty matches nobody.
    pub email_norm: String,
    /// Picture to show.
    pub avatar_url: Option<String>,
    /// Whether the address is proven to be the user's.
    pub is_verified: bool,
    /// Id in the customer's own system; not unique.
    pub ext_id: Option<String>,
    /// Whether the user administers the whole installation.
    pub is_staff: bool,
    /// When the account was made.
    pub created_at: DateTimeUtc,
    /// When the account was deleted; such a user resolves to nobody.
    pub deleted_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
