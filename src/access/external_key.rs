//! Ids of sources. Viewers with an account see those of the objects that they see; of users, only the users
//! themselves, staff, and those who see the user's `ext_id`.

use super::{
    Access, CourseInviteView, CourseView, GroupInviteView, GroupView, InviteCodeView, NO_ID,
    TagView, UserView, WorkspaceInviteView, WorkspaceView, findable,
};
use crate::{
    invite::InviteKind,
    loader::{
        LoadError,
        external_key::{ExternalKey, ExternalKind},
    },
};

/// A view of an object that may have an id in a source.
pub trait External {
    /// Returns the kind and the primary key; none if the viewer may not see the id.
    fn external(&self) -> Option<(ExternalKind, i64)>;
}

macro_rules! external {
    ($($view:ident => $kind:expr;)+) => {$(
        impl External for $view {
            fn external(&self) -> Option<(ExternalKind, i64)> {
                Some(($kind, self.id))
            }
        }
    )+};
}

external! {
    TagView => ExternalKind::Tag;
    WorkspaceView => ExternalKind::Workspace;
    GroupView => ExternalKind::Group;
    CourseView => ExternalKind::Course;
    InviteCodeView => ExternalKind::Invite(InviteKind::InviteCode);
    GroupInviteView => ExternalKind::Invite(InviteKind::GroupInvite);
    CourseInviteView => ExternalKind::Invite(InviteKind::CourseInvite);
}

impl External for WorkspaceInviteView {
    fn external(&self) -> Option<(ExternalKind, i64)> {
        Some((ExternalKind::Invite(InviteKind::WorkspaceInvite), self.id()))
    }
}

impl External for UserView {
    fn external(&self) -> Option<(ExternalKind, i64)> {
        self.shows_external_key()
            .then(|| (ExternalKind::User, self.id()))
    }
}

impl Access {
    /// Returns the id in its source of an object that the viewer sees.
    pub async fn external_key(
        &self,
        view: &impl External,
    ) -> Result<Option<ExternalKey>, LoadError> {
        match (self.viewer.id(), view.external()) {
            (Some(_), Some((kind, id))) => self.reads().external_key(kind, id).await,
            _ => Ok(None),
        }
    }

    /// Returns the id of the object with an id in a source, by which the viewer may look it up. [`NO_ID`] if
    /// there is none, and for viewers without an account, who look up nothing by id.
    pub async fn id_by_external_key(
        &self,
        kind: ExternalKind,
        key: &ExternalKey,
    ) -> Result<i64, LoadError> {
        if self.viewer.id().is_none() {
            return Ok(NO_ID);
        }
        let key = ExternalKey {
            source: findable(&key.source).to_owned(),
            external_id: findable(&key.external_id).to_owned(),
        };
        let id = self.reads().id_by_external_key(kind, key).await?;
        Ok(id.unwrap_or(NO_ID))
    }
}
