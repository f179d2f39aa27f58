//! GraphQL example queries: at least one for each root field, and some that are denied.

use serde_json::json;

use super::{
    case::global_id, codes, courses, examples::Example, groups, mutations, people,
    workspace_invites, workspaces,
};

/// Names of the queries that work over any data: one for each root field.
pub(super) const TEMPLATES: [&str; 14] = [
    "invite-code",
    "workspace-invite",
    "invite",
    "workspace",
    "group",
    "course",
    "node",
    "nodes",
    "viewer",
    "invite-codes",
    "workspace-invites",
    "group-invites",
    "users",
    "group-preview",
];

/// Returns all examples: public queries first, then those of signed-in viewers, denied ones, and
/// mutations.
pub(super) fn graphql() -> Vec<Example> {
    let mut examples = public();
    examples.extend(signed_in());
    examples.extend(denied());
    examples.extend(mutations::graphql());
    examples
}

fn public() -> Vec<Example> {
    vec![
        Example {
            name: "invite-code",
            shows: "inviteCode: the holder of a code sees its details.",
            query: "query InviteCode($code: String!) {
  inviteCode(code: $code) {
    databaseId status isExpired role name email generatedAt sentAt usedAt expiresAt
    invitedByUsername
    inviter { username fullName }
    tags { kind name color }
  }
}",
            variables: json!({ "code": codes::PENDING }),
            persona: None,
            error: None,
        },
        Example {
            name: "invite-code-statuses",
            shows: "inviteCode: one code of each status. Unknown codes are null.",
            query: "query InviteCodeStatuses {
  pending: inviteCode(code: \"NEVER-EXPIRES\") { status expiresAt }
  accepted: inviteCode(code: \"USED-2026\") { status usedAt user { username } }
  expired: inviteCode(code: \"EXPIRED-2026\") { status isExpired expiresAt }
  cancelled: inviteCode(code: \"CANCELLED-2026\") { status }
  unknown: inviteCode(code: \"WELCOME-1999\") { status }
}",
            variables: json!({}),
            persona: None,
            error: None,
        },
        Example {
            name: "workspace-invite",
            shows: "workspaceInvite: the holder of a token sees the invite and its workspace.",
            query: "query WorkspaceInvite($token: String!) {
  workspaceInvite(token: $token) {
    databaseId status isExpired email role roleDisplay message createdAt expiresAt
    inviterName
    inviter { username fullName avatarUrl isVerified }
    workspace { databaseId name description logoUrl }
  }
}",
            variables: json!({ "token": workspace_invites::PENDING }),
            persona: None,
            error: None,
        },
        Example {
            name: "workspace-invite-expired",
            shows: "workspaceInvite: EXPIRED, since a pending invite is past its expiry.",
            query: "query ExpiredWorkspaceInvite($token: String!) {
  workspaceInvite(token: $token) { status isExpired expiresAt }
}",
            variables: json!({ "token": workspace_invites::PENDING_PAST_EXPIRY }),
            persona: None,
            error: None,
        },
        Example {
            name: "invite",
            shows: "invite: a landing page renders any link by one query; here the link of a group.",
            query: "query LandingPage($groupCode: String!) {
  invite(by: { groupCode: $groupCode }) {
    __typename
    ... on Invite { status expiresAt inviter { fullName } target { ... on Workspace { name logoUrl } } }
    ... on GroupPreview { name slug memberCount }
  }
}",
            variables: json!({ "groupCode": groups::STUDIO_CODE }),
            persona: None,
            error: None,
        },
    ]
}

