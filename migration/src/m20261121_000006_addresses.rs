//! Recomputes `email_norm`. Earlier versions compared addresses by Unicode case mapping, which made
//! look-alikes equal.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, QueryResult, Statement, Value},
};
use unicode_normalization::UnicodeNormalization;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The tables with addresses, and the form of an address that cannot be compared.
pub(crate) const ADDRESSES: [(&str, Option<&str>); 3] = [
    ("users", Some("")),
    ("workspace_invites", Some("")),
    ("invite_codes", None),
];

/// Number of rows in one read, and the most in one write.
const BATCH: u64 = 2000;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, incomparable) in ADDRESSES {
            recompute(manager, table, incomparable).await?;
        }
        Ok(())
    }

    /// Does nothing: the earlier form would make look-alikes equal again.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

/// A row whose stored form may differ from the new one.
struct Row {
    id: i64,
    form: Option<String>,
    differs: bool,
}

/// Reads the table in the order of its ids, and writes the rows whose form differs.
/// Stores `incomparable` for addresses that cannot be compared.
pub(crate) async fn recompute(
    manager: &SchemaManager<'_>,
    table: &'static str,
    incomparable: Option<&str>,
) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let read = |row: QueryResult| -> Result<Row, DbErr> {
        let address: Option<String> = row.try_get_by("email")?;
        let stored: Option<String> = row.try_get_by("email_norm")?;
        let form = address.as_deref().and_then(normalize);
        let form = form.or_else(|| incomparable.map(str::to_owned));
        Ok(Row {
            id: row.try_get_by("id")?,
            differs: form != stored,
            form,
        })
    };
    let mut after = None;
    loop {
        let page = Query::select()
            .columns(["id", "email", "email_norm"])
            .from(table)
            .and_where_option(after.map(|id: i64| Expr::col("id").gt(id)))
            .order_by("id", Order::Asc)
            .limit(BATCH)
            .take();
        let rows = database.query_all(&page).await?;
        let rows: Vec<Row> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = Some(last.id);
        write(database, table, rows.into_iter().filter(|row| row.differs)).await?;
    }
}

/// Writes the rows in one statement.
async fn write(
    database: &impl ConnectionTrait,
    table: &str,
    rows: impl Iterator<Item = Row>,
) -> Result<(), DbErr> {
    let values: Vec<Value> = rows
        .flat_map(|row| [row.id.into(), row.form.into()])
        .collect();
    if values.is_empty() {
        return Ok(());
    }
    let listed: Vec<String> = (1..=values.len())
        .step_by(2)
        .map(|at| format!("(CAST(${at} AS bigint), CAST(${} AS text))", at + 1))
        .collect();
    let sql = format!(
        "WITH changed (id, form) AS (VALUES {}) UPDATE {table} SET email_norm = changed.form \
         FROM changed WHERE {table}.id = changed.id",
        listed.join(", ")
    );
    let backend = database.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    database.execute_raw(statement).await?;
    Ok(())
}

// A copy of the normalization as of this migration. It must not change.

/// Returns the form in which addresses are compared. Returns `None` if the address cannot be
/// compared safely; such an address equals no other, not even itself.
///
/// Ignores ASCII whitespace around the address. Compares the local part in NFC with ASCII letters
/// in lower case, and the domain as IDNA A-labels (UTS 46). Unicode case mapping and compatibility
/// mapping make look-alikes equal (U+212A KELVIN SIGN and `k`). The local part therefore uses
/// neither, and domains that become ASCII only by them are rejected.
fn normalize(address: &str) -> Option<String> {
    let address = address.trim_matches(|c: char| c.is_ascii_whitespace());
    if address.contains(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c)) {
        return None;
    }
    let (local, domain) = address.split_once('@')?;
    if domain.contains('@') {
        return None;
    }
    Some(format!("{}@{}", local_part(local)?, self::domain(domain)?))
}

fn local_part(local: &str) -> Option<String> {
    let is_replaced = |c: char| !std::iter::once(c).nfc().eq([c]);
    if local.is_empty() || local.contains(is_replaced) {
        return None;
    }
    let folded = local.nfc().map(|c| c.to_ascii_lowercase());
    // Some letters compose in lower case only, such as `j` with a caron.
    Some(folded.nfc().collect())
}

fn domain(domain: &str) -> Option<String> {
    // Such as the Kelvin sign, fullwidth letters and the ideographic full stop.
    let becomes_ascii = |c: char| {
        let mut buffer = [0; 4];
        !c.is_ascii()
            && idna::domain_to_unicode(c.encode_utf8(&mut buffer))
                .0
                .is_ascii()
    };
    if domain.is_empty() || domain.contains(becomes_ascii) {
        return None;
    }
    /// Characters that the mapping must not produce: whitespace, controls, and the separator.
    const DENIED: idna::AsciiDenyList = idna::AsciiDenyList::new(true, "@");
    let labels = idna::domain_to_ascii_cow(domain.as_bytes(), DENIED).ok()?;
    Some(labels.into_owned()).filter(|labels| !labels.is_empty())
}

/// Returns true for default-ignorable and format (`Cf`) characters.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        u32::from(c),
        0x00AD | 0x034F | 0x0600..=0x0605 | 0x061C | 0x06DD | 0x070F | 0x0890..=0x0891 | 0x08E2
            | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x110BD | 0x110CD | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
    )
}
