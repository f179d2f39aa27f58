//! Course invites to e-mail addresses: somebody without an account is invited, signs up, and joins.

use std::collections::BTreeSet;

use entity::{course_invite, course_member, invite_event, user};
use invite_gateway::import::{self, Kind, MaxWithdrawn, Replacement, Scope};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection,
    EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, at, data, each_database, invite_id};

const MANAGER: i64 = 1;
const OTHER: i64 = 2;
/// Manages another course.
const ELSEWHERE: i64 = 3;
const GRACE: i64 = 4;
const ADDRESS: &str = "Grace@B\u{fc}cher.example";

async fn fill(gateway: &Gateway) {
    for (id, name) in [(MANAGER, "ada"), (OTHER, "bob"), (ELSEWHERE, "eve")] {
        gateway.add(data::user(id, name)).await;
    }
    gateway
        .add(entity::course::Model {
            privacy: entity::course::CoursePrivacy::Secret,
            ..data::course(1, "rust", MANAGER)
        })
        .await;
    gateway.add(data::course(2, "sql", ELSEWHERE)).await;
}

/// Adds the account of the person with the address, who wrote it in another way.
async fn sign_up(gateway: &Gateway, is_verified: bool) {
    let account = user::Model {
        email: "GRACE@xn--bcher-kva.example".to_owned(),
        email_norm: "grace@xn--bcher-kva.example".to_owned(),
        is_verified,
        ..data::user(GRACE, "grace")
    };
    gateway.add(account).await;
}

async fn verify(gateway: &Gateway) {
    let verified = user::ActiveModel {
        id: Set(GRACE),
        is_verified: Set(true),
        ..Default::default()
    };
    verified.update(&gateway.database).await.expect("a user");
}

async fn mutate(gateway: &Gateway, viewer: i64, mutation: &str) -> Value {
    let document = format!("mutation {{ it: {mutation} }}");
    let mut data = gateway.data(Viewer::User(viewer), &document).await;
    data["it"].take()
}

/// Invites users and addresses. Returns the payload.
async fn invite(gateway: &Gateway, lists: &str) -> Value {
    let document = format!(
        "createCourseInvites(input: {{ course: \"1\", {lists} }}) {{
            results {{ user {{ username }} email invite {{ databaseId status email invitee {{ username }} }}
                userErrors {{ code field }} }}
            userErrors {{ code field }} }}"
    );
    mutate(gateway, MANAGER, &document).await
}

/// Answers an invite by its id. Returns `done`, or the code of the refusal.
async fn answer(gateway: &Gateway, viewer: i64, mutation: &str, id: i64) -> String {
    let id = invite_id("CourseInvite", 1, id);
    let document = format!("{mutation}(input: {{ id: \"{id}\" }}) {{ userErrors {{ code }} }}");
    let payload = mutate(gateway, viewer, &document).await;
    let code = payload["userErrors"][0]["code"].as_str();
    code.unwrap_or("done").to_owned()
}

async fn invites(database: &DatabaseConnection) -> Vec<course_invite::Model> {
    let rows = course_invite::Entity::find().order_by_asc(course_invite::Column::Id);
    rows.all(database).await.expect("invites")
}

async fn is_member(gateway: &Gateway, user: i64) -> bool {
    let member = course_member::Entity::find_by_id((1, user));
    let member = member.one(&gateway.database).await;
    member.expect("members").is_some()
}

async fn events(gateway: &Gateway) -> Vec<(String, i64)> {
    let rows = invite_event::Entity::find().order_by_asc(invite_event::Column::Id);
    let rows = rows.all(&gateway.database).await.expect("events");
    rows.into_iter()
        .map(|row| (row.event_type, row.invite_id))
        .collect()
}

/// The first id that the gateway gives.
const FIRST: i64 = 1_000_000_000_000;

