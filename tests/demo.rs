//! The demo: its description matches its responses.

use std::process::Command;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Response,
    process::{Process, Server},
};

pub async fn description() -> Value {
    let ended = Process::run(&["demo", "--describe"]).await;
    serde_json::from_str(&ended.stdout).expect("JSON")
}

fn list<'a>(description: &'a Value, name: &str) -> &'a [Value] {
    description[name].as_array().expect("a list")
}

/// Returns the header of the persona that an example names.
pub fn authorization(description: &Value, example: &Value) -> Option<String> {
    let name = example["persona"].as_str()?;
    let persona = list(description, "personas")
        .iter()
        .find(|persona| persona["name"] == name)
        .expect("a persona");
    Some(format!(
        "Bearer {}",
        persona["token"].as_str().expect("a token")
    ))
}

/// Returns the error codes of a GraphQL response.
fn codes(response: &Response) -> Vec<&Value> {
    let errors = response.json["errors"].as_array();
    errors
        .into_iter()
        .flatten()
        .map(|error| &error["extensions"]["code"])
        .collect()
}

/// Returns true if the value contains more than nulls and empty lists.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(values) => values.iter().any(says_something),
        Value::Object(fields) => fields.values().any(says_something),
        _ => true,
    }
}

#[tokio::test]
async fn every_example_returns_what_it_describes() {
    let (server, _) = Server::demo(&[]).await;
    let description = description().await;
    for example in list(&description, "examples") {
        let name = &example["name"];
        let authorization = authorization(&description, example);
        let query = example["query"].as_str().expect("a query");
        let variables = example["variables"].clone();
        let response = server
            .graphql(authorization.as_deref(), query, variables)
            .await;
        assert_eq!(response.status, StatusCode::OK, "{name}: {}", response.text);
        let expected: Vec<_> = Some(&example["error"])
            .filter(|code| !code.is_null())
            .into_iter()
            .collect();
        assert_eq!(codes(&response), expected, "{name}: {}", response.text);
        // The example that shows a denial.
        let hidden = name == "course-secret";
        assert_eq!(
            says_something(&response.json["data"]),
            !hidden,
            "{name}: {}",
            response.text
        );
    }
}

#[tokio::test]
async fn every_rest_example_works() {
    let (server, _) = Server::demo(&[]).await;
    let description = description().await;
    for example in list(&description, "rest") {
        let name = &example["name"];
        let authorization = authorization(&description, example);
        let path = example["path"].as_str().expect("a path");
        let response = server.get(authorization.as_deref(), path).await;
        assert_eq!(response.status, StatusCode::OK, "{name}: {}", response.text);
        assert!(says_something(&response.json), "{name}: {}", response.text);
        // Without the required token, the response says so.
        if authorization.is_some() {
            let response = server.get(None, path).await;
            assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{name}");
        }
    }
    let openapi = description["openapi"].as_str().expect("a path");
    assert_eq!(server.get(None, openapi).await.json["openapi"], "3.1.0");
}

#[tokio::test]
async fn every_persona_can_sign_in() {
    let (server, _) = Server::demo(&[]).await;
    for persona in list(&description().await, "personas") {
        let authorization = format!("Bearer {}", persona["token"].as_str().expect("a token"));
        let query = "{ viewer { user { databaseId username } } }";
        let response = server.graphql(Some(&authorization), query, json!({})).await;
        let expected = json!({
            "databaseId": persona["userId"].to_string(),
            "username": persona["username"],
        });
        assert_eq!(
            response.json["data"]["viewer"]["user"], expected,
            "{}",
            persona["name"]
        );
    }
}

#[tokio::test]
async fn every_code_and_token_shows_its_case() {
    let (server, _) = Server::demo(&[]).await;
    let description = description().await;
    let by_code = "query($key: String!) { invite: inviteCode(code: $key) { databaseId status } }";
    let by_token =
        "query($key: String!) { invite: workspaceInvite(token: $key) { databaseId status } }";
    let mut looked_up = 0;
    for case in list(&description, "cases") {
        let query = match case["kind"].as_str() {
            Some("InviteCode") => by_code,
            Some("WorkspaceInvite") => by_token,
            _ => continue,
        };
        looked_up += 1;
        let shows = case["shows"].as_str().expect("text");
        let response = server
            .graphql(None, query, json!({ "key": case["key"] }))
            .await;
        let expected = if shows.ends_with("not found.") {
            Value::Null
        } else {
            let is_letter = |letter: char| letter.is_ascii_alphabetic();
            let status = shows.split(|letter| !is_letter(letter)).next();
            json!({ "databaseId": case["id"].to_string(), "status": status })
        };
        assert_eq!(
            response.json,
            json!({ "data": { "invite": expected } }),
            "{case}"
        );
    }
    assert!(looked_up > 30, "{looked_up}");
}

#[tokio::test]
async fn the_commands_of_the_banner_work() {
    let (server, banner) = Server::demo(&[]).await;
    let page = format!("http://{}/graphiql\n", server.address);
    assert!(banner.contains(&page), "{banner}");
    assert_eq!(server.get(None, "/graphiql").await.status, StatusCode::OK);
    let mut commands = Vec::new();
    for line in banner.lines() {
        if line.starts_with("curl ") {
            commands.push(String::new());
        } else if !line.starts_with("  -") {
            continue;
        }
        let command = commands.last_mut().expect("a command before its options");
        *command += &format!("{line}\n");
    }
    assert_eq!(commands.len(), 3, "{banner}");
    for command in commands {
        let pasted = tokio::task::spawn_blocking({
            let command = command.clone();
            move || {
                let mut shell = Command::new("sh");
                shell.args(["-ec", &command]).env("no_proxy", "*").output()
            }
        });
        let output = pasted.await.expect("a shell").expect("a shell");
        let text = String::from_utf8(output.stdout).expect("text");
        let response: Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{command}\n{text}\n{error}"));
        assert_eq!(response.get("errors"), None, "{command}\n{text}");
        assert!(
            says_something(response.get("data").unwrap_or(&response)),
            "{command}\n{text}"
        );
    }
    drop(server);
}

#[tokio::test]
async fn it_stops_on_a_signal() {
    let (server, _) = Server::demo(&[]).await;
    server.process.signal("INT");
    assert_eq!(server.process.ended().await.status, Some(0));
}
