//! The domain: kinds of invites, their statuses and transitions, roles, secrets and links. Nothing
//! here reads or writes; every rule is a function of its arguments.

mod event;
mod kind;
mod link;
mod role;
mod secret;
mod status;
mod transition;

pub use event::{Snapshot, event_id};
pub use kind::{FIRST_ID, InviteKind};
pub use link::{AcceptUrl, GroupInviteUrl, Link};
pub use role::{
    CREATOR, Joined, MANAGES_COURSE, MANAGES_GROUP, MANAGES_WORKSPACE, ROLES, Role,
    grantable_roles, roles_of_codes,
};
pub use secret::{Code, SentToken, Spellings, Token, token_hash};
pub use status::{State, Status};
pub use transition::{Command, Event, Refusal, Transition, WriteLimit, transition};
