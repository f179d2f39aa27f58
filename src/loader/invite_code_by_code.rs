//! Invite codes by code, with their users and tags in the same statement, since public look-ups
//! mostly select all of them.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
use batch_loader::Key;
use entity::{invite_code, invite_code_tag, tag, user};
use sea_orm::{
    DbErr, ExprTrait, Iterable, QueryResult,
    sea_query::{Expr, JoinType, Order, Query, SelectStatement},
};

use super::{
    Freshness, LoadError, Reads, Rows,
    columns::{Columns, FromColumns},
    invite_code::ByCode,
    key::any_of,
};
use crate::{access::proof::Guarded, invite::Spellings};

/// Rows to load with an invite code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Preload {
    /// Its inviter.
    pub inviter: bool,
    /// The account created with it.
    pub user: bool,
    /// The tags that it grants.
    pub tags: bool,
}

impl Preload {
    /// All of them.
    pub const ALL: Self = Self {
        inviter: true,
        user: true,
        tags: true,
    };

    const COUNT: usize = 8;

    fn index(self) -> usize {
        usize::from(self.inviter) | usize::from(self.user) << 1 | usize::from(self.tags) << 2
    }
}

/// An invite code and its preloaded rows.
#[derive(Clone, Debug)]
pub struct Found {
    /// The code.
    pub invite: Guarded<invite_code::Model>,
    /// Its preloaded rows.
    pub preloaded: Preloaded,
}

/// Rows that were loaded with an invite code; none if they were not requested.
#[derive(Clone, Debug, Default)]
pub struct Preloaded {
    /// Its inviter, unless deleted.
    pub inviter: Option<Option<Guarded<user::Model>>>,
    /// The account created with it, unless deleted.
    pub user: Option<Option<Guarded<user::Model>>>,
    /// The tags that it grants, by name, without deleted ones.
    pub tags: Option<Vec<Guarded<tag::Model>>>,
}

const INVITER: &str = "inviter";
const USER: &str = "invited";
const TAG: &str = "tag";

impl Key for ByCode {
    fn kind() -> Cow<'static, str> {
        "invite_code_by_code".into()
    }
}

impl Loader<ByCode> for Rows {
    type Value = Found;
    type Error = LoadError;

    async fn load(&self, keys: &[ByCode]) -> Result<HashMap<ByCode, Found>, LoadError> {
        static TEXTS: [OnceLock<Arc<str>>; Preload::COUNT] =
            [const { OnceLock::new() }; Preload::COUNT];
        let mut keys_of: HashMap<Preload, Vec<(&ByCode, Spellings)>> = HashMap::new();
        for key in keys {
            let key = (key, Spellings::new(&key.code));
            keys_of.entry(key.0.preload).or_default().push(key);
        }
        let mut found = HashMap::new();
        for (preload, keys) in keys_of {
            let codes = keys.iter().flat_map(|(_, spellings)| spellings.all());
            let codes: Vec<String> = codes.cloned().collect();
            let rows = self.rows_of_keys(&codes, &TEXTS[preload.index()], |codes| {
                let code = (invite_code::Entity, invite_code::Column::Code);
                let mut statement = statement(preload);
                statement.and_where(any_of(self.database(), code, codes.iter().cloned()));
                statement
            });
            let existing = read(preload, &rows.await?)?;
            found.extend(keys.into_iter().filter_map(|(key, spellings)| {
                let invite = spellings.choose(|code| existing.get(code))?;
                Some((key.clone(), invite.clone()))
            }));
        }
        Ok(found)
    }
}

/// Selects codes with their preloaded rows: a row for each tag of a code, by name, or one without a
/// tag.
fn statement(preload: Preload) -> SelectStatement {
    use invite_code::{Column, Entity};
    let mut statement = Query::select();
    statement.from(Entity);
    statement.columns(Column::iter().map(|column| (Entity, column)));
    let people = [
        (preload.inviter, INVITER, Column::InvitedById),
        (preload.user, USER, Column::UserId),
    ];
    for (_, name, id) in people
        .into_iter()
        .filter(|(is_requested, ..)| *is_requested)
    {
        let same = Expr::col((name, user::Column::Id)).equals((Entity, id));
        let is_live = Expr::col((name, user::Column::DeletedAt)).is_null();
        statement.join_as(JoinType::LeftJoin, user::Entity, name, same.and(is_live));
        statement.columns(user::Column::iter().map(|column| (name, column)));
    }
    if preload.tags {
        let code = invite_code_tag::Column::InviteCodeId;
        let same = Expr::col((TAG, code)).equals((Entity, Column::Id));
        statement.join_subquery(JoinType::LeftJoin, given_tags(), TAG, same);
        statement.columns(tag::Column::iter().map(|column| (TAG, column)));
        statement.order_by((TAG, tag::Column::Name), Order::Asc);
        statement.order_by((TAG, tag::Column::Id), Order::Asc);
    }
    statement
}

/// Selects the tags that are not deleted, each with a code that grants it.
fn given_tags() -> SelectStatement {
    use invite_code_tag::{Column as Given, Entity as Giving};
    let same = Expr::col((Giving, Given::TagId)).equals((tag::Entity, tag::Column::Id));
    Query::select()
        .column((Giving, Given::InviteCodeId))
        .columns(tag::Column::iter().map(|column| (tag::Entity, column)))
        .from(Giving)
        .join(JoinType::InnerJoin, tag::Entity, same)
        .and_where(Expr::col((tag::Entity, tag::Column::DeletedAt)).is_null())
        .take()
}

/// Reads the rows of a statement, by code.
fn read(preload: Preload, rows: &[QueryResult]) -> Result<HashMap<String, Found>, DbErr> {
    let mut by_id: HashMap<i64, (String, Found)> = HashMap::new();
    for row in rows {
        let mut columns = Columns::from(row, 0);
        let (_, found) = match by_id.entry(Columns::from(row, 0).next()?) {
            Entry::Occupied(read) => {
                columns.skip(invite_code::Model::COUNT);
                columns.skip(user::Model::COUNT * usize::from(preload.inviter));
                columns.skip(user::Model::COUNT * usize::from(preload.user));
                read.into_mut()
            }
            Entry::Vacant(new) => {
                let invite = invite_code::Model::read(&mut columns)?;
                let mut user =
                    |is_requested: bool| is_requested.then(|| columns.joined()).transpose();
                let preloaded = Preloaded {
                    inviter: user(preload.inviter)?,
                    user: user(preload.user)?,
                    tags: preload.tags.then(Vec::new),
                };
                let code = invite.code.clone();
                let invite = Guarded::seal(invite);
                new.insert((code, Found { invite, preloaded }))
            }
        };
        if let Some(tags) = &mut found.preloaded.tags {
            tags.extend(columns.joined()?);
        }
    }
    Ok(by_id.into_values().collect())
}

impl Reads<'_> {
    /// Loads the invite code that this text stands for, by [`Spellings`]. Its holder may see it.
    pub async fn invite_code_by_code(
        &self,
        code: &str,
        preload: Preload,
    ) -> Result<Option<Found>, LoadError> {
        let code = code.to_owned();
        self.at_least(Freshness::StandbyThenPrimary)
            .one(ByCode { code, preload })
            .await
    }
}
