//! Invalid input: the error says what is allowed, and the database does not get the value.

mod requests;

use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, global_id};

/// Manages everything.
const VIEWER: Viewer<'static> = Viewer::User(1);
const STAFF: Viewer<'static> = Viewer::Staff(2);

const PAGED: [&str; 11] = [
    "inviteCodes(ARGUMENTS) { nodes { id } }",
    "workspaceInvites(ARGUMENTS) { nodes { id } }",
    "groupInvites(ARGUMENTS) { nodes { id } }",
    "workspace(id: \"1\") { invites(ARGUMENTS) { nodes { id } } }",
    "course(id: \"1\") { invitees(ARGUMENTS) { nodes { id } } }",
    "course(id: \"1\") { invites(ARGUMENTS) { nodes { id } } }",
    "viewer { workspaces(ARGUMENTS) { nodes { id } } }",
    "viewer { groups(ARGUMENTS) { nodes { id } } }",
    "viewer { courses(ARGUMENTS) { nodes { id } } }",
    "viewer { sentInvites(ARGUMENTS) { nodes { id } } }",
    "viewer { receivedInvites(ARGUMENTS) { nodes { id } } }",
];

/// Adds two workspaces with two invites each, two courses with two invitees each, and two codes.
async fn build(gateway: &Gateway) {
    gateway.add(data::user(1, "manager")).await;
    gateway.add(data::user(2, "staff")).await;
    for id in [1, 2] {
        gateway
            .add(data::user(10 + id, &format!("learner{id}")))
            .await;
        gateway.add(data::workspace(id)).await;
        gateway.add(data::workspace_member(id, 1, "owner")).await;
        gateway
            .add(data::course(id, &format!("course{id}"), 1))
            .await;
        gateway
            .add(entity::invite_code::Model {
                invited_by_id: Some(1),
                ..data::invite_code(id, &format!("CODE-{id}"))
            })
            .await;
    }
    for id in 1..=4 {
        let (parent, invitee) = ((id + 1) / 2, 11 + id % 2);
        gateway.add(data::workspace_invite(id, parent)).await;
        gateway.add(data::course_invite(id, parent, invitee)).await;
    }
}

/// Sends a document that must be refused. Returns the message, which must not reveal anything else.
async fn refused(gateway: &Gateway, document: &str, variables: Value, code: &str) -> String {
    let response = gateway.graphql_with(VIEWER, document, variables).await;
    let errors = response["errors"]
        .as_array()
        .unwrap_or_else(|| panic!("{document}: {response}"));
    for error in errors {
        assert_eq!(error["extensions"]["code"], code, "{document}: {response}");
        let text = error["message"].as_str().expect("a message").to_lowercase();
        for leak in [
            "select ", "sqlite", "postgres", "/src/", ".rs", "sqlx", "panicked",
        ] {
            assert!(!text.contains(leak), "{document}: {text}");
        }
        assert!(!text.is_empty(), "{document}");
    }
    errors[0]["message"].as_str().expect("a message").to_owned()
}

/// Sends an argument that must be refused. The message must name it and what is allowed.
async fn bad_argument(
    gateway: &Gateway,
    document: &str,
    variables: Value,
    argument: &str,
    allowed: &str,
) {
    let message = refused(gateway, document, variables, "BAD_USER_INPUT").await;
    assert_eq!(message, format!("{argument}: {allowed}"), "{document}");
}

/// Asserts that the database still works.
async fn is_fine(gateway: &Gateway) {
    let data = gateway
        .data(
            STAFF,
            "{ workspaceInvites { totalCount } inviteCodes { totalCount } }",
        )
        .await;
    assert_eq!(
        data,
        json!({ "workspaceInvites": { "totalCount": 4 }, "inviteCodes": { "totalCount": 2 } })
    );
}

