//! Ids of sources as they come: imports, complete lists, exports, look-ups and federation keys.

use std::fs;

use axum::http::StatusCode;
use entity::{
    course_invite, external_key, group_invite, user, workspace, workspace_invite, workspace_member,
};
use invite_gateway::import::{Kind, MaxWithdrawn, Options, Replacement, Scope};
use sea_orm::{EntityTrait, PaginatorTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{
    Gateway, Viewer, data, each_database, global_id,
    process::{Ended, Process, Server, scoped},
    tables,
    wire::Request,
};

/// First id that the gateway gives.
const FIRST_ID: i64 = 1_000_000_000_000;

const MADE: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2099-01-01T00:00:00Z";

pub fn of(source: &str) -> Options {
    Options {
        source: Some(source.parse().expect("a name")),
        ..Options::default()
    }
}

fn replacing(source: &str, scope: Scope) -> Options {
    Options {
        replace: Some(Replacement {
            scope,
            max_withdrawn: MaxWithdrawn::Percent(100),
        }),
        ..of(source)
    }
}

/// Imports rows of a source, of which none is rejected. Returns the changes.
pub async fn load(gateway: &Gateway, source: &str, kind: Kind, rows: &[Value]) -> Vec<String> {
    let (_, reported) = gateway.import_with(kind, rows, of(source)).await;
    assert_eq!(reported.rejections, [], "{kind}");
    assert_eq!(reported.notes, [""; 0], "{kind}");
    reported.changes
}

/// Imports rows of a source. Returns the texts of the rejections.
async fn rejected(gateway: &Gateway, kind: Kind, rows: &[Value], options: Options) -> Vec<String> {
    let (_, reported) = gateway.import_with(kind, rows, options).await;
    reported
        .rejections
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn named(id: &str) -> Value {
    json!({ "id": id, "username": id, "full_name": format!("Full {id}"), "created_at": MADE })
}

/// Rows of every kind, whose ids are texts, UUIDs and numbers.
pub fn everything() -> Vec<(Kind, Vec<Value>)> {
    let token = |id: i64| data::token(id).to_string();
    vec![
        (
            Kind::Users,
            vec![
                named("user_2abc"),
                named("user_2def"),
                json!({ "id": 7, "username": "seven",
                "full_name": "Seven", "email": "seven@example.org", "ext_id": "e7" }),
            ],
        ),
        (
            Kind::Workspaces,
            vec![json!({ "id": "org_1", "name": "Atlas", "created_at": MADE })],
        ),
        (
            Kind::WorkspaceMembers,
            vec![json!({ "workspace_id": "org_1", "user_id": "user_2abc", "role": "owner" })],
        ),
        (
            Kind::Groups,
            vec![json!({ "id": "7", "slug": "studio", "name": "Studio", "created_at": MADE })],
        ),
        (
            Kind::GroupMembers,
            vec![json!({ "group_id": 7, "user_id": 7, "role": "manager" })],
        ),
        (
            Kind::Tags,
            ["tag-b", "tag-a"]
                .map(|id| {
                    json!({ "id": id, "type": "user", "name": id,
                "color": "#00ff00", "created_at": MADE })
                })
                .into(),
        ),
        (
            Kind::Courses,
            vec![
                json!({ "id": "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11", "slug": "engines",
                "name": "Engines", "privacy": "open", "created_by": "user_2def", "created_at": MADE }),
            ],
        ),
        (
            Kind::CourseMembers,
            vec![
                json!({ "course_id": "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11", "user_id": "user_2def",
                "role": "creator" }),
            ],
        ),
        (
            Kind::InviteCodes,
            vec![json!({ "id": "ic_1", "code": "HELLO", "generated_at": MADE,
                "invited_by": { "id": "user_2def", "username": "ignored" }, "user_id": 7,
                "tag_ids": ["tag-a"], "tags": [{ "id": "tag-b", "type": "user", "name": "tag-b",
                    "color": "#00ff00" }] })],
        ),
        (
            Kind::WorkspaceInvites,
            vec![
                json!({ "id": "inv_1", "token": token(1), "workspace_id": "org_1", "email": "a@example.org",
                    "inviter": "user_2abc", "status": "pending", "expires_at": LATER, "created_at": MADE }),
                json!({ "token": token(2), "workspace_id": "org_1", "email": "b@example.org",
                    "status": "pending", "expires_at": LATER, "created_at": MADE }),
                json!({ "id": "inv_3", "token": token(3), "workspace_id": "org_1", "email": "c@example.org",
                    "accepted_by_id": 7, "status": "accepted", "expires_at": LATER, "created_at": MADE }),
            ],
        ),
        (
            Kind::GroupInvites,
            vec![
                json!({ "id": "gi_1", "group": { "id": "7", "slug": "studio", "name": "Studio" },
                "code": "wave", "created_at": MADE, "updated_at": MADE }),
            ],
        ),
        (
            Kind::CourseInvites,
            vec![
                json!({ "id": "ci_1", "course_id": "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11", "user_id": 7,
                    "invited_by_id": "user_2def", "created_at": MADE }),
                json!({ "course": { "id": "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11", "slug": "engines",
                    "name": "Engines", "privacy": "open", "created_by": "user_2def" }, "count": 1,
                    "results": [{ "id": "user_2abc", "username": "user_2abc", "invited_at": MADE }] }),
                json!({ "id": "ci_3", "course_id": "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11",
                    "email": "guest@example.org", "created_at": MADE }),
            ],
        ),
    ]
}

/// Imports [`everything`] from a source.
pub async fn load_everything(gateway: &Gateway, source: &str) {
    for (kind, rows) in everything() {
        load(gateway, source, kind, &rows).await;
    }
}

/// Returns the ids of users, by their username.
async fn users(gateway: &Gateway) -> Vec<(String, i64)> {
    let rows = user::Entity::find().order_by_asc(user::Column::Username);
    let rows = rows.all(&gateway.database).await.expect("users");
    rows.into_iter().map(|row| (row.username, row.id)).collect()
}

async fn names_of_live_users(gateway: &Gateway) -> Vec<String> {
    let rows = user::Entity::find().order_by_asc(user::Column::Username);
    let rows = rows.all(&gateway.database).await.expect("users");
    let live = rows.into_iter().filter(|row| row.deleted_at.is_none());
    live.map(|row| row.username).collect()
}

async fn keys(gateway: &Gateway) -> Vec<external_key::Model> {
    let keys = external_key::Entity::find().all(&gateway.database).await;
    keys.expect("keys")
}

async fn export(gateway: &Gateway, source: &str) -> Vec<(Kind, String)> {
    let mut files = Vec::new();
    for (kind, _) in everything() {
        let (name, url) = (kind.to_string(), gateway.database_url.as_str());
        let arguments = ["export", &name, "--source", source, "--database-url", url];
        let Ended {
            status,
            stdout,
            stderr,
        } = Process::run(&arguments).await;
        assert_eq!((status, stderr.as_str()), (Some(0), ""), "{kind}");
        files.push((kind, stdout));
    }
    files
}

each_database! {
    async fn ids_are_mapped_and_stay_the_same(gateway) {
        load_everything(&gateway, "clerk").await;
        let ids: Vec<i64> = users(&gateway).await.into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, [FIRST_ID + 2, FIRST_ID, FIRST_ID + 1], "seven, user_2abc, user_2def");
        let stored = tables::dump(&gateway.database).await;
        for (kind, rows) in everything() {
            assert_eq!(load(&gateway, "clerk", kind, &rows).await, [""; 0], "{kind}");
        }
        assert_eq!(tables::dump(&gateway.database).await, stored);
        let members = workspace_member::Entity::find().all(&gateway.database).await.expect("rows");
        assert_eq!(members[0].user_id, FIRST_ID);
        let invite = group_invite::Entity::find().one(&gateway.database).await.expect("a row");
        assert!(invite.expect("a row").group_id >= FIRST_ID);
    }

    async fn sources_and_integers_have_ids_of_their_own(gateway) {
        gateway.add(data::user(7, "integer")).await;
        load(&gateway, "clerk", Kind::Users, &[json!({ "id": 7, "username": "c", "full_name": "C" })]).await;
        load(&gateway, "auth0", Kind::Users, &[json!({ "id": "7", "username": "a", "full_name": "A" })]).await;
        let (_, rejections) = gateway.import(Kind::Users, &[json!({ "id": 8, "username": "e", "full_name": "E" })]).await;
        assert_eq!(rejections, []);
        let expected = [("a", FIRST_ID + 1), ("c", FIRST_ID), ("e", 8), ("integer", 7)];
        assert_eq!(users(&gateway).await, expected.map(|(name, id)| (name.to_owned(), id)));
        // Without a source, text is no id.
        let (_, rejections) = gateway.import(Kind::Users, &[named("user_1")]).await;
        assert_eq!(rejections[0].to_string(), "line 1: id: expected a positive 64-bit integer");
    }

    async fn changes_and_rejections_have_the_ids_of_the_source(gateway) {
        let new = load(&gateway, "clerk", Kind::Users, &[named("user_1"), named("user_2")]).await;
        let mut sorted = new.clone();
        sorted.sort();
        assert_eq!(sorted, ["new id=user_1", "new id=user_2"]);
        load(&gateway, "clerk", Kind::Workspaces, &[json!({ "id": "org", "name": "O" })]).await;
        let member = |user: &str| json!({ "workspace_id": "org", "user_id": user, "role": "owner" });
        let (summary, reported) = gateway
            .import_with(Kind::WorkspaceMembers, &[member("user_1"), member("user_9"), member("user_2")], of("clerk"))
            .await;
        assert_eq!(summary.written, 2);
        let reasons: Vec<_> = reported.rejections.iter().map(ToString::to_string).collect();
        assert_eq!(reasons, ["line 2: user_id: no such user with the id \"user_9\""]);
        let mut changes = reported.changes;
        changes.sort();
        assert_eq!(changes, ["new workspace_id=org user_id=user_1", "new workspace_id=org user_id=user_2"]);
        // Another source's object is as unknown.
        let other = rejected(&gateway, Kind::WorkspaceMembers, &[member("user_1")], of("auth0")).await;
        assert_eq!(other, ["line 1: workspace_id: no such workspace with the id \"org\""]);
        let tag = json!({ "id": 1, "code": "x", "generated_at": MADE, "tag_ids": ["t"] });
        let tag = rejected(&gateway, Kind::InviteCodes, &[tag], of("clerk")).await;
        assert_eq!(tag, ["line 1: tag_ids: no such tag with the id \"t\""]);
        // The user of the first row is rejected with it, because a code has no name of its own.
        let rows = [
            json!({ "id": "b", "username": "user_1", "full_name": "B" }),
            json!({ "id": "c", "username": "user_1", "full_name": "C" }),
        ];
        let double = rejected(&gateway, Kind::Users, &rows, of("clerk")).await;
        assert_eq!(double, ["line 2: username: already used by another row"]);
        for wrong in [json!(""), json!(true), json!(1.5), json!("a\u{200b}")] {
            let rows = [json!({ "id": wrong, "username": "w", "full_name": "W" })];
            let reasons = rejected(&gateway, Kind::Users, &rows, of("clerk")).await;
            assert!(reasons[0].starts_with("line 1: id: expected "), "{reasons:?}");
        }
    }

    async fn a_dry_run_and_a_rejected_row_leave_no_key(gateway) {
        let dry = Options { dry_run: true, ..of("clerk") };
        let (_, reported) = gateway.import_with(Kind::Users, &[named("user_1")], dry).await;
        assert_eq!(reported.changes, ["new id=user_1"]);
        assert!(keys(&gateway).await.is_empty());
        gateway.add(data::user(1, "taken")).await;
        let code = |id: &str, code: &str, user: Value| {
            json!({ "id": id, "code": code, "generated_at": MADE, "user": user })
        };
        // A nested user takes no name.
        let rows = [
            code("one", "1", json!({ "id": "u1", "username": "taken" })),
            code("two", "2", json!("u1")),
            code("three", "3", json!({ "id": "u3", "username": "free" })),
        ];
        let reasons = rejected(&gateway, Kind::InviteCodes, &rows, of("clerk")).await;
        assert_eq!(reasons, [
            "line 1: user.username: already used by another row",
            "line 2: user_id: no such user with the id \"u1\"",
        ]);
        let mut texts: Vec<_> = keys(&gateway).await.into_iter().map(|key| key.external_id).collect();
        texts.sort();
        assert_eq!(texts, ["three", "u3"]);
    }

    async fn rows_are_withdrawn_by_the_ids_of_their_source(gateway) {
        load_everything(&gateway, "clerk").await;
        gateway.add(data::user(7, "integer")).await;
        let delete = Options { delete: true, ..of("clerk") };
        let (_, reported) = gateway
            .import_with(Kind::Users, &[json!({ "id": 7 }), json!({ "id": "nobody" })], delete.clone())
            .await;
        assert_eq!((reported.rejections, reported.changes), (vec![], vec!["withdrawn id=7".to_owned()]));
        assert_eq!(names_of_live_users(&gateway).await, ["integer", "user_2abc", "user_2def"]);
        for (kind, row, change) in [
            (Kind::WorkspaceInvites, json!({ "id": "inv_1" }), "withdrawn id=inv_1"),
            (Kind::WorkspaceInvites, json!({ "token": data::token(2).to_string() }), ""),
            (Kind::CourseInvites, json!({ "course": "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11", "user": "user_2abc" }), ""),
            (Kind::CourseInvites, json!({ "course": "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11", "email": "guest@Example.org" }),
                "withdrawn id=ci_3"),
            (Kind::GroupInvites, json!({ "group": 7 }), "withdrawn group_id=7"),
        ] {
            let (_, reported) = gateway.import_with(kind, &[row], delete.clone()).await;
            assert_eq!(reported.changes.len(), 1, "{kind}");
            assert!(reported.changes[0].contains(change), "{:?}", reported.changes);
        }
    }

    async fn a_complete_list_withdraws_only_rows_of_its_source(gateway) {
        gateway.add(data::user(7, "integer")).await;
        load(&gateway, "auth0", Kind::Users, &[named("other")]).await;
        load(&gateway, "clerk", Kind::Users, &[named("one"), named("two")]).await;
        load(&gateway, "clerk", Kind::Workspaces, &[json!({ "id": "org", "name": "O" })]).await;
        load(&gateway, "auth0", Kind::Workspaces, &[json!({ "id": "org", "name": "P" })]).await;
        gateway.add(data::workspace(1)).await;
        let member = |user: &str| json!({ "workspace_id": "org", "user_id": user, "role": "owner" });
        load(&gateway, "clerk", Kind::WorkspaceMembers, &[member("one"), member("two")]).await;
        load(&gateway, "auth0", Kind::WorkspaceMembers, &[member("other")]).await;
        let org = workspace::Entity::find().order_by_desc(workspace::Column::Id);
        let orgs = org.all(&gateway.database).await.expect("workspaces");
        let clerks = orgs.iter().find(|row| row.name == "O").expect("a row").id;
        // Somebody whom the source does not know joined.
        gateway.add(data::workspace_member(clerks, 7, "member")).await;
        gateway.add(data::workspace_member(1, 7, "member")).await;
        let options = replacing("clerk", Scope::All);
        let (_, reported) = gateway.import_with(Kind::WorkspaceMembers, &[member("one")], options).await;
        assert_eq!(reported.changes, ["withdrawn workspace_id=org user_id=two"]);
        assert_eq!(workspace_member::Entity::find().count(&gateway.database).await.expect("rows"), 4);
        let options = replacing("clerk", Scope::All);
        let (_, reported) = gateway.import_with(Kind::Users, &[named("one")], options).await;
        assert_eq!(reported.changes, ["withdrawn id=two"]);
        assert_eq!(names_of_live_users(&gateway).await, ["integer", "one", "other"]);
        let (_, reported) = gateway
            .import_with(Kind::Workspaces, &[json!({ "id": "new", "name": "N" })], replacing("clerk", Scope::All))
            .await;
        let mut changes = reported.changes;
        changes.sort();
        assert_eq!(changes, ["new id=new", "withdrawn id=org"]);
    }

    async fn a_complete_list_without_a_source_keeps_the_rows_of_sources(gateway) {
        load_everything(&gateway, "clerk").await;
        gateway.add(data::user(7, "integer")).await;
        gateway.add(data::user(8, "gone")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 7, "member")).await;
        gateway.add(data::workspace_member(1, 8, "member")).await;
        // Somebody of a source joined.
        gateway.add(data::workspace_member(1, FIRST_ID, "member")).await;
        let all = || Options { source: None, ..replacing("clerk", Scope::All) };
        let member = json!({ "workspace_id": 1, "user_id": 7, "role": "member" });
        let (_, reported) = gateway.import_with(Kind::WorkspaceMembers, &[member], all()).await;
        assert_eq!(reported.changes, ["withdrawn workspace_id=1 user_id=8"]);
        let row = json!({ "id": 7, "username": "integer", "full_name": "I" });
        let (_, reported) = gateway.import_with(Kind::Users, &[row], all()).await;
        assert_eq!((reported.changes.len(), reported.notes), (2, vec![]));
        let before = tables::dump(&gateway.database).await;
        for (kind, rows) in everything() {
            if !matches!(kind, Kind::Users | Kind::Workspaces | Kind::WorkspaceMembers) {
                let (_, reported) = gateway.import_with(kind, &[] as &[Value], all()).await;
                assert_eq!(reported.changes, [""; 0], "{kind} {}", rows.len());
            }
        }
        assert_eq!(tables::dump(&gateway.database).await, before);
        let row = json!({ "id": 2, "name": "New" });
        let (_, reported) = gateway.import_with(Kind::Workspaces, &[row], all()).await;
        let mut changes = reported.changes;
        changes.sort();
        assert_eq!(changes, ["new id=2", "withdrawn id=1"]);
    }

    async fn of_two_ids_that_a_file_gives_to_an_invite_the_last_counts(gateway) {
        load_everything(&gateway, "clerk").await;
        let row = |id: &str| {
            let mut row = everything()[9].1[0].clone();
            row["id"] = id.into();
            row
        };
        let rows: Vec<Value> = (0..8).map(|n| row(&format!("inv_a{n}"))).collect();
        gateway.import_with(Kind::WorkspaceInvites, &rows, of("clerk")).await;
        let keys = keys(&gateway).await;
        let of_first = keys.iter().filter(|key| key.kind == "workspace_invites" && key.id == FIRST_ID);
        let of_first: Vec<_> = of_first.map(|key| key.external_id.as_str()).collect();
        assert_eq!(of_first, ["inv_a7"]);
    }

    async fn a_complete_list_has_all_invites_of_a_target(gateway) {
        load_everything(&gateway, "clerk").await;
        let kept = &everything()[9].1[1..2];
        let options = replacing("clerk", Scope::Workspace);
        let (_, reported) = gateway.import_with(Kind::WorkspaceInvites, kept, options).await;
        assert_eq!(reported.changes, ["withdrawn id=inv_1"]);
        let page = json!({ "course": { "id": "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11", "slug": "engines",
            "name": "Engines", "privacy": "open", "created_by": "user_2def" }, "count": 2,
            "results": [{ "id": "user_2abc", "username": "user_2abc" }] });
        let options = replacing("clerk", Scope::Course);
        let (_, reported) = gateway.import_with(Kind::CourseInvites, std::slice::from_ref(&page), options.clone()).await;
        assert_eq!(reported.notes, ["nothing was withdrawn: the file has 1 of the 2 invited users of course \
            9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11; join all pages in one file"]);
        let mut whole = page;
        whole["count"] = 1.into();
        let (_, reported) = gateway.import_with(Kind::CourseInvites, &[whole], options).await;
        assert_eq!(reported.changes, ["withdrawn id=ci_1", "withdrawn id=ci_3"]);
    }

    async fn an_invite_keeps_its_id_when_its_source_gives_it_another(gateway) {
        load_everything(&gateway, "clerk").await;
        let ids = async || {
            let invites = workspace_invite::Entity::find().order_by_asc(workspace_invite::Column::EmailNorm);
            let invites = invites.all(&gateway.database).await.expect("rows");
            let of_course = course_invite::Entity::find().all(&gateway.database).await.expect("rows");
            let ids = invites.iter().map(|row| row.id);
            ids.chain(of_course.iter().map(|row| row.id)).collect::<Vec<_>>()
        };
        let before = ids().await;
        // The second has had none, and the third another.
        for (at, id) in [(1, "inv_2"), (2, "inv_9")] {
            let mut row = everything()[9].1[at].clone();
            row["id"] = id.into();
            load(&gateway, "clerk", Kind::WorkspaceInvites, &[row]).await;
        }
        let mut row = everything()[11].1[0].clone();
        row["id"] = "ci_2".into();
        load(&gateway, "clerk", Kind::CourseInvites, &[row]).await;
        assert_eq!(ids().await, before);
        let keys = keys(&gateway).await.into_iter();
        let mut keys: Vec<_> = keys.filter(|key| key.kind.ends_with("e_invites")).map(|key| key.external_id).collect();
        keys.sort();
        assert_eq!(keys, ["ci_2", "ci_3", "inv_1", "inv_2", "inv_9"]);
        // Sent again: a further token.
        let mut again = everything()[9].1[0].clone();
        again["token"] = data::token(11).to_string().into();
        load(&gateway, "clerk", Kind::WorkspaceInvites, &[again]).await;
        assert_eq!(ids().await, before);
        // Another source does not take an invite by its token.
        load(&gateway, "auth0", Kind::Workspaces, &[json!({ "id": "org_1", "name": "P" })]).await;
        let mut stolen = everything()[9].1[0].clone();
        stolen["inviter"] = Value::Null;
        let reasons = rejected(&gateway, Kind::WorkspaceInvites, &[stolen], of("auth0")).await;
        assert_eq!(reasons, ["line 1: token: already used by another row"]);
    }

    async fn an_export_of_a_source_survives_a_round_trip(gateway) {
        gateway.add(data::user(7, "integer")).await;
        load(&gateway, "auth0", Kind::Users, &[named("other")]).await;
        load_everything(&gateway, "clerk").await;
        let files = export(&gateway, "clerk").await;
        for (kind, text) in &files {
            let all = everything();
            let expected = all.iter().find(|(of, _)| of == kind).map(|(_, rows)| rows.len());
            assert_eq!(Some(text.lines().count()), expected, "{kind}: {text}");
            assert!(!text.contains("10000000000"), "{kind}: {text}");
        }
        tables::empty(&gateway.database).await;
        // Ids differ from those before.
        load(&gateway, "auth0", Kind::Users, &[named("first")]).await;
        for (kind, text) in &files {
            let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            load(&gateway, "clerk", *kind, &rows).await;
        }
        for ((kind, before), (_, after)) in files.iter().zip(export(&gateway, "clerk").await) {
            assert!(*before == after, "{kind}: {before} {after}");
        }
    }

    async fn an_export_leaves_out_references_to_other_sources(gateway) {
        load_everything(&gateway, "clerk").await;
        gateway.add(data::user(7, "integer")).await;
        let invite = workspace_invite::Entity::find()
            .order_by_asc(workspace_invite::Column::Id)
            .one(&gateway.database).await.expect("rows").expect("an invite");
        let mut invite: workspace_invite::ActiveModel = invite.into();
        invite.inviter_id = sea_orm::ActiveValue::Set(Some(7));
        workspace_invite::Entity::update(invite).exec(&gateway.database).await.expect("a row");
        gateway.add(data::tag(1, "integer")).await;
        let code = keys(&gateway).await.into_iter().find(|key| key.external_id == "ic_1").expect("a key");
        gateway.add(data::tagged(code.id, 1)).await;
        let files = export(&gateway, "clerk").await;
        let stored = tables::dump(&gateway.database).await;
        for (kind, text) in &files {
            let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            match kind {
                Kind::WorkspaceInvites => assert_eq!(rows[0].get("inviter_id"), None),
                Kind::InviteCodes => assert_eq!(rows[0].get("tag_ids"), None),
                _ => {}
            }
            // Fields that are left out stay as they are.
            assert_eq!(load(&gateway, "clerk", *kind, &rows).await, [""; 0], "{kind}");
        }
        assert_eq!(tables::dump(&gateway.database).await, stored);
    }

    async fn two_imports_of_a_source_give_one_id_to_an_object(gateway) {
        for round in 0..5 {
            let ids: Vec<String> = (0..300).map(|n| format!("user_{round}_{n}")).collect();
            let forwards: Vec<Value> = ids.iter().map(|id| named(id)).collect();
            let backwards: Vec<Value> = forwards.iter().rev().cloned().collect();
            let (one, other) = tokio::join!(
                gateway.import_with(Kind::Users, &forwards, of("clerk")),
                gateway.import_with(Kind::Users, &backwards, of("clerk")),
            );
            for (summary, reported) in [one, other] {
                assert_eq!((summary.written, reported.rejections), (300, vec![]));
            }
            let stored = user::Entity::find().count(&gateway.database).await.expect("rows");
            assert_eq!(stored, 300 * (round + 1));
            assert_eq!(keys(&gateway).await.len() as u64, stored);
        }
    }

    async fn ids_of_sources_and_of_mutations_differ(gateway) {
        load_everything(&gateway, "clerk").await;
        let all = everything();
        // A link that its source has deleted leaves its id unused.
        let delete = Options { delete: true, ..of("clerk") };
        gateway.import_with(Kind::GroupInvites, &all[10].1, delete).await;
        let manager = Viewer::User(FIRST_ID + 2);
        let group = global_id("Group", FIRST_ID);
        let enable = format!("mutation {{ enableGroupInvite(input: {{ group: {group:?} }}) {{ userErrors {{ code }} }} }}");
        gateway.data(manager, &enable).await;
        let invite = group_invite::Entity::find().one(&gateway.database).await.expect("rows");
        assert_eq!(invite.expect("a link").id, FIRST_ID + 1);
        let workspace = global_id("Workspace", FIRST_ID);
        for round in 0..3 {
            let create = format!("mutation {{ createWorkspaceInvites(input: {{ workspace: {workspace:?}, \
                invitees: [{{ email: \"m{round}@example.org\", role: \"member\" }}] }}) {{ results {{ userErrors {{ code }} }} }} }}");
            gateway.data(Viewer::User(FIRST_ID), &create).await;
            let mut row = all[9].1[0].clone();
            row["id"] = format!("later_{round}").into();
            row["email"] = format!("l{round}@example.org").into();
            row["token"] = data::token(100 + round).to_string().into();
            load(&gateway, "clerk", Kind::WorkspaceInvites, &[row]).await;
        }
        let stored = workspace_invite::Entity::find().count(&gateway.database).await.expect("rows");
        assert_eq!(stored, 9);
    }

    async fn the_command_and_the_endpoint_take_a_source(gateway) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("users.csv");
        fs::write(&file, "id,username,full_name\nuser_1,ada,Ada\n,bob,Bob\n").expect("a file");
        let rejects = folder.path().join("rejects");
        let arguments = ["import", "users", file.to_str().expect("UTF-8"), "--source", "clerk",
            "--rejects", rejects.to_str().expect("UTF-8"), "--database-url", &gateway.database_url];
        let ended = Process::run(&arguments).await;
        assert_eq!(ended.status, Some(1), "{ended:?}");
        assert_eq!(keys(&gateway).await[0].external_id, "user_1");
        let ended = Process::run(&["import", "users", "-", "--source", "a b"]).await;
        assert_eq!(ended.status, Some(2));
        assert!(ended.stderr.contains("expected 1 to 64 letters, digits"), "{ended:?}");
        let server = Server::with(&gateway.database_url, &["--import-endpoint=on"]).await;
        let post = async |path: &str, rows: &str| {
            let authorization = scoped("900", Some("invites:import"));
            let request = Request::of("POST", path)
                .header("authorization", &authorization)
                .header("content-type", "application/x-ndjson")
                .body(rows);
            server.send(&request).await
        };
        let answer = post("/import/workspaces?source=clerk&dry_run=true", r#"{"id":"org_1","name":"O"}"#).await;
        assert_eq!((answer.status, &answer.json["changes"]), (StatusCode::OK, &json!(["new id=org_1"])), "{}", answer.text);
        let answer = post("/import/workspaces?source=a%20b", r#"{"id":"org_1","name":"O"}"#).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let answer = post("/import/workspace-members?source=clerk", r#"{"workspace_id":"x","user_id":"user_1","role":"owner"}"#).await;
        assert_eq!(answer.json["rejections"][0]["reason"], "no such workspace with the id \"x\"", "{}", answer.text);
    }

    async fn objects_have_the_ids_of_their_source(gateway) {
        load_everything(&gateway, "clerk").await;
        gateway.add(user::Model { is_staff: true, ..data::user(1, "staff") }).await;
        let both = "{ externalId source }";
        let document = format!("{{
            users(orderBy: {{ field: USERNAME, direction: ASC }}) {{ nodes {both} }}
            inviteCode(code: \"HELLO\") {{ externalId source tags {both} inviter {both} user {both} }}
            workspaceInvites {{ nodes {{ externalId source workspace {both} }} }}
            groupInvites {{ nodes {{ externalId source group {both} }} }}
            course(id: \"engines\") {{ externalId source invites {{ nodes {{ externalId source invitee {both} }} }} }}
        }}");
        let data = gateway.data(Viewer::User(1), &document).await;
        let of = |id: &str| json!({ "externalId": id, "source": "clerk" });
        let none = json!({ "externalId": null, "source": null });
        assert_eq!(data["users"]["nodes"], json!([of("7"), none, of("user_2abc"), of("user_2def")]));
        assert_eq!(data["inviteCode"], json!({ "externalId": "ic_1", "source": "clerk",
            "tags": [of("tag-a"), of("tag-b")], "inviter": of("user_2def"), "user": of("7") }));
        let mut invites = data["workspaceInvites"]["nodes"].as_array().expect("invites").clone();
        invites.sort_by_key(|invite| invite["externalId"].to_string());
        let invite = |id: Value| json!({ "externalId": id, "source": id.as_str().map(|_| "clerk"), "workspace": of("org_1") });
        assert_eq!(invites, [json!("inv_1"), json!("inv_3"), Value::Null].map(invite));
        assert_eq!(data["groupInvites"]["nodes"], json!([{ "externalId": "gi_1", "source": "clerk", "group": of("7") }]));
        assert_eq!(data["course"]["externalId"], "9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11");
        assert_eq!(data["course"]["invites"]["nodes"].as_array().map(Vec::len), Some(3));
        // A viewer without an account sees no id of a source.
        let document = format!("{{ inviteCode(code: \"HELLO\") {{ externalId source tags {both} user {both} }} }}");
        let data = gateway.data(Viewer::Anonymous, &document).await;
        assert_eq!(data["inviteCode"], json!({ "externalId": null, "source": null, "tags": [none, none], "user": none }));
    }

    async fn ids_of_a_source_cost_one_statement(gateway) {
        gateway.add(user::Model { is_staff: true, ..data::user(1, "staff") }).await;
        for id in 2..=40 {
            gateway.add(data::user(id, &format!("user{id}"))).await;
            gateway.add(data::external_key("users", id)).await;
            gateway.add(data::workspace(id)).await;
            gateway.add(data::external_key("workspaces", id)).await;
            gateway.add(workspace_invite::Model { inviter_id: Some(id), ..data::workspace_invite(id, id) }).await;
        }
        let cost = async |selection: &str| {
            let document = format!("{{ workspaceInvites(first: 40) {{ nodes {{
                inviter {{ username {selection} }} workspace {{ name {selection} }} }} }} }}");
            gateway.data(Viewer::User(1), &document).await;
            let (statements, data) = gateway.counted(gateway.data(Viewer::User(1), &document)).await;
            assert_eq!(data["workspaceInvites"]["nodes"].as_array().map(Vec::len), Some(39));
            statements
        };
        let without = cost("").await;
        assert_eq!(cost("externalId").await, without + 1);
        assert_eq!(cost("externalId source").await, without + 1);
    }

    async fn an_object_is_looked_up_by_the_id_of_its_source(gateway) {
        load_everything(&gateway, "clerk").await;
        load(&gateway, "auth0", Kind::Groups, &[json!({ "id": "7", "slug": "other", "name": "Other" })]).await;
        let viewer = Viewer::User(FIRST_ID);
        let data = gateway.data(viewer, "{
            workspace(externalId: { source: \"clerk\", id: \"org_1\" }) { name externalId }
            group(externalId: { source: \"clerk\", id: \"7\" }) { slug }
            other: group(externalId: { source: \"auth0\", id: \"7\" }) { slug }
            course(externalId: { source: \"clerk\", id: \"9f0c3b52-6d4e-4b39-8f9e-0f9a0e3c1a11\" }) { slug }
            absent: course(externalId: { source: \"clerk\", id: \"9F0C3B52-6D4E-4B39-8F9E-0F9A0E3C1A11\" }) { slug }
        }").await;
        assert_eq!(data, json!({ "workspace": { "name": "Atlas", "externalId": "org_1" }, "group": { "slug": "studio" },
            "other": { "slug": "other" }, "course": { "slug": "engines" }, "absent": null }));
        let external = "externalId: { source: \"clerk\", id: \"7\" }";
        for field in ["workspace", "group", "course"] {
            for arguments in ["".to_owned(), "(id: null)".to_owned(), format!("(id: \"1\", {external})")] {
                let response = gateway.graphql(viewer, &format!("{{ {field}{arguments} {{ id }} }}")).await;
                let error = &response["errors"][0];
                assert_eq!(error["message"], "id: send exactly one of id and externalId", "{response}");
                assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
            }
            // Nothing is looked up for viewers who see nothing by id.
            let document = format!("{{ {field}({external}) {{ id }} }}");
            let (statements, data) = gateway.counted(gateway.data(Viewer::Anonymous, &document)).await;
            assert_eq!((statements, data), (0, json!({ field: null })));
        }
    }

    async fn a_router_finds_objects_by_the_ids_of_their_source(gateway) {
        load_everything(&gateway, "clerk").await;
        let viewer = Viewer::User(FIRST_ID);
        let document = "query ($of: [_Any!]!) { _entities(representations: $of) {
            __typename ... on User { username } ... on Tag { name } ... on WorkspaceInvite { email } } }";
        let of = |of_type: &str, id: &str| json!({ "__typename": of_type, "source": "clerk", "externalId": id });
        let mut both = of("User", "user_2abc");
        both["databaseId"] = FIRST_ID.to_string().into();
        let mut contradicting = of("User", "user_2abc");
        contradicting["databaseId"] = (FIRST_ID + 1).to_string().into();
        let mut of_other = of("User", "user_2abc");
        of_other["source"] = "auth0".into();
        let representations = json!([of("User", "user_2abc"), of("Tag", "tag-a"), of("WorkspaceInvite", "inv_1"), both,
            of("Tag", "user_2abc"), contradicting, of_other, of("CourseInvite", "ci_1")]);
        let response = gateway.graphql_with(viewer, document, json!({ "of": representations })).await;
        let user = json!({ "__typename": "User", "username": "user_2abc" });
        assert_eq!(response, json!({ "data": { "_entities": [user, { "__typename": "Tag", "name": "tag-a" },
            { "__typename": "WorkspaceInvite", "email": "a@example.org" }, user, null, null, null, null] } }));
        for (wrong, expected) in [
            (json!({ "__typename": "Tag", "source": "clerk" }), "must have id, databaseId, or source and externalId"),
            (json!({ "__typename": "Tag", "source": null, "externalId": "x" }), "must have id, databaseId, or source and"),
            (json!({ "__typename": "Tag", "source": "clerk", "externalId": 7 }), "must have strings as source and externalId"),
        ] {
            let response = gateway.graphql_with(viewer, document, json!({ "of": [wrong] })).await;
            let message = response["errors"][0]["message"].as_str().expect("an error");
            assert!(message.starts_with(&format!("representations: {expected}")), "{message}");
        }
        let many: Vec<Value> = (0..50).map(|n| of("User", &format!("nobody{n}"))).chain([of("User", "user_2def")]).collect();
        let ask = || gateway.graphql_with(viewer, document, json!({ "of": many }));
        ask().await;
        let (statements, response) = gateway.counted(ask()).await;
        assert_eq!(response["data"]["_entities"][50]["username"], "user_2def");
        assert_eq!(statements, 3, "the viewer, the keys, and the users");
    }
}
