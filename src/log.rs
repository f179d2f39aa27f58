//! Where the log goes, and in which form.

use std::io::{self, IsTerminal};

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    config::{LogFormat, LogLevel, LogOptions},
    trace::Traces,
};

/// Writes the log to standard error from now on, and makes spans for `traces`.
pub fn start(options: &LogOptions, traces: Option<&Traces>) {
    let level = match options.log {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Only the gateway's own lines: those of libraries may hold statements and their values.
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    let lines = match options.log_format {
        LogFormat::Pretty => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(own))
        .with(traces.map(|traces| {
            let (spans, filter) = traces.layer();
            spans.with_filter(filter)
        }))
        .init();
}
