//! Settings of GraphQL, and of the gateway as a subgraph.

use std::path::PathBuf;

use clap::Args;

use super::Switch;
use crate::graphql::{NodeFields, SchemaSettings, SubgraphSdl};

/// How GraphQL is served.
#[derive(Args, Clone)]
#[command(next_help_heading = "GraphQL")]
pub struct GraphqlOptions {
    /// Most operations in one request, as a list, 0 to 100: 5 where no number is given; 0 takes no
    /// lists
    #[arg(long, env = "GATEWAY_MAX_BATCH", value_name = "NUMBER", default_value_t = 0,
          num_args = 0..=1, default_missing_value = "5",
          value_parser = clap::value_parser!(u16).range(0..=100))]
    pub max_batch: u16,

    /// Whether clients may register documents by their SHA-256, and then name them (Apollo's
    /// automatic persisted queries); each process keeps its own
    #[arg(
        long,
        env = "GATEWAY_AUTOMATIC_PERSISTED_QUERIES",
        value_enum,
        default_value_t
    )]
    pub automatic_persisted_queries: Switch,

    /// Execute the documents of this file alone: Apollo's operation manifest, or what Relay's
    /// compiler persists
    #[arg(long, env = "GATEWAY_TRUSTED_DOCUMENTS", value_name = "FILE")]
    pub trusted_documents: Option<PathBuf>,

    /// How much text of documents to remember as parsed and validated, in bytes; 0 remembers none
    #[arg(long, env = "GATEWAY_DOCUMENT_CACHE", value_name = "BYTES", default_value_t = 262_144,
          value_parser = clap::value_parser!(u32).range(0..=1_073_741_824))]
    pub document_cache: u32,
}

/// How the gateway is a subgraph of Apollo Federation.
#[derive(Args, Clone)]
#[command(next_help_heading = "Federation")]
pub struct FederationOptions {
    /// Whether the fields node and nodes are in the subgraph. on: they are, which composes only
    /// where no other subgraph has them. off: they are not, nor are direct clients answered them
    /// [default: not in the subgraph, but answered to direct clients]
    #[arg(
        long,
        env = "GATEWAY_NODE_IN_SUBGRAPH",
        value_name = "on|off",
        value_enum,
        hide_possible_values = true
    )]
    pub node_in_subgraph: Option<Switch>,

    /// Whether the subgraph's schema has @authenticated at the fields that need a signed-in viewer.
    /// Off by default: the gateway denies them by itself, and a router that does not authenticate
    /// viewers denies such fields to everybody, or refuses the supergraph
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
    /// The schema that these options describe.
    pub fn schema(&self, introspection: bool, subgraph_sdl: SubgraphSdl) -> SchemaSettings {
        SchemaSettings {
            introspection,
            subgraph_sdl,
            node: match self.node_in_subgraph {
                None => NodeFields::Direct,
                Some(Switch::On) => NodeFields::Everywhere,
                Some(Switch::Off) => NodeFields::Nowhere,
            },
            auth_directives: self.auth_directives == Switch::On,
        }
    }
}
