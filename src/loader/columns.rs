//! Reads rows by the position of their columns. By name, each value would cost a look-up.

use entity::{course::CoursePrivacy, course_invite, tag::TagKind, workspace_invite};
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
    /// Returns the columns from index `first` on.
    pub(super) fn from(row: &'r QueryResult, first: usize) -> Self {
        Self { row, next: first }
    }

    /// Reads the next column.
    pub(super) fn next<T: ColumnType>(&mut self) -> Result<T, DbErr> {
        let at = self.next;
        self.next += 1;
        T::read(self.row, at)
    }
}

impl Columns<'_> {
    /// Skips `count` columns.
    pub(super) fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// Reads the row of a joined table; none if no row was joined. Its first column, the key, is
    /// never null.
    pub(super) fn joined<T: FromColumns>(&mut self) -> Result<Option<Guarded<T>>, DbErr> {
        if Option::<i64>::read(self.row, self.next)?.is_some() {
            return T::sealed(self).map(Some);
        }
        self.skip(T::COUNT);
        Ok(None)
    }
}

/// A type that a column can hold.
pub(super) trait ColumnType: Sized {
    fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr>;
}

/// Decodes a value by the driver. SeaORM checks the column's type for each value, and formats an
/// error for each NULL, which costs more than decoding. Here PostgreSQL's values are decoded as the
/// types that the entities declare.
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
decoded!(i32, i64, bool, String, Uuid, Vec<u8>);

/// Microseconds from the Unix epoch to PostgreSQL's, 2000-01-01.
const EPOCH: i64 = 946_684_800_000_000;

/// The driver computes with calendars, which takes many times as long as an addition.
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

/// Enums whose columns hold names.
macro_rules! named {
    ($($type:ty),*) => {$(
        impl ColumnType for $type {
            fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr> {
                Self::try_from_value(&String::read(row, at)?)
            }
        }

        impl ColumnType for Option<$type> {
            fn read(row: &QueryResult, at: usize) -> Result<Self, DbErr> {
                let name = Option::<String>::read(row, at)?;
                name.map(|name| <$type>::try_from_value(&name)).transpose()
            }
        }
    )*};
}
named!(
    CoursePrivacy,
    TagKind,
    course_invite::StoredStatus,
    workspace_invite::StoredStatus
);

/// A type that is read from columns in the order of its table.
pub(super) trait FromColumns: Sized + Send + Sync + 'static {
    /// Number of its columns.
    const COUNT: usize;

    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr>;

    /// Reads a row and guards it.
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
