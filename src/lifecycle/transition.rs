//! Commands to invites that exist: accept, decline, cancel, resend and update.
//!
//! A conditional `UPDATE` decides. Its condition is made from the domain's table, so that the two can't
//! differ. An invite that the statement leaves as it was is read again, to say why.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{course_invite, invite_code, workspace_invite};
use sea_orm::{
    ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect, Value, sea_query::Expr,
};

use super::{
    About, Lifecycle, WriteError, WriteLimits, Written,
    event::{event_id, record},
    write::{Column, Lock, Type, Write},
    written_row::WrittenRow,
};
use crate::{
    access::proof::{Addressee, InviteManager, SelfProof},
    database::OpenDatabase,
    fold,
    invite::{
        Command, Event, InviteKind, Joined, ROLES, Refusal, State, Status, Token, WriteLimit,
        roles_of_codes, transition,
    },
    loader::{
        course_invite as course_invites, invite_code as invite_codes,
        workspace_invite as workspace_invites,
    },
};

/// Times that invites are read again and the command is given once more, because they changed meanwhile.
const MAX_ROUNDS: u32 = 8;

/// The outcome of a command that was carried out, now or before.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// A new token of a workspace invite that was sent again.
    pub token: Option<Token>,
    /// The invite as the command left it, if it was carried out now.
    pub row: Option<WrittenRow>,
}

/// New values of an invite; none keeps the present one.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Role that accepting grants.
    pub role: Option<String>,
    /// Expiry.
    pub expires_at: Option<DateTime<Utc>>,
    /// Message; empty for none.
    pub message: Option<String>,
    /// Name of the person invited; empty for none.
    pub name: Option<String>,
    /// Tags that the code grants.
    pub tags: Option<Vec<i64>>,
}

/// Condition: the workspace invite expired, and another one to the same address is pending.
const HAS_SUCCESSOR: &str = "((status = 'expired' OR (expires_at IS NOT NULL AND expires_at <= :now)) \
    AND EXISTS (SELECT 1 FROM workspace_invites o \
    WHERE o.workspace_id = workspace_invites.workspace_id \
    AND o.email_norm = workspace_invites.email_norm AND o.id <> workspace_invites.id \
    AND o.status = 'pending' AND (o.expires_at IS NULL OR o.expires_at > :now)))";

/// Condition: the workspace invite expired, and the same command names a newer one to the same address, which
/// is renewed instead.
const HAS_NEWER_TWIN: &str = "((status = 'expired' OR (expires_at IS NOT NULL AND expires_at <= :now)) \
    AND EXISTS (SELECT 1 FROM wanted twin JOIN workspace_invites o ON o.id = twin.wanted_id \
    WHERE o.workspace_id = workspace_invites.workspace_id \
    AND o.email_norm = workspace_invites.email_norm AND o.id > workspace_invites.id \
    AND o.status IN ('pending', 'expired')))";

/// Condition: the course of the course invite is not deleted.
const IN_LIVE_COURSE: &str = "EXISTS (SELECT 1 FROM courses c \
    WHERE c.id = course_invites.course_id AND c.deleted_at IS NULL)";

/// Accepts the pending invite of the account, if one to its address was accepted. Not the other way round:
/// managers of the course would learn the address of an account.
const ACCEPT_TWIN: &str = "UPDATE course_invites
    SET accepted_at = :now, accepted_by_id = :actor, updated_at = :now
    WHERE status = 'pending' AND user_id = :actor AND id NOT IN (SELECT d.id FROM decided d)
        AND course_id IN (SELECT d.target_id FROM decided d)
    RETURNING id AS twin_id";

/// Columns of the invites that a command moved.
const DECIDED: &[Column] = &[
    ("id", Type::Int),
    ("target_id", Type::Int),
    ("role", Type::Text),
];

/// A command and its values.
#[derive(Clone, Debug)]
enum Order {
    Accept,
    Decline,
    Cancel,
    Resend {
        tokens: HashMap<i64, Token>,
        expires_at: DateTime<Utc>,
        /// Workspaces of the invites. They are locked, because renewing an invite is like creating one.
        workspaces: Vec<i64>,
    },
    Update(Changes),
}

