//! An index of the pending workspace invites. Creating an invite looks for a pending one to the same
//! address, and counts the pending ones of the workspace, which may have many more that are settled.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const NAME: &str = "ix_workspace_invites_pending";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = format!(
            "CREATE INDEX {NAME} ON workspace_invites (workspace_id, email_norm, expires_at)
             WHERE status = 'pending'"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop()
            .name(NAME)
            .table("workspace_invites")
            .to_owned();
        manager.drop_index(index).await
    }
}
