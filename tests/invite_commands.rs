//! `invite`: creates, cancels and resends invites from the command line.

use std::collections::HashSet;

use entity::{idempotency_key, invite_event, user, workspace_invite};
use sea_orm::{EntityTrait, PaginatorTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{
    ACCEPT_URL, Gateway, Viewer, data, each_database, global_id, invite_id,
    process::{Ended, Process},
    tables,
};

const OWNER: i64 = 1;
const ADMIN: i64 = 2;
const MEMBER: i64 = 3;
const STRANGER: i64 = 4;
const STAFF: i64 = 5;

/// First id of invites that the gateway creates.
const FIRST: i64 = 1_000_000_000_000;

async fn fill(gateway: &Gateway) {
    for (id, name) in [
        (OWNER, "olga"),
        (ADMIN, "ada"),
        (MEMBER, "mia"),
        (STRANGER, "sid"),
    ] {
        gateway.add(data::user(id, name)).await;
    }
    gateway
        .add(user::Model {
            is_staff: true,
            ..data::user(STAFF, "sam")
        })
        .await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add_all([
            data::workspace_member(1, OWNER, "owner"),
            data::workspace_member(1, ADMIN, "admin"),
            data::workspace_member(1, MEMBER, "member"),
        ])
        .await;
    gateway.add(data::workspace_invite(1, 1)).await;
    gateway.add(data::group(1, "studio")).await;
    gateway.add(data::group_invite(1, 1, "join")).await;
    gateway.add(data::course(1, "rust", ADMIN)).await;
    gateway.add(data::course_member(1, ADMIN, "creator")).await;
    gateway.add(data::tag(1, "mentor")).await;
}

/// Runs `invite` with these arguments and this input.
async fn invite_with(gateway: &Gateway, input: &str, arguments: &[&str]) -> Ended {
    let settings = [
        "--database-url",
        gateway.database_url.as_str(),
        "--accept-url",
        ACCEPT_URL,
    ];
    Process::run_with_input(input, &[&["invite"], arguments, &settings].concat()).await
}

async fn invite(gateway: &Gateway, arguments: &[&str]) -> Ended {
    invite_with(gateway, "", arguments).await
}

/// Returns the rows of JSON output.
fn rows(ended: &Ended) -> Vec<Value> {
    ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

/// Returns the code of each row's error, if it has one.
fn codes(rows: &[Value]) -> Vec<Option<&str>> {
    rows.iter()
        .map(|row| row["error"]["code"].as_str())
        .collect()
}

#[track_caller]
fn all_succeeded(ended: &Ended) {
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
}

/// Returns the token at the end of a link.
fn token(link: &str) -> String {
    let prefix = ACCEPT_URL
        .replace("{kind}", "workspace")
        .replace("{secret}", "");
    link.strip_prefix(&prefix).expect("a link").to_owned()
}

/// Returns kind, type and actor of all events, in the order of their ids.
async fn events(gateway: &Gateway) -> Vec<(String, Option<i64>)> {
    let rows = invite_event::Entity::find()
        .order_by_asc(invite_event::Column::Id)
        .all(&gateway.database)
        .await
        .expect("events");
    rows.into_iter()
        .map(|event| {
            (
                format!("{} {}", event.kind, event.event_type),
                event.actor_id,
            )
        })
        .collect()
}

each_database! {
    async fn a_table_has_a_line_per_row_with_the_link_or_the_reason(gateway) {
        fill(&gateway).await;
        let ended = invite(&gateway, &["create", "workspace", "--workspace=1", "--as=ada", "--role=editor",
            "--message=Join us", "--expires=14d", "New@x.io", "nonsense", "mia@example.com", "invitee1@example.org"]).await;
        assert_eq!(ended.status, Some(1));
        assert_eq!(ended.stderr, "error: 3 of 4 rows were refused\n");
        let lines: Vec<_> = ended.stdout.lines().collect();
        let (created, link) = lines[0].rsplit_once(' ').expect("a link");
        assert_eq!(created, "created    New@x.io              workspace:1000000000000 ");
        assert_eq!(lines[1..], [
            "refused    nonsense              -                        INVALID_EMAIL (email): Enter an e-mail address such as name@example.com.",
            "refused    mia@example.com       -                        ALREADY_MEMBER (email): This person is a member.",
            "refused    invitee1@example.org  workspace:1              ALREADY_INVITED (email): This person has a pending invite.",
        ]);
        let document = format!("{{ workspaceInvite(token: {:?}) {{ email status role message inviter {{ username }} }} }}", token(link));
        let data = gateway.data(Viewer::Anonymous, &document).await;
        assert_eq!(data["workspaceInvite"], json!({ "email": "New@x.io", "status": "PENDING", "role": "editor",
            "message": "Join us", "inviter": { "username": "ada" } }));
        assert_eq!(events(&gateway).await, [("workspace_invite created".to_owned(), Some(ADMIN))]);
        let row = workspace_invite::Entity::find_by_id(FIRST).one(&gateway.database).await;
        let row = row.expect("rows").expect("an invite");
        assert_eq!((row.expires_at.expect("an expiry") - row.created_at).num_days(), 14);
    }

    async fn json_output_has_an_object_per_row(gateway) {
        fill(&gateway).await;
        let ended = invite(&gateway, &["create", "workspace", "--workspace=1", "--as=ada", "--json",
            "new@x.io", "\u{1b}[31m\u{202e}"]).await;
        assert_eq!(ended.status, Some(1));
        assert!(!ended.stdout.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.stdout);
        let rows = rows(&ended);
        let link = rows[0]["acceptUrl"].as_str().expect("a link");
        assert_eq!(rows, [
            json!({ "row": 1, "input": "new@x.io", "outcome": "created", "kind": "workspace",
                "id": invite_id("WorkspaceInvite", 1, FIRST), "databaseId": FIRST, "acceptUrl": link, "error": null }),
            json!({ "row": 2, "input": "\u{1b}[31m\u{202e}", "outcome": "refused", "kind": null, "id": null,
                "databaseId": null, "acceptUrl": null, "error": { "code": "INVALID_EMAIL",
                "message": "Enter an e-mail address such as name@example.com.", "field": "email" } }),
        ]);
        assert_eq!(token(link).len(), 36);
    }

    async fn many_addresses_come_from_standard_input_and_a_key_repeats_nothing(gateway) {
        fill(&gateway).await;
        let input: String = (0..205).map(|n| format!("n{n}@x.io\r\n\n")).collect();
        let create = ["create", "workspace", "--workspace=1", "--as=olga", "--json", "--expires=7d",
            "--idempotency-key=batch", "-"];
        let first = invite_with(&gateway, &input, &create).await;
        all_succeeded(&first);
        let first = rows(&first);
        assert_eq!(first.len(), 205);
        let links: HashSet<_> = first.iter().map(|row| row["acceptUrl"].as_str().expect("a link")).collect();
        assert_eq!(links.len(), 205);
        let numbers: Vec<_> = first.iter().map(|row| row["row"].as_u64().expect("a number")).collect();
        assert_eq!(numbers, (1..=205).collect::<Vec<_>>());
        // A key per request of at most 100 rows.
        let keys = idempotency_key::Entity::find().count(&gateway.database).await;
        assert_eq!(keys.expect("a count"), 3);

        let again = invite_with(&gateway, &input, &create).await;
        all_succeeded(&again);
        let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&rows(&again)), ids(&first));
        assert_eq!(events(&gateway).await.len(), 205);

        // One more address makes it another request, in all of its parts.
        let other = invite_with(&gateway, &format!("{input}more@x.io"), &create).await;
        assert_eq!(other.status, Some(1));
        assert_eq!(other.stderr, "error: 206 of 206 rows were refused\n");
        for row in rows(&other) {
            assert_eq!(row["error"], json!({ "code": "INVALID", "field": "idempotencyKey",
                "message": "The key was used for another request." }));
        }
        assert_eq!(events(&gateway).await.len(), 205);
    }

    async fn staff_create_codes_and_see_their_links_again(gateway) {
        fill(&gateway).await;
        let create = ["create", "code", "--as=sam", "--json", "--name=Nadia", "--email=nadia@x.io", "--role=member",
            "--tag=1", "--idempotency-key=code"];
        let first = invite(&gateway, &create).await;
        all_succeeded(&first);
        let first = rows(&first);
        let link = first[0]["acceptUrl"].as_str().expect("a link");
        assert_eq!((&first[0]["kind"], &first[0]["input"]), (&json!("code"), &json!("nadia@x.io")));
        assert!(link.starts_with("https://app.example/i/code/"), "{link}");
        let again = invite(&gateway, &create).await;
        all_succeeded(&again);
        assert_eq!(rows(&again), first);
        let code = link.rsplit('/').next().expect("a code");
        let document = format!("{{ inviteCode(code: {code:?}) {{ name email role tags {{ name }} invitedBy: inviter {{ username }} }} }}");
        let data = gateway.data(Viewer::User(STAFF), &document).await;
        assert_eq!(data["inviteCode"], json!({ "name": "Nadia", "email": "nadia@x.io", "role": "member",
            "tags": [{ "name": "mentor" }], "invitedBy": { "username": "sam" } }));

        let refused = invite(&gateway, &["create", "code", "--as=ada", "--json"]).await;
        assert_eq!((refused.status, codes(&rows(&refused))), (Some(1), vec![Some("NOT_ALLOWED")]));
        let unknown = invite(&gateway, &["create", "code", "--as=sam", "--json", "--tag=99"]).await;
        assert_eq!((unknown.status, codes(&rows(&unknown))), (Some(1), vec![Some("NOT_FOUND")]));
        assert_eq!(events(&gateway).await, [("invite_code created".to_owned(), Some(STAFF))]);
    }

    async fn users_are_invited_to_a_course(gateway) {
        fill(&gateway).await;
        let user = global_id("User", MEMBER);
        let ended = invite(&gateway, &["create", "course", "--course=1", "--as=ada", "--json", "4", "new@x.io", &user, "99", "sid", "@"]).await;
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(1), "error: 3 of 6 rows were refused\n"));
        let rows = rows(&ended);
        assert_eq!(codes(&rows), [None, None, None, Some("NOT_FOUND"), Some("NOT_FOUND"), Some("INVALID_EMAIL")]);
        assert_eq!((&rows[0]["kind"], &rows[0]["acceptUrl"]), (&json!("course"), &json!(null)));
        assert_eq!(events(&gateway).await.len(), 3);
    }

    async fn invites_are_sent_again_and_withdrawn(gateway) {
        fill(&gateway).await;
        let id = invite_id("WorkspaceInvite", 1, 1);
        let ids = ["workspace:1", "workspace:99", "group:1", "nonsense"];
        let resend = [&["resend", "--as=ada", "--json"][..], &ids].concat();
        let sent = invite(&gateway, &resend).await;
        assert_eq!((sent.status, sent.stderr.as_str()), (Some(1), "error: 3 of 4 rows were refused\n"));
        let sent = rows(&sent);
        assert_eq!(codes(&sent)[..2], [None, Some("NOT_FOUND")]);
        assert_eq!(codes(&sent)[3], Some("INVALID"));
        assert_eq!((&sent[0]["outcome"], &sent[0]["id"]), (&json!("resent"), &json!(id)));
        for token in [token(sent[0]["acceptUrl"].as_str().expect("a link")), data::token(1).to_string()] {
            let data = gateway.data(Viewer::Anonymous, &format!("{{ workspaceInvite(token: {token:?}) {{ status }} }}")).await;
            assert_eq!(data["workspaceInvite"]["status"], "PENDING");
        }
        let again = invite(&gateway, &["resend", "--as=ada", &id]).await;
        assert_eq!(again.status, Some(1));
        assert!(again.stdout.ends_with("LIMIT_REACHED: The invite was sent a moment ago. Try again in a minute.\n"), "{}", again.stdout);

        // The rights are those of the account.
        let stranger = invite(&gateway, &["cancel", "--as=sid", "--json", &id]).await;
        assert_eq!((stranger.status, codes(&rows(&stranger))), (Some(1), vec![Some("NOT_FOUND")]));
        // Withdrawing returns no link, and needs no template.
        let cancel = ["invite", "cancel", "--as=sam", "-", "--database-url", &gateway.database_url];
        for _ in 0..2 {
            let cancelled = Process::run_with_input("workspace:1\n", &cancel).await;
            all_succeeded(&cancelled);
            assert_eq!(cancelled.stdout, "cancelled  workspace:1  workspace:1\n");
        }
        assert_eq!(events(&gateway).await, [
            ("workspace_invite resent".to_owned(), Some(ADMIN)),
            ("workspace_invite cancelled".to_owned(), Some(STAFF)),
        ]);
    }

    async fn limits_are_settings(gateway) {
        fill(&gateway).await;
        let create = ["create", "workspace", "--workspace=1", "--as=ada", "--json", "a@x.io", "b@x.io"];
        let limited = invite(&gateway, &[&create[..], &["--max-invites-per-day=1"]].concat()).await;
        assert_eq!((limited.status, codes(&rows(&limited))), (Some(1), vec![None, Some("LIMIT_REACHED")]));
        let late = invite(&gateway, &[&create[..], &["--expires=31d"]].concat()).await;
        let expected = json!({ "code": "INVALID", "field": "expiresAt",
            "message": "The expiry is beyond the longest lifetime of an invite." });
        for row in rows(&late) {
            assert_eq!(row["error"], expected);
        }
        let longer = ["--expires=31d", "--max-invite-lifetime=31"];
        let longer = invite(&gateway, &[&create[..], &longer].concat()).await;
        assert_eq!(codes(&rows(&longer)), [Some("ALREADY_INVITED"), None]);
    }

    async fn wrong_usage_writes_nothing(gateway) {
        fill(&gateway).await;
        let before = tables::dump(&gateway.database).await;
        let workspace = ["create", "workspace", "--workspace=1"];
        for (arguments, message) in [
            (&["a@secret.example"][..], "--as <USERNAME>"),
            (&["--as=nobody", "a@secret.example"], "--as names no account"),
            (&["--as=ada"], "<ADDRESS>"),
            (&["--as=ada", "-"], "standard input has no rows"),
            (&["--as=ada", "a@secret.example", "--expires=soon"], "--expires: expected a period such as 14d"),
            (&["--as=ada", "a@secret.example", "--idempotency-key="], "expected 1 to 56 characters"),
            (&["--as=ada", "a@secret.example", "--invite-lifetime=9", "--max-invite-lifetime=8"], "--invite-lifetime (GATEWAY_INVITE_LIFETIME) must not exceed"),
        ] {
            let ended = invite(&gateway, &[&workspace[..], arguments].concat()).await;
            assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(message), "{arguments:?}: {}", ended.stderr);
            assert!(!ended.stderr.contains("secret.example"), "{}", ended.stderr);
        }
        let other = invite(&gateway, &["create", "workspace", "--workspace=atlas", "--as=ada", "a@x.io"]).await;
        assert_eq!(other.status, Some(2));
        assert!(other.stderr.contains("--workspace: expected the database id or global id of a workspace"), "{}", other.stderr);
        let without = ["invite", "create", "workspace", "--workspace=1", "--as=ada", "a@x.io", "--database-url", &gateway.database_url];
        let without = Process::run(&without).await;
        assert_eq!(without.status, Some(2));
        assert!(without.stderr.starts_with("error: set --accept-url (GATEWAY_ACCEPT_URL)"), "{}", without.stderr);
        assert_eq!(tables::dump(&gateway.database).await, before);
    }

    async fn a_database_that_is_not_migrated_is_a_fault(gateway) {
        tables::remove(&gateway.database).await;
        let ended = invite(&gateway, &["cancel", "--as=ada", "workspace:1"]).await;
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""));
        assert_eq!(ended.stderr, "error: the database is not migrated: run `invite-gateway migrate up`\n");
    }
}
