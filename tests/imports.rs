//! Imports: accepted rows, rejected rows and their reasons, and the state after an interruption.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    thread,
};

use clap::ValueEnum;
use entity::{invite_code, user, workspace, workspace_invite};
use invite_gateway::{demo, import::Kind};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryOrder, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Backend, Gateway, Viewer, data, each_database,
    process::{Ended, Process, eventually},
    run, tables,
};

const MADE: &str = "2026-01-01T00:00:00Z";

/// Returns rows of every kind, in an order that satisfies references.
fn everything() -> Vec<(&'static str, Vec<Value>)> {
    let user = |id: i64, name: &str| {
        json!({ "id": id, "username": name, "full_name": format!("Full {name}"),
            "email": format!("{name}@Example.com"), "is_verified": true, "created_at": MADE })
    };
    vec![
        (
            "users",
            vec![user(1, "ada"), user(2, "bob"), user(3, "cleo")],
        ),
        (
            "workspaces",
            vec![json!({ "id": 1, "name": "Atlas", "created_at": MADE })],
        ),
        (
            "workspace-members",
            vec![json!({ "workspace_id": 1, "user_id": 1, "role": "owner" })],
        ),
        (
            "groups",
            vec![json!({ "id": 1, "slug": "studio", "name": "Studio", "created_at": MADE })],
        ),
        (
            "group-members",
            vec![json!({ "group_id": 1, "user_id": 2, "role": "manager" })],
        ),
        (
            "tags",
            vec![
                json!({ "id": 1, "type": "user", "name": "beta", "color": "#00ff00", "created_at": MADE }),
            ],
        ),
        (
            "courses",
            vec![
                json!({ "id": 1, "slug": "rust", "name": "Rust", "privacy": "open",
            "created_by": 1, "created_at": MADE }),
            ],
        ),
        (
            "course-members",
            vec![json!({ "course_id": 1, "user_id": 1, "role": "creator" })],
        ),
        ("invite-codes", (1..=3).map(code).collect()),
        (
            "workspace-invites",
            vec![json!({
            "token": "11111111-1111-4111-8111-000000000001", "email": "eve@example.org",
            "workspace_name": "Atlas", "workspace_id": 1, "workspace_description": "",
            "workspace_logo": "", "inviter": { "id": 1, "email": "ada@Example.com",
                "full_name": "Full ada", "username": "ada", "is_verified": true,
                "profile_picture": null },
            "inviter_name": "Full ada", "role_display": "Member", "is_expired": false,
            "expires_at": "2099-01-01T00:00:00Z", "message": "", "status": "pending",
            "created_at": MADE })],
        ),
        (
            "group-invites",
            vec![json!({ "id": 1, "type": "GroupInvite", "code": "join",
            "url": "https://www.are.na/group/studio/invite/join", "created_at": MADE,
            "updated_at": MADE, "_links": {}, "group": 1 })],
        ),
        (
            "course-invites",
            vec![
                json!({ "course": 1, "count": 2, "next": null, "previous": null,
            "results": [
                { "id": 2, "username": "bob", "real_name": "Full bob", "ext_id": "b", "avatar": null,
                    "invited_at": MADE },
                { "id": 3, "username": "cleo", "real_name": "Full cleo", "ext_id": null,
                    "avatar": null, "invited_at": MADE },
            ] }),
            ],
        ),
    ]
}

/// Returns an invite code with a tag, and with an inviter that it creates.
fn code(id: i64) -> Value {
    json!({ "id": id, "code": format!("code-{id}"), "role": "user", "generated_at": MADE,
        "invited_by": 900, "invited_by_username": "zed",
        "user": { "id": 901, "username": "yan", "real_name": "Yan" },
        "tags": [{ "id": 1, "type": "user", "name": "beta", "color": "#00ff00",
            "created_at": MADE }] })
}

/// Returns an invite to the first workspace, by the first user.
fn workspace_invite(id: i64) -> Value {
    json!({ "id": id, "token": format!("11111111-1111-4111-8111-{id:012}"),
        "email": format!("Person-{id}@example.org"), "workspace_id": 1, "inviter_id": 1,
        "role": "member", "message": (id % 3 == 0).then_some("Come"), "status": "pending",
        "created_at": MADE, "expires_at": "2099-01-01T00:00:00Z" })
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// Writes rows to a file in a new folder.
fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows");
    fs::write(&path, text).expect("a file");
    (folder, path)
}

