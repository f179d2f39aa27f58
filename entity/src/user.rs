//! `users`: accounts, which sign in, invite and are invited.

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
    /// Display name; may be empty.
    pub full_name: String,
    /// Address as entered; empty if unknown.
    pub email: String,
    /// Normalized `email`, for comparisons: trimmed, NFC, lower case. Empty matches no user.
    pub email_norm: String,
    /// URL of the picture.
    pub avatar_url: Option<String>,
    /// True if the user has proven that the address is theirs.
    pub is_verified: bool,
    /// Id in the customer's own system; not unique.
    pub ext_id: Option<String>,
    /// True if the user administers the whole installation.
    pub is_staff: bool,
    /// When the account was created.
    pub created_at: DateTimeUtc,
    /// When the account was deleted. References to it then resolve to null.
    pub deleted_at: Option<DateTimeUtc>,
    /// `username` folded for searches; null if folding changes only ASCII case.
    pub username_folded: Option<String>,
    /// `full_name` folded for searches; null if folding changes only ASCII case.
    pub full_name_folded: Option<String>,
    /// `email` folded for searches; null if folding changes only ASCII case.
    pub email_folded: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
