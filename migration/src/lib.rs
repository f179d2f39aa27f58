//! Database migrations of Invite Gateway, for PostgreSQL 15 and later and for SQLite.

use sea_orm_migration::prelude::async_trait;

mod column;
mod m20261121_000001_users;
mod m20261121_000002_invite_codes;
mod m20261121_000003_workspaces;
mod m20261121_000004_groups;
mod m20261121_000005_courses;
mod m20261121_000006_addresses;
mod m20261129_000007_lifecycle;
mod m20261129_000008_token_hashes;
mod m20261129_000009_live_names;
mod m20261129_000010_pending_addresses;
mod m20261130_000011_course_invite_status;
mod m20261130_000012_status_indexes;
mod m20261201_000013_group_invite_urls;
mod m20261201_000014_folded_texts;
mod m20261201_000015_fold_texts;
mod m20261201_000016_addresses_again;
mod m20261202_000017_external_keys;
mod m20261202_000018_course_invite_addresses;
mod m20261202_000019_values_of_sources;
mod m20261202_000020_account_ids;

pub use m20261201_000016_addresses_again::{
    Collision, NAME as RECOMPUTES_ADDRESSES, colliding_addresses,
};
pub use sea_orm_migration::{MigrationStatus, MigrationTrait, MigratorTrait};

/// Applies and reverts the migrations.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_users::Migration),
            Box::new(m20261121_000002_invite_codes::Migration),
            Box::new(m20261121_000003_workspaces::Migration),
            Box::new(m20261121_000004_groups::Migration),
            Box::new(m20261121_000005_courses::Migration),
            Box::new(m20261121_000006_addresses::Migration),
            Box::new(m20261129_000007_lifecycle::Migration),
            Box::new(m20261129_000008_token_hashes::Migration),
            Box::new(m20261129_000009_live_names::Migration),
            Box::new(m20261129_000010_pending_addresses::Migration),
            Box::new(m20261130_000011_course_invite_status::Migration),
            Box::new(m20261130_000012_status_indexes::Migration),
            Box::new(m20261201_000013_group_invite_urls::Migration),
            Box::new(m20261201_000014_folded_texts::Migration),
            Box::new(m20261201_000015_fold_texts::Migration),
            Box::new(m20261201_000016_addresses_again::Migration),
            Box::new(m20261202_000017_external_keys::Migration),
            Box::new(m20261202_000018_course_invite_addresses::Migration),
            Box::new(m20261202_000019_values_of_sources::Migration),
            Box::new(m20261202_000020_account_ids::Migration),
        ]
    }
}
