//! Lists that read more rows than their page: cost, concurrency, and isolation of other requests.

use std::{num::NonZeroU32, time::Duration};

use axum::http::{Method, StatusCode, header};
use entity::{invite_code, user, workspace_invite};
use futures_util::future::{join, join_all};
use invite_gateway::rate_limit::Quotas;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{
    Backend, Gateway, NOW, Response, Viewer, at, data, each_database, process::eventually, run,
};

const ADA: Viewer<'static> = Viewer::User(1);
const BOB: Viewer<'static> = Viewer::User(2);

/// Rows of each of Ada's lists.
const ROWS: i64 = 400;

/// Search that reads all of Ada's codes, costs 72 nodes, and finds none.
const SEARCH: &str = r#"{ inviteCodes(first: 0, filter: { search: "nobody" }) { nodes { id } } }"#;

fn cost(most: u32) -> Quotas {
    Quotas {
        cost: NonZeroU32::new(most),
        ..Quotas::default()
    }
}

/// Adds many codes of Ada, and a few of Bob.
async fn with_codes(gateway: &Gateway) {
    gateway
        .add_all([data::user(1, "ada"), data::user(2, "bob")])
        .await;
    let by = |id, inviter| invite_code::Model {
        invited_by_id: Some(inviter),
        name: Some(format!("Guest {id}")),
        ..data::invite_code(id, &format!("CODE-{id}"))
    };
    gateway.add_all((1..=ROWS).map(|id| by(id, 1))).await;
    gateway.add_all((1001..=1003).map(|id| by(id, 2))).await;
}

async fn ask(gateway: &Gateway, viewer: Viewer<'_>, document: &str) -> Response {
    let request = gateway
        .request(viewer, Method::POST, "/graphql")
        .header(header::CONTENT_TYPE, "application/json");
    let body = json!({ "query": document }).to_string();
    gateway
        .send(request.body(body.into()).expect("a request"))
        .await
}

