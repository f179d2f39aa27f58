//! Checks that a database lets the gateway write what mutations and sign-ins write.

use std::{borrow::Cow, fmt, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::time::timeout;

use super::{Purpose, Readiness, code, is_unwritable};

/// A right that mutations or sign-ins need on a table or sequence of PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privilege {
    action: &'static str,
    object: &'static str,
}

impl Privilege {
    /// Returns the script that grants it.
    pub fn script(&self) -> &'static str {
        match ACCOUNTS.contains(self) {
            true => "deploy/postgres/grant-accounts.sql",
            false => "deploy/postgres/grant-writer.sql",
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.object)
    }
}

const USAGE: &str = "USAGE";

const fn needed(action: &'static str, object: &'static str) -> Privilege {
    Privilege { action, object }
}

/// The grants of `deploy/postgres/grant-accounts.sql`.
static ACCOUNTS: [Privilege; 3] = [
    needed("INSERT", "users"),
    needed("UPDATE", "users"),
    needed(USAGE, "users_id_seq"),
];

/// The grants of `deploy/postgres/grant-writer.sql`.
static MUTATIONS: [Privilege; 24] = [
    needed("INSERT", "invite_codes"),
    needed("UPDATE", "invite_codes"),
    needed("INSERT", "workspace_invites"),
    needed("UPDATE", "workspace_invites"),
    needed("INSERT", "course_invites"),
    needed("UPDATE", "course_invites"),
    needed("INSERT", "group_invites"),
    needed("UPDATE", "group_invites"),
    needed("DELETE", "group_invites"),
    needed(USAGE, "invite_codes_id_seq"),
    needed(USAGE, "workspace_invites_id_seq"),
    needed(USAGE, "course_invites_id_seq"),
    needed(USAGE, "group_invites_id_seq"),
    needed("INSERT", "invite_code_tags"),
    needed("DELETE", "invite_code_tags"),
    needed("INSERT", "invite_tokens"),
    needed("INSERT", "invite_events"),
    needed("INSERT", "idempotency_keys"),
    needed("UPDATE", "idempotency_keys"),
    needed("DELETE", "idempotency_keys"),
    needed("INSERT", "workspace_members"),
    needed("UPDATE", "workspace_members"),
    needed("INSERT", "group_members"),
    needed("INSERT", "course_members"),
];

/// Longest wait for the lock of another writer of SQLite, which shows that the file can be written.
const LOCK_TIMEOUT: Duration = Duration::from_millis(250);

/// In place of the number of a privilege: the role has all, but its transactions are read-only.
const READ_ONLY: i32 = -1;

fn privileges(purpose: Purpose) -> impl Iterator<Item = &'static Privilege> {
    let of = |is_needed, privileges: &'static [Privilege]| match is_needed {
        true => privileges,
        false => &[],
    };
    let mutations = of(purpose.mutations, &MUTATIONS);
    mutations.iter().chain(of(purpose.accounts, &ACCOUNTS))
}

/// Returns a statement of the number of the first privilege that the role lacks, or [`READ_ONLY`], or null.
/// It reads only the catalogue's caches. On a standby, all transactions are read-only.
fn statement(purpose: Purpose) -> String {
    let needed: Vec<_> = privileges(purpose)
        .enumerate()
        .map(|(at, Privilege { action, object })| format!("({at}, '{action}', '{object}')"))
        .collect();
    let is_read_only = match purpose.mutations {
        true => "current_setting('transaction_read_only')::boolean",
        // Accounts are not made then. Everything else works.
        false => "false",
    };
    // `nextval` needs either right. In a list of privileges, one suffices.
    format!(
        "SELECT coalesce(
            (SELECT min(n) FROM (VALUES {}) AS needed (n, action, object)
             WHERE NOT CASE action
                WHEN '{USAGE}' THEN has_sequence_privilege(object, 'USAGE, UPDATE')
                ELSE has_table_privilege(object, action) END),
            CASE WHEN {is_read_only} THEN {READ_ONLY} END)",
        needed.join(", ")
    )
}

