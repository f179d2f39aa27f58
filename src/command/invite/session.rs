//! Access to the database as an account.

use std::sync::Arc;

use clap::Args;
use futures_util::future::try_join_all;

use super::{
    Stop,
    order::{self, Order},
};
use crate::{
    access::{
        Access, AccessError, CodeInvitee, CreatedInvite, Creation, Disclosure, InviteCodeView,
        InviteView, Policy, Viewer, WorkspaceInvitee,
    },
    clock::{Clock, Stopwatch},
    command::{CannotOpen, unready},
    config::{DatabaseUrl, InviteOptions},
    database::{OpenDatabase, Purpose},
    invite::{GroupInviteUrl, InviteKind, Refusal},
    lifecycle::{Lifecycle, Settled},
    loader::{
        Loaders, batch_loads,
        invite::InviteRef,
        user::{Account, Subject},
    },
    metrics::Metrics,
    rate_limit::{ClientKey, RateLimits},
};

/// Settings of each command.
#[derive(Args, Clone)]
pub(super) struct SessionOptions {
    /// Username of the account that acts: its rights apply, and events name it
    #[arg(long = "as", value_name = "USERNAME")]
    operator: String,

    /// Print a JSON object per row, instead of a table
    #[arg(long)]
    pub(super) json: bool,

    /// Database.
    #[command(flatten)]
    database: DatabaseUrl,

    /// Links and limits.
    #[command(flatten)]
    pub(super) invites: InviteOptions,
}

/// The outcome of a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// The invite; of a refused row, the one that is there.
    pub(super) invite: Option<InviteRef>,
    /// Link to the invite.
    pub(super) accept_url: Option<String>,
    /// The reason for which the row was refused, and the refused field.
    pub(super) refused: Option<(Refusal, Option<&'static str>)>,
}

impl Outcome {
    fn refused(refusal: Refusal) -> Self {
        Self {
            refused: Some((refusal, None)),
            ..Self::default()
        }
    }
}

/// Reads and writes as an account.
pub(super) struct Session {
    database: OpenDatabase,
    loaders: Arc<Loaders>,
    lifecycle: Arc<Lifecycle>,
    viewer: Viewer,
    policy: Arc<Policy>,
    clock: Clock,
}

impl Session {
    /// Opens the database, and finds the account.
    pub(super) async fn open(options: &SessionOptions, clock: &Clock) -> Result<Self, Stop> {
        options.invites.check().map_err(Stop::usage)?;
        let pool = options.database.pool();
        let database = pool
            .open()
            .await
            .map_err(|error| Stop::usage(CannotOpen(error)))?;
        let database = OpenDatabase::from(database);
        let opened = Self::over(database.clone(), options, clock).await;
        if opened.is_err() {
            // Nothing was written, so that an error loses no data.
            let _ = database.close().await;
        }
        opened
    }

    async fn over(
        database: OpenDatabase,
        options: &SessionOptions,
        clock: &Clock,
    ) -> Result<Self, Stop> {
        if let Some(reason) = unready(database.orm(), Purpose::WRITE).await {
            return Err(Stop::fault(reason));
        }
        let loaders = Arc::new(Loaders::new(database.clone(), &Metrics::default()));
        let subject = Subject::Username(options.operator.clone());
        let found = batch_loads(loaders.account(subject)).await;
        let found = found.map_err(Stop::fault)?;
        let Account::User(account) = found else {
            let unknown = "--as names no account; expected the username of one that is not deleted";
            return Err(Stop::usage(unknown));
        };
        let invites = &options.invites;
        let accept_url = invites.accept_url.clone();
        let lifecycle = Arc::new(Lifecycle::new(
            database.clone(),
            invites.limits(),
            accept_url,
            Stopwatch::started(),
        ));
        let policy = Policy {
            disclosure: Disclosure::default(),
            // Shown nowhere: group invites have no command here.
            group_invite_url: GroupInviteUrl::below("http://localhost"),
        };
        Ok(Self {
            viewer: Viewer::signed_in(account, false, false, None),
            policy: Arc::new(policy),
            clock: clock.clone(),
            lifecycle,
            loaders,
            database,
        })
    }

    /// Returns the rights of the account, at this instant.
    fn access(&self) -> Access {
        let access = Access::new(
            self.viewer.clone(),
            Arc::new(RateLimits::none().client(ClientKey::Unknown)),
            self.loaders.clone(),
            self.policy.clone(),
            self.clock.now(),
        );
        access.with_lifecycle(Some(self.lifecycle.clone()))
    }

    /// Closes the connections.
    pub(super) async fn close(self) {
        // Writes are committed, so that an error loses no data.
        let _ = self.database.close().await;
    }

