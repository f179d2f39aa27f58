//! `users` and `tags`.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{index, instant, instant_null, one_of, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("users")
                    .col(big_integer("id").primary_key())
                    .col(string_len("username", 255))
                    .col(text("full_name"))
                    .col(text("email"))
                    .col(text("email_norm"))
                    .col(text_null("avatar_url"))
                    .col(boolean("is_verified"))
                    .col(text_null("ext_id"))
                    .col(boolean("is_staff"))
                    .col(instant("created_at"))
                    .col(instant_null("deleted_at"))
                    .take(),
            )
            .await?;
        manager.create_index(unique("users", &["username"])).await?;
        manager
            .create_index(index("users", &["email_norm"]))
            .await?;
        manager.create_index(index("users", &["ext_id"])).await?;

        manager
            .create_table(
                Table::create()
                    .table("tags")
                    .col(big_integer("id").primary_key())
                    .col(one_of("kind", ["user", "category", "contribution"]))
                    .col(string_len("name", 64))
                    .col(text_null("description"))
                    .col(string_len("color", 7))
                    .col(boolean("visible"))
                    .col(boolean("active"))
                    .col(instant("created_at"))
                    .col(instant_null("deleted_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(unique("tags", &["kind", "name"]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("tags").take())
            .await?;
        manager
            .drop_table(Table::drop().table("users").take())
            .await
    }
}