impl Order {
    fn command(&self) -> Command {
        match self {
            Self::Accept => Command::Accept,
            Self::Decline => Command::Decline,
            Self::Cancel => Command::Cancel,
            Self::Resend { .. } => Command::Resend,
            Self::Update(_) => Command::Update,
        }
    }

    fn event(&self) -> Event {
        match self {
            Self::Accept => Event::Accepted,
            Self::Decline => Event::Declined,
            Self::Cancel => Event::Cancelled,
            Self::Resend { .. } => Event::Resent,
            Self::Update(_) => Event::Updated,
        }
    }
}

impl Lifecycle {
    /// Accepts an invite for the person to whom it is addressed, who becomes a member.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn accept(
        &self,
        addressee: &Addressee<InviteKind>,
        now: DateTime<Utc>,
    ) -> Result<Result<Settled, Refusal>, WriteError> {
        let (kind, id) = addressee.invite();
        self.give(Order::Accept, kind, vec![id], addressee.user_id(), now)
            .await
            .map(single)
    }

    /// Declines an invite for the person to whom it is addressed.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn decline(
        &self,
        addressee: &Addressee<InviteKind>,
        now: DateTime<Utc>,
    ) -> Result<Result<Settled, Refusal>, WriteError> {
        let (kind, id) = addressee.invite();
        self.give(Order::Decline, kind, vec![id], addressee.user_id(), now)
            .await
            .map(single)
    }

    /// Changes an invite.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn update(
        &self,
        manager: &InviteManager<InviteKind>,
        actor: &SelfProof,
        changes: Changes,
        now: DateTime<Utc>,
    ) -> Result<Result<Settled, Refusal>, WriteError> {
        let (kind, id) = manager.invite();
        self.give(Order::Update(changes), kind, vec![id], actor.user_id(), now)
            .await
            .map(single)
    }

    /// Withdraws invites. The outcomes are in the order of `managers`.
    ///
    /// # Errors
    /// Nothing was written of the kind at which the write failed.
    pub async fn cancel(
        &self,
        managers: &[InviteManager<InviteKind>],
        actor: &SelfProof,
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Settled, Refusal>>, WriteError> {
        self.give_to_all(managers, actor, now, |_, _| Order::Cancel)
            .await
    }

    /// Sends invites again; renews workspace invites that have expired. The outcomes are in the order of
    /// `managers`.
    ///
    /// # Errors
    /// Nothing was written of the kind at which the write failed.
    pub async fn resend(
        &self,
        managers: &[InviteManager<InviteKind>],
        actor: &SelfProof,
        now: DateTime<Utc>,
    ) -> Result<Vec<Result<Settled, Refusal>>, WriteError> {
        let expires_at = now + self.limits.lifetime;
        let workspaces: Vec<_> = managers
            .iter()
            .filter(|manager| manager.invite().0 == InviteKind::WorkspaceInvite)
            .filter_map(InviteManager::target)
            .collect();
        let order = |kind: InviteKind, ids: &[i64]| Order::Resend {
            tokens: ids.iter().map(|id| (*id, Token::random())).collect(),
            expires_at,
            workspaces: match kind {
                InviteKind::WorkspaceInvite => workspaces.clone(),
                _ => Vec::new(),
            },
        };
        self.give_to_all(managers, actor, now, order).await
    }

    async fn give_to_all(
        &self,
        managers: &[InviteManager<InviteKind>],
        actor: &SelfProof,
        now: DateTime<Utc>,
        order: impl Fn(InviteKind, &[i64]) -> Order,
    ) -> Result<Vec<Result<Settled, Refusal>>, WriteError> {
        let mut outcomes = HashMap::new();
        for kind in InviteKind::ALL {
            let invites = managers.iter().map(InviteManager::invite);
            let mut ids: Vec<i64> = invites
                .filter(|(of, _)| *of == kind)
                .map(|(_, id)| id)
                .collect();
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() {
                continue;
            }
            let order = order(kind, &ids);
            let given = self.give(order, kind, ids, actor.user_id(), now).await?;
            outcomes.extend(given.into_iter().map(|(id, outcome)| ((kind, id), outcome)));
        }
        let outcome = |manager: &InviteManager<InviteKind>| {
            outcomes
                .get(&manager.invite())
                .cloned()
                .unwrap_or(Err(Refusal::NotFound))
        };
        Ok(managers.iter().map(outcome).collect())
    }

    /// Gives a command to invites of one kind.
    async fn give(
        &self,
        order: Order,
        kind: InviteKind,
        ids: Vec<i64>,
        actor: i64,
        now: DateTime<Utc>,
    ) -> Result<HashMap<i64, Result<Settled, Refusal>>, WriteError> {
        let (database, limits) = (self.database.clone(), self.limits.clone());
        let about = About {
            actor,
            kind,
            command: order.command().as_str(),
            rows: ids.len(),
        };
        self.spawn(about, async move {
            let Some(table) = Table::of(kind) else {
                return Ok(ids
                    .into_iter()
                    .map(|id| (id, Err(Refusal::NotSupported)))
                    .collect());
            };
            let giving = Giving {
                database: &database,
                limits: &limits,
                table,
                order,
                actor,
                now,
            };
            giving.run(ids).await
        })
        .await
    }
}

