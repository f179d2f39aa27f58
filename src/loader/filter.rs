//! Filters and orders that lists share.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, ExprTrait,
    sea_query::{CaseStatement, Expr, Func, LikeExpr, extension::postgres::PgBinOper},
};

use crate::{fold::fold, invite::Status, paging::SortType};

/// The order of invites. Ties are broken by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InviteSort {
    /// Creation time.
    CreatedAt,
    /// Expiry time. Invites that never expire sort as the far future.
    ExpiresAt,
    /// Normalized address of the invitee. Invites without one sort as the empty text.
    Email,
    /// Effective status, as in [`Status::ALL`].
    Status,
    /// Key of the role. Invites without one sort as the empty text.
    Role,
    /// Name of the invitee of a code. Other invites sort as the empty text.
    Name,
}

impl InviteSort {
    /// Returns the type of the values.
    pub fn sort_type(self) -> SortType {
        match self {
            Self::CreatedAt | Self::ExpiresAt => SortType::Instant,
            Self::Status => SortType::Int,
            Self::Email | Self::Role | Self::Name => SortType::Text,
        }
    }
}

/// `from <= value < until`, each bound optional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct InstantRange {
    /// First instant in the range.
    pub from: Option<DateTime<Utc>>,
    /// First instant after the range.
    pub until: Option<DateTime<Utc>>,
}

impl InstantRange {
    /// Condition: `value` is in the range.
    pub(super) fn contains(self, value: Expr) -> Condition {
        Condition::all()
            .add_option(self.from.map(|from| value.clone().gte(from)))
            .add_option(self.until.map(|until| value.lt(until)))
    }

    /// Returns true if the range has a bound.
    pub(super) fn is_bounded(self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

/// Replaces "never" by an instant that sorts after every real one.
pub(super) fn far_future() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(9999, 12, 31)
        .and_then(|day| day.and_hms_opt(23, 59, 59))
        .map_or(DateTime::<Utc>::MAX_UTC, |instant| instant.and_utc())
}

/// A column of text in the form in which searches compare it.
pub(super) struct Folded(Expr);

impl Folded {
    /// A column with a companion `…_folded`. Where that is null, the text has other ASCII case alone, or
    /// a program wrote it that folds nothing. Then the database folds ASCII letters: by the collation `C`,
    /// since the lower case of `I` depends on the database's own.
    ///
    /// PostgreSQL has an index of this expression for the texts of users.
    pub(super) fn column<C: ColumnTrait>(backend: DbBackend, column: C) -> Self {
        let table = column.entity_name();
        let folded = Expr::col((table, format!("{}_folded", column.as_str())));
        let Self(lower) = Self::plain(backend, column);
        Self(Func::coalesce([folded, lower]).into())
    }

    /// A column without a companion, such as a slug: only the case of ASCII letters is ignored.
    pub(super) fn plain<C: ColumnTrait>(backend: DbBackend, column: C) -> Self {
        let text = Expr::col((column.entity_name(), column));
        let text = match backend {
            DbBackend::Postgres => Expr::cust_with_expr("$1 COLLATE \"C\"", text),
            _ => text,
        };
        Self(Func::lower(text).into())
    }

    /// A column that holds folded text alone.
    pub(super) fn stored(column: Expr) -> Self {
        Self(column)
    }
}

/// Condition: any of the columns contains `text`, as [`fold`] compares them.
///
/// Text without three letters or digits in a row has no trigram. The condition then has a form that no index
/// of trigrams matches, which would be read as a whole.
pub(super) fn contains_text(
    backend: DbBackend,
    columns: impl IntoIterator<Item = Folded>,
    text: &str,
) -> Condition {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    let text = fold(text);
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let has_trigram = words
        .map(|word| word.chars().count())
        .any(|length| length > 2);
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
        .fold(Condition::any(), |any, Folded(column)| match backend {
            // There the backslash escapes by itself; sea-query would set an ESCAPE in parentheses,
            // where it is a syntax error.
            DbBackend::Postgres if has_trigram => any.add(column.like(like())),
            DbBackend::Postgres => any.add(column.binary(PgBinOper::Concatenate, "").like(like())),
            // Its LIKE already ignores the case of ASCII letters.
            _ => any.add(column.like(like().escape('\\'))),
        })
}

/// Condition: any of `statuses` holds, each by its own condition.
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

/// Position of a row's status in [`Status::ALL`], by the condition of each status.
pub(super) fn status_rank(status_is: impl Fn(Status) -> Condition) -> Expr {
    let ranked = Status::ALL.into_iter().zip(0i64..);
    ranked
        .fold(CaseStatement::new(), |case, (status, rank)| {
            case.case(status_is(status), Expr::val(rank))
        })
        .into()
}
