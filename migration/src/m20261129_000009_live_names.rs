//! Makes names unique among the rows that are not deleted, so that a name is free again once its
//! holder is deleted.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::column::unique;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The names of each table that has deleted rows.
const NAMES: [(&str, &[&str]); 4] = [
    ("users", &["username"]),
    ("tags", &["kind", "name"]),
    ("groups", &["slug"]),
    ("courses", &["slug"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        for (table, columns) in NAMES {
            let name = format!("uq_{table}_{}", columns.join("_"));
            let live = format!(
                "ON {table} ({}) WHERE deleted_at IS NULL",
                columns.join(", ")
            );
            // On PostgreSQL readers wait only for the last two steps, which are short.
            let sql = match is_postgres {
                true => format!(
                    "CREATE UNIQUE INDEX {name}_live {live};
                     DROP INDEX {name};
                     ALTER INDEX {name}_live RENAME TO {name}"
                ),
                false => format!("DROP INDEX {name}; CREATE UNIQUE INDEX {name} {live}"),
            };
            database.execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    /// Fails if a name was given again after its holder was deleted.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in NAMES {
            let name = format!("uq_{table}_{}", columns.join("_"));
            let index = Index::drop().name(name).table(table).to_owned();
            manager.drop_index(index).await?;
            manager.create_index(unique(table, columns)).await?;
        }
        Ok(())
    }
}
