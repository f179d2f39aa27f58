//! Imports into an in-memory database.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use chrono::DateTime;
use entity::{
    course_invite, group_invite, invite_code, invite_code_tag, tag, user, workspace_invite,
};
use migration::{Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, EntityTrait, PaginatorTrait};

use tokio::io::{AsyncRead, ReadBuf};

use super::{Console, Kind, Options, Rejection, Report, Summary, run};
use crate::{
    clock::Clock,
    database::{IN_MEMORY, Pool},
    invite::FIRST_ID,
};

#[derive(Default)]
struct Rejections(Vec<String>);

impl Report for Rejections {
    fn noted(&mut self, _: &str) {}

    fn rejected(&mut self, rejection: &Rejection, _: Option<&str>) {
        self.0.push(rejection.to_string());
    }

    fn progressed(&mut self, _so_far: &Summary, _bytes: u64) {}
}

fn strict() -> Options {
    Options {
        strict: true,
        ..Options::default()
    }
}

fn dry() -> Options {
    Options {
        dry_run: true,
        ..Options::default()
    }
}

async fn database() -> DatabaseConnection {
    let database = Pool::small(IN_MEMORY).open().await.unwrap();
    Migrator::up(&database, None).await.unwrap();
    database
}

/// Imports `text` on day `day`. Returns the summary and the rejections.
async fn import(
    database: &DatabaseConnection,
    kind: Kind,
    text: &str,
    options: Options,
    day: i64,
) -> (Summary, Vec<String>) {
    let now = DateTime::from_timestamp(day * 86_400, 0).unwrap();
    let clock = Clock::new(move || now);
    let mut reported = Rejections::default();
    let summary = run(
        database,
        &clock,
        kind,
        text.as_bytes(),
        options,
        &mut reported,
    )
    .await
    .unwrap();
    assert_eq!(summary.rejected as usize, reported.0.len());
    (summary, reported.0)
}

/// Imports rows, all of which must be good.
async fn load(database: &DatabaseConnection, kind: Kind, text: &str, day: i64) {
    let (_, reported) = import(database, kind, text, Options::default(), day).await;
    assert_eq!(reported, [""; 0]);
}

const USERS: &str = r#"
{"id":1,"username":"ada","full_name":"Ada","email":"Ada@X.io","is_verified":true,"is_staff":true,"ext_id":"x"}
{"id":"2","username":"bob","real_name":"Bob"}
"#;

