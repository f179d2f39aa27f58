//! Listens, and stops without losing what is in flight.
//!
//! Told to stop, it first takes whoever has connected already, and then nobody more. Connections
//! that clients keep are not closed under their next request: for a moment it is still answered,
//! with word that the connection ends. What is then idle is closed, what is not is finished.

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
    server::conn::auto,
};
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tower::ServiceExt;

/// How long connections that are idle are kept when told to stop: a request may be on its way.
const IDLE_GRACE: Duration = Duration::from_secs(1);

/// Longest head of a request, in bytes; of HTTP/2, where a block of headers is decoded at once, less.
/// A head has at most 100 headers: hyper's own limit, which costs nothing as long as it is not set.
const MAX_HEAD: usize = 128 * 1024;
const MAX_HEADERS_OF_HTTP2: u32 = 16 * 1024;

/// Most requests that are answered at a time over one connection of HTTP/2.
const MAX_STREAMS: u32 = 100;

/// Bytes that the operating system holds of what was sent and not acknowledged, for each connection;
/// Linux doubles it. It would grow to some megabytes.
const SEND_BUFFER: usize = 128 * 1024;

/// Most connections of operators: probes and scrapers.
const MAX_OPERATORS: usize = 64;

/// How long to wait when connections cannot be taken, such as for want of file descriptors.
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

/// Bounds of connections.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// How many are open at a time; further ones wait.
    pub max: usize,
    /// How many of these one client has, by its address (of IPv6: the first 64 bits); further ones
    /// are closed. Proxies that are trusted are not bound by it.
    pub max_per_client: usize,
    /// How long a client may keep one waiting: for the head of a request, and while it does not read.
    pub client_timeout: Duration,
}

/// Serves health checks and metrics to operators, until it is aborted.
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

/// Answers until told to stop; then takes nothing new, finishes what is in flight, and gives up
/// what is not done within `drain`.
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
    tracing::info!(signal = name, "stopping: finishing what is in flight");
    accept_queued(listener, &open);
    if timeout(drain, open.finish()).await.is_err() {
        tracing::warn!(
            seconds = drain.as_secs(),
            "gave up what was still in flight"
        );
    }
}

/// Takes the connections that clients have made and nobody has taken yet, and then no more.
fn accept_queued(listener: TcpListener, connections: &OpenConnections) {
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
                Err(error) if is_aborted(&error) => {}
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
fn is_aborted(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn report_accept_error(error: &io::Error) {
    if !is_aborted(error) {
        tracing::error!(%error, "a connection could not be taken");
        sleep(ACCEPT_RETRY).await;
    }
}

/// The connections that are open.
struct OpenConnections {
    front: Arc<Front>,
    /// Connections beyond it wait in the listener's queue.
    room: Arc<Semaphore>,
    by_client: Arc<Pool>,
    /// Whether the operator was told of a client that has too many.
    has_warned: AtomicBool,
    client_timeout: Duration,
    /// Whether connections end that have nothing to answer. Each listens as long as it is open.
    idle_ends: watch::Sender<bool>,
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
            idle_ends: watch::Sender::new(false),
        }
    }

    /// Takes the next connection, as soon as there is room for one.
    async fn accept_next(&self, listener: &TcpListener) {
        // It is never closed.
        let room = self.room.clone().acquire_owned().await.ok();
        match listener.accept().await {
            Ok((stream, peer)) => self.take(stream, peer, room),
            Err(error) => report_accept_error(&error).await,
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, room: Option<OwnedSemaphorePermit>) {
        let client = self.front.client(peer.ip());
        // While stopping there may be more connections than there is room for.
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
        // A response is written at once, and shall not wait for the client to acknowledge the last.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        if let Err(error) = set_socket_send_buffer_size(&stream, SEND_BUFFER) {
            tracing::debug!(%error, "SO_SNDBUF could not be set");
        }
        let idle_ends = self.idle_ends.subscribe();
        let connection = Connection::new(self.client_timeout);
        let serving =
            serve_connection(self.front.clone(), connection, stream, peer.ip(), idle_ends);
        tokio::spawn(async move {
            let _held = (room, held);
            serving.await;
        });
    }

    /// Once: the metrics count them.
    fn warn_of_client_limit(&self) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a client has as many connections as --max-connections-per-client allows: further \
                 ones are closed; if it is a proxy, name it in --trusted-proxies"
            );
        }
    }

    /// Waits for the end of all.
    async fn finish(&self) {
        if timeout(IDLE_GRACE, self.idle_ends.closed()).await.is_err() {
            self.idle_ends.send_replace(true);
            self.idle_ends.closed().await;
        }
    }
}

/// Serves one connection until it ends, or its client keeps it waiting for too long.
async fn serve_connection(
    front: Arc<Front>,
    connection: Arc<Connection>,
    stream: TcpStream,
    peer: IpAddr,
    mut idle_ends: watch::Receiver<bool>,
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
    // hyper calls it before it spawns the task of a stream.
    let service = service_fn(move |request: Request<_>| {
        let is_http2 = request.version() == Version::HTTP_2;
        let (open, progress) = request_connection.begin(is_http2);
        front
            .clone()
            .answer(request.map(Body::new), peer, open, progress)
    });
    let mut serving = pin!(builder.serve_connection(io, service));
    let mut is_ending = false;
    let ended = loop {
        tokio::select! {
            ended = serving.as_mut() => break ended,
            () = idle_ended(&mut idle_ends), if !is_ending => {
                is_ending = true;
                serving.as_mut().graceful_shutdown();
            }
            reason = connection.given_up() => {
                metrics.given_up(reason);
                tracing::debug!(?reason, "a client kept its connection waiting: closed it");
                return;
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// The whole way of a request from its head to its response.
struct Front {
    app: Router,
    capacity: Capacity,
    trusted_proxies: Arc<TrustedProxies>,
    /// Whether clients are told that their connection ends.
    is_stopping: AtomicBool,
    metrics: Metrics,
}

impl Front {
    /// The client at the other end of a connection; none for a proxy, behind which there are many.
    fn client(&self, peer: IpAddr) -> Option<ClientKey> {
        (!self.trusted_proxies.trusts(peer)).then(|| ClientKey::from_address(peer))
    }

    /// The client of a request: behind a trusted proxy, the one that the proxy forwards for; none if
    /// it does not say.
    fn client_of(&self, request: &Request, peer: IpAddr) -> Option<ClientKey> {
        self.client(peer).or_else(|| {
            let proxies = &self.trusted_proxies;
            let forwarded = proxies.client(request.headers(), request.extensions());
            (forwarded != ClientKey::from_address(peer)).then_some(forwarded)
        })
    }

    /// Answers a request. Clients are told where their connection ends with the response; HTTP/2 has
    /// its own word for that.
    async fn answer(
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
            // Of no length, so that it is sent and gone whether or not the client reads.
            Err(_) => (no_room(), None),
        };
        let holdings = match outgoing::held_by(&mut response) {
            Some(holdings) => Some(holdings),
            None => {
                let length = outgoing::length(&response);
                match self.capacity.buffered.take(client, length) {
                    Ok(bytes) => Some(Arc::new(bytes) as Holdings),
                    Err(_) => {
                        response = no_room();
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

/// The response where a client has as many open requests, or unread responses, as it may.
fn no_room() -> Response {
    // It passes none of the layers that add these.
    let headers = [
        (header::RETRY_AFTER, "1"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
}

async fn idle_ended(idle_ends: &mut watch::Receiver<bool>) {
    // An error means that serving was given up: idle ones end, too.
    let _ = idle_ends.wait_for(|ends| *ends).await;
}