    /// Carries a command out for these rows. `key` is an idempotency key and the fingerprint.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn send(
        &self,
        order: &Order,
        rows: &[String],
        key: Option<(String, String)>,
    ) -> Result<Vec<Outcome>, AccessError> {
        batch_loads(Box::pin(async {
            let access = self.access();
            let mut outcomes = self.outcomes(&access, order, rows, key).await?;
            self.complete(&access, order, &mut outcomes).await?;
            Ok(outcomes)
        }))
        .await
    }

    async fn outcomes(
        &self,
        access: &Access,
        order: &Order,
        rows: &[String],
        key: Option<(String, String)>,
    ) -> Result<Vec<Outcome>, AccessError> {
        match order {
            Order::Workspace {
                workspace,
                role,
                message,
                expires,
            } => {
                let invitees = rows.iter().map(|address| WorkspaceInvitee {
                    email: address.clone(),
                    role: role.clone(),
                });
                let expires = expires
                    .as_ref()
                    .map(|expires| expires.instant(access.now()));
                let created = access.create_workspace_invites(
                    Some(*workspace),
                    invitees.collect(),
                    message.clone(),
                    expires,
                    key,
                );
                let created = created.await?;
                Ok(of_creation(
                    InviteKind::WorkspaceInvite,
                    created,
                    rows.len(),
                ))
            }
            Order::Code {
                name,
                email,
                role,
                tags,
                expires,
            } => {
                let invitee = CodeInvitee {
                    name: name.clone().filter(|name| !name.is_empty()),
                    email: email.clone(),
                    role: role.clone(),
                    tags: tags.iter().copied().map(Some).collect(),
                };
                let expires = expires
                    .as_ref()
                    .map(|expires| expires.instant(access.now()));
                let created = access.create_invite_codes(vec![invitee], expires, key);
                let created = created.await?;
                Ok(of_creation(InviteKind::InviteCode, created, rows.len()))
            }
            Order::Course { course } => {
                let invitees = rows.iter().map(|row| order::course_invitee(row)).collect();
                let created = access.create_course_invites(Some(*course), invitees, key);
                let created = created.await?;
                Ok(of_creation(InviteKind::CourseInvite, created, rows.len()))
            }
            Order::Cancel => {
                let invites: Vec<_> = rows.iter().map(|id| order::invite_id(id)).collect();
                let settled = access.cancel_invites(&invites).await?;
                Ok(of_settled(access, invites, settled))
            }
            Order::Resend => {
                let invites: Vec<_> = rows.iter().map(|id| order::invite_id(id)).collect();
                let settled = access.resend_invites(&invites).await?;
                Ok(of_settled(access, invites, settled))
            }
        }
    }

    /// Adds the targets of invites, and the links of invite codes for which a command that returns links
    /// returned none: codes can be read back.
    async fn complete(
        &self,
        access: &Access,
        order: &Order,
        outcomes: &mut [Outcome],
    ) -> Result<(), AccessError> {
        let loads = outcomes.iter().map(|outcome| async {
            match outcome.invite {
                Some(invite) => access.invite(invite).await,
                None => Ok(None),
            }
        });
        let views = try_join_all(loads).await?;
        let links = self
            .lifecycle
            .accept_url()
            .filter(|_| order.returns_links());
        for (outcome, view) in outcomes.iter_mut().zip(views) {
            let Some(view) = view else { continue };
            outcome.invite = Some(view.invite_ref());
            if let (
                Some(links),
                InviteView::InviteCode(InviteCodeView {
                    code: Some(code), ..
                }),
            ) = (links, &view)
                && outcome.refused.is_none()
            {
                let link = || links.with_code(code);
                outcome.accept_url.get_or_insert_with(link);
            }
        }
        Ok(())
    }
}

/// Returns the outcomes of a command to invites that exist.
fn of_settled(
    access: &Access,
    invites: Vec<Option<InviteRef>>,
    settled: Vec<Result<Settled, Refusal>>,
) -> Vec<Outcome> {
    const NO_ID: Refusal = Refusal::Invalid(
        "Expected the global id of an invite, or KIND:DATABASE_ID such as workspace:12.",
    );
    let outcome = |(invite, settled): (Option<InviteRef>, Result<Settled, Refusal>)| match (
        invite, settled,
    ) {
        (None, _) => Outcome::refused(NO_ID),
        (Some(_), Err(refusal)) => Outcome::refused(refusal),
        (invite, Ok(settled)) => Outcome {
            invite,
            accept_url: settled.token.and_then(|token| access.accept_url(token)),
            refused: None,
        },
    };
    invites.into_iter().zip(settled).map(outcome).collect()
}

/// Returns the outcomes of a request to create invites of a kind. A request that is refused as a whole
/// is so for each of its rows.
fn of_creation(kind: InviteKind, creation: Creation, rows: usize) -> Vec<Outcome> {
    let created = match creation {
        Ok(created) => created,
        Err(refused) => {
            let refused = (refused.refusal, Some(refused.field));
            let outcome = Outcome {
                refused: Some(refused),
                ..Outcome::default()
            };
            return vec![outcome; rows];
        }
    };
    let outcome = |created: CreatedInvite| {
        let refused = created.refused.map(|it| (it.refusal, Some(it.field)));
        Outcome {
            invite: created.invite.map(|id| InviteRef {
                kind,
                id,
                target: None,
            }),
            accept_url: created.accept_url,
            refused: match created.invite {
                Some(_) => refused,
                None => refused.or(Some((Refusal::NotFound, None))),
            },
        }
    };
    created.into_iter().map(outcome).collect()
}
