//! What is selected: fragments apply to what they are on, and conditions by variables hold.

use serde_json::json;

use crate::support::{
    Viewer,
    data::{group, group_invite, group_member, invite_code, user},
    each_database,
};

each_database! {
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

    async fn a_condition_goes_by_its_variable_or_the_default_of_that(gateway) {
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
            let answer = gateway.graphql_with(Viewer::Anonymous, &code(of), variables.clone()).await;
            let found = answer["data"]["inviteCode"].as_object().expect("an invite");
            assert_eq!(found.keys().cloned().collect::<String>(), expected, "{of} {variables}");
        }
    }

    async fn fragments_on_unions_within_each_other_cost_what_they_hold(gateway) {
        gateway.add(user(1, "ada")).await;
        gateway.add(group(1, "lovers-of-engines")).await;
        gateway.add(group_member(1, 1, "owner")).await;
        let nested = "... on InviteTarget { ... on Node { ".repeat(9) + "id" + &" } }".repeat(9);
        let document = format!("{{ group(id: \"lovers-of-engines\") {{ {nested} }} }}");
        let started = std::time::Instant::now();
        let data = gateway.data(Viewer::User(1), &document).await;
        assert!(data["group"]["id"].is_string(), "{data}");
        assert!(started.elapsed().as_secs() < 10, "not three to the power of nine");
    }
}
