//! `schema`: prints the schema for clients, or the subgraph schema for a supergraph.

use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::{
    config::{FederationOptions, Switch},
    graphql::{self, SubgraphSdl},
};

#[derive(Args)]
pub(super) struct SchemaArgs {
    /// Print the subgraph schema with Apollo Federation 2 directives, as `_service { sdl }` returns
    /// it
    #[arg(long)]
    subgraph: bool,
    /// Include the mutations
    #[arg(
        long,
        value_name = "on|off",
        value_enum,
        hide_possible_values = true,
        default_value = "on"
    )]
    mutations: Switch,
    #[command(flatten)]
    federation: FederationOptions,
}

pub(super) fn run(args: &SchemaArgs) -> ExitCode {
    let has_mutations = args.mutations == Switch::On;
    let settings = args
        .federation
        .schema(true, SubgraphSdl::Public, has_mutations);
    print(&if args.subgraph {
        graphql::subgraph_sdl(settings)
    } else {
        graphql::sdl(settings)
    })
}
