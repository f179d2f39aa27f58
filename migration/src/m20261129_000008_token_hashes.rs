//! Moves the tokens of workspace invites to a table of their hashes, so that a dump, a backup or a
//! standby holds no link that works.

use sea_orm_migration::{
    prelude::*,
    schema::*,
    sea_orm::{ConnectionTrait, DbBackend, Statement, Value},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::column::{index, instant, reference, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "invite_tokens";
const INVITES: &str = "workspace_invites";

/// Number of rows in one read and one write.
const BATCH: u64 = 2000;

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
                    .col(binary("token_hash").primary_key())
                    .col(big_integer("invite_id"))
                    .col(big_integer("workspace_id"))
                    .col(instant("created_at"))
                    .foreign_key(&mut reference(
                        TABLE,
                        "invite_id",
                        INVITES,
                        ForeignKeyAction::Cascade,
                    ))
                    .take(),
            )
            .await?;
        let database = manager.get_connection();
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                // Writers wait, so that no token is missed. Readers wait only for the last step.
                let sql = format!(
                    "LOCK TABLE {INVITES} IN SHARE ROW EXCLUSIVE MODE;
                     INSERT INTO {TABLE} (token_hash, invite_id, workspace_id, created_at)
                     SELECT sha256(uuid_send(token)), id, workspace_id, created_at
                     FROM {INVITES}"
                );
                database.execute_unprepared(&sql).await?;
            }
            _ => hash_all(manager).await?,
        }
        manager.create_index(index(TABLE, &["invite_id"])).await?;
        manager
            .drop_index(
                Index::drop()
                    .name("uq_workspace_invites_token")
                    .table(INVITES)
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(Table::alter().table(INVITES).drop_column("token").take())
            .await
    }

    /// Gives each invite a new token. A hash does not tell the old one: links sent before end here.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                let sql = format!(
                    "ALTER TABLE {INVITES} ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
                     ALTER TABLE {INVITES} ALTER COLUMN token DROP DEFAULT"
                );
                database.execute_unprepared(&sql).await?;
            }
            _ => {
                // SQLite adds no column that must have a value without a constant for it.
                let sql = format!(
                    "ALTER TABLE {INVITES} ADD COLUMN token uuid_text NOT NULL DEFAULT '';
                     UPDATE {INVITES} SET token = randomblob(16)"
                );
                database.execute_unprepared(&sql).await?;
            }
        }
        manager.create_index(unique(INVITES, &["token"])).await?;
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }
}

/// Reads the tokens in the order of the invites' ids, and writes their hashes.
async fn hash_all(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let mut after = None;
    loop {
        let page = Query::select()
            .columns(["id", "token", "workspace_id", "created_at"])
            .from(INVITES)
            .and_where_option(after.map(|id: i64| Expr::col("id").gt(id)))
            .order_by("id", Order::Asc)
            .limit(BATCH)
            .take();
        let rows = database.query_all(&page).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = Some(last.try_get_by("id")?);
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 4);
        for row in &rows {
            let token: Uuid = row.try_get_by("token")?;
            let id: i64 = row.try_get_by("id")?;
            let workspace_id: i64 = row.try_get_by("workspace_id")?;
            let created_at: String = row.try_get_by("created_at")?;
            values.extend([
                Sha256::digest(token.as_bytes()).to_vec().into(),
                id.into(),
                workspace_id.into(),
                created_at.into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO {TABLE} (token_hash, invite_id, workspace_id, created_at) VALUES {}",
            vec!["(?, ?, ?, ?)"; rows.len()].join(", ")
        );
        let backend = database.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        database.execute_raw(statement).await?;
    }
}
