//! Decodes cursors from clients.
#![no_main]

use invite_gateway::graphql::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzzing::cursor(text));
