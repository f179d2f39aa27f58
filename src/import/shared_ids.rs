//! Finds users who share an external id. A bearer token that names users by it is refused as ambiguous.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

/// Most pairs that are noted.
const MAX_PAIRS: usize = 10;

/// Returns a note for each external id that live users share, with two of their keys.
pub(super) async fn notes(database: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let sql = format!(
        "SELECT min(id), max(id) FROM users WHERE ext_id IS NOT NULL AND deleted_at IS NULL
         GROUP BY ext_id HAVING count(*) > 1 ORDER BY 1 LIMIT {}",
        MAX_PAIRS + 1
    );
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let rows = database.query_all_raw(statement).await?;
    let mut notes = Vec::new();
    for row in rows.iter().take(MAX_PAIRS) {
        let (one, other): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        notes.push(format!(
            "users {one} and {other} have the same ext_id; tokens that name users by it are refused"
        ));
    }
    if rows.len() > MAX_PAIRS {
        notes.push("further users share an ext_id".to_owned());
    }
    Ok(notes)
}
