//! Who is asking: from a request's bearer token (RFC 6750) to the user it speaks of.
//!
//! A token is a JWT (RFC 7519), verified as RFC 8725 advises: the key says which algorithm is used,
//! never the token; what is configured is checked strictly; whatever is doubtful is refused. No
//! token at all makes an anonymous viewer, a bad one never does.
//!
//! One concept, one file: `bearer` finds the token in the request, `verifier` opens it with a
//! `key` that is the shared secret or, through `key_source`, one of a published `key_set`, and
//! `claims` says what it must hold.

mod bearer;
mod claims;
mod command;
mod error;
mod fetch;
mod jwk;
mod key;
mod key_set;
mod key_source;
mod location;
mod mint;
mod options;
mod secret;
mod settings;
#[cfg(test)]
mod tests;
mod verifier;

use std::sync::Arc;

use axum::http::HeaderMap;

use crate::{access::Viewer, clock::Clock, loader::Loaders, metrics::Metrics};

pub use command::{InvalidPeriod, Period, TokenArgs, TokenCommandError, run};
pub use error::{AuthError, InvalidToken};
pub use location::{JwksLocation, LocationError};
pub use mint::{MintError, NewClaims, mint};
pub use options::{SigningOptions, TokenOptions};
pub use secret::{Secret, SecretTooShort};
pub use settings::{SettingsError, SubjectClaim, TokenSettings};

use verifier::Verifier;

/// The scope that makes a token's bearer staff.
pub const STAFF_SCOPE: &str = "invites:admin";

/// Tells from a request's headers who asks; cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Parts>);

struct Parts {
    verifier: Verifier,
    subject: SubjectClaim,
    loaders: Arc<Loaders>,
}

impl Authenticator {
    /// An authenticator that trusts what `settings` say.
    ///
    /// Within a tokio runtime this starts to load published keys at once, without waiting for
    /// them: a source that is away does not keep the gateway from starting.
    ///
    /// # Errors
    /// The settings contradict each other, or the machine's trusted certificates cannot be read.
    pub fn new(
        settings: TokenSettings,
        loaders: Arc<Loaders>,
        clock: Clock,
        metrics: &Metrics,
    ) -> Result<Self, SettingsError> {
        let subject = settings.subject;
        let verifier = Verifier::new(settings, clock, metrics)?;
        Ok(Self(Arc::new(Parts {
            verifier,
            subject,
            loaders,
        })))
    }

    /// Who sends these headers. Without an `Authorization` header they are anonymous.
    ///
    /// # Errors
    /// A token was sent that does not say who asks, or that cannot be checked now.
    pub async fn viewer(&self, headers: &HeaderMap) -> Result<Viewer, AuthError> {
        let Some(token) = bearer::token(headers)? else {
            return Ok(Viewer::Anonymous);
        };
        let claims = self.0.verifier.verify(token).await?;
        let subject = claims.subject(self.0.subject)?;
        let user = self.0.loaders.subject(subject).await?;
        let user = user.ok_or(InvalidToken::UnknownUser)?;
        Ok(Viewer::signed_in(user, claims.has_scope(STAFF_SCOPE)))
    }
}
