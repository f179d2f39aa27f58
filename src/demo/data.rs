//! Loads the sample data through the import.

use std::error::Error;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{codes, learners};
use crate::{
    clock::Clock,
    import::{self, ImportError, Kind, Options, Rejection, Report, Summary},
};

/// Lists files of `examples/data` by the kind of their rows.
macro_rules! files {
    ($($kind:ident $name:literal,)+) => {
        [$((Kind::$kind, include_str!(concat!("../../examples/data/", $name, ".ndjson"))),)+]
    };
}

/// The files, in the order of import.
const FILES: [(Kind, &str); 11] = files! {
    Users "users",
    Workspaces "workspaces",
    WorkspaceMembers "workspace-members",
    Groups "groups",
    GroupMembers "group-members",
    Courses "courses",
    CourseMembers "course-members",
    InviteCodes "invite-codes",
    WorkspaceInvites "workspace-invites",
    GroupInvites "group-invites",
    CourseInvites "course-invites",
};

/// Reasons why the sample data cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database failed.
    #[error("{kind}: {source}: {}", cause(source))]
    Import {
        /// Kind of the rows.
        kind: Kind,
        /// The import's error.
        source: ImportError,
    },
    /// A row is invalid, or refers to a row that does not exist.
    #[error("{kind}: {rejection}")]
    Rejected {
        /// Kind of the rows.
        kind: Kind,
        /// The row and the reason.
        rejection: Rejection,
    },
}

fn cause(error: &ImportError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// Imports all of the sample data into a database that has every migration.
///
/// All instants are fixed but two: [`codes::EXPIRES_SOON`] expires some minutes after `now`, and
/// the deleted tag is deleted at `now`.
///
/// # Errors
/// The database fails or is not migrated, or other rows have the same unique names.
pub async fn load(database: &DatabaseConnection, now: DateTime<Utc>) -> Result<(), LoadError> {
    for (kind, rows) in FILES {
        import(database, now, kind, rows).await?;
    }
    for (kind, rows) in [
        (Kind::Users, learners::users()),
        (Kind::CourseInvites, learners::course_invites()),
        (Kind::InviteCodes, expires_soon(now)),
    ] {
        import(database, now, kind, &rows).await?;
    }
    Ok(())
}

/// Returns the rows of a file. Generated rows are in no file.
pub(super) fn rows<R: DeserializeOwned>(kind: Kind) -> Vec<R> {
    FILES
        .iter()
        .filter(|(of, _)| *of == kind)
        .flat_map(|(_, rows)| rows.lines())
        // Malformed lines must not prevent the demo from starting.
        .filter_map(|row| serde_json::from_str(row).ok())
        .collect()
}

/// Returns the row of [`codes::EXPIRES_SOON`] for a start at `now`.
fn expires_soon(now: DateTime<Utc>) -> String {
    let mut rows = rows::<Value>(Kind::InviteCodes);
    rows.retain(|row| row["code"] == codes::EXPIRES_SOON);
    for row in &mut rows {
        row["expires_at"] = json!((now + codes::EXPIRES_SOON_AFTER).to_rfc3339());
    }
    Value::from(rows).to_string()
}

async fn import(
    database: &DatabaseConnection,
    now: DateTime<Utc>,
    kind: Kind,
    rows: &str,
) -> Result<(), LoadError> {
    let clock = Clock::new(move || now);
    let options = Options {
        strict: true,
        ..Options::default()
    };
    let mut first = FirstRejection(None);
    import::run(database, &clock, kind, rows.as_bytes(), options, &mut first)
        .await
        .map_err(|source| LoadError::Import { kind, source })?;
    match first.0 {
        None => Ok(()),
        Some(rejection) => Err(LoadError::Rejected { kind, rejection }),
    }
}

/// Stores the first rejected row.
struct FirstRejection(Option<Rejection>);

impl Report for FirstRejection {
    fn noted(&mut self, _: &str) {}

    fn rejected(&mut self, rejection: &Rejection, _: Option<&str>) {
        self.0.get_or_insert_with(|| rejection.clone());
    }

    fn progressed(&mut self, _so_far: &Summary, _bytes: u64) {}
}

#[cfg(test)]
mod tests;
