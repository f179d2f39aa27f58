//! Invite codes by code, with what they lead to in the same statement: what is looked up in public
//! is mostly shown whole.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, OnceLock},
};

use async_graphql::dataloader::Loader;
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
use crate::access::proof::Guarded;

/// What to load with an invite code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Along {
    /// Who made it.
    pub inviter: bool,
    /// The account made with it.
    pub user: bool,
    /// The tags that it gives.
    pub tags: bool,
}

impl Along {
    /// All that a code leads to.
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

/// An invite code with what was loaded along.
#[derive(Clone, Debug)]
pub struct Found {
    /// The code.
    pub invite: Guarded<invite_code::Model>,
    /// What it leads to.
    pub reached: Reached,
}

/// What an invite code leads to; none where that was not asked for.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// Who made it, unless deleted.
    pub inviter: Option<Option<Guarded<user::Model>>>,
    /// The account made with it, unless deleted.
    pub user: Option<Option<Guarded<user::Model>>>,
    /// The tags that it gives, by name, without deleted ones.
    pub tags: Option<Vec<Guarded<tag::Model>>>,
}

const INVITER: &str = "inviter";
const USER: &str = "invited";
const TAG: &str = "tag";

impl Loader<ByCode> for Rows {
    type Value = Found;
    type Error = LoadError;

    async fn load(&self, keys: &[ByCode]) -> Result<HashMap<ByCode, Found>, LoadError> {
        static TEXTS: [OnceLock<Arc<str>>; Along::COUNT] =
            [const { OnceLock::new() }; Along::COUNT];
        let mut codes_of: HashMap<Along, Vec<String>> = HashMap::new();
        for ByCode { code, along } in keys {
            codes_of.entry(*along).or_default().push(code.clone());
        }
        let mut found = HashMap::new();
        for (along, codes) in codes_of {
            let rows = self.rows_of_keys(&codes, &TEXTS[along.index()], |codes| {
                let code = (invite_code::Entity, invite_code::Column::Code);
                let mut statement = statement(along);
                statement.and_where(any_of(self.database(), code, codes.iter().cloned()));
                statement
            });
            found.extend(read(along, &rows.await?)?);
        }
        Ok(found)
    }
}

/// The columns of all codes and of what they lead to: a row for each tag of a code, by name, or
/// one without a tag.
fn statement(along: Along) -> SelectStatement {
    use invite_code::{Column, Entity};
    let mut statement = Query::select();
    statement.from(Entity);
    statement.columns(Column::iter().map(|column| (Entity, column)));
    let people = [
        (along.inviter, INVITER, Column::InvitedById),
        (along.user, USER, Column::UserId),
    ];
    for (_, name, id) in people.into_iter().filter(|(asked, ..)| *asked) {
        let same = Expr::col((name, user::Column::Id)).equals((Entity, id));
        let is_live = Expr::col((name, user::Column::DeletedAt)).is_null();
        statement.join_as(JoinType::LeftJoin, user::Entity, name, same.and(is_live));
        statement.columns(user::Column::iter().map(|column| (name, column)));
    }
    if along.tags {
        let code = invite_code_tag::Column::InviteCodeId;
        let same = Expr::col((TAG, code)).equals((Entity, Column::Id));
        statement.join_subquery(JoinType::LeftJoin, given_tags(), TAG, same);
        statement.columns(tag::Column::iter().map(|column| (TAG, column)));
        statement.order_by((TAG, tag::Column::Name), Order::Asc);
        statement.order_by((TAG, tag::Column::Id), Order::Asc);
    }
    statement
}

/// The tags that are not deleted, each with a code that gives it.
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

/// Reads the rows of a statement: each code under itself.
fn read(along: Along, rows: &[QueryResult]) -> Result<HashMap<ByCode, Found>, DbErr> {
    let mut by_id: HashMap<i64, (String, Found)> = HashMap::new();
    for row in rows {
        let mut columns = Columns::from(row, 0);
        let (_, found) = match by_id.entry(Columns::from(row, 0).next()?) {
            Entry::Occupied(read) => {
                columns.skip(invite_code::Model::COUNT);
                columns.skip(user::Model::COUNT * usize::from(along.inviter));
                columns.skip(user::Model::COUNT * usize::from(along.user));
                read.into_mut()
            }
            Entry::Vacant(new) => {
                let invite = invite_code::Model::read(&mut columns)?;
                let mut user = |asked: bool| asked.then(|| columns.joined()).transpose();
                let reached = Reached {
                    inviter: user(along.inviter)?,
                    user: user(along.user)?,
                    tags: along.tags.then(Vec::new),
                };
                let code = invite.code.clone();
                let invite = Guarded::seal(invite);
                new.insert((code, Found { invite, reached }))
            }
        };
        if let Some(tags) = &mut found.reached.tags {
            tags.extend(columns.joined()?);
        }
    }
    let found = by_id.into_values();
    Ok(found
        .map(|(code, found)| (ByCode { code, along }, found))
        .collect())
}

impl Reads<'_> {
    /// The invite code that this code names: who holds it may see it.
    pub async fn invite_code_by_code(
        &self,
        code: &str,
        along: Along,
    ) -> Result<Option<Found>, LoadError> {
        let code = code.to_owned();
        self.at_least(Freshness::StandbyThenPrimary)
            .one(ByCode { code, along })
            .await
    }
}
