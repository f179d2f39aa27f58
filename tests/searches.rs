//! Text search and filters: matches, and wildcards as plain text.

use entity::user;
use invite_gateway::{email, import::Kind};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, run_in_locale_c};

const STAFF: Viewer<'static> = Viewer::Staff(1);

/// Returns the keys of a list's rows, oldest first. The total must equal their number.
async fn found(gateway: &Gateway, list: &str, filter: &str) -> Vec<String> {
    let order = "orderBy: { field: CREATED_AT, direction: ASC }";
    let document = format!(
        "{{ list: {list}({order}, filter: {{ {filter} }}) {{ totalCount nodes {{ databaseId }} }} }}"
    );
    let data = gateway.data(STAFF, &document).await;
    let nodes = data["list"]["nodes"].as_array().expect("nodes");
    assert_eq!(data["list"]["totalCount"], nodes.len(), "{filter}");
    let id = |node: &Value| node["databaseId"].as_str().expect("an id").to_owned();
    nodes.iter().map(id).collect()
}

/// Returns a code for a person with that name and address.
fn code_for(id: i64, name: &str, address: &str) -> entity::invite_code::Model {
    entity::invite_code::Model {
        name: Some(name.to_owned()),
        email: Some(address.to_owned()),
        email_norm: email::normalize(address),
        ..data::invite_code(id, &format!("CODE-{id}"))
    }
}

/// Names in several languages and scripts.
const NAMES: [&str; 14] = [
    "Jos\u{e9} \u{c1}ngel",
    "Zo\u{eb} M\u{fc}ller",
    "\u{c9}mile Zola",
    "\u{414}\u{43c}\u{438}\u{442}\u{440}\u{438}\u{439} \u{418}\u{432}\u{430}\u{43d}\u{43e}\u{432}",
    "Mari\u{301}a Garc\u{ed}a",
    "\u{130}brahim Y\u{131}lmaz",
    "Stra\u{df}e Wei\u{df}",
    "\u{3a3}\u{38a}\u{3a3}\u{3a5}\u{3a6}\u{39f}\u{3a3}",
    "\u{ff26}\u{ff55}\u{ff4d}\u{ff49}",
    "Anna  Double",
    "Nguy\u{1ec5}n V\u{103}n A",
    "\u{c5}SA \u{d6}berg",
    "O\u{2019}Neil",
    "Garcia, Maria",
];

/// Searches, and the position of the only name that each finds.
const SEARCHES: [(&str, usize); 25] = [
    ("jos\u{e9}", 0),
    ("JOSE\u{301} \u{c1}", 0),
    ("ZO\u{cb}", 1),
    ("\u{e9}mile", 2),
    ("e\u{301}mile", 2),
    ("\u{c9}MILE", 2),
    ("\u{414}\u{41c}\u{418}\u{422}\u{420}\u{418}\u{419}", 3),
    ("\u{434}\u{43c}\u{438}\u{442}\u{440}\u{438}\u{439}", 3),
    ("\u{434}", 3),
    ("MAR\u{cd}A", 4),
    ("ibrahim", 5),
    ("\u{130}BRAH\u{130}M", 5),
    ("yilmaz", 5),
    ("STRASSE", 6),
    ("wei\u{1e9e}", 6),
    ("\u{3c3}\u{3af}\u{3c3}\u{3c5}\u{3c6}\u{3bf}\u{3c2}", 7),
    ("fumi", 8),
    ("\u{ff46}\u{ff35}MI", 8),
    ("anna double", 9),
    ("NGUY\u{1ec4}N", 10),
    ("\u{e5}sa \u{f6}berg", 11),
    ("\u{212b}SA O\u{308}", 11),
    ("o'neil", 12),
    ("O\u{2019}NEIL", 12),
    ("garcia, m", 13),
];

const NOBODY: [&str; 0] = [];

/// Returns the ids of the invitees of course 1 that a search finds.
async fn invitees(gateway: &Gateway, search: &str) -> Vec<String> {
    let document = "query ($search: String!) { course(id: \"1\") {
        newest: invitees(filter: { search: $search }) { totalCount nodes { databaseId } }
        named: invitees(filter: { search: $search }, orderBy: { field: USERNAME, direction: ASC }) {
            totalCount nodes { databaseId } } } }";
    let variables = json!({ "search": search });
    let response = gateway.graphql_with(STAFF, document, variables).await;
    let ids = |list: &str| {
        let list = &response["data"]["course"][list];
        let nodes = list["nodes"].as_array().expect("nodes").iter();
        let id = |node: &Value| node["databaseId"].as_str().map(str::to_owned);
        let mut ids: Vec<String> = nodes.filter_map(id).collect();
        assert_eq!(list["totalCount"], ids.len(), "{search:?}");
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids("newest"), ids("named"), "{search:?}");
    ids("newest")
}

