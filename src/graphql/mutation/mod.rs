//! Mutations. Refusals of the domain are data (`user_error`); only a viewer who is signed out, malformed
//! input and faults are errors.

mod create;
mod group_invite;
mod observed;
mod settle;
mod user_error;

use async_graphql::{ID, MergedObject};

use super::id::{NodeKind, parse_id, parse_invite_id};
use crate::loader::invite::InviteRef;

pub use user_error::Explanation;

/// Root of all mutations. Accepting, declining, cancelling, enabling and disabling may be sent again: what
/// was carried out before changes nothing more. Creating may be sent again with an `idempotencyKey`.
#[derive(Default, MergedObject)]
pub struct Mutation(
    create::CreateMutation,
    group_invite::GroupInviteMutation,
    settle::SettleMutation,
);

/// Returns the invite that a global id names.
fn invite_ref(id: &ID) -> Option<InviteRef> {
    parse_invite_id(id)
}

/// Returns the key of an object of that kind, by its global id or database id.
fn key(kind: NodeKind, id: &ID) -> Option<i64> {
    parse_id(kind, id)
}

/// Returns the keys of objects of that kind; none in place of an id that names no such object.
fn keys(kind: NodeKind, ids: &[ID]) -> Vec<Option<i64>> {
    ids.iter().map(|id| key(kind, id)).collect()
}
