//! `courses`, their members and their invites.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{index, instant, instant_null, one_of, reference, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("courses")
                    .col(big_integer("id").primary_key())
                    .col(string_len("slug", 255))
                    .col(text("name"))
                    .col(text("description"))
                    .col(one_of("privacy", ["draft", "open", "private", "secret"]))
                    .col(big_integer("created_by_id"))
                    .col(instant("created_at"))
                    .col(instant_null("deleted_at"))
                    .foreign_key(&mut reference(
                        "courses",
                        "created_by_id",
                        "users",
                        ForeignKeyAction::Restrict,
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(unique("courses", &["slug"])).await?;
        // Serves the list of courses that a viewer made, and so manages.
        manager
            .create_index(index("courses", &["created_by_id"]))
            .await?;

        let table = "course_members";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_integer("course_id"))
                    .col(big_integer("user_id"))
                    .col(text("role"))
                    .primary_key(Index::create().col("course_id").col("user_id"))
                    .foreign_key(&mut reference(
                        table,
                        "course_id",
                        "courses",
                        ForeignKeyAction::Cascade,
                    ))
                    .foreign_key(&mut reference(
                        table,
                        "user_id",
                        "users",
                        ForeignKeyAction::Cascade,
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(index(table, &["user_id"])).await?;

        let table = "course_invites";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_pk_auto("id"))
                    .col(big_integer("course_id"))
                    .col(big_integer("user_id"))
                    .col(big_integer_null("invited_by_id"))
                    .col(instant("created_at"))
                    .col(instant_null("accepted_at"))
                    .col(instant_null("cancelled_at"))
                    .foreign_key(&mut reference(
                        table,
                        "course_id",
                        "courses",
                        ForeignKeyAction::Cascade,
                    ))
                    .foreign_key(&mut reference(
                        table,
                        "user_id",
                        "users",
                        ForeignKeyAction::Cascade,
                    ))
                    .foreign_key(&mut reference(
                        table,
                        "invited_by_id",
                        "users",
                        ForeignKeyAction::SetNull,
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(unique(table, &["course_id", "user_id"]))
            .await?;
        manager
            .create_index(index(table, &["course_id", "created_at", "id"]))
            .await?;
        manager
            .create_index(index(table, &["user_id", "created_at", "id"]))
            .await?;
        manager
            .create_index(index(table, &["invited_by_id", "created_at", "id"]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["course_invites", "course_members", "courses"] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}
