//! Look-ups of codes and tokens that people or mail programs have changed.

use std::num::NonZeroU32;

use axum::http::StatusCode;
use entity::invite_code;
use invite_gateway::{import::Kind, rate_limit::Quotas};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, tables};

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
        let document = "query ($token: String!) { workspaceInvite(token: $token) { databaseId } }";
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

    async fn a_token_that_is_no_uuid_opens_its_invite(gateway) {
        fill(&gateway).await;
        let longest = "\u{e9}".repeat(255);
        let tokens = ["tok_2abC.def=", "6f1b24a15b4c4d0e9c370d6f0b6a2b11", "(x)", "7", &longest];
        let row = |token: &str| json!({ "token": token, "workspace_id": 1, "email": "x@example.org",
            "status": "pending", "expires_at": "2099-01-01T00:00:00Z" });
        let rows: Vec<Value> = tokens.into_iter().map(row).collect();
        let (summary, rejections) = gateway.import(Kind::WorkspaceInvites, &rows).await;
        assert_eq!((summary.written, rejections), (tokens.len() as u64, vec![]));
        for wrong in ["a b", "a\nb", "00000000-0000-0000-0000-000000000000", &format!("{longest}x")] {
            let (_, rejections) = gateway.import(Kind::WorkspaceInvites, &[row(wrong)]).await;
            assert!(rejections[0].reason.starts_with("expected at most 255 characters"), "{rejections:?}");
        }
        let document = "query ($token: String!) { workspaceInvite(token: $token) { email }
            invite(by: { token: $token }) { __typename } }";
        let found = async |sent: &str| {
            let variables = json!({ "token": sent });
            let data = gateway.graphql_with(Viewer::Anonymous, document, variables).await["data"].take();
            assert_eq!(data["workspaceInvite"].is_null(), data["invite"].is_null(), "{sent:?}");
            let path = format!("/api/v1/invites/{}/", in_path(sent));
            let response = gateway.get(Viewer::Anonymous, &path).await;
            assert_eq!(response.status == StatusCode::OK, !data["invite"].is_null(), "{sent:?}");
            !data["invite"].is_null()
        };
        for token in tokens {
            assert!(found(token).await, "{token:?}");
            assert!(found(&format!(" \u{ab}{token}\u{bb}\n")).await || token == "(x)", "{token:?}");
        }
        for other in ["tok_2abc.def=", "TOK_2ABC.DEF=", "tok_2abC.def", "6F1B24A15B4C4D0E9C370D6F0B6A2B11", "x", "77", "", "\0", "\u{e9}"] {
            assert!(!found(other).await, "{other:?}");
        }
        let stored = tables::dump(&gateway.database).await;
        assert!(!format!("{stored:?}").contains("tok_2abC"));
        let refused = answer(&gateway, "acceptInvite", json!({ "token": "tok_2abC.def=" })).await;
        assert_eq!(refused["userErrors"], json!([{ "code": "WRONG_ACCOUNT" }]));
    }

    async fn a_look_up_of_a_changed_token_is_one_statement_and_one_miss(gateway) {
        fill(&gateway).await;
        let quotas = Quotas { missed_lookups: NonZeroU32::new(2), ..Quotas::default() };
        let gateway = gateway.with_quotas(quotas);
        let path = |sent: &str| format!("/api/v1/invites/{}/", in_path(sent));
        let ask = async |sent: &str| gateway.get(Viewer::Anonymous, &path(sent)).await.status;
        let (statements, status) = gateway.counted(ask("(no such token).")).await;
        assert_eq!((statements, status), (1, StatusCode::NOT_FOUND));
        let (statements, status) = gateway.counted(ask("\u{ab}nothing\u{bb}")).await;
        assert_eq!((statements, status), (1, StatusCode::NOT_FOUND));
        assert_eq!(ask("nothing").await, StatusCode::TOO_MANY_REQUESTS);
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
