//! `invite_codes` and their tags.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{index, instant, instant_null, reference, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = "invite_codes";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_integer("id").primary_key())
                    .col(string_len("code", 64))
                    .col(text_null("role"))
                    .col(text_null("name"))
                    .col(text_null("email"))
                    .col(text_null("email_norm"))
                    .col(big_integer_null("invited_by_id"))
                    .col(big_integer_null("user_id"))
                    .col(instant("generated_at"))
                    .col(instant_null("sent_at"))
                    .col(instant_null("used_at"))
                    .col(instant_null("expires_at"))
                    .col(instant_null("cancelled_at"))
                    .foreign_key(&mut reference(
                        table,
                        "invited_by_id",
                        "users",
                        ForeignKeyAction::SetNull,
                    ))
                    .foreign_key(&mut reference(
                        table,
                        "user_id",
                        "users",
                        ForeignKeyAction::SetNull,
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(unique(table, &["code"])).await?;
        manager
            .create_index(index(table, &["invited_by_id", "generated_at", "id"]))
            .await?;
        manager
            .create_index(index(table, &["generated_at", "id"]))
            .await?;
        manager.create_index(index(table, &["email_norm"])).await?;
        // Serves "received" lists, and deleting a user without reading every code.
        manager.create_index(index(table, &["user_id"])).await?;

        let table = "invite_code_tags";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_integer("invite_code_id"))
                    .col(big_integer("tag_id"))
                    .primary_key(Index::create().col("invite_code_id").col("tag_id"))
                    .foreign_key(&mut reference(
                        table,
                        "invite_code_id",
                        "invite_codes",
                        ForeignKeyAction::Cascade,
                    ))
                    .foreign_key(&mut reference(
                        table,
                        "tag_id",
                        "tags",
                        ForeignKeyAction::Cascade,
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(index(table, &["tag_id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("invite_code_tags").take())
            .await?;
        manager
            .drop_table(Table::drop().table("invite_codes").take())
            .await
    }
}
