//! Settings of bearer tokens.

use std::{str::FromStr, time::Duration};

use clap::{Args, builder::NonEmptyStringValueParser};

use super::{
    Switch,
    quantity::{bytes, seconds},
};
use crate::{
    auth::{
        AudienceClaim, CODES_SCOPE, GrantSettings, IMPORT_SCOPE, JwksLocation, ProfileClaims,
        STAFF_SCOPE, Secret, SubjectClaim, TokenSettings,
    },
    redacted::Redacted,
};

/// Options that the issuer and the verifier of tokens share.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Bearer tokens")]
pub struct SigningOptions {
    /// Secret shared with the issuer, for HS256; at least 32 bytes [default: none]
    #[arg(
        long,
        env = "GATEWAY_JWT_SECRET",
        value_name = "SECRET",
        value_parser = Redacted(Secret::from_str)
    )]
    pub jwt_secret: Option<Secret>,

    /// Required `iss` of tokens [default: any]
    #[arg(long, env = "GATEWAY_JWT_ISSUER", value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub jwt_issuer: Option<String>,

    /// Required member of a token's `aud` [default: tokens with an `aud` are refused]
    #[arg(long, env = "GATEWAY_JWT_AUDIENCE", value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub jwt_audience: Option<String>,
}

/// Options for verifying tokens.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Bearer tokens")]
pub struct TokenOptions {
    /// Options shared with `invite-gateway token`.
    #[command(flatten)]
    pub signing: SigningOptions,

    /// Key set (JWKS) for RS256, ES256 and EdDSA: an https:// URL or a file [default: none]
    #[arg(long, env = "GATEWAY_JWT_JWKS", value_name = "URL|FILE",
          value_parser = Redacted(JwksLocation::from_str))]
    pub jwt_jwks: Option<JwksLocation>,

    /// Claim that must name the audience
    #[arg(
        long,
        env = "GATEWAY_JWT_AUDIENCE_CLAIM",
        value_name = "CLAIM",
        value_enum,
        default_value_t
    )]
    pub jwt_audience_claim: AudienceClaim,

    /// Tolerated difference between the issuer's clock and the gateway's, in seconds, at most 300
    #[arg(
        long,
        env = "GATEWAY_JWT_LEEWAY",
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = seconds(0..=300)
    )]
    pub jwt_leeway: u64,

    /// Column of users that a token's `sub` holds
    #[arg(
        long,
        env = "GATEWAY_JWT_SUBJECT",
        value_name = "COLUMN",
        value_enum,
        default_value_t
    )]
    pub jwt_subject: SubjectClaim,

    /// Claim that has the token's roles, scopes, permissions or groups, as text or list: a name, or the
    /// names of nested claims separated by dots, such as realm_access.roles [default: scope and scp]
    #[arg(long, env = "GATEWAY_JWT_ROLES_CLAIM", value_name = "CLAIM", value_parser = NonEmptyStringValueParser::new())]
    pub jwt_roles_claim: Option<String>,

    /// Role that makes its user staff. Separate several by commas, or repeat the option
    #[arg(
        long,
        env = "GATEWAY_JWT_STAFF_ROLE",
        value_name = "ROLE",
        value_delimiter = ',',
        default_value = STAFF_SCOPE,
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub jwt_staff_role: Vec<String>,

    /// Claim that limits staff to workspaces, groups and courses, such as workspace:7, by id, as text or list.
    /// The value * has no limits. Without the claim, a token's staff see nothing [default: no limits]
    #[arg(long, env = "GATEWAY_JWT_STAFF_TARGETS_CLAIM", value_name = "CLAIM", value_parser = NonEmptyStringValueParser::new())]
    pub jwt_staff_targets_claim: Option<String>,

    /// Role that lets its user create invite codes. Separate several by commas, or repeat the option
    #[arg(
        long,
        env = "GATEWAY_JWT_CODES_ROLE",
        value_name = "ROLE",
        value_delimiter = ',',
        default_value = CODES_SCOPE,
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub jwt_codes_role: Vec<String>,

    /// Role that lets its bearer import over HTTP. Separate several by commas, or repeat the option
    #[arg(
        long,
        env = "GATEWAY_JWT_IMPORT_ROLE",
        value_name = "ROLE",
        value_delimiter = ',',
        default_value = IMPORT_SCOPE,
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub jwt_import_role: Vec<String>,

    /// Create an account for each person whose token is valid and who has none
    #[arg(
        long,
        env = "GATEWAY_JWT_PROVISION",
        value_name = "SWITCH",
        value_enum,
        default_value_t
    )]
    pub jwt_provision: Switch,

    /// Claim that has the username of a new account. Of this claim and the next ones, nested ones are named
    /// as for --jwt-roles-claim
    #[arg(long, env = "GATEWAY_JWT_USERNAME_CLAIM", value_name = "CLAIM", default_value = "preferred_username",
          value_parser = NonEmptyStringValueParser::new())]
    pub jwt_username_claim: String,

    /// Claim that has the display name
    #[arg(long, env = "GATEWAY_JWT_NAME_CLAIM", value_name = "CLAIM", default_value = "name",
          value_parser = NonEmptyStringValueParser::new())]
    pub jwt_name_claim: String,

    /// Claim that has the e-mail address
    #[arg(long, env = "GATEWAY_JWT_EMAIL_CLAIM", value_name = "CLAIM", default_value = "email",
          value_parser = NonEmptyStringValueParser::new())]
    pub jwt_email_claim: String,

    /// Claim that is true if the issuer has verified the address
    #[arg(long, env = "GATEWAY_JWT_EMAIL_VERIFIED_CLAIM", value_name = "CLAIM", default_value = "email_verified",
          value_parser = NonEmptyStringValueParser::new())]
    pub jwt_email_verified_claim: String,

    /// Claim that has the URL of a picture
    #[arg(long, env = "GATEWAY_JWT_PICTURE_CLAIM", value_name = "CLAIM", default_value = "picture",
          value_parser = NonEmptyStringValueParser::new())]
    pub jwt_picture_claim: String,

    /// Longest accepted token, in bytes, 1024 to 65536
    #[arg(
        long,
        env = "GATEWAY_MAX_TOKEN",
        value_name = "BYTES",
        default_value_t = 8192,
        value_parser = bytes(1024..=65_536_u32)
    )]
    pub max_token: u32,
}