impl Written for HashMap<i64, Result<Settled, Refusal>> {
    fn done(&self) -> usize {
        self.values().filter(|outcome| outcome.is_ok()).count()
    }
}

fn single(outcomes: HashMap<i64, Result<Settled, Refusal>>) -> Result<Settled, Refusal> {
    outcomes
        .into_values()
        .next()
        .unwrap_or(Err(Refusal::NotFound))
}

/// The statements of a kind of invite.
#[derive(Clone, Copy)]
struct Table {
    kind: InviteKind,
    name: &'static str,
    /// Expression of the target's id.
    target: &'static str,
    /// Expression of the role that accepting grants.
    role: &'static str,
}

impl Table {
    fn of(kind: InviteKind) -> Option<Self> {
        let (name, target, role) = match kind {
            InviteKind::InviteCode => ("invite_codes", "CAST(NULL AS bigint)", "role"),
            InviteKind::WorkspaceInvite => (
                "workspace_invites",
                "workspace_id",
                // The source named none.
                "CASE role WHEN 'unknown' THEN 'member' ELSE role END",
            ),
            InviteKind::CourseInvite => ("course_invites", "course_id", "CAST(NULL AS text)"),
            // A group's link is never settled.
            InviteKind::GroupInvite => return None,
        };
        Some(Self {
            kind,
            name,
            target,
            role,
        })
    }

    /// Condition: the invite has this effective status.
    fn is(self, status: Status) -> &'static str {
        match (self.kind, status) {
            (InviteKind::WorkspaceInvite, Status::Pending) => {
                "(status = 'pending' AND (expires_at IS NULL OR expires_at > :now))"
            }
            (InviteKind::WorkspaceInvite, Status::Expired) => {
                "(status = 'expired' OR (status = 'pending' AND expires_at <= :now))"
            }
            (InviteKind::WorkspaceInvite, Status::Accepted) => "status = 'accepted'",
            (InviteKind::WorkspaceInvite, Status::Cancelled) => {
                "(status = 'cancelled' AND declined_at IS NULL)"
            }
            (InviteKind::WorkspaceInvite, Status::Declined) => {
                "(status = 'cancelled' AND declined_at IS NOT NULL)"
            }
            (InviteKind::InviteCode, Status::Pending) => {
                "(used_at IS NULL AND cancelled_at IS NULL \
                 AND (expires_at IS NULL OR expires_at > :now))"
            }
            (InviteKind::InviteCode, Status::Expired) => {
                "(used_at IS NULL AND cancelled_at IS NULL AND expires_at <= :now)"
            }
            (InviteKind::InviteCode, Status::Accepted) => "used_at IS NOT NULL",
            (InviteKind::CourseInvite, Status::Pending) => "status = 'pending'",
            (InviteKind::CourseInvite, Status::Accepted) => "status = 'accepted'",
            (InviteKind::CourseInvite, Status::Cancelled) => "status = 'cancelled'",
            (InviteKind::CourseInvite, Status::Declined) => "status = 'declined'",
            (InviteKind::CourseInvite, Status::Expired) | (InviteKind::GroupInvite, _) => "1 = 0",
            (InviteKind::InviteCode, Status::Cancelled) => {
                "(used_at IS NULL AND cancelled_at IS NOT NULL AND declined_at IS NULL)"
            }
            (InviteKind::InviteCode, Status::Declined) => {
                "(used_at IS NULL AND cancelled_at IS NOT NULL AND declined_at IS NOT NULL)"
            }
        }
    }

    /// Condition: the table of transitions lets the command move the invite.
    fn takes(self, command: Command, now: DateTime<Utc>) -> String {
        let later = now + TimeDelta::days(1);
        let moves = [
            (State::Pending, later),
            (State::Pending, now),
            (State::Accepted, later),
            (State::Cancelled, later),
            (State::Declined, later),
        ]
        .into_iter()
        .filter(|(state, expires_at)| {
            let outcome = transition(self.kind, *state, Some(*expires_at), command, now);
            outcome.is_ok_and(|outcome| outcome.event.is_some())
        })
        .map(|(state, expires_at)| self.is(state.status(Some(expires_at), now)));
        let moves: Vec<_> = moves.collect();
        if moves.is_empty() {
            "1 = 0".to_owned()
        } else {
            moves.join(" OR ")
        }
    }
}

