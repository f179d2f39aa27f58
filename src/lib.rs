//! Invite Gateway: one GraphQL API over all of an organisation's invite data.

pub mod clock;
pub mod database;
pub mod email;
pub mod import;
