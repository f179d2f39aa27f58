//! A row of the sample data together with the case that it shows.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

/// The GraphQL type of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Kind {
    /// An account.
    User,
    /// A label that a code gives.
    Tag,
    /// A personal code.
    InviteCode,
    /// A workspace.
    Workspace,
    /// An e-mail invitation to a workspace.
    WorkspaceInvite,
    /// A group.
    Group,
    /// A group's join link.
    GroupInvite,
    /// A course.
    Course,
    /// One invited user of a course.
    CourseInvite,
}

impl Kind {
    /// The name of the GraphQL type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Tag => "Tag",
            Self::InviteCode => "InviteCode",
            Self::Workspace => "Workspace",
            Self::WorkspaceInvite => "WorkspaceInvite",
            Self::Group => "Group",
            Self::GroupInvite => "GroupInvite",
            Self::Course => "Course",
            Self::CourseInvite => "CourseInvite",
        }
    }

    /// The global id of the row of this kind that has the key `id` in the source.
    pub fn global_id(self, id: i64) -> String {
        URL_SAFE_NO_PAD.encode(format!("{self}:{id}"))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}

/// A row worth naming, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Case {
    /// The row's GraphQL type.
    pub kind: Kind,
    /// The row's key in the source: `databaseId`.
    pub id: i64,
    /// The argument of `node`.
    pub global_id: String,
    /// What the row is looked up by: a code, token, slug or username; none for the other kinds.
    pub key: Option<String>,
    /// The case that the row shows.
    pub shows: &'static str,
}

impl Case {
    pub(super) fn new(kind: Kind, id: i64, key: Option<String>, shows: &'static str) -> Self {
        Self {
            kind,
            id,
            global_id: kind.global_id(id),
            key,
            shows,
        }
    }
}

/// A row and the case that it shows: both are written in one place, so they cannot disagree.
pub(super) struct Sample<M> {
    pub(super) row: M,
    pub(super) shows: &'static str,
}

/// The row of a case.
pub(super) fn sample<M>(shows: &'static str, row: M) -> Sample<M> {
    Sample { row, shows }
}

/// The rows alone, as they are inserted.
pub(super) fn rows<M>(samples: Vec<Sample<M>>) -> Vec<M> {
    samples.into_iter().map(|sample| sample.row).collect()
}
