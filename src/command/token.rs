//! `invite-gateway token`: prints a bearer token for development.

use std::{io, str::FromStr, time::Duration};

use clap::Args;

use crate::{
    auth::{MintError, NewClaims, mint},
    clock::Clock,
    config::SigningOptions,
    redacted::Redacted,
};

/// Print a bearer token for development, signed with the shared secret
#[derive(Args, Clone, Debug)]
pub(super) struct TokenArgs {
    /// Value of `sub`: by default, the id of a user
    #[arg(long, value_name = "SUB")]
    pub user: String,

    /// Scope to grant, such as invites:admin for staff; repeat for several [default: none]
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,

    /// Lifetime: a number and s, m, h or d
    #[arg(long, value_name = "PERIOD", default_value = "1h",
          value_parser = Redacted(Period::from_str))]
    pub expires_in: Period,

    /// Secret, issuer and audience of the server that accepts the token.
    #[command(flatten)]
    pub signing: SigningOptions,
}

/// Reasons why no token was printed.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenCommandError {
    /// No secret is configured.
    #[error("no secret to sign with: set --jwt-secret or GATEWAY_JWT_SECRET to that of the server")]
    NoSecret,
    /// The server would refuse a token without a user.
    #[error("--user must not be empty")]
    NoUser,
    /// Signing failed.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// Writing the token failed.
    #[error("the token could not be printed: {0}")]
    Print(#[from] io::Error),
}

/// Prints a token, and nothing else, to `out`.
///
/// # Errors
/// The secret or user is missing, or writing to `out` fails.
pub(super) fn run(
    args: &TokenArgs,
    clock: &Clock,
    out: &mut impl io::Write,
) -> Result<(), TokenCommandError> {
    let signing = &args.signing;
    let secret = signing.jwt_secret.as_ref();
    let secret = secret.ok_or(TokenCommandError::NoSecret)?;
    if args.user.is_empty() {
        return Err(TokenCommandError::NoUser);
    }
    let scopes: Vec<&str> = args
        .scope
        .iter()
        .flat_map(|scopes| scopes.split_ascii_whitespace())
        .collect();
    let scope = scopes.join(" ");
    let iat = clock.now().timestamp();
    let claims = NewClaims {
        sub: &args.user,
        iat,
        exp: iat.saturating_add_unsigned(args.expires_in.0.as_secs()),
        iss: signing.jwt_issuer.as_deref(),
        aud: signing.jwt_audience.as_deref(),
        scope: (!scope.is_empty()).then_some(&scope),
    };
    writeln!(out, "{}", mint(secret, &claims)?)?;
    out.flush()?;
    Ok(())
}

/// A positive period in whole seconds: `90s`, `30m`, `1h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period(pub Duration);

/// The text is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a positive number and a unit, such as 90s, 30m, 1h or 7d")]
pub(super) struct InvalidPeriod;

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let unit = text.char_indices().next_back().ok_or(InvalidPeriod)?;
        let (digits, seconds) = match unit {
            (at, 's') => (&text[..at], 1),
            (at, 'm') => (&text[..at], 60),
            (at, 'h') => (&text[..at], 60 * 60),
            (at, 'd') => (&text[..at], 24 * 60 * 60),
            _ => return Err(InvalidPeriod),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidPeriod);
        }
        let number: u64 = digits.parse().map_err(|_| InvalidPeriod)?;
        match number.checked_mul(seconds) {
            None | Some(0) => Err(InvalidPeriod),
            Some(seconds) => Ok(Self(Duration::from_secs(seconds))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Duration};

    use chrono::DateTime;
    use clap::{CommandFactory, Parser};
    use jsonwebtoken::dangerous::insecure_decode_claims;
    use serde_json::{Value, json};

    use super::{InvalidPeriod, Period, TokenArgs, TokenCommandError, run};
    use crate::clock::Clock;

    const SECRET: &str = "a secret of the tests, long enough for HS256";

    /// The clock's time, in seconds since 1970.
    const NOW: i64 = 1_800_000_000;

    #[derive(Parser)]
    enum Cli {
        Token(TokenArgs),
    }

    fn print(arguments: &[&str]) -> Result<String, TokenCommandError> {
        let arguments = [&["invite-gateway", "token"], arguments].concat();
        let Cli::Token(args) = Cli::try_parse_from(arguments).expect("arguments");
        let mut out = Vec::new();
        let now = DateTime::from_timestamp(NOW, 0).expect("an instant");
        run(&args, &Clock::new(move || now), &mut out)?;
        Ok(String::from_utf8(out).expect("text"))
    }

    fn claims(arguments: &[&str]) -> HashMap<String, Value> {
        let printed = print(arguments).expect("a token");
        let token = printed.strip_suffix('\n').expect("a line");
        insecure_decode_claims(token).expect("claims")
    }

    #[test]
    fn options_become_claims() {
        let least = claims(&["--user", "7", "--jwt-secret", SECRET]);
        let expected = json!({ "sub": "7", "iat": NOW, "exp": NOW + 3600 });
        assert_eq!(json!(least), expected);

        let most = claims(&[
            "--user=grace",
            "--scope=invites:admin email",
            "--scope=openid",
            "--expires-in=30m",
            "--jwt-issuer=us",
            "--jwt-audience=them",
            "--jwt-secret",
            SECRET,
        ]);
        let expected = json!({
            "sub": "grace",
            "iat": NOW,
            "exp": NOW + 1800,
            "iss": "us",
            "aud": "them",
            "scope": "invites:admin email openid",
        });
        assert_eq!(json!(most), expected);
    }

    #[test]
    fn a_token_needs_a_secret_and_a_user() {
        let error = print(&["--user", "7"]).expect_err("no secret");
        assert!(matches!(error, TokenCommandError::NoSecret));
        let error = print(&["--user", "", "--jwt-secret", SECRET]).expect_err("no user");
        assert!(matches!(error, TokenCommandError::NoUser));
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_describes_the_command() {
        let help = Cli::try_parse_from(["invite-gateway", "token", "--help"]);
        let help = help.err().expect("help").to_string();
        assert!(help.starts_with("Print a bearer token"), "{help}");
    }

    #[test]
    fn a_period_is_a_number_and_a_unit() {
        for (text, seconds) in [
            ("1s", 1),
            ("3600s", 3600),
            ("30m", 1800),
            ("1h", 3600),
            ("007d", 7 * 86_400),
        ] {
            let period = Duration::from_secs(seconds);
            assert_eq!(text.parse(), Ok(Period(period)), "{text}");
        }
        for text in [
            "",
            "h",
            "1",
            "0s",
            "-1h",
            "+1h",
            "1.5h",
            "1 h",
            " 1h",
            "1H",
            "1w",
            "1ü",
            "1h30m",
            "99999999999999999999s",
            "9999999999999999999d",
        ] {
            assert_eq!(text.parse::<Period>(), Err(InvalidPeriod), "{text}");
        }
    }
}
