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
mod introspection;
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
    EmptyMutation, EmptySubscription, MergedObject, Request, Response, SDLExportOptions,
};

pub use error::{Code, Failure, INTERNAL_MESSAGE};

/// The schema, with nothing of a request in it.
#[derive(Clone)]
pub struct Schema {
    executable: async_graphql::Schema<Query, EmptyMutation, EmptySubscription>,
    settings: SchemaSettings,
}

/// What the schema answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaSettings {
    /// Whether it tells what it is: `__schema` and `__type`.
    pub introspection: bool,
}

impl Default for SchemaSettings {
    fn default() -> Self {
        Self {
            introspection: true,
        }
    }
}

impl Schema {
    /// Answers a request, which brings its [`crate::access::Access`] as data, in an `Arc`.
    pub async fn execute(&self, mut request: Request) -> Response {
        if !self.settings.introspection
            && let Ok(document) = request.parsed_query()
            && let Some(error) = introspection::refusal(document)
        {
            return Response::from_errors(vec![error]);
        }
        self.executable.execute(request).await
    }
}

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

/// The schema with these settings.
pub fn schema(settings: SchemaSettings) -> Schema {
    let builder = async_graphql::Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .register_output_type::<invite::Invite>()
        .limit_depth(MAX_DEPTH)
        .disable_suggestions();
    let executable = if settings.introspection {
        builder.finish()
    } else {
        builder.disable_introspection().finish()
    };
    Schema {
        executable,
        settings,
    }
}

/// The schema in the schema definition language, sorted, without federation machinery.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident();
    let sdl = schema(SchemaSettings::default())
        .executable
        .sdl_with_options(options);
    format!("{}\n", sdl.trim_end())
}
