//! Access rules: each viewer on each path to each object, including denials.

mod hidden;
mod limited;
mod table;
pub mod world;
mod writes;

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, id_of_kind};
use table::{SETTLED, TABLE};

each_database! {
    async fn every_path_matches_the_access_table(gateway) {
        world::build(&gateway).await;
        world::add_external_keys(&gateway).await;
        assert_outcomes(&gateway, TABLE, &world::VIEWERS).await;
    }

    async fn settled_invites_do_not_show_hidden_targets(gateway) {
        world::build(&gateway).await;
        world::settle(&gateway).await;
        world::add_external_keys(&gateway).await;
        assert_outcomes(&gateway, SETTLED, &world::VIEWERS).await;
    }
}

/// Asserts the outcome of every path of a table for each viewer.
async fn assert_outcomes(gateway: &Gateway, table: &'static str, viewers: &[(char, Viewer<'_>)]) {
    let (head, rows) = rows(table);
    let letters: String = viewers.iter().map(|(letter, _)| letter).collect();
    assert_eq!(head, letters);

    let mut wrong = Vec::new();
    for (path, expected) in rows {
        assert_eq!(expected.len(), letters.len(), "{}", path.0);
        let mut found = String::new();
        for &(letter, viewer) in viewers {
            match path.ask(gateway, viewer).await {
                Ok(outcome) => found.push(outcome),
                Err(why) => {
                    found.push('?');
                    wrong.push(format!("{}, {letter}: {why}", path.0));
                }
            }
        }
        if found != expected {
            wrong.push(format!("{}\n  {expected} expected\n  {found}", path.0));
        }
    }
    assert!(wrong.is_empty(), "viewers {letters}\n{}", wrong.join("\n"));
}

/// Returns the first line of a table, and the other lines without blanks in their outcomes.
fn rows(table: &'static str) -> (String, Vec<(Path, String)>) {
    let mut lines = table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let join = |words: &[&str]| words.concat();
    let head: Vec<&str> = lines.next().expect("a line").split_whitespace().collect();
    let rows = lines.map(|line| {
        let (path, outcomes) = line.split_once("  ").expect("a path and outcomes");
        let outcomes: Vec<&str> = outcomes.split_whitespace().collect();
        (Path(path), join(&outcomes))
    });
    (join(&head), rows.collect())
}

