//! Users by id, by the subject of a bearer token, and the list of all users.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use entity::user::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, Condition, EntityName, EntityTrait, ExprTrait,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    Freshness, ListError, Lists, LoadError, Loaders, Reads, Rows,
    columns::{FromColumns, columns},
    filter::{Folded, contains_text},
    key::row_key,
    listing::Listing,
    scope::{ParentColumn, RowCost, Scope},
    tables::live,
};
use crate::{
    access::proof::{Guarded, StaffProof},
    paging::{Page, Slice, SortType},
};

columns!(user: id, username, full_name, email, email_norm, avatar_url, is_verified, ext_id, is_staff, created_at, deleted_at, username_folded, full_name_folded, email_folded);

row_key!("user_by_id": ById(i64) in live::<Entity>(), Id, |row| row.id);
row_key!("user_by_username": ByUsername(String) in live::<Entity>(), Username, |row| row.username.clone());

/// Declares a key of the accounts that a token may name by one column, with the deleted ones.
macro_rules! account_key {
    ($kind:literal: $key:ident($value:ty), $column:ident, |$row:ident| $value_of_row:expr) => {
        #[derive(Clone, PartialEq, Eq, Hash)]
        struct $key($value);

        impl Key for $key {
            fn kind() -> Cow<'static, str> {
                $kind.into()
            }
        }

        impl Loader<$key> for Rows {
            type Value = Vec<Model>;
            type Error = LoadError;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Vec<Model>>, LoadError> {
                static TEXT: OnceLock<Arc<str>> = OnceLock::new();
                let values: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
                let mut found: HashMap<$key, Vec<Model>> = HashMap::new();
                for $row in self
                    .load_by_keys(Entity::find, Column::$column, &values, &TEXT)
                    .await?
                {
                    if let Some(value) = $value_of_row {
                        found.entry($key(value)).or_default().push($row);
                    }
                }
                Ok(found)
            }
        }
    };
}

account_key!("account_by_id": AccountById(i64), Id, |row| Some(row.id));
account_key!("account_by_ext_id": AccountByExtId(String), ExtId, |row| row.ext_id.clone());

/// Narrows the list of users.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Normalized address.
    pub email_norm: Option<String>,
    /// Part of the username, the full name or the address.
    pub search: Option<String>,
}

/// The order of users. Ties are broken by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserSort {
    /// Key.
    Id,
    /// Username, in the database's order.
    Username,
    /// Full name, in the database's order.
    Name,
    /// Normalized address.
    Email,
}

impl UserSort {
    /// Returns the types of the values, with those that break ties.
    pub fn sort_types(self) -> Vec<SortType> {
        match self {
            Self::Id => vec![SortType::Int],
            Self::Username | Self::Name | Self::Email => vec![SortType::Text, SortType::Int],
        }
    }

    fn column(self) -> Option<Column> {
        match self {
            Self::Id => None,
            Self::Username => Some(Column::Username),
            Self::Name => Some(Column::FullName),
            Self::Email => Some(Column::EmailNorm),
        }
    }
}

impl UserFilter {
    /// An address has an index, and few users.
    fn row_cost(&self, sort: UserSort, page: &Page) -> RowCost {
        if self.email_norm.is_some() {
            return RowCost::default();
        }
        let costs = RowCost::sum([
            (true, RowCost::search(self.search.as_deref())),
            (sort == UserSort::Name, RowCost::SORT),
        ]);
        costs.of_page(page)
    }
}

/// All users.
struct All;

impl Scope for All {
    fn list() -> &'static str {
        Entity.table_name()
    }

    fn rows(_: Option<ParentColumn<'_>>) -> Vec<SelectStatement> {
        vec![Query::select().from(Entity).take()]
    }
}

fn column(column: Column) -> Expr {
    Expr::col((Entity, column))
}

impl Lists<'_> {
    /// Loads a page of all users.
    pub async fn users(
        &self,
        _: &StaffProof,
        filter: UserFilter,
        sort: UserSort,
        page: Page,
    ) -> Result<Slice<Guarded<Model>>, ListError> {
        let row_cost = filter.row_cost(sort, &page);
        let estimate = self.estimate::<All>(None, row_cost).await?;
        let search = filter.search.as_ref().map(|text| {
            let backend = self.database().get_database_backend();
            let columns = [Column::Username, Column::FullName, Column::Email];
            let columns = columns.map(|column| Folded::column(backend, column));
            contains_text(backend, columns, text)
        });
        let is_search = search.is_some();
        let condition = Condition::all()
            .add(Column::DeletedAt.is_null())
            .add_option(filter.email_norm.map(|email| Column::EmailNorm.eq(email)))
            .add_option(search);
        let values = sort.column().into_iter().chain([Column::Id]);
        let values = values.map(|of| match of {
            // As an expression, so that a search is not answered by reading all users in the order of ids.
            Column::Id if is_search => column(of).add(0_i64),
            of => column(of),
        });
        let listing = Listing::from_table::<Entity>(condition, values.zip(sort.sort_types()));
        self.reads
            .list(listing, page, FromColumns::sealed, estimate)
            .await
    }
}

/// The user that a bearer token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `users.id`.
    Id(i64),
    /// `users.username`.
    Username(String),
    /// `users.ext_id`.
    ExtId(String),
}

impl Reads<'_> {
    /// Loads the user with this id, unless deleted.
    pub async fn user(&self, id: i64) -> Result<Option<Guarded<Model>>, LoadError> {
        self.at_least(Freshness::StandbyThenPrimary)
            .one(ById(id))
            .await
    }
}

/// The account that a bearer token names.
#[derive(Clone, Debug)]
pub enum Account {
    /// The only user that it names.
    User(Guarded<Model>),
    /// No user.
    Absent,
    /// A deleted user. A username that only a deleted user has is nobody's: others may take it.
    Deleted,
    /// Several users, who share an external id.
    Ambiguous,
}

impl Account {
    fn new(rows: Vec<Model>) -> Self {
        let is_absent = rows.is_empty();
        let mut live = rows.into_iter().filter(|row| row.deleted_at.is_none());
        match (live.next(), live.next()) {
            (Some(only), None) => Self::User(Guarded::seal(only)),
            (Some(_), Some(_)) => Self::Ambiguous,
            (None, _) if is_absent => Self::Absent,
            (None, _) => Self::Deleted,
        }
    }
}

impl Loaders {
    /// Loads the account that a verified token names, from the primary.
    pub async fn account(&self, subject: Subject) -> Result<Account, LoadError> {
        let reads = self.reads(Freshness::Primary);
        let rows = match subject {
            Subject::Id(id) => reads.one(AccountById(id)).await?,
            Subject::ExtId(id) => reads.one(AccountByExtId(id)).await?,
            Subject::Username(name) => {
                let user = reads.one(ByUsername(name)).await?;
                return Ok(user.map_or(Account::Absent, Account::User));
            }
        };
        Ok(Account::new(rows.unwrap_or_default()))
    }
}
