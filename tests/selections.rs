//! Selections: type conditions of fragments, and conditions by variables.

use axum::http::{Method, header};
use serde_json::json;

use crate::support::{
    Viewer, any_database,
    data::{group, group_invite, group_member, invite_code, user},
    global_id,
};

any_database! {
    async fn a_fragment_on_a_union_applies_to_its_members(gateway) {
        gateway.add(user(1, "ada")).await;
        gateway.add(group(1, "lovers-of-engines")).await;
        gateway.add(group_member(1, 1, "owner")).await;
        gateway.add(group_invite(1, 1, "open-sesame")).await;
        let card = "fragment Card on InviteTarget {
            __typename ... on Group { slug } ... on Workspace { name } ...Inner
        } fragment Inner on InviteTarget { ... on Node { ... on InviteTarget { ... on Group { databaseId } } } }";
        let expected = json!({ "__typename": "Group", "slug": "lovers-of-engines", "databaseId": "1" });
        for (document, path) in [
            // On an object, an interface and the union itself.
            ("query A { group(id: \"lovers-of-engines\") { ...Card } }", "/group"),
            ("query A { group(id: \"lovers-of-engines\") { ... on Node { ...Card } } }", "/group"),
            ("query A { groupInvites { nodes { target { ...Card } } } }", "/groupInvites/nodes/0/target"),
            ("query A($on: Boolean = true) { group(id: \"lovers-of-engines\") { ...Card @include(if: $on) } }", "/group"),
            ("query A { group(id: \"lovers-of-engines\") { ... on InviteTarget { ...Card } __typename } }", "/group"),
        ] {
            let data = gateway.data(Viewer::User(1), &format!("{document} {card}")).await;
            assert_eq!(data.pointer(path), Some(&expected), "{document}\n{data}");
        }
        let left_out = "{ group(id: \"lovers-of-engines\") { slug ... on InviteTarget @include(if: false) { __typename } } }";
        let data = gateway.data(Viewer::User(1), left_out).await;
        assert_eq!(data, json!({ "group": { "slug": "lovers-of-engines" } }));
    }

    async fn a_condition_uses_its_variable_or_the_default(gateway) {
        gateway.add(invite_code(1, "WELCOME")).await;
        let code = |of: &str| format!(
            "query A($on: Boolean{of}) {{ inviteCode(code: \"WELCOME\") {{ a: code
                b: code @include(if: $on) c: code @skip(if: $on)
                ... @include(if: $on) {{ d: code }} ... on InviteCode @skip(if: $on) {{ e: code }}
                ...F @include(if: $on) ...G @skip(if: $on)
            }} }} fragment F on InviteCode {{ f: code }} fragment G on InviteCode {{ g: code }}"
        );
        for (of, variables, expected) in [
            (" = true", json!({}), "abdf"),
            (" = false", json!({}), "aceg"),
            (" = true", json!({ "on": false }), "aceg"),
            (" = false", json!({ "on": true }), "abdf"),
            ("!", json!({ "on": true }), "abdf"),
            ("!", json!({ "on": false }), "aceg"),
        ] {
            let response = gateway.graphql_with(Viewer::Anonymous, &code(of), variables.clone()).await;
            let found = response["data"]["inviteCode"].as_object().expect("an invite");
            assert_eq!(found.keys().cloned().collect::<String>(), expected, "{of} {variables}");
        }
    }

    async fn a_condition_that_is_null_is_refused(gateway) {
        for document in [
            "query ($on: Boolean = true) { viewer @include(if: $on) { user { id } } __typename }",
            "query ($on: Boolean = true) { a: __typename ... @skip(if: $on) { a: __typename } }",
        ] {
            let response = gateway.graphql_with(Viewer::Anonymous, document, json!({ "on": null })).await;
            assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{response}");
            assert_eq!(response.get("data"), None, "{response}");
        }
        // Variables of other operations are ignored.
        let both = "query A { a: __typename } query B($on: Boolean = true) { b: __typename @include(if: $on) }";
        let body = json!({ "query": both, "operationName": "A", "variables": { "on": null } });
        let request = gateway
            .request(Viewer::Anonymous, Method::POST, "/graphql")
            .header(header::CONTENT_TYPE, "application/json");
        let response = gateway.send(request.body(body.to_string().into()).expect("a request")).await;
        assert_eq!(response.json, json!({ "data": { "a": "Query" } }));
    }

    async fn repeated_selections_merge_into_one_field(gateway) {
        gateway.add(user(1, "ada")).await;
        for (document, expected) in [
            // It fails once, and nulls its parents.
            (
                "{ ...{ viewer { user { id } } } ...{ viewer { courses(first: -1) { totalCount } } } }",
                json!({ "viewer": null }),
            ),
            (
                "{ ...{ viewer { courses(first: -1) { totalCount } } } ...{ viewer { courses(first: -1) { nodes { id } } } } }",
                json!({ "viewer": null }),
            ),
        ] {
            let response = gateway.graphql(Viewer::User(1), document).await;
            assert_eq!(response["data"], expected, "{document}\n{response}");
            assert_eq!(response["errors"].as_array().map(Vec::len), Some(1), "{document}\n{response}");
        }
        let denied = "{ ...{ inviteCodes { totalCount } } ...{ inviteCodes { nodes { id } } } }";
        let response = gateway.graphql(Viewer::Anonymous, denied).await;
        assert_eq!(response["errors"].as_array().map(Vec::len), Some(1), "{response}");
    }

    async fn fields_keep_the_order_of_the_document(gateway) {
        gateway.add(user(1, "ada")).await;
        let expected = r#"{"data":{"viewer":{"user":{"databaseId":"1","username":"ada","fullName":"Full ada"}}}}"#;
        for document in [
            "{ viewer { user { databaseId username fullName } } }",
            "{ viewer { user { databaseId ... { username } fullName } } }",
            "{ viewer { user { databaseId } ... { user { username } } user { fullName databaseId } } }",
            "{ viewer { user { databaseId } user @include(if: true) { username } user { fullName } } }",
            "{ viewer { ...A user { fullName } } } fragment A on Viewer { ...B user { username } } fragment B on Viewer { user { databaseId } }",
            "query ($on: Boolean = true) { viewer { user { databaseId } user @include(if: $on) { username } user { fullName } } }",
        ] {
            let body = json!({ "query": document }).to_string();
            let request = gateway
                .request(Viewer::User(1), Method::POST, "/graphql")
                .header(header::CONTENT_TYPE, "application/json");
            let response = gateway.send(request.body(body.into()).expect("a request")).await;
            assert_eq!(response.text, expected, "{document}");
        }
    }

    async fn fields_with_one_name_must_have_the_same_arguments(gateway) {
        gateway.add(group(1, "engines")).await;
        let (one, two) = (global_id("Group", 1), global_id("Group", 2));
        for (fragment, spread) in [("", "..."), ("fragment F on Query", "...F ")] {
            let other = format!("{{ a: nodes(ids: [\"{one}\", \"{two}\"]) {{ __typename }} }}");
            let document = match fragment {
                "" => format!("{{ a: nodes(ids: [\"{one}\"]) {{ id }} {spread} {other} }}"),
                _ => format!("{{ a: nodes(ids: [\"{one}\"]) {{ id }} {spread} }} {fragment} {other}"),
            };
            let response = gateway.graphql(Viewer::Anonymous, &document).await;
            let code = &response["errors"][0]["extensions"]["code"];
            assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{document}\n{response}");
        }
    }

    async fn nested_fragments_on_unions_cost_their_fields(gateway) {
        gateway.add(user(1, "ada")).await;
        gateway.add(group(1, "lovers-of-engines")).await;
        gateway.add(group_member(1, 1, "owner")).await;
        for (open, times) in [("... on InviteTarget { ", 20), ("... on InviteTarget { ... on Node { ", 10)] {
            let close = " }".repeat(times * open.matches('{').count());
            let nested = format!("{}__typename{close}", open.repeat(times));
            let document = format!("{{ group(id: \"lovers-of-engines\") {{ {nested} }} }}");
            let data = gateway.data(Viewer::User(1), &document).await;
            assert_eq!(data, json!({ "group": { "__typename": "Group" } }));
            let document = format!("{{ groupInvites {{ nodes {{ target {{ {nested} }} }} }} }}");
            let data = gateway.data(Viewer::User(1), &document).await;
            assert_eq!(data, json!({ "groupInvites": { "nodes": [] } }));
        }
    }
}
