//! SeaORM entities of Invite Gateway, one table per file.
//!
//! Only columns and relations: access rules and GraphQL live elsewhere. Instants are in UTC.

pub mod course;
pub mod course_invite;
pub mod course_member;
pub mod external_key;
pub mod group;
pub mod group_invite;
pub mod group_member;
pub mod idempotency_key;
pub mod invite_code;
pub mod invite_code_tag;
pub mod invite_event;
pub mod invite_token;
pub mod tag;
pub mod user;
pub mod workspace;
pub mod workspace_invite;
pub mod workspace_member;
