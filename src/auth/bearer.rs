//! Extracts the bearer token from the `Authorization` header (RFC 6750 §2.1).

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::{AuthError, InvalidToken};

/// Longest accepted token, in bytes. Identity providers issue far shorter ones, and a token is
/// decoded before its sender is known.
pub(super) const MAX_LENGTH: usize = 8 * 1024;

/// Returns the token, or `None` without the header.
///
/// Tokens in a query string or form (§2.2, §2.3) are ignored, since these end up in logs.
pub(super) fn token(headers: &HeaderMap) -> Result<Option<&str>, AuthError> {
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
    if token.len() > MAX_LENGTH {
        return Err(InvalidToken::TooLong.into());
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

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

    use super::{MAX_LENGTH, token};
    use crate::auth::{AuthError, InvalidToken};

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values
            .iter()
            .map(|value| (AUTHORIZATION, HeaderValue::from_bytes(value).unwrap()))
            .fold(HeaderMap::new(), |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            })
    }

    #[test]
    fn the_token_follows_the_scheme_in_any_case() {
        assert!(matches!(token(&HeaderMap::new()), Ok(None)));
        for sent in ["Bearer a.b-_.9", "bearer a.b-_.9", "BEARER   a.b-_.9 "] {
            let headers = headers(&[sent.as_bytes()]);
            assert_eq!(token(&headers).unwrap(), Some("a.b-_.9"), "{sent}");
        }
        let longest = format!("Bearer {}", "a".repeat(MAX_LENGTH));
        assert!(token(&headers(&[longest.as_bytes()])).is_ok());
    }

    #[test]
    fn anything_else_in_the_header_is_refused() {
        use InvalidToken::{Malformed, SeveralHeaders, TooLong};
        let too_long = format!("Bearer {}", "a".repeat(MAX_LENGTH + 1));
        let cases: &[(&[&[u8]], InvalidToken)] = &[
            (&[b"Bearer"], Malformed),
            (&[b"Bearer "], Malformed),
            (&[b"Bearer a.b.c d.e.f"], Malformed),
            (&[b"Bearer a.b.c, Bearer a.b.c"], Malformed),
            (&[b"Bearer a.b.c="], Malformed),
            (&[b"Bearer a\t.b.c"], Malformed),
            (&[b"Bearer \xff\xfe"], Malformed),
            (&[b"Bearer \"a.b.c\""], Malformed),
            (&[too_long.as_bytes()], TooLong),
            (&[b"Bearer a.b.c", b"Bearer a.b.c"], SeveralHeaders),
            (&[b"Basic dTpw", b"Bearer a.b.c"], SeveralHeaders),
        ];
        for (sent, expected) in cases {
            match token(&headers(sent)) {
                Err(AuthError::Invalid(actual)) => assert_eq!(actual, *expected, "{sent:?}"),
                other => panic!("{sent:?}: {other:?}"),
            }
        }
        for sent in [
            "",
            "Basic dTpw",
            "Token a.b.c",
            "a.b.c",
            "Bearera.b.c",
            "Bearer\ta.b.c",
        ] {
            assert!(
                matches!(
                    token(&headers(&[sent.as_bytes()])),
                    Err(AuthError::UnsupportedScheme)
                ),
                "{sent}"
            );
        }
    }
}
