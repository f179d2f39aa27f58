//! What shape: the schema, one file a type. Resolvers ask the access module and wrap its views.

mod connection;
mod context;
mod course;
mod course_invite;
mod cursor;
mod eager;
mod error;
mod execution;
mod federation;
mod filter;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod group;
mod group_invite;
mod id;
mod introspection;
mod invite;
mod invite_code;
mod json;
mod node;
mod scalar;
mod tag;
mod user;
mod validated;
mod viewer;
mod workspace;
mod workspace_invite;

use async_graphql::{
    EmptyMutation, EmptySubscription, MergedObject, SDLExportOptions, SchemaBuilder,
};

pub(crate) use error::rate_limited_error;
pub use error::{Code, Failure, INTERNAL_MESSAGE};
pub(crate) use execution::limit_error;
pub use execution::{Executed, Executor, Refusal};
use federation::{Authenticated, Changed, Keyed, Served, Unfederated, WithoutNode, linked};
pub use graphql_documents::{Limits, Operation, Request};
use validated::Validated;

/// The schema, with nothing of a request in it.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, EmptySubscription>;

/// Root of all queries.
#[derive(Default, MergedObject)]
pub struct Query(
    invite_code::InviteCodeQuery,
    workspace_invite::WorkspaceInviteQuery,
    group_invite::GroupInviteQuery,
    workspace::WorkspaceQuery,
    group::GroupQuery,
    course::CourseQuery,
    node::NodeQuery,
    viewer::ViewerQuery,
    federation::FederationQuery,
);

/// Where the root fields `node` and `nodes` are. Two subgraphs that have them do not compose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeFields {
    /// In the served schema, for direct clients; not in the subgraph's.
    #[default]
    Direct,
    /// In both.
    Everywhere,
    /// In neither.
    Nowhere,
}

/// Who may read the subgraph's schema by `_service { sdl }`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SubgraphSdl {
    /// Everybody.
    #[default]
    Public,
    /// Whoever sends a bearer token.
    SignedIn,
    /// Nobody.
    Off,
}

/// What of the schema the operator settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaSettings {
    /// Whether it tells what it is: `__schema` and `__type`.
    pub introspection: bool,
    /// Who may read the subgraph's schema.
    pub subgraph_sdl: SubgraphSdl,
    /// Where `node` and `nodes` are.
    pub node: NodeFields,
    /// Whether the subgraph's schema has `@authenticated`.
    pub auth_directives: bool,
}

impl Default for SchemaSettings {
    fn default() -> Self {
        Self {
            introspection: true,
            subgraph_sdl: SubgraphSdl::Public,
            node: NodeFields::default(),
            auth_directives: false,
        }
    }
}

type Builder = SchemaBuilder<Query, EmptyMutation, EmptySubscription>;

fn builder(has_node: bool) -> Builder {
    let builder = Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .register_output_type::<invite::Invite>();
    if has_node {
        builder
    } else {
        builder.register_output_type::<Changed<WithoutNode>>()
    }
}

/// The schema, to execute what is validated already. Each request brings its
/// [`crate::access::Access`] as data, in an `Arc`.
fn schema(settings: SchemaSettings) -> Schema {
    let builder = builder(settings.node != NodeFields::Nowhere)
        .data(Served::with(settings))
        .extension(Validated);
    if settings.introspection {
        builder.finish()
    } else {
        builder.disable_introspection().finish()
    }
}

/// The public schema in the schema definition language, sorted, without federation machinery.
pub fn sdl(settings: SchemaSettings) -> String {
    let schema = builder(settings.node != NodeFields::Nowhere)
        .register_output_type::<Changed<Unfederated>>()
        .finish();
    export(&schema, SDLExportOptions::new())
}

/// The schema for the composition of a supergraph: that of a subgraph of Apollo Federation 2.
pub fn subgraph_sdl(settings: SchemaSettings) -> String {
    let mut builder =
        builder(settings.node == NodeFields::Everywhere).register_output_type::<Changed<Keyed>>();
    if settings.auth_directives {
        builder = builder.register_output_type::<Changed<Authenticated>>();
    }
    let exported = export(&builder.finish(), SDLExportOptions::new().federation());
    linked(&exported, settings.auth_directives)
}

/// The whole schema as it is served, what is for routers included.
fn definition(schema: &Schema) -> String {
    export(schema, SDLExportOptions::new())
}

fn export(schema: &Schema, options: SDLExportOptions) -> String {
    let options = options
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    format!("{}\n", schema.sdl_with_options(options).trim_end())
}
