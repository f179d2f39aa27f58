//! Users and objects of the access matrix.
//!
//! Most lines concern number 1 of each kind. Comments below describe the others. Course invites
//! have the ids of their courses.

use entity::course::CoursePrivacy;
use invite_gateway::email;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::support::{Gateway, Viewer, data, id_of_kind, invite_id};

pub const NOBODY: i64 = 1;
/// Addressed by user id: created an account with code 1, accepted workspace invite 2, and is
/// invited to all courses.
pub const INVITEE: i64 = 2;
/// Has the verified address of code 1, workspace invites 1 and 3, and course invite 8, in other letter case.
pub const ADDRESSEE: i64 = 3;
/// Has that address, too, but unverified.
pub const UNVERIFIED: i64 = 4;
pub const INVITER: i64 = 5;
/// A plain member of workspace 1, group 1 and all courses.
pub const MEMBER: i64 = 6;
pub const OWNER: i64 = 7;
pub const WORKSPACE_ADMIN: i64 = 8;
pub const GROUP_MANAGER: i64 = 9;
/// Has the role `creator` in all courses.
pub const COURSE_CREATOR: i64 = 10;
/// Created all courses, and has no role in them.
pub const COURSE_AUTHOR: i64 = 11;
pub const COURSE_MANAGER: i64 = 12;
pub const STAFF_BY_SCOPE: i64 = 13;
pub const STAFF_BY_FLAG: i64 = 14;
pub const DELETED: i64 = 15;
/// Manages another workspace (3), another group (3) and another course (6).
pub const ELSEWHERE: i64 = 16;
/// A user who only has an invite to course 6.
pub const SOMEBODY: i64 = 17;
/// No user. The scope of their token grants nothing.
pub const STRANGER: i64 = 99;

