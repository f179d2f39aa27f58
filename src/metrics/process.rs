//! Metrics of the process, read from Linux' `/proc`. Other systems have none.

use std::{fmt, fs};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

/// Clock ticks per second in `/proc` (`USER_HZ`, which Linux fixes at 100).
const TICKS: f64 = 100.0;

pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Process));
}

#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        if let Some(bytes) = resident_memory() {
            let help = "Resident memory, in bytes";
            let name = "process_resident_memory_bytes";
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(bytes).encode(metric)?;
        }
        if let Some(times) = Times::read() {
            let help = "CPU time, in seconds";
            let metric = encoder.encode_descriptor(
                "process_cpu_seconds",
                help,
                None,
                MetricType::Counter,
            )?;
            ConstCounter::new(times.cpu).encode(metric)?;
            let help = "Start time of the process, in seconds since 1970";
            let name = "process_start_time_seconds";
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(times.started).encode(metric)?;
        }
        Ok(())
    }
}

/// Returns the resident memory in bytes.
fn resident_memory() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes: i64 = after(&status, "VmRSS:")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Times in seconds.
struct Times {
    cpu: f64,
    /// Since 1970.
    started: f64,
}

impl Times {
    fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The program's name, in parentheses, may contain spaces. The next field has number 3.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let ticks = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let machine = fs::read_to_string("/proc/stat").ok()?;
        let booted: f64 = after(&machine, "btime")?.parse().ok()?;
        Some(Self {
            cpu: (ticks(14)? + ticks(15)?) / TICKS,
            started: booted + ticks(22)? / TICKS,
        })
    }
}

/// Returns the word after `name` at the start of a line.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()
}
