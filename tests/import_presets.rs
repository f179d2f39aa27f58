//! Imports with `--from`: rows as other products export them. Most ids are digits here.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{user, workspace, workspace_invite, workspace_member};
use invite_gateway::{
    import::{Fields, Kind, Options, Preset, SetField},
    invite::FIRST_ID,
};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::{
    external_ids::of,
    imports::{self, is, summary},
    support::{Gateway, data, each_database},
};

/// Imports rows of a product, without notes. Sets `workspace_id` where they do not state it.
async fn import(gateway: &Gateway, preset: Preset, kind: Kind, rows: &[Value]) {
    let set: Vec<SetField> = vec!["workspace_id=1".parse().expect("a field")];
    let fields = Fields {
        preset: Some(preset),
        set: if kind == Kind::WorkspaceMembers || kind == Kind::WorkspaceInvites {
            set
        } else {
            Vec::new()
        },
        ..Fields::default()
    };
    let options = Options {
        strict: true,
        fields,
        ..Options::default()
    };
    let (summary, reported) = gateway.import_with(kind, rows, options).await;
    assert_eq!((reported.rejections, reported.notes), (vec![], vec![]));
    assert_eq!(summary.written, rows.len() as u64);
}

async fn users(gateway: &Gateway) -> Vec<Value> {
    let users = user::Entity::find()
        .order_by_asc(user::Column::Id)
        .all(&gateway.database);
    let row = |row: user::Model| {
        json!([
            row.id,
            row.ext_id,
            row.username,
            row.full_name,
            row.email,
            row.is_verified,
            row.avatar_url,
            text(row.created_at)
        ])
    };
    users.await.expect("users").into_iter().map(row).collect()
}

async fn members(gateway: &Gateway) -> Vec<(i64, i64, String)> {
    let members = workspace_member::Entity::find().order_by_asc(workspace_member::Column::UserId);
    let members = members.all(&gateway.database).await.expect("members");
    members
        .into_iter()
        .map(|row| (row.workspace_id, row.user_id, row.role))
        .collect()
}

