//! Labels of refusals: limits, rate limits, shares and resources.

use super::counters::{Labelled, labelled};

labelled! {
    /// A limit of requests, documents or responses.
    pub enum Limit by "limit" {
        /// Request body, in bytes.
        Body = "body",
        /// Document, in bytes.
        Document = "document",
        /// Lexical tokens of the document.
        Tokens = "tokens",
        /// Values in the request's JSON.
        Values = "values",
        /// Nesting of brackets.
        Nesting = "nesting",
        /// Depth of the selection.
        Depth = "depth",
        /// Aliases.
        Aliases = "aliases",
        /// Fields of the root type.
        RootFields = "root_fields",
        /// Directives.
        Directives = "directives",
        /// Fields, with fragments expanded.
        Fields = "fields",
        /// Cost of execution.
        Cost = "cost",
        /// Values in a list argument, such as ids or representations.
        List = "list",
        /// Operations in a batch.
        Batch = "batch",
        /// Selections of introspection.
        Introspection = "introspection",
        /// Selections of the subgraph's schema.
        SubgraphSchema = "subgraph_schema",
        /// Response, in bytes.
        Answer = "answer",
    }
}

impl Limit {
    /// Returns its name in errors and labels.
    pub fn name(self) -> &'static str {
        self.value()
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
    }
}

impl RateLimit {
    /// All rate limits, by index.
    pub const ALL: [Self; 3] = [Self::Requests, Self::Cost, Self::MissedLookups];

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
