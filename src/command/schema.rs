//! `schema`: prints the schema, for clients or for the composition of a supergraph.

use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::{
    config::FederationOptions,
    graphql::{self, SubgraphSdl},
};

#[derive(Args)]
pub(super) struct SchemaArgs {
    /// Print the schema of the subgraph, as `_service { sdl }` answers it: with the directives of
    /// Apollo Federation 2
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
