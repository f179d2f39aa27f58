//! The sample data of `invite-gateway demo`: every case that matters, under ids, codes and tokens
//! that never change, so that documents and tests can name them.
//!
//! The rows are the files of `examples/data`, which double as examples of what `import` takes.
//! [`load`] imports them, [`describe()`] lists them, [`banner()`] is what the terminal shows at
//! start, and [`Offer`] what the GraphiQL page offers.

mod banner;
mod case;
mod data;
mod describe;
mod examples;
mod learners;
mod names;
mod offer;
mod queries;
mod sign_ins;

pub mod tokens;

pub use banner::banner;

pub use data::load;
pub use describe::{Description, Persona, describe};
pub use examples::Example;
pub use names::{codes, courses, groups, people, workspace_invites, workspaces};
pub use offer::Offer;
