//! What lists can be narrowed by, and the orders that they share.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    Condition, DbBackend, ExprTrait,
    sea_query::{Expr, LikeExpr, extension::postgres::PgExpr},
};

use crate::invite::Status;

/// What invites are ordered by; ties are broken by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InviteSort {
    /// When the invite was made.
    CreatedAt,
    /// When it expires; never counts as the far future.
    ExpiresAt,
}

/// `from <= value < until`, each bound optional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct InstantRange {
    /// First instant within.
    pub from: Option<DateTime<Utc>>,
    /// First instant no longer within.
    pub until: Option<DateTime<Utc>>,
}

impl InstantRange {
    /// Whether `value` lies within.
    pub(super) fn contains(self, value: Expr) -> Condition {
        Condition::all()
            .add_option(self.from.map(|from| value.clone().gte(from)))
            .add_option(self.until.map(|until| value.lt(until)))
    }

    /// Whether the range has any bound.
    pub(super) fn is_bounded(self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

/// A stand-in for "never" that sorts behind every real instant.
pub(super) fn far_future() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(9999, 12, 31)
        .and_then(|day| day.and_hms_opt(23, 59, 59))
        .map_or(DateTime::<Utc>::MAX_UTC, |instant| instant.and_utc())
}

/// Whether any of the columns contains `text`, whatever the case of its letters (on SQLite: of its
/// ASCII letters).
pub(super) fn contains_text(
    backend: DbBackend,
    columns: impl IntoIterator<Item = Expr>,
    text: &str,
) -> Condition {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    let like = || LikeExpr::new(pattern.clone());
    columns
        .into_iter()
        .fold(Condition::any(), |any, column| match backend {
            // There the backslash escapes by itself; sea-query would set an ESCAPE in parentheses,
            // where it is a syntax error.
            DbBackend::Postgres => any.add(column.ilike(like())),
            // Its LIKE already ignores the case of ASCII letters.
            _ => any.add(column.like(like().escape('\\'))),
        })
}

/// Whether any of `statuses` holds, each by its own condition.
pub(super) fn any_status(
    statuses: &[Status],
    status_is: impl Fn(Status) -> Condition,
) -> Condition {
    if statuses.is_empty() {
        return Condition::all().add(Expr::cust("1 = 0"));
    }
    statuses
        .iter()
        .fold(Condition::any(), |any, status| any.add(status_is(*status)))
}
