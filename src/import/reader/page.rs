//! Pages of an API: objects with an array of rows, such as `{"count": 2, "results": […]}`.

use super::json::Nesting;
use crate::import::Kind;

/// Names of the array in a page of any kind.
const ANY_KIND: [&str; 3] = ["results", "data", "items"];

/// The array of other products' pages of workspaces.
const ORGANIZATIONS: &str = "organizations";

/// Members of rows. An object with one of them is a row, whatever arrays it has.
const OF_ROWS: [&str; 5] = ["id", "user_id", "workspace_id", "group_id", "course_id"];

/// The member that makes a page of course invites one row.
const COURSE: &str = "course";

/// Recognises the pages of a kind by the names of their members.
#[derive(Debug)]
pub(super) struct Pages {
    kind: Kind,
    /// Names of the array of rows, in lower case and without separators.
    names: Vec<String>,
}

impl Pages {
    pub(super) fn new(kind: Kind) -> Self {
        let whole = kind.to_string();
        let last = whole.rsplit('-').next().unwrap_or_default().to_owned();
        let mut names: Vec<String> = ANY_KIND.map(str::to_owned).into();
        names.extend([whole, last].iter().flat_map(|name| {
            [name.clone(), name.replace("invites", "invitations")].map(|name| plain(name.bytes()))
        }));
        if kind == Kind::Workspaces {
            names.push(ORGANIZATIONS.to_owned());
        }
        Self { kind, names }
    }

    /// Returns true if the last member of an object's text up to `[` is an array of rows.
    pub(super) fn continued_by(&self, text: &[u8]) -> bool {
        last_member(text).is_some_and(|name| {
            let name = plain(name.iter().copied());
            self.names.contains(&name)
        })
    }

    /// Returns true if the text of an object, or its beginning, has a member of rows.
    pub(super) fn is_row(&self, text: &[u8]) -> bool {
        let of_course = self.kind == Kind::CourseInvites;
        members(text).iter().any(|member| {
            let is = |name: &&str| name.as_bytes() == *member;
            OF_ROWS.iter().any(is) || (of_course && is(&COURSE))
        })
    }
}

/// Returns a name in lower case and without `_` and `-`.
fn plain(name: impl Iterator<Item = u8>) -> String {
    name.filter(|byte| !b"_-".contains(byte))
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

/// Returns the name of the member whose array opens at the end of an object's text.
fn last_member(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_suffix(b"[")?.trim_ascii_end();
    let text = text.strip_suffix(b":")?.trim_ascii_end();
    let text = text.strip_suffix(b"\"")?;
    let start = text.iter().rposition(|byte| *byte == b'"')?;
    text.get(start + 1..)
}

/// Returns the names of an object's members, up to the end of its text.
fn members(text: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut nesting = Nesting::default();
    let mut start = None;
    let mut last: Option<&[u8]> = None;
    for (index, byte) in text.iter().enumerate() {
        let was_outside = nesting.is_outside();
        nesting = nesting.after(*byte);
        if nesting.depth != 1 {
            continue;
        }
        match (was_outside, nesting.is_outside()) {
            (true, false) => start = Some(index + 1),
            (false, true) => last = start.and_then(|start| text.get(start..index)),
            (true, true) if *byte == b':' => found.extend(last.take()),
            _ => {}
        }
    }
    found
}
