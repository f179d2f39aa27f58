//! Writes at the same time: one winner each, and every loser is told why.
//!
//! `INVITE_RACE_ROUNDS` sets the number of rounds of each race; a run by hand takes a thousand.

use std::collections::HashMap;

use entity::{group_member, invite_event, user, workspace_invite, workspace_member};
use futures_util::future::join_all;
use invite_gateway::lifecycle::WriteLimits;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, Statement,
    TransactionTrait,
};
use serde_json::Value;

use crate::support::{
    self, Backend, Gateway, Viewer, data, each_database, invariants, process::eventually, run,
};

/// Clients of a race.
const CLIENTS: usize = 32;

const MANAGER: i64 = 1;
const INVITEE: i64 = 2;
/// Has the same verified address.
const TWIN: i64 = 3;

fn rounds() -> i64 {
    support::rounds("INVITE_RACE_ROUNDS", 10)
}

async fn filled(gateway: Gateway) -> Gateway {
    gateway.add(data::user(MANAGER, "manager")).await;
    for (id, name) in [(INVITEE, "invitee"), (TWIN, "twin")] {
        gateway
            .add(user::Model {
                email: "invitee@example.org".to_owned(),
                email_norm: "invitee@example.org".to_owned(),
                ..data::user(id, name)
            })
            .await;
    }
    gateway.with_write_limits(WriteLimits {
        per_day: u32::MAX,
        ..WriteLimits::default()
    })
}

/// Adds a workspace with an invite of the same id.
async fn add_invite(gateway: &Gateway, id: i64) {
    gateway.add(data::workspace(id)).await;
    gateway
        .add(data::workspace_member(id, MANAGER, "owner"))
        .await;
    gateway
        .add(workspace_invite::Model {
            email: "invitee@example.org".to_owned(),
            email_norm: "invitee@example.org".to_owned(),
            ..data::workspace_invite(id, id)
        })
        .await;
}

/// Sends mutations at the same time. Returns how often each outcome occurred: a code, or `done`.
async fn race(gateway: &Gateway, mutations: Vec<(i64, String)>) -> HashMap<String, usize> {
    let sent = mutations.into_iter().map(async |(viewer, mutation)| {
        let document = format!("mutation {{ it: {mutation} }}");
        let data = gateway.data(Viewer::User(viewer), &document).await;
        let outcome = match &data["it"]["results"][0] {
            Value::Null => &data["it"],
            row => row,
        };
        outcome["userErrors"][0]["code"]
            .as_str()
            .unwrap_or("done")
            .to_owned()
    });
    let mut counts = HashMap::new();
    for outcome in join_all(sent).await {
        *counts.entry(outcome).or_default() += 1;
    }
    counts
}

