//! Fills the status of course invites, and adds the indexes that list and count invites by status.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::{column::index, m20261130_000011_course_invite_status::status};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Invites of a course with one status, in the order of their creation.
const OF_COURSE: &[&str] = &["course_id", "status", "created_at", "id"];

/// Invites of a workspace with one stored status, in the order of their creation. The last two columns
/// are there so that counting by effective status reads only the index.
const OF_WORKSPACE: &[&str] = &[
    "workspace_id",
    "status",
    "created_at",
    "id",
    "expires_at",
    "declined_at",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            // Writers wait, so that no change is missed. Readers do not.
            let sql =
                "LOCK TABLE users, course_members, course_invites IN SHARE ROW EXCLUSIVE MODE";
            database.execute_unprepared(sql).await?;
        }
        let status = status("course_invites");
        let sql = format!("UPDATE course_invites SET status = {status}");
        database.execute_unprepared(&sql).await?;
        for (table, columns) in [
            ("course_invites", OF_COURSE),
            ("workspace_invites", OF_WORKSPACE),
        ] {
            manager
                .create_index(index(table, columns).name(name(table)).take())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["course_invites", "workspace_invites"] {
            let index = Index::drop().name(name(table)).table(table).to_owned();
            manager.drop_index(index).await?;
        }
        Ok(())
    }
}

fn name(table: &str) -> String {
    format!("ix_{table}_by_status")
}
