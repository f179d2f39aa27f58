//! GraphQL example mutations: one for each root field, and the refusals. They change the sample data: each
//! has an invite of its own.

use serde_json::json;

use super::{
    case::global_id, codes, courses, examples::Example, groups, people, workspace_invites,
};

/// Returns all mutations: those that are carried out first, refused ones last.
pub(super) fn graphql() -> Vec<Example> {
    let mut examples = creating();
    examples.extend(settling());
    examples.extend(links());
    examples.extend(refused());
    examples
}

fn creating() -> Vec<Example> {
    vec![
        Example {
            name: "create-workspace-invites",
            shows: "createWorkspaceInvites: each row has its outcome, and a new invite its link.",
            query: "mutation CreateWorkspaceInvites($input: CreateWorkspaceInvitesInput!) {
  createWorkspaceInvites(input: $input) {
    results {
      email acceptUrl
      invite { id status role expiresAt }
      userErrors { code message field }
    }
    userErrors { code message field }
  }
}",
            variables: json!({ "input": {
                "workspace": "1",
                "message": "We would love to have you with us.",
                "idempotencyKey": "example-1",
                "invitees": [
                    { "email": "new.colleague@example.org", "role": "editor" },
                    { "email": "jonas.weber@example.org" },
                    { "email": "no address" },
                    { "email": "boss@example.org", "role": "owner" },
                ],
            } }),
            persona: Some("workspace-admin"),
            error: None,
        },
        Example {
            name: "create-course-invites",
            shows: "createCourseInvites: users are invited; one that is pending is returned.",
            query: "mutation CreateCourseInvites($course: ID!, $users: [ID!]!) {
  createCourseInvites(input: { course: $course, users: $users }) {
    results { user { username } invite { id status } userErrors { code message } }
    userErrors { code message field }
  }
}",
            variables: json!({
                "course": courses::BIG_ID.to_string(),
                "users": [people::NADIA.to_string(), people::MEI.to_string()],
            }),
            persona: Some("course-manager"),
            error: None,
        },
        Example {
            name: "create-invite-codes",
            shows: "createInviteCodes: staff create personal codes.",
            query: "mutation CreateInviteCodes($input: CreateInviteCodesInput!) {
  createInviteCodes(input: $input) {
    results { acceptUrl invite { code name status expiresAt } userErrors { code message field } }
    userErrors { code message field }
  }
}",
            variables: json!({ "input": { "invitees": [{ "name": "A new friend", "role": "member" }] } }),
            persona: Some("staff"),
            error: None,
        },
    ]
}

fn settling() -> Vec<Example> {
    vec![
        Example {
            name: "accept-invite",
            shows: "acceptInvite: the person whose verified address was invited becomes a member.",
            query: "mutation AcceptInvite($token: String!) {
  acceptInvite(input: { token: $token }) {
    invite { id status acceptedAt }
    target { ... on Workspace { name viewerRole } }
    userErrors { code message }
  }
}",
            variables: json!({ "token": workspace_invites::FOR_MEI }),
            persona: Some("invitee"),
            error: None,
        },
        Example {
            name: "decline-invite",
            shows: "declineInvite: the invite is declined, and can't be accepted any more.",
            query: "mutation DeclineInvite($code: String!) {
  declineInvite(input: { code: $code }) {
    invite { status declinedAt }
    userErrors { code message }
  }
}",
            variables: json!({ "code": codes::FOR_MEI }),
            persona: Some("invitee"),
            error: None,
        },
        Example {
            name: "update-invite",
            shows: "updateInvite: a manager changes the role and the message.",
            query: "mutation UpdateInvite($id: ID!) {
  updateInvite(input: { id: $id, role: \"viewer\", message: \"See you on Monday.\" }) {
    invite { role ... on WorkspaceInvite { message } }
    userErrors { code message field }
  }
}",
            variables: json!({ "id": global_id("WorkspaceInvite", 11) }),
            persona: Some("workspace-admin"),
            error: None,
        },
        Example {
            name: "resend-invites",
            shows: "resendInvites: one more link; an expired invite is renewed.",
            query: "mutation ResendInvites($ids: [ID!]!) {
  resendInvites(input: { ids: $ids }) {
    results { acceptUrl invite { status expiresAt } userErrors { code message field } }
    userErrors { code message field }
  }
}",
            variables: json!({ "ids": [
                global_id("WorkspaceInvite", 4), global_id("WorkspaceInvite", 7),
            ] }),
            persona: Some("workspace-admin"),
            error: None,
        },
        Example {
            name: "cancel-invites",
            shows: "cancelInvites: one is withdrawn; the other was accepted before.",
            query: "mutation CancelInvites($ids: [ID!]!) {
  cancelInvites(input: { ids: $ids }) {
    results { invite { status cancelledAt } userErrors { code message field } }
    userErrors { code message field }
  }
}",
            variables: json!({ "ids": [
                global_id("WorkspaceInvite", 6), global_id("WorkspaceInvite", 2),
            ] }),
            persona: Some("workspace-admin"),
            error: None,
        },
    ]
}

