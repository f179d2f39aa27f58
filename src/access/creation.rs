//! Requests to create invites, of every kind: checks of their rows, and the outcome of each.

use std::collections::HashMap;

use futures_util::{FutureExt, future::try_join_all};

use super::{Access, AccessError, NO_ID};
use crate::{
    invite::Refusal,
    lifecycle::{Created, Key, Numbered, Row},
};

/// Most rows of a request.
pub const MAX_ROWS: usize = 100;

/// A value of a request that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason.
    pub refusal: Refusal,
    /// The field of the input, or of the row.
    pub field: &'static str,
}

impl Refused {
    pub(super) fn new(field: &'static str, refusal: Refusal) -> Self {
        Self { refusal, field }
    }
}

/// The outcome of a row of a request to create invites.
#[derive(Clone, Debug, Default)]
pub struct CreatedInvite {
    /// The new invite; for a refused row, the one that is there.
    pub invite: Option<i64>,
    /// Link of a new invite.
    pub accept_url: Option<String>,
    /// The reason for which no invite was created.
    pub refused: Option<Refused>,
}

/// The outcome of a request to create invites: of each row, or why there is none.
pub type Creation = Result<Vec<CreatedInvite>, Refused>;

impl Access {
    /// Checks that tags exist and can still be granted; none in place of an id that no tag has. Returns
    /// each once.
    pub(super) async fn grantable_tags(
        &self,
        ids: Vec<Option<i64>>,
    ) -> Result<Result<Vec<i64>, Refusal>, AccessError> {
        let loads = ids
            .into_iter()
            .map(|id| self.tag(id.unwrap_or(NO_ID)).boxed());
        let mut tags = Vec::new();
        for tag in try_join_all(loads).await? {
            match tag {
                None => return Ok(Err(Refusal::NotFound)),
                Some(tag) if !tag.active => {
                    let retired = "The tag can no longer be granted.";
                    return Ok(Err(Refusal::Invalid(retired)));
                }
                Some(tag) => tags.push(tag.id),
            }
        }
        tags.sort_unstable();
        tags.dedup();
        Ok(Ok(tags))
    }

    /// Checks the number of rows of a request.
    pub(super) fn check_rows(field: &'static str, rows: usize) -> Result<(), Refused> {
        match rows {
            0 => Err(Refused::new(
                field,
                Refusal::Invalid("Send at least one row."),
            )),
            1..=MAX_ROWS => Ok(()),
            _ => Err(Refused::new(
                field,
                Refusal::Invalid("Send at most 100 rows."),
            )),
        }
    }

    /// Reads the key of a request.
    pub(super) fn check_key(key: Option<(String, String)>) -> Result<Option<Key>, Refused> {
        key.map(|(key, request)| Key::new(&key, &request))
            .transpose()
            .map_err(|refusal| Refused::new("idempotencyKey", refusal))
    }
}

/// Reason for a row that did not pass when its request was carried out, and would pass now.
const REFUSED_BEFORE: Refusal = Refusal::Invalid(
    "This row was refused when the request was carried out. Send it with another key.",
);

/// The rows of a request, checked before the write.
pub(super) struct Rows<T> {
    /// Of each row, why it did not pass, if so.
    checked: Vec<Result<(), Refused>>,
    passed: Vec<Numbered<T>>,
}

impl<T> Rows<T> {
    pub(super) fn new(checked: impl IntoIterator<Item = Result<T, Refused>>) -> Self {
        let mut passed = Vec::new();
        let checked = checked
            .into_iter()
            .zip(0..)
            .map(|(row, number)| row.map(|row| passed.push((number, row))));
        let checked = checked.collect();
        Self { checked, passed }
    }

    /// Puts the outcomes together. `field` is the field of a row that the write refuses; `url` returns
    /// the link of a new invite.
    pub(super) fn outcomes(
        checked: Vec<Result<(), Refused>>,
        created: &Created,
        field: &'static str,
        url: impl Fn(i64) -> Option<String>,
    ) -> Creation {
        let (rows, is_new) = match created {
            Created::Rows(rows) => (rows, true),
            Created::Before(rows) => (rows, false),
            Created::KeyReused => {
                let reused = Refusal::Invalid("The key was used for another request.");
                return Err(Refused::new("idempotencyKey", reused));
            }
        };
        let rows: HashMap<i64, Row> = rows.iter().copied().collect();
        let outcome = |(row, number): (Result<(), Refused>, i64)| match (row, rows.get(&number)) {
            (_, Some(Ok(id))) => CreatedInvite {
                invite: Some(*id),
                accept_url: url(*id),
                refused: None,
            },
            (_, Some(Err((refusal, existing)))) => CreatedInvite {
                invite: *existing,
                accept_url: None,
                refused: Some(Refused::new(field, *refusal)),
            },
            (Err(refused), None) => CreatedInvite {
                refused: Some(refused),
                ..CreatedInvite::default()
            },
            (Ok(()), None) if is_new => CreatedInvite::default(),
            (Ok(()), None) => CreatedInvite {
                refused: Some(Refused::new(field, REFUSED_BEFORE)),
                ..CreatedInvite::default()
            },
        };
        Ok(checked.into_iter().zip(0..).map(outcome).collect())
    }

    /// Returns the checks, and the rows that passed with their numbers.
    pub(super) fn split(self) -> (Vec<Result<(), Refused>>, Vec<Numbered<T>>) {
        (self.checked, self.passed)
    }
}
