//! Pages of an API: objects with an array of rows, such as `{"count": 2, "results": […]}`.

use super::json::Nesting;
use crate::import::Kind;

/// Names of the array in a page of any kind.
const ANY_KIND: [&str; 3] = ["results", "data", "items"];

/// The array of other products' pages of workspaces.
const ORGANIZATIONS: &str = "organizations";

/// Members of rows. An object with one of them is a row, whatever arrays it has.
const OF_ROWS: [&str; 5] = ["id", "user_id", "workspace_id", "group_id", "course_id"];

/// Members of pages with the number of rows on all pages.
const COUNTS: [&str; 3] = ["count", "total", "total_count"];

/// Members of pages that say whether another follows.
const NEXTS: [&str; 2] = ["next", "has_more"];

/// The member that makes a page of course invites one row.
const COURSE: &str = "course";

/// Recognises the pages of a kind by the names of their members.
#[derive(Debug)]
pub(super) struct Pages {
    kind: Kind,
    /// Names of the array of rows, in lower case and without separators.
    names: Vec<String>,
    /// The list of which pages are being read.
    list: List,
    /// The first list that lacks rows: those that it has, and those that it counts.
    short: Option<(u64, u64)>,
}

/// A list of which a file has one or more pages, one after another.
#[derive(Debug, Default)]
struct List {
    rows: u64,
    /// Rows of all pages, as the pages say.
    count: Option<u64>,
    /// The last page says whether another follows.
    has_next: Option<bool>,
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
        Self {
            kind,
            names,
            list: List::default(),
            short: None,
        }
    }

    /// Begins a page. `head` is its text up to the array of rows.
    pub(super) fn begin(&mut self, head: &[u8]) {
        self.list.has_next = None;
        self.note(head);
    }

    /// Counts a row of the page.
    pub(super) fn count_row(&mut self) {
        self.list.rows += 1;
    }

    /// Reads the members of a page after an array of rows.
    pub(super) fn go_on(&mut self, members: &[u8]) {
        self.note(&[b"{", members].concat());
    }

    /// Ends a page.
    pub(super) fn end(&mut self) {
        if self.list.has_next == Some(false) {
            self.end_list();
        }
    }

    /// Returns the reason for which the pages of the file are not complete lists.
    pub(super) fn incompleteness(&self) -> Option<String> {
        if let Some((rows, count)) = self.short.or(self.list.missing()) {
            return Some(format!(
                "the file has {rows} of the {count} rows that its pages count"
            ));
        }
        let has_next = self.list.has_next == Some(true);
        has_next.then(|| "the last page of the file has a next one".to_owned())
    }

    fn note(&mut self, members: &[u8]) {
        let count = COUNTS.iter().find_map(|name| value(members, name));
        let count = count.and_then(|count| std::str::from_utf8(count).ok()?.parse().ok());
        if let Some(count) = count {
            if self.list.count.is_some_and(|other| other != count) {
                self.end_list();
            }
            self.list.count = Some(count);
        }
        if let Some(next) = NEXTS.iter().find_map(|name| value(members, name)) {
            self.list.has_next = Some(![&b"null"[..], b"false", b"\"\""].contains(&next));
        }
    }

    fn end_list(&mut self) {
        let list = std::mem::take(&mut self.list);
        self.short = self.short.or(list.missing());
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

impl List {
    /// Returns the numbers of rows that the list has and counts, if it lacks some.
    fn missing(&self) -> Option<(u64, u64)> {
        let count = self.count.filter(|count| self.rows < *count)?;
        Some((self.rows, count))
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

/// Returns the text of a member's value, in an object or its beginning.
fn value<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut nesting = Nesting::default();
    let mut name_start = 0;
    let mut value_start = None;
    for (index, byte) in text.iter().enumerate() {
        let was_outside = nesting.is_outside();
        nesting = nesting.after(*byte);
        let ends = matches!(byte, b',' | b'}') && was_outside && nesting.depth <= 1;
        match value_start {
            Some(start) if ends => return Some(text[start..index].trim_ascii()),
            None if was_outside && nesting.depth == 1 => match byte {
                b'"' => name_start = index + 1,
                b':' => {
                    let found = text[name_start..index].trim_ascii().strip_suffix(b"\"");
                    value_start = (found == Some(name.as_bytes())).then_some(index + 1);
                }
                _ => {}
            },
            _ => {}
        }
    }
    value_start.map(|start| text[start..].trim_ascii())
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
