//! `migrate`: makes or changes the database's tables.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use migration::{MigrationStatus, Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, DbErr};

use super::{CannotOpen, failed, print, wrong_usage};
use crate::{config::DatabaseUrl, database::Pool};

#[derive(Args)]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Subcommand)]
enum Direction {
    /// Apply the steps that are not applied; makes an SQLite file that is not there
    Up {
        #[command(flatten)]
        database: DatabaseUrl,
        /// Apply this many steps only
        #[arg(long, value_name = "NUMBER")]
        steps: Option<u32>,
    },
    /// Revert steps, the newest first: their tables and all data in them are deleted
    Down {
        #[command(flatten)]
        database: DatabaseUrl,
        /// How many steps
        #[arg(long, value_name = "NUMBER", required_unless_present = "all")]
        steps: Option<u32>,
        /// All steps
        #[arg(long, conflicts_with = "steps")]
        all: bool,
    },
    /// List the steps, and which are applied; exits with 1 where one is not
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
    let result = migrate(&database, args.direction).await;
    // What is applied stays so, whatever becomes of the connections.
    let _ = database.close().await;
    match result {
        Ok((report, all_applied)) => {
            let printed = print(&report);
            if all_applied {
                printed
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => failed(format_args!("the migration stopped: {error}")),
    }
}

/// What to print, and whether that is a success.
async fn migrate(
    database: &DatabaseConnection,
    direction: Direction,
) -> Result<(String, bool), DbErr> {
    let is_status = matches!(direction, Direction::Status { .. });
    match direction {
        Direction::Up { steps, .. } => Migrator::up(database, steps).await?,
        Direction::Down { steps, all, .. } => {
            Migrator::down(database, steps.filter(|_| !all)).await?;
        }
        Direction::Status { .. } => {}
    }
    let steps = Migrator::get_migration_with_status(database).await?;
    let mut report = String::new();
    let mut all_applied = true;
    for step in steps {
        let is_applied = step.status() == MigrationStatus::Applied;
        all_applied &= is_applied;
        let word = if is_applied { "applied" } else { "pending" };
        report.push_str(&format!("{word}  {}\n", step.name()));
    }
    Ok((report, all_applied || !is_status))
}
