//! The status of course invites, which triggers of the database keep: it equals its definition after
//! any history of invites, memberships and accounts, whoever writes.

use entity::{course_invite, course_member, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection,
    EntityTrait, IntoActiveModel, QueryFilter, TransactionTrait, prelude::Expr,
};

use crate::support::{Backend, Gateway, data, each_database, rounds, run};

const CREATOR: i64 = 1;
const COURSES: i64 = 3;
const USERS: i64 = 4;

/// A small generator of pseudo-random numbers, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        i64::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

async fn with_people(gateway: &Gateway) {
    gateway.add(data::user(CREATOR, "creator")).await;
    let users = 10..10 + USERS;
    gateway
        .add_all(users.map(|id| data::user(id, &format!("user{id}"))))
        .await;
    gateway
        .add_all((1..=COURSES).map(|id| data::course(id, &format!("course{id}"), CREATOR)))
        .await;
}

/// Changes one row at random.
async fn step(database: &DatabaseConnection, random: &mut Random) {
    let course = 1 + random.below(COURSES);
    let invitee = 10 + random.below(USERS);
    let instant = (random.below(2) == 0).then(data::made);
    let invites = course_invite::Entity::update_many()
        .filter(course_invite::Column::CourseId.eq(course))
        .filter(course_invite::Column::UserId.eq(invitee));
    let key = course * 100 + invitee;
    match random.below(9) {
        0 => {
            let invite = course_invite::Model {
                cancelled_at: instant,
                ..data::course_invite(key, course, invitee)
            };
            // It may exist.
            let _ = invite
                .into_active_model()
                .reset_all()
                .insert(database)
                .await;
        }
        1 => {
            set(
                invites.col_expr(course_invite::Column::AcceptedAt, Expr::value(instant)),
                database,
            )
            .await;
        }
        2 => {
            set(
                invites.col_expr(course_invite::Column::CancelledAt, Expr::value(instant)),
                database,
            )
            .await;
        }
        3 => {
            set(
                invites.col_expr(course_invite::Column::DeclinedAt, Expr::value(instant)),
                database,
            )
            .await;
        }
        4 => {
            let deleted = course_invite::Entity::delete_many()
                .filter(course_invite::Column::Id.eq(key))
                .exec(database);
            deleted.await.expect("a deletion");
        }
        5 | 6 => {
            let member = data::course_member(course, invitee, "joined");
            // It may exist.
            let _ = member
                .into_active_model()
                .reset_all()
                .insert(database)
                .await;
        }
        7 => {
            let deleted = course_member::Entity::delete_many()
                .filter(course_member::Column::CourseId.eq(course))
                .filter(course_member::Column::UserId.eq(invitee))
                .exec(database);
            deleted.await.expect("a deletion");
        }
        _ => {
            let account = user::ActiveModel {
                id: Set(invitee),
                deleted_at: Set(instant),
                ..Default::default()
            };
            account.update(database).await.expect("a user");
        }
    }
}

async fn set(update: sea_orm::UpdateMany<course_invite::Entity>, database: &DatabaseConnection) {
    update.exec(database).await.expect("an update");
}

/// Returns the ids and statuses of the invites whose status differs from the definition.
async fn wrong(database: &DatabaseConnection) -> Vec<(i64, Option<course_invite::StoredStatus>)> {
    let members = course_member::Entity::find()
        .all(database)
        .await
        .expect("members");
    let users = user::Entity::find().all(database).await.expect("users");
    let invites = course_invite::Entity::find()
        .all(database)
        .await
        .expect("invites");
    let differs = |invite: &course_invite::Model| {
        use course_invite::StoredStatus::{Accepted, Cancelled, Declined, Pending};
        let is_deleted = users
            .iter()
            .any(|user| Some(user.id) == invite.user_id && user.deleted_at.is_some());
        let is_member = members.iter().any(|member| {
            (member.course_id, Some(member.user_id)) == (invite.course_id, invite.user_id)
        });
        let defined = match (invite.cancelled_at, invite.declined_at) {
            _ if is_deleted => None,
            _ if is_member || invite.accepted_at.is_some() => Some(Accepted),
            (None, _) => Some(Pending),
            (Some(_), None) => Some(Cancelled),
            (Some(_), Some(_)) => Some(Declined),
        };
        invite.status != defined
    };
    let wrong = invites.iter().filter(|invite| differs(invite));
    wrong.map(|invite| (invite.id, invite.status)).collect()
}

each_database! {
    async fn the_status_equals_its_definition_after_any_history(gateway) {
        with_people(&gateway).await;
        for seed in 0..rounds("INVITE_STATUS_ROUNDS", 4) {
            let mut random = Random(seed.unsigned_abs());
            for at in 0..60 {
                step(&gateway.database, &mut random).await;
                assert_eq!(wrong(&gateway.database).await, [], "seed {seed}, step {at}");
            }
        }
    }

    async fn a_changed_key_moves_the_status(gateway) {
        with_people(&gateway).await;
        gateway.add(data::course_invite(1, 1, 10)).await;
        gateway.add(data::course_invite(2, 1, 11)).await;
        gateway.add(data::course_member(1, 10, "joined")).await;
        let sql = "UPDATE course_members SET user_id = 11 WHERE user_id = 10";
        gateway.database.execute_unprepared(sql).await.expect("an update");
        assert_eq!(wrong(&gateway.database).await, []);
        let sql = "UPDATE course_invites SET course_id = 2 WHERE id = 2";
        gateway.database.execute_unprepared(sql).await.expect("an update");
        assert_eq!(wrong(&gateway.database).await, []);
    }
}

/// An invite and a membership that two transactions create at the same time do not see each other's rows.
#[tokio::test]
async fn concurrent_transactions_agree_on_the_status() {
    run(Backend::Postgres, async |gateway: Gateway| {
        with_people(&gateway).await;
        for round in 0..rounds("INVITE_STATUS_ROUNDS", 4) {
            let writers = (0..8).map(|writer| {
                let database = gateway.database.clone();
                tokio::spawn(async move {
                    let mut random = Random((round * 8 + writer).unsigned_abs());
                    for _ in 0..20 {
                        let course = 1 + random.below(COURSES);
                        let invitee = 10 + random.below(USERS);
                        let transaction = database.begin().await.expect("a transaction");
                        let sql = match random.below(4) {
                            0 => format!(
                                "INSERT INTO course_invites (course_id, user_id, created_at)
                                 VALUES ({course}, {invitee}, now()) ON CONFLICT DO NOTHING"
                            ),
                            1 => format!(
                                "INSERT INTO course_members (course_id, user_id, role)
                                 VALUES ({course}, {invitee}, 'joined') ON CONFLICT DO NOTHING"
                            ),
                            2 => format!(
                                "DELETE FROM course_members
                                 WHERE course_id = {course} AND user_id = {invitee}"
                            ),
                            _ => format!(
                                "DELETE FROM course_invites
                                 WHERE course_id = {course} AND user_id = {invitee}"
                            ),
                        };
                        transaction
                            .execute_unprepared(&sql)
                            .await
                            .expect("a change");
                        tokio::task::yield_now().await;
                        transaction.commit().await.expect("a commit");
                    }
                })
            });
            for writer in writers.collect::<Vec<_>>() {
                writer.await.expect("a writer");
            }
            assert_eq!(wrong(&gateway.database).await, [], "round {round}");
        }
    })
    .await;
}
