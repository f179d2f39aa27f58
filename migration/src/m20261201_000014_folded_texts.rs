//! Columns of text folded for searches. A search then ignores case and form in every language, whatever
//! the locale of the database. The next migration fills them for rows that were there before.
//!
//! A program that imports or mutates writes the columns `…_folded`. Those are null for most rows: where
//! only ASCII case differs, the database folds the text itself.
//!
//! Triggers keep the texts of an invitee in the row of the course invite, whoever writes. So the search of
//! a course's invitees reads no users.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The columns that are searched, by table. Each gets a companion `…_folded`.
pub(crate) const SEARCHED: [(&str, &[&str]); 6] = [
    ("users", &["username", "full_name", "email"]),
    ("invite_codes", &["name", "email"]),
    ("workspace_invites", &["email", "message"]),
    ("workspaces", &["name"]),
    ("groups", &["name"]),
    ("courses", &["name"]),
];

/// Letters of an invitee's text. A row of an index has at most 2,704 bytes on PostgreSQL.
pub(crate) const MAX_INVITEE: u32 = 500;

/// The columns of a user that the text of an invitee depends on.
const NAMES: &str = "username, full_name, username_folded, full_name_folded";

/// Returns the expression of the folded text of a column of the row `row`.
pub(crate) fn folded(backend: DbBackend, row: &str, column: &str) -> String {
    let text = match backend {
        // The lower case of `I` depends on the database's own collation.
        DbBackend::Postgres => format!("{row}.{column} COLLATE \"C\""),
        _ => format!("{row}.{column}"),
    };
    format!("coalesce({row}.{column}_folded, lower({text}))")
}

/// Returns the expression of the text by which the user `row` is found as an invitee. An index holds it, so
/// it has a limited length.
pub(crate) fn invitee(backend: DbBackend, row: &str) -> String {
    let [username, full_name] =
        ["username", "full_name"].map(|column| folded(backend, row, column));
    let line_break = match backend {
        DbBackend::Postgres => "chr(10)",
        _ => "char(10)",
    };
    format!("substr({username} || {line_break} || {full_name}, 1, {MAX_INVITEE})")
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        for (table, column) in columns() {
            let sql = format!("ALTER TABLE {table} ADD COLUMN {column} text");
            database.execute_unprepared(&sql).await?;
        }
        let triggers = match manager.get_database_backend() {
            DbBackend::Postgres => postgres_triggers(),
            _ => sqlite_triggers(),
        };
        database.execute_unprepared(&triggers).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        let sql = match manager.get_database_backend() {
            DbBackend::Postgres => {
                "DROP TRIGGER invitee_folded ON course_invites;
                 DROP TRIGGER invitee_folded ON users;
                 DROP FUNCTION course_invite_invitee();
                 DROP FUNCTION course_invite_invitee_of_user()"
            }
            _ => {
                "DROP TRIGGER invitee_of_new_invite;
                 DROP TRIGGER invitee_of_changed_invite;
                 DROP TRIGGER invitee_of_user"
            }
        };
        database.execute_unprepared(sql).await?;
        for (table, column) in columns() {
            let sql = format!("ALTER TABLE {table} DROP COLUMN {column}");
            database.execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}

/// Returns the new columns with their tables.
fn columns() -> impl Iterator<Item = (&'static str, String)> {
    let companions = SEARCHED.into_iter().flat_map(|(table, columns)| {
        let columns = columns.iter();
        columns.map(move |column| (table, format!("{column}_folded")))
    });
    companions.chain([("course_invites", "invitee_folded".to_owned())])
}

/// The functions run with the rights of their owner, so that a writer needs none to the other table.
///
/// An invite and a new name of its invitee that two transactions write at the same time do not see each
/// other. Therefore the trigger `invite_status`, which runs before this one, locks the user of a new invite.
/// It also locks the invites of a user in the order of their ids, as the second function does.
fn postgres_triggers() -> String {
    let of = |row: &str| invitee(DbBackend::Postgres, row);
    let (of_user, of_old, of_new) = (of("u"), of("OLD"), of("NEW"));
    let function = "LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT";
    format!(
        "CREATE FUNCTION course_invite_invitee() RETURNS trigger {function} AS $function$
         BEGIN
            NEW.invitee_folded := (SELECT {of_user} FROM users u WHERE u.id = NEW.user_id);
            RETURN NEW;
         END $function$;

         CREATE FUNCTION course_invite_invitee_of_user() RETURNS trigger {function} AS $function$
         BEGIN
            PERFORM 1 FROM course_invites WHERE user_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
            UPDATE course_invites SET invitee_folded = {of_new} WHERE user_id = NEW.id;
            RETURN NULL;
         END $function$;

         CREATE TRIGGER invitee_folded BEFORE INSERT OR UPDATE OF user_id ON course_invites
            FOR EACH ROW EXECUTE FUNCTION course_invite_invitee();
         CREATE TRIGGER invitee_folded AFTER UPDATE OF {NAMES} ON users FOR EACH ROW
            WHEN ({of_old} IS DISTINCT FROM {of_new})
            EXECUTE FUNCTION course_invite_invitee_of_user()"
    )
}

/// SQLite has one writer at a time.
fn sqlite_triggers() -> String {
    let of = |row: &str| invitee(DbBackend::Sqlite, row);
    let (of_user, of_new) = (of("u"), of("NEW"));
    let update = format!(
        "UPDATE course_invites
         SET invitee_folded = (SELECT {of_user} FROM users u WHERE u.id = NEW.user_id)
         WHERE id = NEW.id;"
    );
    format!(
        "CREATE TRIGGER invitee_of_new_invite AFTER INSERT ON course_invites BEGIN {update} END;
         CREATE TRIGGER invitee_of_changed_invite AFTER UPDATE OF user_id ON course_invites BEGIN
            {update}
         END;
         CREATE TRIGGER invitee_of_user AFTER UPDATE OF {NAMES} ON users BEGIN
            UPDATE course_invites SET invitee_folded = {of_new} WHERE user_id = NEW.id;
         END"
    )
}
