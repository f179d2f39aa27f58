//! Timeouts of a connection, and the tasks of its HTTP/2 streams.
//!
//! hyper bounds heads and streams. It does not notice a client that sends nothing, stops within the
//! first bytes, or never reads. A [`Connection`] does.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::Executor;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
    time::{Instant, Sleep, sleep_until},
};

use super::outgoing::SendProgress;
use crate::metrics::GivenUp;

/// Longest idle time between requests; load balancers keep connections for less.
pub(super) const IDLE: Duration = Duration::from_secs(75);

/// State of a connection.
pub(super) struct Connection {
    /// Time limit for a request head, and for the client to read more of a response.
    client_timeout: Duration,
    state: Mutex<State>,
    /// Requests whose response is not sent yet.
    open: AtomicUsize,
    /// Notified when the connection must end at once.
    stuck: Notify,
}

struct State {
    /// Start of the wait for a request.
    waiting_since: Instant,
    /// True before the first request, and while a head is incomplete.
    in_head: bool,
    is_http2: bool,
    /// Time since which the client has not read pending output.
    blocked_since: Option<Instant>,
    /// Progress of the response whose stream gets its task next.
    next_stream: Option<Arc<SendProgress>>,
}

/// A request from its head until its response is sent.
pub(super) struct Open(Arc<Connection>);

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            state.waiting_since = Instant::now();
        }
    }
}

impl Connection {
    pub(super) fn new(client_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            client_timeout,
            state: Mutex::new(State {
                waiting_since: Instant::now(),
                in_head: true,
                is_http2: false,
                blocked_since: None,
                next_stream: None,
            }),
            open: AtomicUsize::new(0),
            stuck: Notify::new(),
        })
    }

    /// Records that a request's head arrived. hyper spawns the task of its stream right after this.
    pub(super) fn begin(self: &Arc<Self>, is_http2: bool) -> (Open, Arc<SendProgress>) {
        let progress = Arc::<SendProgress>::default();
        let mut state = self.state();
        self.open.fetch_add(1, Ordering::AcqRel);
        state.in_head = false;
        state.is_http2 = is_http2;
        state.next_stream = is_http2.then(|| progress.clone());
        drop(state);
        (Open(self.clone()), progress)
    }

    /// Waits until the client exceeds a timeout, and returns the reason.
    pub(super) async fn given_up(&self) -> GivenUp {
        let mut stuck = pin!(self.stuck.notified());
        loop {
            let (deadline, _) = self.deadline();
            // The deadline may change meanwhile.
            let again = deadline.min(Instant::now() + self.client_timeout);
            tokio::select! {
                () = &mut stuck => return GivenUp::Unread,
                () = sleep_until(again) => {}
            }
            let (deadline, reason) = self.deadline();
            if deadline <= Instant::now() {
                return reason;
            }
        }
    }

    /// Returns the current deadline, and the reason to close the connection after it.
    fn deadline(&self) -> (Instant, GivenUp) {
        let state = self.state();
        let client_timeout = self.client_timeout;
        if let Some(since) = state.blocked_since {
            (since + client_timeout, GivenUp::Unread)
        } else if self.open.load(Ordering::Acquire) > 0 {
            // Requests have their own limits.
            (Instant::now() + IDLE, GivenUp::Idle)
        } else if state.in_head {
            (state.waiting_since + client_timeout, GivenUp::NoRequest)
        } else {
            (state.waiting_since + IDLE, GivenUp::Idle)
        }
    }

    /// Records that bytes arrived. Between requests, HTTP/1 bytes start a head. HTTP/2 bytes may be
    /// other frames, and its heads arrive in one piece.
    fn has_read(&self) {
        if self.open.load(Ordering::Acquire) > 0 {
            return;
        }
        let mut state = self.state();
        if !state.in_head && !state.is_http2 {
            state.in_head = true;
            state.waiting_since = Instant::now();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is valid even if another thread panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's byte stream, which reports reads and blocked writes.
pub(super) struct WatchedStream {
    stream: TcpStream,
    connection: Arc<Connection>,
    is_blocked: AtomicBool,
}

impl WatchedStream {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Self {
            stream,
            connection,
            is_blocked: AtomicBool::new(false),
        }
    }

    fn wrote<T>(&mut self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let is_blocked = written.is_pending();
        if *self.is_blocked.get_mut() != is_blocked {
            *self.is_blocked.get_mut() = is_blocked;
            self.connection.state().blocked_since = is_blocked.then(Instant::now);
        }
        written
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.connection.has_read();
        }
        read
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Spawns a task for each HTTP/2 stream, and resets streams whose client does not read.
#[derive(Clone)]
pub(super) struct Streams {
    pub(super) connection: Arc<Connection>,
    pub(super) on_reset: Arc<dyn Fn() + Send + Sync>,
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let Some(progress) = self.connection.state().next_stream.take() else {
            // The task is not the stream of a request.
            tokio::spawn(stream);
            return;
        };
        let (connection, on_reset) = (self.connection.clone(), self.on_reset.clone());
        tokio::spawn(async move {
            let mut watch = Watch {
                progress,
                client_timeout: connection.client_timeout,
                timer: None,
            };
            // Dropping the stream resets it.
            let mut stream = Box::pin(stream);
            let is_done = poll_fn(|cx| match stream.as_mut().poll(cx) {
                Poll::Ready(_) => Poll::Ready(true),
                Poll::Pending => watch.poll_deadline(cx).map(|()| false),
            });
            if !is_done.await {
                on_reset();
                return;
            }
            drop(stream);
            // A short response may be in hyper's buffers entirely, where a reset does not reach it.
            let is_sent = poll_fn(|cx| match watch.progress.poll_sent(cx) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending => watch.poll_deadline(cx).map(|()| false),
            });
            if !is_sent.await {
                connection.stuck.notify_one();
            }
        });
    }
}

/// Detects that a response makes no progress.
struct Watch {
    progress: Arc<SendProgress>,
    client_timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Watch {
    /// Ready when the response has made no progress for too long.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut deadline) = self.progress.deadline(self.client_timeout) else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        loop {
            ready!(timer.as_mut().poll(cx));
            // It may have made progress since the timer was set.
            match self.progress.deadline(self.client_timeout) {
                Some(later) if later > Instant::now() => {
                    deadline = later;
                    timer.as_mut().reset(deadline);
                }
                _ => return Poll::Ready(()),
            }
        }
    }
}
