//! Staff whom a claim limits to workspaces, groups and courses: each path to each object, and writes.

use invite_gateway::auth::{GrantSettings, TokenSettings};
use serde_json::{Value, json};

use super::{assert_outcomes, world};
use crate::support::{
    Gateway, SECRET, Viewer, each_database,
    signer::Signer,
    tokens::{authenticator, claims, with_secret},
};

/// A line has a path and an outcome for each viewer, as in the table of all viewers: L is staff of workspace 1,
/// group 1 and the courses 1 and 3, by scope; Z is staff by their account, and their token has no claim; W is
/// staff of everything.
///
/// L and Z see what users without roles see, and L also their targets.
const TABLE: &str = r#"
                                                                  LZW

# public look-ups: open to all, unless the target is deleted
inviteCode(code: {CODE-1})                                        +++
inviteCode(code: {CODE-2})                                        +++
GET /api/v2/invite_code/{CODE-1}/                                 +++
workspaceInvite(token: {token 1})                                 +++
workspaceInvite(token: {token 2})                                 +++
workspaceInvite(token: {token 3})                                 ---
invite(by: { code: {CODE-1} }) > ... on InviteCode                +++
invite(by: { code: {group-code-1} }) > ... on Node                ---
invite(by: { token: {token 2} }) > ... on Node                    +++
invite(by: { token: {token 3} }) > ... on Node                    ---
invite(by: { groupCode: {CODE-1} }) > ... on Node                 ---
invite(by: { groupCode: {group-code-2} }) > ... on Node           ---
GET /api/v1/invites/{token 1}/                                    +++
GET /api/v1/invites/{token 3}/                                    ---

# by global id
node(id: {InviteCode:1})                                          --+
node(id: {InviteCode:2})                                          --+
node(id: {InviteCode:3})                                          --+
node(id: {WorkspaceInvite:1})                                     +-+
node(id: {WorkspaceInvite:2})                                     +-+
node(id: {WorkspaceInvite:3})                                     ---
node(id: {WorkspaceInvite:4})                                     --+
node(id: {GroupInvite:1})                                         +-+
node(id: {GroupInvite:2})                                         ---
node(id: {GroupInvite:3})                                         --+
node(id: {CourseInvite:1})                                        +-+
node(id: {CourseInvite:2})                                        --+
node(id: {CourseInvite:3})                                        +-+
node(id: {CourseInvite:4})                                        --+
node(id: {CourseInvite:5})                                        ---
node(id: {CourseInvite:6})                                        --+
node(id: {CourseInvite:7})                                        ---
node(id: {User:17})                                               +++
node(id: {User:15})                                               ---
node(id: {Tag:1})                                                 +++
node(id: {Tag:2})                                                 ---
node(id: {Workspace:1})                                           +-+
node(id: {Workspace:2})                                           ---
node(id: {Workspace:3})                                           --+
node(id: {Group:1})                                               +++
node(id: {Group:2})                                               ---
node(id: {Course:1})                                              +++
node(id: {Course:2})                                              +++
node(id: {Course:3})                                              +-+
node(id: {Course:4})                                              --+
node(id: {Course:5})                                              ---

# by global id, key or slug
workspace(id: {Workspace:1})                                      +-+
workspace(id: {1})                                                +-+
workspace(id: {2})                                                ---
group(id: {Group:1})                                              +++
group(id: {1})                                                    +++
group(id: {garden})                                               +++
group(id: {deleted})                                              ---
course(id: {Course:1})                                            +++
course(id: {1})                                                   +++
course(id: {open})                                                +++
course(id: {private})                                             +++
course(id: {secret})                                              +-+
course(id: {draft})                                               --+
course(id: {3})                                                   +-+
course(id: {deleted})                                             ---

# what hangs on a workspace
workspace(id: {1}) > invites[]                                    2-2
workspace(id: {2}) > invites[]                                    ---
workspace(id: {3}) > invites[]                                    --1
workspaceInvite(token: {token 1}) > workspace                     +++
workspaceInvite(token: {token 1}) > workspace > invites[]         2F2
workspaceInvite(token: {token 1}) > inviter                       +++

