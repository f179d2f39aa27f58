//! Responses are byte for byte the same when every field is selected twice.

use serde_json::{Value, json};

use crate::{
    demo::{authorization, description},
    support::{process::Server, wire},
};

/// All leaves of all types, next to fields that load.
const FRAGMENTS: &str = "
fragment UserLeaves on User {
  __typename id databaseId username fullName avatarUrl isVerified extId email
}
fragment TagLeaves on Tag {
  __typename id databaseId kind name description color visible active createdAt
}
fragment InviteCodeLeaves on InviteCode {
  __typename id databaseId code name email role generatedAt sentAt usedAt status isExpired createdAt
  expiresAt acceptedAt invitedByUsername tags { ...TagLeaves } inviter { ...UserLeaves }
  user { ...UserLeaves } target { __typename }
}
fragment WorkspaceInviteLeaves on WorkspaceInvite {
  __typename id databaseId email role roleDisplay message status isExpired createdAt expiresAt
  acceptedAt inviterName inviter { ...UserLeaves } acceptedBy { ...UserLeaves }
  workspace { ...WorkspaceLeaves } target { ... on Workspace { ...WorkspaceLeaves } }
}
fragment GroupInviteLeaves on GroupInvite {
  __typename id databaseId groupCode: code url updatedAt status isExpired role createdAt expiresAt acceptedAt
  inviter { ...UserLeaves } group { ...GroupLeaves } target { ... on Group { ...GroupLeaves } }
}
fragment CourseInviteLeaves on CourseInvite {
  __typename id databaseId status isExpired role createdAt expiresAt acceptedAt
  inviter { ...UserLeaves } invitee { ...UserLeaves } course { ...CourseLeaves }
}
fragment WorkspaceLeaves on Workspace {
  __typename id databaseId name description logoUrl viewerRole
}
fragment GroupLeaves on Group { __typename id databaseId slug name viewerRole }
fragment CourseLeaves on Course {
  __typename id databaseId slug name description privacy viewerRole createdBy { ...UserLeaves }
}
fragment Leaves on Invite {
  __typename id databaseId status isExpired role createdAt expiresAt acceptedAt
  ...InviteCodeLeaves ...WorkspaceInviteLeaves ...GroupInviteLeaves ...CourseInviteLeaves
}";

const OPERATIONS: [&str; 4] = [
    "query Lists {
      inviteCodes(first: 9) { totalCount nodes { ...InviteCodeLeaves } }
      workspaceInvites(first: 9) { edges { cursor node { ...WorkspaceInviteLeaves } } }
      groupInvites(first: 9) { pageInfo { hasNextPage endCursor } nodes { ...GroupInviteLeaves } }
    }",
    "query Places {
      viewer {
        user { ...UserLeaves }
        workspaces { nodes { ...WorkspaceLeaves invites(first: 3) { nodes { ...Leaves } } } }
        groups { edges { node { ...GroupLeaves invite { ...GroupInviteLeaves } } } }
        courses {
          nodes {
            ...CourseLeaves
            invitees(first: 9) {
              edges { cursor node { ...UserLeaves } invite { ...CourseInviteLeaves } }
            }
          }
        }
      }
    }",
    "query Mailboxes {
      viewer {
        sentInvites { totalCount edges { cursor node { ...Leaves } } }
        receivedInvites(filter: { status: [PENDING, ACCEPTED, EXPIRED, CANCELLED] }) {
          nodes { ...Leaves }
        }
      }
    }",
    // Duplicate names, aliases, and directives that include nothing or everything, in one object.
    "query Shapes($yes: Boolean!) {
      viewer {
        courses {
          nodes {
            id it: id id named: name ... { slug } ... on Course { slug privacy }
            invitees(first: 2) {
              edges { ...Edge place: cursor invite { status } }
              nodes { id email @include(if: $yes) username @skip(if: $yes) }
            }
          }
        }
      }
    }
    fragment Edge on CourseInviteeEdge { cursor node { username __typename is: __typename } }",
];

async fn response(server: &Server, authorization: Option<&str>, request: &Value) -> String {
    let body = request.to_string();
    let request = wire::Request::post_json("/graphql", &body).authorized(authorization);
    server.send(&request).await.text
}

#[tokio::test]
async fn responses_do_not_depend_on_how_a_document_is_written() {
    let (server, _) = Server::demo(&[]).await;
    let description = description().await;
    let list = |name: &str| description[name].as_array().expect("a list");
    let mut requests = Vec::new();
    for example in list("examples") {
        let query = example["query"].as_str().expect("a query");
        // A mutation that is sent twice has two outcomes.
        if query.starts_with("mutation") {
            continue;
        }
        requests.push((
            authorization(&description, example),
            query.to_owned(),
            example["variables"].clone(),
        ));
    }
    for persona in list("personas") {
        let persona = json!({ "persona": persona["name"] });
        for operation in OPERATIONS {
            let used = match operation.contains("Leaves") {
                true => FRAGMENTS,
                false => "",
            };
            // Fragments that no operation uses are an error.
            let unused = "query Unused { viewer { sentInvites { nodes { ...Leaves } } } }";
            let unused = unused.repeat(usize::from(!used.is_empty()));
            requests.push((
                authorization(&description, &persona),
                format!("{operation} {unused} {used}"),
                json!({ "yes": true }),
            ));
        }
    }
    for (authorization, query, variables) in requests {
        let name = query
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .nth(1)
            .expect("an operation's name");
        let authorization = authorization.as_deref();
        let body =
            |query: &str| json!({ "query": query, "variables": variables, "operationName": name });
        let once = response(&server, authorization, &body(&query)).await;
        let twice = response(&server, authorization, &body(&doubled(&query))).await;
        assert!(once.contains("\"data\":"), "{name}: {once}");
        assert_eq!(
            without_locations(&once),
            without_locations(&twice),
            "{query}"
        );
    }
}

/// Selects the root fields of the first operation twice, within fragments.
fn doubled(query: &str) -> String {
    let (head, rest) = query.split_once('{').expect("a selection");
    let mut depth = 1;
    let end = rest.find(|letter| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        depth == 0
    });
    let (selection, rest) = rest.split_at(end.expect("the end of the selection"));
    format!("{head}{{ ... {{ {selection} }} ... {{ {selection} }} {rest}")
}

/// Removes the locations of errors, which depend on the text before the field.
fn without_locations(response: &str) -> String {
    let mut parts = response.split("\"locations\":[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once(']').map_or("", |(_, rest)| rest));
    }
    text
}
