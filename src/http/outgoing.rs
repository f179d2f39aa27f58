//! Response bodies being sent: the resources that they hold, and their progress.
//!
//! A body is buffered before its response starts, so that its length is known. It holds resources:
//! bytes and a slot. They are returned when the operating system has the body's last byte, or when
//! the connection or stream ends.
//!
//! hyper buffers a whole HTTP/2 chunk as soon as the client takes one byte of it. Long bodies are
//! therefore handed over in pieces. The stream ends only after the last piece is sent; until then
//! the response can be reset.

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

/// Longest piece of an HTTP/2 body, in bytes: one frame. A client that takes less within its
/// timeout makes no progress.
const PIECE: usize = 16 * 1024;

/// Resources that a response holds until it is sent.
pub(super) type Holdings = Arc<dyn Send + Sync>;

/// Extension with the holdings of a response.
#[derive(Clone)]
struct Held(Holdings);

/// Attaches resources to the response, which releases them once it is sent.
pub(super) fn attach_resources(mut response: Response, holdings: Holdings) -> Response {
    response.extensions_mut().insert(Held(holdings));
    response
}

/// Takes the holdings out of a response.
pub(super) fn held_by(response: &mut Response) -> Option<Holdings> {
    let held = response.extensions_mut().remove::<Held>();
    held.map(|Held(holdings)| holdings)
}

/// Returns the length of a [buffered](buffer) body.
pub(super) fn length(response: &Response) -> u64 {
    let hint = response.body().size_hint();
    hint.exact().unwrap_or(hint.lower())
}

/// Buffers a body that is produced in parts, such as a compressed one. Its length is then known,
/// and its source is released.
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
            tracing::error!(%error, "cannot write a response");
            super::internal_error(None)
        }
    }
}

async fn collect(body: Body) -> Result<Vec<u8>, axum::Error> {
    let mut parts = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        bytes.extend_from_slice(&part?);
        // Compression is CPU-bound: lets other tasks run.
        yield_now().await;
    }
    Ok(bytes)
}

/// Progress of sending one response.
#[derive(Default)]
pub(super) struct SendProgress {
    state: Mutex<State>,
    /// Pieces handed over and not sent yet.
    unsent: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// Time of the last progress, once there is a body.
    progressed: Option<Instant>,
    /// Wakes the body that waits until all pieces are sent.
    waker: Option<Waker>,
}

impl SendProgress {
    /// Returns the time at which a response without progress is abandoned, once there is a body.
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

    /// Ready when all pieces are sent. Otherwise wakes the task when one is.
    pub(super) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.state().waker = Some(cx.waker().clone());
        match self.unsent.load(Ordering::Acquire) {
            0 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is valid even if another thread panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A response body that reports its progress.
pub(super) struct Outgoing {
    rest: Bytes,
    in_pieces: bool,
    progress: Arc<SendProgress>,
    holdings: Holdings,
}

impl Outgoing {
    /// Takes a [buffered](buffer) body. `in_pieces` is set for HTTP/2.
    pub(super) async fn new(
        body: Body,
        in_pieces: bool,
        progress: Arc<SendProgress>,
        holdings: Holdings,
    ) -> Self {
        // Completes at once without copying, and cannot fail: the body is one buffered chunk.
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

/// A piece of a body, dropped when it is sent or never will be.
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