impl TokenOptions {
    /// Returns true if a secret or a key set is configured.
    pub fn trusts_any(&self) -> bool {
        self.signing.jwt_secret.is_some() || self.jwt_jwks.is_some()
    }
}

impl From<TokenOptions> for TokenSettings {
    fn from(options: TokenOptions) -> Self {
        Self {
            secret: options.signing.jwt_secret,
            jwks: options.jwt_jwks,
            issuer: options.signing.jwt_issuer,
            audience: options.signing.jwt_audience,
            audience_claim: options.jwt_audience_claim,
            leeway: Duration::from_secs(options.jwt_leeway),
            subject: options.jwt_subject,
            grants: GrantSettings {
                claim: options.jwt_roles_claim,
                staff: options.jwt_staff_role,
                staff_targets: options.jwt_staff_targets_claim,
                codes: options.jwt_codes_role,
                imports: options.jwt_import_role,
            },
            profile: (options.jwt_provision == Switch::On).then_some(ProfileClaims {
                username: options.jwt_username_claim,
                name: options.jwt_name_claim,
                email: options.jwt_email_claim,
                email_verified: options.jwt_email_verified_claim,
                picture: options.jwt_picture_claim,
            }),
            max_length: options.max_token as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::TokenOptions;
    use crate::auth::{AudienceClaim, SubjectClaim, TokenSettings};

    const SECRET: &str = "a secret of the tests, long enough for HS256";

    /// Serves
    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        tokens: TokenOptions,
    }

    fn settings(arguments: &[&str]) -> Result<TokenSettings, clap::Error> {
        let cli = Cli::try_parse_from([&["serve"], arguments].concat())?;
        Ok(cli.tokens.into())
    }

    #[test]
    fn options_become_settings() {
        let settings = settings(&[]).expect("defaults");
        assert_eq!(settings.leeway.as_secs(), 30);
        assert_eq!(settings.subject, SubjectClaim::Id);
        assert!(settings.secret.is_none() && settings.jwks.is_none());
        assert_eq!(settings.audience_claim, AudienceClaim::Aud);
        assert_eq!(settings.max_length, 8192);
        let grants = settings.grants;
        assert_eq!(grants.claim, None);
        assert_eq!(grants.staff, ["invites:admin"]);
        assert_eq!(grants.codes, ["invites:codes"]);
        assert_eq!(grants.imports, ["invites:import"]);

        let settings = self::settings(&[
            "--jwt-secret",
            SECRET,
            "--jwt-jwks=https://id.example.com/jwks",
            "--jwt-issuer=us",
            "--jwt-audience=them",
            "--jwt-leeway=300",
            "--jwt-subject=ext-id",
            "--jwt-audience-claim=client-id",
            "--max-token=65536",
            "--jwt-roles-claim=realm_access.roles",
            "--jwt-staff-role=admin,support",
        ])
        .expect("options");
        assert!(settings.secret.is_some() && settings.jwks.is_some());
        assert_eq!(settings.issuer.as_deref(), Some("us"));
        assert_eq!(settings.audience.as_deref(), Some("them"));
        assert_eq!(settings.leeway.as_secs(), 300);
        assert_eq!(settings.subject, SubjectClaim::ExtId);
        assert_eq!(settings.audience_claim, AudienceClaim::ClientId);
        assert_eq!(settings.max_length, 65_536);
        assert_eq!(settings.grants.claim.as_deref(), Some("realm_access.roles"));
        assert_eq!(settings.grants.staff, ["admin", "support"]);
    }

    #[test]
    fn bad_options_are_refused_and_a_bad_secret_is_not_repeated() {
        for argument in [
            "--jwt-leeway=301",
            "--jwt-leeway=-1",
            "--jwt-subject=email",
            "--jwt-audience-claim=azp",
            "--max-token=1023",
            "--jwt-roles-claim=",
            "--jwt-staff-role=",
            "--max-token=65537",
            "--jwt-jwks=http://id.example.com/",
            "--jwt-issuer=",
            "--jwt-audience=",
        ] {
            assert!(settings(&[argument]).is_err(), "{argument}");
        }
        let error = settings(&["--jwt-secret=hunter2"]).expect_err("too short");
        let text = error.to_string();
        assert!(!text.contains("hunter2") && text.contains("32"), "{text}");
    }

    #[test]
    fn the_help_of_token_omits_options_of_serve() {
        let help = Cli::command().render_long_help().to_string();
        assert!(help.starts_with("Serves"), "{help}");
        for name in ["SECRET", "JWKS", "ISSUER", "AUDIENCE", "LEEWAY", "SUBJECT"] {
            assert!(help.contains(&format!("GATEWAY_JWT_{name}")), "{name}");
        }
    }
}
