//! Values that sources lack: the expiry of a workspace invite that never expires, and the creator of a course.
//! And values that no client can read: on PostgreSQL, instants outside of the years 1 to 9999, such as
//! `infinity`. Stored ones become the nearest instant within; then a constraint refuses others.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::column::set_nullable;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The columns that may be null from now on.
const NULLABLE: [(&str, &str); 2] = [
    ("workspace_invites", "expires_at"),
    ("courses", "created_by_id"),
];

/// The columns with instants, by table.
const INSTANTS: [(&str, &[&str]); 12] = [
    ("users", &["created_at", "deleted_at"]),
    ("tags", &["created_at", "deleted_at"]),
    (
        "invite_codes",
        &[
            "generated_at",
            "sent_at",
            "used_at",
            "expires_at",
            "cancelled_at",
            "declined_at",
            "updated_at",
            "last_sent_at",
        ],
    ),
    ("workspaces", &["created_at", "deleted_at"]),
    (
        "workspace_invites",
        &[
            "created_at",
            "expires_at",
            "accepted_at",
            "cancelled_at",
            "declined_at",
            "updated_at",
            "last_sent_at",
        ],
    ),
    ("groups", &["created_at", "deleted_at"]),
    ("group_invites", &["created_at", "updated_at"]),
    ("courses", &["created_at", "deleted_at"]),
    (
        "course_invites",
        &[
            "created_at",
            "accepted_at",
            "cancelled_at",
            "declined_at",
            "updated_at",
            "last_sent_at",
        ],
    ),
    ("invite_tokens", &["created_at"]),
    ("invite_events", &["at"]),
    ("idempotency_keys", &["created_at"]),
];

const FIRST: &str = "TIMESTAMPTZ '0001-01-01 00:00:00+00'";
const LAST: &str = "TIMESTAMPTZ '9999-12-31 23:59:59+00'";
const END: &str = "TIMESTAMPTZ '10000-01-01 00:00:00+00'";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in NULLABLE {
            set_nullable(manager, table, column, true).await?;
        }
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        for (table, columns) in INSTANTS {
            let set = columns.iter().map(|column| {
                format!(
                    "{column} = CASE WHEN {column} < {FIRST} THEN {FIRST}
                     WHEN {column} >= {END} THEN {LAST} ELSE {column} END"
                )
            });
            let set = set.collect::<Vec<_>>().join(", ");
            let is_readable = columns
                .iter()
                .map(|column| format!("{column} >= {FIRST} AND {column} < {END}"));
            let is_readable = is_readable.collect::<Vec<_>>().join(" AND ");
            let sql = format!(
                "UPDATE {table} SET {set} WHERE NOT ({is_readable});
                 ALTER TABLE {table} ADD CONSTRAINT {} CHECK ({is_readable})",
                name(table)
            );
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    /// Gives invites that never expire the last instant as their expiry. Fails if a course has no creator.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        let last = match manager.get_database_backend() {
            DbBackend::Postgres => LAST,
            _ => "'9999-12-31 23:59:59+00:00'",
        };
        let sql =
            format!("UPDATE workspace_invites SET expires_at = {last} WHERE expires_at IS NULL");
        database.execute_unprepared(&sql).await?;
        for (table, column) in NULLABLE {
            set_nullable(manager, table, column, false).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            for (table, _) in INSTANTS {
                let sql = format!("ALTER TABLE {table} DROP CONSTRAINT {}", name(table));
                database.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}

fn name(table: &str) -> String {
    format!("ck_{table}_instants")
}
