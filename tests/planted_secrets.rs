//! Plants secrets wherever a client or a row can put them, in requests that succeed, are refused,
//! or fail. Then searches the gateway's log, traces, metrics and error responses for them.

use base64::{Engine, engine::general_purpose};
use entity::workspace_invite;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{
    Gateway, Response, Viewer,
    collector::Collector,
    data, each_database, invite_id,
    process::{Server, authorization, log_lines},
    tables,
    wire::Request,
};

/// Part of all planted secrets, except for ids and signed tokens.
const MARK: &str = "planted";
const CODE: &str = "PLANTED-code-1";
const ADDRESS: &str = "planted-address@secret.example";
const VARIABLE: &str = "PLANTED-variable-2";
const GARBAGE: &str = "PLANTED-bearer-3";
const HEADER: &str = "PLANTED-header-4";
/// In rows that no viewer may see.
const DESCRIPTION: &str = "PLANTED-description-5";
const GROUP_CODE: &str = "PLANTED-group-code-6";
const MESSAGE: &str = "PLANTED-message-7";
const KEY: &str = "PLANTED-key-8";

const LOOK_UP: &str = "query LookUp($code: String!) { inviteCode(code: $code) { code email } }";

/// Secrets that must not appear.
struct Secrets(Vec<String>);

impl Secrets {
    /// Returns the planted secrets and `more`, unchanged and in possible encodings.
    fn with(more: &[&str]) -> Self {
        let planted = [
            MARK,
            CODE,
            ADDRESS,
            VARIABLE,
            GARBAGE,
            HEADER,
            DESCRIPTION,
            GROUP_CODE,
            MESSAGE,
            KEY,
        ];
        let mut all = Vec::new();
        for secret in planted.iter().chain(more) {
            all.push((*secret).to_owned());
            all.push(percent_encoded(secret));
            all.push(general_purpose::STANDARD_NO_PAD.encode(secret));
            all.push(general_purpose::URL_SAFE_NO_PAD.encode(secret));
        }
        Self(
            all.iter()
                .map(|secret| secret.to_ascii_lowercase())
                .collect(),
        )
    }

    /// Returns a secret that appears in the text, and the part that does.
    fn found_in(&self, text: &str) -> Option<(String, String)> {
        let text = text.to_ascii_lowercase();
        let secret = self
            .0
            .iter()
            .find(|secret| text.contains(secret.as_str()))?;
        let line = text.lines().find(|line| line.contains(secret.as_str()));
        Some((secret.clone(), line.unwrap_or_default().to_owned()))
    }
}

fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Returns the parts of a response that must not contain secrets: its errors, or all of it if it is
/// no GraphQL success. Requested data may contain its own.
fn client_output(response: &Response) -> String {
    let errors_of = |response: &Value| response["errors"].to_string();
    match &response.json {
        Value::Array(responses) => responses.iter().map(errors_of).collect(),
        json if json.get("data").is_some() => errors_of(json),
        _ if response.status.is_success() => String::new(),
        _ => format!("{:?}{}", response.headers, response.text),
    }
}

async fn plant(gateway: &Gateway) {
    gateway.add(data::user(7, "grace")).await;
    gateway.add(data::user(8, "eve")).await;
    gateway.add(data::workspace(1)).await;
    gateway
        .add(entity::invite_code::Model {
            email: Some(ADDRESS.to_owned()),
            email_norm: Some(ADDRESS.to_owned()),
            ..data::invite_code(5, CODE)
        })
        .await;
    gateway
        .add(workspace_invite::Model {
            email: ADDRESS.to_owned(),
            email_norm: ADDRESS.to_owned(),
            ..data::workspace_invite(4, 1)
        })
        .await;
    gateway
        .add(entity::course::Model {
            description: DESCRIPTION.to_owned(),
            ..data::course(1, VARIABLE, 8)
        })
        .await;
    gateway.add(data::course_invite(1, 1, 8)).await;
    gateway.add(data::workspace_member(1, 7, "owner")).await;
    gateway.add(data::group(1, "studio")).await;
    gateway.add(data::group_member(1, 7, "manager")).await;
    gateway.add(data::group_invite(1, 1, GROUP_CODE)).await;
}

