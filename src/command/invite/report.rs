//! Outcomes as text: a table, or a JSON object per row.

use std::fmt::Write;

use serde::Serialize;

use super::{
    order::{Order, kind_name},
    session::Outcome,
};
use crate::{
    graphql::{Explanation, invite_id},
    loader::invite::InviteRef,
    printable::{Printable, PrintableJson},
};

/// Outcome of a refused row.
const REFUSED: &str = "refused";

/// In place of a value that a row lacks.
const NONE: &str = "-";

/// Width of the first column: that of the longest outcome.
const OUTCOME_WIDTH: usize = 9;

/// Widest column of rows.
const MAX_ROW_WIDTH: usize = 60;

/// Width of the column of invites that the gateway created.
const INVITE_WIDTH: usize = 23;

/// Words outcomes, and counts them.
pub(super) struct Report {
    json: bool,
    row_width: usize,
    rows: usize,
    printed: usize,
    refused: usize,
}

/// A row of the JSON output.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonRow<'a> {
    /// Number of the row, from 1.
    row: usize,
    input: &'a str,
    outcome: &'static str,
    kind: Option<&'static str>,
    id: Option<String>,
    database_id: Option<i64>,
    accept_url: Option<&'a str>,
    error: Option<JsonError>,
}

#[derive(Serialize)]
struct JsonError {
    code: &'static str,
    message: &'static str,
    field: Option<&'static str>,
}

impl Report {
    pub(super) fn new(json: bool, rows: &[String]) -> Self {
        let widths = rows.iter().map(|row| shown(row).chars().count());
        Self {
            json,
            row_width: widths.max().unwrap_or_default().min(MAX_ROW_WIDTH),
            rows: rows.len(),
            printed: 0,
            refused: 0,
        }
    }

    /// Returns the number of rows that have an outcome.
    pub(super) fn printed(&self) -> usize {
        self.printed
    }

    /// Returns the lines of these rows.
    ///
    /// # Errors
    /// A row cannot be written as JSON.
    pub(super) fn add(
        &mut self,
        order: &Order,
        rows: &[String],
        outcomes: &[Outcome],
    ) -> serde_json::Result<String> {
        let mut text = String::new();
        for (row, outcome) in rows.iter().zip(outcomes) {
            self.printed += 1;
            self.refused += usize::from(outcome.refused.is_some());
            match self.json {
                true => self.add_json(&mut text, order, row, outcome)?,
                false => self.add_line(&mut text, order, row, outcome),
            }
        }
        Ok(text)
    }

    /// Returns the closing message, if rows were refused.
    pub(super) fn refusals(&self) -> Option<String> {
        let (refused, rows) = (self.refused, self.rows);
        let were = if refused == 1 { "was" } else { "were" };
        (refused > 0).then(|| format!("{refused} of {rows} rows {were} refused"))
    }

    fn add_json(
        &self,
        text: &mut String,
        order: &Order,
        row: &str,
        outcome: &Outcome,
    ) -> serde_json::Result<()> {
        let error = outcome.refused.map(|(refusal, field)| {
            let Explanation { code, message } = refusal.into();
            JsonError {
                code,
                message,
                field,
            }
        });
        let row = JsonRow {
            row: self.printed,
            input: row,
            outcome: word(order, outcome),
            kind: outcome.invite.map(|invite| kind_name(invite.kind)),
            id: outcome.invite.and_then(|InviteRef { kind, id, target }| {
                target.map(|target| invite_id(kind, target, id).0)
            }),
            database_id: outcome.invite.map(|invite| invite.id),
            accept_url: outcome.accept_url.as_deref(),
            error,
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{}", PrintableJson(&serde_json::to_string(&row)?));
        Ok(())
    }

    fn add_line(&self, text: &mut String, order: &Order, row: &str, outcome: &Outcome) {
        let invite = outcome.invite.map_or_else(
            || NONE.to_owned(),
            |invite| format!("{}:{}", kind_name(invite.kind), invite.id),
        );
        let last = match outcome.refused {
            None => outcome.accept_url.clone().unwrap_or_default(),
            Some((refusal, field)) => {
                let Explanation { code, message } = refusal.into();
                let field = field.map(|field| format!(" ({field})")).unwrap_or_default();
                format!("{code}{field}: {message}")
            }
        };
        let line = format!(
            "{:<OUTCOME_WIDTH$}  {:<width$}  {invite:<INVITE_WIDTH$}  {last}",
            word(order, outcome),
            shown(row),
            width = self.row_width,
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn word(order: &Order, outcome: &Outcome) -> &'static str {
    match outcome.refused {
        None => order.done(),
        Some(_) => REFUSED,
    }
}

fn shown(row: &str) -> String {
    match row.is_empty() {
        true => NONE.to_owned(),
        false => Printable(row).to_string(),
    }
}
