//! Sets up the log on standard error.

use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{
    config::{LogFormat, LogLevel, LogOptions},
    trace::Traces,
};

/// Starts to log to standard error and, if tracing is on, to record spans for `traces`.
pub fn start(options: &LogOptions, traces: Option<&Traces>) {
    let level = match options.log_level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Logs only the gateway's own lines: those of libraries may hold statements and their values.
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    // One global filter lets `tracing` cache, per call site, that a span or event is disabled.
    // Per-layer filters and optional layers would prevent that.
    let registry = tracing_subscriber::registry();
    match traces {
        None => registry.with(own).with(lines(options.log_format)).init(),
        Some(traces) => {
            let (spans, filter) = traces.layer();
            let spans = spans.with_filter(filter);
            let lines = lines(options.log_format).with_filter(own);
            registry.with(lines).with(spans).init();
        }
    }
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    match format {
        LogFormat::Pretty => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
    }
}
