//! Routers over a supergraph of the gateway and two other subgraphs, which are in
//! `tests/clients/federation/others.mjs`.

use serde_json::{Value, json};

use crate::support::{
    any_database, code_id, data, global_id, invite_id,
    node::node,
    process::{Server, authorization},
};

any_database! {
    async fn a_router_that_does_not_authenticate_may_use_the_directives(gateway) {
        gateway.add(data::user(1, "grace")).await;
        let server = Server::with(&gateway.database_url, &["--auth-directives=on"]).await;
        let url = format!("http://{}/graphql", server.address);
        let query = "{ inviteCodes { totalCount } }";
        let mutation = "mutation { cancelInvites(input: { ids: [\"x\"] }) { results { userErrors { code } } } }";
        let requests = json!([
            { "query": query, "authorization": authorization(1) },
            { "query": query },
            { "query": mutation, "authorization": authorization(1) },
            { "query": mutation },
        ]);
        let output = node("federation/ask.mjs", &["hive", &url, &requests.to_string()]).await;
        assert_eq!(output[0]["answer"], json!({ "data": { "inviteCodes": { "totalCount": 0 } } }));
        assert_eq!(output[1]["answer"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{output}");
        let results = json!([{ "userErrors": [{ "code": "NOT_FOUND" }] }]);
        assert_eq!(output[2]["answer"], json!({ "data": { "cancelInvites": { "results": results } } }));
        assert_eq!(output[3]["answer"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{output}");
    }

    async fn routers_carry_out_the_mutations_of_the_viewer(gateway) {
        for (id, username) in [(1, "grace"), (2, "ada"), (3, "maria")] {
            gateway.add(data::user(id, username)).await;
        }
        gateway.add(data::course(1, "compilers", 1)).await;
        for user_id in [2, 3] {
            gateway.add(entity::course_invite::Model {
                invited_by_id: Some(1),
                ..data::course_invite(user_id, 1, user_id)
            }).await;
        }
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 1, "owner")).await;
        gateway.add(data::group(1, "weavers")).await;
        gateway.add(data::group_member(1, 1, "owner")).await;
        gateway.add(data::group_invite(1, 1, "JOIN-US")).await;
        let server = Server::new(&gateway.database_url).await;
        let url = format!("http://{}/graphql", server.address);
        // Each router has an invitee of its own.
        for (name, invitee, other) in [("apollo", 2, 3), ("hive", 3, 2)] {
            let journeys = writes(name, invitee, other);
            let mut requests: Vec<_> = journeys.iter().map(Journey::request).collect();
            requests.push(json!({ "query": OFF_AND_ON, "authorization": authorization(1) }));
            let requests = json!(requests).to_string();
            let output = node("federation/ask.mjs", &[name, &url, &requests]).await;
            let output = output.as_array().expect("a list");
            assert_eq!(output.len(), journeys.len() + 1);
            for (journey, output) in journeys.iter().zip(output) {
                journey.check(name, output);
            }
            // In turn, whether the router sends one request or two.
            assert_eq!(output[journeys.len()]["answer"], json!({ "data": {
                "off": { "group": { "invite": null } },
                "on": { "group": { "invite": { "status": "PENDING" } } },
            } }), "{name}");
        }
    }

    async fn routers_refuse_an_input_with_two_ways(gateway) {
        gateway.add(data::user(1, "grace")).await;
        gateway.add(data::invite_code(1, "CODE")).await;
        let server = Server::new(&gateway.database_url).await;
        let url = format!("http://{}/graphql", server.address);
        let mutation = "mutation { acceptInvite(input: { code: \"CODE\", groupCode: \"CODE\" }) { userErrors { code } } }";
        let requests = json!([{ "query": mutation, "authorization": authorization(1) }]).to_string();
        for name in ["apollo", "hive"] {
            let output = node("federation/ask.mjs", &[name, &url, &requests]).await;
            let response = &output[0]["answer"];
            assert!(response["errors"][0]["message"].is_string(), "{name}: {response:#}");
            assert!(response["data"]["acceptInvite"].is_null(), "{name}: {response:#}");
        }
        let response = server.graphql(None, "{ inviteCode(code: \"CODE\") { status } }", json!({})).await;
        assert_eq!(response.json["data"]["inviteCode"]["status"], "PENDING");
    }

    async fn routers_execute_queries_across_subgraphs(gateway) {
        // The accounts of tests/clients/federation/others.mjs.
        for (id, username) in [(1, "grace"), (2, "ada"), (3, "maria")] {
            gateway.add(data::user(id, username)).await;
        }
        gateway.add(data::course(1, "compilers", 1)).await;
        for user_id in [2, 3] {
            gateway.add(entity::course_invite::Model {
                invited_by_id: Some(1),
                ..data::course_invite(user_id, 1, user_id)
            }).await;
        }
        gateway.add(entity::invite_code::Model {
            invited_by_id: Some(1),
            ..data::invite_code(1, "CODE")
        }).await;
        let server = Server::new(&gateway.database_url).await;
        let url = format!("http://{}/graphql", server.address);
        let journeys = journeys();
        let requests: Vec<_> = journeys.iter().map(Journey::request).collect();
        let requests = json!(requests).to_string();
        for name in ["apollo", "hive"] {
            let output = node("federation/ask.mjs", &[name, &url, &requests]).await;
            let output = output.as_array().expect("a list");
            assert_eq!(output.len(), journeys.len());
            for (journey, output) in journeys.iter().zip(output) {
                journey.check(name, output);
            }
        }
    }
}

/// Two mutations of one group.
const OFF_AND_ON: &str = r#"mutation {
    off: disableGroupInvite(input: { group: "1" }) { group { invite { status } } }
    on: enableGroupInvite(input: { group: "1" }) { group { invite { status } } }
}"#;

/// A query or mutation through a supergraph, and its result in each router.
struct Journey {
    query: String,
    /// User whose token is forwarded.
    viewer: Option<i64>,
    data: Value,
    /// Path and code of the first error.
    denied: Option<(Value, &'static str)>,
    /// Content of the only request that the gateway received.
    fetch: &'static str,
    /// Other subgraphs that received requests.
    beside: &'static [&'static str],
}

impl Journey {
    fn request(&self) -> Value {
        json!({ "query": self.query, "authorization": self.viewer.map(authorization) })
    }

    #[track_caller]
    fn check(&self, gateway: &str, output: &Value) {
        let Value::Object(calls) = &output["calls"] else {
            panic!("{gateway}: {output}");
        };
        let response = &output["answer"];
        assert_eq!(response["data"], self.data, "{gateway}: {response:#}");
        let first = response
            .get("errors")
            .map(|errors| (&errors[0]["path"], &errors[0]["extensions"]["code"]));
        let denied = self.denied.as_ref();
        let denied = denied.map(|(path, code)| (path, json!(code)));
        let denied = denied.as_ref().map(|(path, code)| (*path, code));
        assert_eq!(first, denied, "{gateway}: {response:#}");
        let received = calls["invites"].as_array().expect("requests");
        assert_eq!(received.len(), 1, "{gateway}: {received:#?}");
        let document = received[0].as_str().expect("a document");
        assert!(document.contains(self.fetch), "{gateway}: {document}");
        let mut beside: Vec<_> = calls.keys().map(String::as_str).collect();
        beside.retain(|name| *name != "invites");
        assert_eq!(beside, self.beside, "{gateway}");
    }
}

fn journeys() -> Vec<Journey> {
    let [user, course] = ["User", "Course"].map(|type_name| global_id(type_name, 1));
    let code = code_id("CODE", 1);
    vec![
        // From an invite to another subgraph's data of its inviter.
        Journey {
            query: r#"{ inviteCode(code: "CODE") { inviter { username biography } } }"#.to_owned(),
            viewer: None,
            data: json!({ "inviteCode": { "inviter": { "username": "grace", "biography": "Compilers." } } }),
            denied: None,
            fetch: "inviteCode(code:",
            beside: &["accounts"],
        },
        // A manager's page.
        Journey {
            query: r#"{ course(id: "compilers") { invitees {
                totalCount nodes { username extId biography }
            } } }"#
                .to_owned(),
            viewer: Some(1),
            data: json!({ "course": { "invitees": { "totalCount": 2, "nodes": [
                { "username": "ada", "extId": "ext-2", "biography": "Engines." },
                { "username": "maria", "extId": "ext-3", "biography": "Insects." },
            ] } } }),
            denied: None,
            fetch: "course(id:",
            beside: &["accounts"],
        },
        // From an account, by the database id of a course.
        Journey {
            query: r#"{ account(username: "grace") { biography recommendedCourse {
                name invitees { nodes { fullName } }
            } } }"#
                .to_owned(),
            viewer: Some(1),
            data: json!({ "account": { "biography": "Compilers.", "recommendedCourse": {
                "name": "Course compilers",
                "invitees": { "nodes": [{ "fullName": "Full ada" }, { "fullName": "Full maria" }] },
            } } }),
            denied: None,
            fetch: "...on Course{",
            beside: &["accounts"],
        },
        // From an account, by either key.
        Journey {
            query: r#"{ account(username: "maria") { fullName isVerified } }"#.to_owned(),
            viewer: Some(2),
            data: json!({ "account": { "fullName": "Full maria", "isVerified": true } }),
            denied: None,
            fetch: "...on User{",
            beside: &["accounts"],
        },
        // From another subgraph's `node`, by global id.
        Journey {
            query: format!(
                r#"{{ node(id: "{course}") {{ __typename id ... on Course {{ slug }} }} }}"#
            ),
            viewer: Some(1),
            data: json!({ "node": { "__typename": "Course", "id": course, "slug": "compilers" } }),
            denied: None,
            fetch: "_entities(representations:",
            beside: &["objects"],
        },
        Journey {
            query: format!(
                r#"{{ node(id: "{user}") {{ ... on User {{ username fullName biography }} }} }}"#
            ),
            viewer: Some(3),
            data: json!({ "node": {
                "username": "grace", "fullName": "Full grace", "biography": "Compilers.",
            } }),
            denied: None,
            fetch: "_entities(representations:",
            beside: &["accounts", "objects"],
        },
        // The inviter's invitee cannot see another invite code.
        Journey {
            query: format!(r#"{{ node(id: "{code}") {{ id ... on InviteCode {{ email }} }} }}"#),
            viewer: Some(3),
            data: json!({ "node": { "id": code, "email": null } }),
            denied: None,
            fetch: "_entities(representations:",
            beside: &["objects"],
        },
        // Denied to viewers who do not manage the course, and to anonymous viewers.
        Journey {
            query: r#"{ account(username: "grace") { recommendedCourse {
                name invitees { totalCount }
            } } }"#
                .to_owned(),
            viewer: Some(3),
            data: json!({ "account": { "recommendedCourse": {
                "name": "Course compilers", "invitees": null,
            } } }),
            denied: Some((
                json!(["account", "recommendedCourse", "invitees"]),
                "FORBIDDEN",
            )),
            fetch: "_entities(representations:",
            beside: &["accounts"],
        },
        Journey {
            query: r#"{ inviteCodes { totalCount } account(username: "grace") { biography } }"#
                .to_owned(),
            viewer: None,
            data: json!({ "inviteCodes": null, "account": { "biography": "Compilers." } }),
            denied: Some((json!(["inviteCodes"]), "UNAUTHENTICATED")),
            fetch: "inviteCodes{",
            beside: &["accounts"],
        },
    ]
}