/// Checks the role and the server of a connection, in one statement.
pub(super) async fn of_session(
    connection: &mut PgConnection,
    purpose: Purpose,
) -> sqlx::Result<Readiness> {
    // The text holds only constants of the gateway.
    let statement = AssertSqlSafe(statement(purpose));
    let lacking: Option<i32> = sqlx::query_scalar(statement)
        .persistent(false)
        .fetch_one(connection)
        .await?;
    let Some(lacking) = lacking else {
        return Ok(Readiness::Ready);
    };
    let lacking = usize::try_from(lacking).ok();
    let privilege = lacking.and_then(|at| privileges(purpose).nth(at));
    Ok(privilege.map_or(Readiness::ReadOnly, Readiness::MissingPrivilege))
}

/// Checks a database, in one statement.
pub(super) async fn of_database(database: &DatabaseConnection, purpose: Purpose) -> Readiness {
    match database.get_database_backend() {
        DbBackend::Postgres => {
            let pool = database.get_postgres_connection_pool();
            let checked = async { of_session(&mut *pool.acquire().await?, purpose).await };
            checked.await.unwrap_or_else(|error| {
                tracing::warn!(%error, "cannot check what the database lets the gateway write");
                Readiness::Unreachable
            })
        }
        _ if purpose.mutations => of_file(database).await,
        _ => Readiness::Ready,
    }
}

/// Checks an SQLite database.
async fn of_file(database: &DatabaseConnection) -> Readiness {
    // Takes the lock of a writer for an instant, and changes nothing.
    const NO_CHANGE: &str = "DELETE FROM idempotency_keys WHERE 1 = 0";
    let statement = Statement::from_string(DbBackend::Sqlite, NO_CHANGE);
    match timeout(LOCK_TIMEOUT, database.execute_raw(statement)).await {
        Ok(Ok(_)) => Readiness::Ready,
        // Another connection writes.
        Err(_) => Readiness::Ready,
        Ok(Err(error)) if is_sqlite_busy(code(&error)) => Readiness::Ready,
        Ok(Err(error)) if is_unwritable(&error) => Readiness::ReadOnly,
        Ok(Err(error)) => {
            tracing::warn!(%error, "cannot check whether the database file can be written");
            Readiness::Unreachable
        }
    }
}

/// Returns true for SQLITE_BUSY and SQLITE_LOCKED, in the low byte of an extended code.
fn is_sqlite_busy(code: Option<(bool, Cow<'_, str>)>) -> bool {
    code.is_some_and(|(is_postgres, code)| {
        !is_postgres && matches!(code.parse::<u32>().map(|code| code & 0xFF), Ok(5 | 6))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ACCOUNTS, MUTATIONS, Privilege};

    #[test]
    fn the_scripts_grant_what_is_checked() {
        let scripts: [(&str, &[Privilege]); 2] = [
            (
                include_str!("../../deploy/postgres/grant-writer.sql"),
                &MUTATIONS,
            ),
            (
                include_str!("../../deploy/postgres/grant-accounts.sql"),
                &ACCOUNTS,
            ),
        ];
        for (script, needed) in scripts {
            let statements: String = script
                .lines()
                .filter(|line| !line.starts_with("--"))
                .map(|line| format!("{line} "))
                .collect();
            let mut granted = BTreeSet::new();
            for statement in statements.split(';').map(str::trim) {
                if statement.is_empty() {
                    continue;
                }
                let grant = statement.strip_prefix("GRANT ").expect("a grant");
                let (actions, rest) = grant.split_once(" ON ").expect("objects");
                let (objects, _) = rest.split_once(" TO ").expect("a role");
                let objects = objects.trim().trim_start_matches("SEQUENCE").trim();
                for action in actions.split(", ") {
                    for object in objects.split(", ") {
                        granted.insert(format!("{action} on {}", object.trim()));
                    }
                }
            }
            let checked: BTreeSet<_> = needed.iter().map(ToString::to_string).collect();
            assert_eq!(checked, granted);
            assert_eq!(checked.len(), needed.len());
        }
    }
}
