//! Folds the texts of rows that were there before, and indexes them: those of invitees in the index of a
//! course's invites, and those of users by trigrams, where PostgreSQL has the extension `pg_trgm`.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value},
};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{
    m20261121_000006_addresses::is_invisible,
    m20261201_000014_folded_texts::{SEARCHED, folded, invitee},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Number of rows in one read, and the most in one write.
const BATCH: u64 = 2000;

const INDEX: &str = "ix_users_search";

/// The invites of a course by status, in the order of their creation.
const OF_COURSE: &str = "ix_course_invites_by_status";
const ORDER: &str = "course_id, status, created_at, id";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        let backend = manager.get_database_backend();
        if backend == DbBackend::Postgres {
            // Writers wait, so that no change is missed. Readers do not.
            let tables = SEARCHED.map(|(table, _)| table).join(", ");
            let sql = format!("LOCK TABLE {tables}, course_invites IN SHARE ROW EXCLUSIVE MODE");
            database.execute_unprepared(&sql).await?;
        }
        for (table, columns) in SEARCHED {
            fold_all(manager, table, columns).await?;
        }
        let sql = format!(
            "UPDATE course_invites
             SET invitee_folded = (SELECT {} FROM users u WHERE u.id = user_id)
             WHERE invitee_folded IS NULL",
            invitee(backend, "u")
        );
        database.execute_unprepared(&sql).await?;
        if backend == DbBackend::Postgres {
            index_users(manager).await?;
        }
        // A search of a course's invitees reads this index alone.
        let columns = match backend {
            DbBackend::Postgres => format!("({ORDER}) INCLUDE (invitee_folded)"),
            _ => format!("({ORDER}, invitee_folded)"),
        };
        replace_index(manager, &columns).await?;
        Ok(())
    }

    /// Leaves the columns to the migration that added them, and the extension to the database.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = format!("DROP INDEX IF EXISTS {INDEX}");
        manager.get_connection().execute_unprepared(&sql).await?;
        replace_index(manager, &format!("({ORDER})")).await
    }
}

/// Replaces the index of a course's invites. On PostgreSQL readers wait only for the last two steps, which
/// are short.
async fn replace_index(manager: &SchemaManager<'_>, columns: &str) -> Result<(), DbErr> {
    let sql = match manager.get_database_backend() {
        DbBackend::Postgres => format!(
            "CREATE INDEX {OF_COURSE}_new ON course_invites {columns};
             DROP INDEX {OF_COURSE};
             ALTER INDEX {OF_COURSE}_new RENAME TO {OF_COURSE}"
        ),
        _ => {
            format!("DROP INDEX {OF_COURSE}; CREATE INDEX {OF_COURSE} ON course_invites {columns}")
        }
    };
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// Creates the index, if the extension is there or the role may create it. Otherwise a search of users
/// reads all of them.
async fn index_users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let database = manager.get_connection();
    // An error would end the transaction; the block ends it only for itself.
    let sql = "DO $block$ BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
     EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'pg_trgm is not available: %', SQLERRM;
     END $block$";
    database.execute_unprepared(sql).await?;
    let is_there = "SELECT 1 AS one FROM pg_opclass
        WHERE opcname = 'gin_trgm_ops' AND pg_opclass_is_visible(oid)";
    let is_there = Statement::from_string(DbBackend::Postgres, is_there);
    if database.query_one_raw(is_there).await?.is_none() {
        return Ok(());
    }
    let columns = ["username", "full_name", "email"].map(|column| {
        format!(
            "({}) gin_trgm_ops",
            folded(DbBackend::Postgres, "users", column)
        )
    });
    // An index names columns without their table.
    let columns = columns.join(", ").replace("users.", "");
    let sql = format!("CREATE INDEX {INDEX} ON users USING gin ({columns})");
    database.execute_unprepared(&sql).await?;
    Ok(())
}

/// Reads the table in the order of its ids, and writes the rows with text that the database cannot fold.
async fn fold_all(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &'static [&'static str],
) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let mut after = None;
    loop {
        let page = Query::select()
            .column("id")
            .columns(columns.iter().copied())
            .from(table)
            .and_where_option(after.map(|id: i64| Expr::col("id").gt(id)))
            .order_by("id", Order::Asc)
            .limit(BATCH)
            .take();
        let rows = database.query_all(&page).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = Some(last.try_get_by("id")?);
        let mut values: Vec<Value> = Vec::new();
        for row in &rows {
            let texts = folded_texts(row, columns)?;
            if texts.iter().any(Option::is_some) {
                values.push(row.try_get_by::<i64, _>("id")?.into());
                values.extend(texts.into_iter().map(Value::from));
            }
        }
        write(database, table, columns, values).await?;
    }
}

fn folded_texts(row: &QueryResult, columns: &[&str]) -> Result<Vec<Option<String>>, DbErr> {
    let texts = columns.iter().map(|column| {
        let text: Option<String> = row.try_get_by(*column)?;
        Ok(text.as_deref().and_then(stored))
    });
    texts.collect()
}

/// Writes rows of an id and a text for each column, in one statement.
async fn write(
    database: &impl ConnectionTrait,
    table: &str,
    columns: &[&str],
    values: Vec<Value>,
) -> Result<(), DbErr> {
    if values.is_empty() {
        return Ok(());
    }
    let width = columns.len() + 1;
    let listed: Vec<String> = (0..values.len())
        .step_by(width)
        .map(|first| {
            let texts = (first + 2..=first + width).map(|at| format!(", CAST(${at} AS text)"));
            let texts: String = texts.collect();
            format!("(CAST(${} AS bigint){texts})", first + 1)
        })
        .collect();
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("{column}_folded"))
        .collect();
    let set = names.iter().map(|name| format!("{name} = changed.{name}"));
    let sql = format!(
        "WITH changed (id, {}) AS (VALUES {}) UPDATE {table} SET {} FROM changed
         WHERE {table}.id = changed.id",
        names.join(", "),
        listed.join(", "),
        set.collect::<Vec<_>>().join(", ")
    );
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    database.execute_raw(statement).await?;
    Ok(())
}

// A copy of the folding as of this migration. It must not change.

/// Returns the folded text to store beside `text`. None if it only has other ASCII case.
fn stored(text: &str) -> Option<String> {
    let folded = fold(text);
    (folded != text.to_ascii_lowercase()).then_some(folded)
}

fn fold(text: &str) -> String {
    let folded = match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => fold_letters(text),
    };
    let words: Vec<_> = folded.split_whitespace().collect();
    words.join(" ")
}

fn fold_letters(text: &str) -> String {
    let letters = text.nfkd().flat_map(char::to_lowercase);
    let letters = letters
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase);
    let mut base = ' ';
    let letters = letters.filter(|letter| {
        let is_dot_of_i = *letter == '\u{307}' && base == 'i';
        if !is_combining_mark(*letter) {
            base = *letter;
        }
        !is_dot_of_i && !is_invisible(*letter)
    });
    letters
        .map(|letter| match letter {
            '\u{2bb}' | '\u{2bc}' | '\u{2018}' | '\u{2019}' => '\'',
            other => other,
        })
        .nfkc()
        .collect()
}
