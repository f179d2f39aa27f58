//! Settings of the log.

use clap::{Args, ValueEnum};

/// What is logged.
#[derive(Args, Clone)]
#[command(next_help_heading = "Log")]
pub struct LogOptions {
    /// Least severe lines that are written
    #[arg(long, env = "GATEWAY_LOG_LEVEL", value_enum, default_value_t)]
    pub log_level: LogLevel,

    /// Form of the lines
    #[arg(long, env = "GATEWAY_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// Least severe lines that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Faults of the gateway's own.
    Error,
    /// What may become a fault.
    Warn,
    /// One line a request.
    #[default]
    Info,
    /// What is of use to who mends the gateway.
    Debug,
}

/// Form of the log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}
