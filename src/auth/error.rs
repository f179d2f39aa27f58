//! Authentication errors, and their responses.

use axum::http::{HeaderValue, StatusCode};

use crate::loader::LoadError;

/// Challenge without an error code, which RFC 6750 §3.1 requires if no bearer token was sent.
const CHALLENGE: &str = r#"Bearer realm="invite-gateway""#;

/// Reasons why a request cannot be authenticated.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthError {
    /// The `Authorization` header uses another scheme than `Bearer`.
    #[error("only the authentication scheme Bearer is supported")]
    UnsupportedScheme,
    /// The token is invalid.
    #[error(transparent)]
    Invalid(#[from] InvalidToken),
    /// No published key has been loaded yet.
    #[error("the keys that verify tokens are not available")]
    KeysUnavailable,
    /// The database is unavailable. Logged, never shown.
    #[error(transparent)]
    Unavailable(LoadError),
    /// The look-up of the user failed. Logged, never shown.
    #[error(transparent)]
    Failed(LoadError),
}

/// Reasons why a token is invalid. The messages are fixed, use only the characters that RFC 6750 §3
/// allows in an `error_description`, and contain nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Two headers could name two users.
    #[error("more than one Authorization header was sent")]
    SeveralHeaders,
    /// Not three parts of base64url, or no JSON in them.
    #[error("the token is malformed")]
    Malformed,
    /// The token exceeds the configured length.
    #[error("the token is longer than {max_length} bytes")]
    TooLong {
        /// The longest that is accepted, in bytes.
        max_length: usize,
    },
    /// Neither a secret nor a key set is configured.
    #[error("this server accepts no tokens")]
    NotAccepted,
    /// Signature, algorithm or key do not match. The message does not say which.
    #[error("the token's signature cannot be verified")]
    Unverified,
    /// No published key has the token's `kid`. The message is that of a bad signature; only the log says which.
    #[error("the token's signature cannot be verified")]
    UnknownKey,
    /// RFC 8725 §3.11: another kind of JWT, such as a logout token, is not an access token.
    #[error("the token is of a type that is not accepted")]
    Type,
    /// RFC 7515 §4.1.11: `crit` lists extensions that must be understood, and none is supported.
    /// Neither are other encodings, compression and encryption.
    #[error("the token requires an extension that is not supported")]
    Extension,
    /// A claim has the wrong type, or occurs twice.
    #[error("the token's claims are malformed")]
    Claims,
    /// A token without `exp` would be valid forever.
    #[error("the token has no expiry")]
    NoExpiry,
    /// RFC 7519 §4.1.4.
    #[error("the token has expired")]
    Expired,
    /// RFC 7519 §4.1.5.
    #[error("the token is not valid yet")]
    NotYet,
    /// RFC 8725 §3.8.
    #[error("the token is not from the configured issuer")]
    Issuer,
    /// RFC 8725 §3.9.
    #[error("the token is not for the configured audience")]
    Audience,
    /// RFC 7519 §4.1.3: a recipient that is not in the audience must reject the token.
    #[error("the token is for an audience, and none is configured")]
    UnknownAudience,
    /// `sub` is absent, or cannot be a value of the configured column.
    #[error("the token's subject cannot name a user")]
    Subject,
    /// The user was deleted.
    #[error("the token's user was deleted")]
    DeletedUser,
    /// Several users share the external id.
    #[error("the token's user is ambiguous")]
    AmbiguousUser,
}

impl InvalidToken {
    /// Returns the reason's code in the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::SeveralHeaders => "several_headers",
            Self::Malformed => "malformed",
            Self::TooLong { .. } => "too_long",
            Self::NotAccepted => "not_accepted",
            Self::Unverified => "unverified",
            Self::UnknownKey => "unknown_key",
            Self::Type => "type",
            Self::Extension => "extension",
            Self::Claims => "claims",
            Self::NoExpiry => "no_expiry",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::UnknownAudience => "unknown_audience",
            Self::Subject => "subject",
            Self::DeletedUser => "deleted_user",
            Self::AmbiguousUser => "ambiguous_user",
        }
    }
}

impl From<LoadError> for AuthError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unavailable(_) | LoadError::TimedOut(_) => Self::Unavailable(error),
            LoadError::Failed(_) => Self::Failed(error),
        }
    }
}

