//! Creating workspace invites.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::workspace_invite::{Model, StoredStatus};

use super::{
    About, Created, Key, Lifecycle, Numbered, WriteError, Written,
    create::{Judge, about, run},
    event::{event_id, record},
    write::{Lock, Type, Write},
    written_row::WrittenRow,
};
use crate::{
    access::proof::{Guarded, SelfProof, WorkspaceManager},
    fold,
    invite::{Event, InviteKind, Token},
};

/// A workspace invite to create. The access module has checked it.
#[derive(Clone, Debug)]
pub struct NewWorkspaceInvite {
    /// Address of the person invited, as entered.
    pub email: String,
    /// Normalized address.
    pub email_norm: String,
    /// Role that accepting grants.
    pub role: String,
    /// Token of the link.
    pub token: Token,
}

/// Terms that all invites of a request share.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Message to the people invited.
    pub message: Option<String>,
    /// Expiry.
    pub expires_at: DateTime<Utc>,
}

impl NewWorkspaceInvite {
    /// Returns the row of the invite, as `create_workspace_invites` inserts it. Its id is not known yet.
    fn row(self, workspace_id: i64, inviter_id: i64, terms: &Terms, now: DateTime<Utc>) -> Model {
        Model {
            id: 0,
            workspace_id,
            inviter_id: Some(inviter_id),
            email_folded: fold::stored(&self.email),
            email: self.email,
            email_norm: self.email_norm,
            role: self.role,
            message: terms.message.clone(),
            status: StoredStatus::Pending,
            created_at: now,
            expires_at: Some(terms.expires_at),
            accepted_at: None,
            accepted_by_id: None,
            cancelled_at: None,
            declined_at: None,
            updated_at: None,
            last_sent_at: Some(now),
            send_count: 1,
            message_folded: terms.message.as_deref().and_then(fold::stored),
        }
    }
}

/// Most links to an invite that repeated requests make.
const MAX_LINKS: i64 = 20;

const JUDGE: Judge = Judge {
    table: "workspace_invites",
    existing: "(SELECT max(i.id) FROM workspace_invites i WHERE i.workspace_id = :target
        AND i.email_norm = input.email_norm AND i.status = 'pending'
        AND (i.expires_at IS NULL OR i.expires_at > :now))",
    // Not a join, for which PostgreSQL may read all members of the workspace.
    is_member: "EXISTS (SELECT 1 FROM users u WHERE u.email_norm = input.email_norm
        AND u.is_verified AND u.deleted_at IS NULL AND (SELECT 1 FROM workspace_members m
            WHERE m.workspace_id = :target AND m.user_id = u.id) = 1)",
    has_accepted: "1 = 0",
    reused: "CAST(NULL AS bigint)",
    is_open: Some(
        "workspace_id = :target AND status = 'pending'
        AND (expires_at IS NULL OR expires_at > :now)",
    ),
    target: ":target",
};

impl Written for HashMap<i64, Token> {
    fn done(&self) -> usize {
        self.len()
    }
}

