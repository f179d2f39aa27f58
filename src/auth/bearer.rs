//! Extracts the bearer token from the `Authorization` header (RFC 6750 §2.1).

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::{AuthError, InvalidToken};

/// Returns true if the request has no credentials: no header, or an empty one, which many clients
/// send when nobody is signed in.
pub(crate) fn is_anonymous(headers: &HeaderMap) -> bool {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    sent.all(|value| value.as_bytes().trim_ascii().is_empty())
}

/// Returns the token, or `None` without credentials. A token longer than `max_length` bytes is
/// refused: it is decoded before its sender is known.
///
/// Tokens in a query string or form (§2.2, §2.3) are ignored, since these end up in logs.
pub(super) fn token(headers: &HeaderMap, max_length: usize) -> Result<Option<&str>, AuthError> {
    if is_anonymous(headers) {
        return Ok(None);
    }
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        return Err(InvalidToken::SeveralHeaders.into());
    }
    let value = value.as_bytes().trim_ascii();
    let end = value.iter().position(|byte| *byte == b' ');
    let (scheme, token) = value.split_at(end.unwrap_or(value.len()));
    // RFC 9110 §11.1: scheme names are case-insensitive.
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Err(AuthError::UnsupportedScheme);
    }
    let token = token.trim_ascii();
    if token.len() > max_length {
        return Err(InvalidToken::TooLong { max_length }.into());
    }
    if token.is_empty() || !token.iter().all(|byte| is_token_byte(*byte)) {
        return Err(InvalidToken::Malformed.into());
    }
    let token = std::str::from_utf8(token).map_err(|_| InvalidToken::Malformed)?;
    Ok(Some(token))
}

/// Returns true for the characters of a compact JWS (RFC 7515 §7.1): base64url and full stops.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}
