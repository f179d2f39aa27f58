//! The keys that tokens are verified with.

use std::{fmt, time::Duration};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
};

use super::{Metrics, counters::labelled};

labelled! {
    /// What came of reading the published keys.
    pub enum RefreshOutcome by "outcome" {
        /// They are those that count now.
        Loaded = "loaded",
        /// They could not be had; those that were there count.
        Failed = "failed",
    }
}

impl Metrics {
    /// Tells how old the published keys are, while there are any.
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
