//! Accepts connections, and stops without losing requests.
//!
//! On a stop signal, the server accepts only the connections that are already queued. For
//! [`IDLE_GRACE`], kept-alive connections still serve requests, and responses announce that the
//! connection ends. Then idle connections are closed, and busy ones finish.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
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
    http::{HeaderValue, StatusCode, Version, header},
    response::{IntoResponse, Response},
};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tower::ServiceExt;

/// Time for which idle connections stay open on a stop signal, since a request may be on its way.
const IDLE_GRACE: Duration = Duration::from_secs(1);

/// Longest request head, in bytes. HTTP/2 allows less, since it decodes a block of headers at once.
/// The number of headers has hyper's default limit of 100, which is cheaper than a configured one.
const MAX_HEAD: usize = 128 * 1024;
const MAX_HEADERS_OF_HTTP2: u32 = 16 * 1024;

/// Most concurrent requests over one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;

/// Size of a socket's send buffer, in bytes; Linux doubles it. By default it grows to several
/// megabytes.
const SEND_BUFFER: usize = 128 * 1024;

/// Most connections of operators: probes and scrapers.
const MAX_OPERATORS: usize = 64;

/// Pause after a failed accept, such as for lack of file descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

use super::{
    Peer, Service, TrustedProxies,
    capacity::{Capacity, Pool},
    connection::{Connection, IDLE, Open, Streams, WatchedStream},
    outgoing::{self, Holdings, Outgoing, SendProgress},
};
use crate::{
    metrics::{GivenUp, Metrics, Resource},
    rate_limit::ClientKey,
};

/// Listens for SIGTERM and SIGINT. It starts before the server announces itself, so that a
/// supervisor can stop the server as soon as it sees the announcement.
pub struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// Starts to listen.
    ///
    /// # Errors
    /// The signal handlers cannot be installed.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for a signal, and returns its name.
    pub async fn received(mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// Most open connections; further ones wait.
    pub max: usize,
    /// Most open connections of one client address (IPv6: the first 64 bits); further ones are closed.
    /// Does not apply to trusted proxies.
    pub max_per_client: usize,
    /// Longest wait for a request head, or for a client that does not read.
    pub client_timeout: Duration,
}

/// Serves health checks and metrics to operators, until aborted.
pub async fn serve_operations(listener: TcpListener, service: &Service, client_timeout: Duration) {
    let bounds = Connections {
        max: MAX_OPERATORS,
        max_per_client: MAX_OPERATORS,
        client_timeout,
    };
    let open = OpenConnections::new(service.operations.clone(), service, bounds);
    loop {
        open.accept_next(&listener).await;
    }
}

/// Serves until the stop signal. Then finishes the requests in flight, and aborts those that exceed
/// `drain`.
pub async fn serve(
    listener: TcpListener,
    service: &Service,
    stop_signal: StopSignal,
    drain: Duration,
    bounds: Connections,
) {
    let open = OpenConnections::new(service.app.clone(), service, bounds);
    let mut stopped = pin!(stop_signal.received());
    let name = loop {
        tokio::select! {
            () = open.accept_next(&listener) => {}
            name = &mut stopped => break name,
        }
    };
    open.front.is_stopping.store(true, Ordering::Release);
    tracing::info!(signal = name, "stopping: finishing requests in flight");
    accept_queued(listener, &open);
    if timeout(drain, open.finish()).await.is_err() {
        tracing::warn!(
            seconds = drain.as_secs(),
            "aborted the requests that were still in flight"
        );
    }
}

