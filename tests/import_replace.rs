//! Imports that replace lists: rows of the scope that the file lacks are withdrawn.

use chrono::{DateTime, Utc};
use entity::{course_invite, group_invite, invite_event, user, workspace_invite, workspace_member};
use invite_gateway::{
    import::{ImportError, Kind, MaxWithdrawn, Options, Replacement, Scope},
    invite::FIRST_ID,
};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    imports::{import, is, summary},
    support::{Gateway, Viewer, data, each_database, global_id, tables},
};

const LATER: &str = "2099-01-01T00:00:00Z";

fn replacing(scope: Scope) -> Options {
    let max_withdrawn = MaxWithdrawn::default();
    Options {
        replace: Some(Replacement {
            scope,
            max_withdrawn,
        }),
        ..Options::default()
    }
}

/// Imports rows in place of those of a scope. Returns the changes, and notes.
async fn replace(
    gateway: &Gateway,
    kind: Kind,
    scope: Scope,
    rows: &[Value],
) -> (Vec<String>, Vec<String>) {
    let (_, reported) = gateway.import_with(kind, rows, replacing(scope)).await;
    assert_eq!(reported.rejections, []);
    (reported.changes, reported.notes)
}

/// Like [`replace`], and may withdraw any number.
async fn replace_any(
    gateway: &Gateway,
    kind: Kind,
    scope: Scope,
    rows: &[Value],
) -> (Vec<String>, Vec<String>) {
    let max_withdrawn = MaxWithdrawn::Percent(100);
    let options = Options {
        replace: Some(Replacement {
            scope,
            max_withdrawn,
        }),
        ..Options::default()
    };
    let (_, reported) = gateway.import_with(kind, rows, options).await;
    assert_eq!(reported.rejections, []);
    (reported.changes, reported.notes)
}

async fn members(gateway: &Gateway) -> Vec<(i64, i64)> {
    let members = workspace_member::Entity::find().all(&gateway.database);
    let members = members.await.expect("members").into_iter();
    let mut keys: Vec<_> = members.map(|row| (row.workspace_id, row.user_id)).collect();
    keys.sort_unstable();
    keys
}

fn member(workspace_id: i64, user_id: i64) -> Value {
    json!({ "workspace_id": workspace_id, "user_id": user_id, "role": "member" })
}

fn named(id: i64) -> Value {
    json!({ "id": id, "username": format!("user{id}"), "full_name": format!("User {id}") })
}

async fn add_users(gateway: &Gateway, ids: impl Iterator<Item = i64>) {
    let users = ids.map(|id| data::user(id, &format!("user{id}")));
    gateway.add_all(users.collect::<Vec<_>>()).await;
}

/// Adds an event of an invite to the target 1.
async fn add_event(
    gateway: &Gateway,
    what: &str,
    kind: &str,
    invite: i64,
    actor: i64,
    at: DateTime<Utc>,
) {
    let millis = u64::try_from(at.timestamp_millis()).expect("after 1970");
    gateway
        .add(invite_event::Model {
            id: Uuid::from_u128((u128::from(millis) << 80) + 1),
            event_type: what.to_owned(),
            kind: kind.to_owned(),
            invite_id: invite,
            target_id: Some(1),
            actor_id: Some(actor),
            at,
            changed: None,
        })
        .await;
}

async fn forget_events(gateway: &Gateway) {
    let deleted = invite_event::Entity::delete_many().exec(&gateway.database);
    deleted.await.expect("events deleted");
}

