//! Listens, and stops without losing what is in flight.
//!
//! Told to stop, it first takes whoever has connected already, and then nobody more. Connections
//! that clients keep are not closed under their next request: for a moment it is still answered,
//! with word that the connection ends. What is then idle is closed, what is not is finished.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Version, header},
    response::Response,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tower::{ServiceExt, service_fn};

/// How long connections that are idle are kept when told to stop: a request may be on its way.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a connection may be idle, and a request's head may take: longer than balancers keep
/// theirs.
const HEAD: Duration = Duration::from_secs(75);

/// Longest head of a request, in bytes; of HTTP/2, where a block of headers is decoded at once, less.
/// A head has at most 100 headers: hyper's own limit, which costs nothing as long as it is not set.
const MAX_HEAD: usize = 128 * 1024;
const MAX_HEADERS_OF_HTTP2: u32 = 16 * 1024;

/// Most requests that are answered at a time over one connection of HTTP/2.
const MAX_STREAMS: u32 = 100;

/// How long to wait when connections cannot be taken, such as for want of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

use super::{Peer, metrics_app};
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
/// what is not done within `drain`. At most `max_connections` are open at a time.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop_signal: StopSignal,
    drain: Duration,
    max_connections: usize,
) {
    let is_stopping = Arc::new(AtomicBool::new(false));
    let connections = Connections {
        app,
        is_stopping: is_stopping.clone(),
        room: Arc::new(Semaphore::new(max_connections)),
        idle_ends: watch::Sender::new(false),
    };
    let mut told = pin!(stop_signal.received());
    let name = loop {
        tokio::select! {
            (accepted, room) = connections.accept(&listener) => match accepted {
                Ok((stream, peer)) => connections.take(stream, peer, room),
                Err(error) => cannot_accept(&error).await,
            },
            name = &mut told => break name,
        }
    };
    is_stopping.store(true, Ordering::Release);
    tracing::info!(signal = name, "stopping: finishing what is in flight");
    take_waiting(listener, &connections);
    if timeout(drain, connections.finish()).await.is_err() {
        tracing::warn!(
            seconds = drain.as_secs(),
            "gave up what was still in flight"
        );
    }
}

/// Takes the connections that clients have made and nobody has taken yet, and then no more.
fn take_waiting(listener: TcpListener, connections: &Connections) {
    let taken = listener.into_std().and_then(|listener| {
        loop {
            match listener.accept() {
                Ok((stream, peer)) => {
                    let stream = stream.set_nonblocking(true).map(|()| stream);
                    match stream.and_then(TcpStream::from_std) {
                        Ok(stream) => connections.take(stream, peer, None),
                        Err(error) => tracing::error!(%error, "a connection could not be taken"),
                    }
                }
                Err(error) if has_gone(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    });
    if let Err(error) = taken {
        tracing::error!(%error, "the connections that wait could not be taken");
    }
}

/// Whether an error of accepting is about a connection that has gone already.
fn has_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn cannot_accept(error: &io::Error) {
    if !has_gone(error) {
        tracing::error!(%error, "a connection could not be taken");
        sleep(BREATH).await;
    }
}

/// The connections that are open.
struct Connections {
    app: Router,
    /// Whether clients are told that their connection ends.
    is_stopping: Arc<AtomicBool>,
    /// Who comes beyond that waits in the listener's queue.
    room: Arc<Semaphore>,
    /// Whether connections end that have nothing to answer. Each listens as long as it is open.
    idle_ends: watch::Sender<bool>,
}

impl Connections {
    /// The next connection, as soon as there is room for one.
    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> (
        io::Result<(TcpStream, SocketAddr)>,
        Option<OwnedSemaphorePermit>,
    ) {
        // It is never closed.
        let room = self.room.clone().acquire_owned().await.ok();
        (listener.accept().await, room)
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, room: Option<OwnedSemaphorePermit>) {
        // An answer is written at once, and shall not wait for the client to acknowledge the last.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let (app, is_stopping) = (self.app.clone(), self.is_stopping.clone());
        let mut idle_ends = self.idle_ends.subscribe();
        tokio::spawn(async move {
            let _room = room;
            let service = service_fn(move |request: Request<_>| {
                let (app, is_stopping) = (app.clone(), is_stopping.clone());
                answer(app, request.map(Body::new), peer, is_stopping)
            });
            let service = TowerToHyperService::new(service);
            let mut builder = auto::Builder::new(TokioExecutor::new());
            let mut http1 = builder.http1();
            http1
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(MAX_HEAD);
            let mut http2 = builder.http2();
            http2
                .timer(TokioTimer::new())
                .keep_alive_interval(HEAD / 2)
                .max_header_list_size(MAX_HEADERS_OF_HTTP2)
                .max_concurrent_streams(MAX_STREAMS);
            let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
            let ended = tokio::select! {
                ended = connection.as_mut() => Some(ended),
                () = are_told(&mut idle_ends) => None,
            };
            let ended = match ended {
                Some(ended) => ended,
                None => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }

    /// Waits for the end of all.
    async fn finish(&self) {
        if timeout(FAREWELL, self.idle_ends.closed()).await.is_err() {
            self.idle_ends.send_replace(true);
            self.idle_ends.closed().await;
        }
    }
}

/// Answers a request. Clients are told where their connection ends with the answer; HTTP/2 has its own
/// word for that.
async fn answer(
    app: Router,
    mut request: Request,
    peer: SocketAddr,
    is_stopping: Arc<AtomicBool>,
) -> Result<Response, Infallible> {
    let version = request.version();
    request.extensions_mut().insert(Peer(peer.ip()));
    let mut response = app.oneshot(request).await?;
    if is_stopping.load(Ordering::Acquire) && version < Version::HTTP_2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response)
}

async fn are_told(idle_ends: &mut watch::Receiver<bool>) {
    // An error means that serving was given up: idle ones end, too.
    let _ = idle_ends.wait_for(|ends| *ends).await;
}
