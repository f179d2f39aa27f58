//! Reading from a hot standby. Here the standby is a separate database with its own content, which
//! distinguishes it from the primary. Tests write rows to it to simulate replay.

use std::time::Duration;

use axum::http::StatusCode;
use entity::{group_member, user, workspace_member};
use sea_orm::{ConnectionTrait, EntityTrait, sea_query::Expr};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    Backend, Gateway, data, global_id, id_of_kind, invite_id,
    process::{Process, Server, authorization, eventually, log_lines},
    proxy::Proxy,
    run,
};

/// Maximum time of a response while the standby is unavailable: the time to wait for a connection,
/// here 1 second, and a margin for a busy machine.
const SOON: Duration = Duration::from_secs(10);

const AWAY: &str = "the standby is unavailable; reads go to the primary";
const BACK: &str = "reads go to the standby again";
const ROLE: &str = r#"{ inviteCode(code: "AbC-123") { role } }"#;

/// Runs a test with a primary, and a database that acts as its standby.
async fn run_both(test: impl AsyncFnOnce(Gateway, Gateway)) {
    run(Backend::Postgres, async |primary: Gateway| {
        run(Backend::Postgres, async |standby: Gateway| {
            test(primary, standby).await;
        })
        .await;
    })
    .await;
}

async fn serve(primary: &str, standby: &str) -> Server {
    let replica = format!("--database-replica-url={standby}");
    Server::with(primary, &[&replica, "--database-acquire-timeout=1"]).await
}

/// Adds the same code to both. Its role names the database.
async fn fill(primary: &Gateway, standby: &Gateway) {
    for (gateway, role) in [(primary, "of the primary"), (standby, "of the standby")] {
        let mut code = data::invite_code(5, "AbC-123");
        code.role = Some(role.to_owned());
        gateway.add(code).await;
    }
}

async fn data_of(server: &Server, viewer: Option<i64>, document: &str) -> Value {
    let authorization = viewer.map(authorization);
    let request = server.graphql(authorization.as_deref(), document, json!({}));
    let response = timeout(SOON, request).await.expect("a response in time");
    assert_eq!(response.json.get("errors"), None, "{}", response.text);
    response.json["data"].clone()
}

async fn role(server: &Server) -> String {
    let data = data_of(server, None, ROLE).await;
    data["inviteCode"]["role"]
        .as_str()
        .expect("a role")
        .to_owned()
}

fn logged(server: &Server, message: &str) -> usize {
    let (_, log) = server.process.written();
    let lines = log_lines(&log);
    lines
        .iter()
        .filter(|line| line["message"] == message)
        .count()
}

#[tokio::test]
async fn rows_are_read_from_the_standby() {
    run_both(async |primary, standby| {
        fill(&primary, &standby).await;
        let server = serve(&primary.database_url, &standby.database_url).await;
        let (statements, role) = primary.counted(role(&server)).await;
        assert_eq!((statements, role.as_str()), (0, "of the standby"));

        // A list by the creator of its rows, and one that depends on a membership.
        for gateway in [&primary, &standby] {
            gateway.add(data::user(7, "grace")).await;
            gateway.add(data::workspace(1)).await;
            gateway.add(data::workspace_member(1, 7, "owner")).await;
        }
        let mut code = data::invite_code(6, "DeF-456");
        code.invited_by_id = Some(7);
        standby.add(code).await;
        standby.add(data::workspace_invite(3, 1)).await;
        let lists = "{ inviteCodes { totalCount } \
                       viewer { workspaces { nodes { invites { totalCount } } } } }";
        assert_eq!(
            data_of(&server, Some(7), lists).await,
            json!({
                "inviteCodes": { "totalCount": 1 },
                "viewer": { "workspaces": { "nodes": [{ "invites": { "totalCount": 1 } }] } },
            })
        );
    })
    .await;
}

