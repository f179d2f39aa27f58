//! Inputs that several lists share: ranges, orders, and the checks of what clients send.

use std::fmt::Debug;

use async_graphql::{Enum, ID, InputObject};

use super::{
    connection::ListOrder,
    error::Failure,
    id::{NodeKind, parse_id},
    json::enum_leaves,
    scalar::{INSTANT, SentInstant},
};
use crate::{
    email,
    invite::Status,
    loader::{InstantRange, InviteSort, TargetFilter, TargetSort},
    paging::SortType,
};

/// Most characters of a text in a filter.
const MAX_TEXT: usize = 320;

/// Effective status of an invite at the time of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub(super) enum InviteStatus {
    /// Not yet accepted, withdrawn or expired.
    Pending,
    /// Accepted or used.
    Accepted,
    /// Withdrawn before it was accepted.
    Cancelled,
    /// Not accepted in time. It can no longer be accepted.
    Expired,
    /// Refused by the person invited.
    Declined,
}

enum_leaves!(InviteStatus);

/// Direction of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum OrderDirection {
    /// Smallest, oldest or alphabetically first value first.
    Asc,
    /// Greatest, newest or alphabetically last value first.
    Desc,
}

impl OrderDirection {
    /// Returns the list of this name, by `field` in this direction.
    pub(super) fn list(self, name: &str, field: impl Debug, sort: Vec<SortType>) -> ListOrder {
        ListOrder {
            name: format!("{name}/{field:?}/{self:?}"),
            sort,
            descending: self == Self::Desc,
        }
    }
}

/// Fields to order a list of invites by. Ties are broken by id in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "InviteSort")]
pub(super) enum InviteOrderField {
    /// Time of creation.
    CreatedAt,
    /// Time of expiry. An invite that never expires comes after all others.
    ExpiresAt,
    /// E-mail address of the person invited, ignoring case. An invite without one comes before all others.
    Email,
    /// Effective status: `PENDING`, `ACCEPTED`, `DECLINED`, `CANCELLED`, `EXPIRED`.
    Status,
    /// Key of the role that accepting grants. An invite without one comes before all others.
    Role,
    /// Name of the person invited by a code. Other kinds of invites have none, and come before all others.
    Name,
}

/// Order of a list of invites.
#[derive(Clone, Copy, Debug, InputObject)]
pub(super) struct InviteOrder {
    /// Field to order by.
    pub field: InviteOrderField,
    /// Direction of the order.
    pub direction: OrderDirection,
}

impl InviteOrder {
    /// Newest first, when the query names no order.
    const DEFAULT: Self = Self {
        field: InviteOrderField::CreatedAt,
        direction: OrderDirection::Desc,
    };

    /// Returns the sort, and the list of this name in this order; `ties` break ties.
    pub(super) fn parse(
        order: Option<Self>,
        list: &str,
        ties: &[SortType],
    ) -> (InviteSort, ListOrder) {
        let Self { field, direction } = order.unwrap_or(Self::DEFAULT);
        let by = InviteSort::from(field);
        let mut sort = vec![by.sort_type()];
        sort.extend(ties);
        (by, direction.list(list, field, sort))
    }
}

/// Filters a list of workspaces, groups or courses.
#[derive(Clone, Debug, Default, InputObject)]
pub(super) struct InviteTargetFilter {
    /// With this text in the name or slug, ignoring case. Workspaces have no slug.
    pub search: Option<String>,
}

impl InviteTargetFilter {
    pub(super) fn parse(self) -> Result<TargetFilter, Failure> {
        Ok(TargetFilter {
            search: search("filter.search", self.search)?,
        })
    }
}

/// Fields to order a list of workspaces, groups or courses by. Ties are broken by id in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "TargetSort")]
pub(super) enum InviteTargetOrderField {
    /// Primary key in the source.
    Id,
    /// Display name.
    Name,
}

/// Order of a list of workspaces, groups or courses.
#[derive(Clone, Copy, Debug, InputObject)]
pub(super) struct InviteTargetOrder {
    /// Field to order by.
    pub field: InviteTargetOrderField,
    /// Direction of the order.
    pub direction: OrderDirection,
}

impl InviteTargetOrder {
    const DEFAULT: Self = Self {
        field: InviteTargetOrderField::Id,
        direction: OrderDirection::Asc,
    };

