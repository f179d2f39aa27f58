//! Plans of writes: in tables of any size, a mutation finds its rows by indexes.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

use crate::support::{
    Backend, Gateway, code_id, invite_id,
    process::{Server, authorization},
    run,
};

/// Staff. Manages all workspaces, courses and groups.
const MANAGER: i64 = 1;

/// Rows of each table of invites: so many that an index finds a hundred of them at less cost than a scan.
const ROWS: i64 = 60_000;

/// Fills all tables that writes read, and analyzes them. All invites are older than a day. The invite n is to
/// the user n modulo 4000, in the workspace or course n modulo 200.
async fn fill(gateway: &Gateway) {
    let fill = format!(
        "INSERT INTO users (id, username, full_name, email, email_norm, is_verified, is_staff, created_at)
         SELECT n, 'user-' || n, '', 'u' || n || '@x.io', 'u' || n || '@x.io', true, n = {MANAGER}, now()
         FROM generate_series(1, 4000) n;
         INSERT INTO workspaces (id, name, description, created_at)
         SELECT n, 'w', '', now() FROM generate_series(1, 4000) n;
         INSERT INTO courses (id, slug, name, description, privacy, created_by_id, created_at)
         SELECT n, 'c-' || n, 'c', '', 'open', {MANAGER}, now() FROM generate_series(1, 4000) n;
         INSERT INTO groups (id, slug, name, created_at)
         SELECT n, 'g-' || n, 'g', now() FROM generate_series(1, 4000) n;
         INSERT INTO workspace_members (workspace_id, user_id, role)
         SELECT n, {MANAGER}, 'owner' FROM generate_series(1, 4000) n;
         INSERT INTO workspace_members (workspace_id, user_id, role)
         SELECT 1 + n % 200, 2000 + n / 10, 'member' FROM generate_series(1, 10000) n;
         INSERT INTO course_members (course_id, user_id, role)
         SELECT 1 + n % 200, 2000 + n / 10, 'joined' FROM generate_series(1, 10000) n;
         INSERT INTO group_members (group_id, user_id, role)
         SELECT n, {MANAGER}, 'owner' FROM generate_series(1, 4000) n;
         INSERT INTO group_invites (id, group_id, code, created_at, updated_at)
         SELECT n, n, 'group-code-' || n, now(), now() FROM generate_series(1, 2000) n;
         INSERT INTO tags (id, kind, name, color, visible, active, created_at)
         SELECT n, 'user', 't' || n, '#ffffff', true, true, now() FROM generate_series(1, 4000) n;
         INSERT INTO invite_codes (id, code, invited_by_id, generated_at)
         SELECT n, 'code-' || n, 1 + n % 4000, now() - interval '2 days' FROM generate_series(1, {ROWS}) n;
         INSERT INTO invite_code_tags (invite_code_id, tag_id)
         SELECT n, 1 + n % 4000 FROM generate_series(1, {ROWS}) n;
         INSERT INTO workspace_invites (id, workspace_id, inviter_id, email, email_norm, role, status,
            created_at, expires_at)
         SELECT n, 1 + n % 200, 1 + n % 4000, 'u' || 1 + n % 4000 || '@x.io', 'u' || 1 + n % 4000 || '@x.io',
            'member', 'pending', now() - interval '2 days', now() + interval '9 days' FROM generate_series(1, {ROWS}) n;
         INSERT INTO invite_tokens (token_hash, invite_id, workspace_id, created_at)
         SELECT sha256(uuid_send(lpad(to_hex(n), 32, '0')::uuid)), n, 1 + n % 200, now()
         FROM generate_series(1, {ROWS}) n;
         INSERT INTO course_invites (id, course_id, user_id, invited_by_id, created_at)
         SELECT n, 1 + n % 200, 1 + n / 200, 1 + n % 4000, now() - interval '2 days' FROM generate_series(1, {ROWS}) n;
         INSERT INTO invite_events (id, type, kind, invite_id, at)
         SELECT gen_random_uuid(), 'created', 'workspace_invite', n, now()
         FROM generate_series(1, {ROWS}) n;
         INSERT INTO idempotency_keys (user_id, key, fingerprint, outcome, created_at)
         SELECT n % 4000, 'key-' || n, '', '', now() FROM generate_series(1, {ROWS}) n;
         ANALYZE"
    );
    let filled = gateway.database.execute_unprepared(&fill).await;
    filled.expect("rows that fit");
}

/// Returns the tables that were read from end to end so far by sessions that have ended.
async fn scanned(gateway: &Gateway) -> Vec<String> {
    let sql = "SELECT relname::text AS name FROM pg_stat_user_tables
        WHERE seq_scan > 0 AND relname <> 'seaql_migrations' ORDER BY 1";
    let scanned = Statement::from_string(DbBackend::Postgres, sql);
    let rows = gateway.database.query_all_raw(scanned).await;
    let rows = rows.expect("statistics").into_iter();
    rows.map(|row| row.try_get("", "name").expect("a name"))
        .collect()
}

