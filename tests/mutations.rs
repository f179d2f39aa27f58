//! Mutations: an invite is carried through its life, and each refusal is data at its path.

use axum::http::Method;
use entity::{
    course_member, group_invite, group_member, invite_event, tag, user, workspace_invite,
    workspace_member,
};
use invite_gateway::{
    graphql::{Executor, Limits, SchemaSettings},
    import::Kind,
    lifecycle::WriteLimits,
    metrics::Metrics,
};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, invite_id};

/// Owner, admin and member of workspace 1; a stranger, and the invitee of its invite 1.
const OWNER: i64 = 1;
const ADMIN: i64 = 2;
const MEMBER: i64 = 3;
const STRANGER: i64 = 4;
const INVITEE: i64 = 5;

async fn fill(gateway: &Gateway) {
    for (id, name) in [
        (OWNER, "olga"),
        (ADMIN, "ada"),
        (MEMBER, "mia"),
        (STRANGER, "sid"),
    ] {
        gateway.add(data::user(id, name)).await;
    }
    gateway
        .add(user::Model {
            email: "invitee1@example.org".to_owned(),
            email_norm: "invitee1@example.org".to_owned(),
            ..data::user(INVITEE, "ivy")
        })
        .await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add_all([
            data::workspace_member(1, OWNER, "owner"),
            data::workspace_member(1, ADMIN, "admin"),
            data::workspace_member(1, MEMBER, "member"),
        ])
        .await;
    gateway.add(data::workspace_invite(1, 1)).await;
    gateway.add(data::group(1, "studio")).await;
    gateway.add(data::group_member(1, ADMIN, "manager")).await;
    gateway.add(data::course(1, "rust", ADMIN)).await;
}

const CREATE: &str = "mutation ($input: CreateWorkspaceInvitesInput!) {
    createWorkspaceInvites(input: $input) {
        results { email acceptUrl invite { id email role status message inviter { username } }
            userErrors { code field } }
        userErrors { code field message }
        clientMutationId
    } }";

async fn create(gateway: &Gateway, viewer: i64, input: Value) -> Value {
    let variables = json!({ "input": input });
    let mut response = gateway
        .graphql_with(Viewer::User(viewer), CREATE, variables)
        .await;
    assert_eq!(response.get("errors"), None, "{response:#}");
    response["data"]["createWorkspaceInvites"].take()
}

async fn mutate(gateway: &Gateway, viewer: i64, field: &str, input: &str, selected: &str) -> Value {
    let document = format!(
        "mutation {{ {field}(input: {input}) {{ {selected} userErrors {{ code field }} }} }}"
    );
    let mut data = gateway.data(Viewer::User(viewer), &document).await;
    data[field].take()
}

/// Returns the types of all events, in the order of their ids.
async fn events(gateway: &Gateway) -> Vec<String> {
    let rows = invite_event::Entity::find()
        .order_by_asc(invite_event::Column::Id)
        .all(&gateway.database)
        .await
        .expect("events");
    rows.into_iter()
        .map(|event| format!("{} {}", event.kind, event.event_type))
        .collect()
}

fn read_only_executor() -> Executor {
    let settings = SchemaSettings {
        mutations: false,
        ..SchemaSettings::default()
    };
    Executor::new(settings, Limits::default(), 0, &Metrics::default()).expect("a schema")
}

fn token_of(url: &Value) -> String {
    let url = url.as_str().expect("a URL");
    url.rsplit('/').next().expect("a token").to_owned()
}