pub async fn import(gateway: &Gateway, kind: &str, file: &Path, more: &[&str]) -> Ended {
    let file = file.to_str().expect("UTF-8");
    let url = &gateway.database_url;
    let import = ["import", kind, file, "--database-url", url];
    Process::run(&[&import, more].concat()).await
}

/// Imports text from a temporary file.
async fn import_text(gateway: &Gateway, kind: &str, text: &str, more: &[&str]) -> Ended {
    let (_folder, path) = file(text);
    import(gateway, kind, &path, more).await
}

/// Returns the program's exit status, and its last line without the duration and the numbers of changes.
pub fn summary(ended: &Ended) -> (Option<i32>, String) {
    let words = if ended.status == Some(0) {
        &ended.stdout
    } else {
        &ended.stderr
    };
    let last = words.lines().last().unwrap_or_default();
    let (before, after) = last.split_once(", in ").unwrap_or((last, ""));
    let after = after.split_once(" s").map_or("", |(_, after)| after);
    let after = match after.split_once(" (") {
        Some((_, outcome)) => format!(" ({outcome}"),
        None => String::new(),
    };
    (ended.status, format!("{before}{after}"))
}

pub fn is(status: i32, words: &str) -> (Option<i32>, String) {
    (Some(status), words.to_owned())
}

/// Users, some of which are invalid.
const MIXED: &str = r#"{"id":1,"username":"ada","full_name":"Ada"}

