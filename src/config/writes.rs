//! Settings of mutations.

use std::str::FromStr;

use chrono::TimeDelta;
use clap::Args;

use super::{
    Switch,
    quantity::{days, number},
};
use crate::{email, invite::AcceptUrl, lifecycle::WriteLimits, redacted::Redacted};

/// Settings of mutations.
#[derive(Args, Clone)]
#[command(next_help_heading = "Mutations")]
pub struct WriteOptions {
    /// Let clients create, accept, decline, cancel and resend invites. serve then needs --accept-url, and
    /// a database role that may write [default: on for demo, off for serve]
    #[arg(
        long,
        env = "GATEWAY_MUTATIONS",
        value_name = "on|off",
        value_enum,
        hide_possible_values = true
    )]
    pub mutations: Option<Switch>,

    /// Links and limits.
    #[command(flatten)]
    pub invites: InviteOptions,
}

/// Links to invites, and limits of writes: for mutations, and for `invite`.
#[derive(Args, Clone)]
#[command(next_help_heading = "Mutations")]
pub struct InviteOptions {
    /// Template of the links to new invites: {kind} is `code` or `workspace`, {secret} the code or token
    #[arg(long, env = "GATEWAY_ACCEPT_URL", value_name = "TEMPLATE",
          value_parser = Redacted(AcceptUrl::from_str))]
    pub accept_url: Option<AcceptUrl>,

    /// Maximum number of invites that one person creates in a day
    #[arg(
        long,
        env = "GATEWAY_MAX_INVITES_PER_DAY",
        value_name = "NUMBER",
        default_value_t = 500,
        value_parser = number(0..=u32::MAX)
    )]
    pub max_invites_per_day: u32,

    /// Maximum number of pending invites to one workspace or course
    #[arg(
        long,
        env = "GATEWAY_MAX_OPEN_INVITES",
        value_name = "NUMBER",
        default_value_t = 50_000,
        value_parser = number(0..=u32::MAX)
    )]
    pub max_open_invites: u32,

    /// Maximum number of times that an invite is sent again, once a minute at most
    #[arg(
        long,
        env = "GATEWAY_MAX_RESENDS",
        value_name = "NUMBER",
        default_value_t = 10,
        value_parser = number(0..=u32::MAX)
    )]
    pub max_resends: u32,

    /// Lifetime of an invite whose creator names no expiry, in days
    #[arg(long, env = "GATEWAY_INVITE_LIFETIME", value_name = "DAYS", default_value_t = 7,
          value_parser = days(1..=3650))]
    pub invite_lifetime: u64,

    /// Maximum lifetime of an invite, in days
    #[arg(long, env = "GATEWAY_MAX_INVITE_LIFETIME", value_name = "DAYS", default_value_t = 30,
          value_parser = days(1..=3650))]
    pub max_invite_lifetime: u64,

    /// Maximum length of an invite's message, in characters
    #[arg(
        long,
        env = "GATEWAY_MAX_MESSAGE",
        value_name = "CHARACTERS",
        default_value_t = 2000,
        value_parser = number(0..=u32::MAX)
    )]
    pub max_message: u32,

    /// Domain of addresses that may be invited; without one, every domain. Repeat it, or separate domains
    /// by commas
    #[arg(
        long,
        env = "GATEWAY_ALLOWED_DOMAIN",
        value_name = "DOMAIN",
        value_delimiter = ',',
        value_parser = Redacted(domain)
    )]
    pub allowed_domain: Vec<String>,

    /// Domain of addresses that are not invited. Repeat it, or separate domains by commas
    #[arg(
        long,
        env = "GATEWAY_BLOCKED_DOMAIN",
        value_name = "DOMAIN",
        value_delimiter = ',',
        value_parser = Redacted(domain)
    )]
    pub blocked_domain: Vec<String>,
}

/// The lifetime of an invite whose creator names no expiry exceeds the longest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--invite-lifetime (GATEWAY_INVITE_LIFETIME) must not exceed --max-invite-lifetime \
     (GATEWAY_MAX_INVITE_LIFETIME)"
)]
pub struct LifetimeTooLong;

/// Reads a domain in the form in which domains are compared.
fn domain(text: &str) -> Result<String, String> {
    let address = email::normalize(&format!("name@{text}"));
    let domain = address.and_then(|address| Some(address.split_once('@')?.1.to_owned()));
    domain.ok_or_else(|| "expected a domain such as example.com".to_owned())
}

impl WriteOptions {
    /// Returns true if clients may write.
    pub fn has_mutations(&self) -> bool {
        self.mutations == Some(Switch::On)
    }
}

impl InviteOptions {
    /// Checks that the lifetimes agree.
    ///
    /// # Errors
    /// The lifetime by default exceeds the longest one.
    pub fn check(&self) -> Result<(), LifetimeTooLong> {
        match self.invite_lifetime > self.max_invite_lifetime {
            true => Err(LifetimeTooLong),
            false => Ok(()),
        }
    }

    /// Returns the limits of writes.
    pub fn limits(&self) -> WriteLimits {
        WriteLimits {
            per_day: self.max_invites_per_day,
            open: self.max_open_invites,
            resends: self.max_resends,
            lifetime: TimeDelta::days(self.invite_lifetime.cast_signed()),
            max_lifetime: TimeDelta::days(self.max_invite_lifetime.cast_signed()),
            message: self.max_message as usize,
            allowed_domains: self.allowed_domain.clone(),
            blocked_domains: self.blocked_domain.clone(),
            ..WriteLimits::default()
        }
    }
}
