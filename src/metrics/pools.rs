//! Metrics of database connections, collected when metrics are read.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, gauge::ConstGauge},
};

use super::Metrics;

/// Database server of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The primary.
    Primary,
    /// A hot standby.
    Standby,
}

impl Server {
    /// Returns its name in metrics and traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
        }
    }
}

/// Number of connections to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Open connections.
    pub open: u32,
    /// Open connections without a running statement.
    pub idle: u32,
    /// Most open connections.
    pub max: u32,
}

/// Counts the connections to a server. Returns `None` once the pool is gone.
pub type CountConnections = Box<dyn Fn() -> Option<Connections> + Send + Sync>;

impl Metrics {
    /// Registers the connection counts of each server.
    pub fn collect_connections(&self, servers: Vec<(Server, CountConnections)>) {
        self.collect(|registry| registry.register_collector(Box::new(Pools(servers))));
    }
}

struct Pools(Vec<(Server, CountConnections)>);

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pools")
    }
}

impl Collector for Pools {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counted: Vec<_> = self
            .0
            .iter()
            .filter_map(|(server, count)| Some((server.name(), count()?)))
            .collect();
        let help = "Open connections to the database";
        let mut open =
            encoder.encode_descriptor("database_connections", help, None, MetricType::Gauge)?;
        for (server, connections) in &counted {
            let in_use = connections.open.saturating_sub(connections.idle);
            for (state, count) in [("idle", connections.idle), ("in_use", in_use)] {
                let labels = [("server", *server), ("state", state)];
                ConstGauge::new(i64::from(count)).encode(open.encode_family(&labels)?)?;
            }
        }
        let help = "Most open connections to the database";
        let mut most =
            encoder.encode_descriptor("database_connections_max", help, None, MetricType::Gauge)?;
        for (server, connections) in &counted {
            let labels = [("server", *server)];
            ConstGauge::new(i64::from(connections.max)).encode(most.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
