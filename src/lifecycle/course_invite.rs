//! Creating course invites. A user has one invite to a course: one that was cancelled or declined is
//! opened again.

use chrono::{DateTime, Utc};

use super::{
    Created, Key, Lifecycle, Numbered, WriteError,
    create::{Judge, about, run},
    event::{event_id, record},
    write::{Lock, Type, Write},
};
use crate::{
    access::proof::{CourseManager, SelfProof},
    invite::{Event, InviteKind},
};

const JUDGE: Judge = Judge {
    table: "course_invites",
    existing: "(SELECT i.id FROM course_invites i WHERE i.course_id = :target
        AND i.user_id = input.user_id AND i.status = 'pending')",
    is_member: "EXISTS (SELECT 1 FROM course_members m
        WHERE m.course_id = :target AND m.user_id = input.user_id)",
    has_accepted: "EXISTS (SELECT 1 FROM course_invites i WHERE i.course_id = :target
        AND i.user_id = input.user_id AND i.accepted_at IS NOT NULL)",
    reused: "(SELECT i.id FROM course_invites i WHERE i.course_id = :target
        AND i.user_id = input.user_id)",
    is_open: Some("course_id = :target AND status = 'pending'"),
    target: ":target",
};

impl Lifecycle {
    /// Invites users to a course, in the order of `users`.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn create_course_invites(
        &self,
        manager: &CourseManager,
        actor: &SelfProof,
        users: Vec<Numbered<i64>>,
        key: Option<Key>,
        now: DateTime<Utc>,
    ) -> Result<Created, WriteError> {
        let (database, limits) = (self.database.clone(), self.limits.clone());
        let (course, actor) = (manager.course_id(), actor.user_id());
        let about = about(actor, InviteKind::CourseInvite, users.len());
        self.spawn(about, async move {
            let input = users
                .into_iter()
                .map(|(n, user)| vec![n.into(), user.into(), event_id(now)]);
            let write = Write::new(&database)
                .with_locks([Lock::Course(course)])
                .set("target", course)
                .set("actor", actor)
                .set("now", now)
                .input("input", &["n", "user_id", "event_id"], input.collect());
            let write = JUDGE.step(write, &database, &limits, key.as_ref(), now);
            let write = write.step(
                "created",
                &[("created_id", Type::Int)],
                "INSERT INTO course_invites (id, course_id, user_id, invited_by_id, created_at,
                    last_sent_at, send_count)
                 SELECT id, target_id, user_id, :actor, :now, :now, 1
                 FROM judged JOIN input ON input.n = judged.n WHERE refusal IS NULL
                 ON CONFLICT (course_id, user_id) DO UPDATE SET
                    invited_by_id = excluded.invited_by_id, created_at = excluded.created_at,
                    declined_at = NULL, cancelled_at = NULL, updated_at = excluded.created_at,
                    last_sent_at = excluded.last_sent_at, send_count = 1
                 WHERE course_invites.accepted_at IS NULL
                   AND course_invites.cancelled_at IS NOT NULL
                 RETURNING id AS created_id",
            );
            let new = "judged JOIN input ON input.n = judged.n JOIN created ON created_id = id";
            let write = record(write, InviteKind::CourseInvite, Event::Created, "NULL", new);
            run(&database, &write, key.as_ref(), actor, now, |_, _| None).await
        })
        .await
        .map(|(created, _)| created)
    }
}
