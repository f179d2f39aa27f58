//! Readiness of a database, and the reason if it is not ready.

use std::{borrow::Cow, collections::HashSet, fmt, io::ErrorKind, sync::LazyLock};

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, sea_query::Query};
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use super::{
    INSUFFICIENT_PRIVILEGE, Privilege, UNDEFINED_TABLE, code, has_code, search_path, writability,
};

/// The use of a database besides reading, which decides what it must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purpose {
    /// Writing what mutations write.
    pub mutations: bool,
    /// Writing the accounts of people who sign in. Optional on a database that is read-only.
    pub accounts: bool,
}

impl Purpose {
    /// Reading.
    pub const READ: Self = Self {
        mutations: false,
        accounts: false,
    };

    /// Reading, and writing what mutations write.
    pub const WRITE: Self = Self {
        mutations: true,
        accounts: false,
    };
}

/// Readiness of a database. Its text, for operators, states the reason and the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Reachable, and every migration is applied.
    Ready,
    /// Ready, but also with migrations of a later version of the gateway.
    Newer,
    /// The database did not respond.
    Unreachable,
    /// The host's name has no address.
    UnknownHost,
    /// The server refused the connection, or nothing listens there.
    Refused,
    /// The server has no database of that name.
    UnknownDatabase,
    /// The server rejected the role or its password.
    Rejected,
    /// No TLS connection was possible: the server has no TLS, or no certificate that is trusted.
    Untrusted,
    /// Reachable, but its sessions are not those that the URL demands.
    Unwanted,
    /// Reachable through a pooler that ignores the search path of the URL.
    IgnoredSearchPath,
    /// Reachable through a pooler that gives one connection the prepared statements of another.
    MixedStatements,
    /// Reachable, but no migration is applied: `invite-gateway migrate up`.
    NotMigrated,
    /// Reachable, but this migration is not applied: `invite-gateway migrate up`.
    MissingMigration(&'static str),
    /// Reachable, but the role may not read the list of applied migrations, nor probably any table.
    Unreadable,
    /// Migrated, but read-only: a standby, a file that cannot be written, or a role whose transactions
    /// are read-only.
    ReadOnly,
    /// Migrated, but the role lacks this right, which the script [`Privilege::script`] grants.
    MissingPrivilege(&'static Privilege),
}

/// PostgreSQL's `invalid_catalog_name`.
const UNKNOWN_DATABASE: &str = "3D000";

/// PostgreSQL's `invalid_password` and `invalid_authorization_specification`, and a role that may not connect.
const REJECTED: [&str; 3] = ["28P01", "28000", INSUFFICIENT_PRIVILEGE];

/// Beginning of the standard library's error for a name that cannot be resolved, which has no kind.
const UNRESOLVED: &str = "failed to lookup address information";

impl Readiness {
    /// Returns the reason for an error of connecting to PostgreSQL.
    pub(super) fn from_connect_error(error: &sqlx::Error) -> Self {
        match error {
            _ if has_code(error, &[UNKNOWN_DATABASE]) => Self::UnknownDatabase,
            _ if has_code(error, &REJECTED) => Self::Rejected,
            sqlx::Error::Configuration(error) if error.is::<search_path::Ignored>() => {
                Self::IgnoredSearchPath
            }
            sqlx::Error::Tls(_) => Self::Untrusted,
            sqlx::Error::Io(error) => match error.kind() {
                // Of TLS.
                ErrorKind::InvalidData => Self::Untrusted,
                // A socket in the file system may be absent.
                ErrorKind::ConnectionRefused | ErrorKind::NotFound => Self::Refused,
                _ if error.to_string().starts_with(UNRESOLVED) => Self::UnknownHost,
                _ => Self::Unreachable,
            },
            _ => Self::Unreachable,
        }
    }

    /// Returns true if requests can be served.
    pub fn is_ready(self) -> bool {
        matches!(self, Self::Ready | Self::Newer)
    }

    /// Adds the result of another check of a database that is ready.
    pub(super) fn and(self, other: Self) -> Self {
        match other {
            Self::Ready => self,
            unready => unready,
        }
    }

    /// Returns a few words for everyone, which name nothing of the configuration.
    pub fn summary(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Ready | Self::Newer => "ready",
            Self::Unreachable => "database unreachable",
            Self::UnknownHost => "database host not found",
            Self::Refused => "database refuses connections",
            Self::UnknownDatabase => "database does not exist",
            Self::Rejected => "database rejects the role or password",
            Self::Untrusted => "database without trusted TLS",
            Self::Unwanted => "database not as target_session_attrs demands",
            Self::IgnoredSearchPath => "database pooler ignores the search path",
            Self::MixedStatements => "database pooler mixes prepared statements",
            Self::NotMigrated => "database not migrated",
            Self::MissingMigration(_) => "database lacks a migration",
            Self::Unreadable => "database role may not read the tables",
            Self::ReadOnly => "database read-only",
            Self::MissingPrivilege(privilege) => {
                let script = privilege.script();
                return format!("database role may not write: run {script}").into();
            }
        })
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "the database is ready",
            Self::Newer => {
                "the database has migrations of a later version of the gateway: run that version"
            }
            Self::Unreachable => "the database does not respond",
            Self::UnknownHost => {
                "the database's host has no address: check its name in the URL, and the machine's DNS"
            }
            Self::Refused => {
                "the database refuses connections: check that it runs, and the host and port in the URL"
            }
            Self::UnknownDatabase => {
                "the server has no database of that name: create it, or correct the name in the URL"
            }
            Self::Rejected => {
                "the database rejects the role or its password: check both in the URL, and the role's right to \
                 connect"
            }
            Self::Untrusted => {
                "no TLS connection to the database is possible: check sslmode, sslrootcert, sslcert and sslkey in \
                 the URL, and the server's certificate"
            }
            Self::Unwanted => {
                "the database accepts connections, but is not what target_session_attrs in the URL demands"
            }
            Self::IgnoredSearchPath => return search_path::Ignored.fmt(f),
            Self::MixedStatements => "the database's pooler mixes prepared statements",
            Self::NotMigrated => "the database is not migrated: run `invite-gateway migrate up`",
            Self::MissingMigration(name) => {
                return write!(
                    f,
                    "the database lacks the migration {name}: run `invite-gateway migrate up`"
                );
            }
            Self::Unreadable => {
                "the database's role may not read the table seaql_migrations, nor probably the others: grant \
                 it SELECT on all tables, and USAGE on their schema"
            }
            Self::ReadOnly => {
                "the database is read-only: connect to the primary, as a role whose transactions may write"
            }
            Self::MissingPrivilege(privilege) => {
                return write!(
                    f,
                    "the database's role may not write ({privilege}): run {}, and connect as the role that it \
                     names",
                    privilege.script()
                );
            }
        })
    }
}

