//! Creating invite codes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::invite_code::Model;
use sea_orm::Value;

use super::{
    Created, Key, Lifecycle, Numbered, WriteError,
    create::{Judge, about, run},
    event::{event_id, record},
    write::{Lock, Write},
    written_row::WrittenRow,
};
use crate::{
    access::proof::{CodeCreator, Guarded},
    fold,
    invite::{Code, Event, InviteKind},
};

/// An invite code to create. The access module has checked it.
#[derive(Clone, Debug)]
pub struct NewInviteCode {
    /// The code.
    pub code: Code,
    /// Name of the person invited.
    pub name: Option<String>,
    /// Address of the person invited, as entered, and normalized.
    pub email: Option<(String, String)>,
    /// Role that using the code grants.
    pub role: Option<String>,
    /// Tags that the code grants.
    pub tags: Vec<i64>,
}

impl NewInviteCode {
    /// Returns the row of the code, as `create_invite_codes` inserts it. Its id is not known yet.
    fn row(self, inviter_id: i64, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Model {
        let (email, email_norm) = self.email.unzip();
        Model {
            id: 0,
            code: self.code.into_string(),
            role: self.role,
            name_folded: self.name.as_deref().and_then(fold::stored),
            name: self.name,
            email_folded: email.as_deref().and_then(fold::stored),
            email,
            email_norm,
            invited_by_id: Some(inviter_id),
            user_id: None,
            generated_at: now,
            sent_at: Some(now),
            used_at: None,
            expires_at: Some(expires_at),
            cancelled_at: None,
            declined_at: None,
            updated_at: None,
            last_sent_at: Some(now),
            send_count: 1,
        }
    }
}

/// Several codes to one address are allowed.
const JUDGE: Judge = Judge {
    table: "invite_codes",
    existing: "CAST(NULL AS bigint)",
    is_member: "1 = 0",
    has_accepted: "1 = 0",
    reused: "CAST(NULL AS bigint)",
    is_open: None,
    target: "CAST(NULL AS bigint)",
};

impl Lifecycle {
    /// Creates invite codes, in the order of `codes`.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn create_invite_codes(
        &self,
        creator: &CodeCreator,
        codes: Vec<Numbered<NewInviteCode>>,
        expires_at: DateTime<Utc>,
        key: Option<Key>,
        now: DateTime<Utc>,
    ) -> Result<(Created, Vec<WrittenRow>), WriteError> {
        let (database, limits) = (self.database.clone(), self.limits.clone());
        let actor = creator.user_id();
        let about = about(actor, InviteKind::InviteCode, codes.len());
        self.spawn(about, async move {
            let granted: Vec<Vec<Value>> = codes
                .iter()
                .flat_map(|(n, code)| {
                    let tags = code.tags.iter();
                    tags.map(move |tag| vec![(*n).into(), (*tag).into()])
                })
                .collect();
            let rows: BTreeMap<i64, Model> = codes
                .into_iter()
                .map(|(n, code)| (n, code.row(actor, expires_at, now)))
                .collect();
            let input = rows.iter().map(|(n, row)| {
                let row = row.clone();
                vec![
                    (*n).into(),
                    row.code.into(),
                    row.name_folded.into(),
                    row.name.into(),
                    row.email_folded.into(),
                    row.email.into(),
                    row.email_norm.into(),
                    row.role.into(),
                    event_id(now),
                ]
            });
            let columns = &[
                "n", "code", "name_folded", "name", "email_folded", "email", "email_norm", "role",
                "event_id",
            ];
            let write = Write::new(&database)
                .with_locks([Lock::Codes(actor)])
                .set("actor", actor)
                .set("now", now)
                .set("expires_at", expires_at)
                .input("input", columns, input.collect());
            let write = JUDGE.step(write, &database, &limits, key.as_ref(), now);
            let new = "judged JOIN input ON input.n = judged.n WHERE refusal IS NULL";
            let write = write.then(
                "created",
                format!(
                    "INSERT INTO invite_codes (id, code, role, name, name_folded, email, email_norm,
                        email_folded, invited_by_id, generated_at, sent_at, expires_at, last_sent_at,
                        send_count)
                     SELECT id, code, role, name, name_folded, email, email_norm, email_folded, :actor,
                            :now, :now, :expires_at, :now, 1
                     FROM {new}"
                ),
            );
            let write = match granted.is_empty() {
                true => write,
                false => write.input("granted", &["granted_n", "tag_id"], granted).then(
                    "tagged",
                    "INSERT INTO invite_code_tags (invite_code_id, tag_id)
                     SELECT id, tag_id FROM judged JOIN granted ON granted_n = n
                     WHERE refusal IS NULL",
                ),
            };
            let write = record(write, InviteKind::InviteCode, Event::Created, "NULL", new);
            let written = |n, id| {
                let row = rows.get(&n)?.clone();
                Some(WrittenRow::InviteCode(Guarded::seal(Model { id, ..row })))
            };
            run(&database, &write, key.as_ref(), actor, now, written).await
        })
        .await
    }
}