/// Returns the cursor of the first edge of a list.
async fn cursor(gateway: &Gateway, list: &str) -> String {
    let document = format!("{{ {} }}", list.replace("nodes { id }", "edges { cursor }"));
    let data = gateway.data(VIEWER, &document).await;
    let mut at = &data;
    loop {
        match at {
            Value::String(cursor) => return cursor.clone(),
            Value::Array(edges) => at = edges.first().expect("an edge"),
            Value::Object(fields) => at = fields.values().next().expect("a field"),
            _ => panic!("{data}"),
        }
    }
}

each_database! {
    async fn a_page_size_is_between_0_and_100_and_of_one_end(gateway) {
        build(&gateway).await;
        let between = "must be between 0 and 100";
        for field in PAGED {
            for (arguments, argument, allowed) in [
                ("first: -1", "first", between),
                ("first: 101", "first", between),
                ("first: 2147483647", "first", between),
                ("first: -2147483648", "first", between),
                ("last: -1", "last", between),
                ("last: 101", "last", between),
                ("first: 1, last: 1", "first", "cannot be combined with last; send one of them"),
                ("first: 500, last: 1", "first", "cannot be combined with last; send one of them"),
            ] {
                let document = format!("{{ {} }}", field.replace("ARGUMENTS", arguments));
                bad_argument(&gateway, &document, json!({}), argument, allowed).await;
            }
            for arguments in ["first: 0", "first: 100", "last: 0", "last: 100", "first: null, last: null"] {
                let document = format!("{{ {} }}", field.replace("ARGUMENTS", arguments));
                gateway.data(VIEWER, &document).await;
            }
        }
        is_fine(&gateway).await;
    }

    async fn a_page_size_is_a_whole_number(gateway) {
        build(&gateway).await;
        for field in PAGED {
            for sent in ["1.5", "\"1\"", "true", "[1]", "{ it: 1 }"] {
                let document = format!("{{ {} }}", field.replace("ARGUMENTS", &format!("first: {sent}")));
                let message = refused(&gateway, &document, json!({}), "GRAPHQL_VALIDATION_FAILED").await;
                assert!(message.contains("type Int"), "{message}");
            }
        }
        // A whole number that exceeds GraphQL's Int.
        let document = "{ inviteCodes(first: 99999999999) { totalCount } }";
        let message = refused(&gateway, document, json!({}), "GRAPHQL_VALIDATION_FAILED").await;
        assert!(message.contains("32-bit"), "{message}");
        is_fine(&gateway).await;
    }

    async fn a_cursor_is_valid_only_for_its_list_and_order(gateway) {
        build(&gateway).await;
        let allowed = "must be a cursor that this list gave in this order";
        let cursors = [
            cursor(&gateway, "inviteCodes { nodes { id } }").await,
            cursor(&gateway, "workspaceInvites { nodes { id } }").await,
            cursor(&gateway, "workspaceInvites(orderBy: { field: CREATED_AT, direction: ASC }) { nodes { id } }").await,
            cursor(&gateway, "workspaceInvites(orderBy: { field: EXPIRES_AT, direction: DESC }) { nodes { id } }").await,
            cursor(&gateway, "workspace(id: \"2\") { invites { nodes { id } } }").await,
            cursor(&gateway, "course(id: \"2\") { invitees { nodes { id } } }").await,
            cursor(&gateway, "course(id: \"1\") { invitees(orderBy: { field: USERNAME, direction: ASC }) { nodes { id } } }").await,
            cursor(&gateway, "course(id: \"2\") { invites { nodes { id } } }").await,
            cursor(&gateway, "viewer { workspaces { nodes { id } } }").await,
            cursor(&gateway, "viewer { workspaces(orderBy: { field: NAME, direction: ASC }) { nodes { id } } }").await,
            cursor(&gateway, "viewer { courses { nodes { id } } }").await,
            cursor(&gateway, "viewer { sentInvites { nodes { id } } }").await,
        ];
        let garbage = ["", "x", "!!", "\0", "W10", "bnVsbA", "é", &"a".repeat(6000)].map(str::to_owned);
        for field in PAGED {
            let mut refusals = 0;
            for cursor in cursors.iter().chain(&garbage) {
                for argument in ["after", "before"] {
                    let document = format!("query ($it: String) {{ {} }}", field.replace("ARGUMENTS", &format!("{argument}: $it")));
                    let response = gateway.graphql_with(VIEWER, &document, json!({ "it": cursor })).await;
                    if response.get("errors").is_some() {
                        bad_argument(&gateway, &document, json!({ "it": cursor }), argument, allowed).await;
                        refusals += 1;
                    }
                }
            }
            // All except their own, in the lists that returned one.
            let own = match field.split('(').next() {
                Some("inviteCodes" | "workspaceInvites" | "viewer { workspaces" | "viewer { courses" | "viewer { sentInvites") => 1,
                _ => 0,
            };
            assert_eq!(refusals, 2 * (cursors.len() + garbage.len() - own), "{field}");
        }
        is_fine(&gateway).await;
    }

    async fn a_manipulated_cursor_never_reaches_the_database(gateway) {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        build(&gateway).await;
        let by_name = "course(id: \"1\") { invitees(orderBy: { field: USERNAME, direction: ASC }, after: $it) { nodes { id } } }";
        let by_name = format!("query ($it: String) {{ {by_name} }}");
        for (forged, is_refused) in [
            (json!(["course:1.invitees/Username/Asc", "a\0b", 1]), true),
            (json!(["course:1.invitees/Username/Asc", 1, 1]), true),
            (json!(["course:1.invitees/Username/Asc", "a", "1"]), true),
            (json!(["course:1.invitees/Username/Asc", "a", 1.5]), true),
            (json!(["course:1.invitees/Username/Asc", "a", 9_223_372_036_854_775_808_u64]), true),
            (json!(["course:1.invitees/Username/Asc", "a", 1, 1]), true),
            (json!(["course:2.invitees/Username/Asc", "a", 1]), true),
            (json!(["course:1.invitees/Username/Asc", "'; DROP TABLE users; --", i64::MAX]), false),
        ] {
            let it = URL_SAFE_NO_PAD.encode(forged.to_string());
            let response = gateway.graphql_with(VIEWER, &by_name, json!({ "it": it })).await;
            let code = response["errors"][0]["extensions"]["code"].as_str();
            assert_eq!(code, is_refused.then_some("BAD_USER_INPUT"), "{forged}: {response}");
        }
        // Instants that no row can have are not valid in a cursor. Leap seconds are read like other
        // seconds.
        for (instant, is_refused) in [
            ("0000-01-01T00:00:00Z", true),
            ("0000-01-01T00:00:00+23:59", true),
            ("9999-12-31T23:59:59-23:59", true),
            ("0001-01-01T00:00:00Z", false),
            ("9999-12-31T23:59:59Z", false),
            ("2016-12-31T23:59:60Z", false),
        ] {
            let it = URL_SAFE_NO_PAD.encode(json!(["inviteCodes/CreatedAt/Desc", instant, 1]).to_string());
            let document = "query ($it: String) { inviteCodes(after: $it) { totalCount nodes { id } } }";
            let response = gateway.graphql_with(VIEWER, document, json!({ "it": it })).await;
            let code = response["errors"][0]["extensions"]["code"].as_str();
            assert_eq!(code, is_refused.then_some("BAD_USER_INPUT"), "{instant}: {response}");
        }
        is_fine(&gateway).await;
    }

    async fn ids_in_filters_must_be_of_the_right_kind(gateway) {
        build(&gateway).await;
        let course = r#"course(id: "1") { invitees"#;
        for (list, argument, is_list, type_name) in [
            ("inviteCodes", "tag", true, "Tag"),
            ("workspaceInvites", "workspace", true, "Workspace"),
            ("workspaceInvites", "inviter", false, "User"),
            (course, "inviter", false, "User"),
            (r#"course(id: "1") { invites"#, "inviter", false, "User"),
            (r#"course(id: "1") { invites"#, "invitee", false, "User"),
        ] {
            let close = "}".repeat(1 + list.matches('{').count());
            let (of_type, wrap) = if is_list { ("[ID!]", true) } else { ("ID", false) };
            let document = format!("query ($it: {of_type}) {{ {list}(filter: {{ {argument}: $it }}) {{ totalCount }} {close}");
            let another = if type_name == "User" { "Tag" } else { "User" };
            for bad in [
                String::new(), "nope".to_owned(), "1\0".to_owned(), "01".to_owned(), "1.0".to_owned(), " 1".to_owned(),
                "99999999999999999999".to_owned(), global_id(another, 1), format!("{}=", global_id(type_name, 1)), "é".to_owned(),
            ] {
                let it = if wrap { json!([bad]) } else { json!(bad) };
                let allowed = format!("must be the id or databaseId of a {type_name}");
                bad_argument(&gateway, &document, json!({ "it": it }), &format!("filter.{argument}"), &allowed).await;
            }
            for good in [global_id(type_name, 999), "999".to_owned(), "-9223372036854775808".to_owned()] {
                let it = if wrap { json!([good]) } else { json!(good) };
                let response = gateway.graphql_with(VIEWER, &document, json!({ "it": it })).await;
                assert_eq!(response.get("errors"), None, "{response}");
            }
        }
        is_fine(&gateway).await;
    }

    async fn a_range_must_not_be_empty(gateway) {
        build(&gateway).await;
        for (list, argument) in [
            ("inviteCodes", "createdAt"),
            ("workspaceInvites", "createdAt"),
            ("workspaceInvites", "expiresAt"),
            ("viewer { sentInvites", "createdAt"),
            ("viewer { receivedInvites", "expiresAt"),
            ("course(id: \"1\") { invitees", "createdAt"),
            ("course(id: \"1\") { invites", "createdAt"),
        ] {
            let close = "}".repeat(1 + list.matches('{').count());
            let ask = |range: &str| format!("{{ {list}(filter: {{ {argument}: {{ {range} }} }}) {{ totalCount }} {close}");
            let argument = format!("filter.{argument}");
            for range in [
                "from: \"2026-01-01T00:00:00Z\", until: \"2026-01-01T00:00:00Z\"",
                "from: \"2026-01-02T00:00:00Z\", until: \"2026-01-01T00:00:00Z\"",
                // The same instant in another notation.
                "from: \"2026-01-01T01:00:00+01:00\", until: \"2026-01-01T00:00:00Z\"",
            ] {
                bad_argument(&gateway, &ask(range), json!({}), &argument, "from must be earlier than until").await;
            }
            let instant = "must be an RFC 3339 instant of the years 0001 to 9999 such as 2026-01-31T12:00:00Z";
            for bad in [
                "", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                "1767225600", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "+12026-01-01T00:00:00Z",
                "2026-01-01T00:00:00Z\\u0000",
            ] {
                for bound in ["from", "until"] {
                    let range = format!("{bound}: \"{bad}\"");
                    bad_argument(&gateway, &ask(&range), json!({}), &argument, &format!("{bound} {instant}")).await;
                }
            }
            for bad in ["1767225600", "true", "[\"2026-01-01T00:00:00Z\"]", "{}"] {
                let document = ask(&format!("from: {bad}"));
                let message = refused(&gateway, &document, json!({}), "GRAPHQL_VALIDATION_FAILED").await;
                assert!(message.contains("DateTime"), "{message}");
            }
            for good in [
                "", "from: null", "from: \"0001-01-01T00:00:00Z\"", "until: \"9999-12-31T23:59:59Z\"",
                "from: \"2026-01-01t00:00:00z\"", "from: \"2016-12-31T23:59:60Z\"", "from: \"2026-01-01T00:00:00.1234567891Z\"",
            ] {
                gateway.data(VIEWER, &ask(good)).await;
            }
        }
        is_fine(&gateway).await;
    }

    async fn ranges_from_the_first_to_the_last_year_contain_every_row(gateway) {
        build(&gateway).await;
        let document = "{ workspaceInvites(filter: {
            createdAt: { from: \"0001-01-01T00:00:00Z\", until: \"9999-12-31T23:59:59Z\" },
            expiresAt: { from: \"0001-01-01T00:00:00Z\", until: \"9999-12-31T23:59:59Z\" } }) { totalCount } }";
        let data = gateway.data(STAFF, document).await;
        assert_eq!(data["workspaceInvites"]["totalCount"], 4);
    }

    async fn text_in_filters_has_no_nul_and_a_maximum_length(gateway) {
        build(&gateway).await;
        let course = r#"course(id: "1") { invitees"#;
        for (list, argument, is_list) in [
            ("inviteCodes", "email", false),
            ("inviteCodes", "search", false),
            ("inviteCodes", "role", true),
            ("workspaceInvites", "email", false),
            ("workspaceInvites", "search", false),
            ("workspaceInvites", "role", true),
            (course, "search", false),
            (r#"course(id: "1") { invites"#, "search", false),
            ("viewer { workspaces", "search", false),
            ("viewer { groups", "search", false),
            ("viewer { courses", "search", false),
        ] {
            let close = "}".repeat(1 + list.matches('{').count());
            let of_type = if is_list { "[String!]" } else { "String" };
            let document = format!("query ($it: {of_type}) {{ {list}(filter: {{ {argument}: $it }}) {{ totalCount }} {close}");
            let send = |text: &str| json!({ "it": if is_list { json!([text]) } else { json!(text) } });
            let argument = format!("filter.{argument}");
            for bad in ["\0", "a\0b", "a@b.c\0"] {
                bad_argument(&gateway, &document, send(bad), &argument, "must not contain a NUL character").await;
            }
            let long = "must have at most 320 characters";
            bad_argument(&gateway, &document, send(&"é".repeat(321)), &argument, long).await;
            if argument == "filter.email" {
                continue;
            }
            for good in [&"é".repeat(320), "%", "_", "\\", "'", "\"", "--", "\u{feff}", "a\u{301}", "\u{10ffff}"] {
                let response = gateway.graphql_with(VIEWER, &document, send(good)).await;
                assert_eq!(response.get("errors"), None, "{argument} {good:?}: {response}");
            }
        }
        for list in ["inviteCodes", "workspaceInvites"] {
            for blank in ["", " ", "\t\n"] {
                let document = format!("query ($it: String) {{ {list}(filter: {{ email: $it }}) {{ totalCount }} }}");
                bad_argument(&gateway, &document, json!({ "it": blank }), "filter.email", "must not be empty").await;
            }
            let document = format!("query ($it: String) {{ {list}(filter: {{ email: $it }}) {{ totalCount }} }}");
            let incomparable = "must be an address like name@example.com, without spaces, invisible characters \
                or compatibility characters";
            for address in ["%", "jane", "jane@", "a b@x.io", "\u{212a}ate@x.io", "kate\u{200b}@x.io", "kate@\u{212a}.io", "kate@xn--a"] {
                bad_argument(&gateway, &document, json!({ "it": address }), "filter.email", incomparable).await;
            }
            for good in ["%@_", "'@x.io", "--@localhost", "Jos\u{e9}@b\u{fc}cher.example", "a\u{301}@my_host", " jane@X.io "] {
                let response = gateway.graphql_with(VIEWER, &document, json!({ "it": good })).await;
                assert_eq!(response.get("errors"), None, "{good:?}: {response}");
            }
        }
        is_fine(&gateway).await;
    }

    async fn lists_in_filters_have_at_most_100_values(gateway) {
        build(&gateway).await;
        for (list, argument, value) in [
            ("inviteCodes", "role", "\"member\""),
            ("inviteCodes", "tag", "1"),
            ("inviteCodes", "status", "PENDING"),
            ("workspaceInvites", "role", "\"member\""),
            ("workspaceInvites", "workspace", "1"),
            ("workspaceInvites", "status", "PENDING"),
        ] {
            let ask = |count: usize| {
                let values = vec![value; count].join(" ");
                format!("{{ {list}(filter: {{ {argument}: [{values}] }}) {{ totalCount }} }}")
            };
            bad_argument(&gateway, &ask(101), json!({}), &format!("filter.{argument}"), "must have at most 100 values, not 101").await;
            gateway.data(VIEWER, &ask(100)).await;
            let data = gateway.data(VIEWER, &ask(0)).await;
            assert_eq!(data[list]["totalCount"], 0, "of none of the values: none");
        }
        is_fine(&gateway).await;
    }

    async fn nodes_takes_100_ids(gateway) {
        build(&gateway).await;
        let document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let ids = vec![global_id("Workspace", 1); 101];
        let message = refused(&gateway, document, json!({ "ids": ids }), "BAD_USER_INPUT").await;
        assert!(message.ends_with("expected at most 100 values, not 101."), "{message}");
        let response = gateway.graphql_with(VIEWER, document, json!({ "ids": ids[1..] })).await;
        assert_eq!(response["data"]["nodes"].as_array().map(Vec::len), Some(100), "{response}");
        let response = gateway.graphql_with(VIEWER, document, json!({ "ids": [] })).await;
        assert_eq!(response, json!({ "data": { "nodes": [] } }));
    }

    async fn a_malformed_code_slug_or_token_looks_unknown(gateway) {
        build(&gateway).await;
        let long = "x".repeat(10_000);
        for viewer in [Viewer::Anonymous, VIEWER, STAFF] {
            for text in ["", " ", "\0", "CODE-1\0", "code-11", "CODE -1", "CODE-1 x", "'", "%", "é", "\u{10ffff}", long.as_str()] {
                for (field, argument) in [("inviteCode", "code: String!"), ("group", "id: ID!"), ("course", "id: ID!"), ("workspace", "id: ID!")] {
                    let name = argument.split(':').next().expect("a name");
                    let document = format!("query (${argument}) {{ {field}({name}: ${name}) {{ id }} }}");
                    let response = gateway.graphql_with(viewer, &document, json!({ name: text })).await;
                    assert_eq!(response, json!({ "data": { field: null } }), "{field} {text:?}");
                }
            }
            let simple = data::token(1).simple().to_string();
            let urn = format!("urn:uuid:{}", data::token(1));
            for text in ["", "\0", "nope", &simple, &urn, "00000000-0000-0000-0000-000000000000", &long] {
                let document = "query ($it: String!) { workspaceInvite(token: $it) { id } }";
                let response = gateway.graphql_with(viewer, document, json!({ "it": text })).await;
                assert_eq!(response, json!({ "data": { "workspaceInvite": null } }), "{text:?}");
            }
        }
        is_fine(&gateway).await;
    }

    async fn arguments_are_checked_only_after_access(gateway) {
        build(&gateway).await;
        gateway.add(data::workspace_member(1, 11, "member")).await;
        for (viewer, document, code) in [
            (Viewer::User(11), "{ workspace(id: \"1\") { invites(first: -1, filter: { email: \"\" }) { totalCount } } }", "FORBIDDEN"),
            (Viewer::User(11), "{ course(id: \"1\") { invitees(after: \"x\", filter: { inviter: \"x\" }) { totalCount } } }", "FORBIDDEN"),
            (Viewer::User(11), "{ course(id: \"1\") { invites(first: -1, filter: { invitee: \"x\" }) { totalCount } } }", "FORBIDDEN"),
            (Viewer::User(1), "{ users(first: -1, filter: { email: \"\" }) { totalCount } }", "FORBIDDEN"),
            (Viewer::Anonymous, "{ users(first: -1) { totalCount } }", "UNAUTHENTICATED"),
            (Viewer::Anonymous, "{ inviteCodes(first: -1) { totalCount } }", "UNAUTHENTICATED"),
            (Viewer::Anonymous, "{ workspaceInvites(filter: { search: \"\\u0000\" }) { totalCount } }", "UNAUTHENTICATED"),
            (Viewer::Anonymous, "{ groupInvites(after: \"x\") { totalCount } }", "UNAUTHENTICATED"),
        ] {
            let response = gateway.graphql(viewer, document).await;
            assert_eq!(response["errors"][0]["extensions"]["code"], code, "{document}: {response}");
            assert_eq!(response["errors"].as_array().map(Vec::len), Some(1));
        }
    }
}
