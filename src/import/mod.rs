//! Imports an organisation's data from files: JSON of the contracts' objects, or CSV.
//!
//! `run` is the whole import. `reader` recognises the format of a file and splits it into rows. `fields` renames columns and reads
//! other formats of instants, and `preset` those of other products. `row` and `kind` check each row and convert it to rows of tables (`table`).
//! `source` reads ids of a source, and `resolve` replaces them by ids of the database.
//! `unknown` finds fields that no kind reads. `chunk` collects checked rows, and `writer` writes them:
//! `name` takes names from other rows, and `upsert` writes the rows. `change` records their changes, `event` appends
//! the events of invites, and `replace` withdraws rows that the file lacks.

use std::io;

use sea_orm::DbErr;

mod change;
mod chunk;
mod constraint;
mod event;
mod fields;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod idempotency;
mod imports;
mod invisible;
mod invitee;
mod kind;
mod max_row;
mod name;
mod note;
mod other_role;
mod preset;
mod progress;
mod reader;
mod rejection;
mod repeat;
mod replace;
mod replacement;
mod resolve;
mod result;
mod row;
mod run;
mod shared_ids;
mod source;
mod statement;
mod table;
mod tag_set;
#[cfg(test)]
mod tests;
mod token_invite;
mod unknown;
mod upsert;
mod writer;

pub use change::Change;
pub use fields::{DateFormat, Fields, MappedValue, Renamed, SetField};
pub use idempotency::{IdempotencyKey, Stored};
pub use imports::Imports;
pub use kind::{Field, Format, Kind};
pub use max_row::MaxRow;
pub use preset::Preset;
pub use progress::Console;
pub use rejection::Rejection;
pub use replacement::{MaxWithdrawn, Replacement, Scope};
pub use resolve::Names;
pub use result::Summary;
pub use run::run;
pub use source::Source;

/// Options of an import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Stop at the first bad row and roll back.
    pub strict: bool,
    /// Write all rows, then roll back.
    pub dry_run: bool,
    /// Withdraw the rows whose keys the file has: the source has deleted them.
    pub delete: bool,
    /// Withdraw the rows that the file lacks.
    pub replace: Option<Replacement>,
    /// Append the events of the invites that change.
    pub events: bool,
    /// Pass the text of rejected rows to the report.
    pub keep_text: bool,
    /// The source, if the ids of the rows are its own.
    pub source: Option<Source>,
    /// Renamed columns, and the format of instants.
    pub fields: Fields,
    /// Maximum length of a row.
    pub max_row: MaxRow,
    /// In a dry run, name an invite to an address by the address. Its reader may see the addresses in the
    /// database.
    pub shows_addresses: bool,
}

/// Receives the progress of an import.
pub trait Report: Send {
    /// Called for each rejected row. `text` is the row, with [`Options::keep_text`]; none if it could not
    /// be read.
    fn rejected(&mut self, rejection: &Rejection, text: Option<&str>);

    /// Called at the end for each remark on rows that were imported nevertheless.
    fn noted(&mut self, note: &str);

    /// Called for each row of the kind that changed, with its key, such as `id=7`. The change may be rolled
    /// back.
    fn changed(&mut self, change: Change, key: &str) {
        let _ = (change, key);
    }

    /// Called after each chunk; `so_far.written` may include uncommitted rows. `bytes` of the input
    /// have been read so far.
    fn progressed(&mut self, so_far: &Summary, bytes: u64);
}

/// Error that ends an import before the end of its input. Running the import again completes it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Reading the input failed.
    #[error("cannot read the input")]
    Input {
        /// Cause.
        source: io::Error,
        /// Rows committed before the error.
        so_far: Summary,
    },
    /// The file lacks more rows of the list than may be withdrawn, so it may be incomplete. Nothing was
    /// written.
    #[error("the file lacks {missing} of {of} rows, more than --max-withdrawn ({most})")]
    TooManyWithdrawn {
        /// Rows that the import would withdraw.
        missing: u64,
        /// Rows that it replaces.
        of: u64,
        /// Maximum number of rows that it may withdraw.
        most: MaxWithdrawn,
        /// Rows read.
        so_far: Summary,
    },
    /// The database failed or became unreachable.
    #[error("the database failed")]
    Database {
        /// Cause.
        source: DbErr,
        /// Rows committed before the error.
        so_far: Summary,
    },
}

impl ImportError {
    /// Returns the result up to the error.
    pub fn so_far(&self) -> &Summary {
        match self {
            Self::Input { so_far, .. }
            | Self::TooManyWithdrawn { so_far, .. }
            | Self::Database { so_far, .. } => so_far,
        }
    }
}
