//! Invite Gateway: one GraphQL API over all of an organisation's invite data.

pub mod access;
pub mod auth;
pub mod clock;
pub mod command;
pub mod config;
pub mod database;
pub mod demo;
pub mod email;
pub mod export;
pub mod fold;
pub mod graphql;
pub mod http;
pub mod import;
pub mod invite;
pub mod lifecycle;
pub mod loader;
pub mod log;
pub mod metrics;
mod paging;
mod printable;
pub mod rate_limit;
mod redacted;
mod rest;
pub mod trace;
