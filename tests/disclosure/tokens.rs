//! No response contains a workspace invite's token. The test selects every field of the schema.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose};
use serde_json::{Value, json};

use super::{INVITEE, INVITER, MANAGER, STAFF, build};
use crate::support::{Gateway, Viewer, WIDE, data, each_database, graphql_with_limits, invite_id};

const INTROSPECTION: &str = "{ __schema { types { kind name
    fields { name args { name type { kind } } type { ...Type } }
    possibleTypes { name } } } }
    fragment Type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// Output types of the schema, from introspection.
struct Types(HashMap<String, Value>);

impl Types {
    async fn ask(gateway: &Gateway) -> Self {
        let data = gateway.data(Viewer::Anonymous, INTROSPECTION).await;
        let types = data["__schema"]["types"].as_array().expect("types");
        let by_name = types.iter().map(|of| (text(&of["name"]), of.clone()));
        Self(by_name.collect())
    }

    /// Selects every field of a type to a depth, each with an alias of its own.
    fn everything(&self, type_name: &str, depth: usize) -> String {
        let of = &self.0[type_name];
        if let Some(possible) = of["possibleTypes"].as_array() {
            let fragment = |name: &Value| {
                let name = text(&name["name"]);
                let fields = self.everything(&name, depth);
                format!("... on {name} {{ __typename {fields} }} ")
            };
            return possible.iter().map(fragment).collect();
        }
        let mut selection = String::new();
        for field in of["fields"].as_array().expect("fields") {
            let needs_argument = |argument: &Value| argument["type"]["kind"] == "NON_NULL";
            if field["args"]
                .as_array()
                .expect("arguments")
                .iter()
                .any(needs_argument)
            {
                continue;
            }
            let name = text(&field["name"]);
            let leaf = leaf(&field["type"]);
            let inner = match self.0[&leaf]["kind"].as_str() {
                Some("SCALAR" | "ENUM") => String::new(),
                _ if depth == 0 => continue,
                _ => format!("{{ __typename {} }}", self.everything(&leaf, depth - 1)),
            };
            selection.push_str(&format!("{type_name}_{name}: {name} {inner} "));
        }
        selection
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Returns the name of a type without lists and non-nulls.
fn leaf(of: &Value) -> String {
    match &of["ofType"] {
        Value::Null => text(&of["name"]),
        inner => leaf(inner),
    }
}

/// Returns every encoding of the invite's token.
fn spellings(id: i64) -> Vec<String> {
    let token = data::token(id);
    let mut spellings = vec![token.hyphenated().to_string(), token.simple().to_string()];
    for engine in [
        general_purpose::STANDARD_NO_PAD,
        general_purpose::URL_SAFE_NO_PAD,
    ] {
        spellings.push(engine.encode(token.as_bytes()));
        spellings.push(engine.encode(token.hyphenated().to_string()));
    }
    // Without the ends, whose letters depend on adjacent bytes.
    for encoded in &mut spellings[2..] {
        *encoded = encoded[..encoded.len() - 2].to_owned();
    }
    spellings
}

each_database! {
    async fn no_response_contains_a_workspace_invites_token(gateway) {
        build(&gateway).await;
        let gateway = gateway.with(|parts| parts.graphql = graphql_with_limits(WIDE, 0));
        let types = Types::ask(&gateway).await;
        let by_token = format!("workspaceInvite(token: \"{}\")", data::token(1));
        let by_id = format!("node(id: {:?})", invite_id("WorkspaceInvite", 1, 1));
        let of_workspace = r#"workspace(id: "1")"#.to_owned();
        let workspace_invites = "workspaceInvites".to_owned();
        let viewers = [
            Viewer::Anonymous,
            Viewer::User(INVITER),
            Viewer::User(INVITEE),
            Viewer::User(MANAGER),
            Viewer::Staff(STAFF),
        ];
        let mut invites = 0;
        for (field, type_name, depth) in [
            (by_token, "WorkspaceInvite", 3),
            (by_id, "WorkspaceInvite", 3),
            (of_workspace, "Workspace", 3),
            (workspace_invites, "WorkspaceInviteConnection", 3),
            ("viewer".to_owned(), "Viewer", 3),
        ] {
            let selection = types.everything(type_name, depth);
            let selection = format!("{{ {field} {{ __typename ... on {type_name} {{ {selection} }} }} }}");
            for viewer in viewers {
                let response = gateway.graphql(viewer, &selection).await;
                assert!(response.get("data").is_some(), "{field}: {response}");
                let response = response.to_string();
                invites += usize::from(response.contains("WorkspaceInvite_message"));
                for spelling in spellings(1) {
                    let found = response.to_lowercase().contains(&spelling.to_lowercase());
                    assert!(!found, "{viewer:?} {field}: {response}");
                }
            }
        }
        assert!(invites >= 12, "only {invites} responses showed the invite");
    }

    async fn no_rest_response_repeats_a_token(gateway) {
        build(&gateway).await;
        for viewer in [Viewer::Anonymous, Viewer::User(MANAGER), Viewer::Staff(STAFF)] {
            let response = gateway.get(viewer, &format!("/api/v1/invites/{}/", data::token(1))).await;
            assert_eq!(response.json["workspace_id"], 1);
            for spelling in spellings(1) {
                assert!(!response.text.contains(&spelling), "{}", response.text);
            }
        }
    }

    async fn no_type_has_a_field_for_a_token(gateway) {
        let types = Types::ask(&gateway).await;
        let mut fields = 0;
        for of in types.0.values() {
            for field in of["fields"].as_array().into_iter().flatten() {
                fields += 1;
                let name = text(&field["name"]).to_lowercase();
                assert!(!name.contains("token"), "{}.{name}", of["name"]);
            }
        }
        assert!(fields > 100, "{fields}");
    }

    async fn an_error_does_not_repeat_a_token_or_code(gateway) {
        build(&gateway).await;
        let token = data::token(1).to_string();
        for (document, variables) in [
            (format!("{{ workspaceInvite(token: \"{token}\") {{ workspace {{ invites {{ totalCount }} }} }} }}"), json!({})),
            (format!("{{ workspaceInvite(token: [\"{token}\"]) {{ id }} }}"), json!({})),
            (format!("{{ workspaceInvite(tokens: \"{token}\") {{ id }} }}"), json!({})),
            (format!("{{ workspaceInvite(token: {{ it: \"{token}\" }}) {{ id }} }}"), json!({})),
            (format!("{{ workspaceInvite(token: \"{token}\" {{ id }} }}"), json!({})),
            ("query ($it: String!) { workspaceInvite(token: $it) { id } }".to_owned(), json!({ "it": [token] })),
            ("query ($it: String!) { workspaceInvite(token: $it) { id } }".to_owned(), json!({ "it": { "it": token } })),
            ("query ($it: String!) { inviteCode(code: $it) { id } }".to_owned(), json!({ "it": [token] })),
            (format!("{{ inviteCode(code: [\"{token}\"]) {{ id }} }}"), json!({})),
            (format!("{{ inviteCode(code: {token}) {{ id }} }}"), json!({})),
        ] {
            let response = gateway.graphql_with(Viewer::Anonymous, &document, variables).await;
            assert!(response["errors"][0]["message"].is_string(), "{document}: {response}");
            assert!(!response.to_string().contains(&token), "{document}: {response}");
        }
    }
}
