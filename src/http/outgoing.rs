//! Bodies of responses on their way to the client: counted until they were sent, and told apart
//! from those that make no progress.
//!
//! A body is whole before its response begins, so that its length is known. What is held for it
//! (bytes, a place) is given back when its last byte was handed to the operating system, or when
//! its connection or stream has ended. hyper buffers a whole chunk of HTTP/2 as soon as the client
//! takes one byte of it. So long bodies are handed over in pieces, and the last piece is waited
//! for: until then the response can be reset.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use futures_util::StreamExt;
use hyper::body::{Frame, SizeHint};
use tokio::{task::yield_now, time::Instant};

/// Longest piece of a body over HTTP/2, in bytes: one frame. A client that takes less within its
/// time makes no progress.
const PIECE: usize = 16 * 1024;

/// Anything that is held for a response until it was sent.
pub(super) type Holdings = Arc<dyn Send + Sync>;

/// Holdings of a response, beside its head.
#[derive(Clone)]
struct Held(Holdings);

/// The response, which holds something until it was sent.
pub(super) fn holding(mut response: Response, holdings: Holdings) -> Response {
    response.extensions_mut().insert(Held(holdings));
    response
}

/// What the response holds, if anything; taken from it.
pub(super) fn held_by(response: &mut Response) -> Option<Holdings> {
    let held = response.extensions_mut().remove::<Held>();
    held.map(|Held(holdings)| holdings)
}

/// Bytes of a body that is [buffered](buffer).
pub(super) fn length(response: &Response) -> u64 {
    let hint = response.body().size_hint();
    hint.exact().unwrap_or(hint.lower())
}

/// Makes the body whole, where it is produced in parts as a compressed one is: then its length is
/// known, and it holds no longer what it is made of.
pub(super) async fn buffer(response: Response) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let (mut head, body) = response.into_parts();
    match collect(body).await {
        Ok(bytes) => {
            head.headers.remove(axum::http::header::TRANSFER_ENCODING);
            Response::from_parts(head, bytes.into())
        }
        Err(error) => {
            tracing::error!(%error, "a response could not be written");
            super::internal_error(None)
        }
    }
}

async fn collect(body: Body) -> Result<Vec<u8>, axum::Error> {
    let mut parts = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        bytes.extend_from_slice(&part?);
        // Compressing takes its time: others have their turn.
        yield_now().await;
    }
    Ok(bytes)
}

/// How the sending of one response goes on.
#[derive(Default)]
pub(super) struct SendProgress {
    state: Mutex<State>,
    /// Pieces that were handed over and not sent yet.
    unsent: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// When it last made progress; none before there is a body.
    progressed: Option<Instant>,
    /// Wakes the body that waits until all pieces were sent.
    waker: Option<Waker>,
}

impl SendProgress {
    /// When it is given up unless it makes progress; none before there is a body.
    pub(super) fn deadline(&self, client_timeout: Duration) -> Option<Instant> {
        Some(self.state().progressed? + client_timeout)
    }

    fn hand_over(&self) {
        self.unsent.fetch_add(1, Ordering::AcqRel);
        self.state().progressed = Some(Instant::now());
    }

    fn sent_one(&self) {
        self.unsent.fetch_sub(1, Ordering::AcqRel);
        let mut state = self.state();
        state.progressed = Some(Instant::now());
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether everything that was handed over was sent; wakes the task when something more was.
    pub(super) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.state().waker = Some(cx.waker().clone());
        match self.unsent.load(Ordering::Acquire) {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // An instant and a waker are right, whatever became of the thread that set them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a response, counted until it was sent.
pub(super) struct Outgoing {
    rest: Bytes,
    in_pieces: bool,
    progress: Arc<SendProgress>,
    holdings: Holdings,
}

impl Outgoing {
    /// A body that is [buffered](buffer). `in_pieces`: where the connection is one of HTTP/2.
    pub(super) async fn new(
        body: Body,
        in_pieces: bool,
        progress: Arc<SendProgress>,
        holdings: Holdings,
    ) -> Self {
        // It is there at once, as one chunk, which is not copied. That cannot fail.
        let rest = axum::body::to_bytes(body, usize::MAX).await;
        let rest = rest.unwrap_or_default();
        Self {
            in_pieces: in_pieces && rest.len() > PIECE,
            rest,
            progress,
            holdings,
        }
    }

    fn piece(&mut self) -> Bytes {
        let length = match self.in_pieces {
            true => self.rest.len().min(PIECE),
            false => self.rest.len(),
        };
        self.progress.hand_over();
        Bytes::from_owner(Piece {
            bytes: self.rest.split_to(length),
            progress: self.progress.clone(),
            _holdings: self.holdings.clone(),
        })
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(self.piece()))));
        }
        if self.in_pieces && self.progress.poll_sent(cx).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !self.in_pieces
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// A part of a body that was handed over; dropped when it was sent, or never will be.
struct Piece {
    bytes: Bytes,
    progress: Arc<SendProgress>,
    _holdings: Holdings,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.progress.sent_one();
    }
}
