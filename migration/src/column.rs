//! Builders of columns, foreign keys and indexes, and changes of columns.

use sea_orm_migration::{
    prelude::{
        ColumnDef, DbErr, Expr, ExprTrait, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement,
        Index, IndexCreateStatement, IntoIden, SchemaManager,
    },
    sea_orm::{ConnectionTrait, DbBackend, Statement},
};

/// A timestamp in UTC.
pub(crate) fn instant(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .timestamp_with_time_zone()
        .not_null()
        .take()
}

/// A nullable timestamp in UTC.
pub(crate) fn instant_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .timestamp_with_time_zone()
        .null()
        .take()
}

/// Text that must be one of `words`.
pub(crate) fn one_of<const N: usize>(name: &'static str, words: [&'static str; N]) -> ColumnDef {
    ColumnDef::new(name)
        .text()
        .not_null()
        .check(Expr::col(name).is_in(words))
        .take()
}

/// A foreign key from `table.column` to `target.id`.
pub(crate) fn reference(
    table: &'static str,
    column: &'static str,
    target: &'static str,
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(target, "id")
        .on_delete(on_delete)
        .take()
}

/// An index over `columns`, named after them.
pub(crate) fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create()
        .name(format!("ix_{table}_{}", columns.join("_")))
        .table(table)
        .take();
    for column in columns {
        index.col(column.into_iden());
    }
    index
}

/// A unique index over `columns`, named after them.
pub(crate) fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(table, columns)
        .name(format!("uq_{table}_{}", columns.join("_")))
        .unique()
        .take()
}

/// Lets a column be null, or forbids it.
///
/// # Errors
/// The database failed; or a row has no value, and may no longer lack it.
pub(crate) async fn set_nullable(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
    is_nullable: bool,
) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let backend = manager.get_database_backend();
    if backend == DbBackend::Postgres {
        let change = if is_nullable { "DROP" } else { "SET" };
        let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} {change} NOT NULL");
        database.execute_unprepared(&sql).await?;
        return Ok(());
    }
    let missing = format!("SELECT 1 AS one FROM {table} WHERE {column} IS NULL LIMIT 1");
    let missing = Statement::from_string(backend, missing);
    if !is_nullable && database.query_one_raw(missing).await?.is_some() {
        let reason = format!("{table}.{column} is null in a row");
        return Err(DbErr::Migration(reason));
    }
    // SQLite cannot alter a column. Its manual changes the text of the table instead, and so avoids a copy:
    // https://sqlite.org/lang_altertable.html#otheralter
    let schema = "SELECT lower(type) AS of_type,
            (SELECT schema_version FROM pragma_schema_version) AS version
        FROM pragma_table_info(?) WHERE name = ?";
    let schema = Statement::from_sql_and_values(backend, schema, [table.into(), column.into()]);
    let schema = database.query_one_raw(schema).await?;
    let unknown = || DbErr::Migration(format!("{table}.{column} is not as it was created"));
    let schema = schema.ok_or_else(unknown)?;
    let (of_type, version): (String, i64) =
        (schema.try_get_by("of_type")?, schema.try_get_by("version")?);
    let [null, required] =
        ["NULL", "NOT NULL"].map(|null| format!("\"{column}\" {of_type} {null}"));
    let (old, new) = match is_nullable {
        true => (required, null),
        false => (null, required),
    };
    let writable = "PRAGMA writable_schema = ON";
    database.execute_unprepared(writable).await?;
    let change = format!(
        "UPDATE sqlite_schema SET sql = replace(sql, '{old}', '{new}')
         WHERE type = 'table' AND name = '{table}' AND instr(sql, '{old}') > 0"
    );
    if database.execute_unprepared(&change).await?.rows_affected() != 1 {
        return Err(unknown());
    }
    let version = version + 1;
    let reread = format!("PRAGMA schema_version = {version}; PRAGMA writable_schema = RESET");
    database.execute_unprepared(&reread).await?;
    Ok(())
}
