//! Settings of what is shown.

use std::{str::FromStr, sync::Arc};

use clap::Args;

use crate::{
    access::{Disclosure, GroupInviteUrl, Policy},
    redacted::Redacted,
};

/// What is shown.
#[derive(Args, Clone)]
#[command(next_help_heading = "Disclosure")]
pub struct PolicyOptions {
    /// To whom the addresses are shown that the contracts publish to holders of a code or token
    #[arg(long, env = "GATEWAY_DISCLOSURE", value_enum, default_value_t)]
    pub disclosure: Disclosure,

    /// URL that accepts a group invite, with {slug} and {code} in it
    #[arg(long, env = "GATEWAY_GROUP_INVITE_URL", value_name = "TEMPLATE",
          default_value = GroupInviteUrl::DEFAULT, value_parser = Redacted(GroupInviteUrl::from_str))]
    pub group_invite_url: GroupInviteUrl,
}

impl PolicyOptions {
    /// The policy that these options describe.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::new(Policy {
            disclosure: self.disclosure,
            group_invite_url: self.group_invite_url.clone(),
        })
    }
}
