//! Caches the published keys, and refreshes them in the background.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::Algorithm;
use tokio::{runtime::Handle, sync::watch};
use tracing::{info, warn};

use super::{
    AuthError, InvalidToken, JwksLocation, SettingsError,
    fetch::{ReadError, Reader},
    key::VerifyingKey,
    key_set::{InvalidKeySet, KeySet, Search},
};
use crate::{
    clock::Clock,
    metrics::{Metrics, RefreshOutcome},
};

/// Age after which keys are read again, since one may have been revoked.
const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// Least time between two refreshes, so that made-up key ids cannot flood the issuer with requests.
const COOLDOWN: TimeDelta = TimeDelta::seconds(10);

/// The keys of a file or URL; cheap to clone.
#[derive(Clone)]
pub(super) struct KeySource(Arc<Cache>);

struct Cache {
    location: JwksLocation,
    reader: Reader,
    clock: Clock,
    loaded: RwLock<Option<Arc<Loaded>>>,
    last: Mutex<Option<Refresh>>,
    metrics: Metrics,
}

struct Loaded {
    keys: KeySet,
    at: DateTime<Utc>,
}

/// A refresh, running or finished.
#[derive(Clone)]
struct Refresh {
    started: DateTime<Utc>,
    /// Closed when the task ends, however it ends.
    running: watch::Receiver<()>,
}

#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Parse(#[from] InvalidKeySet),
}

/// Checks that a file can be read, and is a key set. A URL passes.
pub(super) async fn check_file(location: &JwksLocation) -> Result<(), SettingsError> {
    let reader = Reader::new(location.clone())?;
    if reader.is_file() {
        let keys = read(&reader).await;
        keys.map_err(|error| SettingsError::KeyFile(error.to_string()))?;
    }
    Ok(())
}

async fn read(reader: &Reader) -> Result<KeySet, RefreshError> {
    Ok(KeySet::parse(&reader.read().await?)?)
}

impl KeySource {
    /// Creates a source. Within a tokio runtime, it starts to load the keys in the background.
    pub(super) fn new(
        location: JwksLocation,
        clock: Clock,
        metrics: &Metrics,
    ) -> Result<Self, SettingsError> {
        let source = Self(Arc::new(Cache {
            reader: Reader::new(location.clone())?,
            location,
            clock,
            loaded: RwLock::default(),
            last: Mutex::default(),
            metrics: metrics.clone(),
        }));
        let cache = Arc::downgrade(&source.0);
        metrics.collect_key_age(move || Self(cache.upgrade()?).age());
        if Handle::try_current().is_ok() {
            source.refresh();
        }
        Ok(source)
    }

    /// Returns the keys that a token's header names. Waits for a refresh only if they are unknown.
    pub(super) async fn keys(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Vec<Arc<VerifyingKey>>, AuthError> {
        if let Some(loaded) = self.loaded() {
            if !self.is_within(MAX_AGE, loaded.at) {
                self.refresh();
            }
            match loaded.keys.find(kid, algorithm) {
                Search::Found(keys) => return Ok(keys),
                Search::Unfit => return Err(InvalidToken::Unverified.into()),
                Search::Unknown => {}
            }
        }
        if let Some(refresh) = self.refresh() {
            refresh.done().await;
        }
        // Checked even if no refresh was due: one may have finished meanwhile.
        let loaded = self.loaded().ok_or(AuthError::KeysUnavailable)?;
        match loaded.keys.find(kid, algorithm) {
            Search::Found(keys) => Ok(keys),
            Search::Unfit => Err(InvalidToken::Unverified.into()),
            Search::Unknown if kid.is_some() => Err(InvalidToken::UnknownKey.into()),
            Search::Unknown => Err(InvalidToken::Unverified.into()),
        }
    }

    /// Returns true once a key set has been loaded. Starts to load it otherwise, since a gateway that is
    /// not ready receives no tokens.
    pub(super) fn is_loaded(&self) -> bool {
        let is_loaded = self.loaded().is_some();
        if !is_loaded {
            self.refresh();
        }
        is_loaded
    }

    /// Reads the keys, and returns the number of usable ones.
    ///
    /// # Errors
    /// The reason why they cannot be read, for operators.
    pub(super) async fn count(&self) -> Result<usize, String> {
        let keys = read(&self.0.reader).await;
        keys.map(|keys| keys.len())
            .map_err(|error| error.to_string())
    }

    /// Returns the age of the current keys, or zero if the clock was set back.
    fn age(&self) -> Option<Duration> {
        let age = self.0.clock.now() - self.loaded()?.at;
        Some(age.to_std().unwrap_or_default())
    }

    fn loaded(&self) -> Option<Arc<Loaded>> {
        let loaded = self.0.loaded.read();
        loaded.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns true if `instant` is within `period` of now. The difference is absolute: otherwise
    /// keys would stay fresh until a clock that was set back catches up.
    fn is_within(&self, period: TimeDelta, instant: DateTime<Utc>) -> bool {
        (self.0.clock.now() - instant).abs() < period
    }

    /// Returns the running refresh, or starts one. Returns `None` within [`COOLDOWN`] of the last
    /// start.
    ///
    /// The refresh is a task of its own, so that a cancelled request does not cancel it.
    fn refresh(&self) -> Option<Refresh> {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref() {
            if last.is_running() {
                return Some(last.clone());
            }
            if self.is_within(COOLDOWN, last.started) {
                return None;
            }
        }
        let (end, running) = watch::channel(());
        let refresh = Refresh {
            started: self.0.clock.now(),
            running,
        };
        *last = Some(refresh.clone());
        let (source, started) = (self.clone(), refresh.started);
        tokio::spawn(async move {
            source.load(started).await;
            drop(end);
        });
        Some(refresh)
    }

    async fn load(&self, started: DateTime<Utc>) {
        match read(&self.0.reader).await {
            Ok(keys) => {
                self.0.metrics.keys_refreshed(RefreshOutcome::Loaded);
                self.replace(Loaded { keys, at: started });
            }
            Err(error) => {
                self.0.metrics.keys_refreshed(RefreshOutcome::Failed);
                let keeps = self.loaded().map_or(0, |loaded| loaded.keys.len());
                warn!(jwks = %self.0.location, %error, keeps, "cannot load the keys");
            }
        }
    }

    fn replace(&self, new: Loaded) {
        let old = self.loaded();
        let known = old.as_ref().map_or(&[][..], |old| old.keys.skipped());
        for skipped in new.keys.skipped() {
            // Logged once, at level info: a set may well hold keys for encryption.
            if !known.contains(skipped) {
                let reason = skipped.reason;
                info!(jwks = %self.0.location, kid = ?skipped.kid, %reason, "a key is not used");
            }
        }
        if new.keys.len() == 0 {
            warn!(jwks = %self.0.location, "the key set has no usable key: every token is refused");
        } else if old.as_ref().map(|old| old.keys.len()) != Some(new.keys.len()) {
            info!(jwks = %self.0.location, usable = new.keys.len(), "keys loaded");
        }
        let mut loaded = self
            .0
            .loaded
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *loaded = Some(Arc::new(new));
    }
}

impl Refresh {
    fn is_running(&self) -> bool {
        self.running.has_changed().is_ok()
    }

    async fn done(mut self) {
        // Nothing is sent; this waits until the sender is dropped.
        while self.running.changed().await.is_ok() {}
    }
}
