//! How rows are read: by the place of their columns. By name, each value would cost a look-up.

use sea_orm::{DbErr, QueryResult, TryGetable};

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
    pub(super) fn next<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let at = self.next;
        self.next += 1;
        self.row.try_get_by_index(at)
    }
}

/// What can be read from columns in the order in which its table has them.
pub(super) trait FromColumns: Sized {
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
