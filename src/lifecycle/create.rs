//! Creating invites: what the kinds share.
//!
//! The first step, `judged`, decides about each row of the input: it is created, or refused because of
//! an invite or membership that is there, or because of a limit. Creators for one target wait for each
//! other, so that two requests cannot both find an address free.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::QueryResult;

use super::{
    About, WriteError, WriteLimits, Written,
    idempotency::{Key, Stored},
    write::{Column, Type, Write},
    written_row::WrittenRow,
};
use crate::{
    database::OpenDatabase,
    invite::{FIRST_ID, InviteKind, Refusal, WriteLimit},
};

/// A row of a request, and its number in the input.
pub type Numbered<T> = (i64, T);

/// The outcome of a row of the input.
pub type Row = Result<i64, (Refusal, Option<i64>)>;

/// The outcome of a request to create invites.
#[derive(Clone, Debug)]
pub enum Created {
    /// The ids of new invites; for a refused row the reason, and the invite that is there.
    Rows(Vec<Numbered<Row>>),
    /// The request with this key was carried out before, with these outcomes.
    Before(Vec<Numbered<Row>>),
    /// Another request was carried out with this key.
    KeyReused,
}

impl Written for (Created, Vec<WrittenRow>) {
    fn done(&self) -> usize {
        match &self.0 {
            Created::Rows(rows) | Created::Before(rows) => {
                rows.iter().filter(|(_, row)| row.is_ok()).count()
            }
            Created::KeyReused => 0,
        }
    }
}

/// Columns of the step `judged`.
pub(super) const JUDGED: &[Column] = &[
    ("n", Type::Int),
    ("refusal", Type::Text),
    ("existing", Type::Int),
    ("id", Type::Int),
    ("target_id", Type::Int),
];

/// Step in which the outcome of each row is decided.
pub(super) const RESULT: &str = "judged";

/// End of a subquery that is evaluated by itself, once per row. PostgreSQL would merge it with the query
/// around it otherwise, and copy its look-ups to each place that uses their outcome.
pub(super) const BY_ITSELF: &str = "LIMIT 9223372036854775807";

const ALREADY_INVITED: &str = "already_invited";
const ALREADY_MEMBER: &str = "already_member";
const ALREADY_ACCEPTED: &str = "already_accepted";
const PER_DAY: &str = "per_day";
const OPEN: &str = "open";

/// How a kind of invite judges a row of the input.
pub(super) struct Judge {
    /// The table of invites.
    pub(super) table: &'static str,
    /// Expression of the pending invite to the same person; it becomes `existing`.
    pub(super) existing: &'static str,
    /// Condition: the person is a member of the target.
    pub(super) is_member: &'static str,
    /// Condition: the person accepted an invite, though not a member.
    pub(super) has_accepted: &'static str,
    /// Expression of the id of a row that is used again.
    pub(super) reused: &'static str,
    /// Condition of a pending invite to the target. None: the number is not limited.
    pub(super) is_open: Option<&'static str>,
    /// Expression of the target's id.
    pub(super) target: &'static str,
}