each_database! {
    async fn invites_of_a_course_that_the_file_lacks_are_withdrawn(gateway) {
        let page = |users: &[i64]| {
            let users: Vec<_> = users.iter().map(|id| named(*id)).collect();
            json!({ "course": { "id": 1, "slug": "c", "name": "C", "privacy": "open", "created_by": named(1) },
                "count": users.len(), "next": null, "results": users })
        };
        let other = json!({ "course": { "id": 2, "slug": "d", "name": "D", "privacy": "open", "created_by": 1 },
            "count": 1, "results": [named(12)] });
        gateway.import(Kind::CourseInvites, &[page(&[12, 13]), other]).await;
        let (changes, notes) = replace(&gateway, Kind::CourseInvites, Scope::Course, &[page(&[13])]).await;
        assert_eq!((changes, notes), (vec!["withdrawn id=1000000000000".to_owned()], vec![]));
        let invites = course_invite::Entity::find().order_by_asc(course_invite::Column::Id).all(&gateway.database).await.expect("invites");
        let cancelled: Vec<_> = invites.iter().map(|row| (row.course_id, row.user_id, row.cancelled_at.is_some())).collect();
        assert_eq!(cancelled, [(1, Some(12), true), (1, Some(13), false), (2, Some(12), false)]);

        // A page without rows is a list, too.
        let (changes, _) = replace(&gateway, Kind::CourseInvites, Scope::Course, &[page(&[])]).await;
        assert_eq!(changes, ["withdrawn id=1000000000001"]);
        // They are invited again.
        let (changes, _) = replace(&gateway, Kind::CourseInvites, Scope::Course, &[page(&[12, 13])]).await;
        assert_eq!(changes, ["changed id=1000000000000", "changed id=1000000000001"]);
    }

    async fn a_list_without_all_its_pages_withdraws_nothing(gateway) {
        gateway.add(data::user(1, "user1")).await;
        gateway.add(data::course(1, "c", 1)).await;
        let page = |count: u64, users: &[i64]| json!({ "course": 1, "count": count,
            "results": users.iter().map(|id| named(*id)).collect::<Vec<_>>() });
        gateway.import(Kind::CourseInvites, &[page(3, &[11, 12, 13])]).await;
        let options = replacing(Scope::Course);
        let (summary, reported) = gateway.import_with(Kind::CourseInvites, &[page(2, &[13])], options.clone()).await;
        assert_eq!(reported.notes, ["nothing was withdrawn: the file has 1 of the 2 invited users of course 1; join all pages in one file"]);
        assert!(summary.is_incomplete);
        let pages = [page(2, &[13]), page(2, &[12])];
        let (summary, _) = gateway.import_with(Kind::CourseInvites, &pages, options).await;
        assert_eq!((summary.withdrawn, summary.unchanged, summary.is_incomplete), (1, 2, false));
    }

    async fn pages_that_lack_rows_withdraw_nothing(gateway) {
        add_users(&gateway, 1..=3).await;
        let user = |id: i64| named(id);
        let page = |count: Value, next: Value, ids: &[i64]| json!({ "count": count, "next": next,
            "links": { "next": "y" }, "results": ids.iter().map(|id| user(*id)).collect::<Vec<_>>() });
        let url = || json!("https://api.example.org/users?page=2");
        let all = |pages: &[Value]| {
            let (gateway, pages) = (&gateway, pages.to_vec());
            async move { gateway.import_with(Kind::Users, &pages, replacing(Scope::All)).await }
        };
        for (pages, reason) in [
            (vec![page(json!(3), json!(null), &[1, 2])], "the file has 2 of the 3 rows that its pages count"),
            (vec![page(json!(3), url(), &[1]), page(json!(3), json!(null), &[2])], "the file has 2 of the 3 rows that its pages count"),
            (vec![page(json!(null), url(), &[1, 2])], "the last page of the file has a next one"),
            (vec![json!({ "results": [user(1), user(2)], "meta": { "next": null }, "has_more": true })], "the last page of the file has a next one"),
            (vec![json!({ "users": [user(1), user(2)], "total": 3, "start": 0 })], "the file has 2 of the 3 rows that its pages count"),
        ] {
            let (summary, reported) = all(&pages).await;
            assert_eq!(reported.notes.last().map(String::as_str), Some(&*format!("nothing was withdrawn: {reason}; join all pages in one file")));
            assert!(summary.is_incomplete);
            assert_eq!(summary.withdrawn, 0);
        }
        // Two lists, of which one has two pages; and pages that do not say whether others follow.
        let complete = [page(json!(2), url(), &[1]), page(json!(2), json!(null), &[2]), page(json!(1), json!(null), &[2])];
        let (summary, reported) = all(&complete).await;
        assert_eq!((summary.withdrawn, summary.is_incomplete), (1, false), "{:?}", reported.notes);
        let counted = [json!({ "total_count": 2, "data": [user(1)] }), json!({ "total_count": 2, "data": [user(2)] })];
        let (summary, _) = all(&counted).await;
        assert!(!summary.is_incomplete);
    }

    async fn members_of_other_workspaces_stay_unless_all_are_replaced(gateway) {
        add_users(&gateway, 1..=3).await;
        gateway.add_all([data::workspace(1), data::workspace(2)]).await;
        gateway.import(Kind::WorkspaceMembers, &[member(1, 1), member(1, 2), member(2, 1), member(2, 3)]).await;
        let (changes, _) = replace(&gateway, Kind::WorkspaceMembers, Scope::Workspace, &[member(1, 2), member(1, 3)]).await;
        assert_eq!(changes, ["new workspace_id=1 user_id=3", "withdrawn workspace_id=1 user_id=1"]);
        assert_eq!(members(&gateway).await, [(1, 2), (1, 3), (2, 1), (2, 3)]);
        let (changes, _) = replace_any(&gateway, Kind::WorkspaceMembers, Scope::All, &[member(1, 2)]).await;
        assert_eq!(changes.len(), 3);
        assert_eq!(members(&gateway).await, [(1, 2)]);
    }

    async fn a_file_that_lacks_too_much_writes_nothing(gateway) {
        add_users(&gateway, 1..=30).await;
        let before = tables::dump(&gateway.database).await;
        let rows = [json!({ "id": 1, "username": "user1", "full_name": "Changed" })];
        let (outcome, _) = gateway.try_import(Kind::Users, &rows, replacing(Scope::All)).await;
        let Err(ImportError::TooManyWithdrawn { missing, of, so_far, .. }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((missing, of, so_far.written, so_far.rolled_back), (29, 30, 0, true));
        assert_eq!(tables::dump(&gateway.database).await, before);

        let limited = |limit: &str| {
            let max_withdrawn = limit.parse().expect("a limit");
            Options { replace: Some(Replacement { scope: Scope::All, max_withdrawn }), ..Options::default() }
        };
        assert!(gateway.try_import(Kind::Users, &rows, limited("28")).await.0.is_err());
        let (summary, _) = gateway.import_with(Kind::Users, &rows, limited("97%")).await;
        assert_eq!((summary.changed, summary.withdrawn), (1, 29));
        let users = user::Entity::find().all(&gateway.database).await.expect("users");
        assert_eq!(users.iter().filter(|user| user.deleted_at.is_none()).count(), 1);
    }

    async fn a_file_with_bad_rows_withdraws_nothing(gateway) {
        add_users(&gateway, 1..=2).await;
        gateway.add(data::workspace(1)).await;
        gateway.import(Kind::WorkspaceMembers, &[member(1, 1)]).await;
        let rows = [member(1, 2), json!({ "workspace_id": 1, "user_id": "one", "role": "member" })];
        let (summary, reported) = gateway.import_with(Kind::WorkspaceMembers, &rows, replacing(Scope::Workspace)).await;
        assert_eq!(reported.notes, ["nothing was withdrawn: rows were rejected"]);
        assert_eq!((summary.new, summary.withdrawn, summary.is_incomplete), (1, 0, true));
        assert_eq!(members(&gateway).await, [(1, 1), (1, 2)]);
    }

    async fn invites_by_token_stay_if_the_file_has_the_token(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::workspace(1)).await;
        let invite = |id: i64, status: &str| json!({ "token": data::token(id), "email": format!("p{id}@x.io"),
            "workspace_id": 1, "status": status, "expires_at": LATER });
        let rows = [invite(1, "pending"), invite(2, "pending"), invite(3, "accepted"), invite(4, "expired")];
        gateway.import(Kind::WorkspaceInvites, &rows).await;
        let (changes, _) = replace(&gateway, Kind::WorkspaceInvites, Scope::Workspace, &[invite(1, "pending")]).await;
        assert_eq!(changes.len(), 2, "{changes:?}");
        let invites = workspace_invite::Entity::find().all(&gateway.database).await.expect("invites");
        let mut statuses: Vec<_> = invites.into_iter().map(|row| (row.email, format!("{:?}", row.status))).collect();
        statuses.sort();
        let statuses: Vec<_> = statuses.iter().map(|(email, status)| (email.as_str(), status.as_str())).collect();
        assert_eq!(statuses, [("p1@x.io", "Pending"), ("p2@x.io", "Cancelled"), ("p3@x.io", "Accepted"), ("p4@x.io", "Cancelled")]);
    }

    async fn rows_that_the_gateway_created_stay(gateway) {
        add_users(&gateway, 1..=3).await;
        gateway.add(data::workspace(1)).await;
        gateway.add_all([data::workspace_member(1, 1, "owner"), data::workspace_member(1, 2, "member"),
            data::workspace_member(1, 3, "member")]).await;
        gateway.add_all([data::workspace_invite(1, 1), data::workspace_invite(2, 1)]).await;
        gateway.add(data::group(1, "g")).await;
        gateway.add(data::group_invite(7, 1, "JOIN-1")).await;
        let now = gateway.clock().now();
        add_event(&gateway, "created", "workspace_invite", 2, 1, data::made()).await;
        let (changes, notes) = replace_any(&gateway, Kind::WorkspaceInvites, Scope::All, &[]).await;
        assert_eq!(changes, ["withdrawn id=1"]);
        assert_eq!(notes, ["1 row that the file does not have stays: it was made here"]);
        forget_events(&gateway).await;

        add_event(&gateway, "accepted", "workspace_invite", 1, 3, now).await;
        let (changes, notes) = replace(&gateway, Kind::WorkspaceMembers, Scope::Workspace, &[member(1, 1)]).await;
        assert_eq!(changes, ["changed workspace_id=1 user_id=1", "withdrawn workspace_id=1 user_id=2"]);
        assert_eq!(notes, ["1 row that the file does not have stays: it was made here"]);
        forget_events(&gateway).await;

        add_event(&gateway, "rotated", "group_invite", 7, 1, data::made()).await;
        let (changes, _) = replace_any(&gateway, Kind::GroupInvites, Scope::All, &[]).await;
        assert_eq!(changes, [""; 0]);
        // The source lists it, and it is the source's.
        let link = json!({ "id": 7, "group_id": 1, "code": "JOIN-2", "created_at": LATER, "updated_at": LATER });
        gateway.import(Kind::GroupInvites, &[link]).await;
        let (changes, _) = replace_any(&gateway, Kind::GroupInvites, Scope::All, &[]).await;
        assert_eq!(changes, ["withdrawn group_id=1"]);
        assert!(group_invite::Entity::find().all(&gateway.database).await.expect("links").is_empty());
    }

    async fn accounts_of_people_who_signed_in_stay(gateway) {
        let own = user::Model { ext_id: Some("auth0|ada".to_owned()), ..data::user(FIRST_ID, "ada") };
        gateway.add_all([own, data::user(1, "bob"), data::user(2, "cleo")]).await;
        let bob = json!({ "id": 1, "username": "bob", "full_name": "Bob", "ext_id": "auth0|ada" });
        let (_, notes) = replace_any(&gateway, Kind::Users, Scope::All, &[bob]).await;
        let deleted = user::Entity::find().order_by_asc(user::Column::Id).all(&gateway.database).await.expect("rows");
        let deleted: Vec<_> = deleted.iter().map(|user| (user.id, user.deleted_at.is_some())).collect();
        assert_eq!(deleted, [(1, false), (2, true), (FIRST_ID, false)]);
        let shared = format!("users 1 and {FIRST_ID} have the same ext_id; tokens that name users by it are refused");
        assert!(notes.contains(&shared), "{notes:?}");
    }

    async fn rows_that_are_listed_again_are_restored(gateway) {
        add_users(&gateway, 1..=4).await;
        gateway.add(data::course(1, "c", 1)).await;
        let full: Vec<_> = (1..=4).map(named).collect();
        let codes = [json!({ "id": 1, "code": "A", "generated_at": LATER }), json!({ "id": 2, "code": "B", "generated_at": LATER })];
        let invites = [json!({ "course_id": 1, "user_id": 2 }), json!({ "course_id": 1, "user_id": 3 })];
        gateway.import(Kind::Users, &full).await;
        for (kind, rows) in [(Kind::Users, full.as_slice()), (Kind::InviteCodes, &codes), (Kind::CourseInvites, &invites)] {
            gateway.import(kind, rows).await;
            let before = tables::dump(&gateway.database).await;
            let (changes, _) = replace_any(&gateway, kind, Scope::All, &rows[..1]).await;
            assert_eq!(changes.len(), rows.len() - 1, "{changes:?}");
            let (changes, _) = replace_any(&gateway, kind, Scope::All, rows).await;
            assert_eq!(changes.len(), rows.len() - 1, "{changes:?}");
            assert_eq!(tables::dump(&gateway.database).await, before, "{kind}");
        }
        // A row may state that it is deleted.
        let mut gone = named(4);
        gone["deleted_at"] = json!(LATER);
        let rows = [named(1), named(2), named(3), gone];
        replace_any(&gateway, Kind::Users, Scope::All, &rows).await;
        let users = user::Entity::find().all(&gateway.database).await.expect("users");
        assert_eq!(users.iter().filter(|user| user.deleted_at.is_some()).count(), 1);
    }

    async fn a_file_that_may_be_no_list_withdraws_nothing(gateway) {
        add_users(&gateway, 1..=4).await;
        gateway.add(data::workspace(1)).await;
        let notes_of = async |kind, scope, rows: &[Value]| {
            let (summary, reported) = gateway.import_with(kind, rows, replacing(scope)).await;
            assert!(summary.is_incomplete);
            reported.notes
        };
        assert_eq!(notes_of(Kind::Users, Scope::All, &[]).await, ["nothing was withdrawn: the file has no rows; to withdraw all, set --max-withdrawn"]);
        gateway.import(Kind::WorkspaceMembers, &[member(1, 1), member(1, 2)]).await;
        let mut corrected = member(1, 1);
        corrected["_line"] = json!(2);
        corrected["_reason"] = json!("required, but missing");
        assert_eq!(notes_of(Kind::WorkspaceMembers, Scope::Workspace, &[corrected]).await,
            ["nothing was withdrawn: the file has rows of a file of --rejects; correct the list, and import all of it"]);
        assert_eq!(members(&gateway).await, [(1, 1), (1, 2)]);

        // Of a short list of a whole kind, at most half by default.
        let (outcome, _) = gateway.try_import(Kind::Users, &[named(1)], replacing(Scope::All)).await;
        assert!(outcome.is_err());
        assert!(gateway.try_import(Kind::Users, &[named(1), named(2)], replacing(Scope::All)).await.0.is_ok());

        // The same page twice is no second page.
        gateway.add(data::course(1, "c", 1)).await;
        let page = json!({ "course": 1, "count": 2, "results": [named(1)] });
        assert_eq!(notes_of(Kind::CourseInvites, Scope::Course, &[page.clone(), page]).await,
            ["nothing was withdrawn: the file has 1 of the 2 invited users of course 1; join all pages in one file"]);
    }

    async fn the_last_state_of_a_row_is_reported(gateway) {
        add_users(&gateway, 1..=1).await;
        gateway.add(data::workspace(1)).await;
        gateway.import(Kind::WorkspaceMembers, &[member(1, 1)]).await;
        let rows = [json!({ "workspace_id": 1, "user_id": 1, "deleted": true }), member(1, 1)];
        let options = Options { dry_run: true, ..Options::default() };
        let (_, reported) = gateway.import_with(Kind::WorkspaceMembers, &rows, options).await;
        assert_eq!(reported.changes, ["changed workspace_id=1 user_id=1"]);
    }

    async fn a_dry_run_names_invites_by_target_and_invitee(gateway) {
        add_users(&gateway, 1..=2).await;
        gateway.add(data::course(1, "c", 1)).await;
        gateway.add(data::workspace(1)).await;
        let to_address = json!({ "course_id": 1, "email": "Eve@X.io" });
        let rows = [json!({ "course_id": 1, "user_id": 2 }), to_address.clone(), json!({ "id": 5, "course_id": 1, "email": "bob@x.io" })];
        let dry = |shows_addresses: bool| Options {
            dry_run: true,
            shows_addresses,
            replace: Some(Replacement { scope: Scope::All, max_withdrawn: MaxWithdrawn::Percent(100) }),
            ..Options::default()
        };
        let changes = async |kind: Kind, rows: &[Value], shows_addresses: bool| {
            gateway.import_with(kind, rows, dry(shows_addresses)).await.1.changes
        };
        let named = ["new id=5", "new course_id=1 user_id=2", "new course_id=1 email=Eve@X.io"];
        assert_eq!(changes(Kind::CourseInvites, &rows, true).await, named);
        gateway.import(Kind::CourseInvites, &rows).await;
        let kept = [rows[2].clone()];
        assert_eq!(changes(Kind::CourseInvites, &kept, true).await, ["withdrawn course_id=1 user_id=2", "withdrawn course_id=1 email=Eve@X.io"]);
        // Addresses of the database are not shown to others.
        let hidden = changes(Kind::CourseInvites, &kept, false).await;
        assert_eq!(hidden[0], "withdrawn course_id=1 user_id=2");
        assert!(hidden[1].starts_with("withdrawn id=1000") && hidden.len() == 2, "{hidden:?}");

        let invite = json!({ "token": data::token(1), "email": "eve@x.io", "workspace_id": 1, "status": "pending", "expires_at": LATER });
        assert_eq!(changes(Kind::WorkspaceInvites, std::slice::from_ref(&invite), true).await, ["new workspace_id=1 email=eve@x.io"]);
        let hidden = changes(Kind::WorkspaceInvites, &[invite], false).await;
        assert!(hidden[0].starts_with("new id=1000"), "{hidden:?}");
    }

    async fn an_invite_that_a_mutation_created_stays(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 1, "owner")).await;
        let workspace = global_id("Workspace", 1);
        gateway.data(Viewer::User(1), &format!("mutation {{ createWorkspaceInvites(input: {{ workspace: {workspace:?},
            invitees: [{{ email: \"eve@x.io\" }}] }}) {{ results {{ userErrors {{ code }} }} }} }}")).await;
        let (changes, notes) = replace_any(&gateway, Kind::WorkspaceInvites, Scope::All, &[]).await;
        assert_eq!(changes, [""; 0]);
        assert_eq!(notes, ["1 row that the file does not have stays: it was made here"]);
    }

    async fn the_command_lists_changes_and_writes_a_report(gateway) {
        add_users(&gateway, 1..=40).await;
        gateway.add(data::workspace(1)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (file, report) = (folder.path().join("members"), folder.path().join("report"));
        let all: Vec<_> = (1..=40).map(|id| member(1, id).to_string()).collect();
        std::fs::write(&file, all.join("\n")).expect("a file");
        let ended = import(&gateway, "workspace-members", &file, &["--replace", "workspace"]).await;
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        std::fs::write(&file, all[..20].join("\n")).expect("a file");
        let report_path = report.to_str().expect("UTF-8");

        let ended = import(&gateway, "workspace-members", &file, &["--replace", "workspace", "--report", report_path]).await;
        assert_eq!(summary(&ended), is(1, "workspace-members: 20 rows read, 0 written, 0 rejected (rolled back); check that the file is complete, or allow more"));
        assert!(ended.stderr.starts_with("the file lacks 20 of 40 rows, more than --max-withdrawn (10%, or 10 rows but at most half of a kind)\n"), "{}", ended.stderr);
        let result: Value = serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
        assert_eq!(result["error"], "the file lacks 20 of 40 rows, more than --max-withdrawn (10%, or 10 rows but at most half of a kind)");
        assert_eq!(members(&gateway).await.len(), 40);

        let half = ["--replace", "workspace", "--max-withdrawn", "50%", "--report", report_path];
        let ended = import(&gateway, "workspace-members", &file, &[half.as_slice(), &["--dry-run"]].concat()).await;
        let lines: Vec<_> = ended.stdout.lines().collect();
        assert_eq!((lines.len(), lines[0]), (21, "withdrawn workspace_id=1 user_id=21"), "{}", ended.stderr);
        assert_eq!(members(&gateway).await.len(), 40);
        let ended = import(&gateway, "workspace-members", &file, &half).await;
        assert!(ended.stdout.ends_with(" s; 20 unchanged, 20 withdrawn\n"), "{}", ended.stdout);
        let mut result: Value = serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("JSON");
        assert!(result["seconds"].take().is_number());
        assert_eq!(result, json!({ "kind": "workspace-members", "read": 20, "written": 20, "rejected": 0, "new": 0,
            "changed": 0, "unchanged": 20, "withdrawn": 20, "incomplete": false, "dry_run": false, "rolled_back": false,
            "seconds": null, "notes": [], "error": null }));

        let ended = import(&gateway, "workspace-members", &file, &["--replace", "course"]).await;
        assert_eq!((ended.status, ended.stderr.as_str()),
            (Some(2), "--replace course: workspace-members do not belong to a course; expected `all` or `workspace`\n"));
        let ended = import(&gateway, "users", &file, &["--replace", "course"]).await;
        assert_eq!(ended.stderr, "--replace course: users do not belong to a course; expected `all`\n");
    }

    async fn the_report_does_not_replace_the_rows(gateway) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("users");
        std::fs::write(&file, named(1).to_string()).expect("a file");
        let path = file.to_str().expect("UTF-8");
        let ended = import(&gateway, "users", &file, &["--report", path]).await;
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(2), "--report names the file to import\n"));
        assert_eq!(std::fs::read_to_string(&file).expect("rows"), named(1).to_string());
    }
}
