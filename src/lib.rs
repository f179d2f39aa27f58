//! Invite Gateway: one GraphQL API over all of an organisation's invite data.

pub mod access;
pub mod clock;
pub mod database;
pub mod demo;
pub mod email;
pub mod loader;
pub mod rest;
