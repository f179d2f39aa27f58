//! Slots of requests for data in flight, and the reception of request bodies.
//!
//! Slots are for work, not for waiting: while its body arrives, a request holds a unit of
//! [`Share::bodies`] instead.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::capacity::{Capacity, CapacityExceeded, Held, Pool, Share};
use crate::{
    metrics::{GivenUp, Metrics},
    rate_limit::ClientKey,
};

/// Time for a body in addition to its length at [`RATE`].
const GRACE: Duration = Duration::from_secs(5);

/// Minimum rate of a body after [`GRACE`], in bytes per second.
const RATE: u64 = 16 * 1024;

/// A request's slot; cheap to clone.
#[derive(Clone)]
pub(super) struct Slot(Arc<Inner>);

struct Inner {
    share: Share,
    buffered: Arc<Pool>,
    client: OnceLock<ClientKey>,
    held: Mutex<Option<Held>>,
    metrics: Metrics,
}

/// Reasons why a body was not received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotReceived {
    /// The body is too long. Holds the declared length, if any.
    TooLong(Option<u64>),
    /// The connection broke.
    Disconnected,
    /// The body arrived too slowly.
    TooSlow,
    /// Too many bodies are being received, or too many requests are in flight by now.
    CapacityExceeded,
}

impl Slot {
    /// Takes a slot from a share, before the client is known.
    ///
    /// # Errors
    /// The share has no slot left.
    pub(super) fn take(
        capacity: &Capacity,
        share: &Share,
        metrics: &Metrics,
    ) -> Result<Self, CapacityExceeded> {
        let held = share.slots.take(None, 1)?;
        Ok(Self(Arc::new(Inner {
            share: share.clone(),
            buffered: capacity.buffered.clone(),
            client: OnceLock::new(),
            held: Mutex::new(Some(held)),
            metrics: metrics.clone(),
        })))
    }

    /// Counts the slot for the client, once it is known.
    ///
    /// # Errors
    /// The client has no slot left.
    pub(super) fn assign(&self, client: ClientKey) -> Result<(), CapacityExceeded> {
        // Only requests from within this process have an unknown client.
        if client == ClientKey::Unknown {
            return Ok(());
        }
        self.0.client.get_or_init(|| client);
        match self.held().as_mut() {
            Some(held) => held.assign(client),
            None => Ok(()),
        }
    }

    /// Returns the client, once it is known.
    pub(super) fn client(&self) -> Option<ClientKey> {
        self.0.client.get().copied()
    }

    /// Receives a request body of at most `most` bytes.
    ///
    /// # Errors
    /// See [`NotReceived`].
    pub(super) async fn receive(
        &self,
        headers: &HeaderMap,
        body: Body,
        most: usize,
    ) -> Result<Bytes, NotReceived> {
        let declared = content_length(headers);
        if declared.is_some_and(|declared| declared > most as u64) {
            return Err(NotReceived::TooLong(declared));
        }
        self.held().take();
        let client = self.client();
        let room = |_| NotReceived::CapacityExceeded;
        let open = self.0.share.bodies.take(client, 1).map_err(room)?;
        let length = declared.unwrap_or(most as u64);
        let bytes = self.0.buffered.take(client, length).map_err(room)?;
        let body = self.read(body, most, declared).await?;
        drop((open, bytes));
        let slot = self.0.share.slots.take(client, 1).map_err(room)?;
        *self.held() = Some(slot);
        Ok(body)
    }

    async fn read(
        &self,
        body: Body,
        most: usize,
        declared: Option<u64>,
    ) -> Result<Bytes, NotReceived> {
        let started = Instant::now();
        let mut parts = body.into_data_stream();
        let mut first = Bytes::new();
        let mut joined = Vec::new();
        let mut length = 0;
        loop {
            let earned = Duration::from_secs_f64(length as f64 / RATE as f64);
            let Ok(part) = timeout_at(started + GRACE + earned, parts.next()).await else {
                self.0.metrics.given_up(GivenUp::SlowBody);
                return Err(NotReceived::TooSlow);
            };
            let part = match part {
                None => break,
                Some(part) => part.map_err(|_| NotReceived::Disconnected)?,
            };
            length += part.len();
            if length > most {
                return Err(NotReceived::TooLong(declared));
            }
            // Most bodies arrive in one part, which is not copied.
            if first.is_empty() && joined.is_empty() {
                first = part;
            } else {
                if joined.is_empty() {
                    joined.extend_from_slice(&first);
                }
                joined.extend_from_slice(&part);
            }
        }
        Ok(match joined.is_empty() {
            true => first,
            false => joined.into(),
        })
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        // The value is valid even if another thread panicked.
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the declared length of the body.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}