/// Checks whether the database is reachable, migrated and fit for a purpose, without a time limit.
pub async fn readiness(database: &DatabaseConnection, purpose: Purpose) -> Readiness {
    if database.ping().await.is_err() {
        return fault(database).await;
    }
    let applied = match applied_migrations(database).await {
        Ok(applied) => applied,
        Err(error) if is_unreadable(&error) => return Readiness::Unreadable,
        Err(error) => {
            tracing::warn!(%error, "cannot read which migrations the database has");
            return Readiness::Unreachable;
        }
    };
    match of_migrations(&applied) {
        migrated if migrated.is_ready() && purpose != Purpose::READ => {
            migrated.and(writability::of_database(database, purpose).await)
        }
        migrated => migrated,
    }
}

/// Returns the reason for which a database cannot be reached. Connects again, since a pool's error of a server
/// that refuses connections is that none was free in time.
pub async fn fault(database: &DatabaseConnection) -> Readiness {
    if database.get_database_backend() != DbBackend::Postgres {
        return Readiness::Unreachable;
    }
    let pool = database.get_postgres_connection_pool();
    let options = pool.connect_options();
    let connecting = async {
        let mut connection = PgConnection::connect_with(&options).await?;
        search_path::check(&mut connection, &options).await
    };
    match timeout(pool.options().get_acquire_timeout(), connecting).await {
        Ok(Err(error)) => Readiness::from_connect_error(&error),
        // The pool checks one thing more, and has no connection if that fails.
        Ok(Ok(())) if !pool.is_closed() && database.ping().await.is_err() && pool.size() == 0 => {
            Readiness::Unwanted
        }
        Ok(Ok(())) | Err(_) => Readiness::Unreachable,
    }
}

/// Names of this version's migrations, in order.
static MIGRATIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let migrations = Migrator::migrations();
    migrations
        .iter()
        .map(|step| step.name().to_owned())
        .collect()
});

/// Returns the readiness of a database with these migrations, if it can be read.
pub(super) fn of_migrations(applied: &HashSet<String>) -> Readiness {
    let mut missing = MIGRATIONS.iter().filter(|name| !applied.contains(*name));
    match missing.next() {
        None if applied.len() > MIGRATIONS.len() => Readiness::Newer,
        None => Readiness::Ready,
        Some(_) if applied.is_empty() => Readiness::NotMigrated,
        Some(first) => Readiness::MissingMigration(first),
    }
}

/// Returns the names of the applied migrations. Only reads.
///
/// # Errors
/// The database is unreachable, or the role may not read the list.
pub async fn applied_migrations(database: &DatabaseConnection) -> Result<HashSet<String>, DbErr> {
    let applied = Query::select()
        .column("version")
        .from("seaql_migrations")
        .take();
    match database.query_all(&applied).await {
        Ok(rows) => rows.iter().map(|row| row.try_get("", "version")).collect(),
        // The first migration creates the table.
        Err(error) if is_table_missing(&error) => Ok(HashSet::new()),
        Err(error) => Err(error),
    }
}

/// Returns true if the statement names a table that does not exist.
fn is_table_missing(error: &DbErr) -> bool {
    const SQLITE_ERROR: &str = "1";
    code(error).is_some_and(|(is_postgres, code)| match is_postgres {
        true => code == UNDEFINED_TABLE,
        false => code == SQLITE_ERROR,
    })
}

/// Returns true if the role may not read the table of a statement.
fn is_unreadable(error: &DbErr) -> bool {
    code(error).is_some_and(|(is_postgres, code)| is_postgres && code == INSUFFICIENT_PRIVILEGE)
}
