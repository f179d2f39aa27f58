//! Behaviours of the gateway, one file each. Every test runs on SQLite and on PostgreSQL.

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
mod address_invites;
mod addresses;
mod architecture;
mod audit;
mod authentication;
mod batching;
mod body_attacks;
mod checks;
mod command_line;
mod concurrency;
mod configuration;
mod contracts;
mod course_invite_status;
mod course_invites;
mod crashes;
mod cross_origin;
mod database_urls;
mod demo;
mod disclosure;
mod document_attacks;
mod document_cache;
mod documentation;
mod entities;
mod explorer;
mod exports;
mod external_ids;
mod faults;
mod federation;
mod forged_tokens;
mod frontends;
mod graphql_over_http;
mod health;
mod hidden_targets;
mod histories;
mod http_audits;
mod import_changes;
mod import_endpoint;
mod import_events;
mod import_formats;
mod import_presets;
mod import_reference;
mod import_replace;
mod import_watch;
mod imports;
mod inputs;
mod introspection;
mod invite_commands;
mod invite_counts;
mod invite_links;
mod invite_page;
mod list_costs;
mod metrics;
mod migrations;
mod missing_values;
mod mutation_costs;
mod mutations;
mod other_servers;
mod outage;
mod pages;
mod people;
mod persisted_documents;
mod planted_secrets;
mod planted_settings;
mod poolers;
mod private_files;
mod public_face;
mod published_keys;
mod races;
mod rate_limits;
mod replica;
mod searches;
mod selections;
mod serving;
mod shedding;
mod sign_ups;
mod slow_clients;
mod spellings;
mod statuses;
mod supergraph;
mod terminal;
mod traces;
mod transitions;
mod validation;
mod viewer_lists;
mod wide_lists;
mod write_access;
mod write_plans;
mod writes;
mod written_responses;
