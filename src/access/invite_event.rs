//! Events of invites. Managers of the target, the inviter and staff see them.

use chrono::{DateTime, Utc};
use entity::invite_event::Model;
use uuid::Uuid;

use super::{
    Access, AccessError, InviteView, NO_ID,
    proof::{Guarded, HistoryReader},
};
use crate::{
    invite::{Event, InviteKind},
    loader::{LoadError, invite::InviteRef},
    paging::{Page, Slice},
};

/// Something that happened to an invite.
#[derive(Clone, Debug)]
pub struct InviteEventView {
    /// Primary key.
    pub id: Uuid,
    /// Type of the event.
    pub event: Event,
    /// Time of the event.
    pub at: DateTime<Utc>,
    /// The user who caused it.
    pub actor_id: Option<i64>,
    /// The invite.
    pub invite: InviteRef,
    /// Names of the fields that an update changed.
    pub changed: Vec<String>,
}

impl InviteEventView {
    /// Returns none for an event of a type or kind that this version does not know.
    fn new(row: Guarded<Model>) -> Option<Self> {
        let row = row.take();
        let kind = InviteKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == row.kind)?;
        Some(Self {
            id: row.id,
            event: Event::from_name(&row.event_type)?,
            at: row.at,
            actor_id: row.actor_id,
            invite: InviteRef {
                kind,
                id: row.invite_id,
                // Its source may have moved it since.
                target: None,
            },
            changed: row
                .changed
                .map(|names| names.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
        })
    }
}

impl Access {
    /// Proves that the viewer may read the events of an invite that they see. Returns none if they may
    /// not.
    pub async fn history_reader(
        &self,
        invite: &InviteView,
    ) -> Result<Option<HistoryReader<InviteKind>>, LoadError> {
        let inviter = match invite {
            InviteView::InviteCode(view) => view.inviter_id,
            InviteView::WorkspaceInvite(view) => view.inviter_id(),
            InviteView::CourseInvite(view) => view.inviter_id,
            InviteView::GroupInvite(_) => None,
        };
        let may_read = self.viewer.is(inviter) || self.is_invite_manager(invite).await?;
        self.audit.record("read", "invite_event", may_read);
        let InviteRef { kind, id, .. } = invite.invite_ref();
        Ok(may_read.then(|| HistoryReader::new(kind, id)))
    }

    /// Returns a page of the events of an invite.
    pub async fn history(
        &self,
        reader: &HistoryReader<InviteKind>,
        page: Page,
    ) -> Result<Slice<InviteEventView>, AccessError> {
        let slice = self.lists().history(reader, page).await?;
        Ok(slice.filter_map(InviteEventView::new))
    }

    /// Returns the event with this id, for those who may read the history of its invite.
    pub async fn invite_event(&self, id: Uuid) -> Result<Option<InviteEventView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let row = self.reads().invite_event(id).await?;
        let event = row.and_then(InviteEventView::new);
        // An absent event costs the statements of a hidden one.
        let invite = event.as_ref().map_or(
            InviteRef {
                kind: InviteKind::WorkspaceInvite,
                id: NO_ID,
                target: None,
            },
            |event| event.invite,
        );
        let Some(invite) = self.invite(invite).await? else {
            return Ok(None);
        };
        let may_read = self.history_reader(&invite).await?.is_some();
        Ok(event.filter(|_| may_read))
    }
}
