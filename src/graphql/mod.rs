//! What shape: the schema, one file a type. Resolvers ask the access module and wrap its views.

mod connection;
mod context;
mod course;
mod course_invite;
mod cursor;
mod error;
mod execution;
mod filter;
mod group;
mod group_invite;
mod id;
mod invite;
mod invite_code;
mod node;
mod scalar;
mod tag;
mod user;
mod viewer;
mod workspace;
mod workspace_invite;

use async_graphql::{
    EmptyMutation, EmptySubscription, MergedObject, SDLExportOptions, SchemaBuilder, ValidationMode,
};

pub use error::{Code, Failure, INTERNAL_MESSAGE};
pub use execution::{Executor, Prepared, Refusal, Request};

/// The schema, with nothing of a request in it.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, EmptySubscription>;

/// Everything that can be asked.
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
);

/// Deepest selection that is answered: every page of the schema, and introspection as GraphiQL
/// asks for it, stay well below.
const MAX_DEPTH: usize = 20;

/// What of the schema can be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaSettings {}

/// The schema, to execute what is validated already. Each request brings its
/// [`crate::access::Access`] as data, in an `Arc`.
fn schema(settings: SchemaSettings) -> Schema {
    schema_builder(settings)
        .validation_mode(ValidationMode::Fast)
        .finish()
}

fn schema_builder(
    SchemaSettings {}: SchemaSettings,
) -> SchemaBuilder<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .register_output_type::<invite::Invite>()
        .limit_depth(MAX_DEPTH)
        .disable_suggestions()
}

/// The schema in the schema definition language, sorted, without federation machinery.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    let sdl = schema(SchemaSettings::default()).sdl_with_options(options);
    format!("{}\n", sdl.trim_end())
}