/// Returns the error codes of a response.
fn codes(response: &Value) -> Vec<&str> {
    let errors = response["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| error["extensions"]["code"].as_str().expect("a code"))
        .collect()
}

/// Returns the same field under that many aliases.
fn aliased(times: usize, field: &str) -> String {
    let fields = (0..times).map(|at| format!("a{at}: {} ", field.replace("{at}", &at.to_string())));
    format!("{{ {} }}", fields.collect::<String>())
}

each_database! {
    async fn the_rows_that_a_list_may_read_are_counted_once_a_minute(gateway) {
        with_codes(&gateway).await;
        let gateway = gateway.with_quotas(cost(1_000_000));
        let statements = async |viewer, document: &str| {
            let (statements, response) = gateway.counted(ask(&gateway, viewer, document)).await;
            assert_eq!(response.json.get("errors"), None, "{}", response.text);
            statements
        };
        let plain = "{ inviteCodes(first: 1) { nodes { id } } }";
        assert_eq!(statements(ADA, plain).await, 2, "the viewer and the page");
        assert_eq!(statements(ADA, SEARCH).await, 3, "and the count");
        assert_eq!(statements(ADA, SEARCH).await, 2);
        let other = "{ inviteCodes(first: 1, filter: { role: [\"member\"] }) { totalCount nodes { id } } }";
        assert_eq!(statements(ADA, other).await, 2, "whatever the filter");
        assert_eq!(statements(BOB, SEARCH).await, 3, "each scope by itself");

        gateway.set_now(at(NOW) + Duration::from_secs(61));
        let many = aliased(20, "inviteCodes(first: 0, filter: { search: \"x{at}\" }) { nodes { id } }");
        assert_eq!(statements(ADA, &many).await, 1 + 1 + 20, "twenty lists, one count");
    }

    async fn without_a_quota_nothing_is_counted(gateway) {
        with_codes(&gateway).await;
        let (statements, _) = gateway.counted(ask(&gateway, ADA, SEARCH)).await;
        assert_eq!(statements, 2);
    }

    async fn nothing_is_counted_for_a_client_without_nodes(gateway) {
        with_everything(&gateway).await;
        let document = r#"{
            inviteCodes(first: 0, filter: { search: "x" }) { nodes { id } }
            workspaceInvites(first: 0) { nodes { id } }
            groupInvites(first: 0) { nodes { id } }
        }"#;
        // Fewer nodes than the operation costs, which therefore uses all of them.
        let exhausted = gateway.with_quotas(cost(20));
        ask(&exhausted, ADA, document).await;
        for _ in 0..2 {
            // The document is cached, and costs nothing more.
            exhausted.advance(Duration::from_secs(60));
            let (statements, refused) = exhausted.counted(ask(&exhausted, ADA, document)).await;
            assert_eq!(codes(&refused.json), ["RATE_LIMITED"; 3], "{}", refused.text);
            assert_eq!(statements, 1, "the viewer, and neither counts nor lists");
        }
        let gateway = exhausted.with_quotas(cost(1_000_000));
        let (statements, response) = gateway.counted(ask(&gateway, ADA, document)).await;
        assert_eq!(response.json.get("errors"), None, "{}", response.text);
        assert_eq!(statements, 1 + 3 + 3, "the viewer, counts and lists");
    }

    async fn parents_share_a_count_and_a_statement(gateway) {
        gateway.add(data::user(1, "ada")).await;
        for id in 1..=3 {
            gateway.add(data::workspace(id)).await;
            gateway.add(data::workspace_member(id, 1, "owner")).await;
            let invites = (1..=40).map(|number| data::workspace_invite(100 * id + number, id));
            gateway.add_all(invites).await;
        }
        let document = "{ viewer { workspaces { nodes {
            invites(first: 1, filter: { search: \"invitee\" }) { totalCount nodes { id } } } } } }";
        let counted = async |gateway: &Gateway| {
            let (statements, response) = gateway.counted(ask(gateway, ADA, document)).await;
            assert_eq!(response.json.get("errors"), None, "{}", response.text);
            assert_eq!(response.text.matches("\"totalCount\":40").count(), 3, "{}", response.text);
            statements
        };
        let without = counted(&gateway).await;
        let gateway = gateway.with_quotas(cost(1_000_000));
        assert_eq!(counted(&gateway).await, without + 2, "workspaces, and invites of them");
        assert_eq!(counted(&gateway).await, without);
    }

    async fn a_list_beyond_the_quota_is_refused_at_its_field(gateway) {
        with_codes(&gateway).await;
        let gateway = gateway.with_quotas(cost(70));
        let document = format!("{{ viewer {{ user {{ username }} }} {}", &SEARCH[1..]);
        let (statements, refused) = gateway.counted(ask(&gateway, ADA, &document)).await;
        assert_eq!(refused.status, StatusCode::OK, "{}", refused.text);
        assert_eq!(refused.json["data"], json!({
            "viewer": { "user": { "username": "ada" } }, "inviteCodes": null,
        }));
        let error = &refused.json["errors"][0];
        assert_eq!(error["path"], json!(["inviteCodes"]));
        assert_eq!(error["extensions"]["code"], "RATE_LIMITED");
        assert_eq!(error["extensions"]["rateLimit"], "cost");
        assert_eq!(refused.header("retry-after"), error["extensions"]["retryAfter"].to_string());
        assert_eq!(statements, 2, "the viewer and the count, and no list");
        assert_eq!(gateway.metric("invite_gateway_rate_limited_total{limit=\"cost\"}"), 1.0);
        // Pages still fit, and so does the search in a small scope.
        for (viewer, document) in [(ADA, "{ inviteCodes(first: 2) { nodes { id } } }"), (BOB, SEARCH)] {
            let response = ask(&gateway, viewer, document).await;
            assert_eq!(response.json.get("errors"), None, "{}", response.text);
        }
    }

    async fn unused_reservations_are_refunded(gateway) {
        with_codes(&gateway).await;
        // Time stands still, so that each costs its static cost of 11 nodes, and one read.
        let gateway = gateway.with_quotas(cost(700));
        for _ in 0..50 {
            let response = ask(&gateway, ADA, SEARCH).await;
            assert_eq!(response.json.get("errors"), None, "{}", response.text);
        }
        // There is room for one reservation. Others wait until it is refunded.
        let gateway = gateway.with_quotas(cost(700));
        let many = aliased(20, "inviteCodes(first: 0, filter: { search: \"x{at}\" }) { nodes { id } }");
        let response = ask(&gateway, ADA, &many).await;
        assert_eq!(response.json.get("errors"), None, "{}", response.text);
        let response = ask(&gateway, ADA, &many).await;
        assert_eq!(response.status, StatusCode::TOO_MANY_REQUESTS, "{}", response.text);
    }

    async fn each_way_to_read_more_than_a_page_costs(gateway) {
        with_everything(&gateway).await;
        let gateway = gateway.with_quotas(cost(20));
        let response_to = async |document: &str| {
            gateway.advance(Duration::from_secs(60));
            // Read once before, which costs separately.
            ask(&gateway, ADA, document).await;
            gateway.advance(Duration::from_secs(60));
            let response = ask(&gateway, ADA, document).await;
            assert_eq!(response.status, StatusCode::OK, "{document}: {}", response.text);
            response
        };
        let codes_of = |filter: &str| format!("{{ list: inviteCodes(first: 0{filter}) {{ nodes {{ id }} }} }}");
        let of_workspace = |rest: &str| format!("{{ workspace(id: 1) {{ invites(first: 0{rest} }} }}");
        let of_course = |rest: &str| format!("{{ course(id: 1) {{ invitees(first: 0{rest} }} }}");
        let of_course_invites = |rest: &str| format!("{{ course(id: 1) {{ invites(first: 0{rest} }} }}");
        let of_viewer = |rest: &str| format!("{{ viewer {{ {rest} }} }}");
        let order = ", orderBy: { field: EXPIRES_AT, direction: ASC }";
        let nodes = ") { nodes { id } }";
        let wide = [
            codes_of(", filter: { search: \"x\" }"),
            codes_of(", filter: { tag: [1] }"),
            codes_of(", filter: { role: \"x\" }"),
            codes_of(", filter: { status: EXPIRED }"),
            codes_of(order),
            "{ inviteCodes(first: 0) { totalCount } }".to_owned(),
            "{ workspaceInvites(first: 0) { nodes { id } } }".to_owned(),
            of_workspace(&format!(", filter: {{ search: \"x\" }}{nodes}")),
            of_workspace(&format!(", filter: {{ role: \"x\" }}{nodes}")),
            of_workspace(&format!(", filter: {{ status: EXPIRED }}{nodes}")),
            of_workspace(&format!(", filter: {{ inviter: 9 }}{nodes}")),
            of_workspace(&format!(", filter: {{ expiresAt: {{ until: \"2026-01-01T00:00:00Z\" }} }}{nodes}")),
            of_workspace(&format!("{order}{nodes}")),
            of_workspace(") { totalCount }"),
            "{ workspace(id: 1) { inviteCounts { pending } } }".to_owned(),
            of_course(") { totalCount }"),
            "{ course(id: 1) { inviteCounts { pending } } }".to_owned(),
            of_course(&format!(", filter: {{ search: \"x\" }}{nodes}")),
            of_course(&format!(", orderBy: {{ field: USERNAME, direction: ASC }}{nodes}")),
            of_course_invites(&format!(", filter: {{ search: \"x\" }}{nodes}")),
            of_course_invites(&format!(", filter: {{ status: [ACCEPTED, PENDING] }}{nodes}")),
            of_course_invites(&format!(", filter: {{ inviter: 9 }}{nodes}")),
            of_course_invites(&format!(", orderBy: {{ field: STATUS, direction: ASC }}{nodes}")),
            of_course_invites(") { totalCount }"),
            codes_of(", orderBy: { field: EMAIL, direction: ASC }"),
            codes_of(", orderBy: { field: STATUS, direction: ASC }"),
            "{ groupInvites(first: 0) { nodes { id } } }".to_owned(),
            of_viewer(&format!("sentInvites(first: 0, filter: {{ status: EXPIRED }}{nodes}")),
            of_viewer(&format!("sentInvites(first: 0{order}{nodes}")),
            of_viewer("sentInvites(first: 0) { totalCount }"),
            of_viewer("receivedInvites(first: 0) { nodes { id } }"),
            of_viewer("workspaces(first: 0) { nodes { id } }"),
            of_viewer("groups(first: 0) { nodes { id } }"),
            of_viewer("courses(first: 0) { nodes { id } }"),
        ];
        let narrow = [
            codes_of(""),
            codes_of(", filter: { createdAt: { from: \"2026-01-01T00:00:00Z\" } }"),
            codes_of(", filter: { email: \"x@example.com\" }"),
            of_workspace(nodes),
            of_course(nodes),
            of_course_invites(nodes),
            of_course_invites(&format!(", filter: {{ status: ACCEPTED }}{nodes}")),
            of_course_invites(&format!(", filter: {{ invitee: 9, search: \"x\" }}{nodes}")),
            of_workspace(&format!(", filter: {{ email: \"x@example.com\" }}{nodes}")),
            of_viewer(&format!("sentInvites(first: 0{nodes}")),
        ];
        for (documents, expected) in [(&wide[..], 1), (&narrow, 0)] {
            for document in documents {
                let document = document.replacen('{', "{ me: viewer { user { id } } ", 1);
                let response = response_to(&document).await;
                assert_eq!(codes(&response.json), vec!["RATE_LIMITED"; expected], "{document}: {}", response.text);
            }
        }
    }

    async fn costs_reveal_nothing_of_other_users_rows(gateway) {
        gateway.add(data::user(1, "ada")).await;
        // Eve claims the address of a user with many invites.
        gateway.add(user::Model {
            email: "target@example.org".to_owned(),
            email_norm: "target@example.org".to_owned(),
            is_verified: false,
            ..data::user(2, "eve")
        }).await;
        gateway.add(data::workspace(1)).await;
        gateway.add_all((1..=ROWS).map(|id| workspace_invite::Model {
            inviter_id: Some(1),
            email: "target@example.org".to_owned(),
            email_norm: "target@example.org".to_owned(),
            ..data::workspace_invite(id, 1)
        })).await;
        let gateway = gateway.with_quotas(cost(40));
        let documents = [
            "{ viewer { receivedInvites(first: 0) { totalCount } } }",
            "{ viewer { sentInvites(first: 0) { totalCount } } }",
            "{ workspaceInvites(first: 0) { totalCount } }",
            "{ inviteCodes(first: 0) { totalCount } }",
        ];
        for document in documents {
            let response = ask(&gateway, BOB, document).await;
            assert_eq!(response.json.get("errors"), None, "{}", response.text);
            gateway.advance(Duration::from_secs(60));
        }
        let own = "{ viewer { user { id } sentInvites(first: 0, filter: { status: EXPIRED }) { totalCount } } }";
        let response = ask(&gateway, ADA, own).await;
        assert_eq!(codes(&response.json), ["RATE_LIMITED"], "{}", response.text);
    }
}

/// Adds that many rows to each of Ada's lists.
async fn with_everything(gateway: &Gateway) {
    with_codes(gateway).await;
    gateway.add(data::tag(1, "tag")).await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_member(1, 1, "owner")).await;
    let invites = (1..=ROWS).map(|id| workspace_invite::Model {
        email: "ada@example.com".to_owned(),
        email_norm: "ada@example.com".to_owned(),
        ..data::workspace_invite(id, 1)
    });
    gateway.add_all(invites).await;
    gateway.add(data::course(1, "course", 1)).await;
    gateway.add(data::course_member(1, 1, "creator")).await;
    let guests = 10_001..=10_000 + ROWS;
    let users = guests
        .clone()
        .map(|id| data::user(id, &format!("guest{id}")));
    gateway.add_all(users).await;
    gateway
        .add_all(guests.map(|id| data::course_invite(id, 1, id)))
        .await;
    let more = 2..=ROWS;
    gateway.add_all(more.clone().map(data::workspace)).await;
    gateway
        .add_all(
            more.clone()
                .map(|id| data::workspace_member(id, 1, "owner")),
        )
        .await;
    gateway
        .add_all(
            more.clone()
                .map(|id| data::course(id, &format!("course{id}"), 1)),
        )
        .await;
    gateway
        .add_all(more.clone().map(|id| data::course_member(id, 1, "manager")))
        .await;
    gateway
        .add_all(
            more.clone()
                .map(|id| data::group(id, &format!("group{id}"))),
        )
        .await;
    gateway
        .add_all(more.clone().map(|id| data::group_member(id, 1, "owner")))
        .await;
    gateway
        .add_all(more.map(|id| data::group_invite(id, id, &format!("GROUP-{id}"))))
        .await;
}

/// Returns the number of the gateway's statements that wait for a lock.
async fn waiting(database: &DatabaseConnection) -> i64 {
    let statement = sea_orm::Statement::from_string(
        database.get_database_backend(),
        "SELECT count(*) AS waiting FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    let row = database.query_one_raw(statement).await;
    let row = row.expect("a response").expect("a row");
    row.try_get("", "waiting").expect("a number")
}

#[tokio::test]
async fn two_lists_of_a_client_and_table_run_at_a_time() {
    run(Backend::Postgres, async |gateway: Gateway| {
        with_everything(&gateway).await;
        let gateway = gateway.with_quotas(cost(1_000_000));
        let invites =
            r#"{ workspaceInvites(first: 0, filter: { search: "nobody" }) { nodes { id } } }"#;
        for document in [SEARCH, invites] {
            ask(&gateway, ADA, document).await;
        }
        // Not on the gateway's own connections, of which there are few.
        let beside = Database::connect(&gateway.database_url)
            .await
            .expect("a database");
        let lock = beside.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE invite_codes")
            .await
            .expect("a lock");
        let both = format!(
            "{{ {} {} }}",
            &invites[1..invites.len() - 1],
            &SEARCH[1..SEARCH.len() - 1]
        );
        {
            let given_up = join_all((0..5).map(|_| ask(&gateway, ADA, SEARCH)));
            let mut given_up = Box::pin(given_up);
            let two = eventually("two wait", async || {
                tokio::select! {
                    _ = &mut given_up => panic!("the table is locked"),
                    waiting = waiting(&beside) => (waiting == 2).then_some(()),
                }
            });
            two.await;
            // Neither these nor a request for both delay lists of another table.
            let both = ask(&gateway, ADA, &both);
            let other = async {
                for _ in 0..5 {
                    let response = ask(&gateway, ADA, invites).await;
                    assert_eq!(response.json.get("errors"), None, "{}", response.text);
                }
            };
            tokio::select! {
                _ = &mut given_up => panic!("the table is locked"),
                _ = both => panic!("the table is locked"),
                () = other => {}
            }
            assert_eq!(waiting(&beside).await, 2);
        }
        // All of these were cancelled: waiting ones leave the queue, running ones end with the
        // lock.
        let (response, committed) = join(ask(&gateway, ADA, SEARCH), lock.commit()).await;
        committed.expect("the end of the lock");
        assert_eq!(response.json.get("errors"), None, "{}", response.text);
    })
    .await;
}
