//! Each viewer with each mutation of each object: what is allowed, what is refused, and why.

use serde_json::{Value, json};

use super::{spelled, world};
use crate::support::{Gateway, Viewer, data, each_database, id_of_kind, tables};

/// A line has a mutation, its object, and an outcome for each viewer, in the order of the first line.
///
/// Outcomes: `+` done; `U` the error `UNAUTHENTICATED`; `N` the error of a viewer without an account; else the code of a user error: `-` `NOT_FOUND`,
/// `x` `NOT_ALLOWED`, `w` `WRONG_ACCOUNT`, `v` `EMAIL_NOT_VERIFIED`, `A` `ALREADY_ACCEPTED`. What is not
/// found must look like an object that does not exist. Refusals change nothing.
const TABLE: &str = r#"
                                                  atnxu ies mOAGRCM SF

# accepting: the addressee; who has the code, of one without an address and of a group's
acceptInvite code {CODE-1}                        UNwwv ++w wwwwwww ww
acceptInvite code {CODE-2}                        UN+++ +++ +++++++ ++
acceptInvite token {token 1}                      UNwwv w+w wwwwwww ww
acceptInvite token {token 2}                      UNwww +ww wwwwwww ww
acceptInvite token {token 3}                      UN--- --- ------- --
acceptInvite groupCode {group-code-1}             UN+++ +++ +++++++ ++
acceptInvite groupCode {group-code-2}             UN--- --- ------- --
acceptInvite id {InviteCode:1}                    UN--- ++w ------- ww
acceptInvite id {InviteCode:2}                    UN--- --- ------- xx
acceptInvite id {WorkspaceInvite:1}               UN--- -+w -ww---- ww
acceptInvite id {WorkspaceInvite:2}               UN--- +-- -ww---- ww
acceptInvite id {WorkspaceInvite:3}               UN--- --- ------- --
acceptInvite id {GroupInvite:1}                   UN--- --- -x-x--- xx
acceptInvite id {CourseInvite:1}                  UN--- +-w ----www ww
acceptInvite id {CourseInvite:3}                  UN--- +-w ----www ww
acceptInvite id {CourseInvite:5}                  UN--- --- ------- --
acceptInvite id {CourseInvite:8}                  UN--- -+w ----www ww
acceptInvite id {User:1}                          UN--- --- ------- --

# declining: as accepting
declineInvite code {CODE-1}                       UNwwv ++w wwwwwww ww
declineInvite token {token 1}                     UNwwv w+w wwwwwww ww
declineInvite token {token 3}                     UN--- --- ------- --
declineInvite id {CourseInvite:1}                 UN--- +-w ----www ww
declineInvite id {CourseInvite:8}                 UN--- -+w ----www ww
declineInvite groupCode {group-code-1}            UNxxx xxx xxxxxxx xx
declineInvite groupCode {group-code-2}            UN--- --- ------- --

# managing: who manages the target, the inviter of a code, staff
cancelInvites ids {InviteCode:1}                  UN--- xx+ ------- ++
cancelInvites ids {InviteCode:2}                  UN--- --- ------- ++
cancelInvites ids {WorkspaceInvite:1}             UN--- -xx -++---- ++
cancelInvites ids {WorkspaceInvite:2}             UN--- x-- -AA---- AA
cancelInvites ids {WorkspaceInvite:3}             UN--- --- ------- --
cancelInvites ids {WorkspaceInvite:4}             UN-+- --- ------- ++
cancelInvites ids {GroupInvite:1}                 UN--- --- -x-x--- xx
cancelInvites ids {CourseInvite:1}                UN--- x-x ----+++ ++
cancelInvites ids {CourseInvite:5}                UN--- --- ------- --
cancelInvites ids {CourseInvite:6}                UN-+- --- ------- ++
cancelInvites ids {CourseInvite:8}                UN--- -xx ----+++ ++
resendInvites ids {InviteCode:1}                  UN--- xx+ ------- ++
resendInvites ids {WorkspaceInvite:1}             UN--- -xx -++---- ++
resendInvites ids {WorkspaceInvite:3}             UN--- --- ------- --
resendInvites ids {CourseInvite:1}                UN--- x-x ----+++ ++
resendInvites ids {CourseInvite:8}                UN--- -xx ----+++ ++
updateInvite id {InviteCode:1}                    UN--- xx+ ------- ++
updateInvite id {WorkspaceInvite:1}               UN--- -xx -++---- ++
updateInvite id {WorkspaceInvite:3}               UN--- --- ------- --

# creating
createInviteCodes                                 UNxxx xxx xxxxxxx ++
createWorkspaceInvites workspace {Workspace:1}    UN--- -x- x++---- ++
createWorkspaceInvites workspace {Workspace:2}    UN--- --- ------- --
createWorkspaceInvites workspace {Workspace:3}    UN-+- --- ------- ++
createCourseInvites course {Course:1}             UNxxx xxx xxxx+++ ++
createCourseInvites course {Course:3}             UN--- x-- x---+++ ++
createCourseInvites course {Course:5}             UN--- --- ------- --

