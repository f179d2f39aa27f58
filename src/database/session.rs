//! Settings of PostgreSQL sessions. A setting that the server refuses is left out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::{AssertSqlSafe, PgConnection, error::DatabaseError};

use super::StatementLimits;

/// Interval, in milliseconds, at which PostgreSQL checks that the client of a running statement is
/// still connected. It ends statements whose connection was dropped.
const CLIENT_CHECK: &str = "500";

/// The setting that decides how prepared statements are planned.
const PLAN_CACHE_MODE: &str = "plan_cache_mode";

/// Settings that an operator may replace.
const REPLACEABLE: [&str; 3] = [PLAN_CACHE_MODE, "jit", "client_connection_check_interval"];

/// A value for a session setting instead of the gateway's. Without a value, the server's holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSetting {
    name: &'static str,
    value: Option<String>,
}

/// The text is not a setting that can be replaced, with its value.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "expected NAME=VALUE with the name plan_cache_mode, jit or client_connection_check_interval, and a value of \
     letters, digits and _, or none"
)]
pub struct InvalidSessionSetting;

impl SessionSetting {
    /// Parses `name=value`, or `name=`.
    ///
    /// # Errors
    /// The name is not that of a setting that can be replaced, or the value has other characters than letters,
    /// digits and `_`.
    pub fn parse(text: &str) -> Result<Self, InvalidSessionSetting> {
        let (name, value) = text.split_once('=').ok_or(InvalidSessionSetting)?;
        let mut names = REPLACEABLE.into_iter();
        let name = names.find(|known| *known == name.trim());
        let value = value.trim();
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        match name {
            Some(name) if value.chars().all(is_plain) => Ok(Self {
                name,
                value: (!value.is_empty()).then(|| value.to_owned()),
            }),
            _ => Err(InvalidSessionSetting),
        }
    }
}

/// Sets up new sessions of a pool.
pub(super) struct Session {
    settings: Vec<(&'static str, String)>,
    /// True if the gateway chose how statements are planned.
    chooses_plans: bool,
    /// Statements that the server was found to accept.
    accepted: Mutex<Option<String>>,
}

impl Session {
    pub(super) fn new(limits: Option<StatementLimits>, replaced: &[SessionSetting]) -> Self {
        // Each statement is planned once per connection, because planning takes longer than execution. No
        // statement is worth JIT compilation.
        let mut settings = vec![
            (PLAN_CACHE_MODE, "force_generic_plan".to_owned()),
            ("jit", "off".to_owned()),
        ];
        if let Some(StatementLimits { run, lock }) = limits {
            settings.extend([
                ("statement_timeout", run.as_millis().to_string()),
                ("lock_timeout", lock.as_millis().to_string()),
                ("client_connection_check_interval", CLIENT_CHECK.to_owned()),
            ]);
        }
        let is_replaced = |name| replaced.iter().any(|setting| setting.name == name);
        settings.retain(|(name, _)| !is_replaced(*name));
        for SessionSetting { name, value } in replaced {
            settings.extend(value.clone().map(|value| (*name, value)));
        }
        Self {
            settings,
            chooses_plans: !is_replaced(PLAN_CACHE_MODE),
            accepted: Mutex::default(),
        }
    }

    /// Sets up a session, in one statement once the server is known.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn set_up(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let accepted = self.accepted().clone();
        if let Some(accepted) = accepted {
            match set(connection, accepted).await {
                // Another server may have taken its place.
                Err(sqlx::Error::Database(_)) => {}
                outcome => return outcome,
            }
        }
        let accepted = self.probe(connection).await?;
        *self.accepted() = Some(accepted);
        Ok(())
    }

    /// Sets each setting by itself, and returns the statements that the server accepted.
    async fn probe(&self, connection: &mut PgConnection) -> sqlx::Result<String> {
        let mut accepted = Vec::new();
        let needs_custom_plans = self.chooses_plans && is_citus(connection).await?;
        for (name, value) in &self.settings {
            if needs_custom_plans && *name == PLAN_CACHE_MODE {
                continue;
            }
            let statement = format!("SET {name} = {value}");
            match set(connection, statement.clone()).await {
                Ok(()) => accepted.push(statement),
                Err(error) if is_refusal(&error) => {
                    tracing::warn!(
                        setting = name,
                        %error,
                        "the database refuses a session setting, and is used without it"
                    );
                }
                Err(error) => return Err(error),
            }
        }
        Ok(accepted.join("; "))
    }

    fn accepted(&self) -> MutexGuard<'_, Option<String>> {
        // No panic leaves it half changed.
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn set(connection: &mut PgConnection, statements: String) -> sqlx::Result<()> {
    // The text has only constants, numbers and checked words.
    let statements = sqlx::raw_sql(AssertSqlSafe(statements));
    statements.execute(connection).await.map(drop)
}

/// Returns true if the server does not know the setting, or not the value, or the role may not set it.
fn is_refusal(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let classes = ["0A", "22", "42", "55P02"];
    code.is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
}

/// Returns true for Citus, which has no generic plan for most statements, and fails if it must use one.
async fn is_citus(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let query = "SELECT count(*) FROM pg_extension WHERE extname = 'citus'";
    let found = sqlx::query_scalar::<_, i64>(query)
        .persistent(false)
        .fetch_one(connection)
        .await;
    match found {
        Ok(found) => Ok(found > 0),
        // A server without this table is no PostgreSQL.
        Err(sqlx::Error::Database(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
