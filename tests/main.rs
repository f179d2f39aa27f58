//! The gateway's behaviours, one file each. Every one is tried on SQLite and on PostgreSQL.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "a test binary has no interface; its names say what they are"
)]

mod support;

mod access;
mod architecture;
mod batching;
mod disclosure;
mod health;
mod inputs;
mod pages;
mod searches;
mod statuses;
mod viewer_lists;
