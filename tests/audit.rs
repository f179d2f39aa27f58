//! The audit log: who was allowed or denied which access, and nothing that a client or a source wrote.

use entity::user;
use serde_json::{Value, json};

use crate::support::{
    Gateway, data, each_database, invite_id,
    process::{Server, authorization, eventually, log_lines},
    wire::Request,
};

/// Admin of workspace 1; a member of it; the invitee of its invite 1; an account that it does not know.
const ADMIN: i64 = 1;
const MEMBER: i64 = 2;
const INVITEE: i64 = 3;
const STRANGER: i64 = 4;

async fn fill(gateway: &Gateway) {
    for (id, name) in [(ADMIN, "ada"), (MEMBER, "mia"), (STRANGER, "sid")] {
        gateway.add(data::user(id, name)).await;
    }
    gateway
        .add(user::Model {
            email: "invitee1@example.org".to_owned(),
            email_norm: "invitee1@example.org".to_owned(),
            ..data::user(INVITEE, "ivy")
        })
        .await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add_all([
            data::workspace_member(1, ADMIN, "admin"),
            data::workspace_member(1, MEMBER, "member"),
        ])
        .await;
    gateway
        .add_all([data::workspace_invite(1, 1), data::workspace_invite(2, 1)])
        .await;
}

/// Sends an operation of `viewer`, and returns its lines of the audit log without time, level and message.
async fn audited(server: &Server, viewer: Option<i64>, document: &str) -> Vec<Value> {
    let authorization = viewer.map(authorization);
    let body = json!({ "query": document }).to_string();
    let request = Request::post_json("/graphql", &body).authorized(authorization.as_deref());
    let response = server.send(&request).await;
    let id = response.header("x-request-id");
    // The lines of a request come before the one that it is completed.
    let mut lines = eventually("the end of the request", async || {
        let (_, log) = server.process.written();
        let mut lines = log_lines(&log);
        lines.retain(|line| line["request_id"] == id);
        let completed = |line: &Value| line["message"] == "request completed";
        lines.iter().any(completed).then_some(lines)
    })
    .await;
    lines.retain(|line| line["message"] == "audit");
    for line in &mut lines {
        let line = line.as_object_mut().expect("an object");
        assert_eq!(line.remove("level"), Some(json!("INFO")));
        for name in ["timestamp", "message", "request_id"] {
            assert!(line.remove(name).is_some(), "{name}");
        }
    }
    lines
}

/// A line about an access of a user.
fn access(user: i64, operation: &str, kind: &str, decision: &str, count: u64) -> Value {
    json!({ "viewer": "user", "user_id": user, "operation": operation, "kind": kind,
        "decision": decision, "count": count })
}

each_database! {
    async fn the_audit_log_has_each_decision(gateway) {
        fill(&gateway).await;
        let server = Server::with(&gateway.database_url, &["--audit-log=on"]).await;
        let token = data::token(1);

        let look_up = format!("{{ workspaceInvite(token: \"{token}\") {{ email }} }}");
        let anonymous = |kind, decision| json!({ "viewer": "anonymous", "operation": "read", "kind": kind,
            "decision": decision, "count": 1 });
        assert_eq!(audited(&server, None, &look_up).await, [anonymous("workspace_invite", "allowed")]);
        let look_up = "{ inviteCode(code: \"GUESSED\") { email } }";
        assert_eq!(audited(&server, None, look_up).await, [anonymous("invite_code", "denied")]);

        let list = "{ workspace(id: \"1\") { invites { totalCount } } }";
        assert_eq!(audited(&server, Some(ADMIN), list).await, [
            access(ADMIN, "manage", "workspace", "allowed", 1), access(ADMIN, "read", "workspace", "allowed", 1),
        ]);
        assert_eq!(audited(&server, Some(MEMBER), list).await, [
            access(MEMBER, "manage", "workspace", "denied", 1), access(MEMBER, "read", "workspace", "allowed", 1),
        ]);
        assert_eq!(audited(&server, Some(STRANGER), list).await, [access(STRANGER, "read", "workspace", "denied", 1)]);
        let users = "{ users { totalCount } }";
        assert_eq!(audited(&server, Some(ADMIN), users).await, [access(ADMIN, "list", "user", "denied", 1)]);
    }

    async fn the_audit_log_has_each_mutation(gateway) {
        fill(&gateway).await;
        let server = Server::with(&gateway.database_url, &["--audit-log=on"]).await;
        let invites = [1, 2].map(|id| invite_id("WorkspaceInvite", 1, id));
        let mutation = |user: i64, name: &str, decision: &str, outcome: &str| json!({ "viewer": "user",
            "user_id": user, "mutation": name, "decision": decision, "outcome": outcome });

        let accept = format!("mutation {{ acceptInvite(input: {{ token: \"{}\" }}) {{ userErrors {{ code }} }} }}",
            data::token(1));
        let read = |user| access(user, "read", "workspace_invite", "allowed", 1);
        assert_eq!(audited(&server, Some(STRANGER), &accept).await, [
            mutation(STRANGER, "acceptInvite", "denied", "wrong_account"),
            access(STRANGER, "accept", "workspace_invite", "denied", 1), read(STRANGER),
        ]);
        assert_eq!(audited(&server, Some(INVITEE), &accept).await, [
            mutation(INVITEE, "acceptInvite", "allowed", "ok"),
            access(INVITEE, "accept", "workspace_invite", "allowed", 1), read(INVITEE),
        ]);
        assert_eq!(audited(&server, None, &accept).await, [json!({ "viewer": "anonymous",
            "mutation": "acceptInvite", "decision": "denied", "outcome": "unauthenticated" })]);

        let cancel = format!("mutation {{ cancelInvites(input: {{ ids: {invites:?} }}) {{ userErrors {{ code }} }} }}");
        let rows = |mut line: Value, refused: u64| {
            line["rows"] = json!(2);
            line["refused_rows"] = json!(refused);
            line
        };
        assert_eq!(audited(&server, Some(STRANGER), &cancel).await, [
            rows(mutation(STRANGER, "cancelInvites", "allowed", "ok"), 2),
            access(STRANGER, "read", "workspace_invite", "denied", 2),
        ]);
        // The first one is accepted, which is no matter of access.
        assert_eq!(audited(&server, Some(ADMIN), &cancel).await, [
            rows(mutation(ADMIN, "cancelInvites", "allowed", "ok"), 1),
            access(ADMIN, "cancel", "workspace_invite", "allowed", 2),
            access(ADMIN, "read", "workspace_invite", "allowed", 2),
        ]);
    }

    async fn the_audit_log_is_off_by_default(gateway) {
        fill(&gateway).await;
        let server = Server::with(&gateway.database_url, &["--log-level=debug"]).await;
        let lines = audited(&server, Some(ADMIN), "{ workspace(id: \"1\") { invites { totalCount } } }").await;
        assert_eq!(lines, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn the_audit_log_does_not_depend_on_the_level() {
    let (server, _) = Server::demo(&["--log-level=error", "--audit-log=on"]).await;
    let response = server.get(None, "/api/v2/invite_code/none/").await;
    let line = server.process.logged("audit").await;
    assert_eq!(line["request_id"], response.header("x-request-id"));
    assert_eq!(
        (&line["kind"], &line["decision"]),
        (&json!("invite_code"), &json!("denied"))
    );
}