each_database! {
    async fn an_invite_goes_from_creation_to_a_member(gateway) {
        fill(&gateway).await;
        let created = create(&gateway, ADMIN, json!({ "workspace": "1", "message": "Join us",
            "invitees": [{ "email": "Sid@Example.com", "role": "editor" }], "clientMutationId": "m" })).await;
        assert_eq!(created["userErrors"], json!([]));
        assert_eq!(created["clientMutationId"], "m");
        let result = &created["results"][0];
        assert_eq!(result["email"], "Sid@Example.com");
        let invite = &result["invite"];
        assert_eq!(invite["email"], "Sid@Example.com");
        assert_eq!(invite["role"], "editor");
        assert_eq!(invite["status"], "PENDING");
        assert_eq!(invite["message"], "Join us");
        assert_eq!(invite["inviter"]["username"], "ada");
        assert_eq!(result["userErrors"], json!([]));
        let token = token_of(&result["acceptUrl"]);

        let accepted = mutate(&gateway, STRANGER, "acceptInvite", &format!("{{ token: {token:?} }}"),
            "invite { id status acceptedAt } target { ... on Workspace { name } }").await;
        assert_eq!(accepted["userErrors"], json!([]));
        assert_eq!(accepted["invite"]["id"], invite["id"]);
        assert_eq!(accepted["invite"]["status"], "ACCEPTED");
        assert_eq!(accepted["target"]["name"], "Workspace 1");
        let member = workspace_member::Entity::find_by_id((1, STRANGER)).one(&gateway.database).await;
        assert_eq!(member.expect("rows").expect("a member").role, "editor");

        // The same person once more: success, and no further event.
        let again = mutate(&gateway, STRANGER, "acceptInvite", &format!("{{ token: {token:?} }}"), "invite { status }").await;
        assert_eq!(again, json!({ "invite": { "status": "ACCEPTED" }, "userErrors": [] }));
        assert_eq!(events(&gateway).await, ["workspace_invite created", "workspace_invite accepted"]);
    }

    async fn each_row_has_its_outcome(gateway) {
        fill(&gateway).await;
        let created = create(&gateway, ADMIN, json!({ "workspace": "1", "invitees": [
            { "email": "new@x.io" },
            { "email": "nonsense" },
            { "email": "New@X.io" },
            { "email": "mia@example.com" },
            { "email": "INVITEE1@example.org" },
            { "email": "boss@x.io", "role": "owner" },
            { "email": "boss@x.io", "role": "emperor" },
            { "email": "jos\u{e9}@b\u{fc}cher.example", "role": "guest" },
        ] })).await;
        assert_eq!(created["userErrors"], json!([]));
        let codes: Vec<_> = created["results"].as_array().expect("rows").iter()
            .map(|row| (row["userErrors"][0]["code"].as_str(), row["userErrors"][0]["field"].clone()))
            .collect();
        let at = |row: usize, field: &str| json!(["invitees", row.to_string(), field]);
        assert_eq!(codes, [
            (None, json!(null)),
            (Some("INVALID_EMAIL"), at(1, "email")),
            (Some("INVALID"), at(2, "email")),
            (Some("ALREADY_MEMBER"), at(3, "email")),
            (Some("ALREADY_INVITED"), at(4, "email")),
            (Some("ROLE_NOT_ALLOWED"), at(5, "role")),
            (Some("ROLE_NOT_ALLOWED"), at(6, "role")),
            (None, json!(null)),
        ]);
        // The invite that is there, and no link to it.
        let invited = &created["results"][4];
        assert_eq!(invited["invite"]["email"], "invitee1@example.org");
        assert_eq!(invited["acceptUrl"], json!(null));
        assert_eq!(events(&gateway).await.len(), 2);
    }

    async fn a_request_that_is_refused_as_a_whole_says_where(gateway) {
        fill(&gateway).await;
        let one = json!([{ "email": "new@x.io" }]);
        for (viewer, input, code, field) in [
            (ADMIN, json!({ "workspace": "1", "invitees": [] }), "INVALID", "invitees"),
            (ADMIN, json!({ "workspace": "99", "invitees": one }), "NOT_FOUND", "workspace"),
            (ADMIN, json!({ "workspace": "nonsense", "invitees": one }), "NOT_FOUND", "workspace"),
            (STRANGER, json!({ "workspace": "1", "invitees": one }), "NOT_FOUND", "workspace"),
            (MEMBER, json!({ "workspace": "1", "invitees": one }), "NOT_ALLOWED", "workspace"),
            (ADMIN, json!({ "workspace": "1", "invitees": one, "expiresAt": "2026-01-01T00:00:00Z" }), "INVALID", "expiresAt"),
            (ADMIN, json!({ "workspace": "1", "invitees": one, "expiresAt": "2027-01-01T00:00:00Z" }), "INVALID", "expiresAt"),
            (ADMIN, json!({ "workspace": "1", "invitees": one, "message": "x".repeat(2001) }), "INVALID", "message"),
            (ADMIN, json!({ "workspace": "1", "invitees": one, "idempotencyKey": "" }), "INVALID", "idempotencyKey"),
        ] {
            let created = create(&gateway, viewer, input.clone()).await;
            assert_eq!(created["results"], json!([]), "{input}");
            assert_eq!(created["userErrors"][0]["code"], code, "{input}");
            assert_eq!(created["userErrors"][0]["field"], json!([field]), "{input}");
        }
        assert_eq!(events(&gateway).await, [""; 0]);
    }

    async fn too_many_rows_are_refused_before_any_is_read(gateway) {
        fill(&gateway).await;
        let rows: Vec<_> = (0..101).map(|n| json!({ "email": format!("n{n}@x.io") })).collect();
        let input = json!({ "input": { "workspace": "1", "invitees": rows } });
        let response = gateway.graphql_with(Viewer::User(ADMIN), CREATE, input).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        let message = response["errors"][0]["message"].as_str().expect("a message");
        assert!(message.ends_with("at invitees: expected at most 100 values, not 101."), "{message}");
        assert_eq!(events(&gateway).await, [""; 0]);
    }

    async fn a_request_with_a_key_is_carried_out_once(gateway) {
        fill(&gateway).await;
        let input = json!({ "workspace": "1", "idempotencyKey": "k1",
            "invitees": [{ "email": "a@x.io" }, { "email": "mia@example.com" }, { "email": "b@x.io" }] });
        let first = create(&gateway, ADMIN, input.clone()).await;
        let again = create(&gateway, ADMIN, input.clone()).await;
        for row in 0..3 {
            let (first, again) = (&first["results"][row], &again["results"][row]);
            assert_eq!(first["invite"]["id"], again["invite"]["id"]);
            assert_eq!(first["userErrors"], again["userErrors"]);
        }
        let invites = workspace_invite::Entity::find().count(&gateway.database).await.expect("a number");
        assert_eq!(invites, 3);
        // A link can't be read back. One more is made, and the one before works, too.
        for created in [&first, &again] {
            let token = token_of(&created["results"][0]["acceptUrl"]);
            let data = gateway.data(Viewer::Anonymous, &format!("{{ workspaceInvite(token: {token:?}) {{ email }} }}")).await;
            assert_eq!(data["workspaceInvite"]["email"], "a@x.io");
        }
        assert_ne!(first["results"][0]["acceptUrl"], again["results"][0]["acceptUrl"]);

        let other = json!({ "workspace": "1", "idempotencyKey": "k1", "invitees": [{ "email": "c@x.io" }] });
        let refused = create(&gateway, ADMIN, other.clone()).await;
        assert_eq!(refused["userErrors"][0]["code"], "INVALID");
        assert_eq!(refused["userErrors"][0]["field"], json!(["idempotencyKey"]));
        // Keys are each viewer's own.
        let created = create(&gateway, OWNER, other).await;
        assert_eq!(created["userErrors"], json!([]));
    }

    async fn only_the_addressee_accepts(gateway) {
        fill(&gateway).await;
        gateway.add(user::Model {
            is_verified: false,
            email: "INVITEE1@example.org".to_owned(),
            email_norm: "invitee1@example.org".to_owned(),
            ..data::user(6, "unverified")
        }).await;
        let token = format!("{{ token: \"{}\" }}", data::token(1));
        for (viewer, code) in [(STRANGER, "WRONG_ACCOUNT"), (OWNER, "WRONG_ACCOUNT"), (6, "EMAIL_NOT_VERIFIED")] {
            for field in ["acceptInvite", "declineInvite"] {
                let refused = mutate(&gateway, viewer, field, &token, "invite { id }").await;
                assert_eq!(refused, json!({ "invite": null, "userErrors": [{ "code": code, "field": ["token"] }] }));
            }
        }
        assert_eq!(events(&gateway).await, [""; 0]);
        let declined = mutate(&gateway, INVITEE, "declineInvite", &token, "invite { status declinedAt cancelledAt }").await;
        assert_eq!(declined["invite"]["status"], "DECLINED");
        assert_eq!(declined["invite"]["cancelledAt"], json!(null));
        let refused = mutate(&gateway, INVITEE, "acceptInvite", &token, "invite { id }").await;
        assert_eq!(refused["userErrors"][0]["code"], "DECLINED");
        assert_eq!(events(&gateway).await, ["workspace_invite declined"]);
        // The REST contract has no word for a refusal.
        let rest = gateway.get(Viewer::Anonymous, &format!("/api/v1/invites/{}/", data::token(1))).await;
        assert_eq!(rest.json["status"], "cancelled");
    }

    async fn managers_cancel_resend_and_update(gateway) {
        fill(&gateway).await;
        let id = |viewer| {
            let gateway = &gateway;
            async move {
                let data = gateway.data(Viewer::User(viewer), &format!("{{ workspaceInvite(token: \"{}\") {{ id }} }}", data::token(1))).await;
                data["workspaceInvite"]["id"].as_str().expect("an id").to_owned()
            }
        };
        let id = id(ADMIN).await;
        let ids = format!("{{ ids: [{id:?}, \"bm9uc2Vuc2U\"] }}");
        let not_found = json!({ "code": "NOT_FOUND", "field": ["ids", "1"] });
        for (viewer, code) in [(STRANGER, "NOT_FOUND"), (INVITEE, "NOT_ALLOWED"), (MEMBER, "NOT_FOUND")] {
            for field in ["cancelInvites", "resendInvites"] {
                let refused = mutate(&gateway, viewer, field, &ids, "results { invite { id } userErrors { code field } }").await;
                assert_eq!(refused["results"], json!([
                    { "invite": null, "userErrors": [{ "code": code, "field": ["ids", "0"] }] },
                    { "invite": null, "userErrors": [not_found] },
                ]), "{viewer} {field}");
            }
        }
        let sent = mutate(&gateway, ADMIN, "resendInvites", &ids, "results { acceptUrl invite { status } userErrors { code field } }").await;
        assert_eq!(sent["results"][0]["userErrors"], json!([]));
        let token = token_of(&sent["results"][0]["acceptUrl"]);
        for token in [token, data::token(1).to_string()] {
            let data = gateway.data(Viewer::Anonymous, &format!("{{ workspaceInvite(token: {token:?}) {{ status }} }}")).await;
            assert_eq!(data["workspaceInvite"]["status"], "PENDING");
        }
        let sent = mutate(&gateway, ADMIN, "resendInvites", &ids, "results { userErrors { code message } }").await;
        assert_eq!(sent["results"][0]["userErrors"][0]["code"], "LIMIT_REACHED");

        let input = format!("{{ id: {id:?}, role: \"guest\", message: \"\" }}");
        let updated = mutate(&gateway, ADMIN, "updateInvite", &input, "invite { role ... on WorkspaceInvite { message } }").await;
        assert_eq!(updated, json!({ "invite": { "role": "guest", "message": null }, "userErrors": [] }));
        let input = format!("{{ id: {id:?}, role: \"owner\" }}");
        let updated = mutate(&gateway, ADMIN, "updateInvite", &input, "invite { id }").await;
        assert_eq!(updated["userErrors"], json!([{ "code": "ROLE_NOT_ALLOWED", "field": ["role"] }]));
        let input = format!("{{ id: {id:?}, name: \"Ivy\" }}");
        let updated = mutate(&gateway, ADMIN, "updateInvite", &input, "invite { id }").await;
        assert_eq!(updated["userErrors"], json!([{ "code": "INVALID", "field": ["name"] }]));

        for _ in 0..2 {
            let cancelled = mutate(&gateway, ADMIN, "cancelInvites", &ids, "results { invite { status } userErrors { code field } }").await;
            assert_eq!(cancelled["results"], json!([
                { "invite": { "status": "CANCELLED" }, "userErrors": [] },
                { "invite": null, "userErrors": [not_found] },
            ]));
        }
        let token = format!("{{ token: \"{}\" }}", data::token(1));
        let refused = mutate(&gateway, INVITEE, "acceptInvite", &token, "invite { id }").await;
        assert_eq!(refused["userErrors"][0]["code"], "CANCELLED");
        assert_eq!(events(&gateway).await,
            ["workspace_invite resent", "workspace_invite updated", "workspace_invite cancelled"]);
    }

    async fn resending_renews_an_expired_invite(gateway) {
        fill(&gateway).await;
        gateway.add(workspace_invite::Model {
            expires_at: Some(data::made()),
            ..data::workspace_invite(2, 1)
        }).await;
        let data = gateway.data(Viewer::User(ADMIN), &format!("{{ workspaceInvite(token: \"{}\") {{ id status }} }}", data::token(2))).await;
        assert_eq!(data["workspaceInvite"]["status"], "EXPIRED");
        let ids = format!("{{ ids: [{}] }}", data["workspaceInvite"]["id"]);
        let sent = mutate(&gateway, ADMIN, "resendInvites", &ids, "results { invite { status expiresAt } userErrors { code } }").await;
        assert_eq!(sent["results"], json!([{ "invite": { "status": "PENDING", "expiresAt": "2026-06-08T12:00:00Z" }, "userErrors": [] }]));
    }

    async fn codes_are_created_used_and_declined(gateway) {
        fill(&gateway).await;
        gateway.add(data::tag(1, "mentor")).await;
        let document = "mutation ($input: CreateInviteCodesInput!) { createInviteCodes(input: $input) {
            results { acceptUrl invite { id code name email role status tags { name } } userErrors { code field } }
            userErrors { code field } } }";
        let input = json!({ "input": { "invitees": [
            { "name": "Sid", "role": "member", "tags": ["1"] },
            { "email": "sid@example.com" },
            { "tags": ["9"] },
        ] } });
        let refused = gateway.graphql_with(Viewer::User(ADMIN), document, input.clone()).await;
        assert_eq!(refused["data"]["createInviteCodes"]["userErrors"], json!([{ "code": "NOT_ALLOWED", "field": ["invitees"] }]));
        let created = gateway.graphql_with(Viewer::Staff(ADMIN), document, input).await;
        let results = &created["data"]["createInviteCodes"]["results"];
        let first = &results[0]["invite"];
        assert_eq!((&first["name"], &first["role"], &first["tags"]), (&json!("Sid"), &json!("member"), &json!([{ "name": "mentor" }])));
        assert_eq!(results[2]["userErrors"], json!([{ "code": "NOT_FOUND", "field": ["invitees", "2", "tags"] }]));
        let code = first["code"].as_str().expect("a code").to_owned();
        assert_eq!(results[0]["acceptUrl"], format!("https://app.example/i/code/{code}"));

        // Anybody who has the code; of one for an address, only its owner.
        let addressed = results[1]["invite"]["code"].as_str().expect("a code").to_owned();
        let refused = mutate(&gateway, MEMBER, "acceptInvite", &format!("{{ code: {addressed:?} }}"), "invite { id }").await;
        assert_eq!(refused["userErrors"][0]["code"], "WRONG_ACCOUNT");
        let accepted = mutate(&gateway, MEMBER, "acceptInvite", &format!("{{ code: {code:?} }}"), "target { __typename } invite { status }").await;
        assert_eq!(accepted, json!({ "target": null, "invite": { "status": "ACCEPTED" }, "userErrors": [] }));
        let refused = mutate(&gateway, STRANGER, "acceptInvite", &format!("{{ code: {code:?} }}"), "invite { id }").await;
        assert_eq!(refused["userErrors"][0]["code"], "ALREADY_ACCEPTED");
        let declined = mutate(&gateway, STRANGER, "declineInvite", &format!("{{ code: {addressed:?} }}"), "invite { status }").await;
        assert_eq!(declined["invite"]["status"], "DECLINED");
        let missed = mutate(&gateway, STRANGER, "acceptInvite", "{ code: \"NONE\" }", "invite { id }").await;
        assert_eq!(missed["userErrors"], json!([{ "code": "NOT_FOUND", "field": ["code"] }]));
    }

    async fn course_invites_are_created_accepted_and_opened_again(gateway) {
        fill(&gateway).await;
        let document = "mutation ($users: [ID!]!) { createCourseInvites(input: { course: \"1\", users: $users }) {
            course { slug } results { user { username } invite { id status } userErrors { code field } } userErrors { code } } }";
        let create = async |users: Value| {
            let mut response = gateway.graphql_with(Viewer::User(ADMIN), document, json!({ "users": users })).await;
            response["data"]["createCourseInvites"].take()
        };
        let created = create(json!(["4", "4", "99", "3"])).await;
        assert_eq!(created["course"]["slug"], "rust");
        let codes: Vec<_> = (0..4).map(|row| created["results"][row]["userErrors"][0]["code"].clone()).collect();
        assert_eq!(codes, [json!(null), json!("INVALID"), json!("NOT_FOUND"), json!(null)]);
        let id = created["results"][0]["invite"]["id"].as_str().expect("an id").to_owned();

        let refused = mutate(&gateway, MEMBER, "acceptInvite", &format!("{{ id: {id:?} }}"), "invite { id }").await;
        assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND");
        let declined = mutate(&gateway, STRANGER, "declineInvite", &format!("{{ id: {id:?} }}"), "invite { status }").await;
        assert_eq!(declined["invite"]["status"], "DECLINED");
        let again = create(json!(["4"])).await;
        assert_eq!(again["results"][0]["invite"], json!({ "id": id, "status": "PENDING" }));
        let open = create(json!(["4"])).await;
        assert_eq!(open["results"][0]["userErrors"][0]["code"], "ALREADY_INVITED");
        assert_eq!(open["results"][0]["invite"]["id"], *id);
        let accepted = mutate(&gateway, STRANGER, "acceptInvite", &format!("{{ id: {id:?} }}"),
            "invite { status } target { ... on Course { slug } }").await;
        assert_eq!(accepted, json!({ "invite": { "status": "ACCEPTED" }, "target": { "slug": "rust" }, "userErrors": [] }));
        let member = course_member::Entity::find_by_id((1, STRANGER)).one(&gateway.database).await;
        assert_eq!(member.expect("rows").expect("a member").role, "joined");
        let member = create(json!(["4"])).await;
        assert_eq!(member["results"][0]["userErrors"][0]["code"], "ALREADY_MEMBER");
    }

    async fn a_group_link_is_enabled_rotated_joined_and_disabled(gateway) {
        fill(&gateway).await;
        let change = async |viewer, field: &str| {
            mutate(&gateway, viewer, field, "{ group: \"1\" }", "group { slug } invite { code }").await
        };
        assert_eq!(change(STRANGER, "enableGroupInvite").await["userErrors"], json!([{ "code": "NOT_ALLOWED", "field": ["group"] }]));
        assert_eq!(change(ADMIN, "rotateGroupInvite").await["userErrors"], json!([{ "code": "INVALID", "field": ["group"] }]));
        let enabled = change(ADMIN, "enableGroupInvite").await;
        assert_eq!(enabled["group"]["slug"], "studio");
        let old = enabled["invite"]["code"].as_str().expect("a code").to_owned();
        assert_eq!(change(ADMIN, "enableGroupInvite").await["invite"]["code"], *old);
        let rotated = change(ADMIN, "rotateGroupInvite").await;
        let code = rotated["invite"]["code"].as_str().expect("a code").to_owned();
        assert_ne!(code, old);

        let join = async |code: &str| {
            mutate(&gateway, STRANGER, "acceptInvite", &format!("{{ groupCode: {code:?} }}"), "invite { id } target { ... on Group { slug } }").await
        };
        assert_eq!(join(&old).await["userErrors"], json!([{ "code": "NOT_FOUND", "field": ["groupCode"] }]));
        for _ in 0..2 {
            assert_eq!(join(&code).await, json!({ "invite": null, "target": { "slug": "studio" }, "userErrors": [] }));
        }
        let member = group_member::Entity::find_by_id((1, STRANGER)).one(&gateway.database).await;
        assert_eq!(member.expect("rows").expect("a member").role, "member");
        let disabled = change(ADMIN, "disableGroupInvite").await;
        assert_eq!(disabled, json!({ "group": { "slug": "studio" }, "invite": null, "userErrors": [] }));
        assert_eq!(join(&code).await["userErrors"][0]["code"], "NOT_FOUND");
        let links = group_invite::Entity::find().count(&gateway.database).await.expect("a number");
        assert_eq!(links, 0);
        assert_eq!(events(&gateway).await, ["group_invite created", "group_invite rotated", "group_invite joined", "group_invite disabled"]);
    }

    async fn a_member_keeps_a_higher_role(gateway) {
        fill(&gateway).await;
        gateway.add(data::workspace_member(1, INVITEE, "admin")).await;
        let token = format!("{{ token: \"{}\" }}", data::token(1));
        let accepted = mutate(&gateway, INVITEE, "acceptInvite", &token, "invite { status }").await;
        assert_eq!(accepted["invite"]["status"], "ACCEPTED");
        let member = workspace_member::Entity::find()
            .filter(workspace_member::Column::UserId.eq(INVITEE))
            .one(&gateway.database).await;
        assert_eq!(member.expect("rows").expect("a member").role, "admin");
    }

    async fn limits_are_named(gateway) {
        fill(&gateway).await;
        let gateway = gateway.with_write_limits(WriteLimits { per_day: 3, open: 3, ..WriteLimits::default() });
        let invitees = |from: usize, to: usize| -> Vec<_> {
            (from..to).map(|n| json!({ "email": format!("n{n}@x.io") })).collect()
        };
        // One invite is pending.
        let created = create(&gateway, ADMIN, json!({ "workspace": "1", "invitees": invitees(0, 4) })).await;
        let codes: Vec<_> = (0..4).map(|row| created["results"][row]["userErrors"][0]["code"].clone()).collect();
        assert_eq!(codes, [json!(null), json!(null), json!("LIMIT_REACHED"), json!("LIMIT_REACHED")]);
        let gateway = gateway.with_write_limits(WriteLimits { per_day: 3, ..WriteLimits::default() });
        let created = create(&gateway, ADMIN, json!({ "workspace": "1", "invitees": invitees(4, 6) })).await;
        let codes: Vec<_> = (0..2).map(|row| created["results"][row]["userErrors"][0]["code"].clone()).collect();
        assert_eq!(codes, [json!(null), json!("LIMIT_REACHED")]);
    }

    async fn domains_may_be_limited(gateway) {
        fill(&gateway).await;
        let gateway = gateway.with_write_limits(WriteLimits {
            allowed_domains: vec!["x.io".to_owned(), "y.io".to_owned()],
            blocked_domains: vec!["y.io".to_owned()],
            ..WriteLimits::default()
        });
        let created = create(&gateway, ADMIN, json!({ "workspace": "1",
            "invitees": [{ "email": "a@X.io" }, { "email": "a@y.io" }, { "email": "a@z.io" }] })).await;
        let codes: Vec<_> = (0..3).map(|row| created["results"][row]["userErrors"][0]["code"].clone()).collect();
        assert_eq!(codes, [json!(null), json!("DOMAIN_NOT_ALLOWED"), json!("DOMAIN_NOT_ALLOWED")]);
    }

    async fn signed_out_viewers_are_told_to_sign_in(gateway) {
        fill(&gateway).await;
        for field in [
            "acceptInvite(input: { code: \"x\" }) { userErrors { code } }",
            "declineInvite(input: { id: \"x\" }) { userErrors { code } }",
            "cancelInvites(input: { ids: [] }) { userErrors { code } }",
            "resendInvites(input: { ids: [] }) { userErrors { code } }",
            "updateInvite(input: { id: \"x\" }) { userErrors { code } }",
            "createInviteCodes(input: { invitees: [] }) { userErrors { code } }",
            "createCourseInvites(input: { course: \"1\", users: [] }) { userErrors { code } }",
            "createWorkspaceInvites(input: { workspace: \"1\", invitees: [] }) { userErrors { code } }",
            "enableGroupInvite(input: { group: \"1\" }) { userErrors { code } }",
            "rotateGroupInvite(input: { group: \"1\" }) { userErrors { code } }",
            "disableGroupInvite(input: { group: \"1\" }) { userErrors { code } }",
        ] {
            let response = gateway.graphql(Viewer::Anonymous, &format!("mutation {{ {field} }}")).await;
            assert_eq!(response["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{field}");
        }
    }

    async fn what_the_viewer_may_do_is_a_field(gateway) {
        fill(&gateway).await;
        let permissions = async |viewer| {
            let document = format!("{{ invite: workspaceInvite(token: \"{}\") {{
                viewerCanAccept viewerCanDecline viewerCanCancel viewerCanResend viewerCanUpdate
                sendCount lastSentAt }} }}", data::token(1));
            let data = gateway.data(viewer, &document).await;
            ["Accept", "Decline", "Cancel", "Resend", "Update"]
                .map(|command| data["invite"][format!("viewerCan{command}")] == true)
        };
        for (viewer, answers, manages) in [
            (Viewer::Anonymous, false, false),
            (Viewer::User(STRANGER), false, false),
            (Viewer::User(MEMBER), false, false),
            (Viewer::User(INVITEE), true, false),
            (Viewer::User(ADMIN), false, true),
            (Viewer::Staff(STRANGER), false, true),
        ] {
            assert_eq!(permissions(viewer).await, [answers, answers, manages, manages, manages]);
        }
        let token = format!("{{ token: \"{}\" }}", data::token(1));
        mutate(&gateway, INVITEE, "acceptInvite", &token, "").await;
        for viewer in [Viewer::User(INVITEE), Viewer::User(ADMIN)] {
            assert_eq!(permissions(viewer).await, [false; 5]);
        }
    }

    async fn the_roles_that_the_viewer_may_grant_are_a_field(gateway) {
        fill(&gateway).await;
        let roles = async |viewer| {
            let data = gateway.data(viewer, "{ workspace(id: \"1\") { viewerCanInvite grantableRoles } }").await;
            (data["workspace"]["viewerCanInvite"].clone(), data["workspace"]["grantableRoles"].clone())
        };
        let all = json!(["owner", "admin", "manager", "editor", "member", "billing", "viewer", "guest"]);
        let below = json!(["admin", "manager", "editor", "member", "billing", "viewer", "guest"]);
        assert_eq!(roles(Viewer::User(OWNER)).await, (json!(true), all.clone()));
        assert_eq!(roles(Viewer::Staff(STRANGER)).await, (json!(true), all));
        assert_eq!(roles(Viewer::User(ADMIN)).await, (json!(true), below));
        assert_eq!(roles(Viewer::User(MEMBER)).await, (json!(false), json!([])));
    }

    async fn a_code_shows_its_group_before_joining(gateway) {
        fill(&gateway).await;
        gateway.add(data::group_invite(1, 1, "come-in")).await;
        let preview = async |viewer, code: &str| {
            let document = format!("{{ groupPreview(code: {code:?}) {{ name slug memberCount viewerIsMember }} }}");
            let mut data = gateway.data(viewer, &document).await;
            data["groupPreview"].take()
        };
        let shown = |is_member: bool, members: i64| json!({ "name": "Group studio", "slug": "studio",
            "memberCount": members, "viewerIsMember": is_member });
        assert_eq!(preview(Viewer::Anonymous, "come-in").await, shown(false, 1));
        assert_eq!(preview(Viewer::User(STRANGER), "come-in").await, shown(false, 1));
        assert_eq!(preview(Viewer::Anonymous, "other").await, json!(null));
        mutate(&gateway, STRANGER, "acceptInvite", "{ groupCode: \"come-in\" }", "").await;
        assert_eq!(preview(Viewer::User(STRANGER), "come-in").await, shown(true, 2));
    }

    async fn a_gateway_that_only_reads_says_so(gateway) {
        fill(&gateway).await;
        let gateway = gateway.with(|parts| {
            parts.lifecycle = None;
            parts.graphql.executor = read_only_executor();
        });
        let token = data::token(1);
        let document = format!("mutation {{ acceptInvite(input: {{ token: \"{token}\" }}) {{ userErrors {{ code }} }} }}");
        let response = gateway.graphql(Viewer::User(INVITEE), &document).await;
        assert_eq!(response["errors"][0]["message"],
            "Mutations are switched off. The operator of this gateway switches them on by --mutations on.");
        let document = format!("{{ workspaceInvite(token: \"{token}\") {{ status viewerCanAccept }} }}");
        let data = gateway.data(Viewer::User(INVITEE), &document).await;
        assert_eq!(data["workspaceInvite"], json!({ "status": "PENDING", "viewerCanAccept": false }));
    }

    async fn a_mutation_in_a_list_of_operations_is_not_executed(gateway) {
        fill(&gateway).await;
        let gateway = gateway.with(|parts| parts.graphql.max_batch = 5);
        let token = data::token(1);
        let mutation = format!("mutation {{ acceptInvite(input: {{ token: \"{token}\" }}) {{ userErrors {{ code }} }} }}");
        let body = json!([{ "query": "{ viewer { user { username } } }" }, { "query": mutation }]);
        let request = gateway.request(Viewer::User(INVITEE), Method::POST, "/graphql")
            .header("content-type", "application/json")
            .body(body.to_string().into());
        let response = gateway.send(request.expect("a request")).await;
        assert_eq!(response.json[0]["data"]["viewer"]["user"]["username"], "ivy");
        assert_eq!(response.json[1]["errors"][0]["message"],
            "Send a mutation by itself, not in a list of operations.");
        assert_eq!(events(&gateway).await, [""; 0]);
    }

    async fn nobody_sends_or_changes_an_invite_above_their_own_role(gateway) {
        fill(&gateway).await;
        gateway.add(workspace_invite::Model {
            role: "owner".to_owned(),
            expires_at: Some(data::made()),
            ..data::workspace_invite(2, 1)
        }).await;
        let id = invite_id("WorkspaceInvite", 1, 2);
        let refused = mutate(&gateway, ADMIN, "resendInvites", &format!("{{ ids: [{id:?}] }}"), "results { acceptUrl userErrors { code } }").await;
        assert_eq!(refused["results"], json!([{ "acceptUrl": null, "userErrors": [{ "code": "ROLE_NOT_ALLOWED" }] }]));
        let refused = mutate(&gateway, ADMIN, "updateInvite", &format!("{{ id: {id:?}, message: \"Hi\" }}"), "").await;
        assert_eq!(refused["userErrors"][0]["code"], "ROLE_NOT_ALLOWED");
        assert_eq!(events(&gateway).await, [""; 0]);
        // Withdrawing it gives nothing.
        let cancelled = mutate(&gateway, ADMIN, "cancelInvites", &format!("{{ ids: [{id:?}] }}"), "results { userErrors { code } }").await;
        assert_eq!(cancelled["results"], json!([{ "userErrors": [] }]));
        gateway.add(workspace_invite::Model { role: "owner".to_owned(), ..data::workspace_invite(3, 1) }).await;
        let id = invite_id("WorkspaceInvite", 1, 3);
        let sent = mutate(&gateway, OWNER, "resendInvites", &format!("{{ ids: [{id:?}] }}"), "results { userErrors { code } }").await;
        assert_eq!(sent["results"], json!([{ "userErrors": [] }]));
    }

    async fn an_expired_invite_is_not_renewed_beside_a_pending_one(gateway) {
        fill(&gateway).await;
        gateway.add(workspace_invite::Model {
            email_norm: "invitee1@example.org".to_owned(),
            expires_at: Some(data::made()),
            ..data::workspace_invite(2, 1)
        }).await;
        let id = invite_id("WorkspaceInvite", 1, 2);
        let refused = mutate(&gateway, ADMIN, "resendInvites", &format!("{{ ids: [{id:?}] }}"), "results { userErrors { code } }").await;
        assert_eq!(refused["results"], json!([{ "userErrors": [{ "code": "ALREADY_INVITED" }] }]));
        assert_eq!(events(&gateway).await, [""; 0]);
    }

    async fn of_expired_invites_to_an_address_the_newest_is_renewed(gateway) {
        fill(&gateway).await;
        for id in [2, 3] {
            gateway.add(workspace_invite::Model {
                email_norm: "twice@example.org".to_owned(),
                expires_at: Some(data::made()),
                ..data::workspace_invite(id, 1)
            }).await;
        }
        let ids = [2, 3].map(|id| invite_id("WorkspaceInvite", 1, id));
        let sent = mutate(&gateway, ADMIN, "resendInvites", &format!("{{ ids: {ids:?} }}"), "results { invite { status } userErrors { code } }").await;
        assert_eq!(sent["results"], json!([
            { "invite": null, "userErrors": [{ "code": "ALREADY_INVITED" }] },
            { "invite": { "status": "PENDING" }, "userErrors": [] },
        ]));
    }

    async fn a_refused_row_stays_refused_under_its_key(gateway) {
        fill(&gateway).await;
        let input = json!({ "workspace": "1", "idempotencyKey": "k1", "clientMutationId": "a",
            "invitees": [{ "email": "a@x.io", "role": "owner" }, { "email": "b@x.io" }] });
        let first = create(&gateway, ADMIN, input.clone()).await;
        // The viewer may grant the role by now.
        workspace_member::Entity::update_many()
            .filter(workspace_member::Column::UserId.eq(ADMIN))
            .col_expr(workspace_member::Column::Role, "owner".into())
            .exec(&gateway.database).await.expect("a promotion");
        let mut input = input;
        input["clientMutationId"] = json!("b");
        let again = create(&gateway, ADMIN, input).await;
        assert_eq!(first["results"][0]["userErrors"][0]["code"], "ROLE_NOT_ALLOWED");
        assert_eq!(again["results"][0]["userErrors"][0]["code"], "INVALID");
        assert_eq!(again["results"][1]["invite"]["id"], first["results"][1]["invite"]["id"]);
        assert_eq!(again["results"][1]["userErrors"], json!([]));
    }

    async fn an_invite_that_a_source_opened_again_is_cancelled_as_any(gateway) {
        fill(&gateway).await;
        let token = format!("{{ token: \"{}\" }}", data::token(1));
        mutate(&gateway, INVITEE, "declineInvite", &token, "").await;
        let row = json!({ "token": data::token(1), "email": "invitee1@example.org", "workspace_id": 1,
            "status": "pending", "expires_at": "2099-01-01T00:00:00Z" });
        gateway.import(Kind::WorkspaceInvites, &[row]).await;
        let id = invite_id("WorkspaceInvite", 1, 1);
        let cancelled = mutate(&gateway, ADMIN, "cancelInvites", &format!("{{ ids: [{id:?}] }}"), "results { invite { status } }").await;
        assert_eq!(cancelled["results"], json!([{ "invite": { "status": "CANCELLED" } }]));
    }

    async fn a_retired_tag_is_not_granted(gateway) {
        fill(&gateway).await;
        gateway.add(tag::Model { active: false, ..data::tag(1, "legacy") }).await;
        let document = "mutation { createInviteCodes(input: { invitees: [{ tags: [\"1\"] }] }) { results { userErrors { code field } } } }";
        let data = gateway.data(Viewer::Staff(ADMIN), document).await;
        let error = json!({ "code": "INVALID", "field": ["invitees", "0", "tags"] });
        assert_eq!(data["createInviteCodes"]["results"], json!([{ "userErrors": [error] }]));
    }

    async fn a_role_that_only_a_source_knows_is_kept(gateway) {
        fill(&gateway).await;
        gateway.add(data::workspace_member(1, INVITEE, "maintainer")).await;
        let token = format!("{{ token: \"{}\" }}", data::token(1));
        mutate(&gateway, INVITEE, "acceptInvite", &token, "").await;
        let member = workspace_member::Entity::find_by_id((1, INVITEE)).one(&gateway.database).await;
        assert_eq!(member.expect("rows").expect("a member").role, "maintainer");
    }

    async fn exactly_one_way_to_an_invite_is_sent(gateway) {
        fill(&gateway).await;
        // The mutation before it was carried out, and is not lost from the response.
        let document = format!("mutation {{ a: declineInvite(input: {{ token: \"{}\" }}) {{ invite {{ status }} }}
            b: acceptInvite(input: {{ code: \"a\", groupCode: \"b\" }}) {{ userErrors {{ code }} }} }}", data::token(1));
        let response = gateway.graphql(Viewer::User(INVITEE), &document).await;
        assert_eq!(response["data"], json!({ "a": { "invite": { "status": "DECLINED" } }, "b": null }));
        assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        for input in [json!({}), json!({ "code": "a", "groupCode": "b" }), json!({ "code": null }), json!({ "code": 1 })] {
            let document = "mutation ($input: RedeemInviteInput!) { acceptInvite(input: $input) { userErrors { code } } }";
            let response = gateway.graphql_with(Viewer::User(INVITEE), document, json!({ "input": input })).await;
            assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{response}");
        }
        let document = "mutation { acceptInvite(input: { code: \"a\", groupCode: \"b\" }) { userErrors { code } } }";
        let response = gateway.graphql(Viewer::User(INVITEE), document).await;
        let message = response["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("send exactly one of code, token, groupCode and id"), "{message}");
    }

    async fn mutations_of_a_document_run_in_turn(gateway) {
        fill(&gateway).await;
        let token = data::token(1);
        let document = format!("mutation {{
            accept: acceptInvite(input: {{ token: \"{token}\" }}) {{ target {{ ... on Workspace {{ viewerRole }} }} userErrors {{ code }} }}
            decline: declineInvite(input: {{ token: \"{token}\" }}) {{ userErrors {{ code }} }} }}");
        let data = gateway.data(Viewer::User(INVITEE), &document).await;
        // The role that was granted is read, and not the one from before.
        assert_eq!(data["accept"], json!({ "target": { "viewerRole": "member" }, "userErrors": [] }));
        assert_eq!(data["decline"]["userErrors"][0]["code"], "ALREADY_ACCEPTED");
    }

    async fn an_imported_invite_without_a_role_grants_member(gateway) {
        fill(&gateway).await;
        let token = data::token(9);
        let row = json!({ "token": token, "email": "invitee1@example.org", "workspace_id": 1, "status": "pending",
            "expires_at": "2099-01-01T00:00:00Z" });
        gateway.import(Kind::WorkspaceInvites, &[row]).await;
        mutate(&gateway, INVITEE, "acceptInvite", &format!("{{ token: \"{token}\" }}"), "invite { status }").await;
        let member = workspace_member::Entity::find_by_id((1, INVITEE)).one(&gateway.database).await;
        assert_eq!(member.expect("rows").expect("a member").role, "member");
    }
}