/// Sends a mutation, all rows of which must succeed.
async fn succeeds(server: &Server, viewer: i64, mutation: &str, input: Value) {
    let (type_name, selected) = match mutation {
        "createWorkspaceInvites" => ("CreateWorkspaceInvitesInput", "results"),
        "createInviteCodes" => ("CreateInviteCodesInput", "results"),
        "createCourseInvites" => ("CreateCourseInvitesInput", "results"),
        "cancelInvites" | "resendInvites" => ("InviteIdsInput", "results"),
        "updateInvite" => ("UpdateInviteInput", ""),
        "acceptInvite" | "declineInvite" => ("RedeemInviteInput", ""),
        _ => ("GroupInviteInput", ""),
    };
    let errors = "{ userErrors { code } }";
    let document = format!(
        "mutation ($input: {type_name}!) {{ {mutation}(input: $input) {{ {} }} }}",
        match selected {
            "" => "userErrors { code }".to_owned(),
            rows => format!("{rows} {errors}"),
        }
    );
    let variables = json!({ "input": input });
    let response = server
        .graphql(Some(&authorization(viewer)), &document, variables)
        .await;
    assert!(
        response.json["data"][mutation].is_object() && !response.text.contains(r#""code""#),
        "{mutation}: {}",
        response.text
    );
}

fn token(id: i64) -> String {
    uuid::Uuid::from_u128(u128::try_from(id).expect("an id")).to_string()
}

fn invite(type_name: &str, id: i64) -> String {
    match type_name {
        "InviteCode" => code_id(&format!("code-{id}"), id),
        _ => invite_id(type_name, 1 + id % 200, id),
    }
}

#[tokio::test]
async fn a_mutation_reads_no_table_from_end_to_end() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::with(&gateway.database_url, &["--max-invites-per-day=1000000"]).await;
        let ids = |kind: &str, ids: std::ops::Range<i64>| -> Value {
            ids.map(|id| invite(kind, id)).collect()
        };
        for rows in [1, 100] {
            let addresses = |domain: &str| -> Value {
                let address = |n| json!({ "email": format!("n{n}-of-{rows}@{domain}") });
                (0..rows).map(address).collect()
            };
            for (mutation, input) in [
                (
                    "createWorkspaceInvites",
                    json!({ "workspace": "7", "invitees": addresses("a.io"), "idempotencyKey": format!("w{rows}") }),
                ),
                (
                    "createInviteCodes",
                    json!({ "invitees": addresses("b.io"), "idempotencyKey": format!("i{rows}") }),
                ),
                (
                    "createCourseInvites",
                    json!({
                        "course": "7",
                        "users": (1000 + rows..1000 + 2 * rows).map(|id| id.to_string()).collect::<Value>(),
                        "idempotencyKey": format!("c{rows}"),
                    }),
                ),
            ] {
                succeeds(&server, MANAGER, mutation, input).await;
            }
            for kind in ["WorkspaceInvite", "InviteCode", "CourseInvite"] {
                let first = 1000 * rows / 10;
                for (mutation, ids) in [
                    ("resendInvites", ids(kind, first + 10..first + 10 + rows)),
                    ("cancelInvites", ids(kind, first + 200..first + 200 + rows)),
                ] {
                    succeeds(&server, MANAGER, mutation, json!({ "ids": ids })).await;
                }
            }
        }
        let update = json!({ "id": invite("WorkspaceInvite", 501), "message": "Welcome" });
        succeeds(&server, MANAGER, "updateInvite", update).await;
        let update = json!({ "id": invite("InviteCode", 501), "tags": ["5", "6"] });
        succeeds(&server, MANAGER, "updateInvite", update).await;
        // Invite n is to user n + 1; the course invite n, to user n / 200 + 1.
        succeeds(&server, 502, "declineInvite", json!({ "token": token(501) })).await;
        succeeds(&server, 503, "acceptInvite", json!({ "token": token(502) })).await;
        succeeds(&server, 503, "declineInvite", json!({ "code": "code-503" })).await;
        succeeds(&server, 503, "acceptInvite", json!({ "code": "code-504" })).await;
        for (mutation, id) in [("declineInvite", 801), ("acceptInvite", 802)] {
            let redeemed = json!({ "id": invite("CourseInvite", id) });
            succeeds(&server, 5, mutation, redeemed).await;
        }
        succeeds(&server, 503, "acceptInvite", json!({ "groupCode": "group-code-9" })).await;
        for (mutation, group) in [
            ("enableGroupInvite", "3001"),
            ("rotateGroupInvite", "11"),
            ("disableGroupInvite", "12"),
        ] {
            succeeds(&server, MANAGER, mutation, json!({ "group": group })).await;
        }
        // A session reports its statistics when it ends.
        server.process.signal("TERM");
        assert_eq!(server.process.ended().await.status, Some(0));
        assert_eq!(scanned(&gateway).await, [""; 0]);
    })
    .await;
}
