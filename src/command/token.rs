//! `invite-gateway token`: prints a bearer token for development.

use std::{io, str::FromStr};

use clap::Args;

use super::period::Period;
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use chrono::DateTime;
    use clap::{CommandFactory, Parser};
    use jsonwebtoken::dangerous::insecure_decode_claims;
    use serde_json::{Value, json};

    use super::{TokenArgs, TokenCommandError, run};
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
}