/// A command that is given to invites of one kind.
struct Giving<'a> {
    database: &'a OpenDatabase,
    limits: &'a WriteLimits,
    table: Table,
    order: Order,
    actor: i64,
    now: DateTime<Utc>,
}

impl Giving<'_> {
    async fn run(
        &self,
        mut ids: Vec<i64>,
    ) -> Result<HashMap<i64, Result<Settled, Refusal>>, WriteError> {
        let mut outcomes = HashMap::with_capacity(ids.len());
        for _ in 0..MAX_ROUNDS {
            for row in self.write(&ids).run(self.database, "decided").await? {
                let id: i64 = row.try_get_by_index(0)?;
                let written = WrittenRow::read(self.table.kind, &row, DECIDED.len())?;
                outcomes.insert(id, Ok(self.settled(id, written)));
            }
            ids.retain(|id| !outcomes.contains_key(id));
            if ids.is_empty() {
                return Ok(outcomes);
            }
            let found = self.found(&ids).await?;
            for id in &ids {
                match found.get(id).map(|found| self.reason(found)) {
                    None => {
                        outcomes.insert(*id, Err(Refusal::NotFound));
                    }
                    Some(Reason::Done) => {
                        outcomes.insert(*id, Ok(Settled::default()));
                    }
                    Some(Reason::Refused(refusal)) => {
                        outcomes.insert(*id, Err(refusal));
                    }
                    // It changed in between.
                    Some(Reason::Possible) => {}
                }
            }
            ids.retain(|id| !outcomes.contains_key(id));
            if ids.is_empty() {
                return Ok(outcomes);
            }
        }
        let busy = DbErr::Custom("the invites keep changing".to_owned());
        Err(WriteError::from(busy))
    }

    fn settled(&self, id: i64, row: Option<WrittenRow>) -> Settled {
        let token = match &self.order {
            Order::Resend { tokens, .. } if self.table.kind == InviteKind::WorkspaceInvite => {
                tokens.get(&id).copied()
            }
            _ => None,
        };
        Settled { token, row }
    }

    /// Puts the write for these invites together.
    fn write(&self, ids: &[i64]) -> Write {
        let Table {
            kind,
            name,
            target,
            role,
        } = self.table;
        let takes = self.table.takes(self.order.command(), self.now);
        let (set, limits) = self.set();
        let update = format!(
            "UPDATE {name} SET {set}, updated_at = :now FROM wanted
             WHERE id = wanted_id AND ({takes}){limits}
             RETURNING id, {target} AS target_id, {role} AS role{columns}",
            columns = WrittenRow::columns(kind),
        );
        let wanted = ids
            .iter()
            .map(|id| vec![(*id).into(), event_id(self.now)])
            .collect();
        let write = Write::new(self.database)
            .set("now", self.now)
            .set("actor", self.actor)
            .input("wanted", &["wanted_id", "event_id"], wanted);
        let write = self.set_values(write).step("decided", DECIDED, update);
        let write = self.consequences(write, ids);
        let changed = if matches!(self.order, Order::Update(_)) {
            ":changed"
        } else {
            "NULL"
        };
        let source = match (&self.order, kind) {
            (Order::Accept, InviteKind::CourseInvite) => {
                "(SELECT event_id, id, target_id FROM decided JOIN wanted ON wanted_id = id
                  UNION ALL SELECT :twin_event, twin_id, target_id FROM twin CROSS JOIN decided) accepted"
            }
            _ => "decided JOIN wanted ON wanted_id = id",
        };
        record(write, kind, self.order.event(), changed, source)
    }

    /// Returns the assignments, and further conditions.
    fn set(&self) -> (String, String) {
        let kind = self.table.kind;
        let is_workspace_invite = kind == InviteKind::WorkspaceInvite;
        let set = match &self.order {
            Order::Accept => match kind {
                InviteKind::InviteCode => "used_at = :now, user_id = :actor",
                InviteKind::WorkspaceInvite => {
                    "status = 'accepted', accepted_at = :now, accepted_by_id = :actor"
                }
                InviteKind::CourseInvite | InviteKind::GroupInvite => {
                    "accepted_at = :now, accepted_by_id = :actor"
                }
            },
            // A refusal is stored as a withdrawal, too, for readers that know none.
            Order::Decline if is_workspace_invite => {
                "status = 'cancelled', declined_at = :now, cancelled_at = :now"
            }
            Order::Decline => "declined_at = :now, cancelled_at = :now",
            // A source may have opened an invite again that was declined.
            Order::Cancel if is_workspace_invite => {
                "status = 'cancelled', cancelled_at = :now, declined_at = NULL"
            }
            Order::Cancel => "cancelled_at = :now, declined_at = NULL",
            Order::Resend { .. } => {
                let renewed = if is_workspace_invite {
                    "expires_at = CASE WHEN status = 'expired' OR expires_at <= :now \
                     THEN :expires_at ELSE expires_at END, status = 'pending', "
                } else if kind == InviteKind::InviteCode {
                    "sent_at = coalesce(sent_at, :now), "
                } else {
                    ""
                };
                let set = format!("{renewed}last_sent_at = :now, send_count = send_count + 1");
                let limits = " AND send_count <= :max_resends \
                    AND (last_sent_at IS NULL OR last_sent_at <= :sent_before)";
                let limits = match is_workspace_invite {
                    true => format!("{limits} AND NOT {HAS_SUCCESSOR} AND NOT {HAS_NEWER_TWIN}"),
                    false => limits.to_owned(),
                };
                return (set, limits);
            }
            Order::Update(changes) => {
                let columns = changes.columns();
                let set = columns.iter().map(|(name, _)| format!("{name} = :{name}"));
                // The step needs an assignment, and there may be none but of the tags.
                let set = set.chain(["send_count = send_count".to_owned()]);
                return (set.collect::<Vec<_>>().join(", "), String::new());
            }
        };
        let target_is_live = match (&self.order, kind) {
            (Order::Accept, InviteKind::WorkspaceInvite) => {
                " AND EXISTS (SELECT 1 FROM workspaces w \
                 WHERE w.id = workspace_id AND w.deleted_at IS NULL)"
            }
            (Order::Accept, InviteKind::CourseInvite) => {
                return (set.to_owned(), format!(" AND {IN_LIVE_COURSE}"));
            }
            _ => "",
        };
        (set.to_owned(), target_is_live.to_owned())
    }

    fn set_values(&self, write: Write) -> Write {
        match &self.order {
            Order::Accept | Order::Decline | Order::Cancel => write,
            Order::Resend {
                expires_at,
                workspaces,
                ..
            } => write
                .with_locks(workspaces.iter().copied().map(Lock::Workspace))
                .set("expires_at", *expires_at)
                .set(
                    "max_resends",
                    i32::try_from(self.limits.resends).unwrap_or(i32::MAX),
                )
                .set("sent_before", self.now - self.limits.resend_interval),
            Order::Update(changes) => {
                let write = write.set("changed", changes.names().join(","));
                changes
                    .columns()
                    .into_iter()
                    .fold(write, |write, (name, value)| write.set(name, value))
            }
        }
    }

    /// Adds what follows for the invites that were moved.
    fn consequences(&self, write: Write, ids: &[i64]) -> Write {
        match (&self.order, self.table.kind) {
            (Order::Accept, InviteKind::WorkspaceInvite) => {
                let new = rank("excluded.role", 0);
                let old = rank("workspace_members.role", unknown_rank());
                write.then(
                    "joined",
                    format!(
                        "INSERT INTO workspace_members (workspace_id, user_id, role)
                         SELECT target_id, :actor, role FROM decided WHERE 1 = 1
                         ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role
                         WHERE {new} > {old}"
                    ),
                )
            }
            (Order::Accept, InviteKind::CourseInvite) => write
                .set("twin_event", event_id(self.now))
                .step("twin", &[("twin_id", Type::Int)], ACCEPT_TWIN)
                .then(
                    "joined",
                    format!(
                        "INSERT INTO course_members (course_id, user_id, role)
                         SELECT target_id, :actor, '{}' FROM decided WHERE 1 = 1
                         ON CONFLICT (course_id, user_id) DO NOTHING",
                        Joined::COURSE
                    ),
                ),
            (Order::Resend { tokens, .. }, InviteKind::WorkspaceInvite) => {
                let minted = ids
                    .iter()
                    .filter_map(|id| Some(vec![(*id).into(), tokens.get(id)?.hash().into()]));
                write.input("minted", &["minted_id", "token_hash"], minted.collect()).then(
                    "linked",
                    "INSERT INTO invite_tokens (token_hash, invite_id, workspace_id, created_at)
                     SELECT token_hash, id, target_id, :now
                     FROM decided JOIN minted ON minted_id = id",
                )
            }
            (
                Order::Update(Changes {
                    tags: Some(tags), ..
                }),
                InviteKind::InviteCode,
            ) => {
                if tags.is_empty() {
                    return write.then(
                        "untagged",
                        "DELETE FROM invite_code_tags
                         WHERE invite_code_id IN (SELECT id FROM decided)",
                    );
                }
                let rows = tags.iter().map(|tag| vec![(*tag).into()]).collect();
                write
                    .input("granted", &["granted_id"], rows)
                    .then(
                        "untagged",
                        "DELETE FROM invite_code_tags
                         WHERE invite_code_id IN (SELECT id FROM decided)
                           AND tag_id NOT IN (SELECT granted_id FROM granted)",
                    )
                    .then(
                        "tagged",
                        "INSERT INTO invite_code_tags (invite_code_id, tag_id)
                         SELECT id, granted_id FROM decided CROSS JOIN granted WHERE 1 = 1
                         ON CONFLICT (invite_code_id, tag_id) DO NOTHING",
                    )
            }
            _ => write,
        }
    }

    /// Reads the invites again, unless their target is deleted.
    async fn found(&self, ids: &[i64]) -> Result<HashMap<i64, Found>, DbErr> {
        let ids = ids.iter().copied();
        Ok(match self.table.kind {
            InviteKind::InviteCode => {
                let rows = invite_code::Entity::find().filter(invite_code::Column::Id.is_in(ids));
                let rows = rows.all(self.database.orm()).await?.into_iter();
                let found = rows.map(|row| Found {
                    id: row.id,
                    state: invite_codes::state(&row),
                    expires_at: row.expires_at,
                    accepted_by: row.user_id,
                    last_sent_at: row.last_sent_at,
                    send_count: row.send_count,
                    has_successor: false,
                });
                found.map(|found| (found.id, found)).collect()
            }
            InviteKind::WorkspaceInvite => {
                let rows = workspace_invite::Entity::find()
                    .filter(workspace_invite::Column::Id.is_in(ids))
                    .filter(workspace_invites::in_live_workspace());
                let parameter = match self.database.backend() {
                    DbBackend::Postgres => "$1",
                    _ => "?",
                };
                let has_successor = HAS_SUCCESSOR.replace(":now", parameter);
                let has_successor = Expr::cust_with_values(has_successor, [self.now; 2]);
                let succeeded: Vec<i64> = rows
                    .clone()
                    .select_only()
                    .column(workspace_invite::Column::Id)
                    .filter(has_successor)
                    .into_tuple()
                    .all(self.database.orm())
                    .await?;
                let rows = rows.all(self.database.orm()).await?.into_iter();
                let found = rows.map(|row| Found {
                    id: row.id,
                    state: workspace_invites::state(&row),
                    expires_at: row.expires_at,
                    accepted_by: row.accepted_by_id,
                    last_sent_at: row.last_sent_at,
                    send_count: row.send_count,
                    has_successor: succeeded.contains(&row.id),
                });
                found.map(|found| (found.id, found)).collect()
            }
            InviteKind::CourseInvite => {
                let rows = course_invite::Entity::find()
                    .filter(course_invite::Column::Id.is_in(ids))
                    .filter(Expr::cust(IN_LIVE_COURSE));
                let rows = rows.all(self.database.orm()).await?.into_iter();
                let found = rows.map(|row| Found {
                    id: row.id,
                    state: course_invites::state(&row),
                    expires_at: None,
                    accepted_by: row.accepted_by_id.or(row.user_id),
                    last_sent_at: row.last_sent_at,
                    send_count: row.send_count,
                    has_successor: false,
                });
                found.map(|found| (found.id, found)).collect()
            }
            InviteKind::GroupInvite => HashMap::new(),
        })
    }

    /// Says why a command did not move an invite.
    fn reason(&self, found: &Found) -> Reason {
        let command = self.order.command();
        match transition(
            self.table.kind,
            found.state,
            found.expires_at,
            command,
            self.now,
        ) {
            // The same person accepted before.
            Err(Refusal::AlreadyAccepted)
                if command == Command::Accept && found.accepted_by == Some(self.actor) =>
            {
                Reason::Done
            }
            Err(refusal) => Reason::Refused(refusal),
            Ok(outcome) if outcome.event.is_none() => Reason::Done,
            Ok(_) if command == Command::Resend => {
                let earliest = self.now - self.limits.resend_interval;
                if found.has_successor {
                    Reason::Refused(Refusal::AlreadyInvited)
                } else if i64::from(found.send_count) > i64::from(self.limits.resends) {
                    Reason::Refused(Refusal::Limit(WriteLimit::Resends))
                } else if found.last_sent_at.is_some_and(|at| at > earliest) {
                    Reason::Refused(Refusal::Limit(WriteLimit::ResendInterval))
                } else {
                    Reason::Possible
                }
            }
            Ok(_) => Reason::Possible,
        }
    }
}