{"id":2,"username":"ada","full_name":"Another Ada"}
{"id":0,"username":"bob","full_name":"Bob"}
{"id":4,"full_name":"Nameless"}
{"id":5,"username":"eve","full_name":"Eve","created_at":"yesterday"}
{"id":6,"username":"fay",
{"id":7,"username":"gil","full_name":"Gil"}
"#;

const MIXED_REJECTIONS: [&str; 5] = [
    "line 3: username: already used by another row",
    "line 4: id: expected a positive 64-bit integer",
    "line 5: username: required, but missing",
    "line 6: created_at: expected an RFC 3339 instant such as 2026-01-31T12:00:00Z",
    "line 7: not valid JSON at byte 26 of the row: EOF while parsing a value",
];

each_database! {
    async fn every_kind_imports_and_a_second_import_changes_nothing(gateway) {
        let mut seen = Vec::new();
        for _ in 0..2 {
            for (kind, rows) in everything() {
                let ended = import_text(&gateway, kind, &lines(&rows), &[]).await;
                let number = rows.len();
                let words = format!("{kind}: {number} rows read, {number} written, 0 rejected");
                assert_eq!(summary(&ended), is(0, &words), "{}", ended.stderr);
                assert_eq!(ended.stderr, "");
            }
            seen.push(tables::dump(&gateway.database).await);
        }
        assert_eq!(seen[0], seen[1]);
        let counts: Vec<_> = seen[0].iter().map(|(name, rows)| (*name, rows.len())).collect();
        assert_eq!(counts, [
            ("users", 5), ("tags", 1), ("invite_codes", 3), ("invite_code_tags", 3),
            ("workspaces", 1), ("workspace_members", 1), ("workspace_invites", 1),
            ("invite_tokens", 1), ("groups", 1), ("group_members", 1), ("group_invites", 1),
            ("courses", 1), ("course_members", 1), ("course_invites", 2),
            ("invite_events", 0), ("idempotency_keys", 0), ("external_keys", 0),
        ]);
    }

    async fn names_lose_invisible_characters_and_identifiers_with_one_are_refused(gateway) {
        let user = |id: i64, username: &str, full_name: &str| json!({ "id": id, "username": username, "full_name": full_name });
        let rows = [user(1, "ada", "Ada\u{202e} Love\tlace\u{feff}"), user(2, "mina", "می\u{200c}نا"), user(3, "b\u{200b}ob", "Bob")];
        let (notes, summary) = gateway.import_notes(Kind::Users, &rows, false).await;
        assert_eq!(notes, ["1 row has a name with invisible characters, which were removed",
            "line 3: username: expected text without invisible characters"]);
        assert_eq!(summary.written, 2);
        let users = user::Entity::find().order_by_asc(user::Column::Id).all(&gateway.database).await.expect("users");
        let names: Vec<_> = users.iter().map(|user| user.full_name.as_str()).collect();
        assert_eq!(names, ["Ada Love lace", "می\u{200c}نا"]);
        let code = json!({ "id": 1, "code": "HELLO\u{ad}", "generated_at": MADE });
        let group = json!({ "id": 1, "slug": "stu\u{200d}dio", "name": "Studio" });
        for (kind, row, field) in [(Kind::InviteCodes, code, "code"), (Kind::Groups, group, "slug")] {
            let (notes, _) = gateway.import_notes(kind, &[row], false).await;
            assert_eq!(notes, [format!("line 1: {field}: expected text without invisible characters")]);
        }
    }

    async fn the_sample_data_loads_by_the_command_as_the_demo_loads_it(gateway) {
        let mut rows = Vec::new();
        for kind in Kind::value_variants() {
            // Rows of codes contain them.
            if *kind == Kind::Tags {
                continue;
            }
            let file = format!("{}/examples/data/{kind}.ndjson", env!("CARGO_MANIFEST_DIR"));
            let number = fs::read_to_string(&file).expect("a file").lines().count();
            let ended = import(&gateway, &kind.to_string(), Path::new(&file), &[]).await;
            let words = format!("{kind}: {number} rows read, {number} written, 0 rejected");
            assert_eq!(summary(&ended), is(0, &words), "{}", ended.stderr);
            rows.push(number);
        }
        let files = tables::dump(&gateway.database).await;
        // Tables without a file: rows of codes contain tags, rows of workspace invites tokens.
        let invites = files.iter().find(|(name, _)| *name == "workspace_invites").map(|(_, rows)| rows.len());
        let others = [
            ("tags", 6),
            ("invite_code_tags", 8),
            ("invite_tokens", invites.expect("a table")),
            ("invite_events", 0),
            ("idempotency_keys", 0),
            ("external_keys", 0),
        ];
        let counts = files.iter().map(|(name, rows)| (*name, rows.len()));
        let (others_found, counts): (Vec<_>, Vec<_>) =
            counts.partition(|(name, _)| others.iter().any(|(other, _)| other == name));
        assert_eq!(others_found, others);
        let mut counts: Vec<_> = counts.into_iter().map(|(_, count)| count).collect();
        counts.sort_unstable();
        rows.sort_unstable();
        assert_eq!(counts, rows);

        tables::empty(&gateway.database).await;
        let now = "2026-07-01T12:00:00Z".parse().expect("an instant");
        demo::load(&gateway.database, now).await.expect("sample data");
        // The demo adds the other learners and their invites, and the expiry of one code.
        let learners = [("users", 1996), ("course_invites", 1996)];
        let mut changed = Vec::new();
        for ((name, files), (_, all)) in files.iter().zip(tables::dump(&gateway.database).await) {
            let more = learners.iter().find(|(of, _)| of == name).map_or(0, |(_, more)| *more);
            assert_eq!(all.len(), files.len() + more, "{name}");
            changed.extend(files.iter().zip(&all).filter(|(file, row)| file != row).map(|_| *name));
        }
        // The deleted tag has the time of loading.
        assert_eq!(changed, ["tags", "invite_codes"]);
    }

    async fn lines_arrays_and_standard_input_give_the_same_result(gateway) {
        let rows: Vec<Value> = (1..=1200).map(code).collect();
        let laid_out: String = rows.iter().map(|row| format!("{row:#}\n")).collect();
        let (text, array) = (lines(&rows), Value::from(rows.clone()));
        let words = is(0, "invite-codes: 1200 rows read, 1200 written, 0 rejected");
        let url = gateway.database_url.as_str();
        let by_input = ["import", "invite-codes", "-", "--database-url", url];
        let mut seen = Vec::new();
        for text in [text, array.to_string(), format!("\u{feff}{array:#}\n"), laid_out] {
            let ended = import_text(&gateway, "invite-codes", &text, &[]).await;
            assert_eq!(summary(&ended), words, "{}", ended.stderr);
            let mut tables = vec![tables::dump(&gateway.database).await];
            tables::empty(&gateway.database).await;
            let ended = Process::run_with_input(&text, &by_input).await;
            assert_eq!(summary(&ended), words, "{}", ended.stderr);
            tables.push(tables::dump(&gateway.database).await);
            tables::empty(&gateway.database).await;
            seen.extend(tables);
        }
        // Only users created with codes differ, because they are created now.
        for tables in &seen {
            assert_eq!(tables[0].1.len(), 2);
            assert!(tables[1..] == seen[0][1..]);
        }
        assert_eq!((seen[0][2].1.len(), seen[0][3].1.len()), (1200, 1200));
    }

    async fn a_nested_user_is_neither_verified_nor_staff(gateway) {
        gateway.add(data::workspace(1)).await;
        gateway.add(workspace_invite::Model {
            email: "kate@x.io".to_owned(),
            email_norm: "kate@x.io".to_owned(),
            ..data::workspace_invite(1, 1)
        }).await;
        let mut id = 10;
        let mut kate = || {
            id += 1;
            json!({ "id": id, "username": format!("kate-{id}"), "real_name": "Kate", "email": "kate@x.io",
                "ext_id": format!("ext-{id}"), "is_verified": true, "is_staff": true })
        };
        let course = json!({ "id": 1, "slug": "rust", "name": "Rust", "privacy": "open", "created_by": kate() });
        for (kind, row) in [
            (Kind::Courses, course.clone()),
            (Kind::InviteCodes, json!({ "id": 1, "code": "c", "generated_at": MADE, "user": kate(),
                "invited_by": kate(), "tags": [] })),
            (Kind::WorkspaceInvites, json!({ "token": data::token(2), "email": "eve@x.io", "workspace_id": 1,
                "inviter": kate(), "accepted_by": kate(), "status": "accepted", "accepted_at": MADE,
                "expires_at": MADE })),
            (Kind::CourseInvites, json!({ "course": { "id": 2, "slug": "two", "name": "Two", "privacy": "open",
                "created_by": kate() }, "invited_by": kate(), "results": [kate()] })),
            (Kind::CourseInvites, json!({ "course": 1, "user": kate(), "invited_by": kate() })),
        ] {
            let (_, rejected) = gateway.import(kind, &[row]).await;
            assert!(rejected.is_empty(), "{rejected:?}");
        }
        let users = user::Entity::find().all(&gateway.database).await.expect("users");
        assert_eq!(users.len(), 10);
        for user in users {
            assert!(!user.is_verified && !user.is_staff, "{user:?}");
            assert_eq!(user.email, "kate@x.io");
            assert_eq!(user.ext_id, Some(format!("ext-{}", user.id)));
            let document = "{ workspace(id: \"1\") { id } viewer { receivedInvites(filter: { kind: [WORKSPACE_INVITE] }) { totalCount } } }";
            let data = gateway.data(Viewer::User(user.id), document).await;
            assert_eq!(data, json!({ "workspace": null, "viewer": { "receivedInvites": { "totalCount": 0 } } }));
        }
        // A row of users verifies.
        let row = json!({ "id": 11, "username": "kate-11", "full_name": "Kate", "email": "kate@x.io", "is_verified": true });
        gateway.import(Kind::Users, &[row]).await;
        let data = gateway.data(Viewer::User(11), "{ viewer { receivedInvites(filter: { kind: [WORKSPACE_INVITE] }) { totalCount } } }").await;
        assert_eq!(data["viewer"]["receivedInvites"]["totalCount"], 1);
    }

    async fn a_nested_user_changes_no_existing_account(gateway) {
        let ada = user::Model { is_staff: true, ..data::user(1, "ada") };
        let bob = user::Model { is_verified: false, ext_id: None, ..data::user(2, "bob") };
        gateway.add_all([ada.clone(), bob.clone()]).await;
        let nested = |id: i64, is_verified: bool| json!({ "id": id, "username": "eve", "full_name": "Eve",
            "email": "eve@x.io", "ext_id": "ext-eve", "is_verified": is_verified, "is_staff": !is_verified });
        let code = json!({ "id": 1, "code": "c", "generated_at": MADE, "invited_by": nested(1, false),
            "user": nested(2, true), "tags": [] });
        let (_, rejected) = gateway.import(Kind::InviteCodes, &[code]).await;
        assert!(rejected.is_empty(), "{rejected:?}");
        let users = user::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("users");
        assert_eq!(users, [ada, bob]);
    }

    async fn bad_rows_are_reported_and_the_others_written(gateway) {
        let ended = import_text(&gateway, "users", MIXED, &[]).await;
        let printed: Vec<&str> = ended.stderr.lines().collect();
        assert_eq!(printed[..printed.len() - 1], MIXED_REJECTIONS);
        assert_eq!(summary(&ended), is(1, "users: 7 rows read, 2 written, 5 rejected"));
        assert_eq!(ended.stdout, "");
        let users = &tables::dump(&gateway.database).await[0].1;
        assert_eq!(users.len(), 2);
        assert!(users[0].contains("\"ada\"") && users[1].contains("\"gil\""));

        let array = r#"[{"id":8,"username":"hal","full_name":""},
            {"id":9},
            {"id":10,"username":"ivy","full_name":""}"#;
        let ended = import_text(&gateway, "users", array, &[]).await;
        let printed: Vec<&str> = ended.stderr.lines().collect();
        assert_eq!(printed[..2], [
            "line 2: username: required, but missing",
            "line 3: the file ends inside the array: expected `]`",
        ]);
        assert_eq!(summary(&ended), is(1, "users: 4 rows read, 2 written, 2 rejected"));
    }

    async fn rejected_rows_are_collected_to_mend_and_import(gateway) {
        let folder = tempfile::tempdir().expect("a folder");
        let rejects = folder.path().join("rejects.ndjson");
        let option = format!("--rejects={}", rejects.display());
        let text = "{\"id\":1,\"username\":\"ada\",\"full_name\":\"Ada\"}\n\
            {\"id\":2,\"username\":\"bob\",\"full_name\":\"Bob\",\"email\":\"nobody\"}\n{\"id\":3,\n";
        let ended = import_text(&gateway, "users", text, &[&option]).await;
        assert_eq!(summary(&ended), is(1, "users: 3 rows read, 1 written, 2 rejected"), "{}", ended.stderr);
        let rejected = fs::read_to_string(&rejects).expect("a file");
        let rows: Vec<Value> = rejected.lines().map(|row| serde_json::from_str(row).expect("JSON")).collect();
        assert_eq!(rows, [
            json!({ "_line": 2, "_field": "email", "_reason": "expected one e-mail address such as name@example.com",
                "id": 2, "username": "bob", "full_name": "Bob", "email": "nobody" }),
            json!({ "_line": 3, "_field": "", "_reason": rows[1]["_reason"], "_text": "{\"id\":3," }),
        ]);
        // An existing file is not overwritten.
        let again = import_text(&gateway, "users", text, &[&option]).await;
        assert_eq!(again.status, Some(2));
        assert_eq!(fs::read_to_string(&rejects).expect("a file"), rejected);

        let mended = rejected.replace("nobody", "bob@x.io").replace(r#""_text":"#, r#""id":3,"username":"cleo","full_name":"Cleo","_text":"#);
        let ended = import_text(&gateway, "users", &mended, &[]).await;
        assert_eq!((summary(&ended), ended.stderr.as_str()), (is(0, "users: 2 rows read, 2 written, 0 rejected"), ""));

        let member = r#"{"workspace_id":9,"user_id":1,"role":"owner"}"#;
        let rejects = folder.path().join("members.ndjson");
        import_text(&gateway, "workspace-members", member, &[&format!("--rejects={}", rejects.display())]).await;
        let rejected: Value = serde_json::from_str(&fs::read_to_string(&rejects).expect("a file")).expect("a row");
        assert_eq!(rejected, json!({ "_line": 1, "_field": "workspace_id", "_reason": "no such workspace",
            "workspace_id": 9, "user_id": 1, "role": "owner" }));
    }

    async fn a_file_of_keys_withdraws_what_it_names(gateway) {
        gateway.add_all([data::user(1, "ada"), data::user(2, "bob")]).await;
        let ended = import_text(&gateway, "users", "id\n2\n7\n", &["--delete"]).await;
        assert_eq!(summary(&ended), is(0, "users: 2 rows read, 2 written, 0 rejected"), "{}", ended.stderr);
        let users = user::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("users");
        assert_eq!(users.iter().map(|user| user.deleted_at.is_some()).collect::<Vec<_>>(), [false, true]);
    }

    async fn references_must_exist(gateway) {
        let user = json!({ "id": 1, "username": "ada", "full_name": "" });
        let (_, rejected) = gateway.import(Kind::Users, &[user]).await;
        assert_eq!(rejected, []);
        for (kind, row, expected) in [
            (
                Kind::WorkspaceMembers,
                json!({ "workspace_id": 9, "user_id": 1, "role": "owner" }),
                ("workspace_id", "no such workspace"),
            ),
            (
                Kind::GroupInvites,
                json!({ "id": 1, "group_id": 9, "code": "join", "created_at": MADE,
                    "updated_at": MADE }),
                ("group_id", "no such group"),
            ),
            (
                Kind::InviteCodes,
                json!({ "id": 1, "code": "a", "generated_at": MADE, "invited_by": 9 }),
                ("invited_by_id", "no such user"),
            ),
            (
                Kind::CourseInvites,
                json!({ "course_id": 9, "user_id": 1 }),
                ("course_id", "no such course"),
            ),
        ] {
            let (summary, rejected) = gateway.import(kind, &[row]).await;
            assert_eq!((summary.written, summary.rejected), (0, 1), "{kind}");
            let rejected = &rejected[0];
            assert_eq!(rejected.line, 1);
            assert_eq!((rejected.field.as_str(), rejected.reason.as_str()), expected, "{kind}");
        }
    }

    async fn text_is_stored_unchanged(gateway) {
        let texts = [
            "a\ttab", "two\nlines", "\r\n", "back\\slash", "\\N", "\\.", "NULL", "null", "{a,b}",
            "\"quoted\"", "it's", "$1 ? :x", "a,b", " ", "\u{1}\u{7f}", "\u{feff}", "\u{1f469}\u{200d}\u{1f680}",
            "e\u{301} \u{202e}right to left", "",
        ];
        let rows: Vec<Value> = texts.iter().zip(1..).map(|(text, id)| json!({
            "id": id, "username": format!("user-{id}"), "full_name": "", "created_at": MADE, "ext_id": text,
        })).collect();
        let (_, rejected) = gateway.import(Kind::Users, &rows).await;
        assert_eq!(rejected, []);
        let users = user::Entity::find()
            .order_by_id_asc()
            .all(&gateway.database)
            .await
            .expect("users");
        assert_eq!(users.len(), texts.len());
        for (user, text) in users.iter().zip(texts) {
            assert_eq!(user.ext_id.as_deref(), (!text.is_empty()).then_some(text));
        }
        // Names lose what cannot be seen, as other tests state.
        let workspaces: Vec<Value> = texts.iter().zip(1..).map(|(text, id)| json!({
            "id": id, "name": "Studio", "description": text, "created_at": MADE,
        })).collect();
        let (_, rejected) = gateway.import(Kind::Workspaces, &workspaces).await;
        assert_eq!(rejected, []);
        let workspaces = workspace::Entity::find().order_by_id_asc().all(&gateway.database).await;
        let descriptions = workspaces.expect("workspaces").into_iter().map(|row| row.description);
        assert_eq!(descriptions.collect::<Vec<_>>(), texts);

        let nul = json!({ "id": 1, "username": "user-1", "full_name": "nul \u{0}" });
        let (_, rejected) = gateway.import(Kind::Users, &[nul]).await;
        assert_eq!(rejected[0].to_string(), "line 1: full_name: expected a string without NUL characters");
    }

    async fn a_rejected_row_among_many_good_ones_is_explained(gateway) {
        const ROWS: i64 = 2500;
        let people = json!([{ "id": 1, "username": "ada", "full_name": "" }]);
        let (_, rejected) = gateway.import(Kind::Users, people.as_array().expect("rows")).await;
        assert_eq!(rejected, []);
        let atlas = json!({ "id": 1, "name": "Atlas" });
        gateway.import(Kind::Workspaces, &[atlas]).await;
        let mut rows: Vec<Value> = (1..=ROWS).map(workspace_invite).collect();
        // In different chunks, and at the very end.
        rows[2000]["inviter_id"] = 77.into();
        rows[700]["id"] = 5.into();
        rows[2499]["workspace_id"] = 9.into();
        let (summary, rejected) = gateway.import(Kind::WorkspaceInvites, &rows).await;
        let reasons: Vec<String> = rejected.iter().map(ToString::to_string).collect();
        assert_eq!(reasons, [
            "line 701: id: already used by another row",
            "line 2001: inviter_id: no such user",
            "line 2500: workspace_id: no such workspace",
        ]);
        assert_eq!((summary.written, summary.rejected), (ROWS as u64 - 3, 3));
        let stored = workspace_invite::Entity::find().count(&gateway.database).await;
        assert_eq!(stored.expect("a count"), ROWS as u64 - 3);
    }

    async fn rows_imported_together_or_one_by_one_give_the_same_result(gateway) {
        let people: Vec<Value> = (1..=3).map(|id| json!({
            "id": id, "username": format!("user-{id}"), "full_name": "", "created_at": MADE,
        })).collect();
        let mut rows: Vec<Value> = (1..=40).map(workspace_invite).collect();
        for (place, row) in rows.iter_mut().enumerate() {
            row["workspace_name"] = json!(format!("Atlas {place}"));
            row["workspace_id"] = json!(1 + place % 3);
            if place % 2 == 0 {
                row["workspace_logo"] = json!(format!("https://x.io/{place}"));
            }
            if place % 5 == 0 {
                row["inviter_id"] = Value::Null;
                row["accepted_by"] = json!({ "id": 2, "username": "user-2",
                    "real_name": format!("Bob {place}") });
            }
        }
        // Repeats some invites with other values. The last ones win.
        let again: Vec<Value> = rows.iter().step_by(7).map(|row| {
            let mut row = row.clone();
            row["message"] = json!("again");
            row["accepted_at"] = json!(MADE);
            row
        }).collect();
        rows.extend(again);
        let mut seen = Vec::new();
        for size in [rows.len(), 1] {
            gateway.import(Kind::Users, &people).await;
            for rows in rows.chunks(size) {
                let (_, rejected) = gateway.import(Kind::WorkspaceInvites, rows).await;
                assert_eq!(rejected, []);
            }
            seen.push(tables::dump(&gateway.database).await);
            tables::empty(&gateway.database).await;
        }
        assert_eq!(seen[0][6].1.len(), 40);
        // Workspaces created with invites have the current time.
        seen.iter_mut().for_each(|tables| tables[4].1.iter_mut().for_each(|row| {
            *row = row.split(", created_at").next().unwrap_or_default().to_owned();
        }));
        assert_eq!(seen[0], seen[1]);
    }

    async fn strict_stops_at_the_first_bad_row_and_rolls_back(gateway) {
        let before = tables::dump(&gateway.database).await;
        let ended = import_text(&gateway, "users", MIXED, &["--strict"]).await;
        assert_eq!(ended.stderr.lines().next(), Some(MIXED_REJECTIONS[0]));
        assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
        let (status, words) = summary(&ended);
        assert_eq!(status, Some(1));
        assert!(words.ends_with("0 written, 1 rejected (rolled back)"), "{words}");
        assert_eq!(tables::dump(&gateway.database).await, before);

        // A bad row after many good ones rolls those back, too.
        let mut rows: Vec<Value> = (1..=1200).map(code).collect();
        rows.push(json!({ "id": 1201 }));
        let ended = import_text(&gateway, "invite-codes", &lines(&rows), &["--strict"]).await;
        let expected = "line 1201: code: required, but missing";
        assert_eq!(ended.stderr.lines().next(), Some(expected));
        let words = "invite-codes: 1201 rows read, 0 written, 1 rejected (rolled back)";
        assert_eq!(summary(&ended), is(1, words));
        assert_eq!(tables::dump(&gateway.database).await, before);

        rows.pop();
        let ended = import_text(&gateway, "invite-codes", &lines(&rows), &["--strict"]).await;
        assert_eq!(summary(&ended), is(0, "invite-codes: 1200 rows read, 1200 written, 0 rejected"));
    }

    async fn a_dry_run_reports_all_and_writes_nothing(gateway) {
        let before = tables::dump(&gateway.database).await;
        let ended = import_text(&gateway, "users", MIXED, &["--dry-run"]).await;
        let printed: Vec<&str> = ended.stderr.lines().collect();
        assert_eq!(printed[..printed.len() - 1], MIXED_REJECTIONS);
        let words = "users: 7 rows read, 2 written, 5 rejected (dry run: rolled back)";
        assert_eq!(summary(&ended), is(1, words));
        assert_eq!(tables::dump(&gateway.database).await, before);

        let rows: Vec<Value> = (1..=1200).map(code).collect();
        let ended = import_text(&gateway, "invite-codes", &lines(&rows), &["--dry-run"]).await;
        let words = "invite-codes: 1200 rows read, 1200 written, 0 rejected (dry run: rolled back)";
        assert_eq!(summary(&ended), is(0, words));
        assert_eq!(tables::dump(&gateway.database).await, before);
    }

    async fn a_database_that_is_not_migrated_is_an_error(gateway) {
        tables::remove(&gateway.database).await;
        let ended = import_text(&gateway, "users", MIXED, &[]).await;
        let expected = "the database is not migrated: run `invite-gateway migrate up`\n";
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(1), expected));
        assert_eq!(tables::names(&gateway.database).await, [""; 0]);
    }

    async fn a_file_that_cannot_be_read_is_a_usage_error(gateway) {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, expected) in [
            (folder.path().join("none"), "No such file"),
            (folder.path().to_owned(), "is a directory"),
        ] {
            let ended = import(&gateway, "users", &path, &[]).await;
            assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
            assert!(ended.stderr.contains(expected), "{}", ended.stderr);
            assert!(ended.stderr.contains(path.to_str().expect("UTF-8")), "{}", ended.stderr);
        }
    }

    async fn an_empty_file_is_accepted(gateway) {
        for text in ["", "\n \n", "[]"] {
            let ended = import_text(&gateway, "users", text, &[]).await;
            assert_eq!(summary(&ended), is(0, "users: 0 rows read, 0 written, 0 rejected"));
        }
    }

    async fn a_killed_import_leaves_whole_chunks_and_a_second_run_completes_it(gateway) {
        // Codes in the first chunk. Later chunks are multiples. Each code is four rows of tables.
        const CHUNK: u64 = 125;
        const SENT: i64 = 3000;
        const ALL: i64 = 4000;
        let with_user = |id: i64| {
            // Has a user of its own, so that a chunk spans several tables.
            let mut row = code(id);
            row["user"] = json!({ "id": 1000 + id, "username": format!("user-{id}") });
            row["invited_by"] = Value::Null;
            row["invited_by_username"] = Value::Null;
            row
        };
        let rows: Vec<Value> = (1..=ALL).map(with_user).collect();
        let (_folder, path) = file(&lines(&rows));
        let users = lines(&(1..=ALL).map(|id| json!({
            "id": 1000 + id, "username": format!("user-{id}"), "full_name": "", "created_at": MADE,
        })).collect::<Vec<_>>());
        let count = async || {
            invite_code::Entity::find().count(&gateway.database).await.expect("a count")
        };
        let finish = async || {
            let ended = import(&gateway, "invite-codes", &path, &[]).await;
            let words = "invite-codes: 4000 rows read, 4000 written, 0 rejected";
            assert_eq!(summary(&ended), is(0, words), "{}", ended.stderr);
            // Users created with codes have the current time. Sets it for both runs.
            let ended = import_text(&gateway, "users", &users, &[]).await;
            assert_eq!(ended.status, Some(0), "{}", ended.stderr);
            tables::dump(&gateway.database).await
        };
        let undisturbed = finish().await;
        tables::empty(&gateway.database).await;

        let url = gateway.database_url.as_str();
        let mut process =
            Process::start(&["import", "invite-codes", "-", "--database-url", url]);
        let mut input = process.input();
        let text = lines(&rows[..SENT as usize]);
        let feeder = thread::spawn(move || {
            // Fails when the process is killed. The pipe stays open until then.
            input.write_all(text.as_bytes()).unwrap_or_default();
            input
        });
        eventually("a chunk that is committed", async || {
            (count().await >= CHUNK).then_some(())
        })
        .await;
        process.signal("KILL");
        let ended = process.ended().await;
        assert_eq!(ended.status, None, "{ended:?}");
        drop(feeder.join().expect("a feeder"));

        let left = tables::dump(&gateway.database).await;
        let codes = left[2].1.len() as u64;
        assert!((CHUNK..=SENT as u64).contains(&codes) && codes.is_multiple_of(CHUNK), "{codes} codes");
        assert_eq!(left[0].1.len() as u64, codes, "as many users as codes");
        assert_eq!(left[3].1.len() as u64, codes, "every code has its tag");
        assert!(left != undisturbed);
        assert_eq!(finish().await, undisturbed);
    }
}

/// Without them, PostgreSQL plans pages and totals for an empty table until autovacuum runs.
#[tokio::test]
async fn a_large_load_refreshes_the_statistics() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let rows: Vec<Value> = (1..=10_000)
            .map(|id| json!({ "id": id, "name": "Studio" }))
            .collect();
        let (summary, _) = gateway.import(Kind::Workspaces, &rows).await;
        assert_eq!(summary.new, 10_000);
        let sql = "SELECT reltuples::bigint AS rows FROM pg_class \
                   WHERE oid = 'workspaces'::regclass";
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = gateway.database.query_one_raw(statement).await;
        let row = row.expect("statistics").expect("a row");
        assert_eq!(row.try_get::<i64>("", "rows").expect("a number"), 10_000);
    })
    .await;
}