async fn invites(gateway: &Gateway) -> Vec<Value> {
    let invites = workspace_invite::Entity::find().order_by_asc(workspace_invite::Column::Id);
    let row = |row: workspace_invite::Model| {
        json!([
            row.id,
            row.workspace_id,
            row.email,
            row.role,
            format!("{:?}", row.status),
            row.inviter_id,
            text(row.created_at),
            row.expires_at.map(text),
            row.accepted_at.map(text),
            row.cancelled_at.map(text)
        ])
    };
    let invites = invites.all(&gateway.database).await.expect("invites");
    invites.into_iter().map(row).collect()
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

each_database! {
    async fn clerk_has_milliseconds_and_lists_of_addresses(gateway) {
        let organization = json!({ "object": "organization", "id": 1, "name": "Acme", "slug": "acme",
            "image_url": "https://img.clerk.com/acme", "created_at": 1_700_000_000_123_i64 });
        import(&gateway, Preset::Clerk, Kind::Workspaces, &[organization]).await;
        let user = |id: i64, status: &str| json!({ "object": "user", "id": id.to_string(), "username": null,
            "first_name": "Jane", "last_name": "Doe", "image_url": "https://img.clerk.com/jane",
            "primary_email_address_id": "idn_2", "created_at": 1_700_000_000_123_i64, "password_enabled": true,
            "email_addresses": [
                { "id": "idn_1", "email_address": "old@example.com", "verification": { "status": "verified" } },
                { "id": "idn_2", "email_address": "jane@example.com", "verification": { "status": status } }] });
        import(&gateway, Preset::Clerk, Kind::Users, &[user(7, "verified"), user(8, "unverified")]).await;
        let expected = |id: i64, verified: bool| json!([id, null, id.to_string(), "Jane Doe", "jane@example.com", verified,
            "https://img.clerk.com/jane", "2023-11-14T22:13:20.123Z"]);
        let mut found = users(&gateway).await;
        found.iter_mut().for_each(|row| row[1] = Value::Null);
        assert_eq!(found, [expected(7, true), expected(8, false)]);

        let member = json!({ "object": "organization_membership", "id": "orgmem_1", "role": "org:admin",
            "organization": { "id": 1, "name": "Acme" }, "public_user_data": { "user_id": 7, "identifier": "x" } });
        import(&gateway, Preset::Clerk, Kind::WorkspaceMembers, &[member]).await;
        assert_eq!(members(&gateway).await, [(1, 7, "admin".to_owned())]);

        let invite = |id: i64, status: &str, expires_at: Value| json!({ "object": "organization_invitation", "id": id,
            "email_address": "eve@example.com", "organization_id": 1, "inviter_id": 7, "role": "org:member",
            "status": status, "url": "https://clerk.example/x", "created_at": 1_700_000_000_000_i64,
            "updated_at": 1_700_000_000_000_i64, "expires_at": expires_at });
        let rows = [invite(1, "pending", json!(1_700_600_000_000_i64)), invite(2, "revoked", Value::Null)];
        import(&gateway, Preset::Clerk, Kind::WorkspaceInvites, &rows).await;
        let expected = |id: i64, status: &str, expires_at: &str| json!([id, 1, "eve@example.com", "member", status, 7,
            "2023-11-14T22:13:20.000Z", expires_at, null, null]);
        assert_eq!(invites(&gateway).await, [expected(1, "Pending", "2023-11-21T20:53:20.000Z"),
            expected(2, "Cancelled", "2023-12-14T22:13:20.000Z")]);
    }

    async fn workos_has_states_of_memberships_and_invitations(gateway) {
        let user = json!({ "object": "user", "id": "7", "email": "jane@example.com", "first_name": "Jane", "last_name": null,
            "email_verified": true, "profile_picture_url": null, "created_at": "2021-06-25T19:07:33.155Z" });
        import(&gateway, Preset::Workos, Kind::Users, &[user]).await;
        assert_eq!(users(&gateway).await[0][3], "Jane");
        let organization = json!({ "object": "organization", "id": 1, "name": "Acme", "domains": [],
            "created_at": "2021-06-25T19:07:33.155Z" });
        import(&gateway, Preset::Workos, Kind::Workspaces, &[organization]).await;
        let member = |status: &str| json!({ "object": "organization_membership", "id": "om_1", "user_id": 7,
            "organization_id": 1, "role": { "slug": "admin" }, "status": status });
        import(&gateway, Preset::Workos, Kind::WorkspaceMembers, &[member("active")]).await;
        assert_eq!(members(&gateway).await, [(1, 7, "admin".to_owned())]);
        import(&gateway, Preset::Workos, Kind::WorkspaceMembers, &[member("inactive")]).await;
        assert_eq!(members(&gateway).await, []);

        let at = "2021-06-25T19:07:33.155Z";
        let invite = |id: i64, state: &str, accepted: Value, revoked: Value| json!({ "object": "invitation", "id": id,
            "email": "eve@example.com", "state": state, "accepted_at": accepted, "revoked_at": revoked,
            "expires_at": "2021-07-01T19:07:33.155Z", "token": "Z1uX3RbwcIl5fIGJJJCXXisdI", "organization_id": 1,
            "accept_invitation_url": "https://app.example/invite", "inviter_user_id": 7, "role_slug": "member",
            "accepted_user_id": null, "created_at": at, "updated_at": at });
        let rows = [invite(1, "pending", Value::Null, Value::Null), invite(2, "accepted", json!(at), Value::Null),
            invite(3, "revoked", Value::Null, json!(at)), invite(4, "expired", Value::Null, Value::Null)];
        import(&gateway, Preset::Workos, Kind::WorkspaceInvites, &rows).await;
        let found = invites(&gateway).await;
        let states: Vec<_> = found.iter().map(|row| (row[4].as_str().expect("a status"), &row[8], &row[9])).collect();
        let (none, at) = (&Value::Null, &json!(at));
        assert_eq!(states, [("Pending", none, none), ("Accepted", at, none), ("Cancelled", none, at), ("Expired", none, none)]);
    }

    async fn auth0_lists_do_not_name_their_organization(gateway) {
        let organization = json!({ "id": 1, "name": "acme", "display_name": "Acme",
            "branding": { "logo_url": "https://cdn.example/acme.png" } });
        import(&gateway, Preset::Auth0, Kind::Workspaces, &[organization]).await;
        let stored = workspace::Entity::find_by_id(1).one(&gateway.database).await.expect("a look-up").expect("a workspace");
        assert_eq!((stored.name.as_str(), stored.logo_url.as_deref()), ("Acme", Some("https://cdn.example/acme.png")));
        let user = json!({ "user_id": "7", "email": "jane@example.com", "email_verified": true, "name": "Jane Doe",
            "nickname": "jane", "picture": "https://s.gravatar.com/x", "created_at": "2020-08-20T19:10:06.299Z",
            "identities": [{ "connection": "google" }] });
        import(&gateway, Preset::Auth0, Kind::Users, &[user]).await;
        assert_eq!(users(&gateway).await[0].as_array().expect("a row")[3..6], [json!("Jane Doe"), json!("jane@example.com"), json!(true)]);
        let member = json!({ "user_id": 7, "email": "jane@example.com", "picture": "", "name": "Jane Doe",
            "roles": [{ "id": "rol_1", "name": "admin" }] });
        import(&gateway, Preset::Auth0, Kind::WorkspaceMembers, &[member]).await;
        assert_eq!(members(&gateway).await, [(1, 7, "admin".to_owned())]);
        let invite = json!({ "id": 5, "organization_id": 1, "inviter": { "name": "Jane Doe" },
            "invitee": { "email": "john.doe@gmail.com" }, "invitation_url": "https://example.com/login?invitation=x",
            "created_at": "2020-08-20T19:10:06.299Z", "expires_at": "2020-08-27T19:10:06.299Z", "roles": ["rol_1"], "ticket_id": "t" });
        import(&gateway, Preset::Auth0, Kind::WorkspaceInvites, &[invite]).await;
        assert_eq!(invites(&gateway).await, [json!([5, 1, "john.doe@gmail.com", "unknown", "Pending", null,
            "2020-08-20T19:10:06.299Z", "2020-08-27T19:10:06.299Z", null, null])]);
    }

    async fn github_has_logins_and_invitations_of_a_week(gateway) {
        gateway.add(data::workspace(1)).await;
        let octocat = json!({ "login": "octocat", "id": 7, "node_id": "MDQ6VXNlcjE=", "type": "User",
            "avatar_url": "https://github.com/images/error/octocat_happy.gif", "site_admin": false });
        import(&gateway, Preset::Github, Kind::Users, std::slice::from_ref(&octocat)).await;
        assert_eq!(users(&gateway).await[0].as_array().expect("a row")[2..4], [json!("octocat"), json!("octocat")]);
        import(&gateway, Preset::Github, Kind::WorkspaceMembers, std::slice::from_ref(&octocat)).await;
        let membership = json!({ "state": "active", "role": "admin", "organization": { "login": "acme", "id": 1 }, "user": octocat });
        assert_eq!(members(&gateway).await, [(1, 7, "member".to_owned())]);
        import(&gateway, Preset::Github, Kind::WorkspaceMembers, &[membership]).await;
        assert_eq!(members(&gateway).await, [(1, 7, "admin".to_owned())]);
        let invite = json!({ "id": 3, "login": null, "node_id": "x", "email": "eve@example.com", "role": "direct_member",
            "created_at": "2016-11-30T06:46:10-08:00", "failed_at": "", "failed_reason": "",
            "inviter": { "login": "other_user", "id": 9, "avatar_url": "https://github.com/x.gif" }, "team_count": 2 });
        import(&gateway, Preset::Github, Kind::WorkspaceInvites, &[invite]).await;
        assert_eq!(invites(&gateway).await, [json!([3, 1, "eve@example.com", "member", "Pending", 9,
            "2016-11-30T14:46:10.000Z", "2016-12-07T14:46:10.000Z", null, null])]);
    }

    async fn ids_of_a_product_load_by_its_source(gateway) {
        let import = async |kind: Kind, rows: &[Value]| {
            let preset = Some(Preset::Workos);
            let fields = Fields { preset, ..Fields::default() };
            let options = Options { strict: true, fields, ..of("workos") };
            let (_, reported) = gateway.import_with(kind, rows, options).await;
            assert_eq!((reported.rejections, reported.notes), (vec![], vec![]), "{kind}");
            reported.changes
        };
        let at = "2021-06-25T19:07:33.155Z";
        let user = json!({ "object": "user", "id": "user_01E4", "email": "jane@example.com", "first_name": "Jane",
            "last_name": null, "email_verified": true, "profile_picture_url": null, "created_at": at });
        let organization = json!({ "object": "organization", "id": "org_01EH", "name": "Acme", "created_at": at });
        let member = json!({ "object": "organization_membership", "id": "om_01E4", "user_id": "user_01E4",
            "organization_id": "org_01EH", "role": { "slug": "admin" }, "status": "active" });
        let invite = |state: &str| json!({ "object": "invitation", "id": "invitation_01E4", "email": "eve@example.com",
            "state": state, "accepted_at": null, "revoked_at": null, "expires_at": "2099-07-01T19:07:33.155Z",
            "token": "Z1uX3RbwcIl5fIGJJJCXXisdI", "organization_id": "org_01EH", "inviter_user_id": "user_01E4",
            "role_slug": "member", "created_at": at });
        for (kind, row, key) in [
            (Kind::Users, user, "id=user_01E4"),
            (Kind::Workspaces, organization, "id=org_01EH"),
            (Kind::WorkspaceMembers, member, "workspace_id=org_01EH user_id=user_01E4"),
            (Kind::WorkspaceInvites, invite("pending"), "id=invitation_01E4"),
        ] {
            assert_eq!(import(kind, std::slice::from_ref(&row)).await, [format!("new {key}")], "{kind}");
            assert_eq!(import(kind, &[row]).await, [""; 0], "{kind}");
        }
        assert_eq!(import(Kind::WorkspaceInvites, &[invite("revoked")]).await, ["changed id=invitation_01E4"]);
        assert_eq!(users(&gateway).await[0][1], "user_01E4");
        let found = invites(&gateway).await;
        assert_eq!((found.len(), &found[0][4], &found[0][5]), (1, &json!("Cancelled"), &json!(FIRST_ID)));
    }

    async fn text_ids_of_clerk_and_auth0_load_by_their_source(gateway) {
        let import = async |preset: Preset, source: &str, kind: Kind, row: &Value| {
            let has_workspace = matches!(kind, Kind::WorkspaceMembers | Kind::WorkspaceInvites);
            let set = (preset == Preset::Auth0 && has_workspace).then(|| "workspace_id=org_2".parse().expect("a field"));
            let fields = Fields { preset: Some(preset), set: set.into_iter().collect(), ..Fields::default() };
            let options = Options { strict: true, fields, ..of(source) };
            let (_, reported) = gateway.import_with(kind, std::slice::from_ref(row), options).await;
            assert_eq!((reported.rejections, reported.notes), (vec![], vec![]), "{source} {kind}");
            reported.changes
        };
        let clerk = [
            (Kind::Users, json!({ "object": "user", "id": "user_2abC", "username": "jane", "first_name": "Jane", "last_name": "Doe",
                "primary_email_address_id": "idn_1", "created_at": 1_700_000_000_123_i64,
                "email_addresses": [{ "id": "idn_1", "email_address": "jane@example.com", "verification": { "status": "verified" } }] }),
                "id=user_2abC"),
            (Kind::Workspaces, json!({ "object": "organization", "id": "org_1", "name": "Acme", "created_at": 1_700_000_000_123_i64 }),
                "id=org_1"),
            (Kind::WorkspaceMembers, json!({ "object": "organization_membership", "id": "orgmem_1", "role": "org:admin",
                "organization": { "id": "org_1" }, "public_user_data": { "user_id": "user_2abC" } }),
                "workspace_id=org_1 user_id=user_2abC"),
            (Kind::WorkspaceInvites, json!({ "object": "organization_invitation", "id": "orginv_1", "email_address": "eve@example.com",
                "organization_id": "org_1", "inviter_id": "user_2abC", "role": "org:member", "status": "pending",
                "created_at": 1_700_000_000_000_i64, "expires_at": 4_000_000_000_000_i64 }),
                "id=orginv_1"),
        ];
        let at = "2020-08-20T19:10:06.299Z";
        let auth0 = [
            (Kind::Users, json!({ "user_id": "auth0|5f7c8e", "email": "ben@example.com", "email_verified": true, "name": "Ben",
                "nickname": "ben", "created_at": at }), "id=auth0|5f7c8e"),
            (Kind::Workspaces, json!({ "id": "org_2", "name": "acme", "display_name": "Acme 2" }), "id=org_2"),
            (Kind::WorkspaceMembers, json!({ "user_id": "auth0|5f7c8e", "name": "Ben", "roles": [{ "id": "rol_1", "name": "admin" }] }),
                "workspace_id=org_2 user_id=auth0|5f7c8e"),
            (Kind::WorkspaceInvites, json!({ "id": "uinv_1", "organization_id": "org_2", "invitee": { "email": "eve@example.com" },
                "created_at": at, "expires_at": "2099-08-27T19:10:06.299Z", "roles": ["rol_1"] }), "id=uinv_1"),
        ];
        for (preset, source, rows) in [(Preset::Clerk, "clerk", clerk), (Preset::Auth0, "auth0", auth0)] {
            for (kind, row, key) in rows {
                assert_eq!(import(preset, source, kind, &row).await, [format!("new {key}")], "{source} {kind}");
                assert_eq!(import(preset, source, kind, &row).await, [""; 0], "{source} {kind}");
            }
        }
        let ext_ids: Vec<_> = users(&gateway).await.into_iter().map(|row| row[1].clone()).collect();
        assert_eq!(ext_ids, ["user_2abC", "auth0|5f7c8e"]);
        let [jane, ben] = [FIRST_ID, FIRST_ID + 1];
        let admin = "admin".to_owned();
        assert_eq!(members(&gateway).await, [(FIRST_ID, jane, admin.clone()), (FIRST_ID + 1, ben, admin)]);
        let found: Vec<_> = invites(&gateway).await.into_iter().map(|row| (row[1].clone(), row[3].clone(), row[5].clone())).collect();
        assert_eq!(found, [(json!(FIRST_ID), json!("member"), json!(jane)), (json!(FIRST_ID + 1), json!("unknown"), Value::Null)]);
    }

    async fn the_command_reads_clerks_csv_and_says_what_a_product_has(gateway) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clerk.csv");
        let csv = "id,first_name,last_name,username,primary_email_address,verified_email_addresses,password_digest\n\
            7,Jane,Doe,jane,jane@example.com,jane@example.com,secret\n8,John,,,john@example.com,,\n";
        std::fs::write(&file, csv).expect("a file");
        let options = ["--from", "clerk", "--strict"];
        let ended = imports::import(&gateway, "users", &file, &options).await;
        assert_eq!(summary(&ended), is(0, "users: 2 rows read, 2 written, 0 rejected"), "{}", ended.stderr);
        let found = users(&gateway).await;
        let parts: Vec<_> = found.iter().map(|row| json!([row[1], row[2], row[3], row[4], row[5]])).collect();
        assert_eq!(parts, [json!(["7", "jane", "Jane Doe", "jane@example.com", true]), json!(["8", "8", "John", "john@example.com", false])]);
        let ended = imports::import(&gateway, "tags", &file, &options).await;
        assert_eq!(ended.status, Some(2));
        assert_eq!(ended.stderr.trim(), "--from clerk: has no tags; expected users, workspaces, workspace-members, workspace-invites");
    }
}
