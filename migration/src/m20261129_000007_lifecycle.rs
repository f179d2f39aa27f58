//! Columns that writes need, the table of events, the keys of requests that were answered, and ids of
//! the gateway's own from [`FIRST_ID`].

use sea_orm_migration::{
    prelude::*,
    schema::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::column::{index, instant, instant_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// First id that the gateway gives to a row. Sources number their own rows from below.
const FIRST_ID: i64 = 1_000_000_000_000;

/// Tables of invites that are addressed to somebody.
const ADDRESSED: [&str; 3] = ["invite_codes", "workspace_invites", "course_invites"];

/// Tables whose ids PostgreSQL did not generate.
const UNNUMBERED: [&str; 2] = ["invite_codes", "group_invites"];

/// Tables whose ids the database generates.
const NUMBERED: [&str; 2] = ["workspace_invites", "course_invites"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ADDRESSED {
            for column in [
                instant_null("declined_at"),
                instant_null("updated_at"),
                instant_null("last_sent_at"),
                integer("send_count").default(0).take(),
            ] {
                let table = Table::alter().table(table).add_column(column).take();
                manager.alter_table(table).await?;
            }
        }

        let table = "invite_events";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(uuid("id").primary_key())
                    .col(text("type"))
                    .col(text("kind"))
                    .col(big_integer("invite_id"))
                    .col(big_integer_null("target_id"))
                    .col(big_integer_null("actor_id"))
                    .col(instant("at"))
                    .col(text_null("changed"))
                    .take(),
            )
            .await?;
        manager
            .create_index(index(table, &["kind", "invite_id", "id"]))
            .await?;

        let table = "idempotency_keys";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_integer("user_id"))
                    .col(text("key"))
                    .col(binary("fingerprint"))
                    .col(text("outcome"))
                    .col(instant("created_at"))
                    .primary_key(Index::create().col("user_id").col("key"))
                    .take(),
            )
            .await?;
        manager.create_index(index(table, &["created_at"])).await?;

        let database = manager.get_connection();
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                for table in UNNUMBERED {
                    let sql = format!(
                        "CREATE SEQUENCE {table}_id_seq OWNED BY {table}.id;
                         ALTER TABLE {table} ALTER COLUMN id SET DEFAULT nextval('{table}_id_seq')"
                    );
                    database.execute_unprepared(&sql).await?;
                }
                for table in UNNUMBERED.iter().chain(&NUMBERED) {
                    let sql = format!(
                        "SELECT setval(pg_get_serial_sequence('{table}', 'id'),
                                       greatest({FIRST_ID} - 1, coalesce(max(id), 0)))
                         FROM {table}"
                    );
                    database.execute_unprepared(&sql).await?;
                }
            }
            _ => {
                // SQLite numbers a row after the highest id that the table ever had.
                for table in NUMBERED {
                    let last = FIRST_ID - 1;
                    let sql = format!(
                        "INSERT INTO sqlite_sequence (name, seq) SELECT '{table}', 0
                         WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '{table}');
                         UPDATE sqlite_sequence SET seq = max(seq, {last}) WHERE name = '{table}'"
                    );
                    database.execute_unprepared(&sql).await?;
                }
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            for table in UNNUMBERED {
                let sql = format!(
                    "ALTER TABLE {table} ALTER COLUMN id DROP DEFAULT;
                     DROP SEQUENCE {table}_id_seq"
                );
                manager.get_connection().execute_unprepared(&sql).await?;
            }
        }
        for table in ["idempotency_keys", "invite_events"] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        for table in ADDRESSED {
            for column in ["send_count", "last_sent_at", "updated_at", "declined_at"] {
                let table = Table::alter().table(table).drop_column(column).take();
                manager.alter_table(table).await?;
            }
        }
        Ok(())
    }
}
