//! Look-ups of codes and tokens that people or mail programs have changed.

use std::num::NonZeroU32;

use axum::http::StatusCode;
use entity::invite_code;
use invite_gateway::rate_limit::Quotas;
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database};

const MEMBER: i64 = 1;
const STRANGER: i64 = 2;

/// Codes in the format of the gateway.
const MADE: &str = "0A1B-C2D3-E4F5";
const GROUP: &str = "7K8M-N9P0-Q1R2";

async fn fill(gateway: &Gateway) {
    gateway.add(data::user(MEMBER, "mia")).await;
    gateway.add(data::user(STRANGER, "sid")).await;
    let codes = [
        MADE,
        "WELCOME-2026",
        "Mixed_Case",
        "twin",
        "TWIN",
        "Caf\u{e9}",
        "ends.",
    ];
    let codes = (1..).zip(codes);
    gateway
        .add_all(codes.map(|(id, code)| data::invite_code(id, code)))
        .await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_invite(1, 1)).await;
    gateway.add(data::group(1, "studio")).await;
    gateway.add(data::group_invite(1, 1, GROUP)).await;
}

/// Returns the stored code that a look-up finds.
async fn found(gateway: &Gateway, code: &str) -> Value {
    let document = "query ($code: String!) { inviteCode(code: $code) { code } }";
    let variables = json!({ "code": code });
    let response = gateway
        .graphql_with(Viewer::Anonymous, document, variables)
        .await;
    response["data"]["inviteCode"]["code"].clone()
}

/// Writes text as a part of a path.
fn in_path(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn answer(gateway: &Gateway, mutation: &str, input: Value) -> Value {
    let document = format!(
        "mutation ($input: RedeemInviteInput!) {{ it: {mutation}(input: $input) {{
            invite {{ status }} userErrors {{ code }} }} }}"
    );
    let variables = json!({ "input": input });
    let mut response = gateway
        .graphql_with(Viewer::User(STRANGER), &document, variables)
        .await;
    assert_eq!(response.get("errors"), None, "{response}");
    response["data"]["it"].take()
}

