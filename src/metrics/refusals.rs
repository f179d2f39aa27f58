//! What is refused: beyond a limit, too often, or at a bad time.

use super::counters::labelled;

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
        /// The answer, in bytes.
        Answer = "answer",
        /// The time that a request may take.
        Time = "time",
        /// Headers.
        Headers = "headers",
        /// Open connections.
        Connections = "connections",
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

labelled! {
    /// Of whose share of what can be in flight a request was.
    pub enum Share by "share" {
        /// Of those who send no token.
        Anonymous = "anonymous",
        /// Of those who are signed in.
        SignedIn = "signed_in",
    }
}
