//! Sets up the log on standard error.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::{JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::{LookupSpan, Scope},
    util::SubscriberInitExt,
};

use crate::{
    access::AUDIT_TARGET,
    config::{LogFormat, LogLevel, LogOptions, Switch},
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
    let mut own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    // Independent of the level: an auditor wants every line, and may want no others.
    if options.audit_log == Switch::On {
        own = own.with_target(AUDIT_TARGET, LevelFilter::INFO);
    }
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
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Pretty => lines
            .with_target(false)
            .with_ansi(io::stderr().is_terminal())
            .boxed(),
        LogFormat::Json => lines
            .fmt_fields(JsonFields::new())
            .event_format(JsonLine)
            .boxed(),
    }
}

/// Formats an event as a JSON object without nesting: the time, the level, the fields of its spans such as
/// `request_id`, and its own. The library's format nests those of spans.
struct JsonLine;

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        line.write_str(r#"{"timestamp":""#)?;
        SystemTime.format_time(&mut line)?;
        write!(line, r#"","level":"{}""#, event.metadata().level())?;
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                write_members(&mut line, fields)?;
            }
        }
        let mut fields = String::new();
        context.format_fields(Writer::new(&mut fields), event)?;
        write_members(&mut line, &fields)?;
        line.write_str("}\n")
    }
}

/// Appends the members of a JSON object to another one, which has members already.
fn write_members(line: &mut Writer<'_>, object: &str) -> fmt::Result {
    let members = object.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    match members {
        None | Some("") => Ok(()),
        Some(members) => write!(line, ",{members}"),
    }
}
