//! Every field of every list costs as many statements for twenty rows as for one. The lists and
//! fields are read from the schema, so that a new one is tested as soon as it is there.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};

use crate::support::{Gateway, KINDS, Viewer, data, each_database, global_id};

const ROWS: i64 = 20;
const ADMIN: i64 = 1;

/// Twenty rows of each kind, all seen by one user. No two rows refer to the same row, so that
/// loading for each row by itself would show.
async fn twenty_of_each(gateway: &Gateway) {
    let other = |kind: i64, n: i64| kind * 100 + n;
    gateway.add(data::user(ADMIN, "admin")).await;
    for kind in 1..=6 {
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
    // What the user received.
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
                ..data::workspace_invite(200 + n, n)
            })
            .await;
        gateway
            .add(data::course(100 + n, &format!("other-{n}"), other(4, n)))
            .await;
        gateway
            .add(entity::course_invite::Model {
                invited_by_id: Some(other(3, n)),
                ..data::course_invite(200 + n, 100 + n, ADMIN)
            })
            .await;
    }
    // Lists of the first workspace and the first course, with an inviter of its own for each row.
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
        let answer = gateway.graphql(Viewer::Anonymous, &document).await;
        let types = answer["data"]["__schema"]["types"].as_array();
        let types = types.unwrap_or_else(|| panic!("no schema: {answer:#}"));
        let named = types.iter().map(|it| (text(&it["name"]), type_of(it)));
        Self(named.collect())
    }

    fn is_leaf(&self, name: &str) -> bool {
        matches!(&*self.0[name].kind, "SCALAR" | "ENUM")
    }

    fn is_connection(&self, name: &str) -> bool {
        self.0[name].fields.iter().any(|it| it.name == "pageInfo")
    }

    /// Selects each field of a type by itself, with all leaves of what it gives.
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
        if field.args.iter().any(|name| name == "first") {
            text.push_str("(first: 2)");
        }
        if !self.is_leaf(&field.of) {
            let _ = write!(text, " {{ {} }}", self.all_fields(&field.of, depth));
        }
        text
    }

    /// All fields of a type, as far as so many levels.
    fn all_fields(&self, name: &str, depth: usize) -> String {
        let mut text = "__typename".to_owned();
        for field in self.0[name].fields.iter().filter(|field| !field.required) {
            if self.is_leaf(&field.of) || depth > 1 {
                let _ = write!(text, " {}", self.select(field, depth - 1));
            }
        }
        text
    }

    /// The lists below a path: what stands ahead of their arguments, and their type.
    fn lists(&self, of: &str) -> impl Iterator<Item = (&Field, &str)> {
        let fields = self.0[of].fields.iter();
        let lists = fields.filter(|field| self.is_connection(&field.of));
        lists.map(|field| (field, &*field.of))
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

/// The statements of a request and its data, without an error.
async fn cost(gateway: &Gateway, document: &str, variables: &Value) -> (u64, Value) {
    let asked = gateway.graphql_with(Viewer::User(ADMIN), document, variables.clone());
    let (statements, mut answer) = gateway.counted(asked).await;
    assert_eq!(answer.get("errors"), None, "{document}: {answer:#}");
    (statements, answer["data"].take())
}

each_database! {
    async fn a_field_of_a_list_costs_the_same_for_twenty_rows_as_for_one(gateway) {
        twenty_of_each(&gateway).await;
        let schema = Schema::of(&gateway).await;

        // Documents with room for a selection on an element, the type of that, and where the
        // elements are in the data.
        let mut lists = Vec::new();
        let mut connection = |ahead: &str, behind: &str, field: &Field, connection: &str, path: &str| {
            for list in schema.0[connection].fields.iter().filter(|list| list.is_list) {
                let filters = match field.args.iter().any(|arg| arg == "filter") && connection == "InviteConnection" {
                    true => ["INVITE_CODE", "WORKSPACE_INVITE", "COURSE_INVITE"].map(|kind| format!(", filter: {{ kind: [{kind}] }}")).to_vec(),
                    false => vec![String::new()],
                };
                for filter in filters {
                    let (field_name, list_name) = (&field.name, &list.name);
                    lists.push((
                        format!("query($rows: Int) {{ {ahead} {field_name}(first: $rows{filter}) {{ {list_name} {{ @ }} }} {behind} }}"),
                        list.of.clone(),
                        format!("{path}/{field_name}/{list_name}"),
                    ));
                }
            }
        };
        for (field, of) in schema.lists("Query") {
            connection("", "", field, of, "");
        }
        for (field, of) in schema.lists("Viewer") {
            connection("viewer {", "}", field, of, "/viewer");
        }
        for kind in KINDS {
            for (field, of) in schema.lists(kind) {
                let ahead = format!("node(id: \"{}\") {{ ... on {kind} {{", global_id(kind, 1));
                connection(&ahead, "} }", field, of, "/node");
            }
            let document = format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ @ }} }} }}");
            lists.push((document, kind.to_owned(), "/nodes".to_owned()));
        }
        assert!(lists.len() > 20, "{lists:#?}");

        let mut wrong = Vec::new();
        let mut asked = 0;
        for (document, of, path) in &lists {
            for selection in schema.each_field(of) {
                let document = document.replace('@', &selection);
                let mut costs = Vec::new();
                for rows in [1, ROWS] {
                    let ids: Vec<_> = match path.as_str() {
                        "/nodes" => (1..=rows).map(|n| global_id(of, n)).collect(),
                        _ => Vec::new(),
                    };
                    let variables = json!({ "rows": rows, "ids": ids });
                    let (statements, data) = cost(&gateway, &document, &variables).await;
                    let found = data.pointer(path).map(|list| array(list).len());
                    assert_eq!(found, usize::try_from(rows).ok(), "{document}: {data:#}");
                    costs.push(statements);
                }
                asked += 1;
                if costs[0] != costs[1] {
                    wrong.push(format!("{document}: {} for one row, {} for {ROWS}", costs[0], costs[1]));
                }
            }
        }
        assert!(asked > 300, "{asked} fields");
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
