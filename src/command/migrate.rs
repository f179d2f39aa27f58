//! `migrate`: creates or changes the database's tables.

use std::{
    collections::{BTreeSet, HashSet},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use migration::{Migrator, MigratorTrait, RECOMPUTES_ADDRESSES, colliding_addresses};
use sea_orm::{DatabaseConnection, DbErr};

use super::{CannotOpen, failed, print, print_error, wrong_usage};
use crate::{
    config::DatabaseUrl,
    database::{Pool, Purpose, Readiness, applied_migrations, fault, readiness},
};

/// Exit status of `status` if the database does not tell which migrations are applied.
const UNKNOWN: u8 = 3;

#[derive(Args)]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Subcommand)]
enum Direction {
    /// Apply pending migrations; creates the SQLite file if it does not exist
    Up {
        #[command(flatten)]
        database: DatabaseUrl,
        /// Apply only this many
        #[arg(long, value_name = "NUMBER")]
        steps: Option<u32>,
    },
    /// Revert migrations, newest first; this deletes their tables and all data in them
    Down {
        #[command(flatten)]
        database: DatabaseUrl,
        /// Revert this many
        #[arg(long, value_name = "NUMBER", required_unless_present = "all")]
        steps: Option<u32>,
        /// Revert all
        #[arg(long, conflicts_with = "steps")]
        all: bool,
    },
    /// List migrations and whether they are applied; only reads. Exits with 1 if any is pending, and with 3
    /// if the database does not tell: it is unreachable, or the role may not read
    Status {
        #[command(flatten)]
        database: DatabaseUrl,
    },
}

pub(super) async fn run(args: MigrateArgs) -> ExitCode {
    let (database, create) = match &args.direction {
        Direction::Up { database, .. } => (database, true),
        Direction::Down { database, .. } | Direction::Status { database } => (database, false),
    };
    let pool = Pool {
        create,
        ..database.pool()
    };
    let database = match pool.open().await {
        Ok(database) => database,
        Err(error) => return wrong_usage(CannotOpen(error)),
    };
    let exit = match &args.direction {
        Direction::Status { .. } => status(&database).await,
        direction => match migrate(&database, direction).await {
            Ok(report) => print(&report),
            Err(error) => {
                let reason = reason(&database, &error).await;
                failed(format_args!("the migration stopped: {reason}"))
            }
        },
    };
    // Migrations are committed even if closing fails.
    let _ = database.close().await;
    exit
}

/// Prints the list of migrations.
async fn status(database: &DatabaseConnection) -> ExitCode {
    let applied = match readiness(database, Purpose::READ).await {
        Readiness::Ready
        | Readiness::Newer
        | Readiness::NotMigrated
        | Readiness::MissingMigration(_)
        // The error has details.
        | Readiness::Unreachable => applied_migrations(database)
            .await
            .map_err(|error| format!("the database does not tell: {error}")),
        unreadable => Err(unreadable.to_string()),
    };
    match applied {
        Ok(applied) => match (print(&list(&applied)), is_complete(&applied)) {
            (printed, true) => printed,
            (_, false) => ExitCode::FAILURE,
        },
        Err(reason) => {
            print_error(reason);
            ExitCode::from(UNKNOWN)
        }
    }
}

/// Returns why a migration stopped. The pool's error for a server that it cannot connect to is that no
/// connection was free in time.
async fn reason(database: &DatabaseConnection, error: &DbErr) -> String {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        match fault(database).await {
            Readiness::Unreachable => {}
            fault => return fault.to_string(),
        }
    }
    error.to_string()
}

/// Applies or reverts migrations, and returns a report.
async fn migrate(database: &DatabaseConnection, direction: &Direction) -> Result<String, DbErr> {
    // In the first schema of the search path, where the migrations go. A later one may have its own table.
    Migrator::install(database).await?;
    let mut applied = applied_migrations(database).await?;
    let mut notes = String::new();
    match direction {
        Direction::Up { .. } if is_complete(&applied) => {
            return Ok("nothing to do: every migration is applied\n".to_owned());
        }
        Direction::Down { .. } if applied.is_empty() => {
            return Ok("nothing to do: no migration is applied\n".to_owned());
        }
        Direction::Up { steps, .. } => {
            let was_pending = !applied.contains(RECOMPUTES_ADDRESSES);
            Migrator::up(database, *steps).await?;
            applied = applied_migrations(database).await?;
            if was_pending && applied.contains(RECOMPUTES_ADDRESSES) {
                notes = collisions(database).await?;
            }
        }
        Direction::Down { steps, all, .. } => {
            Migrator::down(database, steps.filter(|_| !all)).await?;
            applied = applied_migrations(database).await?;
        }
        Direction::Status { .. } => {}
    }
    Ok(list(&applied) + &notes)
}

/// Returns true if every migration of this version is applied.
fn is_complete(applied: &HashSet<String>) -> bool {
    let migrations = Migrator::migrations();
    migrations.iter().all(|step| applied.contains(step.name()))
}

/// Lists the migrations of this version, and those that a later version applied.
fn list(applied: &HashSet<String>) -> String {
    let mut list = String::new();
    let mut later: BTreeSet<_> = applied.iter().map(String::as_str).collect();
    for step in Migrator::migrations() {
        let word = match later.remove(step.name()) {
            true => "applied",
            false => "pending",
        };
        list.push_str(&format!("{word}  {}\n", step.name()));
    }
    for name in later {
        list.push_str(&format!("unknown  {name}\n"));
    }
    list
}

/// Describes the rows that have the same address.
async fn collisions(database: &DatabaseConnection) -> Result<String, DbErr> {
    let mut notes = String::new();
    for collision in colliding_addresses(database).await? {
        let ids: Vec<_> = collision.ids.iter().map(i64::to_string).collect();
        let more = match collision.total > 10 {
            true => ", …",
            false => "",
        };
        notes.push_str(&format!(
            "note: {} {}; ids: {}{more}\n",
            collision.total,
            collision.rows,
            ids.join(", ")
        ));
    }
    Ok(notes)
}