/// Accepts the connections that are queued, and closes the listener.
fn accept_queued(listener: TcpListener, connections: &OpenConnections) {
    let taken = listener.into_std().and_then(|listener| {
        loop {
            match listener.accept() {
                Ok((stream, peer)) => {
                    let stream = stream.set_nonblocking(true).map(|()| stream);
                    match stream.and_then(TcpStream::from_std) {
                        Ok(stream) => connections.take(stream, peer, None),
                        Err(error) => tracing::error!(%error, "cannot accept a connection"),
                    }
                }
                Err(error) if is_aborted(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    });
    if let Err(error) = taken {
        tracing::error!(%error, "cannot accept the queued connections");
    }
}

/// Returns true if the connection was aborted before it was accepted.
fn is_aborted(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn report_accept_error(error: &io::Error) {
    if !is_aborted(error) {
        tracing::error!(%error, "cannot accept a connection");
        sleep(ACCEPT_RETRY).await;
    }
}

/// Open connections.
struct OpenConnections {
    front: Arc<Front>,
    /// Further connections wait in the listener's queue.
    room: Arc<Semaphore>,
    by_client: Arc<Pool>,
    /// Set once the log has warned of a client with too many connections.
    has_warned: AtomicBool,
    client_timeout: Duration,
    /// Ends idle connections, and waits for busy ones.
    graceful: GracefulShutdown,
}

impl OpenConnections {
    fn new(app: Router, service: &Service, bounds: Connections) -> Self {
        let (most, each) = (bounds.max as u64, bounds.max_per_client as u64);
        Self {
            front: Arc::new(Front {
                app,
                capacity: service.capacity.clone(),
                trusted_proxies: service.trusted_proxies.clone(),
                is_stopping: AtomicBool::new(false),
                metrics: service.metrics.clone(),
            }),
            room: Arc::new(Semaphore::new(bounds.max.min(Semaphore::MAX_PERMITS))),
            by_client: Pool::new(Resource::Connections, most, each, &service.metrics),
            has_warned: AtomicBool::new(false),
            client_timeout: bounds.client_timeout,
            graceful: GracefulShutdown::new(),
        }
    }

    /// Accepts the next connection, once there is room.
    async fn accept_next(&self, listener: &TcpListener) {
        // The semaphore is never closed.
        let room = self.room.clone().acquire_owned().await.ok();
        match listener.accept().await {
            Ok((stream, peer)) => self.take(stream, peer, room),
            Err(error) => report_accept_error(&error).await,
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, room: Option<OwnedSemaphorePermit>) {
        let client = self.front.client(peer.ip());
        // While stopping, queued connections may exceed the limit.
        let held = match (client, &room) {
            (Some(_), Some(_)) => match self.by_client.take(client, 1) {
                Ok(held) => Some(held),
                Err(_) => {
                    self.warn_of_client_limit();
                    return;
                }
            },
            _ => None,
        };
        // Responses are sent at once, without waiting for acknowledgements.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        if let Err(error) = set_socket_send_buffer_size(&stream, SEND_BUFFER) {
            tracing::debug!(%error, "cannot set SO_SNDBUF");
        }
        let watcher = self.graceful.watcher();
        let connection = Connection::new(self.client_timeout);
        let serving = serve_connection(self.front.clone(), connection, stream, peer.ip(), watcher);
        tokio::spawn(async move {
            let _held = (room, held);
            serving.await;
        });
    }

    /// Warns once; the metrics count them all.
    fn warn_of_client_limit(&self) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a client has reached --max-connections-per-client: further connections are closed; \
                 if it is a proxy, add it to --trusted-proxies"
            );
        }
    }

    /// Waits until all connections have ended.
    async fn finish(self) {
        if self.graceful.count() > 0 {
            sleep(IDLE_GRACE).await;
        }
        self.graceful.shutdown().await;
    }
}

/// Serves a connection until it ends, or its client exceeds a timeout.
async fn serve_connection(
    front: Arc<Front>,
    connection: Arc<Connection>,
    stream: TcpStream,
    peer: IpAddr,
    watcher: Watcher,
) {
    let metrics = front.metrics.clone();
    let reset_metrics = metrics.clone();
    let streams = Streams {
        connection: connection.clone(),
        on_reset: Arc::new(move || reset_metrics.given_up(GivenUp::Unread)),
    };
    let mut builder = auto::Builder::new(streams);
    let mut http1 = builder.http1();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(MAX_HEAD);
    let mut http2 = builder.http2();
    http2
        .timer(TokioTimer::new())
        .keep_alive_interval(IDLE / 2)
        .max_header_list_size(MAX_HEADERS_OF_HTTP2)
        .max_concurrent_streams(MAX_STREAMS);
    let io = TokioIo::new(WatchedStream::new(stream, connection.clone()));
    let request_connection = connection.clone();
    // hyper calls this before it spawns the stream's task.
    let service = service_fn(move |request: Request<_>| {
        let is_http2 = request.version() == Version::HTTP_2;
        let (open, progress) = request_connection.begin(is_http2);
        front
            .clone()
            .respond(request.map(Body::new), peer, open, progress)
    });
    tokio::select! {
        ended = watcher.watch(builder.serve_connection(io, service)) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke");
            }
        }
        reason = connection.given_up() => {
            metrics.given_up(reason);
            tracing::debug!(?reason, "closed a connection whose client exceeded a timeout");
        }
    }
}

