//! Benchmarks of recording a request's metrics, and of exporting them.

use std::time::{Duration, Instant};

use divan::{Bencher, black_box};
use invite_gateway::{
    config::{LogFormat, LogLevel, LogOptions, Switch},
    log,
    metrics::{Metrics, Outcome, Share, StatementOutcome},
    trace,
};

/// Records the metrics of a request with one statement, with tracing disabled.
#[divan::bench]
fn record_request(bencher: Bencher<'_, '_>) {
    let metrics = Metrics::default();
    let statements = metrics.statements("invite_code_by_code");
    let name = Some("CoursePage");
    bencher.bench_local(|| {
        let started = Instant::now();
        let in_flight = metrics.http().begun();
        let request = trace::request("POST", Some("/graphql"), || None);
        metrics.token_cache().count(true);
        let operation = trace::operation();
        metrics.document_cache().count(true);
        statements.batch(1);
        let batch = trace::batch("", 1, std::iter::once(&trace::current()));
        let statement = trace::statement("sqlite", "primary");
        statements.answered(StatementOutcome::Ok, started.elapsed());
        let executed = metrics
            .operations()
            .executed(black_box(name), Share::SignedIn);
        executed.answered(Outcome::Ok, started.elapsed());
        trace::record_operation(&operation, name, "ok", 0);
        metrics
            .http()
            .answered(black_box(Some("/graphql")), 200, started.elapsed());
        trace::record_response(&request, 200);
        (in_flight, batch, statement)
    });
}

/// Writes the metrics for Prometheus, after a hundred operations and all kinds of statements.
#[divan::bench]
fn write_metrics(bencher: Bencher<'_, '_>) {
    let metrics = Metrics::default();
    for at in 0..100 {
        let operation = metrics
            .operations()
            .executed(Some(&format!("Q{at}")), Share::SignedIn);
        operation.answered(Outcome::Ok, Duration::from_millis(1));
        if at < 30 {
            metrics.statements(&format!("kind_{at}")).batch(1);
        }
    }
    bencher.bench_local(|| metrics.text());
}

fn main() {
    // Tracing is disabled, as in most installations: spans must cost nothing.
    let options = LogOptions {
        log_level: LogLevel::Info,
        log_format: LogFormat::Json,
        audit_log: Switch::Off,
    };
    log::start(&options, None);
    divan::main();
}
