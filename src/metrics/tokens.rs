//! Metrics of the keys that verify tokens.

use std::{fmt, time::Duration};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
};

use super::{Metrics, counters::labelled};

labelled! {
    /// Outcome of refreshing the published keys.
    pub enum RefreshOutcome by "outcome" {
        /// The keys were loaded, and replace the previous ones.
        Loaded = "loaded",
        /// The keys could not be loaded; the previous ones remain valid.
        Failed = "failed",
    }
}

impl Metrics {
    /// Registers the age of the published keys, reported once there are any.
    pub fn collect_key_age(&self, age: impl Fn() -> Option<Duration> + Send + Sync + 'static) {
        let age = KeyAge(Box::new(age));
        self.collect(|registry| registry.register_collector(Box::new(age)));
    }
}

struct KeyAge(Box<dyn Fn() -> Option<Duration> + Send + Sync>);

impl fmt::Debug for KeyAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyAge")
    }
}

impl Collector for KeyAge {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(age) = (self.0)() else {
            return Ok(());
        };
        let gauge = ConstGauge::new(age.as_secs_f64());
        let help = "Seconds since the published keys were read";
        let metric =
            encoder.encode_descriptor("jwks_age_seconds", help, None, gauge.metric_type())?;
        gauge.encode(metric)
    }
}
