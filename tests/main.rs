//! The gateway's behaviours, one file each. Every one is tried on SQLite and on PostgreSQL.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "a test binary has no interface; its names say what they are"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness fails by panicking, as tests do"
)]

mod support;

mod access;
mod architecture;
mod authentication;
mod batching;
mod command_line;
mod concurrency;
mod contracts;
mod demo;
mod disclosure;
mod explorer;
mod graphql_over_http;
mod health;
mod http_audits;
mod imports;
mod inputs;
mod introspection;
mod outage;
mod pages;
mod searches;
mod serving;
mod statuses;
mod viewer_lists;
