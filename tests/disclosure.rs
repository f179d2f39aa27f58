//! Disclosure of addresses, external ids, codes and tokens.

mod tokens;

use invite_gateway::{access::Disclosure, email};
use serde_json::{Value, json};

use crate::support::{
    Gateway, Viewer, WIDE, data, each_database, global_id, graphql_with_limits, id_of_kind,
    invite_id,
};

const INVITER: i64 = 1;
const INVITEE: i64 = 2;
/// Has the invitee's address, unverified.
const UNVERIFIED: i64 = 3;
/// Administers workspace 1, and manages course 1.
const MANAGER: i64 = 4;
const MEMBER: i64 = 5;
const NOBODY: i64 = 6;
const STAFF: i64 = 7;
/// Accepted workspace invite 1 and used code 1.
const ACCEPTER: i64 = 8;
const LEARNER: i64 = 9;
/// Created course 1, and course 2, which also invites the learner.
const AUTHOR: i64 = 10;

const ADDRESS: &str = "Jane.Doe@Home.Example";
const MASKED: &str = "J…@H….Example";
const INVITERS: &str = "user1@example.com";
const INVITERS_MASKED: &str = "u…@e….com";

const VIEWERS: [Viewer<'static>; 9] = [
    Viewer::Anonymous,
    Viewer::User(INVITER),
    Viewer::User(INVITEE),
    Viewer::User(UNVERIFIED),
    Viewer::User(MANAGER),
    Viewer::User(MEMBER),
    Viewer::User(NOBODY),
    Viewer::User(ACCEPTER),
    Viewer::Staff(STAFF),
];

/// Adds code 1 and workspace invite 1, both from the inviter to Jane and accepted by the accepter,
/// and two courses that invite the learner.
async fn build(gateway: &Gateway) {
    for id in INVITER..=AUTHOR {
        let user = data::user(id, &format!("user{id}"));
        gateway
            .add(match id {
                INVITEE | UNVERIFIED => entity::user::Model {
                    email: ADDRESS.to_uppercase(),
                    email_norm: email::normalize(ADDRESS).unwrap_or_default(),
                    is_verified: id == INVITEE,
                    ..user
                },
                _ => user,
            })
            .await;
    }
    gateway
        .add(entity::invite_code::Model {
            email: Some(ADDRESS.to_owned()),
            email_norm: email::normalize(ADDRESS),
            invited_by_id: Some(INVITER),
            user_id: Some(ACCEPTER),
            ..data::invite_code(1, "CODE-1")
        })
        .await;
    gateway.add(data::workspace(1)).await;
    for (user, role) in [(MANAGER, "admin"), (MEMBER, "member")] {
        gateway.add(data::workspace_member(1, user, role)).await;
    }
    gateway
        .add(entity::workspace_invite::Model {
            email: ADDRESS.to_owned(),
            email_norm: email::normalize(ADDRESS).unwrap_or_default(),
            inviter_id: Some(INVITER),
            accepted_by_id: Some(ACCEPTER),
            ..data::workspace_invite(1, 1)
        })
        .await;
    for (id, slug) in [(1, "one"), (2, "two")] {
        gateway.add(data::course(id, slug, AUTHOR)).await;
        gateway
            .add(entity::course_invite::Model {
                invited_by_id: Some(INVITER),
                ..data::course_invite(id, id, LEARNER)
            })
            .await;
    }
    gateway
        .add(data::course_member(1, MANAGER, "manager"))
        .await;
}

/// Returns the invitee's and the inviter's address by token, over GraphQL and over REST.
async fn by_token(gateway: &Gateway, viewer: Viewer<'_>) -> (Value, Value) {
    let token = data::token(1);
    let document =
        format!("{{ workspaceInvite(token: \"{token}\") {{ email inviter {{ email }} }} }}");
    let invite = gateway.data(viewer, &document).await["workspaceInvite"].take();
    let rest = gateway
        .get(viewer, &format!("/api/v1/invites/{token}/"))
        .await
        .json;
    (
        json!([invite["email"], invite["inviter"]["email"]]),
        json!([rest["email"], rest["inviter"]["email"]]),
    )
}