impl Lifecycle {
    /// Creates invites to a workspace, in the order of `invites`.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn create_workspace_invites(
        &self,
        manager: &WorkspaceManager,
        actor: &SelfProof,
        invites: Vec<Numbered<NewWorkspaceInvite>>,
        terms: Terms,
        key: Option<Key>,
        now: DateTime<Utc>,
    ) -> Result<(Created, Vec<WrittenRow>), WriteError> {
        let (database, limits) = (self.database.clone(), self.limits.clone());
        let (workspace, actor) = (manager.workspace_id(), actor.user_id());
        let about = about(actor, InviteKind::WorkspaceInvite, invites.len());
        self.spawn(about, async move {
            let rows: BTreeMap<i64, (Token, Model)> = invites
                .into_iter()
                .map(|(n, invite)| {
                    (n, (invite.token, invite.row(workspace, actor, &terms, now)))
                })
                .collect();
            let input = rows.iter().map(|(n, (token, row))| {
                vec![
                    (*n).into(),
                    row.email_folded.clone().into(),
                    row.email.clone().into(),
                    row.email_norm.clone().into(),
                    row.role.clone().into(),
                    token.hash().into(),
                    event_id(now),
                ]
            });
            let columns = &[
                "n", "email_folded", "email", "email_norm", "role", "token_hash", "event_id",
            ];
            let write = Write::new(&database)
                .with_locks([Lock::Workspace(workspace)])
                .set("target", workspace)
                .set("actor", actor)
                .set("now", now)
                .set(
                    "message_folded",
                    terms.message.as_deref().and_then(fold::stored),
                )
                .set("message", terms.message.clone())
                .set("expires_at", terms.expires_at)
                .input("input", columns, input.collect());
            let write = JUDGE.step(write, &database, &limits, key.as_ref(), now);
            let new = "judged JOIN input ON input.n = judged.n WHERE refusal IS NULL";
            let write = write
                .then(
                    "created",
                    format!(
                        "INSERT INTO workspace_invites (id, workspace_id, inviter_id, email,
                            email_norm, email_folded, role, message, message_folded, status, created_at,
                            expires_at, last_sent_at, send_count)
                         SELECT id, target_id, :actor, email, email_norm, email_folded, role, :message,
                                :message_folded, 'pending', :now, :expires_at, :now, 1
                         FROM {new}"
                    ),
                )
                .then(
                    "linked",
                    format!(
                        "INSERT INTO invite_tokens (token_hash, invite_id, workspace_id, created_at)
                         SELECT token_hash, id, target_id, :now FROM {new}"
                    ),
                );
            let write = record(
                write,
                InviteKind::WorkspaceInvite,
                Event::Created,
                "NULL",
                new,
            );
            let written = |n, id| {
                let (_, row) = rows.get(&n)?.clone();
                let row = Model { id, ..row };
                Some(WrittenRow::WorkspaceInvite(Guarded::seal(row)))
            };
            run(&database, &write, key.as_ref(), actor, now, written).await
        })
        .await
    }

    /// Makes one more link to invites that were created before, as a request is carried out again. Those
    /// sent before keep working. Returns the new links, by the id of their invite: an invite that has
    /// [`MAX_LINKS`] gets none.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn mint_tokens(
        &self,
        manager: &WorkspaceManager,
        actor: &SelfProof,
        mut tokens: HashMap<i64, Token>,
        now: DateTime<Utc>,
    ) -> Result<HashMap<i64, Token>, WriteError> {
        let (database, workspace) = (self.database.clone(), manager.workspace_id());
        if tokens.is_empty() {
            return Ok(tokens);
        }
        let about = About {
            actor: actor.user_id(),
            kind: InviteKind::WorkspaceInvite,
            command: "mint",
            rows: tokens.len(),
        };
        self.spawn(about, async move {
            let input = tokens
                .iter()
                .map(|(id, token)| vec![(*id).into(), token.hash().into()]);
            let write = Write::new(&database)
                .set("target", workspace)
                .set("now", now)
                .set("max_links", MAX_LINKS)
                .input("input", &["wanted_id", "token_hash"], input.collect())
                .step(
                    "linked",
                    &[("invite_id", Type::Int)],
                    "INSERT INTO invite_tokens (token_hash, invite_id, workspace_id, created_at)
                     SELECT input.token_hash, i.id, i.workspace_id, :now
                     FROM input JOIN workspace_invites i ON i.id = wanted_id
                     WHERE i.workspace_id = :target AND (SELECT count(*) FROM invite_tokens t
                        WHERE t.invite_id = i.id) < :max_links
                     RETURNING invite_id",
                );
            let rows = write.run(&database, "linked").await?;
            let linked: HashSet<i64> = rows
                .iter()
                .map(|row| row.try_get_by_index(0))
                .collect::<Result<_, _>>()?;
            tokens.retain(|id, _| linked.contains(id));
            Ok(tokens)
        })
        .await
    }
}
