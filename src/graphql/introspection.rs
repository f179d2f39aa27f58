//! Disabled fields: introspection and the subgraph's schema. Documents that select one are refused.

use async_graphql::{Name, Positioned, ServerError};

use super::{Code, SchemaSettings, SubgraphSdl};

/// The root field of the subgraph's schema.
const SERVICE: &str = "_service";

/// Extension of the error besides its code, as in other servers.
const VALIDATION_CODE: &str = "INTROSPECTION_DISABLED";

/// Returns the names of the disabled fields. `__typename` is never disabled.
pub(super) fn disabled_fields(settings: SchemaSettings) -> Vec<&'static str> {
    let mut disabled = Vec::new();
    if !settings.introspection {
        disabled.extend(["__schema", "__type"]);
    }
    if settings.subgraph_sdl == SubgraphSdl::Off {
        disabled.push(SERVICE);
    }
    disabled
}

/// Returns the error of a document that selects a disabled field.
pub(super) fn disabled_error(field: &Positioned<Name>) -> ServerError {
    let is_service = field.node == SERVICE;
    let what = match is_service {
        true => "The subgraph's schema",
        false => "Introspection",
    };
    let message = format!("{what} is disabled; {} cannot be selected.", field.node);
    let mut error = ServerError::new(message, Some(field.pos));
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", Code::GraphqlValidationFailed.as_str());
    if !is_service {
        extensions.set("validationErrorCode", VALIDATION_CODE);
    }
    error
}