/// Returns the invitee's address by code, over GraphQL and over REST, and the inviter's.
async fn by_code(gateway: &Gateway, viewer: Viewer<'_>) -> (Value, Value, Value) {
    let document = r#"{ inviteCode(code: "CODE-1") { email inviter { email } } }"#;
    let mut invite = gateway.data(viewer, document).await["inviteCode"].take();
    let mut rest = gateway
        .get(viewer, "/api/v2/invite_code/CODE-1/")
        .await
        .json;
    (
        invite["email"].take(),
        rest["email"].take(),
        invite["inviter"]["email"].take(),
    )
}

/// Returns the inviter's address in a list or `User.email`: only they and staff see it.
fn inviters_own(viewer: Viewer<'_>) -> Value {
    match viewer {
        Viewer::User(INVITER) | Viewer::Staff(_) => json!(INVITERS),
        _ => Value::Null,
    }
}

each_database! {
    async fn contract_shows_addresses_to_anyone_holding_the_token(gateway) {
        build(&gateway).await;
        for viewer in VIEWERS {
            let (graphql, rest) = by_token(&gateway, viewer).await;
            assert_eq!(graphql, json!([ADDRESS, INVITERS]), "{viewer:?}");
            assert_eq!(rest, graphql, "{viewer:?}");
        }
    }

    async fn contract_shows_the_invitees_address_to_anyone_holding_the_code(gateway) {
        build(&gateway).await;
        for viewer in VIEWERS {
            let (graphql, rest, inviters) = by_code(&gateway, viewer).await;
            assert_eq!(graphql, ADDRESS, "{viewer:?}");
            assert_eq!(rest, ADDRESS, "{viewer:?}");
            assert_eq!(inviters, inviters_own(viewer), "{viewer:?}");
        }
    }

    async fn masked_shows_addresses_by_token_only_to_the_parties(gateway) {
        let gateway = gateway.with_disclosure(Disclosure::Masked);
        build(&gateway).await;
        for viewer in VIEWERS {
            let is_party = matches!(
                viewer,
                Viewer::User(INVITER | INVITEE | MANAGER | ACCEPTER) | Viewer::Staff(_)
            );
            let expected = if is_party {
                json!([ADDRESS, INVITERS])
            } else {
                json!([MASKED, INVITERS_MASKED])
            };
            let (graphql, rest) = by_token(&gateway, viewer).await;
            assert_eq!(graphql, expected, "{viewer:?}");
            assert_eq!(rest, expected, "{viewer:?}");
        }
    }

    async fn masked_shows_the_address_by_code_only_to_the_parties(gateway) {
        let gateway = gateway.with_disclosure(Disclosure::Masked);
        build(&gateway).await;
        for viewer in VIEWERS {
            // A code has no target with managers.
            let is_party = matches!(
                viewer,
                Viewer::User(INVITER | INVITEE | ACCEPTER) | Viewer::Staff(_)
            );
            let expected = if is_party { ADDRESS } else { MASKED };
            let (graphql, rest, inviters) = by_code(&gateway, viewer).await;
            assert_eq!(graphql, expected, "{viewer:?}");
            assert_eq!(rest, expected, "{viewer:?}");
            assert_eq!(inviters, inviters_own(viewer), "{viewer:?}");
        }
    }

    async fn parties_see_the_invitees_address_in_lists_with_any_setting(gateway) {
        build(&gateway).await;
        let gateway = gateway.with_disclosure(Disclosure::Masked);
        for (viewer, list) in [
            (Viewer::User(INVITER), "inviteCodes { nodes { email } }"),
            (Viewer::Staff(STAFF), "inviteCodes { nodes { email } }"),
            (Viewer::User(MANAGER), "workspaceInvites { nodes { email } }"),
            (Viewer::Staff(STAFF), "workspaceInvites { nodes { email } }"),
        ] {
            let data = gateway.data(viewer, &format!("{{ {list} }}")).await;
            let name = list.split(' ').next().expect("a name");
            assert_eq!(data[name]["nodes"], json!([{ "email": ADDRESS }]), "{viewer:?}");
        }
    }

    async fn the_accepter_is_shown_only_to_the_parties(gateway) {
        build(&gateway).await;
        let document = format!(
            "{{ workspaceInvite(token: \"{}\") {{ status acceptedBy {{ databaseId }} }} }}",
            data::token(1)
        );
        for viewer in VIEWERS {
            let is_party = matches!(
                viewer,
                Viewer::User(INVITER | INVITEE | MANAGER | ACCEPTER) | Viewer::Staff(_)
            );
            let invite = gateway.data(viewer, &document).await["workspaceInvite"].take();
            assert!(invite["status"].is_string());
            assert_eq!(!invite["acceptedBy"].is_null(), is_party, "{viewer:?}");
        }
    }

    async fn no_list_shows_another_users_address(gateway) {
        build(&gateway).await;
        let gateway = gateway.with(|parts| parts.graphql = graphql_with_limits(WIDE, 0));
        let user = "{ userId: databaseId userEmail: email }";
        let invite = format!(
            "__typename inviter {user}
             ... on InviteCode {{ user {user} }}
             ... on WorkspaceInvite {{ acceptedBy {user} }}
             ... on CourseInvite {{ invitee {user} course {{ createdBy {user} }} }}"
        );
        let ids: Vec<_> = (INVITER..=AUTHOR).map(|id| global_id("User", id)).collect();
        let document = format!(
            "{{ viewer {{ sentInvites {{ nodes {{ {invite} }} }} receivedInvites {{ nodes {{ {invite} }} }}
                          courses {{ nodes {{ createdBy {user} }} }} }}
                inviteCodes {{ nodes {{ inviter {user} user {user} }} }}
                workspaceInvites {{ nodes {{ inviter {user} acceptedBy {user} }} }}
                nodes(ids: {ids:?}) {{ ... on User {user} }}
                node(id: {:?}) {{ ... on WorkspaceInvite {{ inviter {user} acceptedBy {user} }} }}
                inviteCode(code: \"CODE-1\") {{ inviter {user} user {user} }}
                workspaceInvite(token: \"{}\") {{ acceptedBy {user} }}
                course(id: \"one\") {{ createdBy {user} }} }}",
            invite_id("WorkspaceInvite", 1, 1),
            data::token(1),
        );
        for (viewer, users_shown) in [(INVITER, 28), (INVITEE, 20), (MANAGER, 19), (LEARNER, 19), (NOBODY, 13)] {
            let data = gateway.data(Viewer::User(viewer), &document).await;
            let mut users = Vec::new();
            users_in(&data, &mut users);
            assert_eq!(users.len(), users_shown, "{viewer}");
            for (id, email) in users {
                let own = id == viewer.to_string();
                assert_eq!(!email.is_null(), own, "{viewer} of {id}: {email}");
            }
        }
    }

    async fn managers_of_a_course_do_not_see_addresses_of_invitees(gateway) {
        build(&gateway).await;
        let user = "{ userId: databaseId userEmail: email }";
        let document = format!(
            "{{ course(id: \"one\") {{ createdBy {user} invitees {{ nodes {user}
                edges {{ node {user} invite {{ invitee {user} inviter {user} }} }} }} }} }}"
        );
        let data = gateway.data(Viewer::User(MANAGER), &document).await;
        let mut users = Vec::new();
        users_in(&data, &mut users);
        assert_eq!(users.len(), 5);
        assert!(users.iter().all(|(_, email)| email.is_null()), "{users:?}");
        let response = gateway.get(Viewer::User(MANAGER), "/api/v2/course/1/invite/").await;
        assert!(!response.text.contains('@'), "{}", response.text);
    }

    async fn the_viewer_sees_their_own_address_and_staff_see_all(gateway) {
        build(&gateway).await;
        let own = "{ viewer { user { email extId } } }";
        let data = gateway.data(Viewer::User(LEARNER), own).await;
        assert_eq!(data["viewer"]["user"], json!({ "email": "user9@example.com", "extId": null }));
        let document = format!("{{ node(id: {:?}) {{ ... on User {{ email }} }} }}", global_id("User", LEARNER));
        let data = gateway.data(Viewer::Staff(STAFF), &document).await;
        assert_eq!(data["node"]["email"], "user9@example.com");
    }

    async fn managers_of_an_inviting_course_and_staff_see_external_ids(gateway) {
        build(&gateway).await;
        let invitees = r#"{ course(id: "one") {
            createdBy { extId }
            invitees { nodes { extId } edges { node { extId } invite { invitee { extId } inviter { extId } } } } } }"#;
        for (viewer, others) in [
            (Viewer::User(MANAGER), Value::Null),
            (Viewer::Staff(STAFF), json!("ext-")),
        ] {
            let other = |id: i64| others.as_str().map(|prefix| format!("{prefix}{id}"));
            let data = gateway.data(viewer, invitees).await;
            let expected = json!({
                "createdBy": { "extId": other(AUTHOR) },
                "invitees": {
                    "nodes": [{ "extId": "ext-9" }],
                    "edges": [{
                        "node": { "extId": "ext-9" },
                        "invite": { "invitee": { "extId": "ext-9" }, "inviter": { "extId": other(INVITER) } },
                    }],
                },
            });
            assert_eq!(data["course"], expected, "{viewer:?}");
            let rest = gateway.get(viewer, "/api/v2/course/1/invite/").await;
            assert_eq!(rest.json["results"][0]["ext_id"], "ext-9", "{viewer:?}");
        }
        // The same user, reached without their invite to a course that the viewer manages.
        for (viewer, invite, expected) in [
            (Viewer::User(MANAGER), 1, json!("ext-9")),
            (Viewer::User(AUTHOR), 2, json!("ext-9")),
            (Viewer::User(INVITER), 1, Value::Null),
            (Viewer::User(LEARNER), 1, Value::Null),
            (Viewer::Staff(STAFF), 2, json!("ext-9")),
        ] {
            let document = format!(
                "{{ nodes(ids: [{:?}, {:?}]) {{ ... on User {{ extId }} ... on CourseInvite {{ invitee {{ extId }} }} }} }}",
                global_id("User", LEARNER),
                id_of_kind("CourseInvite", invite),
            );
            let data = gateway.data(viewer, &document).await;
            let by_id = if viewer == Viewer::Staff(STAFF) { json!("ext-9") } else { Value::Null };
            let nodes = json!([{ "extId": by_id }, { "invitee": { "extId": expected } }]);
            assert_eq!(data["nodes"], nodes, "{viewer:?}");
        }
    }

    async fn ids_of_sources_are_shown_to_the_users_themselves_and_to_those_who_see_ext_id(gateway) {
        build(&gateway).await;
        for id in INVITER..=AUTHOR {
            gateway.add(data::external_key("users", id)).await;
        }
        let everything = format!("{{
            user: node(id: {:?}) {{ ... on User {{ extId externalId source }} }}
            invite: node(id: {:?}) {{ ... on CourseInvite {{ invitee {{ extId externalId source }} }} }}
            workspaceInvite(token: \"{}\") {{ inviter {{ externalId source }} acceptedBy {{ externalId source }} }}
            viewer {{ user {{ externalId source }} }} }}",
            global_id("User", LEARNER), id_of_kind("CourseInvite", 1), data::token(1));
        let of = |id: i64, shown: bool| match shown {
            true => json!({ "externalId": format!("users-{id}"), "source": "clerk" }),
            false => json!({ "externalId": null, "source": null }),
        };
        for viewer in VIEWERS.into_iter().chain([Viewer::User(LEARNER)]) {
            let data = gateway.data(viewer, &everything).await;
            let is_staff = viewer == Viewer::Staff(STAFF);
            let is = |id| is_staff || viewer == Viewer::User(id);
            for (user, of_learner) in [
                (&data["user"], is(LEARNER)),
                (&data["invite"]["invitee"], is(LEARNER) || is(MANAGER)),
            ] {
                if !user.is_null() {
                    let expected = of(LEARNER, of_learner);
                    assert_eq!((&user["externalId"], &user["source"]), (&expected["externalId"], &expected["source"]), "{viewer:?}");
                    // Of others, whoever sees `extId`.
                    assert!(user["extId"].is_null() || of_learner, "{viewer:?}");
                }
            }
            assert_eq!(data["workspaceInvite"]["inviter"], of(INVITER, is(INVITER)), "{viewer:?}");
            let accepter = &data["workspaceInvite"]["acceptedBy"];
            assert!(accepter.is_null() || *accepter == of(ACCEPTER, is(ACCEPTER)), "{viewer:?}");
            if let Viewer::User(id) | Viewer::Staff(id) = viewer {
                assert_eq!(data["viewer"]["user"], of(id, true), "{viewer:?}");
            }
        }
    }

    async fn only_staff_see_the_external_id_of_an_account_made_with_a_code(gateway) {
        build(&gateway).await;
        for viewer in VIEWERS {
            let expected = match viewer {
                Viewer::Staff(_) => json!("ext-8"),
                _ => Value::Null,
            };
            let rest = gateway.get(viewer, "/api/v2/invite_code/CODE-1/").await;
            assert_eq!(rest.json["user"]["ext_id"], expected, "{viewer:?}");
            let document = r#"{ inviteCode(code: "CODE-1") { user { extId } inviter { extId } } }"#;
            let data = gateway.data(viewer, document).await;
            assert_eq!(data["inviteCode"]["user"]["extId"], expected, "{viewer:?}");
        }
    }

    async fn only_the_inviter_and_staff_see_a_code_in_a_list(gateway) {
        build(&gateway).await;
        let by_id = format!("node(id: {:?}) {{ ... on InviteCode {{ code }} }}", id_of_kind("InviteCode", 1));
        let sent = "viewer { list: sentInvites { nodes { ... on InviteCode { code } } } }";
        let received = "viewer { list: receivedInvites(filter: { kind: [INVITE_CODE] }) { nodes { ... on InviteCode { code } } } }";
        for (viewer, field, expected) in [
            (Viewer::User(INVITER), by_id.as_str(), json!({ "node": { "code": "CODE-1" } })),
            (Viewer::Staff(STAFF), &by_id, json!({ "node": { "code": "CODE-1" } })),
            (Viewer::User(INVITEE), &by_id, json!({ "node": { "code": null } })),
            (Viewer::User(ACCEPTER), &by_id, json!({ "node": { "code": null } })),
            (Viewer::User(INVITEE), received, json!({ "viewer": { "list": { "nodes": [{ "code": null }] } } })),
            (Viewer::User(ACCEPTER), received, json!({ "viewer": { "list": { "nodes": [{ "code": null }] } } })),
            (Viewer::User(INVITER), "inviteCodes { nodes { code } }", json!({ "inviteCodes": { "nodes": [{ "code": "CODE-1" }] } })),
            (Viewer::Staff(STAFF), "inviteCodes { nodes { code } }", json!({ "inviteCodes": { "nodes": [{ "code": "CODE-1" }] } })),
        ] {
            let data = gateway.data(viewer, &format!("{{ {field} }}")).await;
            assert_eq!(data, expected, "{viewer:?} {field}");
        }
        // The list also has course and workspace invites.
        let data = gateway.data(Viewer::User(INVITER), &format!("{{ {sent} }}")).await;
        let codes: Vec<_> = data["viewer"]["list"]["nodes"].as_array().expect("nodes").iter()
            .filter_map(|node| node.get("code")).collect();
        assert_eq!(codes, ["CODE-1"]);
        // Holders of the code can read it.
        for viewer in VIEWERS {
            let data = gateway.data(viewer, r#"{ inviteCode(code: "CODE-1") { code } }"#).await;
            assert_eq!(data["inviteCode"]["code"], "CODE-1", "{viewer:?}");
        }
    }

    async fn only_managers_see_the_code_of_a_group(gateway) {
        build(&gateway).await;
        gateway.add(data::group(1, "garden")).await;
        gateway.add(data::group_invite(1, 1, "gate-key")).await;
        for (user, role) in [(MANAGER, "manager"), (MEMBER, "member")] {
            gateway.add(data::group_member(1, user, role)).await;
        }
        let document = format!(
            "{{ group(id: \"garden\") {{ invite {{ code url }} }}
                node(id: {:?}) {{ ... on GroupInvite {{ code url }} }}
                groupInvites {{ nodes {{ code url }} }} }}",
            invite_id("GroupInvite", 1, 1)
        );
        for viewer in VIEWERS {
            let manages = matches!(viewer, Viewer::User(MANAGER) | Viewer::Staff(_));
            let response = gateway.graphql(viewer, &document).await;
            let rest = gateway.get(viewer, "/v3/groups/garden/invite").await;
            if manages {
                let invite = json!({
                    "code": "gate-key",
                    "url": "https://www.are.na/group/garden/invite/gate-key",
                });
                assert_eq!(response, json!({ "data": {
                    "group": { "invite": invite },
                    "node": invite,
                    "groupInvites": { "nodes": [invite] },
                } }));
                assert_eq!(rest.json["url"], invite["url"]);
            } else {
                for text in [response.to_string(), rest.text] {
                    assert!(!text.contains("gate-key"), "{viewer:?}: {text}");
                }
            }
        }
    }
}

/// Collects the id and address of each user in a response.
fn users_in(value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| users_in(value, found)),
        Value::Object(fields) => {
            if let (Some(Value::String(id)), Some(email)) =
                (fields.get("userId"), fields.get("userEmail"))
            {
                found.push((id.clone(), email.clone()));
            }
            fields.values().for_each(|value| users_in(value, found));
        }
        _ => {}
    }
}
