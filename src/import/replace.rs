//! Replaces lists: withdraws the rows that a file lacks.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::BuildHasher,
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::invite_event;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, ExprTrait, Order, QueryFilter, QuerySelect, Value,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use super::{
    Kind, Source,
    change::{Effects, Key},
    note::rows_that,
    replacement::{MaxWithdrawn, Replacement, Scope},
    resolve::Names,
    statement,
    table::Rows,
    upsert::{self, CreatedHere, Table, Upsert, Withdrawal, key_of},
};
use crate::invite::{Event, FIRST_ID, InviteKind};

/// Rows per statement that reads keys.
const PAGE: u64 = 8192;

/// How long a membership that began by an invite may be missing from files.
const RECENT: TimeDelta = TimeDelta::days(1);

/// A part of a course's list.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) course_id: i64,
    pub(super) users: Vec<i64>,
    /// Users of the whole list.
    pub(super) of: Option<u64>,
}

/// The rows that a file has.
#[derive(Debug, Default)]
pub(super) struct Listed {
    keys: HashSet<u64>,
    hasher: foldhash::fast::RandomState,
    /// The workspaces, groups or courses that the file names.
    targets: BTreeSet<i64>,
    /// Users of lists in parts: those that the file has, and the number of all.
    parts: BTreeMap<i64, (HashSet<i64>, u64)>,
    /// Reason for which pages of the file are not complete lists.
    pub(super) short_pages: Option<String>,
    /// The file has rows that an import rejected and somebody corrected.
    has_corrections: bool,
}

impl Listed {
    /// Adds the rows that a chunk wrote.
    pub(super) fn add_written(&mut self, effects: &Effects) {
        let hashes = effects.own.iter().map(|key| self.hasher.hash_one(key));
        self.keys.extend(hashes);
    }

    /// Adds the targets that a row of the file names.
    pub(super) fn add_named(&mut self, row: &Rows) {
        row.add_targets(&mut self.targets);
        self.has_corrections |= row.is_correction;
        for part in &row.parts {
            self.targets.insert(part.course_id);
            let (users, of) = self.parts.entry(part.course_id).or_default();
            users.extend(&part.users);
            *of = Ord::max(*of, part.of.unwrap_or_default());
        }
    }

    /// Returns the reason why the file lacks a part of a list.
    pub(super) fn incompleteness(&self, replacement: Replacement, names: &Names) -> Option<String> {
        let is_default = replacement.max_withdrawn == MaxWithdrawn::default();
        if replacement.scope == Scope::All && self.keys.is_empty() && is_default {
            return Some("the file has no rows; to withdraw all, set --max-withdrawn".to_owned());
        }
        if self.has_corrections {
            let reason =
                "the file has rows of a file of --rejects; correct the list, and import all of it";
            return Some(reason.to_owned());
        }
        let short_part = self.short_part().map(|(course, (users, of))| {
            let (users, course) = (users.len(), names.text(Kind::Courses, *course));
            format!("the file has {users} of the {of} invited users of course {course}")
        });
        let reason = short_part.or_else(|| self.short_pages.clone())?;
        Some(format!("{reason}; join all pages in one file"))
    }

    /// Returns the first course whose list the file has only in part.
    pub(super) fn short_course(&self) -> Option<i64> {
        self.short_part().map(|(course, _)| *course)
    }

    fn short_part(&self) -> Option<(&i64, &(HashSet<i64>, u64))> {
        let is_short = |(users, of): &(HashSet<i64>, u64)| (users.len() as u64) < *of;
        self.parts.iter().find(|(_, part)| is_short(part))
    }

    fn has(&self, key: &Key) -> bool {
        self.keys.contains(&self.hasher.hash_one(key))
    }
}

/// Rows that a file lacks.
pub(super) struct Missing {
    /// Keys of those to withdraw.
    pub(super) keys: Vec<Key>,
    /// Number of those that the gateway created. They stay.
    pub(super) created_here: u64,
    /// Rows in the scope that can be withdrawn, missing or not.
    pub(super) of: u64,
}

impl Missing {
    pub(super) fn are_too_many(&self, replacement: Replacement) -> bool {
        let missing = self.keys.len() as u64;
        !replacement
            .max_withdrawn
            .allows(missing, self.of, replacement.scope)
    }

    /// Returns the note on rows that stay.
    pub(super) fn note(&self) -> Option<String> {
        (self.created_here > 0).then(|| {
            rows_that(
                self.created_here,
                "that the file does not have stays: it was made here",
                "that the file does not have stay: they were made here",
            )
        })
    }
}

/// Finds the rows of a scope that a file lacks: those of its source, or of no source.
pub(super) async fn missing<E: Table>(
    transaction: &DatabaseTransaction,
    listed: &Listed,
    scope: Scope,
    (kind, source): (Kind, Option<&Source>),
    now: DateTime<Utc>,
) -> Result<Missing, DbErr> {
    let targets: Vec<i64> = listed.targets.iter().copied().collect();
    let parts: Vec<Option<&[i64]>> = match scope {
        Scope::All => vec![None],
        _ => targets.chunks(statement::LOOKED_UP).map(Some).collect(),
    };
    let mut missing = Missing {
        keys: Vec::new(),
        created_here: 0,
        of: 0,
    };
    for targets in parts {
        let mut after = None;
        loop {
            let of_source = kind.of_source(source);
            let page = live_keys::<E>(transaction, targets, of_source, after.as_ref()).await?;
            missing.of += page.len() as u64;
            let is_last = (page.len() as u64) < PAGE;
            after = page.last().cloned();
            missing
                .keys
                .extend(page.into_iter().filter(|key| !listed.has(key)));
            if is_last {
                break;
            }
        }
    }
    let all = missing.keys.len();
    let created_here = match (E::CREATED_HERE, source) {
        // The gateway gives ids to a source's rows, too.
        (Some(CreatedHere::Id), Some(_)) => HashSet::new(),
        _ => created_here::<E>(transaction, &missing.keys, now).await?,
    };
    missing.keys.retain(|key| !created_here.contains(key));
    missing.created_here = (all - missing.keys.len()) as u64;
    Ok(missing)
}

