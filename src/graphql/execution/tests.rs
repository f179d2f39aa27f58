use async_graphql::{
    Name, ServerError, Value,
    indexmap::IndexMap,
    parser::types::{Selection, SelectionSet},
};
use graphql_documents::{Documents, Limits, Operation, Refusal, Request};

use super::{
    super::{json::Json, subgraph_sdl},
    Executed, SchemaSettings, TARIFF, definition, schema,
};

fn documents(limits: Limits) -> Documents {
    let schema = schema(SchemaSettings::default());
    Documents::new(&definition(&schema), &TARIFF, limits, Vec::new(), 0).expect("a schema")
}

fn prepared(
    document: &str,
    variables: &[(&str, Value)],
    limits: Limits,
) -> Result<Operation, Refusal> {
    let mut request = Request {
        query: document.to_owned(),
        ..Request::default()
    };
    for (name, value) in variables {
        request.variables.insert(Name::new(name), value.clone());
    }
    documents(limits).prepare(request, |_| ())
}

fn text(set: &SelectionSet) -> String {
    let items = set.items.iter().map(|item| match &item.node {
        Selection::Field(field) => {
            let key = &field.node.response_key().node;
            match text(&field.node.selection_set.node) {
                below if below.is_empty() => key.to_string(),
                below => format!("{key} {{ {below} }}"),
            }
        }
        Selection::InlineFragment(inline) => {
            let condition = inline.node.type_condition.as_ref().expect("a type");
            let below = text(&inline.node.selection_set.node);
            format!("on {} {{ {below} }}", condition.node.on.node)
        }
        Selection::FragmentSpread(_) => panic!("a fragment spread"),
    });
    items.collect::<Vec<_>>().join(" ")
}

/// Returns the fields of a document's operation, if it has at most `allowed`.
fn collected(document: &str, allowed: u64) -> Option<String> {
    let variables = [("yes", Value::Boolean(true)), ("no", Value::Boolean(false))];
    let limits = Limits {
        cost: allowed,
        ..Limits::default()
    };
    let operation = prepared(document, &variables, limits).ok()?;
    Some(text(&operation.definition.selection_set.node))
}

#[test]
fn every_field_occurs_once() {
    for (document, expected) in [
        (
            "{ viewer { user { id username } } }",
            "viewer { user { id username } }",
        ),
        ("{ a: __typename __typename a: __typename }", "a __typename"),
        (
            "{ a: viewer { user { id } } viewer { user { id } } }",
            "a { user { id } } viewer { user { id } }",
        ),
        (
            "{ viewer { user { id } } viewer { user { username id } } }",
            "viewer { user { id username } }",
        ),
        (
            "{ viewer { user { id } } ... { __typename viewer { courses { totalCount } } } }",
            "viewer { user { id } courses { totalCount } } __typename",
        ),
        (
            "{ viewer { user { id } } ...F } fragment F on Query { viewer { user { email } } }",
            "viewer { user { id email } }",
        ),
        (
            "{ ...F ...G } fragment F on Query { a: __typename }
             fragment G on Query { b: __typename ...F }",
            "a b",
        ),
        (
            "{ viewer { user { ... on Node { id } ... on User { username } } } }",
            "viewer { user { id username } }",
        ),
    ] {
        assert_eq!(
            collected(document, 100).as_deref(),
            Some(expected),
            "{document}"
        );
    }
}

#[test]
fn fragments_remain_only_where_fields_depend_on_the_object_type() {
    for (selected, expected) in [
        ("__typename", "__typename"),
        ("... { __typename } ...F", "__typename a"),
        (
            "... on Group { slug } ... on Node { id } ...F",
            "on Course { id a } on Group { slug id a } on Workspace { id a }",
        ),
        (
            "... on Workspace { ... on Node { ... on Group { slug } } }",
            "",
        ),
    ] {
        let fragment = match selected.contains("...F") {
            true => "fragment F on InviteTarget { a: __typename }",
            false => "",
        };
        let document =
            format!("{{ groupInvites {{ nodes {{ target {{ {selected} }} }} }} }} {fragment}");
        let expected = match expected {
            "" => "target".to_owned(),
            expected => format!("target {{ {expected} }}"),
        };
        let expected = format!("groupInvites {{ nodes {{ {expected} }} }}");
        assert_eq!(collected(&document, 100), Some(expected), "{document}");
    }
}

#[test]
fn conditions_are_resolved() {
    let document = "query ($yes: Boolean!, $no: Boolean!) {
        a: __typename @include(if: $yes) b: __typename @skip(if: $yes)
        c: __typename @include(if: $no) d: __typename @skip(if: $no)
        e: __typename @skip(if: true) ... @include(if: false) { f: __typename }
        ...F @include(if: true) @skip(if: $no) } fragment F on Query { g: __typename }";
    assert_eq!(collected(document, 100).as_deref(), Some("a d g"));
    let document = "query ($it: Boolean = true) { __typename @skip(if: $it) }";
    assert!(prepared(document, &[("it", Value::Null)], Limits::default()).is_err());
    assert!(prepared(document, &[], Limits::default()).is_ok());
}