each_database! {
    async fn a_code_is_found_however_it_was_copied(gateway) {
        fill(&gateway).await;
        for (sent, code) in [
            (MADE, MADE),
            (" 0A1B-C2D3-E4F5\n", MADE),
            ("\u{201c}0A1B-C2D3-E4F5\u{201d}.", MADE),
            ("oaib-c2d3-e4f5", MADE),
            ("0A1BC2D3E4F5", MADE),
            ("0A1B\u{2011}C2D3\u{2011}E4F5,", MADE),
            ("welcome-2026.", "WELCOME-2026"),
            ("(Mixed_Case)", "Mixed_Case"),
            ("twin", "twin"),
            ("TWIN.", "TWIN"),
            ("Cafe\u{301}", "Caf\u{e9}"),
            ("ends.", "ends."),
        ] {
            assert_eq!(found(&gateway, sent).await, code, "{sent:?}");
            let path = format!("/api/v2/invite_code/{}/", in_path(sent));
            let response = gateway.get(Viewer::Anonymous, &path).await;
            assert_eq!(response.json["code"], code, "{sent:?}");
        }
        for sent in ["mixed_case", "Twin", "Cafe", "ends", "WELCOME 2026", "WELCOME-202", ".", "", "\0"] {
            assert_eq!(found(&gateway, sent).await, Value::Null, "{sent:?}");
        }
    }

    async fn a_look_up_of_a_changed_code_is_one_statement_and_one_miss(gateway) {
        fill(&gateway).await;
        let quotas = Quotas { missed_lookups: NonZeroU32::new(3), ..Quotas::default() };
        let gateway = gateway.with_quotas(quotas);
        for sent in [MADE, " 0a1b-c2d3-e4f5. ", "twin", " no such code. "] {
            let (statements, _) = gateway.counted(found(&gateway, sent)).await;
            assert_eq!(statements, 1, "{sent:?}");
        }
        // Two more misses are left: found codes cost none.
        let miss = "/api/v2/invite_code/(No%20Such%20Code)/";
        for status in [StatusCode::NOT_FOUND, StatusCode::NOT_FOUND, StatusCode::TOO_MANY_REQUESTS] {
            assert_eq!(gateway.get(Viewer::Anonymous, miss).await.status, status);
        }
    }

    async fn requests_that_share_a_statement_each_find_their_code(gateway) {
        fill(&gateway).await;
        let data = gateway.data(Viewer::Anonymous, "{ a: inviteCode(code: \"twin\") { databaseId }
            b: inviteCode(code: \" TWIN\") { databaseId } c: inviteCode(code: \"Twin\") { databaseId }
            d: inviteCode(code: \"TWIN.\") { databaseId } }").await;
        let ids = ["a", "b", "c", "d"].map(|name| data[name]["databaseId"].clone());
        assert_eq!(ids, [json!("4"), json!("5"), Value::Null, json!("5")]);
    }

    async fn a_token_is_found_however_it_was_copied(gateway) {
        fill(&gateway).await;
        let token = data::token(1).to_string();
        let document = "query ($token: UUID!) { workspaceInvite(token: $token) { databaseId } }";
        for (sent, is_found) in [
            (token.clone(), true),
            (format!(" {token} "), true),
            (format!("{{{}}}.", token.to_uppercase()), true),
            (format!("<{token}>"), true),
            (token.replace('-', ""), false),
            (format!("{token}0"), false),
        ] {
            let variables = json!({ "token": sent });
            let response = gateway.graphql_with(Viewer::Anonymous, document, variables).await;
            assert_eq!(!response["data"]["workspaceInvite"].is_null(), is_found, "{sent:?}");
            let path = format!("/api/v1/invites/{}/", in_path(&sent));
            let response = gateway.get(Viewer::Anonymous, &path).await;
            assert_eq!(response.status == StatusCode::OK, is_found, "{sent:?}");
        }
    }

    async fn a_changed_code_is_accepted_and_declined(gateway) {
        fill(&gateway).await;
        let accepted = answer(&gateway, "acceptInvite", json!({ "code": "oa1b c2d3 e4f5." })).await;
        assert_eq!(accepted, json!({ "invite": { "status": "ACCEPTED" }, "userErrors": [] }));
        let declined = answer(&gateway, "declineInvite", json!({ "code": " welcome-2026 " })).await;
        assert_eq!(declined["userErrors"], json!([]));
        let code = invite_code(&gateway, 2).await;
        assert!(code.declined_at.is_some());

        let preview = gateway.data(Viewer::Anonymous, "{ groupPreview(code: \"7k8m n9po qir2\") { slug } }").await;
        assert_eq!(preview["groupPreview"]["slug"], "studio");
        let joined = answer(&gateway, "acceptInvite", json!({ "groupCode": "\u{ab}7k8m-n9po-qlr2\u{bb}" })).await;
        assert_eq!(joined["userErrors"], json!([]));
        let member = gateway.data(Viewer::User(STRANGER), "{ group(id: \"1\") { viewerRole } }").await;
        assert_eq!(member["group"]["viewerRole"], "member");
    }

    async fn a_changed_secret_grants_no_more_than_the_secret(gateway) {
        fill(&gateway).await;
        gateway.add(invite_code::Model {
            email: Some("mia@example.com".to_owned()),
            email_norm: Some("mia@example.com".to_owned()),
            ..data::invite_code(20, "FOR-MIA")
        }).await;
        for input in [
            json!({ "code": "for-mia." }),
            json!({ "token": format!("<{}>", data::token(1)) }),
        ] {
            let refused = answer(&gateway, "acceptInvite", input).await;
            assert_eq!(refused["userErrors"], json!([{ "code": "WRONG_ACCOUNT" }]));
        }
        for input in [json!({ "code": "Twin" }), json!({ "groupCode": "7K8M-N9P0" }), json!({ "token": "." })] {
            let refused = answer(&gateway, "acceptInvite", input).await;
            assert_eq!(refused["userErrors"], json!([{ "code": "NOT_FOUND" }]));
        }
        // A code of one kind does not open the other.
        let refused = answer(&gateway, "acceptInvite", json!({ "groupCode": MADE })).await;
        assert_eq!(refused["userErrors"], json!([{ "code": "NOT_FOUND" }]));
    }
}

async fn invite_code(gateway: &Gateway, id: i64) -> invite_code::Model {
    use sea_orm::EntityTrait;
    let row = invite_code::Entity::find_by_id(id)
        .one(&gateway.database)
        .await;
    row.expect("rows").expect("a code")
}
