//! Invariants of invites, members and events, which hold after any interruption.

use std::collections::{HashMap, HashSet};

use entity::{
    course_invite, course_member, group_member, invite_code, invite_event, invite_token,
    workspace_invite, workspace_member,
};
use invite_gateway::{
    invite::{Event, FIRST_ID, State},
    loader,
};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, EntityTrait, IsolationLevel, QueryOrder,
    TransactionTrait,
};

/// Asserts that every invite that the gateway touched is in the state to which its events lead, that it
/// was accepted once at most, and that who accepted or joined is a member.
pub async fn check(database: &DatabaseConnection) {
    // Reads all rows at one instant, because a write may end after its client has gone.
    let isolation = Some(IsolationLevel::RepeatableRead);
    let database = database.begin_with_config(isolation, None).await;
    let database = &database.expect("a transaction");
    let events = invite_event::Entity::find()
        .order_by_asc(invite_event::Column::At)
        .order_by_asc(invite_event::Column::Id)
        .all(database)
        .await
        .expect("events");
    let mut histories: HashMap<(String, i64), Vec<invite_event::Model>> = HashMap::new();
    for event in events {
        histories
            .entry((event.kind.clone(), event.invite_id))
            .or_default()
            .push(event);
    }
    let states = states(database).await;
    let members = members(database).await;
    for ((kind, id), state) in &states {
        let history = histories
            .get(&(kind.clone(), *id))
            .map_or(&[][..], Vec::as_slice);
        let types: Vec<_> = history
            .iter()
            .map(|event| event.event_type.as_str())
            .collect();
        let case = format!("{kind} {id}: {state:?} after {types:?}");
        let is_created = types.first() == Some(&Event::Created.as_str());
        assert_eq!(is_created, *id >= FIRST_ID, "{case}");
        assert!(
            types
                .iter()
                .filter(|it| **it == Event::Accepted.as_str())
                .count()
                <= 1,
            "{case}"
        );
        let last = types.iter().rev().find_map(|it| match *it {
            "created" | "resent" => Some(State::Pending),
            "accepted" => Some(State::Accepted),
            "declined" => Some(State::Declined),
            "cancelled" => Some(State::Cancelled),
            _ => None,
        });
        if let Some(last) = last {
            assert_eq!(last, *state, "{case}");
        }
    }
    let mut joined = HashSet::new();
    for event in histories.into_values().flatten() {
        let is_accepted = event.event_type == Event::Accepted.as_str();
        let is_joined = event.event_type == Event::Joined.as_str();
        if let (true, Some(target), Some(actor)) =
            (is_accepted || is_joined, event.target_id, event.actor_id)
        {
            let member = (event.kind.clone(), target, actor);
            assert!(members.contains(&member), "no member: {event:?}");
            assert!(
                !is_joined || joined.insert(member),
                "joined twice: {event:?}"
            );
        }
    }
    tokens(database).await;
}

/// Every invite that the gateway made has a link.
async fn tokens(database: &DatabaseTransaction) {
    let tokens = invite_token::Entity::find()
        .all(database)
        .await
        .expect("tokens");
    let linked: HashSet<i64> = tokens.iter().map(|token| token.invite_id).collect();
    let invites = workspace_invite::Entity::find()
        .all(database)
        .await
        .expect("invites");
    for invite in invites {
        assert!(linked.contains(&invite.id), "no link: {invite:?}");
    }
}

async fn states(database: &DatabaseTransaction) -> HashMap<(String, i64), State> {
    let mut states = HashMap::new();
    for row in invite_code::Entity::find()
        .all(database)
        .await
        .expect("codes")
    {
        let state = loader::invite_code::state(&row);
        states.insert(("invite_code".to_owned(), row.id), state);
    }
    for row in workspace_invite::Entity::find()
        .all(database)
        .await
        .expect("invites")
    {
        let state = loader::workspace_invite::state(&row);
        states.insert(("workspace_invite".to_owned(), row.id), state);
    }
    for row in course_invite::Entity::find()
        .all(database)
        .await
        .expect("invites")
    {
        let state = loader::course_invite::state(&row);
        states.insert(("course_invite".to_owned(), row.id), state);
    }
    states
}

async fn members(database: &DatabaseTransaction) -> HashSet<(String, i64, i64)> {
    let mut members = HashSet::new();
    for row in workspace_member::Entity::find()
        .all(database)
        .await
        .expect("members")
    {
        members.insert(("workspace_invite".to_owned(), row.workspace_id, row.user_id));
    }
    for row in course_member::Entity::find()
        .all(database)
        .await
        .expect("members")
    {
        members.insert(("course_invite".to_owned(), row.course_id, row.user_id));
    }
    for row in group_member::Entity::find()
        .all(database)
        .await
        .expect("members")
    {
        members.insert(("group_invite".to_owned(), row.group_id, row.user_id));
    }
    members
}
