//! Every field of every list runs as many statements for twenty rows as for one. Lists and fields
//! come from the schema, so that new ones are included.

use std::{collections::BTreeMap, fmt::Write};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use invite_gateway::invite::InviteKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Gateway, KINDS, Viewer, data, each_database, id_of_kind};

const ROWS: i64 = 20;
const ADMIN: i64 = 1;

/// Returns the key of the `n`th event.
fn event(n: i64) -> Uuid {
    Uuid::from_u128(u128::from(n.unsigned_abs()))
}

fn event_id(n: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("InviteEvent:{}", event(n)))
}

/// Adds twenty rows of each kind, all visible to one user. No two rows refer to the same row, so
/// that separate loads per row are detected.
async fn twenty_of_each(gateway: &Gateway) {
    let other = |kind: i64, n: i64| kind * 100 + n;
    gateway.add(data::user(ADMIN, "admin")).await;
    for kind in 1..=7 {
        gateway
            .add_all((1..=ROWS).map(|n| {
                let id = other(kind, n);
                data::user(id, &format!("user{id}"))
            }))
            .await;
    }
    for n in 1..=ROWS {
        gateway.add(data::tag(n, &format!("tag{n}"))).await;
        gateway
            .add(entity::invite_code::Model {
                invited_by_id: Some(ADMIN),
                user_id: Some(other(1, n)),
                used_at: Some(data::made()),
                ..data::invite_code(n, &format!("CODE-{n}"))
            })
            .await;
        gateway.add(data::tagged(n, n)).await;
        gateway.add(data::workspace(n)).await;
        gateway.add(data::workspace_member(n, ADMIN, "admin")).await;
        gateway
            .add(entity::workspace_invite::Model {
                inviter_id: Some(ADMIN),
                ..data::workspace_invite(n, n)
            })
            .await;
        gateway.add(data::group(n, &format!("group-{n}"))).await;
        gateway.add(data::group_member(n, ADMIN, "manager")).await;
        gateway
            .add(data::group_invite(n, n, &format!("group-code-{n}")))
            .await;
        gateway
            .add(data::course(n, &format!("course-{n}"), ADMIN))
            .await;
        gateway
            .add(entity::course_invite::Model {
                invited_by_id: Some(ADMIN),
                ..data::course_invite(n, n, other(2, n))
            })
            .await;
    }
    // Events: twenty of the first invite of each kind, and one of each other.
    for ((at, kind), n) in (0i64..)
        .zip(InviteKind::ALL)
        .flat_map(|kind| (1..=ROWS).map(move |n| (kind, n)))
    {
        for (id, invite_id) in [(n, 1), (100 + n, n)] {
            gateway
                .add(entity::invite_event::Model {
                    id: event(1000 * at + id),
                    event_type: "resent".to_owned(),
                    kind: kind.as_str().to_owned(),
                    invite_id,
                    target_id: None,
                    actor_id: Some(other(7, n)),
                    at: data::made(),
                    changed: None,
                })
                .await;
        }
    }
    // Invites that the user received.
    let address = data::user(ADMIN, "admin");
    for n in 1..=ROWS {
        gateway
            .add(entity::invite_code::Model {
                invited_by_id: Some(other(3, n)),
                email: Some(address.email.clone()),
                email_norm: Some(address.email_norm.clone()),
                ..data::invite_code(100 + n, &format!("RECEIVED-{n}"))
            })
            .await;
        gateway
            .add(entity::workspace_invite::Model {
                inviter_id: Some(other(3, n)),
                email: address.email.clone(),
                email_norm: address.email_norm.clone(),
                ..data::workspace_invite(200 + n, 2)
            })
            .await;
        gateway
            .add(data::course(100 + n, &format!("other-{n}"), ADMIN))
            .await;
        gateway
            .add(entity::course_invite::Model {
                invited_by_id: Some(other(3, n)),
                ..data::course_invite(200 + n, 100 + n, ADMIN)
            })
            .await;
    }
    // Lists of the first workspace and the first course, with a different inviter per row.
    for n in 2..=ROWS {
        gateway
            .add(entity::workspace_invite::Model {
                inviter_id: Some(other(3, n)),
                accepted_by_id: Some(other(4, n)),
                ..data::workspace_invite(100 + n, 1)
            })
            .await;
        gateway
            .add(entity::course_invite::Model {
                invited_by_id: Some(other(5, n)),
                ..data::course_invite(100 + n, 1, other(6, n))
            })
            .await;
    }
}

