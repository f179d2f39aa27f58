//! Lints the schema and the documents with the rules of `@graphql-eslint`.

use serde_json::json;

use crate::support::node::node;

#[tokio::test]
async fn the_schema_and_the_documents_pass_the_linter() {
    let linted = node("lint/lint.mjs", &[]).await;
    // The schema, fourteen documents and two queries of the guide.
    assert_eq!(linted, json!({ "linted": 17, "found": [], "missing": [] }));
}
