//! Introspection and the subgraph's schema can be switched off; a document that asks for them is then
//! refused as a whole.

use async_graphql::{
    Positioned, ServerError,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use super::{SchemaSettings, SubgraphSdl};

/// The root field that gives the subgraph's schema.
const SERVICE: &str = "_service";

/// What stands beside the code of the error, as other servers have it.
const VALIDATION_CODE: &str = "INTROSPECTION_DISABLED";

/// The error of a document that asks for what the settings switch off: the schema, or the subgraph's
/// schema. None of one that does not. `__typename` is no such question.
pub(super) fn refusal(
    settings: SchemaSettings,
    document: &ExecutableDocument,
) -> Option<ServerError> {
    let mut refused = Vec::new();
    if !settings.introspection {
        refused.extend(["__schema", "__type"]);
    }
    if settings.subgraph_sdl == SubgraphSdl::Off {
        refused.push(SERVICE);
    }
    if refused.is_empty() {
        return None;
    }
    let operations = document
        .operations
        .iter()
        .map(|(_, operation)| &operation.node.selection_set);
    let fragments = document
        .fragments
        .values()
        .map(|fragment| &fragment.node.selection_set);
    let mut sets = operations.chain(fragments);
    let asked = sets.find_map(|set| question(&refused, set))?;
    let is_service = asked.node == SERVICE;
    let what = match is_service {
        true => "The subgraph's schema",
        false => "Introspection",
    };
    let message = format!(
        "{what} is switched off here, so that {} cannot be asked for.",
        asked.node
    );
    let mut error = ServerError::new(message, Some(asked.pos));
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", super::Code::GraphqlValidationFailed.as_str());
    if !is_service {
        extensions.set("validationErrorCode", VALIDATION_CODE);
    }
    Some(error)
}

/// The first field in a selection that has one of these names.
fn question<'a>(
    refused: &[&str],
    set: &'a Positioned<SelectionSet>,
) -> Option<&'a Positioned<async_graphql::Name>> {
    let selections = set.node.items.iter();
    selections
        .map(|selection| &selection.node)
        .find_map(|selection| match selection {
            Selection::Field(field) if refused.contains(&field.node.name.node.as_str()) => {
                Some(&field.node.name)
            }
            Selection::Field(field) => question(refused, &field.node.selection_set),
            Selection::InlineFragment(inline) => question(refused, &inline.node.selection_set),
            Selection::FragmentSpread(_) => None,
        })
}