#[tokio::test]
async fn codes_and_tokens_not_replayed_yet_are_found_on_the_primary() {
    run_both(async |primary, standby| {
        fill(&primary, &standby).await;
        let mut code = data::invite_code(6, "DeF-456");
        code.user_id = Some(8);
        primary.add(data::user(8, "ada")).await;
        primary.add(code).await;
        primary.add(data::invite_code(7, "GhI-789")).await;
        primary.add(data::tag(1, "new")).await;
        primary.add(data::tagged(6, 1)).await;
        primary.add(data::workspace(1)).await;
        primary.add(data::workspace_invite(3, 1)).await;
        let server = serve(&primary.database_url, &standby.database_url).await;

        let one = r#"{ inviteCode(code: "DeF-456") { user { username } tags { name } } }"#;
        assert_eq!(
            data_of(&server, None, one).await,
            json!({ "inviteCode": { "user": { "username": "ada" }, "tags": [{ "name": "new" }] } })
        );
        let token = data::token(3);
        let invite =
            format!(r#"{{ workspaceInvite(token: "{token}") {{ workspace {{ name }} }} }}"#);
        assert_eq!(
            data_of(&server, None, &invite).await,
            json!({ "workspaceInvite": { "workspace": { "name": "Workspace 1" } } })
        );
        // One statement loads all rows that the standby lacks.
        let many = r#"{
            here: inviteCode(code: "AbC-123") { role }
            new: inviteCode(code: "DeF-456") { databaseId }
            newest: inviteCode(code: "GhI-789") { databaseId }
            unknown: inviteCode(code: "nobody's") { databaseId }
        }"#;
        let (statements, many) = primary.counted(data_of(&server, None, many)).await;
        assert_eq!(
            many,
            json!({
                "here": { "role": "of the standby" },
                "new": { "databaseId": "6" },
                "newest": { "databaseId": "7" },
                "unknown": null,
            })
        );
        assert_eq!(statements, 1);
    })
    .await;
}

/// The standby here never replays, as one that lags.
#[tokio::test]
async fn a_viewer_reads_their_own_writes() {
    const WRITER: i64 = 1;
    const OTHER: i64 = 2;
    run_both(async |primary, standby| {
        for gateway in [&primary, &standby] {
            gateway.add(data::workspace(1)).await;
            for (id, name) in [(WRITER, "ada"), (OTHER, "bob")] {
                gateway.add(data::user(id, name)).await;
                gateway.add(data::workspace_member(1, id, "admin")).await;
            }
            gateway.add(data::workspace_invite(1, 1)).await;
            gateway.add(data::workspace_invite(2, 1)).await;
        }
        let server = serve(&primary.database_url, &standby.database_url).await;
        let fields = "invites(orderBy: { field: CREATED_AT, direction: ASC }) { nodes { databaseId status } }
            inviteCounts { pending cancelled }";
        let query = format!("{{ workspace(id: 1) {{ {fields} }} }}");
        let statuses = |data: &Value| {
            let nodes = data["workspace"]["invites"]["nodes"].as_array().expect("invites");
            let statuses = nodes.iter().map(|node| node["status"].as_str().expect("a status"));
            statuses.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(statuses(&data_of(&server, Some(WRITER), &query).await), ["PENDING", "PENDING"]);

        let cancel = format!(
            "mutation {{ cancelInvites(input: {{ ids: [\"{}\"] }}) {{ results {{ invite {{
                status target {{ ... on Workspace {{ {fields} }} }} }} }} }} }}",
            invite_id("WorkspaceInvite", 1, 1)
        );
        let data = data_of(&server, Some(WRITER), &cancel).await;
        let invite = &data["cancelInvites"]["results"][0]["invite"];
        assert_eq!(invite["status"], "CANCELLED");
        assert_eq!(invite["target"]["inviteCounts"], json!({ "pending": 1, "cancelled": 1 }));

        let data = data_of(&server, Some(WRITER), &query).await;
        assert_eq!(statuses(&data), ["CANCELLED", "PENDING"]);
        assert_eq!(data["workspace"]["inviteCounts"], json!({ "pending": 1, "cancelled": 1 }));
        // Other viewers read from the standby.
        assert_eq!(statuses(&data_of(&server, Some(OTHER), &query).await), ["PENDING", "PENDING"]);
    })
    .await;
}

