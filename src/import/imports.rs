//! The database and limits of imports that a server accepts.

use std::time::Duration;

use sea_orm::DatabaseConnection;

/// The database and limits of imports that a server accepts.
#[derive(Clone, Debug)]
pub struct Imports {
    /// The database, with a role that may write all tables.
    pub database: DatabaseConnection,
    /// Longest body, in bytes.
    pub max_body: u64,
    /// Time limit of an import.
    pub time_limit: Duration,
}
