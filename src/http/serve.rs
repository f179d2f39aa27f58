//! Listens, and stops without losing what is in flight.

use std::{io, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Answers until SIGTERM or SIGINT; then takes nothing new, finishes what is in flight, and gives
/// up what is not done within `drain`.
///
/// # Errors
/// The signals cannot be listened for, or the listener breaks.
pub async fn serve(listener: TcpListener, app: Router, drain: Duration) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stop, mut stopping) = watch::channel(false);
    let stopped = async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping: finishing what is in flight");
        // The receiver lives as long as the server.
        let _ = stop.send(true);
    };
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