#[tokio::test]
async fn removing_a_role_takes_effect_at_once() {
    run_both(async |primary, standby| {
        for gateway in [&primary, &standby] {
            gateway.add(data::user(7, "grace")).await;
            gateway.add(data::group(1, "studio")).await;
            gateway.add(data::group_member(1, 7, "owner")).await;
            gateway.add(data::group_invite(3, 1, "join")).await;
            gateway.add(data::workspace(1)).await;
            gateway.add(data::workspace_member(1, 7, "owner")).await;
            gateway.add(data::workspace_invite(3, 1)).await;
        }
        let server = serve(&primary.database_url, &standby.database_url).await;
        let lists = "{ groupInvites { totalCount } workspaceInvites { totalCount } \
                       viewer { groups { totalCount } workspaces { totalCount } } }";
        let of_each = |count: u64| {
            let list = json!({ "totalCount": count });
            json!({ "groupInvites": list, "workspaceInvites": list,
                    "viewer": { "groups": list, "workspaces": list } })
        };
        let group = "/v3/groups/studio/invite";
        let grace = authorization(7);
        assert_eq!(server.get(Some(&grace), group).await.json["code"], "join");
        assert_eq!(data_of(&server, Some(7), lists).await, of_each(1));

        let withdrawn = group_member::Entity::delete_many().exec(&primary.database);
        withdrawn.await.expect("no members");
        let withdrawn = workspace_member::Entity::delete_many().exec(&primary.database);
        withdrawn.await.expect("no members");
        let refused = server.get(Some(&grace), group).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
        assert_eq!(data_of(&server, Some(7), lists).await, of_each(0));

        let deleted = user::Entity::update_many()
            .col_expr(user::Column::DeletedAt, Expr::val(data::made()))
            .exec(&primary.database);
        deleted.await.expect("a user");
        let refused = server.get(Some(&grace), group).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    })
    .await;
}

