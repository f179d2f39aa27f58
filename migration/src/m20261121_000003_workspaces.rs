//! `workspaces`, their members and their invites.

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
                    .table("workspaces")
                    .col(big_integer("id").primary_key())
                    .col(text("name"))
                    .col(text("description"))
                    .col(text_null("logo_url"))
                    .col(instant("created_at"))
                    .col(instant_null("deleted_at"))
                    .take(),
            )
            .await?;

        let table = "workspace_members";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_integer("workspace_id"))
                    .col(big_integer("user_id"))
                    .col(text("role"))
                    .primary_key(Index::create().col("workspace_id").col("user_id"))
                    .foreign_key(&mut reference(
                        table,
                        "workspace_id",
                        "workspaces",
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

        let table = "workspace_invites";
        manager
            .create_table(
                Table::create()
                    .table(table)
                    .col(big_pk_auto("id"))
                    .col(uuid("token"))
                    .col(big_integer("workspace_id"))
                    .col(big_integer_null("inviter_id"))
                    .col(text("email"))
                    .col(text("email_norm"))
                    .col(text("role"))
                    .col(text_null("message"))
                    .col(one_of(
                        "status",
                        ["pending", "accepted", "cancelled", "expired"],
                    ))
                    .col(instant("created_at"))
                    .col(instant("expires_at"))
                    .col(instant_null("accepted_at"))
                    .col(big_integer_null("accepted_by_id"))
                    .col(instant_null("cancelled_at"))
                    .foreign_key(&mut reference(
                        table,
                        "workspace_id",
                        "workspaces",
                        ForeignKeyAction::Cascade,
                    ))
                    .foreign_key(&mut reference(
                        table,
                        "inviter_id",
                        "users",
                        ForeignKeyAction::SetNull,
                    ))
                    .foreign_key(&mut reference(
                        table,
                        "accepted_by_id",
                        "users",
                        ForeignKeyAction::SetNull,
                    ))
                    .take(),
            )
            .await?;
        manager.create_index(unique(table, &["token"])).await?;
        manager
            .create_index(index(table, &["workspace_id", "created_at", "id"]))
            .await?;
        manager
            .create_index(index(table, &["inviter_id", "created_at", "id"]))
            .await?;
        manager
            .create_index(index(table, &["email_norm", "created_at", "id"]))
            .await?;
        // Serves the list over all workspaces.
        manager
            .create_index(index(table, &["created_at", "id"]))
            .await?;
        // Serves "received" lists, and deleting a user without reading every invite.
        manager
            .create_index(index(table, &["accepted_by_id"]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["workspace_invites", "workspace_members", "workspaces"] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}