/// Withdraws the rows with these keys.
pub(super) async fn withdraw<E: Table>(
    transaction: &DatabaseTransaction,
    keys: &[Key],
    now: DateTime<Utc>,
    records: bool,
) -> Result<Effects, DbErr> {
    let upserts: Vec<_> = withdrawals::<E>(keys, now).collect();
    upsert::write(transaction, upserts.iter(), records).await
}

fn withdrawals<E: Table>(keys: &[Key], now: DateTime<Utc>) -> impl Iterator<Item = Upsert<E>> {
    keys.iter()
        .map(move |key| Upsert::<E>::withdrawal_of(key, now))
}

/// Returns a page of the keys of rows that can be withdrawn, in their order.
async fn live_keys<E: Table>(
    transaction: &DatabaseTransaction,
    targets: Option<&[i64]>,
    of_source: Condition,
    after: Option<&Key>,
) -> Result<Vec<Key>, DbErr> {
    let mut query = Query::select();
    query.columns(E::KEY.iter().copied());
    query.from(E::default().table_ref());
    if let Withdrawal::Mark { only_if, .. } = E::WITHDRAWAL {
        query.and_where(Expr::cust(only_if));
    }
    query.cond_where(of_source);
    if let (Some(column), Some(targets)) = (E::TARGET, targets) {
        query.and_where(Expr::col(column).is_in(targets.iter().copied()));
    }
    if let Some(after) = after {
        let columns = E::KEY.iter().map(|column| Expr::col(*column));
        let values = after.iter().map(|value| Expr::val(*value));
        query.and_where(Expr::tuple(columns).gt(Expr::tuple(values)));
    }
    for column in E::KEY {
        query.order_by(*column, Order::Asc);
    }
    query.limit(PAGE);
    let rows = transaction.query_all(&query).await?;
    rows.iter().map(key_of::<E>).collect()
}

/// Returns the keys of rows that the gateway created. A source may not know them.
async fn created_here<E: Table>(
    transaction: &DatabaseTransaction,
    keys: &[Key],
    now: DateTime<Utc>,
) -> Result<HashSet<Key>, DbErr> {
    match E::CREATED_HERE {
        None | Some(CreatedHere::Never) => Ok(HashSet::new()),
        Some(CreatedHere::Id) => {
            let is_own = |key: &&Key| key.first().is_some_and(|id| *id >= FIRST_ID);
            Ok(keys.iter().filter(is_own).cloned().collect())
        }
        Some(CreatedHere::Joining(kind)) => recently_joined(transaction, kind, now).await,
        Some(CreatedHere::Event { kind, at }) => {
            let table = E::default();
            let table = table.table_name();
            let condition = format!(
                "EXISTS (SELECT 1 FROM invite_events e WHERE e.kind = '{}' \
                 AND e.invite_id = \"{table}\".\"id\" AND e.at = \"{table}\".\"{at}\" \
                 AND e.actor_id IS NOT NULL AND e.type IN ('{}', '{}'))",
                kind.as_str(),
                Event::Created.as_str(),
                Event::Rotated.as_str(),
            );
            let models: Vec<_> = withdrawals::<E>(keys, now)
                .map(|row| Cow::Owned(row.model))
                .collect();
            let mut found = HashSet::new();
            let backend = transaction.get_database_backend();
            for query in statement::stored::<E>(backend, &models, E::KEY, &condition) {
                for row in transaction.query_all_raw(query).await? {
                    found.insert(key_of::<E>(&row)?);
                }
            }
            Ok(found)
        }
    }
}

/// Returns the targets and users of those who joined by an invite of this kind within [`RECENT`].
async fn recently_joined(
    transaction: &DatabaseTransaction,
    kind: InviteKind,
    now: DateTime<Utc>,
) -> Result<HashSet<Key>, DbErr> {
    let types = [Event::Accepted, Event::Joined].map(Event::as_str);
    // Ids of events begin with their milliseconds.
    let since = u64::try_from((now - RECENT).timestamp_millis()).unwrap_or_default();
    let first = Uuid::from_u128(u128::from(since) << 80);
    let rows: Vec<(Option<i64>, Option<i64>)> = invite_event::Entity::find()
        .select_only()
        .column(invite_event::Column::TargetId)
        .column(invite_event::Column::ActorId)
        .filter(invite_event::Column::Id.gte(first))
        .filter(invite_event::Column::Kind.eq(kind.as_str()))
        .filter(invite_event::Column::EventType.is_in(types))
        .into_tuple()
        .all(transaction)
        .await?;
    let pairs = rows.into_iter();
    Ok(pairs
        .filter_map(|(target, user)| Some(vec![target?, user?]))
        .collect())
}

/// Adds the targets of rows of a table to `targets`.
pub(super) fn add_targets<E: Table>(upserts: &[Upsert<E>], targets: &mut BTreeSet<i64>) {
    let Some(column) = E::TARGET else { return };
    for upsert in upserts {
        if let Some(Value::BigInt(Some(target))) = upsert.model.get(column).into_value() {
            targets.insert(target);
        }
    }
}
