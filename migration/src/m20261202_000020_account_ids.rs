//! Ids of accounts that the gateway makes, from [`FIRST_ID`].

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// First id that the gateway gives to a row. Sources number their own rows from below.
const FIRST_ID: i64 = 1_000_000_000_000;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// SQLite needs no sequence: one writer at a time takes the next id.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            let sql = format!(
                "CREATE SEQUENCE users_id_seq OWNED BY users.id;
                 SELECT setval('users_id_seq', greatest({FIRST_ID} - 1, coalesce(max(id), 0))) FROM users"
            );
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            let sql = "DROP SEQUENCE users_id_seq";
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