async fn names_are_found_in_any_case_and_form(gateway: Gateway) {
    gateway.add(data::user(1, "staff")).await;
    let people = (10..).zip(NAMES);
    let people = people
        .map(|(id, name)| json!({ "id": id, "username": format!("u{id}"), "real_name": name }));
    let page = json!({
        "course": { "id": 1, "slug": "c", "name": "\u{c9}tudes", "privacy": "open", "created_by": 1 },
        "results": people.collect::<Vec<_>>(),
    });
    let (_, rejected) = gateway.import(Kind::CourseInvites, &[page]).await;
    assert!(rejected.is_empty(), "{rejected:?}");
    for (search, at) in SEARCHES {
        assert_eq!(
            invitees(&gateway, search).await,
            [(10 + at).to_string()],
            "{search:?}"
        );
    }
    for search in ["jose", "emile", "\u{434}\u{434}", "u1 0", "10\u{a}jos"] {
        assert_eq!(invitees(&gateway, search).await, NOBODY, "{search:?}");
    }
}

#[tokio::test]
async fn names_are_found_in_any_case_and_form_in_the_locale_c() {
    run_in_locale_c(names_are_found_in_any_case_and_form).await;
}

each_database! {
    async fn names_are_found_in_any_case_and_form_in_every_language(gateway) {
        names_are_found_in_any_case_and_form(gateway).await;
    }

    async fn texts_that_mutations_write_are_found_in_any_case(gateway) {
        gateway.add(user::Model { is_staff: true, ..data::user(1, "staff") }).await;
        gateway.add(data::workspace(1)).await;
        let created = gateway.data(STAFF, "mutation {
            createInviteCodes(input: { invitees: [{ name: \"\u{c9}mile\", email: \"\u{c9}va@b\u{fc}cher.example\" }] }) {
                results { invite { id } } userErrors { code } }
            createWorkspaceInvites(input: { workspace: \"1\", message: \"\u{414}\u{410}\",
                invitees: [{ email: \"\u{d6}@x.io\" }] }) { results { invite { id } } userErrors { code } } }").await;
        let ids = ["createInviteCodes", "createWorkspaceInvites"]
            .map(|field| created[field]["results"][0]["invite"]["id"].as_str().expect("an id").to_owned());
        for (list, search) in [
            ("inviteCodes", "\u{e9}MILE"), ("inviteCodes", "e\u{301}va@B\u{dc}cher"),
            ("workspaceInvites", "\u{434}\u{430}"), ("workspaceInvites", "\u{f6}@X"),
        ] {
            assert_eq!(found(&gateway, list, &format!("search: \"{search}\"")).await.len(), 1, "{search}");
        }
        gateway.data(STAFF, &format!("mutation {{
            a: updateInvite(input: {{ id: {:?}, name: \"\u{c5}sa\" }}) {{ userErrors {{ code }} }}
            b: updateInvite(input: {{ id: {:?}, message: \"\u{d1}and\u{fa}\" }}) {{ userErrors {{ code }} }} }}",
            ids[0], ids[1])).await;
        for (list, search, total) in [
            ("inviteCodes", "\u{e9}mile", 0), ("inviteCodes", "\u{e5}SA", 1),
            ("workspaceInvites", "\u{434}", 0), ("workspaceInvites", "\u{f1}AND\u{da}", 1),
        ] {
            assert_eq!(found(&gateway, list, &format!("search: \"{search}\"")).await.len(), total, "{search}");
        }
    }

    async fn an_invitee_is_found_by_the_current_name(gateway) {
        gateway.add(data::user(1, "staff")).await;
        let user = |name: &str| json!({ "id": 2, "username": "vera", "full_name": name });
        gateway.import(Kind::Users, &[user("\u{c9}mile")]).await;
        gateway.add(data::course(1, "c", 1)).await;
        gateway.add(data::course_invite(1, 1, 2)).await;
        assert_eq!(invitees(&gateway, "\u{e9}MILE").await, ["2"]);
        gateway.import(Kind::Users, &[user("\u{416}anna")]).await;
        assert_eq!(invitees(&gateway, "\u{e9}mile").await, NOBODY);
        assert_eq!(invitees(&gateway, "\u{436}ANNA").await, ["2"]);
        // Another person takes the invite.
        gateway.add(data::user(3, "wanda")).await;
        let sql = "UPDATE course_invites SET user_id = 3 WHERE id = 1";
        gateway.database.execute_unprepared(sql).await.expect("another invitee");
        assert_eq!(invitees(&gateway, "VERA").await, NOBODY);
        assert_eq!(invitees(&gateway, "WANDA").await, ["3"]);
    }

    async fn rows_that_sql_writes_are_found_in_any_ascii_case(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add(data::user(2, "vera")).await;
        gateway.add(data::course(1, "c", 1)).await;
        gateway.add(data::course_invite(1, 1, 2)).await;
        gateway.add(data::invite_code(1, "code")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_invite(1, 1)).await;
        for sql in [
            "UPDATE users SET full_name = 'WANDA Maximoff' WHERE id = 2",
            "UPDATE invite_codes SET name = 'INGRID' WHERE id = 1",
            "UPDATE workspace_invites SET message = 'WELCOME' WHERE id = 1",
        ] {
            gateway.database.execute_unprepared(sql).await.expect("a change");
        }
        assert_eq!(invitees(&gateway, "Wanda m").await, ["2"]);
        assert_eq!(found(&gateway, "inviteCodes", "search: \"ingrid\"").await, ["1"]);
        assert_eq!(found(&gateway, "workspaceInvites", "search: \"Welcome\"").await, ["1"]);
    }

    async fn text_that_differs_only_in_ascii_case_is_stored_once(gateway) {
        let rows = [(1, "Anna"), (2, "\u{c9}mile")].map(|(id, name)| json!({
            "id": id, "username": format!("User{id}"), "full_name": name, "email": format!("U{id}@X.io") }));
        gateway.import(Kind::Users, &rows).await;
        let users = user::Entity::find().all(&gateway.database).await.expect("users");
        for user in users {
            assert_eq!((user.username_folded, user.email_folded), (None, None));
            let folded = (user.id == 2).then(|| "\u{e9}mile".to_owned());
            assert_eq!(user.full_name_folded, folded);
        }
    }

    async fn invite_codes_are_searched_by_name_and_address(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add_all([
            code_for(1, "Jane Doe", "Jane.Doe@Home.Example"),
            code_for(2, "Janet", "other@home.example"),
            code_for(3, "100%_\\", "percent@home.example"),
            data::invite_code(4, "JANE-IN-THE-CODE"),
        ]).await;
        for (search, expected) in [
            ("jane", vec!["1", "2"]),
            ("JANE", vec!["1", "2"]),
            (" doe@ ", vec!["1"]),
            ("home.example", vec!["1", "2", "3"]),
            ("%", vec!["3"]),
            ("_", vec!["3"]),
            ("\\\\", vec!["3"]),
            ("0%_", vec!["3"]),
            ("j_ne", vec![]),
            ("j%e", vec![]),
            ("'", vec![]),
            ("", vec!["1", "2", "3", "4"]),
        ] {
            let filter = format!("search: \"{search}\"");
            assert_eq!(found(&gateway, "inviteCodes", &filter).await, expected, "{search}");
        }
        for (address, expected) in [
            ("jane.doe@home.example", vec!["1"]),
            (" JANE.DOE@HOME.EXAMPLE ", vec!["1"]),
            ("jane@home.example", vec![]),
            ("jane%@home.example", vec![]),
        ] {
            let filter = format!("email: \"{address}\"");
            assert_eq!(found(&gateway, "inviteCodes", &filter).await, expected, "{address}");
        }
    }

    async fn workspace_invites_are_searched_by_address_and_message(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add(data::workspace(1)).await;
        for (id, message) in [(1, Some("Welcome, 50% off_here")), (2, Some("Hello")), (3, None)] {
            gateway.add(entity::workspace_invite::Model {
                message: message.map(str::to_owned),
                ..data::workspace_invite(id, 1)
            }).await;
        }
        for (search, expected) in [
            ("welcome", vec!["1"]),
            ("INVITEE2@", vec!["2"]),
            ("example.org", vec!["1", "2", "3"]),
            ("50%", vec!["1"]),
            ("5%off", vec![]),
            ("f_h", vec!["1"]),
            ("l_o", vec![]),
        ] {
            let filter = format!("search: \"{search}\"");
            assert_eq!(found(&gateway, "workspaceInvites", &filter).await, expected, "{search}");
        }
        assert_eq!(found(&gateway, "workspaceInvites", "role: [\"member\"]").await.len(), 3);
        assert_eq!(found(&gateway, "workspaceInvites", "role: [\"Member\"]").await.len(), 0);
    }

    async fn invitees_are_searched_by_username_and_full_name_and_not_by_address(gateway) {
        gateway.add(data::user(1, "staff")).await;
        gateway.add(data::course(1, "course", 1)).await;
        for (id, name) in [(2, "wanda"), (3, "vision")] {
            gateway.add(user::Model {
                full_name: format!("Mx {name}_Maximoff"),
                ..data::user(id, name)
            }).await;
            gateway.add(data::course_invite(id, 1, id)).await;
        }
        for (search, expected) in [
            ("WAND", vec!["2"]),
            ("maximoff", vec!["2", "3"]),
            ("wanda_max", vec!["2"]),
            ("wanda__max", vec![]),
            // Managers cannot search for addresses that they may not see.
            ("example.com", vec![]),
            ("ext-2", vec![]),
        ] {
            let document = format!(
                "{{ course(id: \"1\") {{ list: invitees(filter: {{ search: \"{search}\" }}) {{ totalCount nodes {{ databaseId }} }} }} }}"
            );
            let data = gateway.data(STAFF, &document).await;
            let list = &data["course"]["list"];
            let ids: Vec<_> = list["nodes"].as_array().expect("nodes").iter()
                .map(|node| node["databaseId"].as_str().expect("an id")).collect();
            assert_eq!(ids, expected, "{search}");
            assert_eq!(list["totalCount"], ids.len(), "{search}");
        }
    }
}
