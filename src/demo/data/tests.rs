//! Tests of the loaded sample data.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::{DateTime, Utc};
use entity::{
    course, course_invite, group, group_invite, invite_code, invite_token, tag, user, workspace,
    workspace_invite::{self, StoredStatus},
};
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter,
    Statement,
};

use super::{
    super::{case::Case, codes, describe, workspaces},
    FILES, load, rows,
};
use crate::{
    database::{IN_MEMORY, Pool},
    invite::Token,
};

fn now() -> DateTime<Utc> {
    "2026-07-01T12:00:00Z".parse().expect("an instant")
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

/// Returns the look-up key of a case's row, if the row exists.
async fn key_of(database: &DatabaseConnection, case: &Case) -> Option<Option<String>> {
    macro_rules! find {
        ($table:ident, $row:ident => $key:expr) => {
            $table::Entity::find_by_id(case.id)
                .one(database)
                .await
                .expect("a result")
                .map(|$row| $key)
        };
    }
    match case.kind {
        "User" => find!(user, row => Some(row.username)),
        "Tag" => find!(tag, _row => None),
        "InviteCode" => find!(invite_code, row => Some(row.code)),
        "Workspace" => find!(workspace, _row => None),
        // Only the hash of a token is stored.
        "WorkspaceInvite" => {
            let key = case.key.clone()?;
            (invite_of(database, &key).await == Some(case.id)).then_some(Some(key))
        }
        "Group" => find!(group, row => Some(row.slug)),
        "GroupInvite" => find!(group_invite, row => Some(row.code)),
        "Course" => find!(course, row => Some(row.slug)),
        "CourseInvite" => find!(course_invite, _row => None),
        other => panic!("no kind of cases: {other}"),
    }
}

/// Returns the id of the workspace invite that a token opens.
async fn invite_of(database: &DatabaseConnection, token: &str) -> Option<i64> {
    let hash = Token::parse(token).expect("a token").hash();
    let row = invite_token::Entity::find_by_id(hash).one(database).await;
    row.expect("a result").map(|row| row.invite_id)
}

#[tokio::test]
async fn every_case_is_a_row() {
    let database = loaded().await;
    let mut cases = HashMap::new();
    for case in describe().expect("a description").cases {
        let key = key_of(&database, &case).await;
        assert_eq!(key, Some(case.key.clone()), "{case:?}");
        *cases.entry(case.kind).or_insert(0) += 1;
    }
    assert_eq!(cases.len(), 9, "{cases:?}");
}

#[test]
fn every_line_is_read() {
    for (kind, text) in FILES {
        let read = rows::<serde_json::Value>(kind).len();
        assert_eq!(read, text.lines().count(), "{kind}");
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
    // Two for the transaction of each of 14 imports, one for the stored keys of each of their chunks, and one for
    // each set of fields that rows state. Course invites have their ids looked up, too.
    assert!((14..=220).contains(&statements), "{statements} statements");
}

#[tokio::test]
async fn loading_twice_changes_nothing() {
    let database = loaded().await;
    let users = async || user::Entity::find().all(&database).await.expect("users");
    let codes = async || {
        let codes = invite_code::Entity::find().all(&database).await;
        codes.expect("codes")
    };
    let before = (users().await, codes().await);
    load(&database, now()).await.expect("sample data");
    assert!((users().await, codes().await) == before);
}

#[tokio::test]
async fn foreign_keys_hold() {
    let database = loaded().await;
    let check = Statement::from_string(database.get_database_backend(), "PRAGMA foreign_key_check");
    let broken = database.query_all_raw(check).await.expect("a result");
    assert!(broken.is_empty(), "{broken:?}");
}

#[tokio::test]
async fn the_big_course_has_its_invitees() {
    let database = loaded().await;
    // Counts invites as the data model defines them, without deleted accounts.
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
        .expect("a result")
        .expect("a row");
    assert_eq!(row.try_get::<i64>("", "n").expect("a number"), 2_000);
}

#[tokio::test]
async fn every_invite_has_the_status_that_its_case_names() {
    let database = loaded().await;
    for case in describe().expect("a description").cases {
        let status = match case.kind {
            "InviteCode" => {
                let code = invite_code::Entity::find_by_id(case.id)
                    .one(&database)
                    .await;
                let code = code.expect("a result").expect("a row");
                if code.used_at.is_some() {
                    "ACCEPTED"
                } else if code.cancelled_at.is_some() {
                    "CANCELLED"
                } else if code
                    .expires_at
                    .is_some_and(|expires_at| expires_at <= now())
                {
                    "EXPIRED"
                } else {
                    "PENDING"
                }
            }
            "WorkspaceInvite" if case.shows.starts_with("Of a deleted workspace") => continue,
            "WorkspaceInvite" => {
                let found = workspace_invite::Entity::find_by_id(case.id).one(&database);
                let invite = found.await.expect("a result").expect("a row");
                match invite.status {
                    StoredStatus::Accepted => "ACCEPTED",
                    StoredStatus::Cancelled => "CANCELLED",
                    StoredStatus::Expired => "EXPIRED",
                    StoredStatus::Pending if invite.expires_at <= Some(now()) => "EXPIRED",
                    StoredStatus::Pending => "PENDING",
                }
            }
            _ => continue,
        };
        assert!(case.shows.starts_with(status), "{case:?}");
    }
}

async fn code(database: &DatabaseConnection, code: &str) -> invite_code::Model {
    let codes = invite_code::Entity::find().filter(invite_code::Column::Code.eq(code));
    codes.one(database).await.expect("a result").expect("a row")
}

async fn workspace_invite(database: &DatabaseConnection, id: i64) -> workspace_invite::Model {
    let invite = workspace_invite::Entity::find_by_id(id).one(database).await;
    invite.expect("a result").expect("a row")
}

#[tokio::test]
async fn one_code_expires_soon_after_the_start() {
    let database = loaded().await;
    let soon = code(&database, codes::EXPIRES_SOON).await;
    assert_eq!(soon.expires_at, Some(now() + codes::EXPIRES_SOON_AFTER));
}

#[tokio::test]
async fn addresses_match_regardless_of_their_spelling() {
    let database = loaded().await;
    for (id, username, same_letters) in [
        (12, "mei.tanaka", false),
        (13, "leo.marchetti", true),
        (16, "josé.garcía", false),
    ] {
        let invite = workspace_invite(&database, id).await;
        let users = user::Entity::find().filter(user::Column::Username.eq(username));
        let person = users
            .one(&database)
            .await
            .expect("a result")
            .expect("a person");
        assert_eq!(invite.email_norm, person.email_norm);
        assert_eq!(invite.email == person.email, same_letters);
    }
}

#[tokio::test]
async fn there_are_ties_and_enough_to_page() {
    let database = loaded().await;
    let tie = code(&database, "TIE-01").await;
    let ties = invite_code::Entity::find()
        .filter(invite_code::Column::GeneratedAt.eq(tie.generated_at))
        .count(&database);
    assert_eq!(ties.await, Ok(30));

    let tie = workspace_invite(&database, 21).await;
    let ties = workspace_invite::Entity::find()
        .filter(workspace_invite::Column::WorkspaceId.eq(tie.workspace_id))
        .filter(workspace_invite::Column::CreatedAt.eq(tie.created_at))
        .count(&database);
    assert_eq!(ties.await, Ok(6));
    let paged = workspace_invite::Entity::find()
        .filter(workspace_invite::Column::WorkspaceId.eq(workspaces::TIDEWATER))
        .count(&database);
    assert_eq!(paged.await, Ok(73));
}

#[tokio::test]
async fn a_token_ends_in_its_id() {
    let database = loaded().await;
    let invites = workspace_invite::Entity::find().all(&database).await;
    for invite in invites.expect("invites") {
        let token = format!("d0000000-0000-4000-8000-{:012}", invite.id);
        assert_eq!(invite_of(&database, &token).await, Some(invite.id));
    }
}