# what hangs on a group
group(id: {garden}) > invite                                      +F+
group(id: {no-code}) > invite                                     FF.
group(id: {deleted}) > invite                                     ---
GET /v3/groups/{1}/invite                                         +F+
GET /v3/groups/{garden}/invite                                    +F+
GET /v3/groups/{no-code}/invite                                   FF-
GET /v3/groups/{deleted}/invite                                   ---
GET /v3/groups/{2}/invite                                         ---

# what hangs on a course
course(id: {open}) > invitees[]                                   1F1
course(id: {private}) > invitees[]                                FF1
course(id: {secret}) > invitees[]                                 1-1
course(id: {draft}) > invitees[]                                  --1
course(id: {deleted}) > invitees[]                                ---
course(id: {open}) > invites[]                                    1F1
course(id: {private}) > invites(filter: { search: "user2" })[]    FF1
course(id: {secret}) > invites[]                                  1-1
course(id: {draft}) > invites[]                                   --2
course(id: {deleted}) > invites[]                                 ---
node(id: {CourseInvite:3}) > ... on CourseInvite > course         +-+
node(id: {CourseInvite:3}) > ... on CourseInvite > course > invitees[]  1-1
GET /api/v2/course/{1}/invite/                                    +F+
GET /api/v2/course/{2}/invite/                                    FF+
GET /api/v2/course/{3}/invite/                                    +-+
GET /api/v2/course/{4}/invite/                                    --+
GET /api/v2/course/{5}/invite/                                    ---

# lists of what the viewer manages, narrowed to what they do not
inviteCodes[]                                                     003
inviteCodes(filter: { email: "someone@example.org" })[]           001
inviteCodes(filter: { status: [PENDING] })[]                      003
workspaceInvites[]                                                203
workspaceInvites(filter: { workspace: ["1"] })[]                  202
workspaceInvites(filter: { workspace: ["2"] })[]                  000
workspaceInvites(filter: { inviter: "5" })[]                      101
workspaceInvites(filter: { email: "someone@example.org" })[]      101
groupInvites[]                                                    102
workspaceInvites(orderBy: { field: EMAIL, direction: ASC })[]     203

# people, for staff
users(filter: { search: "USER2" })[]                              FF1
users(filter: { search: "user15" })[]                             FF0
users(filter: { email: "someone@example.org" })[]                 FF2
node(id: {User:17}) > ... on User > receivedInvites[]             FF1
node(id: {User:5}) > ... on User > sentInvites[]                  FF7
node(id: {User:2}) > ... on User > receivedInvites[]              FF5
node(id: {User:2}) > ... on User > receivedInvites(filter: { status: [ACCEPTED] })[]  FF1
node(id: {User:3}) > ... on User > receivedInvites[]              FF3
node(id: {User:4}) > ... on User > receivedInvites[]              FF0
node(id: {User:15}) > ... on User > sentInvites[]                 ---

# the viewer's own
viewer > user                                                     +++
viewer > workspaces[]                                             102
viewer > groups[]                                                 103
viewer > courses[]                                                205
viewer > workspaces(filter: { search: "workspace 3" })[]          001
viewer > groups(filter: { search: "GARDEN" })[]                   101
viewer > courses(filter: { search: "secret" })[]                  101
viewer > sentInvites[]                                            000
viewer > receivedInvites[]                                        000
viewer > receivedInvites(filter: { status: [ACCEPTED] })[]        000
"#;

fn limiting(gateway: Gateway) -> Gateway {
    let grants = GrantSettings {
        staff_targets: Some("staff_of".to_owned()),
        ..GrantSettings::default()
    };
    let settings = TokenSettings {
        grants,
        ..with_secret()
    };
    let authenticator = authenticator(&gateway, settings);
    gateway.with(|parts| parts.authenticator = authenticator)
}

fn bearer(changes: Value) -> String {
    let signer = Signer::secret(SECRET);
    format!(
        "Bearer {}",
        signer.token(&signer.header(None), &claims(changes))
    )
}

