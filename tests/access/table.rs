//! The access matrix of the design.

/// A line has a path and an outcome for each viewer, in the order of the first line.
///
/// Paths: `GET …` is REST. Others are GraphQL, with a field per step. A path that ends in `[]` is a
/// list. Braces name the object. Tests also replace it by an object that does not exist, to check
/// that hidden and absent look the same.
///
/// Outcomes, with REST's status in parentheses: `+` shown (200), `-` null without an error (404),
/// `.` the parent is shown but empty, `U` `UNAUTHENTICATED` (401), `F` `FORBIDDEN` (403), `N` the same
/// for want of an account. A digit is a list of that many rows.
pub const TABLE: &str = r#"
                                                                  atnxu ies mOAGRCM SF

# public look-ups: open to all, unless the target is deleted
inviteCode(code: {CODE-1})                                        +++++ +++ +++++++ ++
inviteCode(code: {CODE-2})                                        +++++ +++ +++++++ ++
GET /api/v2/invite_code/{CODE-1}/                                 +++++ +++ +++++++ ++
workspaceInvite(token: {token 1})                                 +++++ +++ +++++++ ++
workspaceInvite(token: {token 2})                                 +++++ +++ +++++++ ++
workspaceInvite(token: {token 3})                                 ----- --- ------- --
invite(by: { code: {CODE-1} }) > ... on InviteCode                +++++ +++ +++++++ ++
invite(by: { code: {group-code-1} }) > ... on Node                ----- --- ------- --
invite(by: { token: {token 2} }) > ... on Node                    +++++ +++ +++++++ ++
invite(by: { token: {token 3} }) > ... on Node                    ----- --- ------- --
invite(by: { groupCode: {CODE-1} }) > ... on Node                 ----- --- ------- --
invite(by: { groupCode: {group-code-2} }) > ... on Node           ----- --- ------- --
GET /api/v1/invites/{token 1}/                                    +++++ +++ +++++++ ++
GET /api/v1/invites/{token 3}/                                    ----- --- ------- --

# by global id
node(id: {InviteCode:1})                                          ----- +++ ------- ++
node(id: {InviteCode:2})                                          ----- --- ------- ++
node(id: {InviteCode:3})                                          ---+- --- ------- ++
node(id: {WorkspaceInvite:1})                                     ----- -++ -++---- ++
node(id: {WorkspaceInvite:2})                                     ----- +-- -++---- ++
node(id: {WorkspaceInvite:3})                                     ----- --- ------- --
node(id: {WorkspaceInvite:4})                                     ---+- --- ------- ++
node(id: {GroupInvite:1})                                         ----- --- -+-+--- ++
node(id: {GroupInvite:2})                                         ----- --- ------- --
node(id: {GroupInvite:3})                                         ---+- --- ------- ++
node(id: {CourseInvite:1})                                        ----- +-+ ----+++ ++
node(id: {CourseInvite:2})                                        ----- +-+ ----+++ ++
node(id: {CourseInvite:3})                                        ----- +-+ ----+++ ++
node(id: {CourseInvite:4})                                        ----- +-+ ----+++ ++
node(id: {CourseInvite:5})                                        ----- --- ------- --
node(id: {CourseInvite:6})                                        ---+- --- ------- ++
node(id: {CourseInvite:7})                                        ----- --- ------- --
node(id: {CourseInvite:8})                                        ----- -++ ----+++ ++
node(id: {User:17})                                               --+++ +++ +++++++ ++
node(id: {User:15})                                               ----- --- ------- --
node(id: {Tag:1})                                                 --+++ +++ +++++++ ++
node(id: {Tag:2})                                                 ----- --- ------- --
node(id: {Workspace:1})                                           ----- -+- +++---- ++
node(id: {Workspace:2})                                           ----- --- ------- --
node(id: {Workspace:3})                                           ---+- --- ------- ++
node(id: {Group:1})                                               --+++ +++ +++++++ ++
node(id: {Group:2})                                               ----- --- ------- --
node(id: {Course:1})                                              --+++ +++ +++++++ ++
node(id: {Course:2})                                              --+++ +++ +++++++ ++
node(id: {Course:3})                                              ----- +-- +---+++ ++
node(id: {Course:4})                                              ----- ++- +---+++ ++
node(id: {Course:5})                                              ----- --- ------- --