impl AuthError {
    /// Returns 401, or 5xx if the token may be valid.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::UnsupportedScheme | Self::Invalid(_) => StatusCode::UNAUTHORIZED,
            Self::KeysUnavailable | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the code of a refusal in the log.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UnsupportedScheme => "unsupported_scheme",
            Self::Invalid(error) => error.reason(),
            Self::KeysUnavailable => "keys_unavailable",
            Self::Unavailable(_) => "database_unavailable",
            Self::Failed(_) => "database_failed",
        }
    }

    /// Returns the error code for GraphQL and REST responses.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedScheme | Self::Invalid(_) => "UNAUTHENTICATED",
            Self::KeysUnavailable | Self::Unavailable(_) => "SERVICE_UNAVAILABLE",
            Self::Failed(_) => "INTERNAL_SERVER_ERROR",
        }
    }

    /// Returns the message for the client. [`Display`](std::fmt::Display) is for the log.
    pub fn message(&self) -> String {
        match self {
            Self::UnsupportedScheme | Self::Invalid(_) | Self::KeysUnavailable => self.to_string(),
            Self::Unavailable(_) => "the service is temporarily unavailable".to_owned(),
            Self::Failed(_) => "Internal server error".to_owned(),
        }
    }

    /// Returns the `WWW-Authenticate` header of a response to a request without a token.
    pub fn challenge() -> HeaderValue {
        HeaderValue::from_static(CHALLENGE)
    }

    /// Returns the `WWW-Authenticate` header, which RFC 9110 §15.5.2 requires for a 401, in the
    /// syntax of RFC 6750 §3.
    pub fn www_authenticate(&self) -> HeaderValue {
        let Self::Invalid(error) = self else {
            return HeaderValue::from_static(CHALLENGE);
        };
        let challenge =
            format!(r#"{CHALLENGE}, error="invalid_token", error_description="{error}""#);
        HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static(CHALLENGE))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sea_orm::DbErr;

    use super::{AuthError, InvalidToken};
    use crate::loader::LoadError;

    #[test]
    fn a_bad_token_is_challenged_in_the_syntax_of_rfc_6750() {
        use InvalidToken::{
            AmbiguousUser, Audience, Claims, DeletedUser, Expired, Extension, Issuer, Malformed,
            NoExpiry, NotAccepted, NotYet, SeveralHeaders, Subject, TooLong, Type, UnknownAudience,
            UnknownKey, Unverified,
        };
        for error in [
            SeveralHeaders,
            Malformed,
            TooLong { max_length: 8192 },
            NotAccepted,
            Unverified,
            UnknownKey,
            Type,
            Extension,
            Claims,
            NoExpiry,
            Expired,
            NotYet,
            Issuer,
            Audience,
            UnknownAudience,
            Subject,
            DeletedUser,
            AmbiguousUser,
        ] {
            let description = error.to_string();
            let is_allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(description.bytes().all(is_allowed), "{description}");
            let error = AuthError::from(error);
            assert_eq!(
                error.www_authenticate(),
                format!(
                    r#"Bearer realm="invite-gateway", error="invalid_token", error_description="{description}""#
                )
            );
            assert_eq!(
                (error.status().as_u16(), error.code()),
                (401, "UNAUTHENTICATED")
            );
            assert_eq!(error.message(), description);
        }
        let error = AuthError::UnsupportedScheme;
        assert_eq!(error.www_authenticate(), r#"Bearer realm="invite-gateway""#);
        assert_eq!(error.status().as_u16(), 401);
    }

    #[test]
    fn what_a_database_says_is_not_for_clients() {
        let cause = Arc::new(DbErr::Custom("users at 10.0.0.7".to_owned()));
        for (error, status, code) in [
            (
                LoadError::Unavailable(cause.clone()),
                503,
                "SERVICE_UNAVAILABLE",
            ),
            (LoadError::Failed(cause), 500, "INTERNAL_SERVER_ERROR"),
        ] {
            let error = AuthError::from(error);
            assert_eq!((error.status().as_u16(), error.code()), (status, code));
            assert!(!error.message().contains("10.0.0.7"));
            assert!(error.to_string().contains("10.0.0.7"));
        }
        assert_eq!(AuthError::KeysUnavailable.status().as_u16(), 503);
    }
}
