//! Rows of the sample data that demonstrate a case. Their lines in `examples/data` have the field
//! `_shows`: the import ignores fields whose names begin with `_`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::data;
use crate::{import::Kind, invite::Code};

/// GraphQL types of cases, and the kinds of their files. Tags have no file of their own.
const KINDS: [(&str, Kind); 8] = [
    (USER, Kind::Users),
    (INVITE_CODE, Kind::InviteCodes),
    ("Workspace", Kind::Workspaces),
    ("WorkspaceInvite", Kind::WorkspaceInvites),
    ("Group", Kind::Groups),
    ("GroupInvite", Kind::GroupInvites),
    ("Course", Kind::Courses),
    ("CourseInvite", Kind::CourseInvites),
];

/// GraphQL type of accounts.
pub(super) const USER: &str = "User";

/// GraphQL type of invite codes.
const INVITE_CODE: &str = "InviteCode";

/// A row that demonstrates a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Case {
    /// GraphQL type of the row.
    pub kind: &'static str,
    /// Key of the row in the source: `databaseId`.
    pub id: i64,
    /// Global id, the argument of `node`.
    pub global_id: String,
    /// Code, token, slug or username of the row; other types have none.
    pub key: Option<String>,
    /// The case that the row demonstrates.
    pub shows: String,
}

/// The fields of a sample row that describe its case.
#[derive(Deserialize)]
struct Row {
    id: i64,
    #[serde(alias = "code", alias = "slug", alias = "token", alias = "username")]
    key: Option<String>,
    #[serde(alias = "workspace_id", alias = "group_id", alias = "course_id")]
    target: Option<i64>,
    #[serde(rename = "_shows")]
    shows: Option<String>,
    #[serde(default)]
    tags: Vec<Row>,
}

impl Row {
    fn case(self, kind: &'static str) -> Option<Case> {
        Some(Case {
            kind,
            id: self.id,
            global_id: self.global_id(kind),
            key: self.key,
            shows: self.shows?,
        })
    }

    fn global_id(&self, kind: &str) -> String {
        let target = match kind {
            INVITE_CODE => self
                .key
                .clone()
                .map(|code| i64::from(Code::new(code).bucket())),
            _ => self.target,
        };
        let target = target
            .map(|target| format!("{target}:"))
            .unwrap_or_default();
        URL_SAFE_NO_PAD.encode(format!("{kind}:{target}{}", self.id))
    }
}

/// Reads all cases.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, kind) in KINDS {
        let mut rows: Vec<Row> = data::rows(kind);
        let tags = rows.iter_mut().flat_map(|row| row.tags.drain(..));
        let mut tags: Vec<Case> = tags.filter_map(|tag| tag.case("Tag")).collect();
        tags.sort_by_key(|tag| tag.id);
        cases.append(&mut tags);
        cases.extend(rows.into_iter().filter_map(|row| row.case(name)));
    }
    cases
}

/// Returns the global id of the row of type `kind` with the key `id` in the source; empty if there is none.
pub(super) fn global_id(kind: &str, id: i64) -> String {
    let files = KINDS.iter().filter(|(name, _)| *name == kind);
    let mut rows = files.flat_map(|(_, file)| data::rows::<Row>(*file));
    rows.find(|row| row.id == id)
        .map(|row| row.global_id(kind))
        .unwrap_or_default()
}
