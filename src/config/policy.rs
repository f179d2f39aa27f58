//! Disclosure settings.

use std::{str::FromStr, sync::Arc};

use clap::{Args, ValueEnum, builder::PossibleValue};
use url::Url;

use crate::{
    access::{Disclosure, Policy},
    invite::GroupInviteUrl,
    redacted::Redacted,
};

/// Disclosure settings.
#[derive(Args, Clone)]
#[command(next_help_heading = "Disclosure")]
pub struct PolicyOptions {
    /// Disclosure of the e-mail addresses that the REST contracts publish to holders of a code or
    /// token
    #[arg(long, env = "GATEWAY_DISCLOSURE", value_enum, default_value_t)]
    pub disclosure: Disclosure,

    /// URL at which a group invite is accepted if its source gave none, with the placeholders {slug}
    /// and {code} [default: group/{slug}/invite/{code} below --public-url]
    #[arg(long, env = "GATEWAY_GROUP_INVITE_URL", value_name = "TEMPLATE",
          value_parser = Redacted(GroupInviteUrl::from_str))]
    pub group_invite_url: Option<GroupInviteUrl>,
}

impl PolicyOptions {
    /// Returns the policy of a gateway that clients reach at `public_url`.
    pub fn policy(&self, public_url: &Url) -> Arc<Policy> {
        let template = self.group_invite_url.clone();
        Arc::new(Policy {
            disclosure: self.disclosure,
            group_invite_url: template
                .unwrap_or_else(|| GroupInviteUrl::below(public_url.as_str())),
        })
    }
}

impl ValueEnum for Disclosure {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Contract, Self::Masked]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Contract => {
                PossibleValue::new("contract").help("In full to the holder, as the contracts say")
            }
            Self::Masked => PossibleValue::new("masked").help(
                "In full only to the invitee, the inviter, managers of the target, and staff; to \
                 other holders as `j…@e….com`",
            ),
        })
    }
}
