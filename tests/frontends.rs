//! Tools of frontends, run against the gateway: linters, code generators and clients. Their scripts
//! and applications are in `tests/clients`.

mod apollo;
mod codegen;
mod guide;
mod linters;
mod relay;
mod urql;

use std::path::PathBuf;

use chrono::Duration;
use entity::{course_invite, invite_code, workspace_invite};
use serde_json::{Value, json};

use crate::support::{
    Gateway, data,
    node::node,
    process::{Server, authorization},
};

/// A user who manages everything, and one who manages nothing.
const MANAGER: i64 = 1;
const OTHER: i64 = 2;

/// Course whose invitees are paged, and group whose link is read.
const COURSE: &str = "weaving";
const GROUP: &str = "weavers";

/// A code of the manager.
const CODE: &str = "CODE-4";

/// Addresses to invite to the workspace: another user's, none, and one with a pending invite.
const EMAILS: &str = "other@example.com nonsense invitee1@example.org";

/// Returns the error codes of creating an invite for each of [`EMAILS`].
fn created_rows() -> Value {
    json!([
        ["other@example.com", []],
        ["nonsense", ["INVALID_EMAIL"]],
        ["invitee1@example.org", ["ALREADY_INVITED"]],
    ])
}

/// Serves five invitees of a course, and other invites of their inviter: four codes, one of them
/// cancelled, and two workspace invites. All are in order of creation.
async fn invites(gateway: &Gateway) -> Server {
    gateway.add(data::user(MANAGER, "manager")).await;
    gateway.add(data::user(OTHER, "other")).await;
    gateway.add(data::course(1, COURSE, MANAGER)).await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add(data::workspace_member(1, MANAGER, "owner"))
        .await;
    gateway.add(data::group(1, GROUP)).await;
    gateway.add(data::group_member(1, MANAGER, "owner")).await;
    gateway.add(data::group_invite(1, 1, "JOIN-US")).await;
    gateway.add(data::tag(1, "Weaver")).await;
    let after = |minutes| data::made() + Duration::minutes(minutes);
    for id in 1..=5 {
        let user = 10 + id;
        gateway.add(data::user(user, &format!("invitee{id}"))).await;
        gateway
            .add(course_invite::Model {
                invited_by_id: Some(MANAGER),
                created_at: after(id),
                ..data::course_invite(id, 1, user)
            })
            .await;
    }
    for id in 1..=4 {
        gateway
            .add(invite_code::Model {
                invited_by_id: Some(MANAGER),
                generated_at: after(10 + id),
                cancelled_at: (id == 1).then(|| after(20)),
                ..data::invite_code(id, &format!("CODE-{id}"))
            })
            .await;
    }
    gateway.add(data::tagged(4, 1)).await;
    for id in 1..=2 {
        gateway
            .add(workspace_invite::Model {
                inviter_id: Some(MANAGER),
                created_at: after(20 + id),
                ..data::workspace_invite(id, 1)
            })
            .await;
    }
    Server::new(&gateway.database_url).await
}

fn url(server: &Server) -> String {
    format!("http://{}/graphql", server.address)
}

/// Returns the link of the weavers' group.
fn link(server: &Server) -> String {
    format!("http://{}/group/weavers/invite/JOIN-US", server.address)
}

/// Returns a bearer token of the user with that id.
fn token(user: i64) -> String {
    let header = authorization(user);
    header
        .strip_prefix("Bearer ")
        .expect("a bearer token")
        .to_owned()
}

/// Returns a build folder of this test binary, under `target/`.
fn folder(name: &str) -> String {
    let folder: PathBuf = [env!("CARGO_TARGET_TMPDIR"), "frontends", name]
        .iter()
        .collect();
    folder.display().to_string()
}

/// Runs a client's script that invites and withdraws as the manager, and accepts as the other user.
async fn write(script: &str, server: &Server) -> Value {
    let (manager, other) = (token(MANAGER), token(OTHER));
    node(script, &[&url(server), &manager, &other, EMAILS]).await
}