/// Returns mutations through a router: `invitee` accepts an invite to a course, and `other` may not.
fn writes(router: &str, invitee: i64, other: i64) -> Vec<Journey> {
    let invite = invite_id("CourseInvite", 1, invitee);
    let accept = format!(
        r#"mutation {{ acceptInvite(input: {{ id: "{invite}" }}) {{
            invite {{ status inviter {{ username biography }} }}
            target {{ ... on Course {{ name viewerRole }} }}
            userErrors {{ code }}
        }} }}"#
    );
    let accepted = json!({ "acceptInvite": {
        "invite": {
            "status": "ACCEPTED",
            "inviter": { "username": "grace", "biography": "Compilers." },
        },
        "target": { "name": "Course compilers", "viewerRole": "joined" },
        "userErrors": [],
    } });
    let email = format!("{router}@example.org");
    vec![
        // Signed out.
        Journey {
            query: accept.clone(),
            viewer: None,
            data: json!({ "acceptInvite": null }),
            denied: Some((json!(["acceptInvite"]), "UNAUTHENTICATED")),
            fetch: "acceptInvite(input:",
            beside: &[],
        },
        // Another account: hidden, and data instead of an error.
        Journey {
            query: accept.clone(),
            viewer: Some(other),
            data: json!({ "acceptInvite": {
                "invite": null, "target": null, "userErrors": [{ "code": "NOT_FOUND" }],
            } }),
            denied: None,
            fetch: "acceptInvite(input:",
            beside: &[],
        },
        // The payload continues in another subgraph.
        Journey {
            query: accept.clone(),
            viewer: Some(invitee),
            data: accepted.clone(),
            denied: None,
            fetch: "acceptInvite(input:",
            beside: &["accounts"],
        },
        // Sent again, after a router's retry.
        Journey {
            query: accept,
            viewer: Some(invitee),
            data: accepted,
            denied: None,
            fetch: "acceptInvite(input:",
            beside: &["accounts"],
        },
        // Rows with outcomes of their own.
        Journey {
            query: format!(
                r#"mutation {{ createWorkspaceInvites(input: {{
                    workspace: "1"
                    invitees: [{{ email: "{email}" }}, {{ email: "nonsense" }}]
                }}) {{ results {{ email invite {{ status }} userErrors {{ code field }} }} }} }}"#
            ),
            viewer: Some(1),
            data: json!({ "createWorkspaceInvites": { "results": [
                { "email": email, "invite": { "status": "PENDING" }, "userErrors": [] },
                { "email": "nonsense", "invite": null, "userErrors": [
                    { "code": "INVALID_EMAIL", "field": ["invitees", "1", "email"] },
                ] },
            ] } }),
            denied: None,
            fetch: "createWorkspaceInvites(input:",
            beside: &[],
        },
    ]
}