/// Handles requests from their head to their response.
struct Front {
    app: Router,
    capacity: Capacity,
    trusted_proxies: Arc<TrustedProxies>,
    /// Set while stopping: responses announce that their connection ends.
    is_stopping: AtomicBool,
    metrics: Metrics,
}

impl Front {
    /// Returns the client of a connection, or `None` for a proxy, which serves many.
    fn client(&self, peer: IpAddr) -> Option<ClientKey> {
        (!self.trusted_proxies.trusts(peer)).then(|| ClientKey::from_address(peer))
    }

    /// Returns the client of a request. Behind a trusted proxy, this is the client that the proxy
    /// reports, or `None` if it reports none.
    fn client_of(&self, request: &Request, peer: IpAddr) -> Option<ClientKey> {
        self.client(peer).or_else(|| {
            let proxies = &self.trusted_proxies;
            let forwarded = proxies.client(request.headers(), request.extensions());
            (forwarded != ClientKey::from_address(peer)).then_some(forwarded)
        })
    }

    /// Responds to a request. While stopping, HTTP/1 responses announce that the connection ends;
    /// HTTP/2 does so by itself.
    async fn respond(
        self: Arc<Self>,
        mut request: Request,
        peer: IpAddr,
        open: Open,
        progress: Arc<SendProgress>,
    ) -> Result<Response<Outgoing>, Infallible> {
        let version = request.version();
        request.extensions_mut().insert(Peer(peer));
        let client = self.client_of(&request, peer);
        let (mut response, held) = match self.capacity.open.take(client, 1) {
            Ok(held) => {
                let response = self.app.clone().oneshot(request).await?;
                (outgoing::buffer(response).await, Some(held))
            }
            // Without a body, so that it is sent even if the client does not read.
            Err(_) => (overloaded(), None),
        };
        let holdings = match outgoing::held_by(&mut response) {
            Some(holdings) => Some(holdings),
            None => {
                let length = outgoing::length(&response);
                match self.capacity.buffered.take(client, length) {
                    Ok(bytes) => Some(Arc::new(bytes) as Holdings),
                    Err(_) => {
                        response = overloaded();
                        None
                    }
                }
            }
        };
        if self.is_stopping.load(Ordering::Acquire) && version < Version::HTTP_2 {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        let (head, body) = response.into_parts();
        let holdings = Arc::new((holdings, held, open));
        let body = Outgoing::new(body, version == Version::HTTP_2, progress, holdings).await;
        Ok(Response::from_parts(head, body))
    }
}

/// Responds to a client that has too many open requests or unread responses.
fn overloaded() -> Response {
    // The response bypasses the layers that add these headers.
    let headers = [
        (header::RETRY_AFTER, "1"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
}
