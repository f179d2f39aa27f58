//! Workspaces. Members, invitees, staff and holders of an invite's token see them; managers see
//! their invites.

use entity::workspace::Model;

use super::{
    Access, AccessError, WorkspaceInviteView,
    proof::{Guarded, ManagedScope, WorkspaceManager},
};
use crate::{
    loader::{
        Freshness, LoadError, TargetFilter, TargetSort, invite_counts::InviteCounts, role::Target,
    },
    paging::{Page, Slice},
};

/// A workspace's profile.
#[derive(Clone, Debug)]
pub struct WorkspaceView {
    /// Primary key.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// URL of the logo.
    pub logo_url: Option<String>,
}

impl WorkspaceView {
    fn new(row: Guarded<Model>) -> Self {
        let row = row.take();
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            logo_url: row.logo_url,
        }
    }
}

impl Access {
    /// Returns the workspace with this id, for its members, invitees and staff.
    pub async fn workspace(&self, id: i64) -> Result<Option<WorkspaceView>, LoadError> {
        let found = self.find_workspace(id);
        self.audit.read("workspace", found).await
    }

    async fn find_workspace(&self, id: i64) -> Result<Option<WorkspaceView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        // Read no fresher than the request: an absent workspace would cost a statement more than a
        // hidden one.
        let Some(row) = self.reads().workspace(id).await? else {
            self.load_as_if_hidden(Target::Workspace(id)).await?;
            return Ok(None);
        };
        let is_visible = self.belongs_to(Target::Workspace(id)).await?;
        Ok(is_visible.then(|| WorkspaceView::new(row)))
    }

    /// Returns the workspace of an invite, unless deleted. Once the invite is not pending, only
    /// managers, holders of its token and viewers who may see the workspace itself get it.
    pub async fn referenced_workspace(
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
        Ok(row.map(WorkspaceView::new))
    }

    /// Proves that the viewer manages the workspace.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], [`AccessError::Forbidden`].
    pub async fn workspace_manager(
        &self,
        workspace: &WorkspaceView,
    ) -> Result<WorkspaceManager, AccessError> {
        self.demand_manager(Target::Workspace(workspace.id)).await?;
        Ok(WorkspaceManager::new(workspace.id))
    }

    /// Counts the invites to the workspace by status. Returns none unless the viewer manages the workspace.
    pub async fn workspace_invite_counts(
        &self,
        workspace: &WorkspaceView,
    ) -> Result<Option<InviteCounts>, AccessError> {
        let target = Target::Workspace(workspace.id);
        let manages = self.manages(target).await?;
        self.audit.record_management(target, manages);
        if !manages {
            return Ok(None);
        }
        let manager = WorkspaceManager::new(workspace.id);
        Ok(Some(self.lists().workspace_invite_counts(&manager).await?))
    }

    /// Returns a page of the workspaces in scope.
    pub async fn workspaces(
        &self,
        managed: &ManagedScope,
        filter: TargetFilter,
        sort: TargetSort,
        page: Page,
    ) -> Result<Slice<WorkspaceView>, AccessError> {
        let slice = self.lists().workspaces(managed, filter, sort, page).await?;
        Ok(slice.map(WorkspaceView::new))
    }
}
