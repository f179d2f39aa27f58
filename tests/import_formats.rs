//! Formats of files for imports: joined files, pages, encodings, compression, CSV, and others.

use std::{fs, io::Write};

use entity::{course_invite, invite_code, invite_code_tag, tag, user, workspace_invite};
use flate2::{Compression, write::GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use sea_orm::EntityTrait;
use serde_json::json;

use crate::{
    imports::{import, is, summary},
    support::{Gateway, data, each_database, process::Ended},
};

const LINES: &str = r#"{"id":1,"username":"anna","full_name":"Anna"}
{"id":2,"username":"ben","full_name":"Ben 李"}
"#;

const CSV: &str = "id,username,full_name\n1,anna,Anna\n2,ben,Ben 李\n";

/// Imports a file of these bytes.
async fn load(gateway: &Gateway, kind: &str, file: impl AsRef<[u8]>, more: &[&str]) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows");
    fs::write(&path, file).expect("a file");
    import(gateway, kind, &path, more).await
}

/// Imports a file of which every row is good.
async fn load_all(
    gateway: &Gateway,
    kind: &str,
    file: impl AsRef<[u8]>,
    more: &[&str],
    rows: usize,
) {
    let ended = load(gateway, kind, file, more).await;
    let words = format!("{kind}: {rows} rows read, {rows} written, 0 rejected");
    assert_eq!(summary(&ended), is(0, &words), "{}", ended.stderr);
    assert_eq!(ended.stderr, "");
}

async fn users(gateway: &Gateway) -> Vec<user::Model> {
    let users = user::Entity::find().order_by_id_asc();
    users.all(&gateway.database).await.expect("users")
}

async fn names(gateway: &Gateway) -> Vec<(i64, String)> {
    let name = |user: user::Model| (user.id, user.full_name);
    users(gateway).await.into_iter().map(name).collect()
}

async fn empty(gateway: &Gateway) {
    let deleted = user::Entity::delete_many().exec(&gateway.database).await;
    deleted.expect("users deleted");
}

fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let marked = format!("\u{feff}{text}");
    marked.encode_utf16().flat_map(to_bytes).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("compressed text");
    encoder.finish().expect("compressed text")
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