/// A path in the notation of the table.
#[derive(Clone, Copy)]
struct Path(&'static str);

impl Path {
    /// Returns the viewer's outcome.
    async fn ask(self, gateway: &Gateway, viewer: Viewer<'_>) -> Result<char, String> {
        match self.0.strip_prefix("GET ") {
            Some(_) => self.ask_rest(gateway, viewer).await,
            None => self.ask_graphql(gateway, viewer).await,
        }
    }

    async fn ask_rest(self, gateway: &Gateway, viewer: Viewer<'_>) -> Result<char, String> {
        let get = |path: String| async move {
            let path = path.strip_prefix("GET ").expect("a REST path").to_owned();
            gateway.get(viewer, &path).await
        };
        let response = get(self.named(str::to_owned)).await;
        let outcome = match response.status {
            StatusCode::OK => '+',
            StatusCode::FORBIDDEN => 'F',
            StatusCode::UNAUTHORIZED => 'U',
            StatusCode::NOT_FOUND => '-',
            other => return Err(format!("{other}: {}", response.text)),
        };
        // Without an account, nothing is looked up.
        let is_refused_first = outcome == 'F' && viewer == Viewer::Staff(world::STRANGER);
        if matches!(outcome, 'U' | '-') || is_refused_first {
            let absent = get(self.absent(str::to_owned)).await;
            if (response.status, &response.text) != (absent.status, &absent.text) {
                return Err(format!(
                    "hidden: {}\nabsent: {}",
                    response.text, absent.text
                ));
            }
        }
        Ok(outcome)
    }

    async fn ask_graphql(self, gateway: &Gateway, viewer: Viewer<'_>) -> Result<char, String> {
        let quoted = |name: &str| json!(name).to_string();
        let path = self.named(quoted);
        let (steps, is_list) = match path.strip_suffix("[]") {
            Some(steps) => (steps, true),
            None => (path.as_str(), false),
        };
        let leaf = if is_list {
            "{ totalCount nodes { id } }"
        } else {
            "{ id }"
        };
        let response = gateway.graphql(viewer, &document(steps, leaf)).await;
        let keys = keys(steps);
        let place = keys.iter().fold(&response["data"], |at, key| &at[*key]);

        if let Some(errors) = response.get("errors") {
            return match (errors[0]["extensions"]["code"].as_str(), &errors[1]) {
                _ if !place.is_null() => Err(format!("an error beside data: {response}")),
                _ if errors[0]["path"] != json!(keys) => Err(format!("elsewhere: {errors}")),
                (Some("UNAUTHENTICATED"), Value::Null) => Ok('U'),
                (Some("FORBIDDEN"), Value::Null) => match &errors[0]["extensions"]["reason"] {
                    Value::Null => Ok('F'),
                    reason if reason == "NO_ACCOUNT" => Ok('N'),
                    _ => Err(errors.to_string()),
                },
                _ => Err(errors.to_string()),
            };
        }
        if response["data"][keys[0]].is_null() {
            let absent = self.absent(quoted);
            let absent = absent.strip_suffix("[]").unwrap_or(&absent);
            let absent = gateway.graphql(viewer, &document(absent, leaf)).await;
            if absent != response {
                return Err(format!("hidden: {response}\nabsent: {absent}"));
            }
            self.is_among_entities(gateway, viewer, false).await?;
            return Ok('-');
        }
        if place.is_null() {
            return Ok('.');
        }
        if is_list {
            return listed(gateway, viewer, place).await;
        }
        self.is_named_by(&place["id"], keys.len())?;
        self.is_among_nodes(gateway, viewer).await?;
        self.is_among_entities(gateway, viewer, true).await?;
        Ok('+')
    }

    /// Returns the path to the existing object.
    fn named(self, write: impl Fn(&str) -> String) -> String {
        self.with_name(|name| write(&spelled(name)))
    }

    /// Returns the same path to an object that does not exist.
    fn absent(self, write: impl Fn(&str) -> String) -> String {
        self.with_name(|name| {
            write(&match name.split_once([':', ' ']) {
                Some(("token", _)) => data::token(999).to_string(),
                Some((type_name, _)) => id_of_kind(type_name, 999),
                None if name.parse::<i64>().is_ok() => "999".to_owned(),
                None => format!("no-{name}"),
            })
        })
    }

    /// Replaces the braces in the path.
    fn with_name(self, write: impl Fn(&str) -> String) -> String {
        match self.split() {
            Some((ahead, name, behind)) => format!("{ahead}{}{behind}", write(name)),
            None => self.0.to_owned(),
        }
    }

    /// Returns the name in braces, and the path around it. A blank sets off GraphQL's own braces.
    fn split(self) -> Option<(&'static str, &'static str, &'static str)> {
        let opens = |mark: &'static str| self.0.match_indices(mark).map(|(at, _)| at + mark.len());
        let mut opens = opens(": {").chain(opens("/{"));
        let open = opens.find(|open| !self.0[*open..].starts_with(' '))?;
        let (name, behind) = self.0[open..].split_once('}')?;
        Some((&self.0[..open - 1], name, behind))
    }

    /// Returns true if `id` is of the object that a path of one step names by id.
    fn is_named_by(self, id: &Value, steps: usize) -> Result<(), String> {
        let id = id.as_str().ok_or("an object without id")?;
        let named = match self.split() {
            Some((_, name, _)) if steps == 1 => name,
            _ => return Ok(()),
        };
        let spelled = String::from_utf8(URL_SAFE_NO_PAD.decode(id).expect("base64")).expect("text");
        let is_it = match (named.parse::<i64>(), named.split_once(':')) {
            (Ok(number), _) => spelled.ends_with(&format!(":{number}")),
            (Err(_), Some((type_name, id))) => {
                spelled.starts_with(&format!("{type_name}:"))
                    && spelled.ends_with(&format!(":{id}"))
            }
            (Err(_), None) => true,
        };
        if is_it {
            Ok(())
        } else {
            Err(format!("gave {spelled}"))
        }
    }

    /// `nodes` must show what `node` shows.
    async fn is_among_nodes(self, gateway: &Gateway, viewer: Viewer<'_>) -> Result<(), String> {
        let Some(id) = self.node().map(spelled) else {
            return Ok(());
        };
        let absent = id_of_kind("InviteCode", 999);
        let document = json!([absent, id, absent]);
        let document = format!("{{ nodes(ids: {document}) {{ id }} }}");
        let response = gateway.graphql(viewer, &document).await;
        let expected = json!({ "data": { "nodes": [null, { "id": id }, null] } });
        if response == expected {
            Ok(())
        } else {
            Err(format!("nodes: {response}"))
        }
    }

    /// A router must see what `node` shows, by each key.
    async fn is_among_entities(
        self,
        gateway: &Gateway,
        viewer: Viewer<'_>,
        shown: bool,
    ) -> Result<(), String> {
        let Some((type_name, key)) = self.node().and_then(|name| name.split_once(':')) else {
            return Ok(());
        };
        let id = world::global_id(type_name, key.parse().expect("a number"));
        let of_type = world::TABLES.iter().find(|(name, _)| *name == type_name);
        let (_, table) = of_type.expect("a table");
        let document = "query($representations: [_Any!]!) {
            _entities(representations: $representations) { ... on Node { id } }
        }";
        let variables = json!({ "representations": [
            { "__typename": type_name, "id": id },
            { "__typename": type_name, "databaseId": key },
            { "__typename": type_name, "source": "clerk", "externalId": format!("{table}-{key}") },
            { "__typename": type_name, "id": id, "source": "clerk", "externalId": format!("{table}-{key}") },
        ] });
        let response = gateway.graphql_with(viewer, document, variables).await;
        let entity = if shown {
            json!({ "id": id })
        } else {
            Value::Null
        };
        if response == json!({ "data": { "_entities": vec![entity; 4] } }) {
            Ok(())
        } else {
            Err(format!("_entities: {response}"))
        }
    }

    /// Returns the type and key of a path that only has `node`.
    fn node(self) -> Option<&'static str> {
        self.0
            .strip_prefix("node(id: {")
            .and_then(|rest| rest.strip_suffix("})"))
    }
}