fn links() -> Vec<Example> {
    let group = json!({ "group": groups::NO_CODE_ID.to_string() });
    vec![
        Example {
            name: "enable-group-invite",
            shows: "enableGroupInvite: the group gets a join link.",
            query: "mutation EnableGroupInvite($group: ID!) {
  enableGroupInvite(input: { group: $group }) {
    group { name } invite { url } userErrors { code message }
  }
}",
            variables: group.clone(),
            persona: Some("group-manager"),
            error: None,
        },
        Example {
            name: "rotate-group-invite",
            shows: "rotateGroupInvite: a new code; the old one stops working.",
            query: "mutation RotateGroupInvite($group: ID!) {
  rotateGroupInvite(input: { group: $group }) {
    group { name } invite { url } userErrors { code message }
  }
}",
            variables: group.clone(),
            persona: Some("group-manager"),
            error: None,
        },
        Example {
            name: "disable-group-invite",
            shows: "disableGroupInvite: the link is switched off.",
            query: "mutation DisableGroupInvite($group: ID!) {
  disableGroupInvite(input: { group: $group }) {
    group { name } invite { url } userErrors { code message }
  }
}",
            variables: group,
            persona: Some("group-manager"),
            error: None,
        },
    ]
}

fn refused() -> Vec<Example> {
    const ACCEPT: &str = "mutation RefusedInvite($token: String!) {
  acceptInvite(input: { token: $token }) { invite { id } userErrors { code message field } }
}";
    vec![
        Example {
            name: "accept-wrong-account",
            shows: "acceptInvite: WRONG_ACCOUNT. The invite is for another address.",
            query: ACCEPT,
            variables: json!({ "token": workspace_invites::PENDING }),
            persona: Some("nobody"),
            error: None,
        },
        Example {
            name: "accept-unverified",
            shows: "acceptInvite: EMAIL_NOT_VERIFIED. The address is the viewer's, but not verified.",
            query: ACCEPT,
            variables: json!({ "token": workspace_invites::FOR_LEO }),
            persona: Some("unverified"),
            error: None,
        },
        Example {
            name: "accept-unauthenticated",
            shows: "acceptInvite: accepting needs an account.",
            query: "mutation SignedOut($token: String!) {
  acceptInvite(input: { token: $token }) { userErrors { code } }
  __typename
}",
            variables: json!({ "token": workspace_invites::PENDING }),
            persona: None,
            error: Some("UNAUTHENTICATED"),
        },
        Example {
            name: "refusals-of-managers",
            shows: "resendInvites, updateInvite: CANCELLED and EXPIRED.",
            query: "mutation RefusalsOfManagers($cancelled: ID!, $expired: ID!) {
  resendInvites(input: { ids: [$cancelled] }) { results { userErrors { code message field } } }
  updateInvite(input: { id: $expired, role: \"guest\" }) { userErrors { code message field } }
}",
            variables: json!({
                "cancelled": global_id("WorkspaceInvite", 3),
                "expired": global_id("WorkspaceInvite", 5),
            }),
            persona: Some("workspace-admin"),
            error: None,
        },
        Example {
            name: "refused-to-others",
            shows: "createWorkspaceInvites, enableGroupInvite: NOT_FOUND for what is hidden, and NOT_ALLOWED.",
            query: "mutation RefusedToOthers($group: ID!) {
  createWorkspaceInvites(input: { workspace: \"1\", invitees: [{ email: \"me@example.org\" }] }) {
    userErrors { code message field }
  }
  enableGroupInvite(input: { group: $group }) { userErrors { code message field } }
}",
            variables: json!({ "group": groups::NO_CODE_ID.to_string() }),
            persona: Some("nobody"),
            error: None,
        },
    ]
}
