//! How rows are read: by the place of their columns. By name, each value would cost a look-up.

use entity::{course::CoursePrivacy, tag::TagKind, workspace_invite::StoredStatus};
use sea_orm::{ActiveEnum, DbErr, QueryResult, TryGetable, prelude::DateTimeUtc};
use sqlx::{Decode, Postgres, Row};
use uuid::Uuid;

use super::reader::failed;
use crate::access::proof::Guarded;

/// The columns of a row, from left to right.
pub(super) struct Columns<'r> {
    row: &'r QueryResult,
    next: usize,
}

impl<'r> Columns<'r> {
    /// The columns from the one at `first` on.
    pub(super) fn from(row: &'r QueryResult, first: usize) -> Self {
        Self { row, next: first }
    }

    /// The value of the next column.
    pub(super) fn next<T: ColumnType>(&mut self) -> Result<T, DbErr> {
        let at = self.next;
        self.next += 1;
        T::read(self.row, at)
    }
}

impl Columns<'_> {
    /// Goes on `count` columns further.
    pub(super) fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// The row of a table that was joined; none where no row of it fits. Its first column, the key,
    /// is never null.
    pub(super) fn joined<T: FromColumns>(&mut self) -> Result<Option<Guarded<T>>, DbErr> {
        if Option::<i64>::read(self.row, self.next)?.is_some() {
            return T::sealed(self).map(Some);
        }
        self.skip(T::COUNT);
        Ok(None)
    }
}

/// What a column can hold.
pub(super) trait ColumnType: Sized {
    fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr>;
}

/// A value that the driver decodes. SeaORM asks for each whether the type is the column's, and
/// writes an error for each NULL, which costs more than to decode it; here PostgreSQL's are decoded
/// as what the entities say that they are.
fn decoded<T>(row: &QueryResult, at: usize) -> Result<T, DbErr>
where
    T: TryGetable + for<'r> Decode<'r, Postgres>,
{
    match row.try_as_pg_row() {
        Some(row) => row.try_get_unchecked(at).map_err(failed),
        None => row.try_get_by_index(at),
    }
}

macro_rules! decoded {
    ($($type:ty),*) => {$(
        impl ColumnType for $type {
            fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr> {
                decoded(row, at)
            }
        }

        impl ColumnType for Option<$type> {
            fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr> {
                decoded(row, at)
            }
        }
    )*};
}
decoded!(i64, bool, String, Uuid);

/// Microseconds from the epoch of Unix to that of PostgreSQL's instants: 2000-01-01.
const EPOCH: i64 = 946_684_800_000_000;

/// The driver reckons in calendars, which takes many times as long as to add two numbers.
impl ColumnType for Option<DateTimeUtc> {
    fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr> {
        let Some(row) = row.try_as_pg_row() else {
            return row.try_get_by_index(at);
        };
        let micros: Option<i64> = row.try_get_unchecked(at).map_err(failed)?;
        let instant = |micros: i64| {
            let instant = micros.checked_add(EPOCH);
            let instant = instant.and_then(DateTimeUtc::from_timestamp_micros);
            instant.ok_or_else(|| DbErr::Type("an instant that is out of range".to_owned()))
        };
        micros.map(instant).transpose()
    }
}

impl ColumnType for DateTimeUtc {
    fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr> {
        let instant = Option::<Self>::read(row, at)?;
        instant.ok_or_else(|| DbErr::Type("an instant is NULL".to_owned()))
    }
}

/// Values of which the column holds the names.
macro_rules! named {
    ($($type:ty),*) => {$(
        impl ColumnType for $type {
            fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr> {
                Self::try_from_value(&String::read(row, at)?)
            }
        }
    )*};
}
named!(CoursePrivacy, StoredStatus, TagKind);

/// What can be read from columns in the order in which its table has them.
pub(super) trait FromColumns: Sized {
    /// How many columns it has.
    const COUNT: usize;

    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr>;

    /// Reads a row, and closes it in.
    fn sealed(columns: &mut Columns<'_>) -> Result<Guarded<Self>, DbErr> {
        Self::read(columns).map(Guarded::seal)
    }
}

/// Declares how the `Model` of the module `$table` is read: all of its columns, in their order.
macro_rules! columns {
    ($table:ident: $($column:ident),* $(,)?) => {
        impl $crate::loader::columns::FromColumns for entity::$table::Model {
            const COUNT: usize = [$(stringify!($column)),*].len();

            fn read(
                columns: &mut $crate::loader::columns::Columns<'_>,
            ) -> Result<Self, sea_orm::DbErr> {
                Ok(Self { $($column: columns.next()?),* })
            }
        }

        #[cfg(test)]
        #[test]
        fn columns_are_read_in_their_order() {
            use sea_orm::{IdenStatic, Iterable};
            let columns: Vec<_> = entity::$table::Column::iter()
                .map(|column| column.as_str().to_owned())
                .collect();
            assert_eq!(columns, [$(stringify!($column)),*]);
        }
    };
}
pub(super) use columns;
