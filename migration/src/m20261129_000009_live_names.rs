//! Makes names unique among the rows that are not deleted, so that a name is free again once its
//! holder is deleted.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

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
        for (table, columns) in NAMES {
            let name = format!("uq_{table}_{}", columns.join("_"));
            let sql = format!(
                "DROP INDEX {name};
                 CREATE UNIQUE INDEX {name} ON {table} ({}) WHERE deleted_at IS NULL",
                columns.join(", ")
            );
            manager.get_connection().execute_unprepared(&sql).await?;
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