#[test]
fn fields_and_fragments_are_bounded() {
    let document = "{ __typename ... { viewer { user { id } } } }";
    assert!(collected(document, 5).is_some());
    assert_eq!(collected(document, 4), None);
    // Once for each type.
    let document = "{ groupInvites(first: 1) { nodes { target { ... on Group { slug } } } } }";
    assert!(collected(document, 7).is_some());
    assert_eq!(collected(document, 5), None);
}

fn prepare(document: &str) -> Operation {
    prepared(document, &[], Limits::default()).unwrap_or_else(|_| panic!("{document}"))
}

#[test]
fn lists_multiply() {
    for (document, expected) in [
        ("{ __typename }", 0),
        ("{ __schema { types { name } } }", 0),
        ("{ viewer { user { id } } }", 2),
        ("{ inviteCodes { totalCount pageInfo { endCursor } } }", 1),
        ("{ inviteCodes { nodes { id } } }", 1 + 25),
        ("{ inviteCodes(first: 0) { nodes { id } } }", 1),
        (
            "{ inviteCodes(first: 7) { nodes { id } edges { node { id } } } }",
            1 + 14,
        ),
        (
            "{ inviteCodes(last: 7) { edges { cursor node { inviter { id } } } } }",
            1 + 14,
        ),
        ("{ inviteCodes(first: 1000) { nodes { id } } }", 1 + 100),
        (
            "{ inviteCodes(first: 2) { nodes { tags { id } } } }",
            1 + 2 * 11,
        ),
        (
            "{ nodes(ids: [1, 2, 3]) { id ... on Group { invite { id } } } }",
            6,
        ),
        ("{ _entities(representations: {}) { __typename } }", 1),
        ("{ _entities(representations: [{}, {}]) { __typename } }", 2),
        (
            "{ inviteCodes(filter: { search: \"a\", tag: [1, 2], role: null }) { totalCount } }",
            1 + 10 + 12,
        ),
        (
            "query ($a: [ID!] = [1, 2, 3], $b: InviteCodeFilter = { search: \"a\" }) {
                a: inviteCodes(filter: { tag: $a }) { totalCount }
                b: inviteCodes(filter: $b) { totalCount } }",
            1 + 13 + 1 + 10,
        ),
        ("{ _service { sdl } }", 1 + 80),
        (
            "{ viewer { ...V } } fragment V on Viewer { workspaces(first: 3) { ...W } }
             fragment W on WorkspaceConnection { nodes { invites(first: 5) { ...I } } }
             fragment I on WorkspaceInviteConnection { edges { ... { node { id } } } }",
            2 + 3 * (1 + 1 + 5),
        ),
        (
            "{ course(id: 1) { invitees(first: 5) { edges { node { id } invite { inviter { id } } } } } }",
            2 + 5 * (1 + 2),
        ),
    ] {
        assert_eq!(prepare(document).cost, expected, "{document}");
    }
}

#[test]
fn mutations_and_the_rows_of_their_input_are_counted() {
    let accept = "acceptInvite(input: { code: \"x\" }) { userErrors { code } }";
    let people = "[{ email: \"a\" }, { email: \"b\" }, { email: \"c\" }]";
    let create = format!(
        "createWorkspaceInvites(input: {{ workspace: 1, invitees: {people} }}) {{ userErrors {{ code }} }}"
    );
    let cancel = "cancelInvites(input: { ids: [1, 2] }) { results { invite { id } } }";
    for (document, mutations, rows) in [
        ("{ viewer { user { id } } }".to_owned(), 0, 0),
        (format!("mutation {{ {accept} }}"), 1, 1),
        (format!("mutation {{ {create} }}"), 1, 3),
        (format!("mutation {{ {cancel} }}"), 1, 2),
        (format!("mutation {{ {accept} a: {accept} {create} b: {cancel} }}"), 4, 7),
        // A field that is selected repeatedly is executed once.
        (format!("mutation {{ {create} {create} }}"), 1, 3),
        (format!("mutation {{ {create} ... @skip(if: true) {{ {cancel} }} }}"), 1, 3),
        // A single value is a list of one.
        ("mutation { cancelInvites(input: { ids: 1 }) { userErrors { code } } }".to_owned(), 1, 1),
        // Lists within a row, and those of a mutation of one invite, are no rows.
        (
            "mutation { createInviteCodes(input: { invitees: [{ tags: [1, 2, 3] }, {}] }) { userErrors { code } }
                updateInvite(input: { id: 1, tags: [1, 2, 3] }) { userErrors { code } } }"
                .to_owned(),
            2,
            3,
        ),
    ] {
        let writes = prepare(&document).writes;
        assert_eq!((writes.mutations, writes.rows), (mutations, rows), "{document}");
    }
    let document = "mutation ($input: InviteIdsInput!, $ids: [ID!]!) {
        a: cancelInvites(input: $input) { userErrors { code } }
        b: cancelInvites(input: { ids: $ids }) { userErrors { code } } }";
    let ids = |most: i32| Value::List((0..most).map(Value::from).collect());
    let input = Value::Object([(Name::new("ids"), ids(4))].into_iter().collect());
    let variables = [("input", input), ("ids", ids(5))];
    let operation = prepared(document, &variables, Limits::default());
    let writes = operation.expect("an operation").writes;
    assert_eq!((writes.mutations, writes.rows), (2, 9));
}

