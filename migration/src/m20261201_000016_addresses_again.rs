//! Recomputes `email_norm` where it differs, such as in rows that a program other than the gateway wrote.
//! [`colliding_addresses`] then finds rows that have the same address.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend, Statement},
};

use crate::m20261121_000006_addresses::{ADDRESSES, recompute};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Name of the migration.
pub const NAME: &str = "m20261201_000016_addresses_again";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            // Writers wait, so that no change is missed. Readers do not.
            let tables = ADDRESSES.map(|(table, _)| table).join(", ");
            let sql = format!("LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        for (table, incomparable) in ADDRESSES {
            recompute(manager, table, incomparable).await?;
        }
        Ok(())
    }

    /// Does nothing: the earlier values were wrong.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

/// Rows that have the same address, where one is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The rows, and what they share.
    pub rows: &'static str,
    /// Their number.
    pub total: i64,
    /// The lowest ids, at most ten.
    pub ids: Vec<i64>,
}

/// Finds rows that have the same address: verified users, and pending invites of one workspace.
///
/// # Errors
/// The database failed.
pub async fn colliding_addresses(database: &impl ConnectionTrait) -> Result<Vec<Collision>, DbErr> {
    let mut found = Vec::new();
    for (rows, table, address) in [
        (
            "users share a verified address with another user",
            "users WHERE is_verified AND deleted_at IS NULL AND email_norm <> ''",
            "email_norm",
        ),
        (
            "pending invites have the same workspace and address as another",
            "workspace_invites WHERE status = 'pending' AND email_norm <> ''",
            "workspace_id, email_norm",
        ),
    ] {
        let sql = format!(
            "SELECT id, count(*) OVER () AS total
             FROM (SELECT id, count(*) OVER (PARTITION BY {address}) AS equal
                   FROM {table}) addresses
             WHERE equal > 1 ORDER BY id LIMIT 10"
        );
        let statement = Statement::from_string(database.get_database_backend(), sql);
        let colliding = database.query_all_raw(statement).await?;
        if let Some(first) = colliding.first() {
            let ids = colliding.iter().map(|row| row.try_get_by("id"));
            found.push(Collision {
                rows,
                total: first.try_get_by("total")?,
                ids: ids.collect::<Result<_, _>>()?,
            });
        }
    }
    Ok(found)
}
