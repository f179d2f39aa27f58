//! Prepares a request for execution: guards, parses and validates it, checks its variables and
//! computes its cost. A NUL separates the document from the variables.
#![no_main]

use std::sync::LazyLock;

use async_graphql::Variables;
use invite_gateway::{
    graphql::{Executor, Limits, Request, SchemaSettings},
    metrics::Metrics,
};
use libfuzzer_sys::fuzz_target;

static EXECUTOR: LazyLock<Executor> = LazyLock::new(|| {
    let executor = Executor::new(
        SchemaSettings::default(),
        Limits::default(),
        0,
        &Metrics::default(),
    );
    executor.expect("a readable schema")
});

fuzz_target!(|text: &str| {
    let (document, variables) = text.split_once('\0').unwrap_or((text, "{}"));
    let variables: Variables = serde_json::from_str(variables).unwrap_or_default();
    let prepared = EXECUTOR.prepare(Request {
        query: document.to_owned(),
        variables,
        ..Request::default()
    });
    if let Err(refusal) = prepared {
        let errors = refusal.into_errors();
        assert!((1..=10).contains(&errors.len()));
        for error in errors {
            let extensions = error.extensions.expect("a code");
            assert!(extensions.get("code").is_some());
        }
    }
});
