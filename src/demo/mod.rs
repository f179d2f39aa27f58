//! The sample data of `invite-gateway demo`: every case that matters, under ids, codes and tokens
//! that never change, so that documents and tests can name them.
//!
//! One subject, one file: its constants, its rows, and what each row shows. [`load`] puts the rows
//! into a database, [`describe()`] lists them, [`banner()`] is what the terminal shows at
//! start, [`Offer`] what the GraphiQL page has to offer.

mod banner;
mod case;
mod data;
mod describe;
mod examples;
mod instants;
mod learners;
mod offer;
mod queries;
mod tags;

pub mod codes;
pub mod courses;
pub mod groups;
pub mod people;
pub mod tokens;
pub mod workspace_invites;
pub mod workspaces;

pub use banner::banner;
pub use case::{Case, Kind};
pub use data::load;
pub use describe::{Description, Persona, describe};
pub use examples::{Example, RestExample};
pub use offer::Offer;
