//! The cost of mutations for the database, and that their responses show the rows as they are stored.

use serde_json::{Value, json};

use crate::support::{Backend, Gateway, Viewer, code_id, data, each_database, invite_id};

const MANAGER: i64 = 1;
const INVITEE: i64 = 2;
const STAFF: i64 = 3;

/// All that can be read of an invite.
const INVITE: &str = "id role status createdAt expiresAt declinedAt cancelledAt
    inviter { username }
    ... on WorkspaceInvite { email message acceptedAt acceptedBy { username } lastSentAt sendCount }
    ... on InviteCode { code name email sentAt usedAt user { username } }";

/// A manager of workspace 1, the invitee of its invites 1 to 3, and staff.
async fn fill(gateway: &Gateway) {
    gateway
        .add_all([
            data::user(MANAGER, "ada"),
            entity::user::Model {
                is_staff: true,
                ..data::user(STAFF, "sue")
            },
        ])
        .await;
    gateway
        .add(entity::user::Model {
            email: "ivy@example.org".to_owned(),
            email_norm: "ivy@example.org".to_owned(),
            ..data::user(INVITEE, "ivy")
        })
        .await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add(data::workspace_member(1, MANAGER, "admin"))
        .await;
    gateway.add(data::invite_code(1, "code-1")).await;
    for id in 1..=3 {
        gateway
            .add(entity::workspace_invite::Model {
                email: "ivy@example.org".to_owned(),
                email_norm: "ivy@example.org".to_owned(),
                ..data::workspace_invite(id, 1)
            })
            .await;
    }
    for id in 4..=20 {
        gateway.add(data::workspace_invite(id, 1)).await;
    }
}

/// Runs a mutation, and returns the number of its statements and its payload.
async fn cost(
    gateway: &Gateway,
    viewer: i64,
    field: &str,
    input: &str,
    selected: &str,
) -> (u64, Value) {
    let document = format!("mutation {{ {field}(input: {input}) {{ {selected} }} }}");
    let sent = gateway.data(Viewer::User(viewer), &document);
    let (statements, mut data) = gateway.counted(sent).await;
    (statements, data[field].take())
}

/// Returns the global ids of the invites, as a list in a document.
fn ids(invites: impl Iterator<Item = i64>) -> String {
    let ids: Vec<_> = invites
        .map(|id| invite_id("WorkspaceInvite", 1, id))
        .collect();
    json!(ids).to_string()
}

each_database! {
    async fn a_response_shows_what_is_stored(gateway) {
        fill(&gateway).await;
        let one = invite_id("WorkspaceInvite", 1, 1);
        let two = invite_id("WorkspaceInvite", 1, 2);
        let code = code_id("code-1", 1);
        let single = format!("invite {{ ... on Invite {{ {INVITE} }} }} userErrors {{ code }}");
        let many = format!("results {{ invite {{ ... on Invite {{ {INVITE} }} }} userErrors {{ code }} }}");
        let mutations = [
            (MANAGER, "updateInvite", format!("{{ id: \"{one}\", role: \"viewer\", message: \"Soon\" }}"), &single),
            (MANAGER, "resendInvites", format!("{{ ids: {} }}", ids(1..3)), &many),
            (MANAGER, "cancelInvites", format!("{{ ids: {} }}", ids(4..7)), &many),
            (INVITEE, "acceptInvite", format!("{{ id: \"{one}\" }}"), &single),
            (INVITEE, "declineInvite", format!("{{ id: \"{two}\" }}"), &single),
            (MANAGER, "createWorkspaceInvites", "{ workspace: \"1\", message: \"Ünited\", invitees: [
                { email: \"Zoë@Example.org\", role: \"viewer\" }, { email: \"yan@example.org\" }] }".to_owned(), &many),
            (STAFF, "createInviteCodes", "{ invitees: [{ name: \"Zoë\", email: \"zoe@example.org\", role: \"viewer\" }, {}] }".to_owned(), &many),
            (STAFF, "updateInvite", format!("{{ id: {code:?}, name: \"Émile\" }}"), &single),
            (STAFF, "resendInvites", format!("{{ ids: [{code:?}] }}"), &many),
            (STAFF, "cancelInvites", format!("{{ ids: [{code:?}] }}"), &many),
        ];
        for (viewer, field, input, selected) in mutations {
            let (_, payload) = cost(&gateway, viewer, field, &input, selected).await;
            let shown: Vec<&Value> = match payload.get("results") {
                Some(results) => results.as_array().expect("results").iter().map(|row| &row["invite"]).collect(),
                None => vec![&payload["invite"]],
            };
            for invite in shown {
                let id = invite["id"].as_str().unwrap_or_else(|| panic!("{field}: {payload:#}"));
                let read = gateway.data(Viewer::User(viewer), &format!("{{ node(id: {id:?}) {{ ... on Invite {{ {INVITE} }} }} }}")).await;
                assert_eq!(*invite, read["node"], "{field}");
            }
        }
    }

    async fn a_mutation_shows_its_last_state(gateway) {
        fill(&gateway).await;
        let one = invite_id("WorkspaceInvite", 1, 1);
        let data = gateway.data(Viewer::User(MANAGER), &format!("mutation {{
            a: updateInvite(input: {{ id: {one:?}, role: \"viewer\" }}) {{ invite {{ role status }} }}
            b: cancelInvites(input: {{ ids: [{one:?}] }}) {{ results {{ invite {{ role status }} }} }}
            c: cancelInvites(input: {{ ids: [{one:?}] }}) {{ results {{ invite {{ role status }} }} }}
        }}")).await;
        assert_eq!(data["a"]["invite"], json!({ "role": "viewer", "status": "PENDING" }));
        for field in ["b", "c"] {
            assert_eq!(data[field]["results"][0]["invite"], json!({ "role": "viewer", "status": "CANCELLED" }));
        }
    }

    async fn a_mutation_runs_few_statements(gateway) {
        fill(&gateway).await;
        let one = invite_id("WorkspaceInvite", 1, 1);
        let invitees: Vec<_> = (0..50).map(|n| format!("{{ email: \"n{n}@example.net\" }}")).collect();
        let selected = "results { invite { id status } userErrors { code } }";
        // The viewer, the invite and the write. To create: the viewer, the workspace, their role; the begin
        // of the transaction, its lock, the write and the commit. To cancel: the viewer, the invites, the
        // role and the write.
        let mutations = [
            (INVITEE, "acceptInvite", format!("{{ id: \"{one}\" }}"), "invite { id status } userErrors { code }", 3),
            (MANAGER, "createWorkspaceInvites", "{ workspace: \"1\", invitees: [{ email: \"n@example.org\" }] }".to_owned(), selected, 7),
            (MANAGER, "createWorkspaceInvites", format!("{{ workspace: \"1\", invitees: [{}] }}", invitees.join(", ")), selected, 7),
            (MANAGER, "cancelInvites", format!("{{ ids: {} }}", ids(4..5)), selected, 4),
            (MANAGER, "cancelInvites", format!("{{ ids: {} }}", ids(5..21)), selected, 4),
        ];
        let (mut costs, mut expectations) = (Vec::new(), Vec::new());
        for (viewer, field, input, selected, expected) in mutations {
            let (statements, payload) = cost(&gateway, viewer, field, &input, selected).await;
            assert!(!payload.to_string().contains("code"), "{field}: {payload:#}");
            // SQLite has no statement of several writes.
            if gateway.backend == Backend::Postgres {
                costs.push((field, statements));
                expectations.push((field, expected));
            }
        }
        assert_eq!(costs, expectations);
    }
}
