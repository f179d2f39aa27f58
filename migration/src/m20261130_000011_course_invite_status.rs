//! The status of course invites as a column. It depends on three tables: the invite, the memberships of
//! the course, and the invitee's account. Triggers keep it, whoever writes to them. The next migration
//! fills it for rows that were there before.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The columns of an invite that its status depends on.
const FACTS: &str = "course_id, user_id, accepted_at, cancelled_at, declined_at";

/// Returns the expression of the status of the invite `row`. Null if the invitee's account is deleted.
pub(crate) fn status(row: &str) -> String {
    format!(
        "CASE
            WHEN EXISTS (SELECT 1 FROM users u
                WHERE u.id = {row}.user_id AND u.deleted_at IS NOT NULL) THEN NULL
            WHEN {row}.accepted_at IS NOT NULL OR EXISTS (SELECT 1 FROM course_members m
                WHERE m.course_id = {row}.course_id AND m.user_id = {row}.user_id) THEN 'accepted'
            WHEN {row}.cancelled_at IS NULL THEN 'pending'
            WHEN {row}.declined_at IS NULL THEN 'cancelled'
            ELSE 'declined' END"
    )
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        let sql = "ALTER TABLE course_invites ADD COLUMN status text
            CHECK (status IN ('pending', 'accepted', 'cancelled', 'declined'))";
        database.execute_unprepared(sql).await?;
        let triggers = match manager.get_database_backend() {
            DbBackend::Postgres => postgres_triggers(),
            _ => sqlite_triggers(),
        };
        database.execute_unprepared(&triggers).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = match manager.get_database_backend() {
            DbBackend::Postgres => {
                "DROP TRIGGER invite_status ON course_invites;
                 DROP TRIGGER invite_status ON course_members;
                 DROP TRIGGER invite_status ON users;
                 DROP FUNCTION course_invite_status();
                 DROP FUNCTION course_invite_status_of_member();
                 DROP FUNCTION update_course_invite_status(bigint, bigint);
                 DROP FUNCTION course_invite_status_of_user()"
            }
            _ => {
                "DROP TRIGGER invite_status_of_new_invite;
                 DROP TRIGGER invite_status_of_changed_invite;
                 DROP TRIGGER invite_status_of_new_member;
                 DROP TRIGGER invite_status_of_changed_member;
                 DROP TRIGGER invite_status_of_former_member;
                 DROP TRIGGER invite_status_of_user"
            }
        };
        let database = manager.get_connection();
        database.execute_unprepared(sql).await?;
        let sql = "ALTER TABLE course_invites DROP COLUMN status";
        database.execute_unprepared(sql).await?;
        Ok(())
    }
}

/// The functions run with the rights of their owner, so that a writer needs none to the other tables.
/// They see what was committed when each of their statements began.
///
/// An invite and a membership that two transactions create at the same time do not see each other.
/// Therefore both lock the user. Where the invite is there already, locking it is enough: a lock of the
/// user would come after that of the invite in some transactions, and before it in others.
fn postgres_triggers() -> String {
    let of_new = status("NEW");
    let of_stored = status("i");
    let function = "LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT";
    format!(
        "CREATE FUNCTION course_invite_status() RETURNS trigger {function} AS $function$
         BEGIN
            IF TG_OP = 'INSERT' THEN
                PERFORM 1 FROM users WHERE id = NEW.user_id FOR NO KEY UPDATE;
            END IF;
            NEW.status := {of_new};
            RETURN NEW;
         END $function$;

         CREATE FUNCTION update_course_invite_status(course bigint, invitee bigint) RETURNS void
         {function} AS $function$
         BEGIN
            PERFORM 1 FROM course_invites
            WHERE course_id = course AND user_id = invitee FOR NO KEY UPDATE;
            IF NOT FOUND THEN
                PERFORM 1 FROM users WHERE id = invitee FOR NO KEY UPDATE;
            END IF;
            UPDATE course_invites i SET status = {of_stored}
            WHERE course_id = course AND user_id = invitee AND status IS DISTINCT FROM {of_stored};
         END $function$;

         CREATE FUNCTION course_invite_status_of_member() RETURNS trigger {function} AS $function$
         BEGIN
            IF TG_OP <> 'INSERT' THEN
                PERFORM update_course_invite_status(OLD.course_id, OLD.user_id);
            END IF;
            IF TG_OP <> 'DELETE' THEN
                PERFORM update_course_invite_status(NEW.course_id, NEW.user_id);
            END IF;
            RETURN NULL;
         END $function$;

         CREATE FUNCTION course_invite_status_of_user() RETURNS trigger {function} AS $function$
         BEGIN
            PERFORM 1 FROM course_invites WHERE user_id = NEW.id ORDER BY id FOR NO KEY UPDATE;
            UPDATE course_invites i SET status = {of_stored}
            WHERE user_id = NEW.id AND status IS DISTINCT FROM {of_stored};
            RETURN NULL;
         END $function$;

         CREATE TRIGGER invite_status BEFORE INSERT OR UPDATE OF {FACTS} ON course_invites
            FOR EACH ROW EXECUTE FUNCTION course_invite_status();
         CREATE TRIGGER invite_status AFTER INSERT OR DELETE OR UPDATE OF course_id, user_id
            ON course_members FOR EACH ROW EXECUTE FUNCTION course_invite_status_of_member();
         CREATE TRIGGER invite_status AFTER UPDATE OF deleted_at ON users FOR EACH ROW
            WHEN (OLD.deleted_at IS DISTINCT FROM NEW.deleted_at)
            EXECUTE FUNCTION course_invite_status_of_user()"
    )
}

/// SQLite has one writer at a time.
fn sqlite_triggers() -> String {
    let status = status("course_invites");
    let of_member = |row: &str| {
        format!(
            "UPDATE course_invites SET status = {status}
             WHERE course_id = {row}.course_id AND user_id = {row}.user_id;"
        )
    };
    let (of_new, of_old) = (of_member("NEW"), of_member("OLD"));
    format!(
        "CREATE TRIGGER invite_status_of_new_invite AFTER INSERT ON course_invites BEGIN
            UPDATE course_invites SET status = {status} WHERE id = NEW.id;
         END;
         CREATE TRIGGER invite_status_of_changed_invite AFTER UPDATE OF {FACTS} ON course_invites BEGIN
            UPDATE course_invites SET status = {status} WHERE id = NEW.id;
         END;
         CREATE TRIGGER invite_status_of_new_member AFTER INSERT ON course_members BEGIN
            {of_new}
         END;
         CREATE TRIGGER invite_status_of_changed_member
            AFTER UPDATE OF course_id, user_id ON course_members BEGIN
            {of_old} {of_new}
         END;
         CREATE TRIGGER invite_status_of_former_member AFTER DELETE ON course_members BEGIN
            {of_old}
         END;
         CREATE TRIGGER invite_status_of_user AFTER UPDATE OF deleted_at ON users BEGIN
            UPDATE course_invites SET status = {status} WHERE user_id = NEW.id;
         END"
    )
}
