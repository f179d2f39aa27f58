//! `invite_codes`: personal codes, looked up in public by their code.

use sea_orm::entity::prelude::*;

/// A row of `invite_codes`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invite_codes")]
pub struct Model {
    /// Key in the source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The code itself, a secret: at most 64 characters, compared exactly.
    #[sea_orm(unique)]
    pub code: String,
    /// Role that using the code gives.
    pub role: Option<String>,
    /// Name of the person invited.
    pub name: Option<String>,
    /// Address of the person invited, as it was given.
    pub email: Option<String>,
    /// `email` as it is compared.
    pub email_norm: Option<String>,
    /// Who made the code.
    pub invited_by_id: Option<i64>,
    /// The account made with the code.
    pub user_id: Option<i64>,
    /// When the code was made.
    pub generated_at: DateTimeUtc,
    /// When the code was sent.
    pub sent_at: Option<DateTimeUtc>,
    /// When the code was used: it is accepted from then on.
    pub used_at: Option<DateTimeUtc>,
    /// From when on an unused code is expired; never, when absent.
    pub expires_at: Option<DateTimeUtc>,
    /// When the code was withdrawn.
    pub cancelled_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
