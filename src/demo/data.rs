//! Puts the sample data into an empty database.

use chrono::{DateTime, Utc};
use entity::{
    course, course_invite, course_member, group, group_invite, group_member, invite_code,
    invite_code_tag, tag, user, workspace, workspace_invite, workspace_member,
};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, Iterable,
    TransactionTrait,
};

use super::{case::rows, codes, courses, groups, people, tags, workspace_invites, workspaces};

/// Most values that one statement binds: SQLite takes 32,766, PostgreSQL 65,535.
const VALUES_PER_STATEMENT: usize = 30_000;

/// Inserts all of the sample data, or nothing, into a database that has every migration and no row.
///
/// All instants are fixed but one: [`codes::EXPIRES_SOON`] expires some minutes after `now`.
///
/// # Errors
/// The database is away, not migrated, or not empty.
pub async fn load(database: &DatabaseConnection, now: DateTime<Utc>) -> Result<(), DbErr> {
    let transaction = database.begin().await?;
    let to = &transaction;
    // What is referred to comes first.
    insert::<user::Entity>(to, people::rows()).await?;
    insert::<tag::Entity>(to, rows(tags::tags())).await?;
    insert::<invite_code::Entity>(to, codes::rows(now)).await?;
    insert::<invite_code_tag::Entity>(to, tags::links()).await?;
    insert::<workspace::Entity>(to, rows(workspaces::workspaces())).await?;
    insert::<workspace_member::Entity>(to, workspaces::members()).await?;
    insert::<workspace_invite::Entity>(to, workspace_invites::rows()).await?;
    insert::<group::Entity>(to, rows(groups::groups())).await?;
    insert::<group_member::Entity>(to, groups::members()).await?;
    insert::<group_invite::Entity>(to, rows(groups::invites())).await?;
    insert::<course::Entity>(to, rows(courses::courses())).await?;
    insert::<course_member::Entity>(to, courses::members()).await?;
    insert::<course_invite::Entity>(to, courses::invite_rows()).await?;
    transaction.commit().await
}

