//! Writes JSON directly into one buffer.

use std::io::Write;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::instant::Instant;

/// Initial capacity, which is enough for most responses.
const CAPACITY: usize = 8 * 1024;

/// Writer of a response. [`Json::raw`] writes the parts that no other method does.
pub(crate) struct Json {
    out: Vec<u8>,
    /// Buffer for text before base64url encoding.
    scratch: Vec<u8>,
}

impl Json {
    pub(crate) fn new() -> Self {
        Self {
            out: Vec::with_capacity(CAPACITY),
            scratch: Vec::with_capacity(128),
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes text that is already JSON.
    pub(crate) fn raw(&mut self, json: &str) -> &mut Self {
        self.out.extend_from_slice(json.as_bytes());
        self
    }

    pub(crate) fn string(&mut self, text: &str) -> &mut Self {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.out, text);
        self
    }

    pub(crate) fn string_or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.string(text),
            None => self.raw("null"),
        }
    }

    pub(crate) fn number(&mut self, number: i64) -> &mut Self {
        let _ = write!(self.out, "{number}");
        self
    }

    pub(crate) fn boolean(&mut self, value: bool) -> &mut Self {
        self.raw(if value { "true" } else { "false" })
    }

    pub(crate) fn instant(&mut self, instant: Instant) -> &mut Self {
        self.out.push(b'"');
        instant.write(&mut self.out);
        self.out.push(b'"');
        self
    }

    pub(crate) fn instant_or_null(&mut self, instant: Option<Instant>) -> &mut Self {
        match instant {
            Some(instant) => self.instant(instant),
            None => self.raw("null"),
        }
    }

    /// Writes a global id: base64url of `Type:key`.
    pub(crate) fn id(&mut self, kind: &str, key: i64) -> &mut Self {
        self.scratch.clear();
        let _ = write!(self.scratch, "{kind}:{key}");
        self.encoded()
    }

    /// Writes the global id of an invite: base64url of `Type:target:key`.
    pub(crate) fn invite_id(&mut self, kind: &str, target: i64, key: i64) -> &mut Self {
        self.scratch.clear();
        let _ = write!(self.scratch, "{kind}:{target}:{key}");
        self.encoded()
    }

    /// Writes a cursor of an instant and a key: base64url of a JSON array.
    pub(crate) fn cursor(&mut self, place: ListKey<'_>, instant: Instant, key: i64) -> &mut Self {
        let ListKey { kind, parent, list } = place;
        self.scratch.clear();
        let _ = write!(self.scratch, r#"["{kind}:{parent}.{list}",""#);
        instant.write(&mut self.scratch);
        let _ = write!(self.scratch, r#"",{key}]"#);
        self.encoded()
    }

    /// Writes the text in `scratch` as a base64url string.
    fn encoded(&mut self) -> &mut Self {
        self.out.push(b'"');
        let start = self.out.len();
        self.out.resize(start + self.scratch.len() * 4 / 3 + 4, 0);
        let written = URL_SAFE_NO_PAD
            .encode_slice(&self.scratch, &mut self.out[start..])
            .unwrap_or_default();
        self.out.truncate(start + written);
        self.out.push(b'"');
        self
    }
}

/// List and parent of a cursor.
#[derive(Clone, Copy)]
pub(crate) struct ListKey<'a> {
    pub(crate) kind: &'a str,
    pub(crate) parent: i64,
    pub(crate) list: &'a str,
}

/// Fields of a user that all four queries select.
pub(crate) struct User<'a> {
    pub(crate) id: i64,
    pub(crate) username: &'a str,
    pub(crate) full_name: &'a str,
    pub(crate) avatar_url: Option<&'a str>,
}

impl<'a> User<'a> {
    /// Reads `id, username, full_name, avatar_url`, starting with column `first`. None if they are
    /// null.
    pub(crate) fn read(
        row: &'a tokio_postgres::Row,
        first: usize,
    ) -> Result<Option<Self>, tokio_postgres::Error> {
        let Some(id) = row.try_get(first)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            id,
            username: row.try_get(first + 1)?,
            full_name: row.try_get(first + 2)?,
            avatar_url: row.try_get(first + 3)?,
        }))
    }
}

impl Json {
    pub(crate) fn user(&mut self, user: &User<'_>) -> &mut Self {
        self.raw(r#"{"id":"#)
            .id("User", user.id)
            .raw(r#","username":"#)
            .string(user.username)
            .raw(r#","fullName":"#)
            .string(user.full_name)
            .raw(r#","avatarUrl":"#)
            .string_or_null(user.avatar_url)
            .raw("}")
    }

    pub(crate) fn user_or_null(&mut self, user: Option<&User<'_>>) -> &mut Self {
        match user {
            Some(user) => self.user(user),
            None => self.raw("null"),
        }
    }
}
