//! `_entities`: results of valid and invalid representations. `access` has the table of what each
//! viewer sees, `batching` the cost.

use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, global_id};

const ENTITIES: &str = "query($representations: [_Any!]!) {
    _entities(representations: $representations) {
        __typename
        ... on Tag { name }
        ... on User { username }
        ... on Course { slug }
    }
}";

async fn entities(gateway: &Gateway, viewer: Viewer<'_>, representations: Value) -> Value {
    let variables = json!({ "representations": representations });
    gateway.graphql_with(viewer, ENTITIES, variables).await
}

async fn fill(gateway: &Gateway) {
    gateway.add(data::user(1, "ada")).await;
    gateway.add(data::tag(1, "Rust")).await;
    gateway.add(data::course(1, "engines", 1)).await;
}

each_database! {
    async fn entities_of_mixed_types_keep_their_order(gateway) {
        fill(&gateway).await;
        let response = entities(&gateway, Viewer::User(1), json!([
            { "__typename": "Tag", "databaseId": "1" },
            { "__typename": "User", "id": global_id("User", 1) },
            { "__typename": "Tag", "databaseId": "999" },
            { "__typename": "Course", "databaseId": 1 },
            { "__typename": "Tag", "id": global_id("Tag", 1), "databaseId": "1" },
            { "__typename": "User", "databaseId": "1", "id": null, "username": "not a key" },
        ])).await;
        let tag = json!({ "__typename": "Tag", "name": "Rust" });
        let user = json!({ "__typename": "User", "username": "ada" });
        let course = json!({ "__typename": "Course", "slug": "engines" });
        assert_eq!(response, json!({ "data": { "_entities": [tag, user, null, course, tag, user] } }));
    }

    async fn an_unknown_representation_is_null_without_an_error(gateway) {
        fill(&gateway).await;
        let response = entities(&gateway, Viewer::User(1), json!([
            { "__typename": "User", "databaseId": "2" },
            { "__typename": "User", "id": global_id("User", 2) },
            // The id of another kind, no id, and two conflicting keys.
            { "__typename": "User", "id": global_id("Tag", 1) },
            { "__typename": "User", "id": "1" },
            { "__typename": "User", "id": global_id("User", 1), "databaseId": "2" },
        ])).await;
        assert_eq!(response, json!({ "data": { "_entities": [null, null, null, null, null] } }));
        let response = entities(&gateway, Viewer::Anonymous, json!([
            { "__typename": "User", "databaseId": "1" },
        ])).await;
        assert_eq!(response, json!({ "data": { "_entities": [null] } }));
    }

    async fn a_malformed_representation_is_an_error_and_does_not_affect_others(gateway) {
        fill(&gateway).await;
        let good = json!({ "__typename": "Tag", "databaseId": "1" });
        for (malformed, expected) in [
            (json!("Tag:1"), "must be objects with a __typename and a key"),
            (json!({ "databaseId": "1" }), "must have a __typename of InviteCode, "),
            (json!({ "__typename": 1, "databaseId": "1" }), "must have a __typename of InviteCode, "),
            (json!({ "__typename": "Invoice", "id": "1" }), "must have a __typename of InviteCode, "),
            (json!({ "__typename": "Tag" }), "must have id, databaseId, or source and externalId where __typename is Tag"),
            (json!({ "__typename": "Tag", "id": null }), "must have id, databaseId, or source"),
            (json!({ "__typename": "Tag", "id": 1 }), "must have a string as id"),
            (json!({ "__typename": "Tag", "id": ["x"] }), "must have a string as id"),
            (json!({ "__typename": "Tag", "databaseId": true }), "must have a 64-bit integer as databaseId"),
            (json!({ "__typename": "Tag", "databaseId": "one" }), "must have a 64-bit integer"),
            (json!({ "__typename": "Tag", "databaseId": 1.5 }), "must have a 64-bit integer"),
            (json!({ "__typename": "Tag", "databaseId": "9223372036854775808" }), "must have a 64-bit integer"),
        ] {
            let response = entities(&gateway, Viewer::User(1), json!([good, malformed, good])).await;
            let tag = json!({ "__typename": "Tag", "name": "Rust" });
            assert_eq!(response["data"]["_entities"], json!([tag, null, tag]), "{malformed}: {response}");
            let errors = response["errors"].as_array().expect("errors");
            assert_eq!(errors.len(), 1, "{response}");
            assert_eq!(errors[0]["path"], json!(["_entities", 1]));
            assert_eq!(errors[0]["extensions"]["code"], "BAD_USER_INPUT");
            let message = errors[0]["message"].as_str().expect("a message");
            assert!(message.starts_with(&format!("representations: {expected}")), "{message}");
        }
    }

    async fn a_hundred_representations_are_the_maximum(gateway) {
        fill(&gateway).await;
        let many = |n: usize| Value::from(vec![json!({ "__typename": "Tag", "databaseId": "1" }); n]);
        let response = entities(&gateway, Viewer::User(1), many(100)).await;
        assert_eq!(response["data"]["_entities"].as_array().map(Vec::len), Some(100));
        let response = entities(&gateway, Viewer::User(1), many(101)).await;
        assert_eq!(response["data"], Value::Null);
        assert_eq!(response["errors"][0]["message"], "Variable \"$representations\" of type \"[_Any!]!\" got an invalid value: expected at most 100 values, not 101.");
        assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(entities(&gateway, Viewer::User(1), many(0)).await, json!({ "data": { "_entities": [] } }));
    }

    async fn skipping_and_fragments_behave_as_on_every_field(gateway) {
        fill(&gateway).await;
        let document = r#"query($yes: Boolean!) {
            skipped: _entities(representations: [{ __typename: "Nothing" }]) @skip(if: $yes) { __typename }
            _entities(representations: [{ __typename: "Nothing" }]) @include(if: false) { __typename }
            tags: _entities(representations: { __typename: "Tag", databaseId: 1 }) @include(if: $yes) {
                ... on _Entity { ... on Node { id @skip(if: $yes) } ... on Tag { name } }
                ... on User { username }
                ...colored
            }
        }
        fragment colored on Tag { color }"#;
        let response = gateway.graphql_with(Viewer::User(1), document, json!({ "yes": true })).await;
        let tag = json!({ "name": "Rust", "color": "#aabbcc" });
        assert_eq!(response, json!({ "data": { "tags": [tag] } }));
    }
}