each_database! {
    async fn somebody_without_an_account_is_invited_signs_up_and_joins(gateway) {
        fill(&gateway).await;
        let created = invite(&gateway, &format!("users: [\"{OTHER}\"], emails: [\" {ADDRESS} \"]")).await;
        assert_eq!(created["results"][1], json!({ "user": null, "email": format!(" {ADDRESS} "), "userErrors": [],
            "invite": { "databaseId": (FIRST + 1).to_string(), "status": "PENDING", "email": ADDRESS, "invitee": null } }));
        assert_eq!(created["results"][0]["invite"]["email"], json!(null));
        let id = FIRST + 1;
        let course = "{ course(id: \"rust\") { id } viewer { receivedInvites { totalCount } } }";
        let hidden = json!({ "course": null, "viewer": { "receivedInvites": { "totalCount": 0 } } });

        sign_up(&gateway, false).await;
        assert_eq!(gateway.data(Viewer::User(GRACE), course).await, hidden);
        assert_eq!(answer(&gateway, GRACE, "acceptInvite", id).await, "NOT_FOUND", "unverified");
        verify(&gateway).await;
        for (viewer, expected) in [(OTHER, "NOT_FOUND"), (ELSEWHERE, "NOT_FOUND"), (MANAGER, "WRONG_ACCOUNT")] {
            assert_eq!(answer(&gateway, viewer, "acceptInvite", id).await, expected, "{viewer}");
            assert_eq!(answer(&gateway, viewer, "declineInvite", id).await, expected, "{viewer}");
        }
        let data = gateway.data(Viewer::User(GRACE), course).await;
        assert_eq!(data["viewer"]["receivedInvites"]["totalCount"], 1);
        assert!(data["course"].is_object(), "{data}");

        assert_eq!(answer(&gateway, GRACE, "acceptInvite", id).await, "done");
        assert!(is_member(&gateway, GRACE).await);
        let row = invites(&gateway.database).await.remove(1);
        assert_eq!((row.accepted_by_id, row.user_id, row.email.as_deref()), (Some(GRACE), None, Some(ADDRESS)));
        assert_eq!(row.status, Some(course_invite::StoredStatus::Accepted));
        // Once more, by the same person.
        assert_eq!(answer(&gateway, GRACE, "acceptInvite", id).await, "done");
        assert_eq!(answer(&gateway, GRACE, "declineInvite", id).await, "ALREADY_ACCEPTED");
        let expected = [("created", FIRST), ("created", id), ("accepted", id)];
        assert_eq!(events(&gateway).await, expected.map(|(event, id)| (event.to_owned(), id)));
        let document = format!("{{ node(id: \"{}\") {{ ... on CourseInvite {{ status email acceptedBy {{ username }}
            history {{ nodes {{ type }} }} }} }} }}", invite_id("CourseInvite", 1, id));
        assert_eq!(gateway.data(Viewer::User(MANAGER), &document).await["node"], json!({ "status": "ACCEPTED",
            "email": ADDRESS, "acceptedBy": { "username": "grace" },
            "history": { "nodes": [{ "type": "ACCEPTED" }, { "type": "CREATED" }] } }));
    }

    async fn an_unverified_address_of_somebody_who_sees_the_invite_must_be_verified(gateway) {
        fill(&gateway).await;
        sign_up(&gateway, false).await;
        gateway.add(data::course_member(1, GRACE, "manager")).await;
        gateway.add(data::address_invite(1, 1, ADDRESS)).await;
        assert_eq!(answer(&gateway, GRACE, "acceptInvite", 1).await, "EMAIL_NOT_VERIFIED");
    }

    async fn an_answer_does_not_tell_whether_an_account_exists(gateway) {
        fill(&gateway).await;
        sign_up(&gateway, true).await;
        // The address of a member, of an invited user, of another account, and of nobody.
        gateway.add(data::course_member(1, OTHER, "joined")).await;
        invite(&gateway, &format!("users: [\"{GRACE}\"]")).await;
        let addresses = ["bob@example.com", "grace@xn--bcher-kva.example", "eve@example.com", "nobody@example.com"];
        let created = invite(&gateway, &format!("emails: {}", json!(addresses))).await;
        for (row, address) in addresses.iter().enumerate() {
            let id = (FIRST + 1 + i64::try_from(row).expect("a row")).to_string();
            assert_eq!(created["results"][row], json!({ "user": null, "email": address, "userErrors": [],
                "invite": { "databaseId": id, "status": "PENDING", "email": address, "invitee": null } }));
        }
    }

    async fn accepting_by_address_accepts_the_invite_of_the_account(gateway) {
        fill(&gateway).await;
        sign_up(&gateway, true).await;
        invite(&gateway, &format!("users: [\"{GRACE}\", \"{OTHER}\"], emails: [\"{ADDRESS}\"]")).await;
        let (by_account, of_another, by_address) = (FIRST, FIRST + 1, FIRST + 2);
        assert_eq!(answer(&gateway, GRACE, "acceptInvite", by_address).await, "done");
        for row in invites(&gateway.database).await {
            let acceptor = (row.id != of_another).then_some(GRACE);
            assert_eq!((row.accepted_by_id, row.accepted_at.is_some()), (acceptor, acceptor.is_some()), "{}", row.id);
        }
        assert_eq!(answer(&gateway, GRACE, "acceptInvite", by_account).await, "done");
        let found = events(&gateway).await.into_iter().filter(|(event, _)| event == "accepted");
        assert_eq!(found.map(|(_, id)| id).collect::<BTreeSet<_>>(), BTreeSet::from([by_account, by_address]));
        assert!(!is_member(&gateway, OTHER).await);
    }

    async fn accepting_by_account_does_not_tell_its_address(gateway) {
        fill(&gateway).await;
        sign_up(&gateway, true).await;
        // A manager tries addresses of an account.
        invite(&gateway, &format!("users: [\"{GRACE}\"], emails: [\"guess@example.org\", \"{ADDRESS}\"]")).await;
        let by_address = FIRST + 2;
        assert_eq!(answer(&gateway, GRACE, "acceptInvite", FIRST).await, "done");
        let document = "{ course(id: 1) { inviteCounts { pending accepted } invites(orderBy: { field: EMAIL, direction: ASC }) { nodes {
            email status acceptedAt acceptedBy { username } history { nodes { type } } } } } }";
        let data = gateway.data(Viewer::User(MANAGER), document).await;
        assert_eq!(data["course"]["inviteCounts"], json!({ "pending": 2, "accepted": 1 }));
        let mut nodes = data["course"]["invites"]["nodes"].as_array().expect("nodes")[1..].to_vec();
        nodes.iter_mut().for_each(|node| node["email"] = json!(null));
        assert_eq!(nodes[0], nodes[1], "a guess, and the address of the member");
        assert_eq!(nodes[0]["status"], "PENDING");
        // The person may answer the other invite, too.
        assert_eq!(answer(&gateway, GRACE, "acceptInvite", by_address).await, "done");
        let member = gateway.data(Viewer::User(MANAGER), document).await;
        assert_eq!(member["course"]["inviteCounts"], json!({ "pending": 1, "accepted": 2 }));
        assert!(is_member(&gateway, GRACE).await);
    }

    async fn others_find_the_address_nowhere(gateway) {
        fill(&gateway).await;
        gateway.add(course_invite::Model { invited_by_id: Some(MANAGER), ..data::address_invite(1, 1, ADDRESS) }).await;
        gateway.add(data::course_invite(2, 1, OTHER)).await;
        gateway.add(data::user(5, "joe")).await;
        gateway.add(data::course_member(1, 5, "joined")).await;
        sign_up(&gateway, false).await;
        let id = invite_id("CourseInvite", 1, 1);
        let fields = "... on CourseInvite { email invitee { username } acceptedBy { username } history { nodes { type } } }";
        let course = "course(id: 1) { inviteCounts { pending } invites(filter: { search: \"grace\" }) { totalCount nodes { email } } invitees { nodes { username } } }";
        let documents = [
            format!("{{ node(id: \"{id}\") {{ id {fields} }} }}"),
            format!("{{ nodes(ids: [\"{id}\"]) {{ id {fields} }} }}"),
            format!("{{ _entities(representations: [{{ __typename: \"CourseInvite\", id: \"{id}\" }}]) {{ {fields} }} }}"),
            format!("{{ {course} }}"),
            format!("{{ viewer {{ receivedInvites {{ nodes {{ id {fields} }} }} sentInvites {{ nodes {{ id {fields} }} }} }} }}"),
        ];
        let others = [OTHER, ELSEWHERE, GRACE, 5].map(Viewer::User);
        for viewer in others.into_iter().chain([Viewer::Anonymous]) {
            for document in &documents {
                let response = gateway.graphql(viewer, document).await;
                let text = response.to_string().to_lowercase();
                assert!(!text.contains("cher.example"), "{document}: {text}");
            }
        }
        for document in &documents {
            let response = gateway.graphql(Viewer::User(MANAGER), document).await;
            assert!(response.to_string().contains(ADDRESS), "{document}: {response}");
        }
        let rest = gateway.get(Viewer::User(MANAGER), "/api/v2/course/1/invite/").await.json;
        assert!(!rest.to_string().contains("cher.example"), "{rest}");
    }

    async fn two_accounts_with_the_address_give_one_member(gateway) {
        fill(&gateway).await;
        sign_up(&gateway, true).await;
        let twin = user::Model { email_norm: "grace@xn--bcher-kva.example".to_owned(), ..data::user(5, "grace2") };
        gateway.add(twin).await;
        gateway.add(data::address_invite(1, 1, ADDRESS)).await;
        let answers = futures_util::future::join_all([GRACE, 5].map(|user| answer(&gateway, user, "acceptInvite", 1))).await;
        let answers: BTreeSet<_> = answers.iter().map(String::as_str).collect();
        assert_eq!(answers, BTreeSet::from(["ALREADY_ACCEPTED", "done"]));
        assert_ne!(is_member(&gateway, GRACE).await, is_member(&gateway, 5).await);
    }

    async fn addresses_are_checked_and_invited_once(gateway) {
        fill(&gateway).await;
        let created = invite(&gateway, "emails: [\"x@a.io\", \"nonsense\", \"X@A.io\", \"y@a.io\"]").await;
        let errors: Vec<_> = (0..4).map(|row| created["results"][row]["userErrors"][0].clone()).collect();
        assert_eq!(errors, [json!(null), json!({ "code": "INVALID_EMAIL", "field": ["emails", "1"] }),
            json!({ "code": "INVALID", "field": ["emails", "2"] }), json!(null)]);
        let again = invite(&gateway, "users: [\"2\"], emails: [\"X@a.io\"]").await;
        assert_eq!(again["results"][1]["userErrors"], json!([{ "code": "ALREADY_INVITED", "field": ["emails", "0"] }]));
        assert_eq!(again["results"][1]["invite"]["databaseId"], FIRST.to_string());
        assert_eq!(again["results"][0]["userErrors"], json!([]));
        let many: Vec<_> = (0..100).map(|n| format!("n{n}@a.io")).collect();
        for lists in ["users: []".to_owned(), "users: [], emails: []".to_owned(), format!("users: [\"2\"], emails: {}", json!(many))] {
            let refused = invite(&gateway, &lists).await;
            assert_eq!(refused["userErrors"][0]["code"], "INVALID", "{lists}");
        }
    }

    async fn an_address_invite_is_cancelled_opened_again_resent_and_declined(gateway) {
        fill(&gateway).await;
        invite(&gateway, "emails: [\"grace@b\u{fc}cher.example\"]").await;
        let ids = format!("(input: {{ ids: [\"{}\"] }}) {{ results {{ invite {{ status }} userErrors {{ code }} }} }}",
            invite_id("CourseInvite", 1, FIRST));
        let change = async |mutation: &str| {
            let payload = mutate(&gateway, MANAGER, &format!("{mutation}{ids}")).await;
            payload["results"][0].clone()
        };
        assert_eq!(change("cancelInvites").await["invite"]["status"], "CANCELLED");
        let again = invite(&gateway, &format!("emails: [\"{ADDRESS}\"]")).await;
        assert_eq!(again["results"][0]["invite"]["databaseId"], FIRST.to_string());
        // As it was written last.
        assert_eq!(again["results"][0]["invite"]["email"], ADDRESS);
        gateway.set_now(at("2026-06-01T12:02:00Z"));
        assert_eq!(change("resendInvites").await, json!({ "invite": { "status": "PENDING" }, "userErrors": [] }));
        sign_up(&gateway, true).await;
        assert_eq!(answer(&gateway, GRACE, "declineInvite", FIRST).await, "done");
        let counts = gateway.data(Viewer::User(MANAGER), "{ course(id: 1) { inviteCounts { pending declined } } }").await;
        assert_eq!(counts["course"]["inviteCounts"], json!({ "pending": 0, "declined": 1 }));
        assert_eq!(change("resendInvites").await["userErrors"][0]["code"], "DECLINED");
        assert!(!is_member(&gateway, GRACE).await);
    }

    async fn lists_agree_with_their_totals(gateway) {
        fill(&gateway).await;
        gateway.add(data::course_invite(1, 1, OTHER)).await;
        gateway.add(data::address_invite(2, 1, "zoe@example.org")).await;
        gateway.add(data::address_invite(3, 1, "\u{c9}va@example.org")).await;
        for (arguments, expected) in [
            ("orderBy: { field: CREATED_AT, direction: ASC }", vec!["1", "2", "3"]),
            ("orderBy: { field: EMAIL, direction: ASC }", vec!["1", "2", "3"]),
            ("orderBy: { field: EMAIL, direction: DESC }", vec!["3", "2", "1"]),
            ("orderBy: { field: USERNAME, direction: ASC }", vec!["2", "3", "1"]),
            ("orderBy: { field: NAME, direction: DESC }", vec!["1", "3", "2"]),
            ("filter: { search: \"ZOE@\" }", vec!["2"]),
            ("filter: { search: \"bob\" }", vec!["1"]),
            ("filter: { invitee: 2 }", vec!["1"]),
        ] {
            let document = format!("{{ course(id: 1) {{ inviteCounts {{ pending }}
                invites({arguments}) {{ totalCount nodes {{ databaseId }} }}
                invitees {{ totalCount nodes {{ username }} }} }} }}");
            let data = gateway.data(Viewer::User(MANAGER), &document).await;
            let nodes: Vec<_> = expected.iter().map(|id| json!({ "databaseId": id })).collect();
            assert_eq!(data["course"]["invites"], json!({ "totalCount": nodes.len(), "nodes": nodes }), "{arguments}");
            assert_eq!(data["course"]["invitees"], json!({ "totalCount": 1, "nodes": [{ "username": "bob" }] }));
            assert_eq!(data["course"]["inviteCounts"]["pending"], 3);
        }
        let rest = gateway.get(Viewer::User(MANAGER), "/api/v2/course/1/invite/").await.json;
        assert_eq!((&rest["count"], rest["results"].as_array().map(Vec::len)), (&json!(1), Some(1)));
        // Every page has the next rows, whatever the order.
        for field in ["EMAIL", "USERNAME", "NAME"] {
            let mut after = json!(null);
            let mut found = BTreeSet::new();
            for _ in 0..3 {
                let document = format!("{{ course(id: 1) {{ invites(first: 1, after: {after},
                    orderBy: {{ field: {field}, direction: ASC }}) {{ edges {{ cursor node {{ databaseId }} }} }} }} }}");
                let data = gateway.data(Viewer::User(MANAGER), &document).await;
                let edge = &data["course"]["invites"]["edges"][0];
                after = edge["cursor"].clone();
                found.insert(edge["node"]["databaseId"].to_string());
            }
            assert_eq!(found.len(), 3, "{field}");
        }
    }

    async fn mailboxes_have_the_invites_of_a_verified_address(gateway) {
        fill(&gateway).await;
        sign_up(&gateway, true).await;
        gateway.add(data::address_invite(1, 1, ADDRESS)).await;
        gateway.add(course_invite::Model {
            accepted_at: Some(data::made()), accepted_by_id: Some(GRACE), ..data::address_invite(2, 2, "old@example.org")
        }).await;
        let list = "receivedInvites(filter: { status: [PENDING, ACCEPTED] }, orderBy: { field: EMAIL, direction: ASC }) { totalCount nodes { ... on CourseInvite { databaseId } } }";
        let expected = json!({ "totalCount": 2, "nodes": [{ "databaseId": "1" }, { "databaseId": "2" }] });
        let own = gateway.data(Viewer::User(GRACE), &format!("{{ viewer {{ {list} }} }}")).await;
        assert_eq!(own["viewer"]["receivedInvites"], expected);
        let user = crate::support::global_id("User", GRACE);
        let of_user = gateway.data(Viewer::Staff(MANAGER), &format!("{{ node(id: \"{user}\") {{ ... on User {{ {list} }} }} }}")).await;
        assert_eq!(of_user["node"]["receivedInvites"], expected);
    }

    async fn files_have_addresses_in_place_of_users(gateway) {
        fill(&gateway).await;
        let row = |address: &str| json!({ "course": 1, "email": address, "created_at": "2026-01-01T00:00:00Z" });
        let both = json!({ "course": 1, "user": OTHER, "email": "bob@example.com" });
        let import = async |rows: &[Value]| {
            let (_, rejected) = gateway.import(Kind::CourseInvites, rows).await;
            assert!(rejected.is_empty(), "{rejected:?}");
            let rows = invites(&gateway.database).await;
            rows.into_iter().map(|row| (row.id - FIRST, row.user_id, row.email)).collect::<Vec<_>>()
        };
        let expected = |first: &str| [(0, None, Some(first.to_owned())), (1, Some(OTHER), None), (2, None, Some("y@a.io".to_owned()))];
        assert_eq!(import(&[row("x@a.io"), both.clone(), row("y@a.io"), row("x@a.io")]).await, expected("x@a.io"));
        assert_eq!(import(&[row("y@a.io"), both, row("X@a.io")]).await, expected("X@a.io"), "again");
        let (_, rejected) = gateway.import(Kind::CourseInvites, &[
            json!({ "course": 1 }), json!({ "course": 1, "email": "nonsense" }), json!({ "id": FIRST, "course": 1, "email": "z@a.io" }),
            json!({ "id": 7, "course": 1, "email": "w@a.io" }),
        ]).await;
        let reasons: Vec<_> = rejected.iter().map(ToString::to_string).collect();
        assert_eq!(reasons, [
            "line 1: user: required, but missing",
            "line 2: email: expected one e-mail address such as name@example.com",
            "line 3: id: already used by another row",
        ]);

        let (_, rejected) = gateway.import(Kind::CourseInvites, &[json!({ "course": 1, "email": "W@A.IO", "deleted": true })]).await;
        assert!(rejected.is_empty(), "{rejected:?}");
        let pending = async || {
            let rows = invites(&gateway.database).await.into_iter();
            let rows = rows.filter(|row| row.status == Some(course_invite::StoredStatus::Pending));
            rows.map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(pending().await, [FIRST, FIRST + 1, FIRST + 2]);
        let options = import::Options {
            replace: Some(Replacement { scope: Scope::Course, max_withdrawn: MaxWithdrawn::Rows(9) }),
            ..Default::default()
        };
        gateway.import_with(Kind::CourseInvites, &[row("y@a.io")], options).await;
        assert_eq!(pending().await, [FIRST + 2]);
    }

    async fn the_database_demands_one_invitee(gateway) {
        fill(&gateway).await;
        let insert = async |invite: course_invite::Model| {
            let row = invite.into_active_model().reset_all();
            row.insert(&gateway.database).await.is_ok()
        };
        let address = data::address_invite(1, 1, ADDRESS);
        let account = data::course_invite(2, 1, OTHER);
        assert!(!insert(course_invite::Model { user_id: None, ..account.clone() }).await);
        assert!(!insert(course_invite::Model { user_id: Some(OTHER), ..address.clone() }).await);
        assert!(!insert(course_invite::Model { email_norm: None, ..address.clone() }).await);
        assert!(!insert(course_invite::Model { email_norm: Some(String::new()), ..address.clone() }).await);
        assert!(insert(address.clone()).await);
        assert!(insert(account.clone()).await);
        assert!(!insert(course_invite::Model { id: 3, ..address }).await, "one invite for an address");
        assert!(!insert(course_invite::Model { id: 3, ..account }).await, "one invite for an account");
        // Deleting the account of the acceptor keeps the invite.
        let sql = "UPDATE course_invites SET accepted_by_id = 3 WHERE id = 1;
            DELETE FROM courses WHERE id = 2; DELETE FROM users WHERE id = 3";
        gateway.database.execute_unprepared(sql).await.expect("a deletion");
        let found = course_invite::Entity::find().filter(course_invite::Column::AcceptedById.is_null());
        assert_eq!(found.all(&gateway.database).await.expect("invites").len(), 2);
    }
}
