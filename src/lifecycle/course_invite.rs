//! Creating course invites. An account has one invite to a course, and an address too: one that was
//! cancelled or declined is opened again.

use chrono::{DateTime, Utc};

use super::{
    Created, Key, Lifecycle, Numbered, WriteError,
    create::{Judge, about, run},
    event::{event_id, record},
    write::{Column, Lock, Type, Write},
};
use crate::{
    access::proof::{CourseManager, SelfProof},
    fold,
    invite::{Event, InviteKind},
};

const JUDGE: Judge = Judge {
    table: "course_invites",
    existing: "coalesce(
        (SELECT i.id FROM course_invites i WHERE i.course_id = :target
            AND i.user_id = input.user_id AND i.status = 'pending'),
        (SELECT i.id FROM course_invites i WHERE i.course_id = :target
            AND i.email_norm = input.email_norm AND i.status = 'pending'))",
    // An address is compared with no account: the outcome would tell whose it is.
    is_member: "EXISTS (SELECT 1 FROM course_members m
        WHERE m.course_id = :target AND m.user_id = input.user_id)",
    has_accepted: "(EXISTS (SELECT 1 FROM course_invites i WHERE i.course_id = :target
            AND i.user_id = input.user_id AND i.accepted_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM course_invites i WHERE i.course_id = :target
            AND i.email_norm = input.email_norm AND i.accepted_at IS NOT NULL))",
    reused: "coalesce(
        (SELECT i.id FROM course_invites i WHERE i.course_id = :target AND i.user_id = input.user_id),
        (SELECT i.id FROM course_invites i WHERE i.course_id = :target
            AND i.email_norm = input.email_norm))",
    is_open: Some("course_id = :target AND status = 'pending'"),
    target: ":target",
};

/// A course invite to create. The access module has checked it.
#[derive(Clone, Debug)]
pub enum NewCourseInvite {
    /// Id of the account.
    User(i64),
    /// An address.
    Email {
        /// As entered.
        email: String,
        /// Normalized.
        email_norm: String,
    },
}

impl NewCourseInvite {
    /// Returns what one invite of a course may have.
    pub fn key(&self) -> (Option<i64>, Option<String>) {
        match self {
            Self::User(id) => (Some(*id), None),
            Self::Email { email_norm, .. } => (None, Some(email_norm.clone())),
        }
    }
}

/// Returns the step that creates the invites, or opens them again, of which a course has one for each value of
/// `invitee`. It returns their ids.
fn insert(invitee: &str) -> String {
    format!(
        "INSERT INTO course_invites (id, course_id, user_id, email, email_norm, email_folded, invited_by_id,
            created_at, last_sent_at, send_count)
         SELECT id, target_id, user_id, email, email_norm, email_folded, :actor, :now, :now, 1
         FROM judged JOIN input ON input.n = judged.n WHERE refusal IS NULL AND {invitee} IS NOT NULL
         ON CONFLICT (course_id, {invitee}) WHERE {invitee} IS NOT NULL DO UPDATE SET
            email = excluded.email, email_folded = excluded.email_folded,
            invited_by_id = excluded.invited_by_id, created_at = excluded.created_at,
            declined_at = NULL, cancelled_at = NULL, updated_at = excluded.created_at,
            last_sent_at = excluded.last_sent_at, send_count = 1
         WHERE course_invites.accepted_at IS NULL AND course_invites.cancelled_at IS NOT NULL
         RETURNING id AS created_id"
    )
}

impl Lifecycle {
    /// Invites people to a course, in the order of `invites`.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn create_course_invites(
        &self,
        manager: &CourseManager,
        actor: &SelfProof,
        invites: Vec<Numbered<NewCourseInvite>>,
        key: Option<Key>,
        now: DateTime<Utc>,
    ) -> Result<Created, WriteError> {
        let (database, limits) = (self.database.clone(), self.limits.clone());
        let (course, actor) = (manager.course_id(), actor.user_id());
        let about = about(actor, InviteKind::CourseInvite, invites.len());
        self.spawn(about, async move {
            let input = invites.into_iter().map(|(n, invite)| {
                let (user_id, email_norm) = invite.key();
                let email = match invite {
                    NewCourseInvite::User(_) => None,
                    NewCourseInvite::Email { email, .. } => Some(email),
                };
                vec![
                    n.into(),
                    user_id.into(),
                    email.as_deref().and_then(fold::stored).into(),
                    email.into(),
                    email_norm.into(),
                    event_id(now),
                ]
            });
            let columns = &["n", "user_id", "email_folded", "email", "email_norm", "event_id"];
            let write = Write::new(&database)
                .with_locks([Lock::Course(course)])
                .set("target", course)
                .set("actor", actor)
                .set("now", now)
                .input("input", columns, input.collect());
            let write = JUDGE.step(write, &database, &limits, key.as_ref(), now);
            let created: &[Column] = &[("created_id", Type::Int)];
            let write = write
                .step("by_account", created, insert("user_id"))
                .step("by_address", created, insert("email_norm"));
            let new = "judged JOIN input ON input.n = judged.n
                WHERE id IN (SELECT created_id FROM by_account UNION ALL SELECT created_id FROM by_address)";
            let write = record(write, InviteKind::CourseInvite, Event::Created, "NULL", new);
            run(&database, &write, key.as_ref(), actor, now, |_, _| None).await
        })
        .await
        .map(|(created, _)| created)
    }
}