/// Inserts `rows` with as few statements as the databases allow.
async fn insert<E>(transaction: &DatabaseTransaction, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let rows_per_statement = VALUES_PER_STATEMENT / E::Column::iter().count().max(1);
    let mut rows = rows
        .into_iter()
        .map(IntoActiveModel::<E::ActiveModel>::into_active_model)
        .peekable();
    while rows.peek().is_some() {
        E::insert_many(rows.by_ref().take(rows_per_statement))
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::instants::at;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use chrono::{DateTime, Utc};
    use entity::{
        course, course_invite, group, group_invite, invite_code, tag, user, workspace,
        workspace_invite,
    };
    use migration::{Migrator, MigratorTrait};
    use sea_orm::{
        ConnectionTrait, DatabaseConnection, EntityTrait, PaginatorTrait, Statement,
        sea_query::{Expr, Func, Query},
    };

    use super::{
        super::{Case, Kind, courses, describe},
        load,
    };
    use crate::database::{IN_MEMORY, Pool};

    fn now() -> DateTime<Utc> {
        at(2026, 7, 1, 12, 0)
    }

    async fn migrated() -> DatabaseConnection {
        let database = Pool::small(IN_MEMORY).open().await.expect("a database");
        Migrator::up(&database, None).await.expect("migrations");
        database
    }

    async fn loaded() -> DatabaseConnection {
        let database = migrated().await;
        load(&database, now()).await.expect("sample data");
        database
    }

    /// What the row of a case is looked up by, if the row exists.
    async fn key_of(database: &DatabaseConnection, case: &Case) -> Option<Option<String>> {
        macro_rules! find {
            ($table:ident, $row:ident => $key:expr) => {
                $table::Entity::find_by_id(case.id)
                    .one(database)
                    .await
                    .expect("an answer")
                    .map(|$row| $key)
            };
        }
        match case.kind {
            Kind::User => find!(user, row => Some(row.username)),
            Kind::Tag => find!(tag, _row => None),
            Kind::InviteCode => find!(invite_code, row => Some(row.code)),
            Kind::Workspace => find!(workspace, _row => None),
            Kind::WorkspaceInvite => find!(workspace_invite, row => Some(row.token.to_string())),
            Kind::Group => find!(group, row => Some(row.slug)),
            Kind::GroupInvite => find!(group_invite, row => Some(row.code)),
            Kind::Course => find!(course, row => Some(row.slug)),
            Kind::CourseInvite => find!(course_invite, _row => None),
        }
    }

    #[tokio::test]
    async fn every_case_is_a_row() {
        let database = loaded().await;
        for case in describe().expect("a description").cases {
            let key = key_of(&database, &case).await;
            assert_eq!(key, Some(case.key.clone()), "{case:?}");
        }
    }

    #[tokio::test]
    async fn loading_takes_few_statements() {
        let mut database = migrated().await;
        let statements = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&statements);
        database.set_metric_callback(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        load(&database, now()).await.expect("sample data");
        let statements = statements.load(Ordering::Relaxed);
        assert!((13..=20).contains(&statements), "{statements} statements");
    }

    #[tokio::test]
    async fn loading_twice_changes_nothing() {
        let database = loaded().await;
        let users = user::Entity::find()
            .count(&database)
            .await
            .expect("a count");
        load(&database, now())
            .await
            .expect_err("rows that are there");
        let after = user::Entity::find()
            .count(&database)
            .await
            .expect("a count");
        assert_eq!(users, after);
    }

    #[tokio::test]
    async fn foreign_keys_hold() {
        let database = loaded().await;
        let check =
            Statement::from_string(database.get_database_backend(), "PRAGMA foreign_key_check");
        let broken = database.query_all_raw(check).await.expect("an answer");
        assert!(broken.is_empty(), "{broken:?}");
    }

    #[tokio::test]
    async fn the_big_course_has_its_invitees() {
        let database = loaded().await;
        // The rule of the data model, and no deleted account.
        let count = Statement::from_string(
            database.get_database_backend(),
            "SELECT count(*) AS n FROM course_invites i JOIN users u ON u.id = i.user_id
             WHERE i.course_id = 1 AND i.accepted_at IS NULL AND i.cancelled_at IS NULL
               AND u.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM course_members m
                 WHERE m.course_id = i.course_id AND m.user_id = i.user_id)",
        );
        let row = database
            .query_one_raw(count)
            .await
            .expect("an answer")
            .expect("a row");
        assert_eq!(
            row.try_get::<i64>("", "n").expect("a number"),
            courses::INVITEES
        );
        assert_eq!(courses::INVITEES, 2_000);
    }

    /// An instant before 2023 is one that the calendar does not have.
    #[tokio::test]
    async fn every_instant_is_of_the_calendar() {
        let database = loaded().await;
        for (table, column) in [
            ("users", "created_at"),
            ("users", "deleted_at"),
            ("tags", "created_at"),
            ("invite_codes", "generated_at"),
            ("invite_codes", "used_at"),
            ("invite_codes", "expires_at"),
            ("invite_codes", "cancelled_at"),
            ("workspaces", "created_at"),
            ("workspace_invites", "created_at"),
            ("workspace_invites", "expires_at"),
            ("groups", "created_at"),
            ("group_invites", "updated_at"),
            ("courses", "created_at"),
            ("course_invites", "created_at"),
        ] {
            let first = Query::select()
                .expr_as(Func::min(Expr::col(column)), "first")
                .from(table)
                .take();
            let row = database
                .query_one(&first)
                .await
                .expect("an answer")
                .expect("a row");
            let first: DateTime<Utc> = row.try_get("", "first").expect("an instant");
            assert!(first >= at(2023, 1, 1, 0, 0), "{table}.{column}: {first}");
        }
    }
}