#[tokio::test]
async fn importing_a_file_twice_changes_nothing() {
    let database = database().await;
    let codes = r##"[{
        "id": 5, "code": "abc", "role": "user", "generated_at": "2026-01-01T00:00:00+01:00",
        "email": "Eve@X.io", "invited_by": 9, "invited_by_username": "zed",
        "user": {"id": 1, "username": "ada", "real_name": "Ada L.", "is_staff": true, "ext_id": "y"},
        "tags": [
            {"id": 1, "type": "user", "name": "t", "color": "#00ff00", "deleted": true},
            {"id": 2, "type": "user", "name": "u", "color": "#00ff00", "visible": false}
        ]
    }]"##;
    let page = r#"{"course": {"id": 3, "slug": "c", "name": "C", "privacy": "open",
        "created_by": {"id": 4, "username": "dan"}}, "count": 2, "next": null, "results":
        [{"id": 2, "username": "bob", "real_name": "Bobby", "avatar": "", "ext_id": null},
         {"id": 1, "username": "ada"}]}"#
        .replace('\n', " ");
    let invites = r#"{"token":"6f1c1f1e-0000-4000-8000-000000000001","email":"a@b.c",
        "workspace_id":8,"workspace_name":"W","workspace_description":"","workspace_logo":"",
        "inviter":{"id":1,"email":"ada@y.io","full_name":"Ada","username":"ada","is_verified":true,
        "profile_picture":"p"},"inviter_name":"Ada","role_display":"Team Lead","is_expired":false,
        "expires_at":"2026-02-01T00:00:00Z","message":"","status":"pending"}"#
        .replace('\n', " ");
    let link =
        r#"{"id":7,"type":"GroupInvite","code":"g","url":"https://app.example/g","_links":{},
        "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z",
        "group":{"id":6,"slug":"g","name":"G"}}"#
            .replace('\n', " ");
    let mut seen = Vec::new();
    for day in [1, 2] {
        load(&database, Kind::Users, USERS, day).await;
        load(&database, Kind::InviteCodes, codes, day).await;
        load(&database, Kind::CourseInvites, &page, day).await;
        load(&database, Kind::WorkspaceInvites, &invites, day).await;
        load(&database, Kind::GroupInvites, &link, day).await;
        seen.push((
            user::Entity::find()
                .order_by_id_asc()
                .all(&database)
                .await
                .unwrap(),
            tag::Entity::find().all(&database).await.unwrap(),
            invite_code::Entity::find().all(&database).await.unwrap(),
            course_invite::Entity::find()
                .order_by_id_asc()
                .all(&database)
                .await
                .unwrap(),
            workspace_invite::Entity::find()
                .all(&database)
                .await
                .unwrap(),
            group_invite::Entity::find().all(&database).await.unwrap(),
        ));
    }
    assert_eq!(seen[0], seen[1]);
    let (users, tags, codes, invitees, invites, _) = &seen[0];
    let ada = &users[0];
    assert!(ada.is_staff && ada.is_verified);
    // An invite does not change the address of an existing account.
    assert_eq!(
        (ada.email.as_str(), ada.email_norm.as_str()),
        ("Ada@X.io", "ada@x.io")
    );
    assert_eq!(ada.ext_id.as_deref(), Some("x"));
    assert_eq!(
        users.iter().map(|user| user.id).collect::<Vec<_>>(),
        [1, 2, 4, 9]
    );
    assert!(tags[0].deleted_at.is_some() && tags[1].deleted_at.is_none());
    assert_eq!(codes[0].email_norm.as_deref(), Some("eve@x.io"));
    assert_eq!(
        invitees
            .iter()
            .map(|invite| invite.user_id)
            .collect::<Vec<_>>(),
        [Some(2), Some(1)]
    );
    assert_eq!(
        (invites[0].role.as_str(), &invites[0].message),
        ("team_lead", &None)
    );
}

#[tokio::test]
async fn a_nested_user_never_becomes_staff() {
    let database = database().await;
    let code = r#"{"id":1,"code":"a","generated_at":"2026-01-01T00:00:00Z",
        "user":{"id":5,"username":"eve","is_staff":true}}"#
        .replace('\n', " ");
    load(&database, Kind::InviteCodes, &code, 1).await;
    let eve = user::Entity::find_by_id(5)
        .one(&database)
        .await
        .unwrap()
        .unwrap();
    assert!(!eve.is_staff);
}

#[tokio::test]
async fn bad_rows_are_reported_and_the_others_written() {
    let database = database().await;
    load(&database, Kind::Users, USERS, 1).await;
    let rows = r#"
{"workspace_id":1,"user_id":1,"role":"owner"}
{"id":3,"username":" ","full_name":""}
{"id":4,"username":"dan","full_name":"","email":7}
not json
{"id":5,"username":"eve","full_name":""}
{"id":5,"username":"eva","full_name":""}
"#;
    let (summary, reported) = import(&database, Kind::Users, rows, Options::default(), 1).await;
    assert_eq!(
        reported,
        [
            "line 2: id: required, but missing",
            "line 3: username: expected a string that is not blank",
            "line 4: email: expected a string, found a number",
            "line 5: not valid JSON at byte 2 of the row: expected ident",
        ]
    );
    assert_eq!((summary.read, summary.written, summary.rejected), (6, 2, 4));
    let eva = user::Entity::find_by_id(5)
        .one(&database)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(eva.username, "eva");

    let member = r#"{"workspace_id":1,"user_id":1,"role":"owner"}"#;
    let (_, reported) = import(
        &database,
        Kind::WorkspaceMembers,
        member,
        Options::default(),
        1,
    )
    .await;
    assert_eq!(reported, ["line 1: workspace_id: no such workspace"]);
    let course = r#"{"course":{"id":1,"slug":"c","name":"C","privacy":"open","created_by":77},"results":[]}"#;
    let (_, reported) = import(
        &database,
        Kind::CourseInvites,
        course,
        Options::default(),
        1,
    )
    .await;
    assert_eq!(reported, ["line 1: course.created_by_id: no such user"]);
    let code = r#"{"id":1,"code":"a","generated_at":"2026-01-01T00:00:00Z","user":{"id":8,"username":"bob"}}"#;
    let (_, reported) = import(&database, Kind::InviteCodes, code, Options::default(), 1).await;
    assert_eq!(
        reported,
        ["line 1: user.username: already used by another row"]
    );
    assert_eq!(
        invite_code::Entity::find().count(&database).await.unwrap(),
        0
    );
}

