//! GraphQL and federation settings.

use std::path::PathBuf;

use clap::Args;

use super::{
    Switch,
    quantity::{bytes, number},
};
use crate::graphql::{NodeFields, SchemaSettings, SubgraphSdl};

/// GraphQL settings.
#[derive(Args, Clone)]
#[command(next_help_heading = "GraphQL")]
pub struct GraphqlOptions {
    /// Maximum number of operations in one batch, 0 to 100; 0 disables batching. Without a
    /// number: 5
    #[arg(long, env = "GATEWAY_MAX_BATCH", value_name = "NUMBER", default_value_t = 0,
          num_args = 0..=1, default_missing_value = "5",
          value_parser = number(0..=100_u16))]
    pub max_batch: u16,

    /// Let clients register documents by their SHA-256 and then send only the hash (Apollo's
    /// automatic persisted queries); each process keeps its own
    #[arg(
        long,
        env = "GATEWAY_AUTOMATIC_PERSISTED_QUERIES",
        value_enum,
        default_value_t
    )]
    pub automatic_persisted_queries: Switch,

    /// Execute only the documents in this file: Apollo's operation manifest, or the output of
    /// Relay's compiler
    #[arg(long, env = "GATEWAY_TRUSTED_DOCUMENTS", value_name = "FILE")]
    pub trusted_documents: Option<PathBuf>,

    /// Size of the cache of parsed and validated documents, in bytes of text; 0 disables it
    #[arg(long, env = "GATEWAY_DOCUMENT_CACHE", value_name = "BYTES", default_value_t = 262_144,
          value_parser = bytes(0..=1_073_741_824_u32))]
    pub document_cache: u32,
}

/// Apollo Federation settings.
#[derive(Args, Clone)]
#[command(next_help_heading = "Federation")]
pub struct FederationOptions {
    /// Include the fields node and nodes in the subgraph. on: composition fails if another subgraph
    /// has them. off: direct clients do not have them either [default: only direct clients have
    /// them]
    #[arg(
        long,
        env = "GATEWAY_NODE_IN_SUBGRAPH",
        value_name = "on|off",
        value_enum,
        hide_possible_values = true
    )]
    pub node_in_subgraph: Option<Switch>,

    /// Mark fields that need a signed-in viewer with @authenticated in the subgraph's schema. The
    /// gateway enforces access either way; a router that does not authenticate viewers denies these
    /// fields to everyone, or rejects the supergraph
    #[arg(
        long,
        env = "GATEWAY_AUTH_DIRECTIVES",
        value_name = "on|off",
        value_enum,
        hide_possible_values = true,
        default_value_t
    )]
    pub auth_directives: Switch,
}

impl FederationOptions {
    /// Returns the schema settings.
    pub fn schema(
        &self,
        introspection: bool,
        subgraph_sdl: SubgraphSdl,
        mutations: bool,
    ) -> SchemaSettings {
        SchemaSettings {
            introspection,
            subgraph_sdl,
            node: match self.node_in_subgraph {
                None => NodeFields::Direct,
                Some(Switch::On) => NodeFields::Everywhere,
                Some(Switch::Off) => NodeFields::Nowhere,
            },
            auth_directives: self.auth_directives == Switch::On,
            mutations,
        }
    }
}
