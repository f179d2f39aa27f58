//! Refusals: beyond a limit, too often, at a bad time, or for want of room.

use super::counters::{Labelled, labelled};

labelled! {
    /// A limit that a request, its document or its answer exceeds.
    pub enum Limit by "limit" {
        /// The request's body, in bytes.
        Body = "body",
        /// The document, in bytes.
        Document = "document",
        /// Lexical tokens of the document.
        Tokens = "tokens",
        /// How deep brackets are nested.
        Nesting = "nesting",
        /// How deep fields are selected.
        Depth = "depth",
        /// Aliases.
        Aliases = "aliases",
        /// Fields of the root type.
        RootFields = "root_fields",
        /// Directives.
        Directives = "directives",
        /// Fields, with fragments unfolded.
        Fields = "fields",
        /// What executing it would cost.
        Cost = "cost",
        /// Ids, representations or other values of a list that is sent.
        List = "list",
        /// Operations of a batch.
        Batch = "batch",
        /// What introspection asks for.
        Introspection = "introspection",
        /// How often the subgraph's schema is selected.
        SubgraphSchema = "subgraph_schema",
        /// The answer, in bytes.
        Answer = "answer",
    }
}

impl Limit {
    /// Its name, as errors and the label have it.
    pub fn name(self) -> &'static str {
        self.value()
    }

    /// The limit of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|limit| limit.name() == name)
    }
}

labelled! {
    /// A rate at which a client may ask.
    pub enum RateLimit by "limit" {
        /// Requests.
        Requests = "requests",
        /// What the requests cost.
        Cost = "cost",
        /// Public look-ups that found nothing.
        MissedLookups = "missed_lookups",
    }
}

impl RateLimit {
    /// All of them, each at its place.
    pub const ALL: [Self; 3] = [Self::Requests, Self::Cost, Self::MissedLookups];

    /// Where it stands in [`Self::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name, as errors, headers and the label have it.
    pub fn name(self) -> &'static str {
        self.value()
    }
}

labelled! {
    /// Of whose share a request was: of what can be in flight, or of the names that have a label.
    pub enum Share by "share" {
        /// Of those who send no token.
        Anonymous = "anonymous",
        /// Of those who are signed in.
        SignedIn = "signed_in",
    }
}

labelled! {
    /// A resource of the gateway that clients share.
    pub enum Resource by "resource" {
        /// Connections.
        Connections = "connections",
        /// Requests from their head until their response was sent.
        Requests = "requests",
        /// Requests for data that are being answered.
        Places = "places",
        /// Request bodies on their way.
        Bodies = "bodies",
        /// Bytes of request bodies and of responses.
        Bytes = "bytes",
    }
}

labelled! {
    /// Why a connection or a response was ended before its client did.
    pub enum GivenUp by "reason" {
        /// No request came, or only a part of its head.
        NoRequest = "no_request",
        /// The connection was idle for long.
        Idle = "idle",
        /// The client did not read.
        Unread = "unread",
        /// The request's body came too slowly.
        SlowBody = "slow_body",
    }
}
