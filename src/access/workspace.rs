//! Workspaces: anybody reaches one through an invite whose token they hold; by id they are for
//! members, invitees and staff. Their invites are for who manages them.

use entity::workspace::Model;

use super::{Access, AccessError, WorkspaceInviteView, proof::WorkspaceManager};
use crate::{
    invite::MANAGES_WORKSPACE,
    loader::{Freshness, LoadError, role::Target},
    paging::{Page, Slice},
};

/// A workspace's profile.
#[derive(Clone, Debug)]
pub struct WorkspaceView {
    /// Key in the source.
    pub id: i64,
    /// Name to show.
    pub name: String,
    /// What the workspace is for; may be empty.
    pub description: String,
    /// Logo to show.
    pub logo_url: Option<String>,
}

impl From<Model> for WorkspaceView {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            logo_url: row.logo_url,
        }
    }
}

impl Access {
    /// The workspace of that id, for members, invitees and staff.
    pub async fn workspace(&self, id: i64) -> Result<Option<WorkspaceView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        // Read no fresher than the request: an absent workspace would cost a statement more than a
        // hidden one.
        let Some(row) = self.reads().workspace(id).await? else {
            self.as_if_hidden(Target::Workspace(id)).await?;
            return Ok(None);
        };
        if !self.viewer.is_staff() {
            let membership = self.membership(Target::Workspace(id)).await?;
            if membership.role.is_none() && !membership.is_invited {
                return Ok(None);
            }
        }
        Ok(Some(row.take().into()))
    }

    /// The workspace that the invite leads to, unless deleted. Once the invite is settled or
    /// expired, only for holders of its token and viewers who may see the workspace without it.
    pub async fn workspace_reached(
        &self,
        invite: &WorkspaceInviteView,
    ) -> Result<Option<WorkspaceView>, LoadError> {
        if !invite.shows_workspace() {
            return self.workspace(invite.workspace_id()).await;
        }
        let row = self
            .reads()
            .at_least(Freshness::StandbyThenPrimary)
            .workspace(invite.workspace_id())
            .await?;
        Ok(row.map(|row| row.take().into()))
    }

    /// The viewer's role in the workspace.
    pub async fn workspace_role(&self, id: i64) -> Result<Option<String>, LoadError> {
        Ok(self.membership(Target::Workspace(id)).await?.role)
    }

    /// Proof that the viewer manages the workspace.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::Forbidden`].
    pub async fn workspace_manager(
        &self,
        workspace: &WorkspaceView,
    ) -> Result<WorkspaceManager, AccessError> {
        if self
            .manages(Target::Workspace(workspace.id), &MANAGES_WORKSPACE)
            .await?
        {
            Ok(WorkspaceManager::new(workspace.id))
        } else {
            Err(self.denied())
        }
    }

    /// A page of the workspaces that the viewer manages, by id; for staff: of all.
    pub async fn workspaces(&self, page: &Page) -> Result<Slice<WorkspaceView>, AccessError> {
        let slice = self
            .reads()
            .workspaces(&self.managed()?, page, self.now, &self.client)
            .await?;
        Ok(slice.map(|row| row.take().into()))
    }
}
