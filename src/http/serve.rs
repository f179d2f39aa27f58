//! Listens, and stops without losing what is in flight.

use std::{io, time::Duration};

use axum::{Router, serve::ListenerExt};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use super::metrics_app;
use crate::metrics::Metrics;

/// Told to stop: SIGTERM or SIGINT. Listening begins before anybody is told that the server is
/// there, so that whoever waits for that may stop it at once.
pub struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Begins to listen.
    ///
    /// # Errors
    /// The signals cannot be listened for.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for it; gives its name.
    async fn received(mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Answers `/metrics` alone, until it is aborted.
pub async fn serve_metrics(listener: TcpListener, metrics: Metrics) {
    if let Err(error) = axum::serve(listener, metrics_app(metrics)).await {
        tracing::error!(%error, "the metrics are no longer served");
    }
}

/// Answers until told to stop; then takes nothing new, finishes what is in flight, and gives up
/// what is not done within `drain`.
///
/// # Errors
/// The listener breaks.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop_signal: StopSignal,
    drain: Duration,
) -> io::Result<()> {
    let (stop, mut stopping) = watch::channel(false);
    let stopped = async move {
        let name = stop_signal.received().await;
        tracing::info!(signal = name, "stopping: finishing what is in flight");
        // The receiver lives as long as the server.
        let _ = stop.send(true);
    };
    // An answer is written at once, and shall not wait for the client to acknowledge the last one.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let server = axum::serve(listener, app).with_graceful_shutdown(stopped);
    tokio::select! {
        served = async { server.await } => served,
        () = async {
            // An error means that the server has ended, which the other branch tells.
            if stopping.wait_for(|stopping| *stopping).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(drain).await;
        } => {
            tracing::warn!(seconds = drain.as_secs(), "gave up what was still in flight");
            Ok(())
        }
    }
}