#[tokio::test]
async fn strict_and_dry_runs_roll_back() {
    let database = database().await;
    let rows = format!("{USERS}\n{{\"id\":3,\"username\":\"ada\",\"full_name\":\"\"}}\n{{}}");
    let (summary, reported) = import(&database, Kind::Users, &rows, strict(), 1).await;
    assert_eq!(reported, ["line 5: username: already used by another row"]);
    assert!(summary.rolled_back);
    assert_eq!((summary.written, summary.rejected), (0, 1));
    let (summary, reported) = import(&database, Kind::Users, &rows, dry(), 1).await;
    assert_eq!((summary.written, reported.len()), (2, 2));
    assert_eq!(user::Entity::find().count(&database).await.unwrap(), 0);
    let (summary, _) = import(&database, Kind::Users, USERS, strict(), 1).await;
    assert_eq!((summary.written, summary.rolled_back), (2, false));
    assert_eq!(user::Entity::find().count(&database).await.unwrap(), 2);
}

#[tokio::test]
async fn a_code_has_exactly_the_tags_of_its_last_row() {
    let database = database().await;
    let code = |tags: &str| {
        format!(r#"{{"id":1,"code":"a","generated_at":"2026-01-01T00:00:00Z","tags":[{tags}]}}"#)
    };
    let one = r##"{"id":1,"type":"user","name":"a","color":"#000000"}"##;
    let two = r##"{"id":2,"kind":"category","name":"a","color":"#FFFFFF"}"##;
    let stored = async || -> Vec<i64> {
        let pairs = invite_code_tag::Entity::find()
            .order_by_id_asc()
            .all(&database)
            .await
            .unwrap();
        pairs.iter().map(|pair| pair.tag_id).collect()
    };
    load(
        &database,
        Kind::InviteCodes,
        &[code(one), code(two)].join("\n"),
        1,
    )
    .await;
    assert_eq!(stored().await, [2]);
    load(
        &database,
        Kind::InviteCodes,
        &code(&[one, one, two].join(",")),
        1,
    )
    .await;
    assert_eq!(stored().await, [1, 2]);
    load(&database, Kind::InviteCodes, &code(""), 1).await;
    assert_eq!(stored().await, [0; 0]);
    let bad = code(&one.replace("#000000", "red"));
    let (_, reported) = import(&database, Kind::InviteCodes, &bad, Options::default(), 1).await;
    assert_eq!(reported, ["line 1: tags[0].color: expected #rrggbb"]);
}

#[tokio::test]
async fn an_invite_keeps_its_id_and_generated_ids_skip_explicit_ones() {
    let database = database().await;
    load(&database, Kind::Users, USERS, 1).await;
    load(
        &database,
        Kind::Courses,
        r#"{"id":1,"slug":"c","name":"C","privacy":"open","created_by":1}"#,
        1,
    )
    .await;
    let rows = r#"{"course_id":1,"user_id":2}
{"course_id":1,"user":{"id":1,"username":"ada"},"id":1}"#;
    load(&database, Kind::CourseInvites, rows, 1).await;
    let rows = r#"{"course_id":1,"user_id":1,"id":30,"accepted_at":"2026-01-01T00:00:00Z"}"#;
    load(&database, Kind::CourseInvites, rows, 2).await;
    let invites = course_invite::Entity::find()
        .order_by_id_asc()
        .all(&database)
        .await
        .unwrap();
    let ids: Vec<_> = invites
        .iter()
        .map(|invite| (invite.id, invite.user_id))
        .collect();
    assert_eq!(ids, [(1, Some(1)), (FIRST_ID, Some(2))]);
    assert!(invites[0].accepted_at.is_some());
    let taken = r#"{"course_id":1,"user":{"id":3,"username":"cat"},"id":1}"#;
    let (_, reported) = import(&database, Kind::CourseInvites, taken, Options::default(), 1).await;
    assert_eq!(reported, ["line 1: id: already used by another row"]);
}

/// An array that repeats one row.
struct Repeated {
    row: &'static [u8],
    rows: usize,
    at: usize,
}

impl AsyncRead for Repeated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        while buffer.remaining() > self.row.len() && self.at <= self.rows {
            buffer.put_slice(if self.at == 0 { b"[" } else { b"," });
            buffer.put_slice(if self.at == self.rows {
                b"{}]"
            } else {
                self.row
            });
            self.at += 1;
        }
        Poll::Ready(Ok(()))
    }
}