fn signed_in() -> Vec<Example> {
    vec![
        Example {
            name: "workspace",
            shows: "workspace: an admin pages through its invites, newest first.",
            query: "query Workspace($id: ID!, $after: String) {
  workspace(id: $id) {
    name viewerRole
    invites(first: 20, after: $after, orderBy: { field: CREATED_AT, direction: DESC }) {
      totalCount
      nodes { databaseId email role status createdAt }
      pageInfo { hasNextPage endCursor }
    }
  }
}",
            variables: json!({ "id": workspaces::TIDEWATER.to_string() }),
            persona: Some("workspace-admin"),
            error: None,
        },
        Example {
            name: "group",
            shows: "group: a manager sees the join link; a group without a code has none.",
            query: "query Groups($id: ID!, $withoutCode: ID!) {
  group(id: $id) { slug name viewerRole invite { databaseId code url createdAt updatedAt } }
  withoutCode: group(id: $withoutCode) { slug invite { code } }
}",
            variables: json!({ "id": groups::STUDIO, "withoutCode": groups::NO_CODE }),
            persona: Some("group-manager"),
            error: None,
        },
        Example {
            name: "course",
            shows: "course: a manager pages through 2,000 invitees, by the instant of the invite.",
            query: "query Course($id: ID!, $after: String) {
  course(id: $id) {
    name privacy viewerRole
    invitees(first: 20, after: $after, orderBy: { field: INVITED_AT, direction: ASC }) {
      totalCount
      edges { node { username fullName extId } invite { createdAt inviter { username } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}",
            variables: json!({ "id": courses::BIG }),
            persona: Some("course-manager"),
            error: None,
        },
        Example {
            name: "course-invites",
            shows: "course: invites that are no longer open, by the name of the invitee.",
            query: "query CourseInvites($id: ID!) {
  course(id: $id) {
    name inviteCounts { pending accepted cancelled declined }
    invites(
      first: 20, filter: { status: [ACCEPTED, CANCELLED, DECLINED] }
      orderBy: { field: NAME, direction: ASC }
    ) {
      totalCount
      nodes { status createdAt acceptedAt cancelledAt invitee { username fullName } }
    }
  }
}",
            variables: json!({ "id": courses::BIG }),
            persona: Some("course-manager"),
            error: None,
        },
        Example {
            name: "course-invites-to-addresses",
            shows: "course: a person without an account is invited by an e-mail address.",
            query: "query CourseInvitesToAddresses($id: ID!) {
  course(id: $id) {
    name
    invites(first: 20, orderBy: { field: EMAIL, direction: ASC }) {
      nodes { status email invitee { username } acceptedBy { username } }
    }
  }
}",
            variables: json!({ "id": courses::PRIVATE }),
            persona: Some("course-manager"),
            error: None,
        },
        Example {
            name: "managed-by-name",
            shows: "viewer: the courses and groups with a text in their name or slug; staff search all.",
            query: "query ManagedByName($search: String!) {
  viewer {
    courses(filter: { search: $search }, orderBy: { field: NAME, direction: ASC }) { nodes { slug name } }
    groups(filter: { search: $search }, orderBy: { field: NAME, direction: ASC }) { nodes { slug name } }
  }
}",
            variables: json!({ "search": "night" }),
            persona: Some("staff"),
            error: None,
        },
        Example {
            name: "node",
            shows: "node: an invite code by its global id; null for all but its inviter and staff.",
            query: "query Node($id: ID!) {
  node(id: $id) { id ... on InviteCode { code status email } }
}",
            variables: json!({ "id": global_id("InviteCode", codes::PENDING_ID) }),
            persona: Some("course-manager"),
            error: None,
        },
        Example {
            name: "nodes",
            shows: "nodes: several types at once; null for objects that the viewer may not see.",
            query: "query Nodes($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename id
    ... on Course { slug name }
    ... on User { username fullName }
    ... on WorkspaceInvite { email }
  }
}",
            variables: json!({ "ids": [
                global_id("Course", courses::BIG_ID),
                global_id("User", people::MEI),
                global_id("WorkspaceInvite", 1),
            ] }),
            persona: Some("course-manager"),
            error: None,
        },
        Example {
            name: "viewer",
            shows: "viewer: the invitee's own invites; the secret course that invites her is visible.",
            query: "query Viewer {
  viewer {
    user { username email isVerified }
    receivedInvites(first: 10) {
      totalCount
      nodes {
        __typename databaseId status createdAt inviter { username }
        target { __typename ... on Workspace { name } ... on Course { slug privacy } }
      }
    }
  }
}",
            variables: json!({}),
            persona: Some("invitee"),
            error: None,
        },
        Example {
            name: "invite-codes",
            shows: "inviteCodes: the viewer's pending codes, thirty of them created at one instant.",
            query: "query InviteCodes($after: String) {
  inviteCodes(
    first: 25, after: $after
    filter: { status: [PENDING] }
    orderBy: { field: CREATED_AT, direction: DESC }
  ) {
    totalCount
    nodes { databaseId code name email generatedAt expiresAt }
    pageInfo { hasNextPage endCursor }
  }
}",
            variables: json!({}),
            persona: Some("course-manager"),
            error: None,
        },
        Example {
            name: "workspace-invites",
            shows: "workspaceInvites: expired invites of the viewer's workspaces, also if stored as pending.",
            query: "query WorkspaceInvites {
  workspaceInvites(first: 10, filter: { status: [EXPIRED] }) {
    totalCount
    nodes { databaseId email status expiresAt workspace { name } }
  }
}",
            variables: json!({}),
            persona: Some("workspace-admin"),
            error: None,
        },
        Example {
            name: "invite-history",
            shows: "history: the events of an invite, newest first. The first ones come with update-invite.",
            query: "query InviteHistory($id: ID!, $after: String) {
  node(id: $id) {
    ... on WorkspaceInvite {
      email status
      history(first: 10, after: $after) {
        totalCount
        nodes { type at changedFields actor { username } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}",
            variables: json!({ "id": global_id("WorkspaceInvite", 11) }),
            persona: Some("workspace-admin"),
            error: None,
        },
        Example {
            name: "group-invites",
            shows: "groupInvites: the join links of the groups that the viewer manages.",
            query: "query GroupInvites {
  groupInvites(first: 10) { totalCount nodes { code url group { slug } } }
}",
            variables: json!({}),
            persona: Some("group-manager"),
            error: None,
        },
        Example {
            name: "users",
            shows: "users: staff find people by name or address, with what they sent and received.",
            query: "query People($search: String!) {
  users(first: 10, filter: { search: $search }, orderBy: { field: NAME, direction: ASC }) {
    totalCount
    nodes {
      username fullName email isVerified
      sentInvites(first: 3) { totalCount nodes { __typename status } }
      receivedInvites(first: 3, filter: { status: [PENDING, EXPIRED] }) { totalCount nodes { __typename status } }
    }
  }
}",
            variables: json!({ "search": "okafor" }),
            persona: Some("staff"),
            error: None,
        },
        Example {
            name: "staff-totals",
            shows: "inviteCodes, workspaceInvites, groupInvites: staff count those of all users.",
            query: "query StaffTotals {
  inviteCodes(first: 1) { totalCount }
  workspaceInvites(first: 1) { totalCount }
  groupInvites(first: 1) { totalCount }
}",
            variables: json!({}),
            persona: Some("staff"),
            error: None,
        },
    ]
}

