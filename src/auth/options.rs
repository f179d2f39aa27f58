//! The command line's options about tokens, each with its environment variable.

use std::time::Duration;

use clap::{
    Arg, Args, Command,
    builder::{NonEmptyStringValueParser, TypedValueParser},
    error::ErrorKind,
    value_parser,
};

use super::{JwksLocation, Secret, SubjectClaim, TokenSettings};

/// What whoever makes a token and whoever checks it must agree on.
#[derive(Args, Clone, Debug)]
pub struct SigningOptions {
    /// Secret shared with the issuer for HS256, at least 32 bytes [default: none]
    #[arg(
        long,
        env = "GATEWAY_JWT_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        value_parser = SecretParser
    )]
    pub jwt_secret: Option<Secret>,

    /// What a token's `iss` must be [default: anything]
    #[arg(long, env = "GATEWAY_JWT_ISSUER", value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub jwt_issuer: Option<String>,

    /// What a token's `aud` must be or hold [default: tokens with an `aud` are refused]
    #[arg(long, env = "GATEWAY_JWT_AUDIENCE", value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub jwt_audience: Option<String>,
}

/// Which tokens a server trusts.
#[derive(Args, Clone, Debug)]
pub struct TokenOptions {
    /// Shared with `invite-gateway token`.
    #[command(flatten)]
    pub signing: SigningOptions,

    /// Key set for RS256, ES256 and EdDSA: an https:// URL or a file [default: none]
    #[arg(long, env = "GATEWAY_JWT_JWKS", value_name = "URL|FILE")]
    pub jwt_jwks: Option<JwksLocation>,

    /// Seconds that the issuer's clock may be off, at most 300
    #[arg(
        long,
        env = "GATEWAY_JWT_LEEWAY",
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = value_parser!(u64).range(..=300)
    )]
    pub jwt_leeway: u64,

    /// What a token's `sub` is
    #[arg(
        long,
        env = "GATEWAY_JWT_SUBJECT",
        value_name = "COLUMN",
        value_enum,
        default_value_t
    )]
    pub jwt_subject: SubjectClaim,
}

impl From<TokenOptions> for TokenSettings {
    fn from(options: TokenOptions) -> Self {
        Self {
            secret: options.signing.jwt_secret,
            jwks: options.jwt_jwks,
            issuer: options.signing.jwt_issuer,
            audience: options.signing.jwt_audience,
            leeway: Duration::from_secs(options.jwt_leeway),
            subject: options.jwt_subject,
        }
    }
}

/// Parses a secret without ever repeating it: clap's own errors quote what was given.
#[derive(Clone)]
struct SecretParser;

impl TypedValueParser for SecretParser {
    type Value = Secret;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Secret, clap::Error> {
        let refuse = |reason: String| {
            let message = format!("--jwt-secret (GATEWAY_JWT_SECRET): {reason}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        };
        let text = value
            .to_str()
            .ok_or_else(|| refuse("the secret is not UTF-8".to_owned()))?;
        text.parse()
            .map_err(|error: super::SecretTooShort| refuse(error.to_string()))
    }
}