# by global id, key or slug
workspace(id: {Workspace:1})                                      ----- -+- +++---- ++
workspace(id: {1})                                                ----- -+- +++---- ++
workspace(id: {2})                                                ----- --- ------- --
workspace(externalId: { source: "clerk", id: {workspaces-1} })    ----- -+- +++---- ++
workspace(externalId: { source: "clerk", id: {workspaces-2} })    ----- --- ------- --
workspace(externalId: { source: "clerk", id: {workspaces-3} })    ---+- --- ------- ++
workspace(externalId: { source: "auth0", id: {workspaces-1} })    ----- --- ------- --
group(externalId: { source: "clerk", id: {groups-1} })            --+++ +++ +++++++ ++
group(externalId: { source: "clerk", id: {groups-2} })            ----- --- ------- --
course(externalId: { source: "clerk", id: {courses-1} })          --+++ +++ +++++++ ++
course(externalId: { source: "clerk", id: {courses-3} })          ----- +-- +---+++ ++
course(externalId: { source: "clerk", id: {courses-4} })          ----- ++- +---+++ ++
course(externalId: { source: "clerk", id: {courses-5} })          ----- --- ------- --
group(id: {Group:1})                                              --+++ +++ +++++++ ++
group(id: {1})                                                    --+++ +++ +++++++ ++
group(id: {garden})                                               --+++ +++ +++++++ ++
group(id: {deleted})                                              ----- --- ------- --
course(id: {Course:1})                                            --+++ +++ +++++++ ++
course(id: {1})                                                   --+++ +++ +++++++ ++
course(id: {open})                                                --+++ +++ +++++++ ++
course(id: {private})                                             --+++ +++ +++++++ ++
course(id: {secret})                                              ----- +-- +---+++ ++
course(id: {draft})                                               ----- ++- +---+++ ++
course(id: {3})                                                   ----- +-- +---+++ ++
course(id: {deleted})                                             ----- --- ------- --

# what hangs on a workspace
workspace(id: {1}) > invites[]                                    ----- -F- F22---- 22
workspace(id: {2}) > invites[]                                    ----- --- ------- --
workspace(id: {3}) > invites[]                                    ---1- --- ------- 11
workspaceInvite(token: {token 1}) > workspace                     +++++ +++ +++++++ ++
workspaceInvite(token: {token 1}) > workspace > invites[]         UNFFF FFF F22FFFF 22
workspaceInvite(token: {token 1}) > inviter                       +++++ +++ +++++++ ++

# what hangs on a group
group(id: {garden}) > invite                                      --FFF FFF F+F+FFF ++
group(id: {no-code}) > invite                                     --FFF FFF F.FFFFF ..
group(id: {deleted}) > invite                                     ----- --- ------- --
GET /v3/groups/{1}/invite                                         UFFFF FFF F+F+FFF ++
GET /v3/groups/{garden}/invite                                    UFFFF FFF F+F+FFF ++
GET /v3/groups/{no-code}/invite                                   UFFFF FFF F-FFFFF --
GET /v3/groups/{deleted}/invite                                   UF--- --- ------- --
GET /v3/groups/{2}/invite                                         UF--- --- ------- --

# what hangs on a course
course(id: {open}) > invitees[]                                   --FFF FFF FFFF111 11
course(id: {private}) > invitees[]                                --FFF FFF FFFF111 11
course(id: {secret}) > invitees[]                                 ----- F-- F---111 11
course(id: {draft}) > invitees[]                                  ----- FF- F---111 11
course(id: {deleted}) > invitees[]                                ----- --- ------- --
course(id: {open}) > invites[]                                    --FFF FFF FFFF111 11
course(id: {private}) > invites(filter: { search: "user2" })[]    --FFF FFF FFFF111 11
course(id: {secret}) > invites[]                                  ----- F-- F---111 11
course(id: {draft}) > invites[]                                   ----- FF- F---222 22
course(id: {draft}) > invites(filter: { search: "SOMEONE@" })[]   ----- FF- F---111 11
course(id: {deleted}) > invites[]                                 ----- --- ------- --
node(id: {CourseInvite:3}) > ... on CourseInvite > course         ----- +-+ ----+++ ++
node(id: {CourseInvite:8}) > ... on CourseInvite > invitee        ----- -.. ----... ..
node(id: {CourseInvite:8}) > ... on CourseInvite > course         ----- -++ ----+++ ++
node(id: {CourseInvite:3}) > ... on CourseInvite > course > invitees[]  ----- F-F ----111 11
GET /api/v2/course/{1}/invite/                                    UFFFF FFF FFFF+++ ++
GET /api/v2/course/{2}/invite/                                    UFFFF FFF FFFF+++ ++
GET /api/v2/course/{3}/invite/                                    UF--- F-- F---+++ ++
GET /api/v2/course/{4}/invite/                                    UF--- FF- F---+++ ++
GET /api/v2/course/{5}/invite/                                    UF--- --- ------- --

