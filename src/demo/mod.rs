//! Sample data of `invite-gateway demo`. Its ids, codes and tokens never change, so that documents
//! and tests can refer to them.
//!
//! The rows are the files of `examples/data`, which are also examples for `import`. [`load`]
//! imports them, and [`describe()`] lists them. [`banner()`] is the text at start, and [`Offer`]
//! has the examples for the GraphiQL page.

mod banner;
mod case;
mod data;
mod describe;
mod examples;
mod learners;
mod mutations;
mod names;
mod offer;
mod queries;
mod sign_ins;

pub mod tokens;

pub use banner::banner;

/// Template of the links to invites that are created in the demo.
pub const ACCEPT_URL: &str = "https://app.example/i/{kind}/{secret}";

pub use data::load;
pub use describe::{Description, Persona, describe};
pub use examples::Example;
pub use names::{codes, courses, groups, people, workspace_invites, workspaces};
pub use offer::Offer;