/// Returns mutations that succeed for user 7, or are refused as data.
fn mutations(workspace_token: &str) -> Vec<String> {
    let invite = invite_id("WorkspaceInvite", 1, 4);
    let errors = "userErrors { code message field }";
    [
        format!("createWorkspaceInvites(input: {{ workspace: \"1\", message: \"{MESSAGE}\",
            idempotencyKey: \"{KEY}\", invitees: [{{ email: \"new-{ADDRESS}\" }}, {{ email: \"{CODE}\" }}] }})
            {{ results {{ email acceptUrl {errors} }} {errors} }}"),
        format!("createWorkspaceInvites(input: {{ workspace: \"1\", idempotencyKey: \"{KEY}\",
            invitees: [{{ email: \"{ADDRESS}\" }}] }}) {{ results {{ {errors} }} {errors} }}"),
        format!("createInviteCodes(input: {{ invitees: [{{ name: \"{VARIABLE}\", email: \"{ADDRESS}\" }}] }})
            {{ results {{ acceptUrl {errors} }} {errors} }}"),
        format!("resendInvites(input: {{ ids: [\"{invite}\", \"{CODE}\"] }})
            {{ results {{ acceptUrl {errors} }} {errors} }}"),
        format!("updateInvite(input: {{ id: \"{invite}\", message: \"{MESSAGE}\" }}) {{ {errors} }}"),
        format!("updateInvite(input: {{ id: \"{invite}\", role: \"{CODE}\" }}) {{ {errors} }}"),
        format!("acceptInvite(input: {{ code: \"{CODE}\" }}) {{ {errors} }}"),
        format!("acceptInvite(input: {{ token: \"{workspace_token}\" }}) {{ {errors} }}"),
        format!("acceptInvite(input: {{ token: \"{VARIABLE}\" }}) {{ {errors} }}"),
        format!("acceptInvite(input: {{ groupCode: \"{GROUP_CODE}\" }}) {{ {errors} }}"),
        format!("declineInvite(input: {{ code: \"{VARIABLE}\" }}) {{ {errors} }}"),
        format!("acceptInvite(input: {{ code: \"{CODE}\", groupCode: \"{GROUP_CODE}\" }}) {{ {errors} }}"),
    ]
    .map(|mutation| format!("mutation {{ {mutation} }}"))
    .into()
}

/// Returns the secrets at the end of the links in a response.
fn minted(response: &Response) -> Vec<String> {
    let links = response.text.split("\"acceptUrl\":\"").skip(1);
    let urls = links.filter_map(|rest| rest.split('"').next());
    urls.filter_map(|url| url.rsplit('/').next())
        .map(str::to_owned)
        .collect()
}

/// Returns bodies for `POST /graphql`.
fn bodies(workspace_token: &str) -> Vec<String> {
    let variables = json!({
        "code": CODE, "email": ADDRESS, "x": VARIABLE, "token": workspace_token,
        PLANTED_NAME: VARIABLE,
    });
    let post = |query: &str| json!({ "query": query, "variables": variables }).to_string();
    let valid = [
        LOOK_UP.to_owned(),
        format!(r#"{{ inviteCode(code: "{CODE}") {{ email }} }}"#),
        format!(r#"{{ workspaceInvite(token: "{workspace_token}") {{ email }} }}"#),
        format!(r#"{{ workspaceInvite(token: "{VARIABLE}") {{ email }} }}"#),
        format!(r#"{{ course(id: "{VARIABLE}") {{ name invitees {{ totalCount }} }} }}"#),
        "query Mine($email: String) {
            inviteCodes(filter: { email: $email, search: $email }) { totalCount }
        }"
        .to_owned(),
        format!(r#"{{ node(id: "{CODE}") {{ id }} nodes(ids: ["{VARIABLE}"]) {{ id }} }}"#),
        format!(r#"{{ inviteCodes(after: "{VARIABLE}") {{ totalCount }} }}"#),
        "query T($token: String!) { workspaceInvite(token: $token) { email } }".to_owned(),
    ];
    let refused = [
        format!(r#"{{ inviteCode(code: "{CODE}" {{ {ADDRESS}"#),
        format!(r#"{{ inviteCode(code: "{CODE}") {{ bogus }} }}"#),
        format!(r#"{{ inviteCode(code: ["{CODE}"]) {{ code }} }}"#),
        format!(r#"{{ inviteCode(code: {{ it: "{CODE}" }}) {{ code }} }}"#),
        format!(r#"{{ inviteCode(code: "{CODE}", code: "{VARIABLE}") {{ code }} }}"#),
        format!(r#"{{ inviteCodes(first: "{CODE}") {{ totalCount }} }}"#),
        format!(
            r#"{{ inviteCodes(filter: {{ createdAt: {{ from: "{VARIABLE}" }} }}) {{ totalCount }} }}"#
        ),
        format!(r#"query ($code: String = "{CODE}", $x: Int = "{VARIABLE}") {{ __typename }}"#),
        "query ($code: Int!) { inviteCodes(first: $code) { totalCount } }".to_owned(),
        "query ($x: [DateTime!]) { __typename }".to_owned(),
        "query ($x: InviteCodeFilter) { inviteCodes(filter: $x) { totalCount } }".to_owned(),
        "query ($email: String!) { workspaceInvite(token: $email) { email } }".to_owned(),
        format!("# {CODE}\n\"\"\"{ADDRESS}"),
    ];
    let mutations = mutations(workspace_token);
    let mut bodies: Vec<String> = valid
        .iter()
        .chain(&refused)
        .chain(&mutations)
        .map(|query| post(query))
        .collect();
    bodies.extend([
        format!("{{{CODE}"),
        format!(r#"{{"query":["{CODE}"]}}"#),
        format!(r#"{{"query":"{{ __typename }}","variables":"{VARIABLE}"}}"#),
        json!({ "query": "{ __typename }", "operationName": ADDRESS }).to_string(),
        json!({ "query": "{ __typename }", "extensions": { "x": VARIABLE } }).to_string(),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": VARIABLE } } })
            .to_string(),
        json!({ "documentId": VARIABLE }).to_string(),
        json!([{ "query": LOOK_UP, "variables": variables }, { "query": ADDRESS }]).to_string(),
    ]);
    bodies
}

/// A variable that no operation declares. Clients can send it.
const PLANTED_NAME: &str = "PLANTED_name";

fn paths(workspace_token: &str) -> Vec<String> {
    let literal = format!(r#"{{ inviteCode(code: "{CODE}") {{ email }} }}"#);
    let broken = format!(r#"{{ inviteCode(code: "{CODE}" {{ {ADDRESS}"#);
    let query = percent_encoded(&literal);
    let variables = percent_encoded(&json!({ "code": CODE, "email": ADDRESS }).to_string());
    vec![
        format!("/graphql?query={query}&variables={variables}"),
        format!("/graphql?query={query}&variables={VARIABLE}"),
        format!("/graphql?query={}", percent_encoded(&broken)),
        format!("/graphql?access_token={GARBAGE}"),
        format!("/api/v2/invite_code/{CODE}/?email={ADDRESS}"),
        format!("/api/v2/invite_code/{CODE}/{VARIABLE}"),
        format!("/api/v1/invites/{workspace_token}/"),
        format!("/api/v1/invites/{workspace_token}/%FF"),
        format!("/v3/groups/{VARIABLE}/invite?code={CODE}"),
        "/api/v2/course/1/invite/".to_owned(),
        format!("/api/v2/course/{VARIABLE}/invite/?limit={CODE}"),
        format!("/health/ready?{CODE}"),
        format!("/metrics?{CODE}"),
        format!("/{CODE}/{ADDRESS}/{workspace_token}"),
    ]
}

each_database! {
    async fn secrets_appear_nowhere(gateway) {
        plant(&gateway).await;
        let workspace_token = data::token(4).to_string();
        let signed = authorization(7);
        let token = signed.strip_prefix("Bearer ").expect("a token");
        let forged = format!("{signed}x");
        let signature = token.rsplit('.').next().expect("a signature");
        let secrets = Secrets::with(&[&workspace_token, token, signature]);

        let collector = Collector::start().await;
        let server = Server::with(&gateway.database_url, &[
            "--log-level=debug", "--audit-log=on", "--metrics=on", "--max-batch=5", "--automatic-persisted-queries=on",
            &collector.option(),
        ]).await;
        let (bodies, paths) = (bodies(&workspace_token), paths(&workspace_token));
        let garbage = format!("Bearer {GARBAGE}");
        let basic = format!("Basic {GARBAGE}");
        let traceparent = format!("00-{HEADER}-01");
        let tracestate = format!("vendor={HEADER}");
        let mut sent = 0;
        let mut made = Vec::new();
        let mut ask_all = async || {
            for authorization in [None, Some(&signed), Some(&forged), Some(&garbage), Some(&basic)] {
                let authorization = authorization.map(String::as_str);
                let requests = bodies.iter().map(|body| Request::post_json("/graphql", body))
                    .chain(paths.iter().map(|path| Request::get(path)));
                for request in requests {
                    let request = request.authorized(authorization)
                        .header("x-request-id", "PLANTED header")
                        .header("traceparent", &traceparent)
                        .header("tracestate", &tracestate)
                        .header("baggage", &tracestate)
                        .header("cookie", &tracestate)
                        .header("x-forwarded-for", HEADER)
                        .header("user-agent", HEADER);
                    let response = server.send(&request).await;
                    sent += 1;
                    made.extend(minted(&response));
                    assert_eq!(secrets.found_in(&client_output(&response)), None, "{}", request.text());
                }
            }
        };
        ask_all().await;
        let stored = tables::dump(&gateway.database).await;
        // Database errors are logged, without values.
        for tables in [&["invite_codes", "workspace_invites", "courses"][..], &["users"]] {
            for table in tables {
                let rename = format!("ALTER TABLE {table} RENAME TO no_{table}");
                gateway.database.execute_unprepared(&rename).await.expect("a new name");
            }
            ask_all().await;
        }
        let odd = server.send(&Request::of("PLANTED", "/graphql")).await;
        assert_eq!(secrets.found_in(&client_output(&odd)), None);
        let metrics = server.get(None, "/metrics").await.text;

        server.process.signal("TERM");
        let ended = server.process.ended().await;
        assert_eq!(ended.status, Some(0));
        let traces = String::from_utf8_lossy(&collector.bytes()).into_owned();
        for (place, text) in [
            ("the log", &ended.stderr), ("the output", &ended.stdout), ("traces", &traces),
            ("metrics", &metrics),
        ] {
            assert_eq!(secrets.found_in(text), None, "{place}");
            assert!(!made.is_empty());
            for secret in &made {
                assert!(!text.contains(secret), "a new token or code in {place}");
            }
        }
        // Nor do events, the keys of requests and the tables of hashes hold a token or code.
        for (table, rows) in stored {
            let codes_are_stored = ["invite_codes", "group_invites"].contains(&table);
            for secret in made.iter().filter(|_| !codes_are_stored) {
                assert!(!rows.iter().any(|row| row.contains(secret)), "{table}");
            }
        }

        // All of these record something of the requests, so that the search is meaningful.
        let lines = log_lines(&ended.stderr);
        let answered = lines.iter().filter(|line| line["message"] == "request completed").count();
        assert_eq!(answered, sent + 2);
        for operation in ["read", "accept", "resend"] {
            assert!(lines.iter().any(|line| line["message"] == "audit" && line["operation"] == operation), "{operation}");
        }
        assert!(lines.iter().any(|line| line["level"] == "ERROR" || line["level"] == "WARN"));
        for (place, text) in [("the log", &ended.stderr), ("traces", &traces), ("metrics", &metrics)] {
            assert!(text.contains("LookUp"), "{place}");
        }
        let spans = collector.spans();
        for name in ["POST /graphql", "operation", "batch", "statement"] {
            assert!(spans.iter().any(|span| span.name == name), "{name}");
        }
        assert!(spans.iter().any(|span| span.is_error));
    }

    async fn the_search_finds_secrets(gateway) {
        plant(&gateway).await;
        let secrets = Secrets::with(&["b7e8"]);
        for text in [
            format!("a line\nanother with {}", CODE.to_lowercase()),
            percent_encoded(ADDRESS),
            general_purpose::STANDARD_NO_PAD.encode(VARIABLE),
            "B7E8".to_owned(),
        ] {
            assert!(secrets.found_in(&text).is_some(), "{text}");
        }
        assert_eq!(secrets.found_in("nothing of it"), None);
        // A response that shows a code contains it, so the search must find it.
        let response = gateway.graphql_with(Viewer::Anonymous, LOOK_UP, json!({ "code": CODE })).await;
        assert!(secrets.found_in(&response.to_string()).is_some(), "{response}");
    }
}