# lists of what the viewer manages, narrowed to what they do not
inviteCodes[]                                                     UN010 001 0000000 33
inviteCodes(filter: { email: "someone@example.org" })[]           UN000 001 0000000 11
inviteCodes(filter: { status: [PENDING] })[]                      UN010 001 0000000 33
workspaceInvites[]                                                UN010 000 0220000 33
workspaceInvites(filter: { workspace: ["1"] })[]                  UN000 000 0220000 22
workspaceInvites(filter: { workspace: ["2"] })[]                  UN000 000 0000000 00
workspaceInvites(filter: { inviter: "5" })[]                      UN000 000 0110000 11
workspaceInvites(filter: { email: "someone@example.org" })[]      UN000 000 0110000 11
groupInvites[]                                                    UN010 000 0101000 22
workspaceInvites(orderBy: { field: EMAIL, direction: ASC })[]     UN010 000 0220000 33

# people, for staff
users(filter: { search: "USER2" })[]                              UNFFF FFF FFFFFFF 11
users(filter: { search: "user15" })[]                             UNFFF FFF FFFFFFF 00
users(filter: { email: "someone@example.org" })[]                 UNFFF FFF FFFFFFF 22
node(id: {User:17}) > ... on User > receivedInvites[]             --FFF FFF FFFFFFF 11
node(id: {User:5}) > ... on User > sentInvites[]                  --FFF FFF FFFFFFF 77
node(id: {User:2}) > ... on User > receivedInvites[]              --FFF FFF FFFFFFF 55
node(id: {User:2}) > ... on User > receivedInvites(filter: { status: [ACCEPTED] })[]  --FFF FFF FFFFFFF 11
node(id: {User:3}) > ... on User > receivedInvites[]              --FFF FFF FFFFFFF 33
node(id: {User:4}) > ... on User > receivedInvites[]              --FFF FFF FFFFFFF 00
node(id: {User:15}) > ... on User > sentInvites[]                 ----- --- ------- --

# the viewer's own
viewer > user                                                     -.+++ +++ +++++++ ++
viewer > workspaces[]                                             -0010 000 0110000 22
viewer > groups[]                                                 -0010 000 0201000 33
viewer > courses[]                                                -0010 000 0000444 55
viewer > workspaces(filter: { search: "workspace 3" })[]          -0010 000 0000000 11
viewer > groups(filter: { search: "GARDEN" })[]                   -0000 000 0101000 11
viewer > courses(filter: { search: "secret" })[]                  -0000 000 0000111 11
viewer > sentInvites[]                                            -0020 007 0000000 00
viewer > receivedInvites[]                                        -0000 530 0000000 00
viewer > receivedInvites(filter: { status: [ACCEPTED] })[]        -0000 100 0000000 00
"#;

/// Like [`TABLE`], after the invite to the secret course is cancelled and workspace invite 1 has
/// expired.
pub const SETTLED: &str = r#"
                                                                  atnxu ies mOAGRCM SF

# the invite and its state stay; its target is for those who see that by itself
node(id: {CourseInvite:3})                                        ----- +-+ ----+++ ++
node(id: {CourseInvite:3}) > ... on CourseInvite > course         ----- .-. ----+++ ++
node(id: {CourseInvite:3}) > ... on CourseInvite > target > ... on Course  ----- .-. ----+++ ++
node(id: {CourseInvite:1}) > ... on CourseInvite > course         ----- +-+ ----+++ ++
node(id: {WorkspaceInvite:1})                                     ----- -++ -++---- ++
node(id: {WorkspaceInvite:1}) > ... on WorkspaceInvite > workspace  ----- -.. -++---- ++
node(id: {WorkspaceInvite:1}) > ... on WorkspaceInvite > target > ... on Workspace  ----- -.. -++---- ++
node(id: {WorkspaceInvite:2}) > ... on WorkspaceInvite > workspace  ----- .-- -++---- ++

# the target by itself
node(id: {Course:3})                                              ----- --- +---+++ ++
course(id: {secret})                                              ----- --- +---+++ ++
course(id: {3})                                                   ----- --- +---+++ ++
GET /api/v2/course/{3}/invite/                                    UF--- --- F---+++ ++
node(id: {Workspace:1})                                           ----- --- +++---- ++
workspace(id: {1})                                                ----- --- +++---- ++

# the contract publishes the workspace to holders of the token, whatever the status
workspaceInvite(token: {token 1}) > workspace                     +++++ +++ +++++++ ++
workspaceInvite(token: {token 2}) > workspace                     +++++ +++ +++++++ ++
GET /api/v1/invites/{token 1}/                                    +++++ +++ +++++++ ++
"#;
