//! The GraphQL schema, one file a type.
//!
//! An object is a tuple of a view that [`crate::access`] made; resolvers read it, and call the access
//! module with it for other objects. The function behind a list is in the file of the rows' type, and
//! has the name of the list in `access`: `workspace_invites_of(ctx, parent, filter, order_by, page)`.
//! It takes the proof of access before it reads the arguments, so that an error about them reveals
//! nothing to viewers without access.

mod connection;
mod context;
mod course;
mod course_invite;
mod cursor;
mod eager;
mod error;
mod execution;
mod external_id;
mod federation;
mod filter;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod group;
mod group_invite;
mod group_preview;
mod id;
mod introspection;
mod invite;
mod invite_code;
mod invite_counts;
mod invite_event;
mod json;
mod linked_invite;
mod mutation;
mod node;
mod one_of;
mod scalar;
mod tag;
mod user;
mod validated;
mod viewer;
mod workspace;
mod workspace_invite;

use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions, SchemaBuilder};

pub(crate) use error::rate_limited_error;
pub use error::{Code, Failure, INTERNAL_MESSAGE};
pub(crate) use execution::limit_error;
pub use execution::{Executed, Executor, Refusal};
use federation::{
    Authenticated, Changed, Keyed, Served, Unfederated, WithoutMutations, WithoutNode, linked,
};
pub use graphql_documents::{Limits, Operation, Request};
pub use id::{NodeKind, invite_id, parse_id, parse_invite_id};
pub use mutation::{Explanation, Mutation};
use validated::Validated;

/// The schema, independent of requests.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// Root of all queries.
#[derive(Default, MergedObject)]
pub struct Query(
    invite_code::InviteCodeQuery,
    workspace_invite::WorkspaceInviteQuery,
    group_invite::GroupInviteQuery,
    group_preview::GroupPreviewQuery,
    linked_invite::LinkedInviteQuery,
    workspace::WorkspaceQuery,
    group::GroupQuery,
    course::CourseQuery,
    node::NodeQuery,
    user::UserQuery,
    viewer::ViewerQuery,
    federation::FederationQuery,
);

/// Which schemas have the root fields `node` and `nodes`. Two subgraphs that have them do not compose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeFields {
    /// The served schema, for direct clients, and not the subgraph's.
    #[default]
    Direct,
    /// Both.
    Everywhere,
    /// Neither.
    Nowhere,
}

/// Access to the subgraph's schema, `_service { sdl }`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SubgraphSdl {
    /// Everybody.
    #[default]
    Public,
    /// Clients that send a bearer token.
    SignedIn,
    /// Nobody.
    Off,
}

/// Settings of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaSettings {
    /// Enables introspection: `__schema` and `__type`.
    pub introspection: bool,
    /// Access to the subgraph's schema.
    pub subgraph_sdl: SubgraphSdl,
    /// Schemas that have `node` and `nodes`.
    pub node: NodeFields,
    /// Adds `@authenticated` to the subgraph's schema.
    pub auth_directives: bool,
    /// Has mutations.
    pub mutations: bool,
}

impl Default for SchemaSettings {
    fn default() -> Self {
        Self {
            introspection: true,
            subgraph_sdl: SubgraphSdl::Public,
            node: NodeFields::default(),
            auth_directives: false,
            mutations: true,
        }
    }
}

type Builder = SchemaBuilder<Query, Mutation, EmptySubscription>;

fn builder(settings: SchemaSettings, has_node: bool) -> Builder {
    let mut builder = Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .register_output_type::<invite::Invite>();
    // First, since it removes unused types: without the fields that return nodes, `Node` is one.
    if !settings.mutations {
        builder = builder.register_output_type::<Changed<WithoutMutations>>();
    }
    if !has_node {
        builder = builder.register_output_type::<Changed<WithoutNode>>();
    }
    builder
}

/// Builds the schema that executes validated operations. The data of each request has its
/// [`crate::access::Access`], in an `Arc`.
fn schema(settings: SchemaSettings) -> Schema {
    let builder = builder(settings, settings.node != NodeFields::Nowhere)
        .data(Served::with(settings))
        .extension(Validated);
    if settings.introspection {
        builder.finish()
    } else {
        builder.disable_introspection().finish()
    }
}

/// Returns the public schema in the schema definition language, sorted, without federation's types.
pub fn sdl(settings: SchemaSettings) -> String {
    let schema = builder(settings, settings.node != NodeFields::Nowhere)
        .register_output_type::<Changed<Unfederated>>()
        .finish();
    export(&schema, SDLExportOptions::new())
}

/// Returns the schema that supergraphs compose: that of a subgraph of Apollo Federation 2.
pub fn subgraph_sdl(settings: SchemaSettings) -> String {
    let mut builder = builder(settings, settings.node == NodeFields::Everywhere)
        .register_output_type::<Changed<Keyed>>();
    if settings.auth_directives {
        builder = builder.register_output_type::<Changed<Authenticated>>();
    }
    let exported = export(&builder.finish(), SDLExportOptions::new().federation());
    linked(&exported, settings.auth_directives)
}

/// Returns the served schema, with the fields for routers.
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
