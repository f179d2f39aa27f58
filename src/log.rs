//! Where the log goes, and in which form.

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

/// Writes the log to standard error from now on, and makes spans for `traces`.
pub fn start(options: &LogOptions, traces: Option<&Traces>) {
    let level = match options.log_level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Only the gateway's own lines: those of libraries may hold statements and their values.
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    // What no layer wants is then known at each place without asking, which a filter for each layer,
    // or a layer that is not there, would prevent.
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
