//! `schema`: prints the schema for clients, or the subgraph schema for a supergraph.

use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::{
    config::FederationOptions,
    graphql::{self, SubgraphSdl},
};

#[derive(Args)]
pub(super) struct SchemaArgs {
    /// Print the subgraph schema with Apollo Federation 2 directives, as `_service { sdl }` returns
    /// it
    #[arg(long)]
    subgraph: bool,
    #[command(flatten)]
    federation: FederationOptions,
}

pub(super) fn run(args: &SchemaArgs) -> ExitCode {
    let settings = args.federation.schema(true, SubgraphSdl::Public);
    print(&if args.subgraph {
        graphql::subgraph_sdl(settings)
    } else {
        graphql::sdl(settings)
    })
}