fn counted<const N: usize>(counts: [(&str, usize); N]) -> HashMap<String, usize> {
    let counts = counts.map(|(outcome, count)| (outcome.to_owned(), count));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn accept(id: i64) -> String {
    format!(
        "acceptInvite(input: {{ token: \"{}\" }}) {{ userErrors {{ code }} }}",
        data::token(id)
    )
}

fn decline(id: i64) -> String {
    format!(
        "declineInvite(input: {{ token: \"{}\" }}) {{ userErrors {{ code }} }}",
        data::token(id)
    )
}

fn cancel(id: i64) -> String {
    let id = support::id_of_kind("WorkspaceInvite", id);
    format!("cancelInvites(input: {{ ids: [{id:?}] }}) {{ results {{ userErrors {{ code }} }} }}")
}

/// Two commands, by turns.
fn by_turns(one: (i64, String), other: (i64, String)) -> Vec<(i64, String)> {
    [one, other].into_iter().cycle().take(CLIENTS).collect()
}

async fn events_of(gateway: &Gateway, id: i64) -> Vec<String> {
    let events = invite_event::Entity::find()
        .filter(invite_event::Column::InviteId.eq(id))
        .all(&gateway.database)
        .await
        .expect("events");
    events.into_iter().map(|event| event.event_type).collect()
}

each_database! {
    async fn of_two_people_who_accept_one_wins(gateway) {
        let gateway = filled(gateway).await;
        for id in 1..=rounds() {
            add_invite(&gateway, id).await;
            let outcomes = race(&gateway, by_turns((INVITEE, accept(id)), (TWIN, accept(id)))).await;
            // The winner is told so every time.
            assert_eq!(outcomes, counted([("done", CLIENTS / 2), ("ALREADY_ACCEPTED", CLIENTS / 2)]));
            let members = workspace_member::Entity::find()
                .filter(workspace_member::Column::WorkspaceId.eq(id))
                .count(&gateway.database).await.expect("a number");
            assert_eq!(members, 2);
            assert_eq!(events_of(&gateway, id).await, ["accepted"]);
        }
        invariants::check(&gateway.database).await;
    }

    async fn accepting_and_cancelling_have_one_winner(gateway) {
        let gateway = filled(gateway).await;
        for id in 1..=rounds() {
            add_invite(&gateway, id).await;
            let outcomes = race(&gateway, by_turns((INVITEE, accept(id)), (MANAGER, cancel(id)))).await;
            let lost = match events_of(&gateway, id).await.as_slice() {
                [winner] if winner == "accepted" => "ALREADY_ACCEPTED",
                [winner] if winner == "cancelled" => "CANCELLED",
                other => panic!("{other:?}"),
            };
            assert_eq!(outcomes, counted([("done", CLIENTS / 2), (lost, CLIENTS / 2)]));
        }
        invariants::check(&gateway.database).await;
    }

    async fn accepting_and_declining_have_one_winner(gateway) {
        let gateway = filled(gateway).await;
        for id in 1..=rounds() {
            add_invite(&gateway, id).await;
            let outcomes = race(&gateway, by_turns((INVITEE, accept(id)), (INVITEE, decline(id)))).await;
            let lost = match events_of(&gateway, id).await.as_slice() {
                [winner] if winner == "accepted" => "ALREADY_ACCEPTED",
                [winner] if winner == "declined" => "DECLINED",
                other => panic!("{other:?}"),
            };
            assert_eq!(outcomes, counted([("done", CLIENTS / 2), (lost, CLIENTS / 2)]));
        }
        invariants::check(&gateway.database).await;
    }

    async fn one_address_gets_one_invite(gateway) {
        let gateway = filled(gateway).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, MANAGER, "owner")).await;
        for round in 1..=rounds() {
            let create = format!("createWorkspaceInvites(input: {{ workspace: \"1\",
                invitees: [{{ email: \"n{round}@x.io\" }}] }}) {{ results {{ userErrors {{ code }} }} }}");
            let outcomes = race(&gateway, vec![(MANAGER, create); CLIENTS]).await;
            assert_eq!(outcomes, counted([("done", 1), ("ALREADY_INVITED", CLIENTS - 1)]));
        }
        let invites = workspace_invite::Entity::find().count(&gateway.database).await.expect("a number");
        assert_eq!(i64::try_from(invites), Ok(rounds()));
        invariants::check(&gateway.database).await;
    }

    async fn an_expired_invite_is_renewed_or_another_is_created(gateway) {
        let gateway = filled(gateway).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, MANAGER, "owner")).await;
        for round in 1..=rounds() {
            let email = format!("n{round}@x.io");
            gateway.add(workspace_invite::Model {
                email: email.clone(),
                email_norm: email.clone(),
                expires_at: Some(data::made()),
                ..data::workspace_invite(round, 1)
            }).await;
            let resend = format!("resendInvites(input: {{ ids: [{:?}] }}) {{ results {{ userErrors {{ code }} }} }}",
                support::invite_id("WorkspaceInvite", 1, round));
            let create = format!("createWorkspaceInvites(input: {{ workspace: \"1\",
                invitees: [{{ email: {email:?} }}] }}) {{ results {{ userErrors {{ code }} }} }}");
            let mut outcomes = race(&gateway, by_turns((MANAGER, resend), (MANAGER, create))).await;
            assert_eq!(outcomes.remove("done"), Some(1), "{outcomes:?}");
            // A second renewal comes too soon after the first.
            let refused = ["ALREADY_INVITED", "LIMIT_REACHED"];
            assert!(outcomes.keys().all(|code| refused.contains(&code.as_str())), "{outcomes:?}");
            let document = format!("{{ workspaceInvites(filter: {{ email: {email:?}, status: [PENDING] }}) {{ totalCount }} }}");
            let data = gateway.data(Viewer::User(MANAGER), &document).await;
            assert_eq!(data["workspaceInvites"]["totalCount"], 1);
        }
        invariants::check(&gateway.database).await;
    }

    async fn a_key_creates_once(gateway) {
        let gateway = filled(gateway).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, MANAGER, "owner")).await;
        for round in 1..=rounds() {
            let create = format!("createWorkspaceInvites(input: {{ workspace: \"1\", idempotencyKey: \"k{round}\",
                invitees: [{{ email: \"n{round}@x.io\" }}] }}) {{ results {{ userErrors {{ code }} }} }}");
            let outcomes = race(&gateway, vec![(MANAGER, create); CLIENTS]).await;
            assert_eq!(outcomes, counted([("done", CLIENTS)]));
        }
        let invites = workspace_invite::Entity::find().count(&gateway.database).await.expect("a number");
        assert_eq!(i64::try_from(invites), Ok(rounds()));
        invariants::check(&gateway.database).await;
    }

    async fn a_code_that_was_rotated_lets_nobody_in(gateway) {
        let gateway = filled(gateway).await;
        let joiners: Vec<i64> = (100..100 + CLIENTS as i64).collect();
        for id in &joiners {
            gateway.add(data::user(*id, &format!("joiner{id}"))).await;
        }
        for id in 1..=rounds() {
            gateway.add(data::group(id, &format!("group-{id}"))).await;
            gateway.add(data::group_member(id, MANAGER, "manager")).await;
            gateway.add(data::group_invite(id, id, &format!("code-{id}"))).await;
            let join = format!("acceptInvite(input: {{ groupCode: \"code-{id}\" }}) {{ userErrors {{ code }} }}");
            let mut mutations: Vec<_> = joiners.iter().map(|joiner| (*joiner, join.clone())).collect();
            let rotate = format!("rotateGroupInvite(input: {{ group: \"{id}\" }}) {{ userErrors {{ code }} }}");
            mutations.insert(CLIENTS / 2, (MANAGER, rotate));
            let outcomes = race(&gateway, mutations).await;
            let done = outcomes.get("done").copied().unwrap_or(0);
            assert_eq!(outcomes, counted([("done", done), ("NOT_FOUND", CLIENTS + 1 - done)]));
            // All who were told so are members, and nobody else; the rotation is one of `done`.
            let members = group_member::Entity::find()
                .filter(group_member::Column::GroupId.eq(id))
                .count(&gateway.database).await.expect("a number");
            assert_eq!(usize::try_from(members), Ok(done));
            let events = events_of(&gateway, id).await;
            assert_eq!(events.iter().filter(|it| *it == "joined").count(), done - 1);
            assert_eq!(race(&gateway, vec![(INVITEE, join)]).await, counted([("NOT_FOUND", 1)]));
        }
        invariants::check(&gateway.database).await;
    }
}

#[tokio::test]
async fn a_renewal_waits_for_those_who_create_invites_to_the_workspace() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let gateway = filled(gateway).await;
        gateway.add(data::workspace(1)).await;
        gateway
            .add(data::workspace_member(1, MANAGER, "owner"))
            .await;
        let invite = |id: i64| workspace_invite::Model {
            email_norm: "new@x.io".to_owned(),
            ..data::workspace_invite(id, 1)
        };
        gateway
            .add(workspace_invite::Model {
                expires_at: Some(data::made()),
                ..invite(1)
            })
            .await;
        // As one who creates an invite.
        let creator = gateway.database.begin().await.expect("a transaction");
        let lock = format!("SELECT pg_advisory_xact_lock({})", (1_i64 << 60) ^ 1);
        creator.execute_unprepared(&lock).await.expect("the lock");
        let resend = format!(
            "mutation {{ it: resendInvites(input: {{ ids: [{:?}] }}) {{ results {{ userErrors {{ code }} }} }} }}",
            support::invite_id("WorkspaceInvite", 1, 1)
        );
        let resent = gateway.data(Viewer::User(MANAGER), &resend);
        let created = async {
            eventually("a renewal that waits", async || {
                let waiting = "SELECT 1 AS found FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
                let waiting = Statement::from_string(DbBackend::Postgres, waiting);
                let waiting = gateway.database.query_one_raw(waiting).await;
                waiting.expect("locks").map(drop)
            })
            .await;
            gateway.add(invite(2)).await;
            creator.commit().await.expect("a commit");
        };
        let (data, ()) = tokio::join!(resent, created);
        assert_eq!(data["it"]["results"][0]["userErrors"][0]["code"], "ALREADY_INVITED");
    })
    .await;
}