/// Imports users, and returns the summary and the console's output.
async fn console(source: impl AsyncRead + Unpin + Send) -> (Summary, String) {
    let database = database().await;
    let clock = Clock::new(DateTime::default);
    let mut out = Vec::new();
    let mut console = Console::plain(&mut out);
    let options = Options::default();
    let summary = run(
        &database,
        &clock,
        Kind::Users,
        source,
        options,
        &mut console,
    )
    .await
    .unwrap();
    console.finish().unwrap();
    (summary, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn many_rows_with_the_same_fault_have_a_short_report() {
    let nulls = Repeated {
        row: b"null",
        rows: 100_000,
        at: 0,
    };
    let (summary, reported) = console(nulls).await;
    assert_eq!((summary.read, summary.rejected), (100_001, 100_001));
    let (progress, faults): (Vec<&str>, Vec<&str>) = reported
        .lines()
        .partition(|line| line.ends_with("rejected…"));
    let fault = "expected an object, found null";
    let mut expected = vec![format!("line 1: {fault}"); 20];
    expected.push(format!("…and 99980 more: {fault}"));
    expected.push("…and 1 more: id: required, but missing".to_owned());
    assert_eq!(faults, expected);
    // After 10000 rows, 20000, 40000 and 80000.
    assert_eq!(progress.len(), 4, "{reported}");
}

#[tokio::test]
async fn rows_with_the_same_fault_at_other_positions_are_counted_together() {
    let mut rows = vec!["null".to_owned(); 20];
    rows.extend((1..=5).map(|at| format!("{}?", " ".repeat(at))));
    rows.extend(["[[]]".to_owned(), "7".to_owned(), "[[]]".to_owned()]);
    let text = rows.join("\n");
    let (_, reported) = console(text.as_bytes()).await;
    let reported: Vec<&str> = reported.lines().skip(20).collect();
    assert_eq!(
        reported,
        [
            "…and 5 more: not valid JSON at byte … of the row: expected value",
            "…and 2 more: expected an object, found an array",
            "…and 1 more: expected an object, found a number",
        ]
    );
}

#[test]
fn any_number_of_faults_gives_a_bounded_report() {
    let mut out = Vec::new();
    let mut console = Console::plain(&mut out);
    for line in 1..=1000 {
        console.rejected(
            &Rejection {
                line,
                field: format!("field_{line}"),
                reason: "wrong".to_owned(),
            },
            None,
        );
    }
    console.finish().unwrap();
    let reported = String::from_utf8(out).unwrap();
    let reported: Vec<&str> = reported.lines().collect();
    assert_eq!(reported.len(), 41);
    assert_eq!(
        reported[39..],
        [
            "…and 1 more: field_40: wrong",
            "…and 960 more, with other faults"
        ]
    );
}

#[test]
fn a_fault_does_not_depend_on_its_position() {
    for (field, reason, fault) in [
        ("", "wrong", "wrong"),
        (
            "tags[17].color",
            "expected #rrggbb",
            "tags[…].color: expected #rrggbb",
        ),
        ("results[0].tags[3]", "no", "results[…].tags[…]: no"),
        (
            "name",
            "expected at most 255 characters",
            "name: expected at most 255 characters",
        ),
        (
            "",
            "bad at byte 12 of the row: [",
            "bad at byte … of the row: [",
        ),
    ] {
        let rejection = Rejection {
            line: 1,
            field: field.to_owned(),
            reason: reason.to_owned(),
        };
        assert_eq!(rejection.fault(), fault);
    }
}