#[test]
fn mutations_of_the_schema_are_known() {
    let documents = documents(Limits::default());
    let mut mutations: Vec<_> = documents
        .mutations()
        .map(|mutation| (mutation.name, mutation.is_bulk))
        .collect();
    mutations.sort_unstable();
    assert_eq!(
        mutations,
        [
            ("acceptInvite", false),
            ("cancelInvites", true),
            ("createCourseInvites", true),
            ("createInviteCodes", true),
            ("createWorkspaceInvites", true),
            ("declineInvite", false),
            ("disableGroupInvite", false),
            ("enableGroupInvite", false),
            ("resendInvites", true),
            ("rotateGroupInvite", false),
            ("updateInvite", false),
        ]
    );
}

#[test]
fn further_lists_are_charged_each_by_itself() {
    for (document, expected) in [
        ("{ viewer { user { id } } }", 0),
        ("{ inviteCodes { totalCount } }", 0),
        (
            "{ a: inviteCodes { totalCount } b: inviteCodes { totalCount } }",
            15,
        ),
        (
            "{ viewer { workspaces { nodes { invites { totalCount } } } ...F } }
             fragment F on Viewer { a: groups { totalCount } b: groups { totalCount } }",
            45,
        ),
    ] {
        assert_eq!(prepare(document).surcharge, expected, "{document}");
    }
}

#[test]
fn long_texts_count_by_their_length() {
    let (_, _, nodes) = TARIFF.texts[0];
    let kib = subgraph_sdl(SchemaSettings::default()).len().div_ceil(1024) as u64;
    assert!(kib <= nodes && nodes < 2 * kib, "{kib} KiB");
}

#[test]
fn a_bomb_of_pages_is_counted_without_an_end() {
    let limits = Limits {
        nesting: 100,
        depth: 100,
        cost: u64::MAX,
        ..Limits::default()
    };
    let mut document = "{ workspaceInvites(first: 100) { nodes { id } } }".to_owned();
    for _ in 0..9 {
        let inner = "workspace { invites(first: 100) { nodes { id } } }";
        document = document.replace("{ id }", &format!("{{ {inner} }}"));
    }
    let operation = prepared(&document, &[], limits);
    assert_eq!(operation.expect("an operation").cost, u64::MAX);
}

#[test]
fn literals_of_custom_scalars_are_checked_like_variables() {
    let documents = documents(Limits::default());
    let is_fine = |document: &str| documents.check(document).is_ok();
    for (field, right, wrong) in [
        (
            "workspaceInvite(token: IT) { id }",
            &["\"x\"", "\"\"\"x\"\"\""][..],
            &["1", "1.5", "true", "X", "[\"x\"]", "{ it: 1 }"][..],
        ),
        (
            "inviteCodes(filter: { createdAt: { from: IT } }) { totalCount }",
            &["\"2026-01-01T00:00:00Z\"", "null"],
            &["1", "true", "X", "{}"],
        ),
    ] {
        for value in right {
            assert!(
                is_fine(&format!("{{ {} }}", field.replace("IT", value))),
                "{value}"
            );
        }
        for value in wrong {
            assert!(
                !is_fine(&format!("{{ {} }}", field.replace("IT", value))),
                "{value}"
            );
        }
    }
    assert!(!is_fine(
        "query ($it: String! = 5) { workspaceInvite(token: $it) { id } }"
    ));
    assert!(!is_fine(
        "{ ...F } fragment F on Query { workspaceInvite(token: 5) { id } }"
    ));
}

#[test]
fn a_response_for_another_transport_equals_the_written_one() {
    let mut part = Json::of_object();
    part.mark(b'{');
    part.key("id");
    part.plain_text("x");
    part.mark(b'}');
    let part = part.into_value();
    let mut data = IndexMap::new();
    data.insert(
        Name::new("list"),
        Value::List(vec![part.clone(), Value::Null]),
    );
    data.insert(Name::new("one"), part);
    data.insert(Name::new("plain"), Value::from("text"));
    let executed = Executed {
        errors: vec![ServerError::new("message", None)],
        exceeded: None,
        data: Value::Object(data),
        extensions: [("cost".to_owned(), 5.into())].into_iter().collect(),
    };
    let mut written = Vec::new();
    executed.write(&mut written).expect("JSON");
    let written: serde_json::Value = serde_json::from_slice(&written).expect("JSON");
    let response = executed.into_response().expect("JSON");
    assert_eq!(serde_json::to_value(response).expect("JSON"), written);
    assert_eq!(written["data"]["list"][0]["id"], "x");
}