    /// Returns the sort, and the list of this name in this order.
    pub(super) fn parse(order: Option<Self>, list: &str) -> (TargetSort, ListOrder) {
        let Self { field, direction } = order.unwrap_or(Self::DEFAULT);
        let by = TargetSort::from(field);
        (by, direction.list(list, field, by.sort_types()))
    }
}

/// A range of time: `from <= value < until`. A bound that is left out is open.
#[derive(Clone, Copy, Debug, InputObject)]
pub(super) struct DateTimeRange {
    /// First time within the range.
    pub from: Option<SentInstant>,
    /// First time after the range.
    pub until: Option<SentInstant>,
}

/// Reads a range; one that holds nothing is refused, since it is a mistake.
pub(super) fn range(
    argument: &'static str,
    sent: Option<DateTimeRange>,
) -> Result<InstantRange, Failure> {
    let Some(range) = sent else {
        return Ok(InstantRange::default());
    };
    let bound = |name, sent: Option<SentInstant>| match sent {
        Some(SentInstant(None)) => Err(Failure::bad_input(
            argument,
            format!("{name} must be {INSTANT}"),
        )),
        Some(SentInstant(instant)) => Ok(instant),
        None => Ok(None),
    };
    let range = InstantRange {
        from: bound("from", range.from)?,
        until: bound("until", range.until)?,
    };
    match (range.from, range.until) {
        (Some(from), Some(until)) if from >= until => Err(Failure::bad_input(
            argument,
            "from must be earlier than until",
        )),
        _ => Ok(range),
    }
}

/// Reads a list of a filter. How long lists are is settled before anything is executed.
fn values<T, U>(
    sent: Option<Vec<T>>,
    read: impl FnMut(T) -> Result<U, Failure>,
) -> Result<Option<Vec<U>>, Failure> {
    sent.map(|sent| sent.into_iter().map(read).collect())
        .transpose()
}

/// Reads statuses.
pub(super) fn statuses(sent: Option<Vec<InviteStatus>>) -> Option<Vec<Status>> {
    sent.map(|sent| sent.into_iter().map(Status::from).collect())
}

/// Reads texts that are compared exactly.
pub(super) fn texts(
    argument: &'static str,
    sent: Option<Vec<String>>,
) -> Result<Option<Vec<String>>, Failure> {
    values(sent, |text| checked(argument, text))
}

/// Reads ids of objects of one kind.
pub(super) fn ids(
    argument: &'static str,
    kind: NodeKind,
    sent: Option<Vec<ID>>,
) -> Result<Option<Vec<i64>>, Failure> {
    values(sent, |id| read_id(argument, kind, &id))
}

/// Reads the id of an object of one kind.
pub(super) fn id(
    argument: &'static str,
    kind: NodeKind,
    sent: Option<ID>,
) -> Result<Option<i64>, Failure> {
    sent.map(|id| read_id(argument, kind, &id)).transpose()
}

fn read_id(argument: &'static str, kind: NodeKind, sent: &ID) -> Result<i64, Failure> {
    parse_id(kind, sent).ok_or_else(|| {
        let allowed = format!("must be the id or databaseId of a {}", kind.type_name());
        Failure::bad_input(argument, allowed)
    })
}

/// Reads an address, as addresses are compared.
pub(super) fn address(
    argument: &'static str,
    sent: Option<String>,
) -> Result<Option<String>, Failure> {
    let Some(sent) = sent else {
        return Ok(None);
    };
    let sent = checked(argument, sent)?;
    if sent.trim().is_empty() {
        return Err(Failure::bad_input(argument, "must not be empty"));
    }
    let allowed = "must be an address like name@example.com, without spaces, invisible characters \
        or compatibility characters";
    let address = email::normalize(&sent);
    address
        .ok_or_else(|| Failure::bad_input(argument, allowed))
        .map(Some)
}

/// Reads a text to search for; blank text searches for nothing.
pub(super) fn search(
    argument: &'static str,
    sent: Option<String>,
) -> Result<Option<String>, Failure> {
    let text = sent.map(|text| checked(argument, text)).transpose()?;
    Ok(text
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty()))
}

fn checked(argument: &'static str, text: String) -> Result<String, Failure> {
    if text.contains('\0') {
        return Err(Failure::bad_input(
            argument,
            "must not contain a NUL character",
        ));
    }
    if text.chars().count() > MAX_TEXT {
        let allowed = format!("must have at most {MAX_TEXT} characters");
        return Err(Failure::bad_input(argument, allowed));
    }
    Ok(text)
}