impl Judge {
    /// Adds the step `judged` over the input `input`, with the parameters of its limits.
    pub(super) fn step(
        &self,
        write: Write,
        database: &OpenDatabase,
        limits: &WriteLimits,
        key: Option<&Key>,
        now: DateTime<Utc>,
    ) -> Write {
        let Self {
            table,
            existing,
            is_member,
            has_accepted,
            reused,
            is_open,
            target,
        } = self;
        let new_id = Write::new_id(database, table, "nth");
        // `id + 0` has no index. By stale statistics, PostgreSQL would read all ids that the gateway gave.
        let recent = [
            ("workspace_invites", "inviter_id", "created_at"),
            ("invite_codes", "invited_by_id", "generated_at"),
            ("course_invites", "invited_by_id", "created_at"),
        ]
        .map(|(table, inviter, created)| {
            format!(
                "(SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {inviter} = :actor
                  AND {created} > :day_ago AND id + 0 >= {FIRST_ID} LIMIT :per_day) recent)"
            )
        })
        .join(" + ");
        let open = is_open.map_or("0".to_owned(), |is_open| {
            format!(
                "(SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {is_open} LIMIT :max_open) open)"
            )
        });
        let unless_done = key.map_or("", |_| {
            "WHERE NOT EXISTS (SELECT 1 FROM idempotency_keys k
             WHERE k.user_id = :actor AND k.key = :key AND k.created_at > :day_ago)"
        });
        let sql = format!(
            "SELECT n, refusal, existing, CASE WHEN refusal IS NULL THEN coalesce(reused, {new_id}) END AS id,
                    {target} AS target_id
             FROM (
                SELECT n, existing, reused, nth, CASE
                    WHEN refusal IS NULL AND used + nth > :per_day THEN '{PER_DAY}'
                    WHEN refusal IS NULL AND pending + nth > :max_open THEN '{OPEN}'
                    ELSE refusal END AS refusal
                FROM (
                    SELECT n, existing, reused, refusal,
                           sum(CASE WHEN refusal IS NULL THEN 1 ELSE 0 END) OVER (ORDER BY n) AS nth,
                           {recent} AS used, {open} AS pending
                    FROM (
                        SELECT n, existing, reused, CASE
                            WHEN existing IS NOT NULL THEN '{ALREADY_INVITED}'
                            WHEN is_member THEN '{ALREADY_MEMBER}'
                            WHEN has_accepted THEN '{ALREADY_ACCEPTED}' END AS refusal
                        FROM (
                            SELECT n, {existing} AS existing, {reused} AS reused,
                                   {is_member} AS is_member, {has_accepted} AS has_accepted
                            FROM input {unless_done} {BY_ITSELF}
                        ) found
                    ) refused
                ) counted
             ) limited"
        );
        let write = write
            .set("day_ago", now - TimeDelta::days(1))
            .set("per_day", i64::from(limits.per_day))
            .set("max_open", i64::from(limits.open))
            .step(RESULT, JUDGED, sql);
        match key {
            None => write,
            Some(key) => key.step(write),
        }
    }
}

/// Describes a request to create invites.
pub(super) fn about(actor: i64, kind: InviteKind, rows: usize) -> About {
    About {
        actor,
        kind,
        command: "create",
        rows,
    }
}

/// Carries a write out that creates invites, unless the request with this key was carried out before.
/// `written` returns the new row with a number in the input and an id.
pub(super) async fn run(
    database: &OpenDatabase,
    write: &Write,
    key: Option<&Key>,
    actor: i64,
    now: DateTime<Utc>,
    written: impl Fn(i64, i64) -> Option<WrittenRow>,
) -> Result<(Created, Vec<WrittenRow>), WriteError> {
    if let Some(done) = done_before(database, key, actor, now).await? {
        return Ok((done, Vec::new()));
    }
    let rows = write.run(database, RESULT).await?;
    if rows.is_empty()
        && let Some(done) = done_before(database, key, actor, now).await?
    {
        // A request with the same key was faster.
        return Ok((done, Vec::new()));
    }
    let mut outcomes = rows
        .iter()
        .map(read)
        .collect::<Result<Vec<_>, WriteError>>()?;
    outcomes.sort_by_key(|(n, _)| *n);
    let new = outcomes
        .iter()
        .filter_map(|(n, row)| written(*n, *row.as_ref().ok()?))
        .collect();
    Ok((Created::Rows(outcomes), new))
}

async fn done_before(
    database: &OpenDatabase,
    key: Option<&Key>,
    actor: i64,
    now: DateTime<Utc>,
) -> Result<Option<Created>, WriteError> {
    let Some(key) = key else {
        return Ok(None);
    };
    Ok(match key.stored(database, actor, now).await? {
        None => None,
        Some(Stored::Other) => Some(Created::KeyReused),
        Some(Stored::Same(outcomes)) => Some(Created::Before(outcomes)),
    })
}

fn read(row: &QueryResult) -> Result<(i64, Row), WriteError> {
    let n: i64 = row.try_get_by_index(0)?;
    let refusal: Option<String> = row.try_get_by_index(1)?;
    let existing: Option<i64> = row.try_get_by_index(2)?;
    let id: Option<i64> = row.try_get_by_index(3)?;
    Ok((n, outcome(refusal.as_deref(), existing, id)))
}

/// Returns the outcome of a row as the database states it.
pub(super) fn outcome(refusal: Option<&str>, existing: Option<i64>, id: Option<i64>) -> Row {
    let refusal = match refusal {
        None => return id.ok_or((Refusal::NotFound, None)),
        Some(ALREADY_INVITED) => Refusal::AlreadyInvited,
        Some(ALREADY_MEMBER) => Refusal::AlreadyMember,
        Some(ALREADY_ACCEPTED) => Refusal::AlreadyAccepted,
        Some(OPEN) => Refusal::Limit(WriteLimit::OpenInvites),
        Some(_) => Refusal::Limit(WriteLimit::InvitesPerDay),
    };
    Err((refusal, existing))
}
