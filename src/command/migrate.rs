//! `migrate`: creates or changes the database's tables.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use migration::{Migrator, MigratorTrait, RECOMPUTES_ADDRESSES, colliding_addresses};
use sea_orm::{DatabaseConnection, DbErr};

use super::{CannotOpen, UNREADABLE, failed, print, print_error, wrong_usage};
use crate::{
    config::DatabaseUrl,
    database::{Pool, applied_migrations, is_unreadable},
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
    /// if the database does not tell
    Status {
        #[command(flatten)]
        database: DatabaseUrl,
    },
}

pub(super) async fn run(args: MigrateArgs) -> ExitCode {
    let (url, create) = match &args.direction {
        Direction::Up { database, .. } => (&database.database_url, true),
        Direction::Down { database, .. } | Direction::Status { database } => {
            (&database.database_url, false)
        }
    };
    let pool = Pool {
        create,
        ..Pool::small(url)
    };
    let database = match pool.open().await {
        Ok(database) => database,
        Err(error) => return wrong_usage(CannotOpen(error)),
    };
    let is_status = matches!(args.direction, Direction::Status { .. });
    let result = migrate(&database, args.direction).await;
    // Migrations are committed even if closing fails.
    let _ = database.close().await;
    match result {
        Ok((report, all_applied)) => {
            let printed = print(&report);
            if all_applied || !is_status {
                printed
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) if is_status => {
            match is_unreadable(&error) {
                true => print_error(UNREADABLE),
                false => print_error(format_args!("the database does not tell: {error}")),
            }
            ExitCode::from(UNKNOWN)
        }
        Err(error) => failed(format_args!("the migration stopped: {error}")),
    }
}

/// Returns the report, and whether every migration is applied.
async fn migrate(
    database: &DatabaseConnection,
    direction: Direction,
) -> Result<(String, bool), DbErr> {
    let mut notes = String::new();
    match direction {
        Direction::Up { steps, .. } => {
            let was_pending = is_pending(database, RECOMPUTES_ADDRESSES).await?;
            Migrator::up(database, steps).await?;
            if was_pending && !is_pending(database, RECOMPUTES_ADDRESSES).await? {
                notes = collisions(database).await?;
            }
        }
        Direction::Down { steps, all, .. } => {
            Migrator::down(database, steps.filter(|_| !all)).await?;
        }
        Direction::Status { .. } => {}
    }
    let applied = applied_migrations(database).await?;
    let mut report = String::new();
    let mut all_applied = true;
    for step in Migrator::migrations() {
        let is_applied = applied.contains(step.name());
        all_applied &= is_applied;
        let word = if is_applied { "applied" } else { "pending" };
        report.push_str(&format!("{word}  {}\n", step.name()));
    }
    Ok((report + &notes, all_applied))
}

async fn is_pending(database: &DatabaseConnection, name: &str) -> Result<bool, DbErr> {
    Ok(!applied_migrations(database).await?.contains(name))
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
