//! Keeps the published keys at hand, and up to date without making requests wait.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
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

/// When keys are read again, even though every token's key is known: a key may have been revoked.
const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// From one start of a refresh to the next, at least: made-up key ids do not make us hammer the
/// issuer.
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

/// A refresh, running or done.
#[derive(Clone)]
struct Refresh {
    started: DateTime<Utc>,
    /// Its sender lives as long as the task, however that ends.
    running: watch::Receiver<()>,
}

#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Parse(#[from] InvalidKeySet),
}

impl KeySource {
    /// The keys of `location`. Within a runtime they are loaded at once, in the background.
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

    /// The key of a token whose header says so. Only an unknown key waits for a refresh.
    pub(super) async fn key(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<VerifyingKey>, AuthError> {
        if let Some(loaded) = self.loaded() {
            if !self.is_within(MAX_AGE, loaded.at) {
                self.refresh();
            }
            match loaded.keys.find(kid, algorithm) {
                Search::Found(key) => return Ok(key),
                Search::Unfit => return Err(InvalidToken::Unverified.into()),
                Search::Unknown => {}
            }
        }
        if let Some(refresh) = self.refresh() {
            refresh.done().await;
        }
        // Also where no refresh was due: one may have ended since the first look.
        let loaded = self.loaded().ok_or(AuthError::KeysUnavailable)?;
        match loaded.keys.find(kid, algorithm) {
            Search::Found(key) => Ok(key),
            Search::Unfit | Search::Unknown => Err(InvalidToken::Unverified.into()),
        }
    }

    /// How long ago the keys were read that count now; a clock that was put back makes it nothing.
    fn age(&self) -> Option<Duration> {
        let age = self.0.clock.now() - self.loaded()?.at;
        Some(age.to_std().unwrap_or_default())
    }

    fn loaded(&self) -> Option<Arc<Loaded>> {
        let loaded = self.0.loaded.read();
        loaded.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether `instant` is no longer ago than that. A clock that was put back makes it not so,
    /// lest the past stay recent for ever.
    fn is_within(&self, period: TimeDelta, instant: DateTime<Utc>) -> bool {
        (self.0.clock.now() - instant).abs() < period
    }

    /// The refresh that is running, or a new one; none while the last one is too recent.
    ///
    /// It is a task of its own: a request that goes away does not take it along.
    fn refresh(&self) -> Option<Refresh> {
        let mut last = self.last();
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

    fn last(&self) -> MutexGuard<'_, Option<Refresh>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the refresh that runs in the background.
    #[cfg(test)]
    pub(super) async fn settled(&self) {
        let last = self.last().clone();
        if let Some(refresh) = last {
            refresh.done().await;
        }
    }

    async fn load(&self, started: DateTime<Utc>) {
        match self.read().await {
            Ok(keys) => {
                self.0.metrics.keys_refreshed(RefreshOutcome::Loaded);
                self.replace(Loaded { keys, at: started });
            }
            Err(error) => {
                self.0.metrics.keys_refreshed(RefreshOutcome::Failed);
                let keeps = self.loaded().map_or(0, |loaded| loaded.keys.len());
                warn!(jwks = %self.0.location, %error, keeps, "the keys could not be loaded");
            }
        }
    }

    async fn read(&self) -> Result<KeySet, RefreshError> {
        Ok(KeySet::parse(&self.0.reader.read().await?)?)
    }

    fn replace(&self, new: Loaded) {
        let old = self.loaded();
        let known = old.as_ref().map_or(&[][..], |old| old.keys.skipped());
        for skipped in new.keys.skipped() {
            // Once, not with every refresh. Nothing is wrong with it: a set may also hold keys
            // for encryption.
            if !known.contains(skipped) {
                let reason = skipped.reason;
                info!(jwks = %self.0.location, kid = ?skipped.kid, %reason, "a key is not used");
            }
        }
        if new.keys.len() == 0 {
            warn!(jwks = %self.0.location, "there is no usable key: every token is refused");
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
        // Nothing is ever sent; this ends when the sender does.
        while self.running.changed().await.is_ok() {}
    }
}
