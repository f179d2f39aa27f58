//! `import --watch`: files of a folder are imported in order, and moved with their reports.

use std::{collections::BTreeSet, ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

use entity::{user, workspace_member};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::Value;

use crate::support::{
    Gateway, data, each_database,
    process::{Process, eventually},
};

/// Names of the files in a folder, without the instants at their beginning.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let name = |name: String| match name.split_once("Z-") {
        Some((_, name)) => name.to_owned(),
        None => name,
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(name)
        .collect()
}

fn watch(gateway: &Gateway, folder: &Path, more: &[&str]) -> Process {
    let folder = folder.to_str().expect("UTF-8");
    let import = [
        "import",
        "--watch",
        folder,
        "--database-url",
        &gateway.database_url,
    ];
    Process::start(&[&import, more].concat())
}

/// Writes a file under another name first, as a careful writer does.
fn put(folder: &Path, name: &str, text: &str) {
    let partial = folder.join(format!("{name}.partial"));
    fs::write(&partial, text).expect("a file");
    fs::rename(partial, folder.join(name)).expect("a file");
}

async fn until_moved(folder: &Path, to: &str, name: &str) {
    let moved = folder.join(to);
    eventually(name, async || names(&moved).contains(name).then_some(())).await;
}

each_database! {
    async fn files_are_imported_in_the_order_of_kinds(gateway) {
        gateway.add(data::workspace(1)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        put(folder, "workspace-members-1.ndjson", r#"{"workspace_id":1,"user_id":1,"role":"member"}"#);
        put(folder, "users-2.csv", "id,username,full_name\n1,ada,Ada\n");
        fs::write(folder.join("users-1.ndjson.partial"), "{").expect("a file");
        let process = watch(&gateway, folder, &[]);
        until_moved(folder, "done", "workspace-members-1.ndjson").await;
        assert_eq!(workspace_member::Entity::find().count(&gateway.database).await.expect("a number"), 1);
        let done: Vec<_> = names(&folder.join("done")).into_iter().collect();
        assert_eq!(done, ["users-2.csv", "users-2.csv.report.json", "workspace-members-1.ndjson", "workspace-members-1.ndjson.report.json"]);

        // A later file, some of whose rows are bad.
        put(folder, "users-3.ndjson", "{\"id\":2,\"username\":\"ben\",\"full_name\":\"Ben\"}\n{\"id\":3}");
        until_moved(folder, "rejected", "users-3.ndjson").await;
        assert_eq!(user::Entity::find().count(&gateway.database).await.expect("a number"), 2);
        let rejected = folder.join("rejected");
        assert_eq!(names(&rejected).into_iter().collect::<Vec<_>>(), ["users-3.ndjson", "users-3.ndjson.rejects", "users-3.ndjson.report.json"]);
        let found = |end: &str| {
            let entries = fs::read_dir(&rejected).expect("a folder");
            let paths = entries.map(|entry| entry.expect("an entry").path());
            let path = paths.into_iter().find(|path| path.to_string_lossy().ends_with(end)).expect("a file");
            serde_json::from_str::<Value>(fs::read_to_string(path).expect("text").trim()).expect("JSON")
        };
        assert_eq!(found(".rejects")["_reason"], "required, but missing");
        assert_eq!((&found(".report.json")["written"], &found(".report.json")["rejected"]), (&1.into(), &1.into()));

        put(folder, "people.ndjson", "{}");
        until_moved(folder, "rejected", "people.ndjson").await;
        assert!(folder.join("users-1.ndjson.partial").exists());

        process.signal("TERM");
        let ended = process.ended().await;
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), "line 2: username: required, but missing\n"));
        let lines: Vec<_> = ended.stdout.lines().map(|line| line.split(", in ").next().unwrap_or_default()).collect();
        assert_eq!(lines, ["users-2.csv: users: 1 rows read, 1 written, 0 rejected",
            "workspace-members-1.ndjson: workspace-members: 1 rows read, 1 written, 0 rejected",
            "users-3.ndjson: users: 2 rows read, 1 written, 1 rejected",
            "people.ndjson: expected a name that begins with a kind, such as users.ndjson"]);
    }

    async fn options_apply_to_every_file(gateway) {
        gateway.add_all([data::user(1, "ada"), data::user(2, "ben")]).await;
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), "users.ndjson", r#"{"id":1,"username":"ada","full_name":"Ada"}"#);
        let _process = watch(&gateway, folder.path(), &["--replace", "all"]);
        until_moved(folder.path(), "done", "users.ndjson").await;
        let users = user::Entity::find().all(&gateway.database).await.expect("users");
        assert_eq!(users.iter().filter(|user| user.deleted_at.is_some()).count(), 1);
    }

    async fn an_unusable_file_does_not_stop_the_others(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::workspace(1)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let long = format!("workspace-members-{}.ndjson", "a".repeat(200));
        put(folder, "users.ndjson", r#"{"id":1,"username":"ada","full_name":"Ada"}"#);
        put(folder, &long, r#"{"workspace_id":1,"user_id":1,"role":"member"}"#);
        let no_text = OsStr::from_bytes(b"workspace-members-\xff.ndjson");
        fs::write(folder.join(no_text), "[]").expect("a file");
        let process = watch(&gateway, folder, &["--replace", "workspace"]);
        until_moved(folder, "rejected", "users.ndjson").await;
        until_moved(folder, "done", "workspace-members-\u{fffd}.ndjson").await;
        let name: String = long.chars().take(50).collect();
        until_moved(folder, "done", &name).await;
        process.signal("TERM");
        let ended = process.ended().await;
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
        let first = ended.stdout.lines().next().unwrap_or_default();
        assert_eq!(first, "users.ndjson: --replace workspace: users do not belong to a workspace; expected `all`");
    }
}

#[tokio::test]
async fn a_file_waits_for_the_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let (files, database) = (
        folder.path().join("files"),
        folder.path().join("gateway.db"),
    );
    fs::create_dir(&files).expect("a folder");
    put(
        &files,
        "users.ndjson",
        r#"{"id":1,"username":"ada","full_name":"Ada"}"#,
    );
    let url = format!("sqlite://{}?mode=rwc", database.display());
    let path = files.to_str().expect("UTF-8");
    let process = Process::start(&["import", "--watch", path, "--database-url", &url]);
    eventually("a message", async || {
        process.written().1.contains("trying again").then_some(())
    })
    .await;
    assert!(files.join("users.ndjson").exists());
    let ended = Process::run(&["migrate", "up", "--database-url", &url]).await;
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    until_moved(&files, "done", "users.ndjson").await;
}

#[tokio::test]
async fn a_folder_is_not_combined_with_a_file() {
    let ended = Process::run(&[
        "import",
        "users",
        "users.ndjson",
        "--watch",
        ".",
        "--database-url",
        "sqlite::memory:",
    ])
    .await;
    assert_eq!(ended.status, Some(2));
    let ended = Process::run(&["import", "--database-url", "sqlite::memory:"]).await;
    assert_eq!(ended.status, Some(2));
    assert!(
        ended.stderr.contains("KIND") && ended.stderr.contains("FILE"),
        "{}",
        ended.stderr
    );
}
