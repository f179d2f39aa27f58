//! Exports: importing one into an empty database gives the same rows, and the same export.

use std::{fs, os::unix::fs::PermissionsExt};

use clap::ValueEnum;
use entity::{course_invite, invite_code, user, workspace_invite, workspace_invite::StoredStatus};
use invite_gateway::{demo, export::Snapshot, import::Kind};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::{
    access::world,
    support::{
        Gateway, Viewer, at, data, each_database,
        process::{Ended, Process},
        tables::{self, Table},
    },
};

async fn export(gateway: &Gateway, arguments: &[&str]) -> Ended {
    let url = &gateway.database_url;
    Process::run(&[&["export", "--database-url", url], arguments].concat()).await
}

/// Exports everything. Returns the text of each kind.
async fn export_all(gateway: &Gateway) -> Vec<(Kind, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("copy");
    let ended = export(gateway, &["--all", path.to_str().expect("UTF-8")]).await;
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    let mut report = String::new();
    let mut files = Vec::new();
    for kind in Kind::value_variants() {
        let file = path.join(format!("{kind}.ndjson"));
        let text = fs::read_to_string(&file).expect("a file");
        report += &format!("{kind}: {} rows written\n", text.lines().count());
        files.push((*kind, text));
    }
    assert_eq!(ended.stdout, report);
    let found = fs::read_dir(&path).expect("a folder").count();
    assert_eq!(found, files.len(), "no other files");
    files
}

/// Imports files of an export, of which nothing is rejected. Only a shared `ext_id`, as in the demo, is noted.
async fn import_all(gateway: &Gateway, files: &[(Kind, String)]) {
    for (kind, text) in files {
        let (kind, url) = (kind.to_string(), gateway.database_url.as_str());
        let import = ["import", &kind, "-", "--strict", "--database-url", url];
        let ended = Process::run_with_input(text, &import).await;
        let number = text.lines().count();
        let summary = format!("{kind}: {number} rows read, {number} written, 0 rejected");
        assert!(ended.stdout.starts_with(&summary), "{ended:?}");
        let mut notes = ended
            .stderr
            .lines()
            .filter(|note| !note.contains("have the same ext_id"));
        assert_eq!((ended.status, notes.next()), (Some(0), None));
    }
}

/// Returns all rows. Omits the time at which tokens were created, which no file has.
async fn rows(gateway: &Gateway) -> Vec<Table> {
    let mut tables = tables::dump(&gateway.database).await;
    for (name, rows) in &mut tables {
        for row in rows.iter_mut().filter(|_| *name == "invite_tokens") {
            row.truncate(row.find("created_at").expect("a column"));
        }
    }
    tables
}

/// Exports, imports into an empty database, and exports again.
async fn round_trip(gateway: &Gateway) {
    let (stored, files) = (rows(gateway).await, export_all(gateway).await);
    // The names of deleted users, too, are unique after the first migrations.
    user::Entity::delete_by_id(SHARES_NAME)
        .exec(&gateway.database)
        .await
        .expect("no such user");
    tables::empty(&gateway.database).await;
    import_all(gateway, &files).await;
    assert_eq!(rows(gateway).await, stored);
    let again = export_all(gateway).await;
    for ((kind, text), (_, again)) in files.iter().zip(&again) {
        assert!(text == again, "{kind}: other bytes");
    }
    // If the rows exist, the import changes nothing.
    import_all(gateway, &files).await;
    assert_eq!(rows(gateway).await, stored);
}

/// A deleted user with the name of another.
const SHARES_NAME: i64 = 700;

/// Adds invites with every value that the gateway records.
async fn recorded(gateway: &Gateway) {
    let [first, second, third] = [
        "2026-02-01T00:00:00.000001Z",
        "2026-02-02T10:20:30.5Z",
        "2026-02-03T00:00:00.123Z",
    ]
    .map(|text| Some(at(text)));
    gateway
        .add(workspace_invite::Model {
            role: "team_lead".to_owned(),
            message: Some("\"Come\\\n\u{1f30a} – ДМИТРИЙ".to_owned()),
            status: StoredStatus::Cancelled,
            cancelled_at: first,
            declined_at: first,
            updated_at: second,
            last_sent_at: third,
            send_count: 3,
            ..data::workspace_invite(1_000_000_000_500, 1)
        })
        .await;
    gateway
        .add(data::invite_token(data::token(9001), 1_000_000_000_500, 1))
        .await;
    gateway
        .add(workspace_invite::Model {
            status: StoredStatus::Expired,
            ..data::workspace_invite(700, 1)
        })
        .await;
    let hash = data::invite_token(data::token(700), 700, 1).token_hash;
    entity::invite_token::Entity::delete_by_id(hash)
        .exec(&gateway.database)
        .await
        .expect("an invite without a token");
    gateway
        .add(invite_code::Model {
            role: None,
            sent_at: first,
            expires_at: third,
            cancelled_at: second,
            declined_at: second,
            updated_at: second,
            last_sent_at: first,
            send_count: 2,
            ..data::invite_code(700, "Ünï-code")
        })
        .await;
    gateway
        .add(user::Model {
            email: String::new(),
            email_norm: String::new(),
            avatar_url: None,
            ext_id: None,
            deleted_at: second,
            ..data::user(SHARES_NAME, "shared")
        })
        .await;
    gateway.add(data::user(701, "shared")).await;
    gateway
        .add(course_invite::Model {
            cancelled_at: second,
            declined_at: second,
            updated_at: second,
            last_sent_at: first,
            send_count: 1,
            ..data::course_invite(1_000_000_000_600, 1, 701)
        })
        .await;
}

