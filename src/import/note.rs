//! Wording of the notes on rows.

/// Returns a number of rows: `1 row`, `2 rows`.
pub(super) fn rows(count: u64) -> String {
    match count {
        1 => "1 row".to_owned(),
        count => format!("{count} rows"),
    }
}

/// Returns a number of rows and what they do, in the singular and in the plural: `1 row has`, `2 rows have`.
pub(super) fn rows_that(count: u64, singular: &str, plural: &str) -> String {
    let verb = if count == 1 { singular } else { plural };
    format!("{} {verb}", rows(count))
}
