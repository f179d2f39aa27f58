//! Splits import files into rows.
#![no_main]

use invite_gateway::import::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| fuzzing::rows(file));
