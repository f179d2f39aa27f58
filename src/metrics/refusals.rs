//! Labels of refusals: limits, rate limits, shares and resources.

use graphql_documents::Limit;

use super::counters::{Labelled, labelled};

impl Labelled for Limit {
    const LABEL: &'static str = "limit";
    const ALL: &'static [Self] = &Limit::ALL;

    fn value(self) -> &'static str {
        self.name()
    }

    fn index(self) -> usize {
        self as usize
    }
}

labelled! {
    /// A quota of a client.
    pub enum RateLimit by "limit" {
        /// Requests.
        Requests = "requests",
        /// Cost of operations.
        Cost = "cost",
        /// Public look-ups that miss.
        MissedLookups = "missed_lookups",
        /// Mutations.
        Mutations = "mutations",
        /// Rows that mutations create or change.
        WrittenRows = "written_rows",
    }
}

impl RateLimit {
    /// All rate limits, by index.
    pub const ALL: [Self; 5] = [
        Self::Requests,
        Self::Cost,
        Self::MissedLookups,
        Self::Mutations,
        Self::WrittenRows,
    ];

    /// Index in [`Self::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Returns its name in errors, headers and labels.
    pub fn name(self) -> &'static str {
        self.value()
    }
}

labelled! {
    /// Share of a request, both of the requests in flight and of the operation labels.
    pub enum Share by "share" {
        /// Requests without a token.
        Anonymous = "anonymous",
        /// Requests with a token, or of a signed-in viewer.
        SignedIn = "signed_in",
    }
}

labelled! {
    /// A resource that clients share.
    pub enum Resource by "resource" {
        /// Connections.
        Connections = "connections",
        /// Requests from their head until their response is sent.
        Requests = "requests",
        /// Slots of requests for data in flight.
        Slots = "slots",
        /// Request bodies being received.
        Bodies = "bodies",
        /// Bytes of request bodies and responses.
        Bytes = "bytes",
    }
}

labelled! {
    /// Reasons why the gateway ended a connection or response.
    pub enum GivenUp by "reason" {
        /// No request arrived, or only a part of its head.
        NoRequest = "no_request",
        /// The connection was idle for too long.
        Idle = "idle",
        /// The client did not read the response.
        Unread = "unread",
        /// The request body arrived too slowly.
        SlowBody = "slow_body",
    }
}
