//! Course invites to e-mail addresses, for people without an account. A row has an account or an address.
//!
//! Its status depends on its own columns alone: the triggers of [`crate::m20261130_000011_course_invite_status`]
//! find neither an account nor a membership. Its address is the text by which it is found as an invitee.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::{
    column::set_nullable,
    m20261201_000014_folded_texts::{MAX_INVITEE, folded, invitee},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Condition: the row has an account or an address, and not both.
const ONE_INVITEE: &str = "CASE WHEN user_id IS NULL
    THEN email IS NOT NULL AND coalesce(email_norm, '') <> ''
    ELSE email IS NULL AND email_norm IS NULL END";

/// Indexes of the invites to addresses, and of those that an account accepted.
const INDEXES: [(&str, &str); 3] = [
    (
        "UNIQUE INDEX uq_course_invites_course_id_email_norm",
        "(course_id, email_norm) WHERE email_norm IS NOT NULL",
    ),
    (
        "INDEX ix_course_invites_email_norm_created_at_id",
        "(email_norm, created_at, id) WHERE email_norm IS NOT NULL",
    ),
    (
        "INDEX ix_course_invites_accepted_by_id",
        "(accepted_by_id) WHERE accepted_by_id IS NOT NULL",
    ),
];

/// The invites of a course by status, in the order of their creation.
const OF_COURSE: &str = "ix_course_invites_by_status";
const ORDER: &str = "course_id, status, created_at, id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        set_nullable(manager, "course_invites", "user_id", true).await?;
        for column in [
            "email_norm text",
            "email_folded text",
            &format!("email text CONSTRAINT ck_course_invites_invitee CHECK ({ONE_INVITEE})"),
            "accepted_by_id bigint REFERENCES users (id) ON DELETE SET NULL",
        ] {
            let sql = format!("ALTER TABLE course_invites ADD COLUMN {column}");
            database.execute_unprepared(&sql).await?;
        }
        for (index, columns) in INDEXES {
            let sql = format!("CREATE {index} ON course_invites {columns}");
            database.execute_unprepared(&sql).await?;
        }
        // The list of invitees reads this index alone; it has accounts only.
        replace_index(manager, &["invitee_folded", "user_id"]).await?;
        let backend = manager.get_database_backend();
        set_invitee(manager, &of_row(backend), "user_id, email, email_folded").await
    }

    /// Fails if there are invites to addresses.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        let backend = manager.get_database_backend();
        set_invitee(manager, &of_user(backend), "user_id").await?;
        replace_index(manager, &["invitee_folded"]).await?;
        for (index, _) in INDEXES {
            let name = index.rsplit(' ').next().unwrap_or_default();
            let sql = format!("DROP INDEX {name}");
            database.execute_unprepared(&sql).await?;
        }
        for column in ["accepted_by_id", "email", "email_folded", "email_norm"] {
            let sql = format!("ALTER TABLE course_invites DROP COLUMN {column}");
            database.execute_unprepared(&sql).await?;
        }
        set_nullable(manager, "course_invites", "user_id", false).await
    }
}

/// Returns the expression of the text of the account of a new row.
fn of_user(backend: DbBackend) -> String {
    let of_user = invitee(backend, "u");
    format!("(SELECT {of_user} FROM users u WHERE u.id = NEW.user_id)")
}

/// Returns the expression of the text by which the invitee of a new row is found.
fn of_row(backend: DbBackend) -> String {
    let (of_user, address) = (of_user(backend), folded(backend, "NEW", "email"));
    format!(
        "CASE WHEN NEW.user_id IS NULL THEN substr({address}, 1, {MAX_INVITEE}) ELSE {of_user} END"
    )
}

/// Replaces the triggers that keep the text of an invitee when its row changes.
async fn set_invitee(manager: &SchemaManager<'_>, text: &str, columns: &str) -> Result<(), DbErr> {
    let sql = match manager.get_database_backend() {
        DbBackend::Postgres => format!(
            "CREATE OR REPLACE FUNCTION course_invite_invitee() RETURNS trigger
             LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $function$
             BEGIN
                NEW.invitee_folded := {text};
                RETURN NEW;
             END $function$;
             DROP TRIGGER invitee_folded ON course_invites;
             CREATE TRIGGER invitee_folded BEFORE INSERT OR UPDATE OF {columns} ON course_invites
                FOR EACH ROW EXECUTE FUNCTION course_invite_invitee()"
        ),
        _ => {
            let update =
                format!("UPDATE course_invites SET invitee_folded = {text} WHERE id = NEW.id;");
            format!(
                "DROP TRIGGER invitee_of_new_invite;
                 DROP TRIGGER invitee_of_changed_invite;
                 CREATE TRIGGER invitee_of_new_invite AFTER INSERT ON course_invites BEGIN
                    {update}
                 END;
                 CREATE TRIGGER invitee_of_changed_invite AFTER UPDATE OF {columns} ON course_invites
                 BEGIN
                    {update}
                 END"
            )
        }
    };
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// Replaces the index of a course's invites, which has these columns besides its order.
async fn replace_index(manager: &SchemaManager<'_>, columns: &[&str]) -> Result<(), DbErr> {
    let columns = columns.join(", ");
    let sql = match manager.get_database_backend() {
        // Readers wait only for the last two steps, which are short.
        DbBackend::Postgres => format!(
            "CREATE INDEX {OF_COURSE}_new ON course_invites ({ORDER}) INCLUDE ({columns});
             DROP INDEX {OF_COURSE};
             ALTER INDEX {OF_COURSE}_new RENAME TO {OF_COURSE}"
        ),
        _ => format!(
            "DROP INDEX {OF_COURSE};
             CREATE INDEX {OF_COURSE} ON course_invites ({ORDER}, {columns})"
        ),
    };
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}
