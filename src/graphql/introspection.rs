//! Introspection can be switched off; a document that asks for it is then refused as a whole.

use async_graphql::{
    Positioned, ServerError,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

/// What stands beside the code of the error, as other servers have it.
const VALIDATION_CODE: &str = "INTROSPECTION_DISABLED";

/// The error of a document that asks what the schema is; none of one that does not. `__typename` is
/// no such question.
pub(super) fn refusal(document: &ExecutableDocument) -> Option<ServerError> {
    let operations = document
        .operations
        .iter()
        .map(|(_, operation)| &operation.node.selection_set);
    let fragments = document
        .fragments
        .values()
        .map(|fragment| &fragment.node.selection_set);
    let asked = operations.chain(fragments).find_map(question)?;
    let message = format!(
        "Introspection is switched off here, so that {} cannot be asked for.",
        asked.node
    );
    let mut error = ServerError::new(message, Some(asked.pos));
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", super::Code::GraphqlValidationFailed.as_str());
    extensions.set("validationErrorCode", VALIDATION_CODE);
    Some(error)
}

/// The first field in a selection that asks what the schema is.
fn question(set: &Positioned<SelectionSet>) -> Option<&Positioned<async_graphql::Name>> {
    let selections = set.node.items.iter();
    selections
        .map(|selection| &selection.node)
        .find_map(|selection| match selection {
            Selection::Field(field) => match field.node.name.node.as_str() {
                "__schema" | "__type" => Some(&field.node.name),
                _ => question(&field.node.selection_set),
            },
            Selection::InlineFragment(inline) => question(&inline.node.selection_set),
            Selection::FragmentSpread(_) => None,
        })
}