/// Viewers, in the order of the matrix's columns.
pub const VIEWERS: [(char, Viewer<'static>); 17] = [
    ('a', Viewer::Anonymous),
    ('t', Viewer::Staff(STRANGER)),
    ('n', Viewer::User(NOBODY)),
    ('x', Viewer::User(ELSEWHERE)),
    ('u', Viewer::User(UNVERIFIED)),
    ('i', Viewer::User(INVITEE)),
    ('e', Viewer::User(ADDRESSEE)),
    ('s', Viewer::User(INVITER)),
    ('m', Viewer::User(MEMBER)),
    ('O', Viewer::User(OWNER)),
    ('A', Viewer::User(WORKSPACE_ADMIN)),
    ('G', Viewer::User(GROUP_MANAGER)),
    ('R', Viewer::User(COURSE_CREATOR)),
    ('C', Viewer::User(COURSE_AUTHOR)),
    ('M', Viewer::User(COURSE_MANAGER)),
    ('S', Viewer::Staff(STAFF_BY_SCOPE)),
    ('F', Viewer::User(STAFF_BY_FLAG)),
];

const ADDRESS: &str = "Someone@Example.org";

pub async fn build(gateway: &Gateway) {
    people(gateway).await;
    codes(gateway).await;
    workspaces(gateway).await;
    groups(gateway).await;
    courses(gateway).await;
}

/// Tables of the types that have a global id.
pub const TABLES: [(&str, &str); 9] = [
    ("User", "users"),
    ("Tag", "tags"),
    ("Workspace", "workspaces"),
    ("Group", "groups"),
    ("Course", "courses"),
    ("InviteCode", "invite_codes"),
    ("WorkspaceInvite", "workspace_invites"),
    ("GroupInvite", "group_invites"),
    ("CourseInvite", "course_invites"),
];

/// Gives every object an id in a source.
pub async fn add_external_keys(gateway: &Gateway) {
    for (_, table) in TABLES {
        let keys = (NOBODY..=SOMEBODY).map(|id| data::external_key(table, id));
        gateway.add_all(keys).await;
    }
}

/// Cancels the invite to the secret course, and lets workspace invite 1 expire.
pub async fn settle(gateway: &Gateway) {
    use entity::{course_invite, workspace_invite};
    course_invite::Entity::update_many()
        .filter(course_invite::Column::Id.eq(3))
        .col_expr(course_invite::Column::CancelledAt, Expr::val(data::made()))
        .exec(&gateway.database)
        .await
        .expect("a cancelled invite");
    workspace_invite::Entity::update_many()
        .filter(workspace_invite::Column::Id.eq(1))
        .col_expr(workspace_invite::Column::ExpiresAt, Expr::val(data::made()))
        .exec(&gateway.database)
        .await
        .expect("an expired invite");
}

async fn people(gateway: &Gateway) {
    for id in NOBODY..=SOMEBODY {
        gateway.add(person(id)).await;
    }
}

fn person(id: i64) -> entity::user::Model {
    let user = data::user(id, &format!("user{id}"));
    match id {
        ADDRESSEE => with_address(user, &ADDRESS.to_uppercase()),
        UNVERIFIED => entity::user::Model {
            is_verified: false,
            ..with_address(user, ADDRESS)
        },
        STAFF_BY_FLAG => entity::user::Model {
            is_staff: true,
            ..user
        },
        DELETED => entity::user::Model {
            deleted_at: Some(data::made()),
            ..user
        },
        _ => user,
    }
}

fn with_address(user: entity::user::Model, address: &str) -> entity::user::Model {
    entity::user::Model {
        email: address.to_owned(),
        email_norm: email::normalize(address).unwrap_or_default(),
        ..user
    }
}

/// 2 has no inviter and no recipient. [`ELSEWHERE`] created 3. Tag 2 is deleted.
async fn codes(gateway: &Gateway) {
    gateway
        .add(entity::invite_code::Model {
            email: Some(ADDRESS.to_owned()),
            email_norm: email::normalize(ADDRESS),
            invited_by_id: Some(INVITER),
            user_id: Some(INVITEE),
            ..data::invite_code(1, "CODE-1")
        })
        .await;
    gateway.add(data::invite_code(2, "CODE-2")).await;
    gateway
        .add(entity::invite_code::Model {
            invited_by_id: Some(ELSEWHERE),
            ..data::invite_code(3, "CODE-3")
        })
        .await;
    gateway.add(data::tag(1, "live")).await;
    gateway
        .add(entity::tag::Model {
            deleted_at: Some(data::made()),
            ..data::tag(2, "deleted")
        })
        .await;
}

/// 2 is deleted, 3 is another. Invites 1 and 2 are to 1, 3 is to 2, 4 is to 3.
async fn workspaces(gateway: &Gateway) {
    for id in [1, 2, 3] {
        gateway
            .add(entity::workspace::Model {
                deleted_at: (id == 2).then(data::made),
                ..data::workspace(id)
            })
            .await;
    }
    for (workspace, user, role) in [
        (1, MEMBER, "member"),
        (1, OWNER, "owner"),
        (1, WORKSPACE_ADMIN, "admin"),
        (2, OWNER, "owner"),
        (2, MEMBER, "member"),
        (3, ELSEWHERE, "owner"),
    ] {
        gateway
            .add(data::workspace_member(workspace, user, role))
            .await;
    }
    for (id, workspace) in [(1, 1), (3, 2)] {
        gateway
            .add(entity::workspace_invite::Model {
                email: ADDRESS.to_owned(),
                email_norm: email::normalize(ADDRESS).unwrap_or_default(),
                inviter_id: Some(INVITER),
                ..data::workspace_invite(id, workspace)
            })
            .await;
    }
    gateway
        .add(entity::workspace_invite::Model {
            status: entity::workspace_invite::StoredStatus::Accepted,
            accepted_at: Some(data::made()),
            accepted_by_id: Some(INVITEE),
            ..data::workspace_invite(2, 1)
        })
        .await;
    gateway.add(data::workspace_invite(4, 3)).await;
}

/// 2 is deleted, 3 is another, 4 is the owner's and has no code. Invites have their groups' ids.
async fn groups(gateway: &Gateway) {
    for (id, slug) in [(1, "garden"), (2, "deleted"), (3, "other"), (4, "no-code")] {
        gateway
            .add(entity::group::Model {
                deleted_at: (id == 2).then(data::made),
                ..data::group(id, slug)
            })
            .await;
        if id != 4 {
            let invite = data::group_invite(id, id, &format!("group-code-{id}"));
            gateway.add(invite).await;
        }
    }
    for (group, user, role) in [
        (1, MEMBER, "member"),
        (1, OWNER, "owner"),
        (1, GROUP_MANAGER, "manager"),
        (2, OWNER, "owner"),
        (3, ELSEWHERE, "manager"),
        (4, OWNER, "owner"),
    ] {
        gateway.add(data::group_member(group, user, role)).await;
    }
}

/// 1 to 4 are open, private, secret and draft, 5 is deleted, 6 is another. Course 1 also invites a
/// deleted user (invite 7), and course 4 an address (invite 8).
async fn courses(gateway: &Gateway) {
    for (id, slug, privacy) in [
        (1, "open", CoursePrivacy::Open),
        (2, "private", CoursePrivacy::Private),
        (3, "secret", CoursePrivacy::Secret),
        (4, "draft", CoursePrivacy::Draft),
        (5, "deleted", CoursePrivacy::Open),
    ] {
        gateway
            .add(entity::course::Model {
                privacy,
                deleted_at: (id == 5).then(data::made),
                ..data::course(id, slug, COURSE_AUTHOR)
            })
            .await;
        for (user, role) in [
            (MEMBER, "joined"),
            (COURSE_CREATOR, "creator"),
            (COURSE_MANAGER, "manager"),
        ] {
            gateway.add(data::course_member(id, user, role)).await;
        }
        invite(gateway, id, id, INVITEE, INVITER).await;
    }
    gateway.add(data::course(6, "other", ELSEWHERE)).await;
    invite(gateway, 6, 6, SOMEBODY, ELSEWHERE).await;
    invite(gateway, 7, 1, DELETED, INVITER).await;
    let to_address = entity::course_invite::Model {
        invited_by_id: Some(INVITER),
        ..data::address_invite(8, 4, ADDRESS)
    };
    gateway.add(to_address).await;
}

/// Returns the global id of an object of the world.
pub fn global_id(type_name: &str, id: i64) -> String {
    let target = match (type_name, id) {
        ("WorkspaceInvite", 2) | ("CourseInvite", 7) => 1,
        ("WorkspaceInvite", 3) => 2,
        ("WorkspaceInvite", 4) => 3,
        ("CourseInvite", 8) => 4,
        _ => return id_of_kind(type_name, id),
    };
    invite_id(type_name, target, id)
}

async fn invite(gateway: &Gateway, id: i64, course: i64, invitee: i64, inviter: i64) {
    gateway
        .add(entity::course_invite::Model {
            invited_by_id: Some(inviter),
            ..data::course_invite(id, course, invitee)
        })
        .await;
}
