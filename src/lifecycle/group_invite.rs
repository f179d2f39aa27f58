//! Group invites: a group's link is switched on, renewed, switched off, and joined by.

use chrono::{DateTime, Utc};
use sea_orm::DbBackend;

use super::{
    About, Lifecycle, WriteError,
    event::{event_id, record},
    write::{Column, Type, Write},
};
use crate::{
    access::proof::{Addressee, GroupManager, SelfProof},
    database::OpenDatabase,
    invite::{Code, Event, InviteKind, Joined},
};

/// Columns of the link that a write concerns.
const LINK: &[Column] = &[("id", Type::Int), ("target_id", Type::Int)];

impl Lifecycle {
    /// Makes the group's link, unless there is one.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn enable_group_invite(
        &self,
        manager: &GroupManager,
        actor: &SelfProof,
        now: DateTime<Utc>,
    ) -> Result<(), WriteError> {
        let id = Write::new_id(&self.database, "group_invites", "1");
        let insert = format!(
            "INSERT INTO group_invites (id, group_id, code, created_at, updated_at)
             SELECT {id}, :group, :code, :now, :now WHERE 1 = 1
             ON CONFLICT (group_id) DO NOTHING
             RETURNING id, group_id AS target_id"
        );
        self.change_link(manager, actor, Event::Created, insert, now)
            .await
            .map(drop)
    }

    /// Gives the group's link a new code. The old one ends at once. Returns false if the group has no
    /// link.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn rotate_group_invite(
        &self,
        manager: &GroupManager,
        actor: &SelfProof,
        now: DateTime<Utc>,
    ) -> Result<bool, WriteError> {
        let update = "UPDATE group_invites SET code = :code, url = NULL, updated_at = :now
            WHERE group_id = :group RETURNING id, group_id AS target_id";
        self.change_link(manager, actor, Event::Rotated, update.to_owned(), now)
            .await
    }

    /// Switches the group's link off.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn disable_group_invite(
        &self,
        manager: &GroupManager,
        actor: &SelfProof,
        now: DateTime<Utc>,
    ) -> Result<(), WriteError> {
        let delete = "DELETE FROM group_invites WHERE group_id = :group
            RETURNING id, group_id AS target_id";
        self.change_link(manager, actor, Event::Disabled, delete.to_owned(), now)
            .await
            .map(drop)
    }

    /// Carries out one change of a group's link. Returns false if it changed nothing.
    async fn change_link(
        &self,
        manager: &GroupManager,
        actor: &SelfProof,
        event: Event,
        sql: String,
        now: DateTime<Utc>,
    ) -> Result<bool, WriteError> {
        let (database, group, actor) = (self.database.clone(), manager.group_id(), actor.user_id());
        let about = About {
            actor,
            kind: InviteKind::GroupInvite,
            command: match event {
                Event::Created => "enable",
                Event::Rotated => "rotate",
                _ => "disable",
            },
            rows: 1,
        };
        self.spawn(about, async move {
            let write = Write::new(&database)
                .set("group", group)
                .set("code", Code::random().into_string())
                .set("actor", actor)
                .set("now", now)
                .input("event", &["event_id"], vec![vec![event_id(now)]])
                .step("link", LINK, sql);
            let kind = InviteKind::GroupInvite;
            let write = record(write, kind, event, "NULL", "link CROSS JOIN event");
            Ok(!write.run(&database, "link").await?.is_empty())
        })
        .await
    }

    /// Makes the holder of a group's code a member. Returns false if the code is no longer the group's.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn join_group(
        &self,
        holder: &Addressee<InviteKind>,
        code: &Code,
        now: DateTime<Utc>,
    ) -> Result<bool, WriteError> {
        let (database, code) = (self.database.clone(), code.as_str().to_owned());
        let ((_, id), actor) = (holder.invite(), holder.user_id());
        let about = About {
            actor,
            kind: InviteKind::GroupInvite,
            command: "join",
            rows: 1,
        };
        self.spawn(about, async move {
            let link = format!(
                "SELECT id, group_id AS target_id FROM group_invites
                 WHERE id = :id AND code = :code{}",
                for_share(&database)
            );
            let join = format!(
                "INSERT INTO group_members (group_id, user_id, role)
                 SELECT target_id, :actor, '{}' FROM link WHERE 1 = 1
                 ON CONFLICT (group_id, user_id) DO NOTHING
                 RETURNING group_id AS joined_id",
                Joined::GROUP
            );
            let write = Write::new(&database)
                .set("id", id)
                .set("code", code)
                .set("actor", actor)
                .set("now", now)
                .input("event", &["event_id"], vec![vec![event_id(now)]])
                .step("link", LINK, link)
                .step("joined", &[("joined_id", Type::Int)], join);
            let source = "link JOIN joined ON joined_id = target_id CROSS JOIN event";
            let write = record(
                write,
                InviteKind::GroupInvite,
                Event::Joined,
                "NULL",
                source,
            );
            Ok(!write.run(&database, "link").await?.is_empty())
        })
        .await
    }
}

/// Locks the rows that a `SELECT` finds against changes. SQLite has one writer at a time.
fn for_share(database: &OpenDatabase) -> &'static str {
    match database.backend() {
        DbBackend::Postgres => " FOR SHARE",
        _ => "",
    }
}