/// An invite that was read again.
struct Found {
    id: i64,
    state: State,
    expires_at: Option<DateTime<Utc>>,
    accepted_by: Option<i64>,
    last_sent_at: Option<DateTime<Utc>>,
    send_count: i32,
    /// It expired, and another invite to the same address is pending.
    has_successor: bool,
}

/// The reason for which a command did not move an invite.
enum Reason {
    /// It was carried out before.
    Done,
    Refused(Refusal),
    /// None any more.
    Possible,
}

/// Expression of a role's rank. A role that only a source knows ranks as `unknown` says.
fn rank(role: &str, unknown: usize) -> String {
    let ranks = ROLES.iter().rev().zip(1..);
    let ranks: Vec<_> = ranks
        .map(|(role, rank)| format!("WHEN '{role}' THEN {}", 2 * rank))
        .collect();
    format!("CASE {role} {} ELSE {unknown} END", ranks.join(" "))
}

/// Rank of a member's role that only a source knows: above all roles that manage nothing.
fn unknown_rank() -> usize {
    2 * roles_of_codes().len() + 1
}

impl Changes {
    /// Returns the columns to set, and their values.
    fn columns(&self) -> Vec<(&'static str, Value)> {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty()).into();
        let mut columns: Vec<(&'static str, Value)> = Vec::new();
        columns.extend(self.role.as_ref().map(|role| ("role", role.clone().into())));
        columns.extend(self.expires_at.map(|at| ("expires_at", at.into())));
        let texts = [
            ("message", "message_folded", &self.message),
            ("name", "name_folded", &self.name),
        ];
        for (column, folded, value) in texts {
            if let Some(value) = value {
                columns.push((column, text(value)));
                columns.push((folded, fold::stored(value).into()));
            }
        }
        columns
    }

    /// Returns the names of the fields that change, as events state them.
    fn names(&self) -> Vec<&'static str> {
        let given = [
            ("role", self.role.is_some()),
            ("expiresAt", self.expires_at.is_some()),
            ("message", self.message.is_some()),
            ("name", self.name.is_some()),
            ("tags", self.tags.is_some()),
        ];
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| name)
            .collect()
    }
}
