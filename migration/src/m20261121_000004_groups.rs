//! `groups`, their members and their invites.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{index, instant, instant_null, reference, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("groups")
                    .col(big_integer("id").primary_key())
                    .col(string_len("slug", 255))
                    .col(text("name"))
                    .col(instant("created_at"))
                    .col(instant_null("deleted_at"))
                    .take(),
            )
            .await?;
        manager.create_index(unique("groups", &["slug"])).await?;

        let table = "group_members";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_integer("group_id"))
                    .col(big_integer("user_id"))
                    .col(text("role"))
                    .primary_key(Index::create().col("group_id").col("user_id"))
                    .foreign_key(&mut reference(
                        table,
                        "group_id",
                        "groups",
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

        let table = "group_invites";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_integer("id").primary_key())
                    .col(big_integer("group_id"))
                    .col(string_len("code", 64))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .foreign_key(&mut reference(
                        table,
                        "group_id",
                        "groups",
                        ForeignKeyAction::Cascade,
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(unique(table, &["group_id"])).await?;
        manager.create_index(unique(table, &["code"])).await?;
        manager
            .create_index(index(table, &["created_at", "id"]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["group_invites", "group_members", "groups"] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}
