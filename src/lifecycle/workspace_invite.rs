//! Creating workspace invites.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::{
    About, Created, Key, Lifecycle, Numbered, WriteError, Written,
    create::{Judge, about, run},
    event::{event_id, record},
    write::{Lock, Type, Write},
};
use crate::{
    access::proof::{SelfProof, WorkspaceManager},
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

/// Most links to an invite that repeated requests make.
const MAX_LINKS: i64 = 20;

const JUDGE: Judge = Judge {
    table: "workspace_invites",
    existing: "(SELECT max(i.id) FROM workspace_invites i WHERE i.workspace_id = :target
        AND i.email_norm = input.email_norm AND i.status = 'pending' AND i.expires_at > :now)",
    // Not a join, for which PostgreSQL may read all members of the workspace.
    is_member: "EXISTS (SELECT 1 FROM users u WHERE u.email_norm = input.email_norm
        AND u.is_verified AND u.deleted_at IS NULL AND (SELECT 1 FROM workspace_members m
            WHERE m.workspace_id = :target AND m.user_id = u.id) = 1)",
    has_accepted: "1 = 0",
    reused: "CAST(NULL AS bigint)",
    is_open: Some("workspace_id = :target AND status = 'pending' AND expires_at > :now"),
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
    ) -> Result<Created, WriteError> {
        let (database, limits) = (self.database.clone(), self.limits.clone());
        let (workspace, actor) = (manager.workspace_id(), actor.user_id());
        let about = about(actor, InviteKind::WorkspaceInvite, invites.len());
        self.spawn(about, async move {
            let input = invites.into_iter().map(|(n, invite)| {
                vec![
                    n.into(),
                    fold::stored(&invite.email).into(),
                    invite.email.into(),
                    invite.email_norm.into(),
                    invite.role.into(),
                    invite.token.hash().into(),
                    event_id(now),
                ]
            });
            let columns = &[
                "n", "email_folded", "email", "email_norm", "role", "token_hash", "event_id",
            ];
            let message_folded = terms.message.as_deref().and_then(fold::stored);
            let write = Write::new(&database)
                .with_locks([Lock::Workspace(workspace)])
                .set("target", workspace)
                .set("actor", actor)
                .set("now", now)
                .set("message_folded", message_folded)
                .set("message", terms.message)
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
            run(&database, &write, key.as_ref(), actor, now).await
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