#[tokio::test]
async fn absent_and_hidden_nodes_cost_the_same_statements() {
    run_both(async |primary, standby| {
        for gateway in [&primary, &standby] {
            gateway.add(data::user(7, "grace")).await;
            gateway.add(data::workspace(1)).await;
            gateway.add(data::workspace_invite(1, 1)).await;
            gateway.add(data::group(1, "studio")).await;
            gateway.add(data::group_invite(1, 1, "join")).await;
            gateway
                .add(entity::course::Model {
                    privacy: entity::course::CoursePrivacy::Secret,
                    ..data::course(1, "secret", 7)
                })
                .await;
            gateway.add(data::course_invite(1, 1, 7)).await;
            gateway.add(data::user(8, "stranger")).await;
        }
        let server = serve(&primary.database_url, &standby.database_url).await;
        for kind in [
            "Workspace",
            "Course",
            "WorkspaceInvite",
            "GroupInvite",
            "CourseInvite",
        ] {
            let mut costs = Vec::new();
            for id in [1, 99] {
                let id = id_of_kind(kind, id);
                let document = format!(r#"{{ node(id: "{id}") {{ id }} }}"#);
                // Sent once before, to ignore statements of a connection's first request.
                data_of(&server, Some(8), &document).await;
                let request = data_of(&server, Some(8), &document);
                let (of_primary, (of_standby, data)) =
                    primary.counted(standby.counted(request)).await;
                assert_eq!(data, json!({ "node": null }), "{kind}");
                costs.push((of_primary, of_standby));
            }
            assert_eq!(costs[0], costs[1], "{kind}: hidden and absent");
        }
    })
    .await;
}

#[tokio::test]
async fn an_unavailable_standby_is_skipped_until_it_is_back() {
    run_both(async |primary, standby| {
        fill(&primary, &standby).await;
        let proxy = Proxy::before(&standby.database_url).await;
        proxy.cut();
        let server = serve(&primary.database_url, &proxy.url(&standby.database_url)).await;
        let ways = [Proxy::cut, Proxy::stall, Proxy::cut];
        for (times, way) in (1..).zip(ways) {
            way(&proxy);
            for _ in 0..3 {
                assert_eq!(role(&server).await, "of the primary");
                let ready = server.get(None, "/health/ready").await;
                assert_eq!(ready.status, StatusCode::OK);
            }
            proxy.heal();
            eventually("the standby is used", async || {
                (role(&server).await == "of the standby").then_some(())
            })
            .await;
            // Log lines may arrive shortly after the response.
            eventually("the log's word of it", async || {
                (logged(&server, BACK) >= times).then_some(())
            })
            .await;
            // Once per outage, not per request.
            assert_eq!(
                (logged(&server, AWAY), logged(&server, BACK)),
                (times, times)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn readiness_depends_only_on_the_primary() {
    run_both(async |primary, standby| {
        let proxy = Proxy::before(&primary.database_url).await;
        let server = serve(&proxy.url(&primary.database_url), &standby.database_url).await;
        proxy.cut();
        eventually("not ready", async || {
            let ready = server.get(None, "/health/ready").await;
            (ready.status == StatusCode::SERVICE_UNAVAILABLE).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_the_standby_cancels_is_sent_to_the_primary() {
    run_both(async |primary, standby| {
        fill(&primary, &standby).await;
        // Raises 40001, as PostgreSQL does for a statement that conflicts with replay.
        let conflict = "ALTER TABLE invite_codes RENAME TO replayed; \
            CREATE FUNCTION is_free() RETURNS boolean LANGUAGE plpgsql AS \
              $$ BEGIN RAISE EXCEPTION 'conflict with replay' USING ERRCODE = '40001'; END $$; \
            CREATE VIEW invite_codes AS SELECT * FROM replayed WHERE is_free()";
        standby
            .database
            .execute_unprepared(conflict)
            .await
            .expect("a view");
        let server = serve(&primary.database_url, &standby.database_url).await;
        assert_eq!(role(&server).await, "of the primary");
        // The standby is available: other tables are read there.
        for (gateway, username) in [(&primary, "new"), (&standby, "old")] {
            gateway.add(data::user(7, username)).await;
        }
        let id = global_id("User", 7);
        let document = format!(r#"{{ node(id: "{id}") {{ ... on User {{ username }} }} }}"#);
        assert_eq!(
            data_of(&server, Some(7), &document).await,
            json!({ "node": { "username": "old" } })
        );
        assert_eq!(logged(&server, AWAY), 0);
    })
    .await;
}

#[tokio::test]
async fn standbys_require_postgresql() {
    let postgres = "postgres://gateway:hunter2@db.example/gateway";
    for (database, replica, reason) in [
        ("sqlite://nowhere.db", postgres, "is an SQLite database"),
        (postgres, "sqlite://nowhere.db", "only PostgreSQL"),
        (
            postgres,
            "mysql://gateway:hunter2@db.example/gateway",
            "expected postgres://",
        ),
    ] {
        let environment = [
            ("DATABASE_URL", database),
            ("DATABASE_REPLICA_URL", replica),
        ];
        let ended = Process::run_in(&environment, &["serve", "--listen=127.0.0.1:0"]).await;
        assert_eq!(ended.status, Some(2), "{}", ended.stderr);
        let setting = "--database-replica-url (DATABASE_REPLICA_URL)";
        for expected in [setting, reason] {
            assert!(ended.stderr.contains(expected), "{}", ended.stderr);
        }
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
}
