//! Group invites. Managers of the group and staff see them.

use chrono::{DateTime, Utc};
use entity::group_invite::Model;

use super::{
    Access, AccessError, GroupView, NO_ID, Refused, SlugKey, findable,
    proof::{GroupManager, Guarded, ManagedScope, SelfProof},
};
use crate::{
    invite::{Code, InviteKind, Link, Refusal},
    lifecycle::{Lifecycle, WriteError},
    loader::{LoadError, invite::InviteRef, role::Target},
    paging::{Page, Slice},
};

/// A group's reusable invite.
#[derive(Clone, Debug)]
pub struct GroupInviteView {
    /// Primary key.
    pub id: i64,
    /// The group that accepting joins.
    pub group_id: i64,
    /// The code in the link.
    pub code: Code,
    /// The link, if its source gave it. It contains the code.
    url: Option<Link>,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time of the code's last change.
    pub updated_at: DateTime<Utc>,
}

impl GroupInviteView {
    fn new(row: Guarded<Model>) -> Self {
        let row = row.take();
        Self {
            id: row.id,
            group_id: row.group_id,
            code: Code::new(row.code),
            url: row.url.map(Link),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    /// Kind, key and target.
    pub fn invite_ref(&self) -> InviteRef {
        InviteRef {
            kind: InviteKind::GroupInvite,
            id: self.id,
            target: Some(self.group_id),
        }
    }
}

impl Access {
    /// Returns the invite with this id.
    pub async fn group_invite(&self, id: i64) -> Result<Option<GroupInviteView>, LoadError> {
        let found = self.find_group_invite(id);
        self.audit
            .read(InviteKind::GroupInvite.as_str(), found)
            .await
    }

    async fn find_group_invite(&self, id: i64) -> Result<Option<GroupInviteView>, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(None);
        }
        let Some(row) = self.reads().group_invite(id).await? else {
            self.load_as_if_hidden(Target::Group(NO_ID)).await?;
            return Ok(None);
        };
        let is_visible = self.manages(Target::Group(row.peek().group_id)).await?;
        Ok(is_visible.then(|| GroupInviteView::new(row)))
    }

    /// Returns the invite with this code, for its holder.
    pub(super) async fn group_invite_by_code(
        &self,
        code: &str,
    ) -> Result<Option<GroupInviteView>, AccessError> {
        let found = self.find_group_invite_by_code(code);
        self.audit
            .read(InviteKind::GroupInvite.as_str(), found)
            .await
    }

    async fn find_group_invite_by_code(
        &self,
        code: &str,
    ) -> Result<Option<GroupInviteView>, AccessError> {
        let row = self.reads().group_invite_by_code(findable(code)).await?;
        Ok(row.map(GroupInviteView::new))
    }

    /// Makes the link of a group, unless there is one.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
    pub async fn enable_group_invite(
        &self,
        group_id: Option<i64>,
    ) -> Result<Result<GroupView, Refused>, AccessError> {
        let change = async |lifecycle: &Lifecycle, manager: &GroupManager, actor: &SelfProof| {
            lifecycle
                .enable_group_invite(manager, actor, self.now)
                .await?;
            Ok(true)
        };
        self.change_link(group_id, change).await
    }

    /// Gives the link of a group a new code. The old one ends at once.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
    pub async fn rotate_group_invite(
        &self,
        group_id: Option<i64>,
    ) -> Result<Result<GroupView, Refused>, AccessError> {
        let change = async |lifecycle: &Lifecycle, manager: &GroupManager, actor: &SelfProof| {
            lifecycle
                .rotate_group_invite(manager, actor, self.now)
                .await
        };
        self.change_link(group_id, change).await
    }

    /// Switches the link of a group off.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`], [`AccessError::NoAccount`], or the database failed.
    pub async fn disable_group_invite(
        &self,
        group_id: Option<i64>,
    ) -> Result<Result<GroupView, Refused>, AccessError> {
        let change = async |lifecycle: &Lifecycle, manager: &GroupManager, actor: &SelfProof| {
            lifecycle
                .disable_group_invite(manager, actor, self.now)
                .await?;
            Ok(true)
        };
        self.change_link(group_id, change).await
    }

    /// Changes the link of a group that the viewer manages. `change` returns false if there is none.
    async fn change_link(
        &self,
        group_id: Option<i64>,
        change: impl AsyncFnOnce(&Lifecycle, &GroupManager, &SelfProof) -> Result<bool, WriteError>,
    ) -> Result<Result<GroupView, Refused>, AccessError> {
        let actor = self.self_proof()?;
        let lifecycle = self.lifecycle()?;
        let refused = |refusal| Ok(Err(Refused::new("group", refusal)));
        let key = SlugKey::Id(group_id.unwrap_or(NO_ID));
        let Some(group) = self.group(key).await? else {
            return refused(Refusal::NotFound);
        };
        let manager = match self.group_manager(&group).await {
            Ok(manager) => manager,
            Err(AccessError::Forbidden) => return refused(Refusal::NotAllowed),
            Err(error) => return Err(error),
        };
        match change(lifecycle, &manager, &actor).await? {
            true => Ok(Ok(group)),
            false => refused(Refusal::Invalid(
                "The group has no join link. Enable it first.",
            )),
        }
    }

    /// Returns the invite of a group for its managers; none if the group has none.
    pub async fn group_invite_of(
        &self,
        group: &GroupView,
    ) -> Result<Option<GroupInviteView>, AccessError> {
        let manager = self.group_manager(group).await?;
        let row = self.reads().group_invite_of(&manager).await?;
        Ok(row.map(GroupInviteView::new))
    }

    /// Returns a page of the invites of all groups in scope.
    pub async fn group_invites(
        &self,
        managed: &ManagedScope,
        page: Page,
    ) -> Result<Slice<GroupInviteView>, AccessError> {
        let slice = self.lists().group_invites(managed, page).await?;
        Ok(slice.map(GroupInviteView::new))
    }

    /// Returns the URL that accepts a group's invite: as its source gave it, else by the template.
    pub fn group_invite_url(&self, group: &GroupView, invite: &GroupInviteView) -> String {
        match &invite.url {
            Some(Link(url)) => url.clone(),
            None => {
                let template = &self.policy.group_invite_url;
                template.with_code(&group.slug, &invite.code)
            }
        }
    }
}
