//! Refusals as data: `InviteUserError`.

use async_graphql::{Enum, SimpleObject, resolver_utils::EnumType};

use crate::{
    access::Refused,
    invite::{Refusal, WriteLimit},
};

/// The reason for which a mutation changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum InviteErrorCode {
    /// The object does not exist, or the viewer may not see it.
    NotFound,
    /// The invite has expired.
    Expired,
    /// The invite was accepted.
    AlreadyAccepted,
    /// The invite was withdrawn.
    Cancelled,
    /// The invite was declined.
    Declined,
    /// The invite is for another account.
    WrongAccount,
    /// The invite is for the viewer's e-mail address, which is not verified.
    EmailNotVerified,
    /// The person is a member.
    AlreadyMember,
    /// The person has a pending invite.
    AlreadyInvited,
    /// The text is no e-mail address.
    InvalidEmail,
    /// Addresses of this domain are not invited.
    DomainNotAllowed,
    /// The role does not exist, or the viewer may not grant it.
    RoleNotAllowed,
    /// A limit is reached; the message says which.
    LimitReached,
    /// The viewer may not do this.
    NotAllowed,
    /// The value is not valid; the message says what is.
    Invalid,
}

/// A reason for which a mutation, or a row of it, changed nothing.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct InviteUserError {
    /// The reason, for programs.
    pub(super) code: InviteErrorCode,
    /// The reason, for people.
    pub(super) message: String,
    /// Path of the refused value in `input`.
    pub(super) field: Option<Vec<String>>,
}

impl InviteUserError {
    /// The error of a value with this path in `input`.
    pub(super) fn new(refusal: Refusal, path: impl IntoIterator<Item = String>) -> Self {
        let (code, message) = described(refusal);
        Self {
            code,
            message: message.to_owned(),
            field: Some(path.into_iter().collect()),
        }
    }

    /// The error of a field of `input`.
    pub(super) fn of_field(refused: Refused) -> Self {
        Self::new(refused.refusal, [refused.field.to_owned()])
    }

    /// The error of the row `at` of the list `list` of `input`. A row that is a value, and no object, has
    /// no field.
    pub(super) fn of_row(list: &str, at: usize, refused: Refused) -> Self {
        let mut path = vec![list.to_owned(), at.to_string()];
        path.extend((refused.field != list).then(|| refused.field.to_owned()));
        Self::new(refused.refusal, path)
    }
}

/// A refusal in the words of the schema, for commands that carry mutations out without GraphQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The reason, for programs: a value of `InviteErrorCode`.
    pub code: &'static str,
    /// The reason, for people.
    pub message: &'static str,
}

impl From<Refusal> for Explanation {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = described(refusal);
        let item = InviteErrorCode::items()
            .iter()
            .find(|item| item.value == code);
        Self {
            // Every value is in the list that the schema is built from.
            code: item.map_or("INVALID", |item| item.name),
            message,
        }
    }
}

impl InviteErrorCode {
    /// Returns the code of a refusal.
    pub(super) fn of(refusal: Refusal) -> Self {
        described(refusal).0
    }
}

/// Returns the code of the first of a mutation's errors.
pub(super) fn first_code(errors: &[InviteUserError]) -> Option<InviteErrorCode> {
    errors.first().map(|error| error.code)
}

fn described(refusal: Refusal) -> (InviteErrorCode, &'static str) {
    use InviteErrorCode as Code;
    match refusal {
        Refusal::NotFound => (Code::NotFound, "Not found."),
        Refusal::Expired => (Code::Expired, "The invite has expired."),
        Refusal::AlreadyAccepted => (Code::AlreadyAccepted, "The invite was accepted."),
        Refusal::Cancelled => (Code::Cancelled, "The invite was withdrawn."),
        Refusal::Declined => (Code::Declined, "The invite was declined."),
        Refusal::WrongAccount => (
            Code::WrongAccount,
            "The invite is for another account. Sign in with the account that was invited.",
        ),
        Refusal::EmailNotVerified => (
            Code::EmailNotVerified,
            "The invite is for your e-mail address, which is not verified. Verify it first.",
        ),
        Refusal::AlreadyMember => (Code::AlreadyMember, "This person is a member."),
        Refusal::AlreadyInvited => (Code::AlreadyInvited, "This person has a pending invite."),
        Refusal::InvalidEmail => (
            Code::InvalidEmail,
            "Enter an e-mail address such as name@example.com.",
        ),
        Refusal::DomainNotAllowed => (
            Code::DomainNotAllowed,
            "Addresses of this domain cannot be invited.",
        ),
        Refusal::RoleNotAllowed => (
            Code::RoleNotAllowed,
            "There is no such role, or it is above your own. `grantableRoles` lists what you may grant.",
        ),
        Refusal::NotAllowed => (Code::NotAllowed, "You may not do this."),
        Refusal::NotSupported => (
            Code::NotAllowed,
            "Invites of this kind do not support this.",
        ),
        Refusal::Limit(limit) => (Code::LimitReached, limit_message(limit)),
        Refusal::Invalid(message) => (Code::Invalid, message),
    }
}

fn limit_message(limit: WriteLimit) -> &'static str {
    match limit {
        WriteLimit::InvitesPerDay => "You have sent the most invites that are allowed in a day.",
        WriteLimit::OpenInvites => {
            "There are the most pending invites that are allowed. Cancel some first."
        }
        WriteLimit::Resends => "The invite was sent as often as is allowed.",
        WriteLimit::ResendInterval => "The invite was sent a moment ago. Try again in a minute.",
    }
}