fn denied() -> Vec<Example> {
    vec![
        Example {
            name: "group-preview",
            shows: "groupPreview: what the holder of a group's code may know before joining.",
            query: "query GroupPreview($code: String!) {
  groupPreview(code: $code) { name slug memberCount viewerIsMember }
}",
            variables: json!({ "code": groups::STUDIO_CODE }),
            persona: Some("nobody"),
            error: None,
        },
        Example {
            name: "course-secret",
            shows: "course: a secret course is null for anyone not invited, as if it did not exist.",
            query: "query SecretCourse($id: ID!) {
  course(id: $id) { name }
}",
            variables: json!({ "id": courses::SECRET }),
            persona: Some("nobody"),
            error: None,
        },
        Example {
            name: "course-invitees-forbidden",
            shows: "course: any signed-in user sees an open course, but not its invitees.",
            query: "query ForbiddenInvitees($id: ID!) {
  course(id: $id) { name invitees(first: 1) { totalCount } }
}",
            variables: json!({ "id": courses::BIG }),
            persona: Some("nobody"),
            error: Some("FORBIDDEN"),
        },
        Example {
            name: "workspace-invites-unauthenticated",
            shows: "workspaceInvite: the token shows the workspace, but not its other invites.",
            query: "query UnauthenticatedInvites($token: String!) {
  workspaceInvite(token: $token) { workspace { name invites(first: 1) { totalCount } } }
}",
            variables: json!({ "token": workspace_invites::PENDING }),
            persona: None,
            error: Some("UNAUTHENTICATED"),
        },
    ]
}
