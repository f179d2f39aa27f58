//! The ids of sources that have no 64-bit integers, and the ids that the gateway gives in their place.

use sea_orm_migration::{
    prelude::*,
    schema::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::column::unique;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "external_keys";

/// First id that the gateway gives to a row. Sources number their own rows from below.
const FIRST_ID: i64 = 1_000_000_000_000;

/// Tables whose ids only sources gave until now. `users` gets its sequence with the accounts of tokens.
const UNNUMBERED: [&str; 4] = ["tags", "workspaces", "groups", "courses"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(TABLE)
                    .col(text("source"))
                    .col(text("kind"))
                    .col(text("external_id"))
                    .col(big_integer("id"))
                    .primary_key(Index::create().col("source").col("kind").col("external_id"))
                    .take(),
            )
            .await?;
        manager.create_index(unique(TABLE, &["kind", "id"])).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            for table in UNNUMBERED {
                let sql = format!(
                    "CREATE SEQUENCE {table}_id_seq OWNED BY {table}.id;
                     SELECT setval('{table}_id_seq', greatest({FIRST_ID} - 1, coalesce(max(id), 0)))
                     FROM {table}"
                );
                manager.get_connection().execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            for table in UNNUMBERED {
                let sql = format!("DROP SEQUENCE {table}_id_seq");
                manager.get_connection().execute_unprepared(&sql).await?;
            }
        }
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }
}
