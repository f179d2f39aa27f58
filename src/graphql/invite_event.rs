//! `InviteEvent`: what happened to an invite, and the history of invites.

use async_graphql::{Context, Enum, ID, Object};

use super::{
    connection::{Connection, ListOrder, PageArguments, Paged, connections},
    context::ContextExt,
    eager::{Eager, Leaves, eager},
    error::{Failure, Nullable, nullable},
    id::event_id,
    invite::Invite,
    json::{enum_leaves, leaves},
    scalar::DateTime,
    user::User,
};
use crate::{
    access::{EmailVisibility, InviteEventView, InviteView},
    invite::Event,
    paging::SortType,
};

/// Types of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Event")]
pub(super) enum InviteEventType {
    /// The invite was created, or created again after it was settled.
    Created,
    /// Its role, expiry, message, name or tags changed.
    Updated,
    /// It was sent again.
    Resent,
    /// It was accepted.
    Accepted,
    /// The invitee declined it.
    Declined,
    /// It was withdrawn.
    Cancelled,
    /// The group's link got a new code.
    Rotated,
    /// The group's link was disabled.
    Disabled,
    /// A user joined by the group's link.
    Joined,
}

enum_leaves!(InviteEventType);

/// Something that happened to an invite. Never has a code, token or link.
#[derive(Clone)]
pub(super) struct InviteEvent(pub(super) InviteEventView);

impl Leaves for InviteEvent {
    leaves! {
        "id" => id,
        "type" => event_type,
        "at" => at,
    }
}

connections! {
    InviteEvent => "InviteEventConnection", "InviteEventEdge";
}

/// Something that happened to an invite. Never has a code, token or link.
#[Object]
impl InviteEvent {
    /// Global id of this event; opaque.
    pub(super) async fn id(&self) -> ID {
        event_id(self.0.id)
    }

    /// Type of the event.
    #[graphql(name = "type")]
    async fn event_type(&self) -> InviteEventType {
        self.0.event.into()
    }

    /// Time of the event.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Names of the fields that an `UPDATED` event changed; empty for other types.
    async fn changed_fields(&self) -> &[String] {
        &self.0.changed
    }

    /// The user who caused the event. Null if nobody did, or if the account was deleted.
    async fn actor(&self, ctx: &Context<'_>) -> Nullable<Eager<User>> {
        ctx.look_up(
            |access| access.referenced_user(self.0.actor_id, EmailVisibility::Hidden),
            eager(User),
        )
        .await
    }

    /// The invite. Null if it was deleted, or if the viewer may no longer see it.
    async fn invite(&self, ctx: &Context<'_>) -> Nullable<Eager<Invite>> {
        ctx.look_up(|access| access.invite(self.0.invite), eager(Invite::from))
            .await
    }
}

/// Returns a page of an invite's events, newest first; none if the viewer may not read them.
pub(super) async fn history(
    ctx: &Context<'_>,
    invite: InviteView,
    page: PageArguments,
) -> Nullable<Connection<InviteEvent>> {
    nullable(Box::pin(events(ctx, invite, page)).await, Connection)
}

async fn events(
    ctx: &Context<'_>,
    invite: InviteView,
    page: PageArguments,
) -> Result<Option<Paged<InviteEvent>>, Failure> {
    let access = ctx.access()?;
    let Some(reader) = access.history_reader(&invite).await? else {
        return Ok(None);
    };
    let invite = invite.invite_ref();
    let list = ListOrder {
        name: format!("{}:{}.history", invite.kind.as_str(), invite.id),
        sort: vec![SortType::Uuid],
        descending: true,
    };
    let load = |page| access.history(&reader, page);
    let page = Paged::load(ctx, list, page, load, InviteEvent).await;
    page.map(Some)
}