each_database! {
    async fn the_same_rows_load_from_every_format(gateway) {
        let page = r#"{"count":2,"next":null,"previous":null,"results":[
            {"id":1,"username":"anna","full_name":"Anna"},
            {"id":2,"username":"ben","full_name":"Ben 李"}]}"#;
        let excel = CSV.replace(',', ";").replace('\n', "\r\n");
        for file in [
            LINES.as_bytes().to_vec(),
            utf_16(LINES, u16::to_le_bytes),
            utf_16(LINES, u16::to_be_bytes),
            gzip(LINES.as_bytes()),
            gzip(&utf_16(CSV, u16::to_le_bytes)),
            zstd(LINES.as_bytes()),
            zstd(&utf_16(CSV, u16::to_le_bytes)),
            page.as_bytes().to_vec(),
            page.replace("results", "users").into_bytes(),
            CSV.as_bytes().to_vec(),
            CSV.replace(',', "\t").into_bytes(),
            format!("\u{feff}{excel}").into_bytes(),
            format!("sep=;\r\n{excel}").into_bytes(),
            utf_16(&CSV.replace(',', "\t"), u16::to_le_bytes),
            CSV.replace("\n1,", "\n1.0,").into_bytes(),
        ] {
            load_all(&gateway, "users", &file, &[], 2).await;
            let expected = [(1, "Anna".to_owned()), (2, "Ben 李".to_owned())];
            assert_eq!(names(&gateway).await, expected, "{}", String::from_utf8_lossy(&file));
            empty(&gateway).await;
        }
    }

    async fn arrays_lines_and_pages_may_be_joined(gateway) {
        let user = |id: i64| json!({ "id": id, "username": format!("u{id}"), "full_name": "U" });
        let arrays = format!("[{}]\n[{},{}]\n", user(1), user(2), user(3));
        let pages = format!(r#"{{"data":[{}]}}{{"data":[{}],"next":null}}"#, user(4), user(5));
        let file = format!("{arrays}{pages}{}{}\n[{}] [{}] oops\n{}\n", user(6), user(7), user(8), user(9), user(10));
        let ended = load(&gateway, "users", &file, &[]).await;
        assert_eq!(summary(&ended), is(1, "users: 11 rows read, 10 written, 1 rejected"));
        let words = "line 4: not valid JSON at byte 1 of the row: expected value\n";
        assert!(ended.stderr.starts_with(words), "{}", ended.stderr);
        assert_eq!(users(&gateway).await.len(), 10);
    }

    async fn a_row_of_a_page_is_rejected_by_itself(gateway) {
        let page = "{\n\"meta\": {},\n\"users\": [\n{\"id\": 1},\n{\"id\": 2, \"username\": \"b\", \"full_name\": \"B\"}\n]}";
        let ended = load(&gateway, "users", page, &[]).await;
        assert_eq!(summary(&ended), is(1, "users: 2 rows read, 1 written, 1 rejected"));
        assert!(ended.stderr.starts_with("line 4: username: required"), "{}", ended.stderr);
        assert_eq!(users(&gateway).await.len(), 1);
    }

    async fn a_page_of_course_invites_keeps_its_course(gateway) {
        let page = json!({
            "results": [{ "id": 2, "username": "bob" }, { "id": 3, "username": "cleo" }],
            "course": { "id": 1, "slug": "c", "name": "C", "privacy": "open",
                "created_by": { "id": 1, "username": "ada" } },
        });
        load_all(&gateway, "course-invites", page.to_string(), &[], 1).await;
        // Rows that name their course are one each.
        let rows = json!({ "results": [
            { "course_id": 1, "user_id": 1 }, { "course_id": 1, "user": { "id": 4, "username": "dan" } } ] });
        load_all(&gateway, "course-invites", rows.to_string(), &[], 2).await;
        let invites = course_invite::Entity::find().all(&gateway.database).await.expect("invites");
        let mut invited: Vec<_> = invites.iter().map(|invite| (invite.course_id, invite.user_id)).collect();
        invited.sort_unstable();
        assert_eq!(invited, [1, 2, 3, 4].map(|user| (1, Some(user))));
    }

    async fn other_formats_are_rejected_once(gateway) {
        let xlsx = [&b"PK\x03\x04\x14\0\x06\0[Content_Types].xml xl/workbook.xml"[..], &[0xAB; 9000]].concat();
        let html = "<!DOCTYPE html>\n<html>\n<body>\n502\n</body>\n</html>\n";
        let xml = "<?xml version=\"1.0\"?>\n<users>\n<user id=\"1\"/>\n</users>\n";
        let text = "Dear all,\n\nplease find the users below.\n\nAnna\nBen\n";
        let no_header = "1,anna,Anna\n2,ben,Ben\n";
        let no_key = "Name;Mail\nAnna;anna@example.org\nBen;ben@example.org\n";
        for (file, message) in [
            (xlsx.as_slice(), "looks like a spreadsheet (.xlsx); save it as CSV"),
            (b"%PDF-1.7\n1 0 obj\n<<\n>>\n", "looks like a PDF; export the data as CSV or JSON instead"),
            (html.as_bytes(), "looks like an HTML page, perhaps of an error or a log-in; download the data as JSON or CSV"),
            (xml.as_bytes(), "looks like XML; convert it to JSON or CSV"),
            (text.as_bytes(), "looks like plain text; expected NDJSON, a JSON array or page, or CSV with a header"),
            (no_header.as_bytes(), "looks like CSV without a header; expected a first line with the names of the fields, such as id,username,full_name"),
            (no_key.as_bytes(), "looks like CSV whose header names no id, token or reference; expected the names of fields, or --map COLUMN=FIELD"),
            (&gzip(&zstd(LINES.as_bytes())), "looks like zstd in a compressed file; decompress it first: zstd -dc FILE | invite-gateway import KIND -"),
        ] {
            let ended = load(&gateway, "users", file, &[]).await;
            assert_eq!(summary(&ended), is(1, "users: 1 rows read, 0 written, 1 rejected"), "{message}");
            let lines: Vec<&str> = ended.stderr.lines().collect();
            assert_eq!(lines.len(), 2, "{}", ended.stderr);
            assert_eq!(lines[0], format!("line 1: {message}"));
        }
        for packed in [gzip(LINES.as_bytes()), zstd(LINES.as_bytes())] {
            let ended = load(&gateway, "users", &packed[..40], &[]).await;
            assert_eq!(ended.status, Some(1));
            assert!(ended.stderr.starts_with("cannot read the input: "), "{}", ended.stderr);
        }
        assert_eq!(users(&gateway).await.len(), 0);
    }

    async fn columns_are_named_and_their_cells_converted(gateway) {
        let csv = "Nummer;Login;Full Name;E-Mail;is_verified;Is-Staff;created_at;deleted_at\n\
            1;anna;\"Garcia; Anna\";anna@example.org;TRUE;0;31.01.2026;\n\
            2;ben;Ben;;;;2026-02-01T10:00:00+01:00;2026-03-01 12:00:00\n\
            ;;;;;;;\n";
        let more = ["--map", "Nummer=id", "--map", "Login=username", "--map", "E-Mail=email", "--date-format", "%d.%m.%Y"];
        load_all(&gateway, "users", csv, &more, 2).await;
        let instant = |text: &str| text.parse().expect("an instant");
        let users = users(&gateway).await;
        assert_eq!(users[0], user::Model {
            full_name: "Garcia; Anna".to_owned(),
            email: "anna@example.org".to_owned(),
            email_norm: "anna@example.org".to_owned(),
            is_verified: true,
            avatar_url: None,
            ext_id: None,
            created_at: instant("2026-01-31T00:00:00Z"),
            ..data::user(1, "anna")
        });
        assert_eq!(users[1].email, "");
        assert!(!users[1].is_verified && !users[1].is_staff);
        assert_eq!(users[1].created_at, instant("2026-02-01T09:00:00Z"));
        assert_eq!(users[1].deleted_at, Some(instant("2026-03-01T12:00:00Z")));
    }

    async fn json_is_renamed_and_its_dates_read_too(gateway) {
        let rows = r#"[{"ID": 1.0, "username": "a", "Name": "A", "created_at": "31/01/2026 10:30"},
            {"ID": 2, "username": "b", "Name": "B", "created_at": "31/01/2026"}]"#;
        let more = ["--map", "ID=id", "--map", "Name=full_name", "--date-format", "%d/%m/%Y %H:%M"];
        let ended = load(&gateway, "users", rows, &more).await;
        assert_eq!(summary(&ended), is(1, "users: 2 rows read, 1 written, 1 rejected"));
        assert!(ended.stderr.starts_with("line 2: created_at: expected "), "{}", ended.stderr);
        let users = users(&gateway).await;
        assert_eq!(users.len(), 1);
        assert_eq!(users[0].created_at.to_rfc3339(), "2026-01-31T10:30:00+00:00");
    }

    async fn nested_rows_load_from_csv(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let codes = "id,code,generated_at,invited_by,user.id,user.username,user.real_name,tags\n\
            5,HELLO,2026-01-31 12:00:00+00,1,,,,\n\
            6,WORLD,2026-01-31,,7,yan,Yan,\"[{\"\"id\"\": 1, \"\"type\"\": \"\"user\"\", \"\"name\"\": \"\"beta\"\", \
            \"\"color\"\": \"\"#00ff00\"\"}]\"\n";
        load_all(&gateway, "invite-codes", codes, &[], 2).await;
        let stored = invite_code::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("codes");
        assert_eq!((stored[0].invited_by_id, stored[0].user_id), (Some(1), None));
        assert_eq!((stored[1].invited_by_id, stored[1].user_id), (None, Some(7)));
        assert_eq!(stored[0].generated_at.to_rfc3339(), "2026-01-31T12:00:00+00:00");
        let tags = tag::Entity::find().all(&gateway.database).await.expect("tags");
        assert_eq!(tags.len(), 1);
        let joined = invite_code_tag::Entity::find().all(&gateway.database).await.expect("tags of codes");
        assert_eq!((joined[0].invite_code_id, joined[0].tag_id, joined.len()), (6, 1, 1));
        gateway.add(data::workspace(1)).await;
        let invites = format!("token\temail\tworkspace_id\tinviter.id\tinviter.username\tstatus\texpires_at\n\
            {}\teve@x.io\t1\t9\tzoe\tpending\t2099-01-01\n", data::token(3));
        load_all(&gateway, "workspace-invites", invites, &[], 1).await;
        let invites = workspace_invite::Entity::find().all(&gateway.database).await.expect("invites");
        assert_eq!((invites[0].workspace_id, invites[0].inviter_id), (1, Some(9)));
    }

    async fn bad_records_are_reported_with_their_lines(gateway) {
        let csv = "id,username,full_name,is_staff\n\
            1,anna,\"Anna\nof the second line\",maybe\n\
            2,ben,Ben\n\
            x,cleo,Cleo,\n\
            4,dan,\"Dan \"\"the man\"\"\",no\n";
        let ended = load(&gateway, "users", csv, &[]).await;
        assert_eq!(summary(&ended), is(1, "users: 4 rows read, 1 written, 3 rejected"));
        let reported: Vec<&str> = ended.stderr.lines().take(3).collect();
        assert_eq!(reported, [
            "line 2: is_staff: expected a boolean, found a string",
            "line 4: expected 4 cells, found 3; a delimiter or a quotation mark may be missing",
            "line 5: id: expected a positive 64-bit integer",
        ]);
        assert_eq!(names(&gateway).await, [(4, "Dan \"the man\"".to_owned())]);
    }

    async fn a_wrong_column_or_format_is_refused(gateway) {
        let ended = load(&gateway, "users", CSV, &["--map", "Mail=email"]).await;
        let words = "line 1: --map names the column `Mail`, which the header lacks\n";
        assert!(ended.stderr.starts_with(words), "{}", ended.stderr);
        assert_eq!(ended.status, Some(1));
        for (option, value, expected) in [
            ("--map", "email", "expected COLUMN=FIELD"),
            ("--date-format", "%Q", "expected a format of strftime"),
        ] {
            let ended = load(&gateway, "users", CSV, &[option, value]).await;
            assert_eq!(ended.status, Some(2));
            assert!(ended.stderr.contains(expected), "{}", ended.stderr);
        }
        assert_eq!(users(&gateway).await.len(), 0);
    }

    async fn mapped_values_are_read_by_their_meaning(gateway) {
        gateway.add_all([data::user(1, "ada"), data::user(2, "ben")]).await;
        gateway.add(data::workspace(1)).await;
        let token = |id: i64| data::token(id).to_string();
        let row = |id: i64, status: &str| format!("{},p{id}@x.io,1,{status},2099-01-01\n", token(id));
        let words = ["Pending", "SENT", "canceled", " revoked ", "abgesagt", "offen"];
        let rows: String = (1..).zip(words).map(|(id, word)| row(id, word)).collect();
        let file = format!("token,email,workspace_id,status,expires_at\n{rows}");
        let more = ["--map-value", "status:abgesagt=cancelled", "--map-value", "status:offen=pending"];
        load_all(&gateway, "workspace-invites", &file, &more, 6).await;
        let invites = workspace_invite::Entity::find().all(&gateway.database).await.expect("invites");
        let mut statuses: Vec<_> = invites.into_iter().map(|row| (row.email, format!("{:?}", row.status))).collect();
        statuses.sort();
        let statuses: Vec<_> = statuses.iter().map(|(_, status)| status.as_str()).collect();
        assert_eq!(statuses, ["Pending", "Pending", "Cancelled", "Cancelled", "Cancelled", "Pending"]);

        // Two values may be exchanged.
        let more = ["--map-value", "role:admin=member", "--map-value", "role:member=admin", "--map-value", "role:3=boss"];
        let rows = "workspace_id,user_id,role\n1,1,admin\n1,2,3\n";
        let ended = load(&gateway, "workspace-members", rows, &more).await;
        assert_eq!(ended.stderr, "note: 1 row has the role `boss`, which gives no rights; known are `owner`, `admin`, \
            `manager`, `editor`, `member`, `billing`, `viewer`, `guest`\n");
        let members = entity::workspace_member::Entity::find().all(&gateway.database).await.expect("members");
        let mut roles: Vec<_> = members.iter().map(|row| row.role.as_str()).collect();
        roles.sort_unstable();
        assert_eq!(roles, ["boss", "member"]);
        for wrong in ["status", "status:x", ":a=b", "a..b:c=d"] {
            let ended = load(&gateway, "users", LINES, &["--map-value", wrong]).await;
            assert_eq!(ended.status, Some(2), "{wrong}");
        }
    }
}