each_database! {
    async fn rows_of_the_access_matrix_survive_a_round_trip(gateway) {
        world::build(&gateway).await;
        world::settle(&gateway).await;
        gateway.add(data::tagged(1, 2)).await;
        gateway.add(data::tagged(1, 1)).await;
        // A status that the database derives.
        let mut course_invite = data::course_invite(9, 1, world::MEMBER);
        course_invite.status = None;
        gateway.add(course_invite).await;
        recorded(&gateway).await;
        round_trip(&gateway).await;
        for token in [data::token(1), data::token(9001)] {
            let query = format!("{{ workspaceInvite(token: \"{token}\") {{ status }} }}");
            assert_ne!(gateway.data(Viewer::Anonymous, &query).await["workspaceInvite"], Value::Null);
        }
    }

    async fn the_demo_survives_a_round_trip(gateway) {
        demo::load(&gateway.database, at("2026-07-01T12:00:00Z")).await.expect("sample data");
        round_trip(&gateway).await;
    }

    async fn rows_of_several_pages_survive_a_round_trip(gateway) {
        const ROWS: i64 = 8200;
        gateway.add_all((1..=ROWS).map(|id| data::user(id * 7, &format!("user-{id}")))).await;
        gateway.add(data::group(1, "one")).await;
        gateway.add(data::group(2, "two")).await;
        for group in [1, 2] {
            gateway.add_all((1..=3000).map(|id| data::group_member(group, id * 7, "member"))).await;
        }
        gateway.add_all([1, 2, 3].map(|id| data::tag(id, &format!("tag-{id}")))).await;
        gateway.add_all((1..=ROWS).map(|id| data::invite_code(id, &format!("code-{id}")))).await;
        gateway.add_all((4000..=4200).flat_map(|code| [3, 1].map(|tag| data::tagged(code, tag)))).await;
        let stored = rows(&gateway).await;
        let files = export_all(&gateway).await;
        tables::empty(&gateway.database).await;
        import_all(&gateway, &files).await;
        assert_eq!(rows(&gateway).await, stored);
    }

    async fn an_export_has_the_rows_of_one_instant(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let snapshot = Snapshot::begin(&gateway.database).await.expect("a snapshot");
        let mut texts = [Vec::new(), Vec::new()];
        for text in &mut texts {
            snapshot.write(Kind::Users, None, text).await.expect("rows");
            let before = user::Entity::find().count(&gateway.database).await.expect("a number");
            let id = i64::try_from(before).expect("an id") + 1;
            gateway.add(data::user(id, &format!("user-{id}"))).await;
        }
        assert_eq!(texts[0], texts[1]);
        assert_eq!(texts[0].iter().filter(|byte| **byte == b'\n').count(), 1);
    }

    async fn rows_longer_than_an_import_accepts_are_announced(gateway) {
        let long = entity::workspace::Model { description: "\n".repeat(600_000), ..data::workspace(1) };
        gateway.add(long.clone()).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("workspaces.ndjson").to_str().expect("UTF-8").to_owned();
        let written = export(&gateway, &["workspaces", "--output", &path]).await;
        let bytes = fs::read(&path).expect("a file").len() - 1;
        let note = format!("note: workspaces: the longest row has {bytes} bytes; import the file with --max-row 2MiB\n");
        assert_eq!((written.status, written.stderr), (Some(0), note.clone()));
        assert_eq!(export(&gateway, &["workspaces"]).await.stderr, note);

        tables::empty(&gateway.database).await;
        let url = &gateway.database_url;
        let import = ["import", "workspaces", &path, "--database-url", url];
        let ended = Process::run(&import).await;
        assert_eq!(ended.status, Some(1));
        assert!(ended.stderr.contains("line 1: longer than --max-row (1 MiB)"), "{}", ended.stderr);
        let ended = Process::run(&[&import[..], &["--max-row", "2MiB"]].concat()).await;
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        let stored = entity::workspace::Entity::find().one(&gateway.database).await.expect("rows");
        assert_eq!(stored, Some(long));
    }

    async fn an_export_has_fields_in_the_order_of_columns(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::tag(4, "beta")).await;
        gateway.add(data::invite_code(2, "CODE")).await;
        gateway.add(data::tagged(2, 4)).await;
        let ended = export(&gateway, &["users"]).await;
        let expected = "{\"id\":1,\"username\":\"ada\",\"full_name\":\"Full ada\",\"email\":\"ada@example.com\",\
            \"avatar_url\":\"https://img.example/1.png\",\"is_verified\":true,\"ext_id\":\"ext-1\",\"is_staff\":false,\
            \"created_at\":\"2026-01-01T00:00:00Z\",\"deleted_at\":null}\n";
        assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), expected, ""));
        let codes = export(&gateway, &["invite-codes"]).await.stdout;
        assert!(codes.ends_with("\"send_count\":0,\"tag_ids\":[4]}\n"), "{codes}");
    }

    async fn a_file_is_private_and_complete(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("users.ndjson");
        fs::write(&path, "an older export").expect("a file");
        fs::write(folder.path().join("users.ndjson.partial"), "of an interrupted one").expect("a file");
        let name = path.to_str().expect("UTF-8");
        let url = &gateway.database_url;
        let arguments = ["export", "users", "--output", name, "--database-url", url];
        let ended = Process::run_with_umask("000", &arguments).await;
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "users: 1 rows written\n"), "{}", ended.stderr);
        let text = fs::read_to_string(&path).expect("a file");
        assert_eq!(text, export(&gateway, &["users"]).await.stdout);
        let mode = path.metadata().expect("a mode").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
    }

    async fn errors_say_what_to_do(gateway) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
        fs::write(path("file"), "").expect("a file");
        for (arguments, status, message) in [
            (vec!["users", "--output", &path("")], 1, "error: cannot write users: expected the name of a file"),
            (vec!["users", "--output", &path("no/users")], 1, "error: users: cannot write the output: No such file"),
            (vec!["--all", &path("file")], 1, "error: cannot create the folder of --all: File exists"),
            (vec![], 2, "error: the following required arguments were not provided"),
            (vec!["people"], 2, "error: invalid value 'people'"),
            (vec!["users", "--all", &path("all")], 2, "error: the argument '[KIND]' cannot be used with '--all <FOLDER>'"),
        ] {
            let ended = export(&gateway, &arguments).await;
            assert_eq!((ended.status, ended.stdout.as_str()), (Some(status), ""), "{arguments:?}");
            assert!(ended.stderr.starts_with(message), "{arguments:?}: {}", ended.stderr);
        }
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
        tables::remove(&gateway.database).await;
        let ended = export(&gateway, &["users"]).await;
        assert_eq!(ended.status, Some(1));
        assert!(ended.stderr.contains("invite-gateway migrate up"), "{}", ended.stderr);
    }

    async fn fields_of_exports_are_checked(gateway) {
        gateway.add(data::workspace(1)).await;
        gateway.add_all([1, 2].map(|id| data::workspace_invite(id, 1))).await;
        let hash = |id: i64| {
            let hash = data::invite_token(data::token(id), id, 1).token_hash;
            Value::from(hash.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
        };
        let invite = |more: Value| {
            let mut row = json!({ "email": "eve@x.io", "workspace_id": 1, "status": "pending",
                "expires_at": "2099-01-01T00:00:00Z" });
            row.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            row
        };
        let stored = rows(&gateway).await;
        let rejected = [
            (json!({ "token_hashes": [hash(1), hash(2)] }), "token_hashes: already used by another row"),
            (json!({ "token_hashes": [hash(1), "ab"] }), "token_hashes[1]: expected 64 hex digits"),
            (json!({ "token_hashes": ["é".repeat(32)] }), "token_hashes[0]: expected 64 hex digits"),
            (json!({ "token_hashes": [] }), "id: required, but missing"),
            (json!({ "token_hashes": [hash(3)], "id": 1 }), "id: already used by another row"),
            (json!({ "id": 1 }), "token: required, but missing"),
            (json!({ "token": data::token(1), "send_count": -1 }), "send_count: expected a 32-bit integer of at least 0"),
        ];
        for (more, reason) in rejected {
            let (_, rejected) = gateway.import(Kind::WorkspaceInvites, &[invite(more)]).await;
            assert_eq!(rejected[0].to_string(), format!("line 1: {reason}"));
        }
        let code = json!({ "id": 1, "code": "c", "generated_at": "2026-01-01T00:00:00Z", "tag_ids": [9] });
        let (_, rejected) = gateway.import(Kind::InviteCodes, &[code]).await;
        assert_eq!(rejected[0].to_string(), "line 1: tag_ids: no such tag");
        assert_eq!(rows(&gateway).await, stored);

        let withdrawn = json!({ "token_hashes": [hash(1)], "id": 2, "deleted": true });
        let (_, rejected) = gateway.import(Kind::WorkspaceInvites, &[withdrawn]).await;
        assert_eq!(rejected, []);
        let invites = workspace_invite::Entity::find().all(&gateway.database).await.expect("invites");
        let mut statuses: Vec<_> = invites.into_iter().map(|invite| (invite.id, invite.status)).collect();
        statuses.sort_by_key(|(id, _)| *id);
        assert_eq!(statuses, [(1, StoredStatus::Cancelled), (2, StoredStatus::Pending)]);
    }
}