/// A type of the schema.
struct Type {
    kind: String,
    fields: Vec<Field>,
    possible: Vec<String>,
}

struct Field {
    name: String,
    args: Vec<String>,
    required: bool,
    of: String,
    is_list: bool,
}

struct Schema(BTreeMap<String, Type>);

impl Schema {
    async fn of(gateway: &Gateway) -> Self {
        let wrapped = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
        let document = format!(
            "{{ __schema {{ types {{ kind name possibleTypes {{ name }} fields {{
                name args {{ name defaultValue type {{ kind }} }} type {{ {wrapped} }}
            }} }} }} }}"
        );
        let response = gateway.graphql(Viewer::Anonymous, &document).await;
        let types = response["data"]["__schema"]["types"].as_array();
        let types = types.unwrap_or_else(|| panic!("no schema: {response:#}"));
        let named = types.iter().map(|it| (text(&it["name"]), type_of(it)));
        Self(named.collect())
    }

    fn is_leaf(&self, name: &str) -> bool {
        matches!(&*self.0[name].kind, "SCALAR" | "ENUM")
    }

    fn is_connection(&self, name: &str) -> bool {
        self.0[name].fields.iter().any(|it| it.name == "pageInfo")
    }

    /// Selects each field of a type separately, with all leaves of its result.
    fn each_field(&self, name: &str) -> Vec<String> {
        let of = &self.0[name];
        let own = of.fields.iter().filter(|field| !field.required);
        let mut selections: Vec<_> = own.map(|field| self.select(field, 2)).collect();
        for possible in &of.possible {
            let each = self.each_field(possible).into_iter();
            selections.extend(each.map(|field| format!("... on {possible} {{ {field} }}")));
        }
        selections
    }

    fn select(&self, field: &Field, depth: usize) -> String {
        let mut text = field.name.clone();
        if field.of == "InviteConnection" {
            // Rows of several kinds need one statement per kind.
            text.push_str("(first: 2, filter: { kind: [COURSE_INVITE] })");
        } else if field.args.iter().any(|name| name == "first") {
            text.push_str("(first: 2)");
        }
        if !self.is_leaf(&field.of) {
            let _ = write!(text, " {{ {} }}", self.all_fields(&field.of, depth));
        }
        text
    }

    /// Selects all fields of a type, to this depth.
    fn all_fields(&self, name: &str, depth: usize) -> String {
        let mut text = "__typename".to_owned();
        for field in self.0[name].fields.iter().filter(|field| !field.required) {
            if self.is_leaf(&field.of) || depth > 1 {
                let _ = write!(text, " {}", self.select(field, depth - 1));
            }
        }
        text
    }

    /// Returns the fields of a type that are connections.
    fn connections(&self, of: &str) -> impl Iterator<Item = &Field> {
        let fields = self.0[of].fields.iter();
        fields.filter(|field| self.is_connection(&field.of))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn type_of(found: &Value) -> Type {
    let field = |field: &Value| {
        let mut of = &field["type"];
        let mut is_list = false;
        while !of["ofType"].is_null() {
            is_list |= of["kind"] == "LIST";
            of = &of["ofType"];
        }
        let args = array(&field["args"]);
        let required =
            |arg: &Value| arg["type"]["kind"] == "NON_NULL" && arg["defaultValue"].is_null();
        Field {
            name: text(&field["name"]),
            args: args.iter().map(|arg| text(&arg["name"])).collect(),
            required: args.iter().any(required),
            of: text(&of["name"]),
            is_list,
        }
    };
    let is_object = found["kind"] == "OBJECT";
    Type {
        kind: text(&found["kind"]),
        fields: array(&found["fields"]).iter().map(field).collect(),
        possible: match is_object {
            true => Vec::new(),
            false => array(&found["possibleTypes"])
                .iter()
                .map(|it| text(&it["name"]))
                .collect(),
        },
    }
}

/// A list: a document with `@` for the selection of an element, the elements' type, and their path
/// in the data.
#[derive(Debug)]
struct List {
    document: String,
    of: String,
    path: String,
}

impl List {
    /// Returns the lists of a connection between two parts of a document.
    fn of_connection(
        schema: &Schema,
        ahead: &str,
        field: &Field,
        behind: &str,
        path: &str,
    ) -> Vec<Self> {
        // Rows of several kinds need one statement per kind.
        let filters: &[&str] = match &*field.of {
            "InviteConnection" => &[
                "filter: { kind: [INVITE_CODE] }",
                "filter: { kind: [WORKSPACE_INVITE] }",
                "filter: { kind: [COURSE_INVITE] }",
            ],
            _ => &[""],
        };
        let lists = schema.0[&field.of]
            .fields
            .iter()
            .filter(|list| list.is_list);
        let name = &field.name;
        lists
            .flat_map(|list| filters.iter().map(move |filter| (list, filter)))
            .map(|(list, filter)| Self {
                document: format!(
                    "query($rows: Int) {{ {ahead} {name}(first: $rows {filter}) {{ {} {{ @ }} }} {behind} }}",
                    list.name
                ),
                of: list.of.clone(),
                path: format!("{path}/{name}/{}", list.name),
            })
            .collect()
    }

    fn all(schema: &Schema) -> Vec<Self> {
        let mut lists = Vec::new();
        for field in schema.connections("Query") {
            lists.extend(Self::of_connection(schema, "", field, "", ""));
        }
        for field in schema.connections("Viewer") {
            lists.extend(Self::of_connection(
                schema, "viewer {", field, "}", "/viewer",
            ));
        }
        for kind in KINDS {
            let ahead = format!("node(id: \"{}\") {{ ... on {kind} {{", id_of_kind(kind, 1));
            for field in schema.connections(kind) {
                lists.extend(Self::of_connection(schema, &ahead, field, "} }", "/node"));
            }
            lists.push(Self {
                document: format!(
                    "query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ @ }} }} }}"
                ),
                of: kind.to_owned(),
                path: "/nodes".to_owned(),
            });
        }
        lists
    }

    /// Only staff see all users and their invites.
    fn viewer(document: &str) -> Viewer<'static> {
        let is_for_staff = [
            "users(",
            "on User { ",
            "sentInvites(first: 2",
            "receivedInvites(first: 2",
        ];
        match is_for_staff.iter().any(|field| document.contains(field)) {
            true => Viewer::Staff(ADMIN),
            false => Viewer::User(ADMIN),
        }
    }

    /// Returns the number of statements for that many rows, each with this selection.
    async fn cost(&self, gateway: &Gateway, selection: &str, rows: i64) -> u64 {
        let document = self.document.replace('@', selection);
        let ids: Vec<_> = match self.path.as_str() {
            "/nodes" if self.of == "InviteEvent" => (1..=rows).map(event_id).collect(),
            "/nodes" => (1..=rows).map(|n| id_of_kind(&self.of, n)).collect(),
            _ => Vec::new(),
        };
        let variables = json!({ "rows": rows, "ids": ids });
        let before = statements(gateway);
        let response = gateway
            .graphql_with(Self::viewer(&document), &document, variables)
            .await;
        let statements = statements(gateway) - before;
        assert_eq!(response.get("errors"), None, "{document}: {response:#}");
        let found = response["data"]
            .pointer(&self.path)
            .map(|list| array(list).len());
        assert_eq!(
            found,
            usize::try_from(rows).ok(),
            "{document}: {response:#}"
        );
        statements
    }
}

/// Returns the number of statements from the gateway's metrics. Querying the database's statistics
/// each time would take minutes.
fn statements(gateway: &Gateway) -> u64 {
    let text = gateway.metrics.text().expect("metrics");
    let counters = text
        .lines()
        .filter(|line| line.starts_with("invite_gateway_sql_statements_total{"));
    let values = counters.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    values.sum()
}

each_database! {
    async fn a_field_of_a_list_costs_the_same_for_twenty_rows_as_for_one(gateway) {
        twenty_of_each(&gateway).await;
        let schema = Schema::of(&gateway).await;
        let lists = List::all(&schema);
        assert!(lists.len() > 20, "{lists:#?}");

        let mut fields = 0;
        let mut dearer = Vec::new();
        for list in &lists {
            for selection in schema.each_field(&list.of) {
                let one = list.cost(&gateway, &selection, 1).await;
                let twenty = list.cost(&gateway, &selection, ROWS).await;
                fields += 1;
                assert!(one > 0, "nothing is counted");
                if one != twenty {
                    dearer.push(format!("{} {{ {selection} }}: {one}, then {twenty}", list.path));
                }
            }
        }
        assert!(fields > 300, "{fields} fields");
        assert!(dearer.is_empty(), "{dearer:#?}");
    }
}
