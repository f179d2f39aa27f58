//! The tables of Invite Gateway as SeaORM entities, one table a file.
//!
//! Columns and relations only: no rule of access and no GraphQL word lives here. Instants are UTC.

pub mod course;
pub mod course_invite;
pub mod course_member;
pub mod group;
pub mod group_invite;
pub mod group_member;
pub mod invite_code;
pub mod invite_code_tag;
pub mod tag;
pub mod user;
pub mod workspace;
pub mod workspace_invite;
pub mod workspace_member;
