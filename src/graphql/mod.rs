//! What shape: the schema, one file a type. Resolvers ask the access module and wrap its views.

mod connection;
mod context;
mod course;
mod course_invite;
mod cursor;
mod error;
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

use async_graphql::{EmptyMutation, EmptySubscription, MergedObject, SDLExportOptions};

pub use error::{Code, Failure, INTERNAL_MESSAGE};

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

/// The schema. Each request brings its [`crate::access::Access`] as data, in an `Arc`.
pub fn schema() -> Schema {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .register_output_type::<invite::Invite>()
        .limit_depth(MAX_DEPTH)
        .disable_suggestions()
        .finish()
}

/// The schema in the schema definition language, sorted, without federation machinery.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    let sdl = schema().sdl_with_options(options);
    format!("{}\n", sdl.trim_end())
}