/// Returns the API's spelling of a name in braces.
fn spelled(name: &str) -> String {
    let number = |text: &str| text.parse().expect("a number");
    match name.split_once([':', ' ']) {
        Some(("token", id)) => data::token(number(id)).to_string(),
        Some((type_name, id)) => world::global_id(type_name, number(id)),
        None => name.to_owned(),
    }
}

/// Returns the selection of nested `steps`.
fn document(steps: &str, leaf: &str) -> String {
    steps.rsplit(" > ").fold(leaf.to_owned(), |inner, step| {
        format!("{{ {step} {inner} }}")
    })
}

/// Returns the response keys of the steps.
fn keys(steps: &str) -> Vec<&str> {
    steps
        .split(" > ")
        .filter(|step| !step.starts_with("..."))
        .map(|step| step.split('(').next().expect("a name"))
        .collect()
}

/// Returns the length of a list. Its total must equal it, and the viewer must see each row by id.
async fn listed(gateway: &Gateway, viewer: Viewer<'_>, list: &Value) -> Result<char, String> {
    let nodes = list["nodes"].as_array().ok_or("a list without nodes")?;
    if list["totalCount"] != nodes.len() {
        return Err(format!("the total is not the number of rows: {list}"));
    }
    let ids: Vec<&Value> = nodes.iter().map(|node| &node["id"]).collect();
    let document = format!("{{ nodes(ids: {}) {{ id }} }}", json!(ids));
    if gateway.graphql(viewer, &document).await != json!({ "data": { "nodes": nodes } }) {
        return Err(format!("a row that is hidden by id: {list}"));
    }
    char::from_digit(u32::try_from(nodes.len()).expect("few"), 10).ok_or("many rows".to_owned())
}