fn limited() -> String {
    let targets = json!(["workspace:1", "group:1", "course:1", "course:3"]);
    bearer(
        json!({ "sub": world::NOBODY.to_string(), "scope": "invites:admin", "staff_of": targets }),
    )
}

each_database! {
    async fn limited_staff_see_their_targets_and_no_more(gateway) {
        world::build(&gateway).await;
        world::add_external_keys(&gateway).await;
        let gateway = limiting(gateway);
        let nothing = bearer(json!({ "sub": world::STAFF_BY_FLAG.to_string() }));
        let everything = bearer(json!({ "sub": world::STAFF_BY_SCOPE.to_string(), "scope": "invites:admin", "staff_of": "*" }));
        let viewers = [
            ('L', Viewer::Header(&limited())),
            ('Z', Viewer::Header(&nothing)),
            ('W', Viewer::Header(&everything)),
        ];
        assert_outcomes(&gateway, TABLE, &viewers).await;
        // Users are shown as to anybody.
        let user = "{ node(id: \"VXNlcjoxNw\") { ... on User { username email extId externalId } } }";
        for (viewer, extends) in [(viewers[0].1, false), (viewers[1].1, false), (viewers[2].1, true)] {
            let node = gateway.data(viewer, user).await["node"].take();
            let seen = ["email", "extId", "externalId"].map(|field| node[field].is_string());
            assert_eq!(seen, [extends; 3], "{node}");
        }
    }

    async fn limited_staff_write_to_their_targets_alone(gateway) {
        world::build(&gateway).await;
        let gateway = limiting(gateway);
        let header = limited();
        let mutate = async |field: &str, input: &str| {
            let rows = match field {
                "rotateGroupInvite" => "",
                _ => "results { userErrors { code } }",
            };
            let document = format!("mutation {{ {field}(input: {input}) {{ userErrors {{ code }} {rows} }} }}");
            let response = gateway.graphql(Viewer::Header(&header), &document).await;
            match response.get("errors") {
                Some(errors) => errors[0]["extensions"]["code"].clone(),
                None => {
                    let payload = &response["data"][field];
                    match &payload["userErrors"][0]["code"] {
                        Value::Null => payload["results"][0]["userErrors"][0]["code"].clone(),
                        code => code.clone(),
                    }
                }
            }
        };
        let invites = |target: &str| format!("{{ workspace: \"{target}\", invitees: [{{ email: \"new@x.io\", role: \"admin\" }}] }}");
        let members = |course: &str| format!("{{ course: \"{course}\", users: [\"1\"] }}");
        for (field, input, expected) in [
            ("createWorkspaceInvites", invites("1"), Value::Null),
            ("createWorkspaceInvites", invites("3"), json!("NOT_FOUND")),
            ("createCourseInvites", members("1"), Value::Null),
            ("createCourseInvites", members("3"), Value::Null),
            ("createCourseInvites", members("2"), json!("NOT_ALLOWED")),
            ("createCourseInvites", members("4"), json!("NOT_FOUND")),
            ("rotateGroupInvite", "{ group: \"1\" }".to_owned(), Value::Null),
            ("rotateGroupInvite", "{ group: \"3\" }".to_owned(), json!("NOT_ALLOWED")),
            ("createInviteCodes", "{ invitees: [{ name: \"N\" }] }".to_owned(), json!("NOT_ALLOWED")),
        ] {
            assert_eq!(mutate(field, &input).await, expected, "{field} {input}");
        }
        let id = |kind, id| crate::support::id_of_kind(kind, id);
        for (invite, expected) in [
            (id("WorkspaceInvite", 1), Value::Null),
            (crate::support::invite_id("WorkspaceInvite", 3, 4), json!("NOT_FOUND")),
            (id("InviteCode", 1), json!("NOT_FOUND")),
            (id("CourseInvite", 1), Value::Null),
            (id("CourseInvite", 2), json!("NOT_FOUND")),
        ] {
            let code = mutate("cancelInvites", &format!("{{ ids: [\"{invite}\"] }}")).await;
            assert_eq!(code, expected, "{invite}");
        }
    }
}
