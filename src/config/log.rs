//! Log settings.

use clap::{Args, ValueEnum};

use super::Switch;

/// Log settings.
#[derive(Args, Clone)]
#[command(next_help_heading = "Log")]
pub struct LogOptions {
    /// Least severe lines that are written
    #[arg(long, env = "GATEWAY_LOG_LEVEL", value_enum, default_value_t)]
    pub log_level: LogLevel,

    /// Format of log lines
    #[arg(long, env = "GATEWAY_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// Lines that say which viewer was allowed or denied which access, whatever the level
    #[arg(long, env = "GATEWAY_AUDIT_LOG", value_enum, default_value_t)]
    pub audit_log: Switch,
}

/// Least severe lines that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Failures of the gateway.
    Error,
    /// Conditions that may become failures.
    Warn,
    /// One line per request.
    #[default]
    Info,
    /// Details for debugging the gateway.
    Debug,
}

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Readable text.
    #[default]
    Pretty,
    /// One JSON object per line.
    Json,
}