# a group's link
enableGroupInvite group {Group:1}                 UNxxx xxx x+x+xxx ++
enableGroupInvite group {Group:2}                 UN--- --- ------- --
rotateGroupInvite group {Group:1}                 UNxxx xxx x+x+xxx ++
rotateGroupInvite group {Group:2}                 UN--- --- ------- --
disableGroupInvite group {Group:1}                UNxxx xxx x+x+xxx ++
disableGroupInvite group {Group:3}                UNx+x xxx xxxxxxx ++
disableGroupInvite group {Group:2}                UN--- --- ------- --
"#;

each_database! {
    async fn every_mutation_matches_the_table(gateway) {
        world::build(&gateway).await;
        let before = tables::dump(&gateway.database).await;
        let snapshot = tables::Snapshot::take(&gateway.database).await;
        let mut lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let head: String = lines.next().expect("a line").split_whitespace().collect();
        assert_eq!(head, world::VIEWERS.iter().map(|(letter, _)| letter).collect::<String>());
        let mut wrong = Vec::new();
        for line in lines {
            let (mutation, expected) = line.split_once("  ").expect("a mutation and outcomes");
            let expected: String = expected.split_whitespace().collect();
            let mut found = String::new();
            for (letter, viewer) in world::VIEWERS {
                let (outcome, response) = outcome(&gateway, viewer, &document(mutation, named)).await;
                found.push(outcome);
                if outcome == '+' {
                    snapshot.restore(&gateway.database).await;
                } else if tables::dump(&gateway.database).await != before {
                    wrong.push(format!("{mutation}, {letter}: a refusal changed something"));
                    snapshot.restore(&gateway.database).await;
                }
                if outcome == '-' {
                    let absent = gateway.graphql(viewer, &document(mutation, absent)).await;
                    if absent != response {
                        wrong.push(format!("{mutation}, {letter}\nhidden: {response}\nabsent: {absent}"));
                    }
                }
            }
            if found != expected {
                wrong.push(format!("{mutation}\n  {expected} expected\n  {found}"));
            }
        }
        assert!(wrong.is_empty(), "viewers {head}\n{}", wrong.join("\n"));
    }
}

/// Returns the document of a mutation, with the name of its object.
fn document(mutation: &str, name: fn(&str) -> String) -> String {
    let mut words = mutation.splitn(3, ' ');
    let field = words.next().expect("a mutation");
    let argument = words.next().unwrap_or_default();
    let object = words.next().unwrap_or_default().trim_matches(['{', '}']);
    let object = json!(name(object));
    let input = match field {
        "createInviteCodes" => "invitees: [{ name: \"New\" }]".to_owned(),
        "createWorkspaceInvites" => {
            format!("workspace: {object}, invitees: [{{ email: \"new@x.io\" }}]")
        }
        "createCourseInvites" => {
            let user = world::SOMEBODY;
            format!("course: {object}, users: [\"{user}\"], emails: [\"new@x.io\"]")
        }
        "cancelInvites" | "resendInvites" => format!("ids: [{object}]"),
        "updateInvite" => format!("id: {object}, expiresAt: \"2026-06-20T00:00:00Z\""),
        _ => format!("{argument}: {object}"),
    };
    let rows = match field {
        "createInviteCodes"
        | "createWorkspaceInvites"
        | "createCourseInvites"
        | "cancelInvites"
        | "resendInvites" => "results { userErrors { code field message } }",
        _ => "",
    };
    format!(
        "mutation {{ it: {field}(input: {{ {input} }}) {{ {rows} userErrors {{ code field message }} }} }}"
    )
}

/// Returns the name of an existing object.
fn named(name: &str) -> String {
    match name {
        "" => String::new(),
        name => spelled(name),
    }
}

/// Returns the name of an object of that kind that does not exist.
fn absent(name: &str) -> String {
    match name.split_once([':', ' ']) {
        Some(("token", _)) => data::token(999).to_string(),
        Some((type_name, _)) => id_of_kind(type_name, 999),
        None => format!("no-{name}"),
    }
}

/// Sends a mutation, and returns its outcome and the response.
async fn outcome(gateway: &Gateway, viewer: Viewer<'_>, document: &str) -> (char, Value) {
    let response = gateway.graphql(viewer, document).await;
    let payload = &response["data"]["it"];
    let errors = [
        &payload["userErrors"][0],
        &payload["results"][0]["userErrors"][0],
    ];
    let code = errors.iter().find_map(|error| error["code"].as_str());
    let error = &response["errors"][0]["extensions"];
    let outcome = match (error["code"].as_str(), code) {
        (Some("UNAUTHENTICATED"), None) => 'U',
        (Some("FORBIDDEN"), None) if error["reason"] == "NO_ACCOUNT" => 'N',
        (Some(_), _) => '?',
        (None, None) => '+',
        (None, Some("NOT_FOUND")) => '-',
        (None, Some("NOT_ALLOWED")) => 'x',
        (None, Some("WRONG_ACCOUNT")) => 'w',
        (None, Some("EMAIL_NOT_VERIFIED")) => 'v',
        (None, Some("ALREADY_ACCEPTED")) => 'A',
        (None, Some(_)) => '!',
    };
    (outcome, response)
}
