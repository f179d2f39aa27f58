//! Imports into a database with rows: rows that they change, keep and withdraw.

use entity::{
    course_invite, course_member, group_invite, group_member, invite_code, tag, user, workspace,
    workspace_invite, workspace_member,
};
use invite_gateway::import::Kind;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, global_id};

const MADE: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2099-01-01T00:00:00Z";

/// Imports rows, all of which are good.
async fn load(gateway: &Gateway, kind: Kind, rows: &[Value]) {
    let (_, rejected) = gateway.import(kind, rows).await;
    assert_eq!(rejected, [], "{kind}");
}

async fn users(gateway: &Gateway) -> Vec<user::Model> {
    let users = user::Entity::find().order_by_id_asc();
    users.all(&gateway.database).await.expect("users")
}

async fn usernames(gateway: &Gateway) -> Vec<(i64, String)> {
    let users = users(gateway).await.into_iter();
    users.map(|user| (user.id, user.username)).collect()
}

fn named(id: i64, username: &str) -> Value {
    json!({ "id": id, "username": username, "full_name": format!("User {id}") })
}

each_database! {
    async fn an_absent_field_keeps_what_is_stored_and_null_erases_it(gateway) {
        let stored = user::Model { is_staff: true, ..data::user(1, "vera") };
        gateway.add(stored.clone()).await;
        load(&gateway, Kind::Users, &[json!({ "id": 1, "username": "vera", "full_name": "Vera B" })]).await;
        assert_eq!(users(&gateway).await, [user::Model { full_name: "Vera B".to_owned(), ..stored.clone() }]);
        load(&gateway, Kind::Users, &[json!({ "id": 1, "username": "vera", "full_name": "Vera B", "email": null,
            "avatar": null, "ext_id": null, "is_verified": null, "is_staff": false })]).await;
        let erased = user::Model { full_name: "Vera B".to_owned(), email: String::new(), email_norm: String::new(),
            avatar_url: None, ext_id: None, is_verified: false, is_staff: false, ..stored };
        assert_eq!(users(&gateway).await, [erased]);
    }

    async fn invites_keep_what_a_later_row_does_not_state(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::workspace(1)).await;
        let full = json!({ "token": data::token(1), "email": "eve@x.io", "workspace_id": 1, "inviter_id": 1, "role": "admin",
            "message": "Come", "status": "accepted", "accepted_at": MADE, "accepted_by_id": 1, "created_at": MADE, "expires_at": LATER });
        let short = json!({ "token": data::token(1), "email": "eve@x.io", "workspace_id": 1, "status": "accepted", "expires_at": LATER });
        load(&gateway, Kind::WorkspaceInvites, &[full]).await;
        let stored = workspace_invite::Entity::find().all(&gateway.database).await.expect("invites");
        assert_eq!((stored[0].message.as_deref(), stored[0].role.as_str()), (Some("Come"), "admin"));
        load(&gateway, Kind::WorkspaceInvites, &[short]).await;
        assert_eq!(workspace_invite::Entity::find().all(&gateway.database).await.expect("invites"), stored);

        let full = json!({ "id": 1, "code": "c", "role": "user", "name": "Eve", "email": "eve@x.io", "invited_by": 1,
            "generated_at": MADE, "sent_at": MADE, "expires_at": LATER,
            "tags": [{ "id": 1, "type": "user", "name": "beta", "color": "#00ff00" }] });
        load(&gateway, Kind::InviteCodes, &[full]).await;
        let stored = invite_code::Entity::find().all(&gateway.database).await.expect("codes");
        load(&gateway, Kind::InviteCodes, &[json!({ "id": 1, "code": "c", "generated_at": MADE })]).await;
        assert_eq!(invite_code::Entity::find().all(&gateway.database).await.expect("codes"), stored);
        let tags = entity::invite_code_tag::Entity::find().count(&gateway.database).await;
        assert_eq!(tags.expect("a number"), 1);
    }

    async fn only_the_file_of_its_own_kind_changes_a_thing(gateway) {
        gateway.add_all([data::user(1, "ada"), data::user(2, "bob")]).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::group(1, "studio")).await;
        gateway.add(data::course(1, "rust", 1)).await;
        gateway.add(data::tag(1, "beta")).await;
        let before = crate::support::tables::dump(&gateway.database).await;
        let ada = json!({ "id": 1, "username": "stale", "full_name": "Stale", "email": "stale@x.io", "avatar": null });
        load(&gateway, Kind::WorkspaceInvites, &[json!({ "token": data::token(1), "email": "eve@x.io", "workspace_id": 1,
            "workspace_name": "Stale", "workspace_description": "Stale", "workspace_logo": null, "inviter": ada,
            "status": "pending", "expires_at": LATER })]).await;
        load(&gateway, Kind::GroupInvites, &[json!({ "id": 1, "code": "join", "created_at": MADE, "updated_at": MADE,
            "group": { "id": 1, "slug": "stale", "name": "Stale" } })]).await;
        load(&gateway, Kind::CourseInvites, &[json!({ "course": { "id": 1, "slug": "stale", "name": "Stale",
            "privacy": "secret", "created_by": 2 }, "results": [{ "id": 2, "username": "stale-2", "real_name": "Stale" }] })]).await;
        load(&gateway, Kind::InviteCodes, &[json!({ "id": 1, "code": "c", "generated_at": MADE,
            "tags": [{ "id": 1, "type": "category", "name": "stale", "color": "#ffffff", "active": false, "deleted": true }] })]).await;
        let after = crate::support::tables::dump(&gateway.database).await;
        for name in ["users", "workspaces", "groups", "courses", "tags"] {
            let of = |tables: &[(&'static str, Vec<String>)]| {
                tables.iter().find(|(table, _)| *table == name).expect("a table").1.clone()
            };
            assert_eq!(of(&after), of(&before), "{name}");
        }
    }

    async fn unknown_fields_are_noted_and_refused_by_strict(gateway) {
        let rows = [
            json!({ "id": 51, "username": "sam", "full_name": "Sam", "emial": "sam@example.org" }),
            json!({ "id": 52, "username": "tom", "full_name": "Tom", "emial": "tom@example.org", "zodiac": "lion" }),
        ];
        let (notes, summary) = gateway.import_notes(Kind::Users, &rows, false).await;
        assert_eq!((summary.written, summary.rejected), (2, 0));
        assert_eq!(notes, ["unknown field `emial` in 2 rows; did you mean `email`?", "unknown field `zodiac` in 1 row"]);
        let (notes, summary) = gateway.import_notes(Kind::Users, &rows, true).await;
        assert_eq!((summary.written, summary.rejected, summary.rolled_back), (0, 1, true));
        assert_eq!(notes, ["line 1: emial: unknown field; did you mean `email`?"]);
    }

    async fn a_key_that_occurs_again_with_other_content_is_noted(gateway) {
        let renamed = json!({ "id": 1, "username": "anna", "full_name": "Anna" });
        let rows = [named(1, "anna"), named(2, "ben"), renamed.clone(), named(2, "ben")];
        let (notes, summary) = gateway.import_notes(Kind::Users, &rows, false).await;
        assert_eq!((summary.written, notes.as_slice()), (4, &["1 row repeats the key of an earlier row with other content; \
            its fields override the earlier ones".to_owned()][..]));
        assert_eq!(users(&gateway).await[0].full_name, "Anna");
        // A user that several rows name is no repetition.
        let code = |id: i64| json!({ "id": id, "code": format!("c{id}"), "generated_at": MADE, "invited_by": renamed });
        let (notes, _) = gateway.import_notes(Kind::InviteCodes, &[code(1), code(2)], false).await;
        assert_eq!(notes, [""; 0]);
    }

    async fn a_changed_address_is_not_verified(gateway) {
        gateway.add(user::Model { is_verified: true, ..data::user(1, "vera") }).await;
        let row = |email: &str| json!({ "id": 1, "username": "vera", "full_name": "Vera", "email": email });
        load(&gateway, Kind::Users, &[row("VERA@Example.com")]).await;
        assert!(users(&gateway).await[0].is_verified, "another spelling of the address");
        load(&gateway, Kind::Users, &[row("ceo@corp.example")]).await;
        assert!(!users(&gateway).await[0].is_verified);
        let mut verified = row("vera@corp.example");
        verified["is_verified"] = json!(true);
        load(&gateway, Kind::Users, &[verified]).await;
        assert!(users(&gateway).await[0].is_verified);
    }

    async fn a_user_that_an_invite_creates_gets_nobodys_external_id(gateway) {
        gateway.add(user::Model { ext_id: Some("crm-1".to_owned()), ..data::user(1, "ada") }).await;
        let code = |id: i64, ext_id: &str| json!({ "id": id, "code": format!("c{id}"), "generated_at": MADE,
            "invited_by": { "id": 10 + id, "username": format!("new-{id}"), "ext_id": ext_id } });
        load(&gateway, Kind::InviteCodes, &[code(1, "crm-1"), code(2, "crm-2"), code(3, "crm-2")]).await;
        let ids: Vec<_> = users(&gateway).await.into_iter().map(|user| user.ext_id).collect();
        assert_eq!(ids, [Some("crm-1".to_owned()), None, Some("crm-2".to_owned()), None]);
    }

    async fn ids_leave_room_for_those_of_the_gateway(gateway) {
        let row = json!({ "id": i64::MAX, "username": "a", "full_name": "A" });
        let (_, rejected) = gateway.import(Kind::Users, &[row]).await;
        assert_eq!(rejected[0].to_string(), "line 1: id: expected an id of at most 9000000000000000000");
    }

    async fn rows_of_one_key_have_the_effect_of_their_order(gateway) {
        gateway.add(data::user(7, "ada")).await;
        gateway.add_all([data::invite_code(50, "fifty")]).await;
        let used = |id: i64, code: &str| json!({ "id": id, "code": code, "generated_at": MADE, "used_at": MADE, "user": 7 });
        let gone = |id: i64| json!({ "id": id, "deleted": true });
        load(&gateway, Kind::InviteCodes, &[used(50, "fifty"), gone(50), used(51, "new"), gone(51)]).await;
        let codes = invite_code::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("codes");
        let accepted: Vec<_> = codes.iter().map(|code| (code.used_at.is_some(), code.cancelled_at.is_some())).collect();
        assert_eq!(accepted, [(true, false), (true, false)]);
        load(&gateway, Kind::Users, &[gone(7), named(7, "adele"), named(8, "bob"), gone(8)]).await;
        let users: Vec<_> = users(&gateway).await.into_iter().map(|user| (user.username, user.deleted_at.is_some())).collect();
        assert_eq!(users, [("adele".to_owned(), true), ("bob".to_owned(), true)]);
    }

    async fn an_id_of_another_source_withdraws_no_invite(gateway) {
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_invite(7, 1)).await;
        load(&gateway, Kind::WorkspaceInvites, &[json!({ "id": 7, "token": data::token(8), "deleted": true })]).await;
        let invites = workspace_invite::Entity::find().all(&gateway.database).await.expect("invites");
        assert_eq!(invites[0].cancelled_at, None);
    }

    async fn a_row_gives_its_name_up_within_a_file(gateway) {
        load(&gateway, Kind::Users, &[named(1, "carl"), named(1, "carla"), named(2, "carl"), named(3, "dora"),
            json!({ "id": 3, "deleted": true }), named(4, "dora")]).await;
        let names: Vec<_> = usernames(&gateway).await.into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["carla", "carl", "dora", "dora"]);
    }

    async fn a_deleted_row_takes_no_name(gateway) {
        gateway.add_all([user::Model { deleted_at: Some(data::made()), ..data::user(1, "anna") }, data::user(2, "anna")]).await;
        load(&gateway, Kind::Users, &[named(1, "anna")]).await;
        assert_eq!(usernames(&gateway).await, [(1, "anna".to_owned()), (2, "anna".to_owned())]);
        let mut restored = named(1, "anna");
        restored["deleted"] = json!(false);
        load(&gateway, Kind::Users, &[restored]).await;
        let names = usernames(&gateway).await;
        assert_eq!(names[0].1, "anna");
        assert!(names[1].1.starts_with("anna~"), "{names:?}");
    }

    async fn exchanged_and_reused_names_load(gateway) {
        load(&gateway, Kind::Users, &[named(1, "anna"), named(2, "ben")]).await;
        let (notes, _) = gateway.import_notes(Kind::Users, &[named(1, "ben"), named(2, "anna")], false).await;
        assert_eq!(notes, ["the file gives the names of 2 rows to others; without rows of their own, they keep a random suffix"]);
        assert_eq!(usernames(&gateway).await, [(1, "ben".to_owned()), (2, "anna".to_owned())]);

        // A deleted user frees the username.
        let mut gone = named(2, "anna");
        gone["deleted_at"] = json!(MADE);
        load(&gateway, Kind::Users, &[named(3, "anna"), gone]).await;
        let third = users(&gateway).await.pop().expect("a user");
        assert_eq!((third.id, third.username.as_str()), (3, "anna"));

        // The former holder loses the name, even if the file has no row of theirs.
        load(&gateway, Kind::Users, &[named(4, "anna")]).await;
        let names = usernames(&gateway).await;
        assert_eq!(names[3], (4, "anna".to_owned()));
        let (start, random) = names[2].1.split_once('~').expect("a suffix");
        assert_eq!((start, random.len()), ("anna", 16), "{names:?}");
        // A later row gives the user a new name.
        load(&gateway, Kind::Users, &[named(3, "anne")]).await;
        assert_eq!(usernames(&gateway).await[2], (3, "anne".to_owned()));

        // Two live rows of one file contradict each other.
        let (_, rejected) = gateway.import(Kind::Users, &[named(5, "carl"), named(6, "carl")]).await;
        assert_eq!(rejected.iter().map(ToString::to_string).collect::<Vec<_>>(), ["line 2: username: already used by another row"]);

        load(&gateway, Kind::Groups, &[json!({ "id": 1, "slug": "studio", "name": "Studio", "deleted_at": MADE }),
            json!({ "id": 2, "slug": "studio", "name": "Studio again" })]).await;
        load(&gateway, Kind::Groups, &[json!({ "id": 3, "slug": "studio", "name": "Studio 3" })]).await;
    }

    async fn the_author_of_an_invite_takes_no_username(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let eve = json!({ "id": 2, "username": "ada", "full_name": "Eve" });
        let row = json!({ "id": 1, "code": "c", "generated_at": MADE, "invited_by": eve });
        let (summary, rejected) = gateway.import(Kind::InviteCodes, &[row]).await;
        assert_eq!((summary.written, rejected[0].field.as_str()), (0, "invited_by.username"));
        assert_eq!(usernames(&gateway).await, [(1, "ada".to_owned())]);
    }

    async fn a_tag_that_was_made_again_loads(gateway) {
        let code = |id: i64, tags: Value| json!({ "id": id, "code": format!("code-{id}"), "generated_at": MADE, "tags": tags });
        let mentor = |id: i64| json!([{ "id": id, "active": true, "type": "user", "name": "Mentor", "color": "#112233" }]);
        load(&gateway, Kind::InviteCodes, &[code(1, mentor(2))]).await;
        load(&gateway, Kind::InviteCodes, &[code(1, json!([])), code(5, mentor(9))]).await;
        let tags = tag::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("tags");
        assert_eq!((tags[1].id, tags[1].name.as_str()), (9, "Mentor"));
        assert!(tags[0].name.starts_with("Mentor~"), "{}", tags[0].name);
        // An existing tag keeps its name when a row names it again.
        load(&gateway, Kind::InviteCodes, &[code(1, mentor(2)), code(5, mentor(9))]).await;
        let again = tag::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("tags");
        assert_eq!(again, tags);
        load(&gateway, Kind::Tags, &[json!({ "id": 2, "deleted": true })]).await;
        let tags = tag::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("tags");
        assert!(tags[0].deleted_at.is_some() && tags[1].deleted_at.is_none());
    }

    async fn rows_withdraw_what_is_gone(gateway) {
        gateway.add_all([data::user(1, "ada"), data::user(2, "bob"), data::user(3, "cleo")]).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::group(1, "studio")).await;
        gateway.add(data::course(1, "rust", 1)).await;
        gateway.add_all([data::workspace_member(1, 1, "owner"), data::workspace_member(1, 2, "member")]).await;
        gateway.add_all([data::group_member(1, 1, "manager"), data::group_member(1, 2, "member")]).await;
        gateway.add_all([data::course_member(1, 1, "creator"), data::course_member(1, 2, "joined")]).await;
        gateway.add(data::group_invite(1, 1, "join")).await;
        gateway.add_all([data::invite_code(1, "one"), data::invite_code(2, "two")]).await;
        gateway.add_all([data::workspace_invite(1, 1), data::workspace_invite(2, 1), data::workspace_invite(3, 1)]).await;
        gateway.add(data::course_invite(1, 1, 3)).await;

        load(&gateway, Kind::WorkspaceMembers, &[json!({ "workspace_id": 1, "user_id": 1, "role": "owner", "deleted_at": MADE })]).await;
        load(&gateway, Kind::GroupMembers, &[json!({ "group_id": 1, "user_id": 1, "deleted": true })]).await;
        load(&gateway, Kind::CourseMembers, &[json!({ "course_id": 1, "user_id": 1, "role": "unjoined" })]).await;
        load(&gateway, Kind::GroupInvites, &[json!({ "group": 1, "deleted": true })]).await;
        load(&gateway, Kind::InviteCodes, &[json!({ "id": 1, "deleted": true })]).await;
        load(&gateway, Kind::WorkspaceInvites, &[json!({ "token": data::token(1), "deleted": true }), json!({ "id": 2, "deleted": true }),
            json!({ "id": 99, "deleted": true })]).await;
        load(&gateway, Kind::CourseInvites, &[json!({ "course": 1, "user": 3, "deleted": true })]).await;

        let left = workspace_member::Entity::find().all(&gateway.database).await.expect("members");
        assert_eq!(left.iter().map(|row| row.user_id).collect::<Vec<_>>(), [2]);
        let left = group_member::Entity::find().all(&gateway.database).await.expect("members");
        assert_eq!(left.iter().map(|row| row.user_id).collect::<Vec<_>>(), [2]);
        let left = course_member::Entity::find().all(&gateway.database).await.expect("members");
        assert_eq!(left.iter().map(|row| row.user_id).collect::<Vec<_>>(), [2]);
        assert_eq!(group_invite::Entity::find().count(&gateway.database).await.expect("a number"), 0);
        let codes = invite_code::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("codes");
        assert_eq!(codes.iter().map(|row| row.cancelled_at.is_some()).collect::<Vec<_>>(), [true, false]);
        let data = gateway.data(Viewer::Staff(1), "{ workspaceInvites(orderBy: { field: CREATED_AT, direction: ASC }) { nodes { databaseId status } } }").await;
        let mut statuses: Vec<_> = data["workspaceInvites"]["nodes"].as_array().expect("invites").iter()
            .map(|node| (node["databaseId"].as_str().expect("an id"), node["status"].as_str().expect("a status"))).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [("1", "CANCELLED"), ("2", "CANCELLED"), ("3", "PENDING")]);
        let invites = course_invite::Entity::find().all(&gateway.database).await.expect("invites");
        assert!(invites[0].cancelled_at.is_some());

        // Later rows of a file override earlier ones.
        load(&gateway, Kind::WorkspaceMembers, &[json!({ "workspace_id": 1, "user_id": 3, "role": "Admin" }),
            json!({ "workspace_id": 1, "user_id": 3, "deleted": true }), json!({ "workspace_id": 1, "user_id": 2, "deleted": true }),
            json!({ "workspace_id": 1, "user_id": 2, "role": "Team Lead" })]).await;
        let left = workspace_member::Entity::find().all(&gateway.database).await.expect("members");
        assert_eq!(left.iter().map(|row| (row.user_id, row.role.as_str())).collect::<Vec<_>>(), [(2, "team_lead")]);
    }

    async fn a_soft_delete_and_a_restore_keep_everything(gateway) {
        let stored = user::Model { is_staff: true, ..data::user(1, "vera") };
        gateway.add(stored.clone()).await;
        gateway.add(data::workspace(1)).await;
        load(&gateway, Kind::Users, &[json!({ "id": 1, "deleted": true })]).await;
        load(&gateway, Kind::Workspaces, &[json!({ "id": 1, "deleted": true })]).await;
        let deleted = users(&gateway).await;
        assert!(deleted[0].deleted_at.is_some());
        // The first time is kept.
        load(&gateway, Kind::Users, &[json!({ "id": 1, "deleted": true })]).await;
        assert_eq!(users(&gateway).await, deleted);
        load(&gateway, Kind::Users, &[json!({ "id": 1, "username": "vera", "full_name": stored.full_name, "deleted": false })]).await;
        assert_eq!(users(&gateway).await, [stored]);
        load(&gateway, Kind::Workspaces, &[json!({ "id": 1, "name": "Atlas", "deleted_at": null })]).await;
        let workspaces = workspace::Entity::find().all(&gateway.database).await.expect("workspaces");
        assert_eq!(workspaces[0].deleted_at, None);
    }

    async fn urls_and_addresses_are_held_to_the_schema(gateway) {
        for avatar in ["/media/avatars/1.png", "//cdn.example.com/2.png", "avatars/3.png", "javascript:alert(1)",
            "https://img.example.com/a b.png", " ", "not a url", "data:image/png;base64,AA", "ftp://x.io/a.png"] {
            let row = json!({ "id": 1, "username": "a", "full_name": "A", "avatar": avatar });
            let (summary, rejected) = gateway.import(Kind::Users, &[row]).await;
            assert_eq!((summary.written, rejected.len()), (0, 1), "{avatar}");
            assert_eq!(rejected[0].to_string(), "line 1: avatar: expected an absolute URL such as https://example.com/");
        }
        for address in ["nobody", "a@x.io, b@x.io", "a b@x.io", "a\u{200b}@x.io", "Ada <ada@x.io>"] {
            let row = json!({ "id": 1, "username": "a", "full_name": "A", "email": address });
            let (_, rejected) = gateway.import(Kind::Users, &[row]).await;
            assert_eq!(rejected[0].to_string(), "line 1: email: expected one e-mail address such as name@example.com", "{address}");
        }
        load(&gateway, Kind::Users, &[json!({ "id": 1, "username": "a", "full_name": "A", "email": " ada@x.io ",
            "avatar": "https://img.example.com/a.png" })]).await;
        assert_eq!(users(&gateway).await[0].email, "ada@x.io");
    }

    async fn codes_are_stored_as_they_are_looked_up(gateway) {
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::group(1, "studio")).await;
        let code = |code: &str| json!({ "id": 1, "code": code, "generated_at": MADE });
        let link = json!({ "id": 1, "group_id": 1, "code": "\u{a0}cafe\u{301} ", "created_at": MADE, "updated_at": MADE });
        load(&gateway, Kind::InviteCodes, &[code("\tMOTS-CLE\u{301}S \n")]).await;
        load(&gateway, Kind::GroupInvites, &[link]).await;
        let found = gateway.data(Viewer::User(1), r#"{ inviteCode(code: "mots-cl\u00e9s") { code } invite(by: { groupCode: "cafe\u0301" }) { __typename } }"#).await;
        assert_eq!(found, json!({ "inviteCode": { "code": "MOTS-CL\u{c9}S" }, "invite": { "__typename": "GroupPreview" } }));
        // The next file has the same code.
        let (summary, _) = gateway.import(Kind::InviteCodes, &[code("MOTS-CL\u{c9}S")]).await;
        assert_eq!(summary.unchanged, 1);
        let (_, rejected) = gateway.import(Kind::InviteCodes, &[code(&"\u{958}".repeat(64))]).await;
        assert_eq!(rejected[0].to_string(), "line 1: code: expected at most 64 characters");
    }

    async fn a_group_link_keeps_the_url_of_its_source(gateway) {
        const SOURCE: &str = "https://acme.example/join/JOIN-1";
        gateway.add(data::user(1, "ada")).await;
        gateway.add_all([data::group(1, "studio"), data::group(2, "lab")]).await;
        gateway.add_all([data::group_member(1, 1, "owner"), data::group_member(2, 1, "owner")]).await;
        let link = |id: i64, code: &str| json!({ "id": id, "group_id": id, "code": code, "created_at": MADE, "updated_at": MADE });
        let with_url = |code: &str, url: &str| {
            let mut row = link(1, code);
            row["url"] = json!(url);
            row
        };
        let urls = async || {
            let groups = gateway.data(Viewer::User(1), r#"{ a: group(id: "studio") { invite { url } } b: group(id: "lab") { invite { url } } }"#).await;
            [&groups["a"], &groups["b"]].map(|group| group["invite"]["url"].as_str().unwrap_or_default().to_owned())
        };
        load(&gateway, Kind::GroupInvites, &[with_url("JOIN-1", SOURCE), link(2, "JOIN-2")]).await;
        const BY_TEMPLATE: &str = "https://www.are.na/group/lab/invite/JOIN-2";
        assert_eq!(urls().await, [SOURCE, BY_TEMPLATE]);
        // The row keeps its URL until its code changes, or null erases it.
        load(&gateway, Kind::GroupInvites, &[link(1, "JOIN-1")]).await;
        assert_eq!(urls().await, [SOURCE, BY_TEMPLATE]);
        load(&gateway, Kind::GroupInvites, &[link(1, "JOIN-3")]).await;
        assert_eq!(urls().await, ["https://www.are.na/group/studio/invite/JOIN-3", BY_TEMPLATE]);
        load(&gateway, Kind::GroupInvites, &[with_url("JOIN-3", SOURCE)]).await;
        assert_eq!(urls().await, [SOURCE, BY_TEMPLATE]);
        let group = global_id("Group", 1);
        let rotated = gateway.data(Viewer::User(1), &format!("mutation {{ rotateGroupInvite(input: {{ group: {group:?} }}) {{ invite {{ code url }} }} }}")).await;
        let invite = &rotated["rotateGroupInvite"]["invite"];
        let code = invite["code"].as_str().expect("a code");
        assert_eq!(invite["url"], format!("https://www.are.na/group/studio/invite/{code}"));
        // A relative URL is rejected.
        let (_, rejected) = gateway.import(Kind::GroupInvites, &[with_url("JOIN-1", "/join/JOIN-1")]).await;
        assert_eq!(rejected.len(), 1);
    }

    async fn an_invite_that_its_source_sends_again_gets_a_further_token(gateway) {
        gateway.add(data::workspace(1)).await;
        let row = |token: i64, email: &str| json!({ "id": 1, "token": data::token(token), "email": email, "workspace_id": 1,
            "status": "pending", "expires_at": LATER });
        load(&gateway, Kind::WorkspaceInvites, &[row(1, "eve@x.io")]).await;
        load(&gateway, Kind::WorkspaceInvites, &[row(2, "EVE@x.io")]).await;
        for token in [1, 2] {
            let document = format!("{{ workspaceInvite(token: \"{}\") {{ databaseId }} }}", data::token(token));
            let seen = gateway.data(Viewer::Anonymous, &document).await;
            assert_eq!(seen["workspaceInvite"]["databaseId"], "1");
        }
        let invites = workspace_invite::Entity::find().count(&gateway.database).await;
        assert_eq!(invites.expect("a number"), 1);
        // Another person's invite has another id.
        let (_, rejected) = gateway.import(Kind::WorkspaceInvites, &[row(3, "mallory@x.io")]).await;
        assert_eq!(rejected[0].to_string(), "line 1: id: already used by another row");
    }
}
