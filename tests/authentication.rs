//! Authentication: bearer tokens over HTTP, their claims, and the users that they identify.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::user;
use futures_util::stream;
use invite_gateway::{
    access,
    auth::{
        AudienceClaim, AuthError, GrantSettings, InvalidToken, NewClaims, STAFF_SCOPE, Secret,
        SubjectClaim, TokenSettings, mint,
    },
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    Gateway, Response, SECRET, Viewer, any_database, at, data,
    process::Server,
    secret,
    signer::Signer,
    tokens::{
        AUDIENCE, ISSUER, LEEWAY, authenticator, bearing, claims, now, reason, refusal, settings,
        with_secret,
    },
    wire::Request,
};

const WHO: &str = "{ viewer { user { username } } }";
const LOOK_UP: &str = r#"{ inviteCode(code: "AbC-123") { code } }"#;
const CODE: &str = "/api/v2/invite_code/AbC-123/";
const WORKSPACE: &str = "/api/v1/invites/11111111-1111-4111-8111-000000000004/";
const GROUP: &str = "/v3/groups/studio/invite";
const COURSE: &str = "/api/v2/course/1/invite/";

/// Adds public objects, and a deleted user.
async fn fill(gateway: &Gateway) {
    gateway
        .add_all([
            data::user(7, "grace"),
            user::Model {
                deleted_at: Some(at("2026-02-01T00:00:00Z")),
                ..data::user(8, "gone")
            },
        ])
        .await;
    gateway.add(data::invite_code(5, "AbC-123")).await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_invite(4, 1)).await;
}

/// Returns a header with a token of user 7. It is valid at the tests' time, except for `change`.
fn bearer(secret: &Secret, change: impl FnOnce(&mut NewClaims<'static>)) -> String {
    let now = at(crate::support::NOW).timestamp();
    let mut claims = NewClaims {
        sub: "7",
        iat: now,
        exp: now + 3600,
        iss: None,
        aud: None,
        scope: None,
    };
    change(&mut claims);
    format!("Bearer {}", mint(secret, &claims).expect("a token"))
}

/// Returns a token of user 7 with changes of its claims.
fn claiming(changes: Value) -> String {
    let signer = Signer::secret(SECRET);
    signer.token(&signer.header(None), &claims(changes))
}

/// Returns headers that do not authenticate, and the error description of each.
fn bad_headers() -> Vec<(String, Option<&'static str>)> {
    let now = at(crate::support::NOW).timestamp();
    let good = bearer(&secret(), |_| {});
    let other: Secret = "another secret, as long as it has to be"
        .parse()
        .expect("a secret");
    let (signed, signature) = good.rsplit_once('.').expect("a signature");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{first}{}", &signature[1..]);
    let (_, claims) = signed.rsplit_once('.').expect("claims");
    let unsigned = |header: &str| format!("Bearer {}.{claims}.", URL_SAFE_NO_PAD.encode(header));
    vec![
        (
            unsigned(r#"{"alg":"none"}"#),
            Some("the token's signature cannot be verified"),
        ),
        (
            unsigned(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#),
            Some("the token requires an extension that is not supported"),
        ),
        (
            unsigned(r#"{"alg":"HS256","typ":"logout+jwt"}"#),
            Some("the token is of a type that is not accepted"),
        ),
        (
            format!("{good}.encrypted.tag"),
            Some("the token is malformed"),
        ),
        (
            bearer(&secret(), |claims| claims.exp = now),
            Some("the token has expired"),
        ),
        (
            bearer(&other, |_| {}),
            Some("the token's signature cannot be verified"),
        ),
        (forged, Some("the token's signature cannot be verified")),
        (
            bearer(&secret(), |claims| claims.aud = Some("others")),
            Some("the token is for an audience, and none is configured"),
        ),
        (
            bearer(&secret(), |claims| claims.sub = "grace"),
            Some("the token's subject cannot name a user"),
        ),
        (
            bearer(&secret(), |claims| claims.sub = "8"),
            Some("the token's user was deleted"),
        ),
        ("Bearer garbage".to_owned(), Some("the token is malformed")),
        ("Bearer".to_owned(), Some("the token is malformed")),
        // As a client sends that lost its token: it does not believe to be signed out.
        ("Bearer ".to_owned(), Some("the token is malformed")),
        (format!("{good} {good}"), Some("the token is malformed")),
        (
            format!("Bearer {}", "a".repeat(8193)),
            Some("the token is longer than 8192 bytes"),
        ),
        ("Basic Z3JhY2U6c2VjcmV0".to_owned(), None),
        (good.replacen("Bearer", "Token", 1), None),
    ]
}

/// Asserts an endpoint's response to a header that does not authenticate.
fn refused(response: &Response, body: &Value, challenge: &str) {
    assert_eq!(
        (response.status, &response.json),
        (StatusCode::UNAUTHORIZED, body)
    );
    assert_eq!(response.json.get("data"), None);
    assert_eq!(response.header("www-authenticate"), challenge);
    assert_eq!(response.header("cache-control"), "no-store");
    assert!(
        response
            .header("content-type")
            .starts_with("application/json")
    );
}

fn graphql_refusal(message: &str) -> Value {
    json!({ "errors": [{ "message": message, "extensions": { "code": "UNAUTHENTICATED" } }] })
}

any_database! {
    async fn without_a_token_the_viewer_is_anonymous(gateway) {
        fill(&gateway).await;
        for viewer in [Viewer::Anonymous, Viewer::Header(""), Viewer::Header(" \t ")] {
            let data = gateway.data(viewer, WHO).await;
            assert_eq!(data, json!({ "viewer": null }), "{viewer:?}");
            let data = gateway.data(viewer, LOOK_UP).await;
            assert_eq!(data, json!({ "inviteCode": { "code": "AbC-123" } }), "{viewer:?}");
            for path in [CODE, WORKSPACE] {
                assert_eq!(gateway.get(viewer, path).await.status, StatusCode::OK, "{path}");
            }
            for path in [GROUP, COURSE] {
                let response = gateway.get(viewer, path).await;
                assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{path}");
                assert_eq!(response.header("www-authenticate"), r#"Bearer realm="invite-gateway""#);
            }
        }
    }

    async fn an_empty_header_of_a_client_is_anonymous(gateway) {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        for header in ["", "   "] {
            let mut wire = server.connect().await;
            let body = json!({ "query": LOOK_UP }).to_string();
            let request = Request::post_json("/graphql", &body).authorized(Some(header));
            wire.write(&request.text()).await;
            let response = wire.response().await;
            assert_eq!(response.status, StatusCode::OK);
            assert_eq!(response.json, json!({ "data": { "inviteCode": { "code": "AbC-123" } } }));
        }
    }

    async fn a_valid_token_identifies_the_viewer(gateway) {
        fill(&gateway).await;
        let good = bearer(&secret(), |_| {});
        for header in [good.clone(), good.replacen("Bearer", "bearer", 1)] {
            let data = gateway.data(Viewer::Header(&header), WHO).await;
            assert_eq!(data, json!({ "viewer": { "user": { "username": "grace" } } }));
        }
        // The gateway uses its own clock: an hour later the token has expired.
        gateway.set_now(at("2026-06-01T13:00:00Z"));
        let response = gateway.graphql(Viewer::Header(&good), WHO).await;
        assert_eq!(response, graphql_refusal("the token has expired"));
    }

    async fn an_invalid_token_is_refused_everywhere_and_never_anonymous(gateway) {
        fill(&gateway).await;
        let realm = r#"Bearer realm="invite-gateway""#;
        let detail = json!({ "detail": "Invalid token." });
        let arena = json!({ "error": "Unauthorized", "code": 401, "details": {
            "message": "The access token is not valid." } });
        for (header, wrong) in bad_headers() {
            let viewer = Viewer::Header(&header);
            let message = wrong.unwrap_or("only the authentication scheme Bearer is supported");
            let challenge = wrong.map_or_else(|| realm.to_owned(), |wrong| {
                format!(r#"{realm}, error="invalid_token", error_description="{wrong}""#)
            });
            for document in [WHO, LOOK_UP, "{ __typename }", "{ broken"] {
                let body = json!({ "query": document }).to_string();
                let request = gateway
                    .request(viewer, Method::POST, "/graphql")
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(body.into())
                    .expect("a request");
                refused(&gateway.send(request).await, &graphql_refusal(message), &challenge);
            }
            let by_get = gateway.get(viewer, "/graphql?query={__typename}").await;
            refused(&by_get, &graphql_refusal(message), &challenge);
            for (path, body) in [
                (CODE, &detail),
                (WORKSPACE, &detail),
                (COURSE, &detail),
                (GROUP, &arena),
            ] {
                refused(&gateway.get(viewer, path).await, body, &challenge);
            }
        }
    }

    async fn several_authorization_headers_are_refused(gateway) {
        fill(&gateway).await;
        let good = bearer(&secret(), |_| {});
        for first in [good.as_str(), "Basic Z3JhY2U6c2VjcmV0"] {
            let request = gateway
                .request(Viewer::Header(first), Method::GET, CODE)
                .header(header::AUTHORIZATION, &good)
                .body(Body::empty())
                .expect("a request");
            let challenge = r#"Bearer realm="invite-gateway", error="invalid_token", error_description="more than one Authorization header was sent""#;
            refused(&gateway.send(request).await, &json!({ "detail": "Invalid token." }), challenge);
        }
    }

    async fn a_valid_token_that_names_nobody_is_a_stranger(gateway) {
        fill(&gateway).await;
        // Not even its scopes grant anything.
        let header = bearer(&secret(), |claims| {
            claims.sub = "99";
            claims.scope = Some("invites:admin invites:codes");
        });
        let viewer = Viewer::Header(&header);
        let document = r#"{
            viewer { hasAccount user { id }
                workspaces { totalCount } groups { totalCount } courses { totalCount }
                sentInvites { nodes { id } } receivedInvites { pageInfo { hasNextPage } edges { cursor } } }
            inviteCode(code: "AbC-123") { code viewerCanAccept }
            node(id: "x") { id }
        }"#;
        let none = json!({ "totalCount": 0 });
        assert_eq!(gateway.data(viewer, document).await, json!({
            "viewer": { "hasAccount": false, "user": null,
                "workspaces": none, "groups": none, "courses": none,
                "sentInvites": { "nodes": [] },
                "receivedInvites": { "pageInfo": { "hasNextPage": false }, "edges": [] } },
            "inviteCode": { "code": "AbC-123", "viewerCanAccept": false },
            "node": null,
        }));
        let good = bearer(&secret(), |_| {});
        let data = gateway.data(Viewer::Header(&good), "{ viewer { hasAccount } }").await;
        assert_eq!(data, json!({ "viewer": { "hasAccount": true } }));
        for path in [CODE, WORKSPACE] {
            assert_eq!(gateway.get(viewer, path).await.status, StatusCode::OK, "{path}");
        }
        for path in [GROUP, COURSE] {
            assert_eq!(gateway.get(viewer, path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let accept = r#"mutation { acceptInvite(input: { code: "AbC-123" }) { userErrors { code } } }"#;
        for document in [accept, "{ inviteCodes { totalCount } }"] {
            let response = gateway.graphql(viewer, document).await;
            let error = &response["errors"][0];
            assert_eq!(error["message"], "You are signed in, but have no account here.", "{response}");
            let extensions = json!({ "code": "FORBIDDEN", "reason": "NO_ACCOUNT" });
            assert_eq!(error["extensions"], extensions);
        }
    }

    async fn a_token_in_the_url_is_ignored(gateway) {
        fill(&gateway).await;
        let good = bearer(&secret(), |_| {});
        let token = good.strip_prefix("Bearer ").expect("a token");
        let path = format!("/graphql?query={{viewer{{user{{username}}}}}}&access_token={token}");
        let path = path.replace('{', "%7B").replace('}', "%7D");
        let response = gateway.get(Viewer::Anonymous, &path).await;
        assert_eq!(response.json, json!({ "data": { "viewer": null } }));
    }

    async fn public_routes_ignore_tokens(gateway) {
        for path in ["/health/live", "/health/ready", "/openapi.json", "/"] {
            let response = gateway.get(Viewer::Header("Bearer garbage"), path).await;
            assert_eq!(response.status, StatusCode::OK, "{path}");
        }
    }

    async fn authentication_precedes_reading_the_body(gateway) {
        fill(&gateway).await;
        let request = gateway
            .request(Viewer::Header("Bearer garbage"), Method::POST, "/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()))
            .expect("a request");
        let response = timeout(Duration::from_secs(30), gateway.send(request)).await;
        let response = response.expect("a response without a body");
        assert_eq!(response.json, graphql_refusal("the token is malformed"));

        let server = Server::new(&gateway.database_url).await;
        let mut wire = server.connect().await;
        let request = Request::post_json("/graphql", r#"{"query":"{ __typename }"}"#)
            .authorized(Some("Bearer garbage"));
        wire.write(&request.head()).await;
        wire.write(r#"{"query":"#).await;
        let response = wire.response().await;
        assert_eq!(response.status, StatusCode::UNAUTHORIZED);
        assert_eq!(response.json, graphql_refusal("the token is malformed"));
    }

    async fn deleting_a_user_signs_them_out_at_once(gateway) {
        use sea_orm::{ActiveModelTrait, ActiveValue::Set};
        fill(&gateway).await;
        let good = bearer(&secret(), |_| {});
        let viewer = Viewer::Header(&good);
        assert_eq!(gateway.get(viewer, CODE).await.status, StatusCode::OK);
        let deleted = user::ActiveModel {
            id: Set(7),
            deleted_at: Set(Some(at("2026-05-01T00:00:00Z"))),
            ..Default::default()
        };
        deleted.update(&gateway.database).await.expect("a user");
        assert_eq!(gateway.get(viewer, CODE).await.status, StatusCode::UNAUTHORIZED);
        let response = gateway.graphql(viewer, WHO).await;
        assert_eq!(response, graphql_refusal("the token's user was deleted"));
    }

    async fn claims_are_accepted_up_to_their_limits(gateway) {
        fill(&gateway).await;
        let authenticator = authenticator(&gateway, with_secret());
        for good in [
            json!({}),
            json!({ "exp": now() - LEEWAY + 1 }),
            json!({ "exp": now() as f64 - LEEWAY as f64 + 0.5 }),
            json!({ "exp": 1e300 }),
            json!({ "exp": u64::MAX }),
            json!({ "nbf": now() + LEEWAY }),
            json!({ "nbf": -5.5 }),
            json!({ "aud": ["others", AUDIENCE] }),
            json!({ "iat": "whatever", "unknown": [1, { "exp": 0 }] }),
        ] {
            assert_eq!(refusal(&authenticator, &claiming(good.clone())).await, None, "{good}");
        }
    }

    async fn without_a_configured_audience_a_token_with_one_is_refused(gateway) {
        fill(&gateway).await;
        let settings = TokenSettings { audience: None, issuer: None, ..with_secret() };
        let authenticator = authenticator(&gateway, settings);
        let none = claiming(json!({ "aud": null, "iss": null }));
        assert_eq!(refusal(&authenticator, &none).await, None);
        for aud in [json!("others"), json!(["others"]), json!([])] {
            let refused = refusal(&authenticator, &claiming(json!({ "aud": aud }))).await;
            assert_eq!(refused, Some(InvalidToken::UnknownAudience));
        }
    }

    async fn a_client_id_takes_the_place_of_a_missing_audience_if_configured(gateway) {
        fill(&gateway).await;
        let cognito = TokenSettings { audience_claim: AudienceClaim::ClientId, ..with_secret() };
        let cognito = authenticator(&gateway, cognito);
        let usual = authenticator(&gateway, with_secret());
        let audience = InvalidToken::Audience;
        for (changes, by_client_id, by_aud) in [
            (json!({ "aud": null, "client_id": AUDIENCE }), None, Some(audience)),
            (json!({ "aud": null, "client_id": "others" }), Some(audience), Some(audience)),
            (json!({ "aud": null }), Some(audience), Some(audience)),
            (json!({ "client_id": "others" }), None, None),
            (json!({ "aud": "others", "client_id": AUDIENCE }), Some(audience), Some(audience)),
        ] {
            let token = claiming(changes.clone());
            assert_eq!(refusal(&cognito, &token).await, by_client_id, "{changes}");
            assert_eq!(refusal(&usual, &token).await, by_aud, "{changes}");
        }
    }

    async fn the_length_of_tokens_has_a_configured_maximum(gateway) {
        fill(&gateway).await;
        let long = claiming(json!({ "groups": "x".repeat(12_000) }));
        let max_length = long.len();
        let refused = refusal(&authenticator(&gateway, with_secret()), &long).await;
        assert_eq!(refused, Some(InvalidToken::TooLong { max_length: 8192 }));
        let wide = authenticator(&gateway, TokenSettings { max_length, ..with_secret() });
        assert_eq!(refusal(&wide, &long).await, None);
    }

    async fn the_log_has_the_reason_of_a_refusal_and_nothing_of_the_token(gateway) {
        fill(&gateway).await;
        for (header, reason) in [
            (bearer(&secret(), |claims| claims.exp = 1), "expired"),
            ("Bearer hunter2".to_owned(), "malformed"),
            ("Basic Z3JhY2U6c2VjcmV0".to_owned(), "unsupported_scheme"),
        ] {
            let server = Server::new(&gateway.database_url).await;
            let response = server.get(Some(&header), CODE).await;
            assert_eq!(response.status, StatusCode::UNAUTHORIZED, "{reason}");
            let line = server.process.logged("a token was refused").await;
            assert_eq!(line["reason"], reason, "{line}");
            let (_, token) = header.split_once(' ').expect("a token");
            assert!(!line.to_string().contains(token), "{line}");
        }
    }

    async fn a_subject_identifies_a_user_by_the_configured_column(gateway) {
        use InvalidToken::{AmbiguousUser, Claims, DeletedUser, Subject};
        use SubjectClaim::{ExtId, Id, Username};
        fill(&gateway).await;
        gateway.add_all([9, 10].map(|id| user::Model {
            ext_id: Some("shared".to_owned()),
            ..data::user(id, &format!("twin{id}"))
        })).await;
        gateway.add_all([11, 12].map(|id| user::Model {
            ext_id: Some("passed on".to_owned()),
            deleted_at: (id == 12).then(data::made),
            ..data::user(id, &format!("heir{id}"))
        })).await;
        gateway.add(user::Model { ext_id: Some("5150".to_owned()), ..data::user(13, "numbered") }).await;
        for (subject, sub, expected) in [
            (Id, json!("7"), Ok(Some(7))),
            (Username, json!("grace"), Ok(Some(7))),
            (ExtId, json!("ext-7"), Ok(Some(7))),
            (ExtId, json!("passed on"), Ok(Some(11))),
            (Id, json!("8"), Err(DeletedUser)),
            (ExtId, json!("ext-8"), Err(DeletedUser)),
            (ExtId, json!("shared"), Err(AmbiguousUser)),
            // A deleted user's name is nobody's.
            (Username, json!("gone"), Ok(None)),
            (Id, json!("99"), Ok(None)),
            (ExtId, json!("ext-99"), Ok(None)),
            (Username, json!("7"), Ok(None)),
            (Username, json!("GRACE"), Ok(None)),
            (Username, json!(" grace"), Ok(None)),
            (Id, json!("grace"), Err(Subject)),
            (Id, json!("07"), Err(Subject)),
            (Id, json!("+7"), Err(Subject)),
            (Id, json!(" 7"), Err(Subject)),
            (Id, json!("7.0"), Err(Subject)),
            (Id, json!("99999999999999999999"), Err(Subject)),
            (Id, json!(""), Err(Subject)),
            (Username, json!(""), Err(Subject)),
            (Username, json!("grace\0"), Err(Subject)),
            (Username, Value::Null, Err(Subject)),
            (Id, json!(7), Ok(Some(7))),
            (ExtId, json!(5150), Ok(Some(13))),
            (Id, json!(7.0), Err(Claims)),
            (Id, json!(true), Err(Claims)),
            (Username, json!(["grace"]), Err(Claims)),
        ] {
            let authenticator = authenticator(&gateway, TokenSettings { subject, ..with_secret() });
            let token = claiming(json!({ "sub": sub }));
            match authenticator.viewer(&bearing(&token)).await {
                Ok(viewer) => assert_eq!(Ok(viewer.id()), expected, "{sub}"),
                refused => assert_eq!(reason(refused), expected.err(), "{sub}"),
            }
        }
    }

    async fn staff_are_made_by_the_scope_or_by_the_row(gateway) {
        fill(&gateway).await;
        gateway.add(user::Model { is_staff: true, ..data::user(9, "boss") }).await;
        let authenticator = authenticator(&gateway, with_secret());
        for (changes, expected) in [
            (json!({}), false),
            (json!({ "scope": "invites:admin" }), true),
            (json!({ "scope": "openid invites:admin email" }), true),
            (json!({ "scope": ["openid", "invites:admin"] }), true),
            (json!({ "scp": ["invites:admin"] }), true),
            (json!({ "scp": "openid invites:admin" }), true),
            (json!({ "scope": "" }), false),
            (json!({ "scope": "invites:administrator" }), false),
            (json!({ "scope": "Invites:Admin" }), false),
            (json!({ "scope": ["openid invites:admin"] }), false),
            (json!({ "scopes": "invites:admin" }), false),
            (json!({ "scope": 1 }), false),
            (json!({ "sub": "9" }), true),
        ] {
            let token = claiming(changes.clone());
            let viewer = authenticator.viewer(&bearing(&token)).await.expect("a viewer");
            assert_eq!(viewer.is_staff(), expected, "{changes}");
        }
        let minted = bearer(&secret(), |claims| {
            claims.iss = Some(ISSUER);
            claims.aud = Some(AUDIENCE);
            claims.scope = Some(STAFF_SCOPE);
        });
        let minted = minted.strip_prefix("Bearer ").expect("a token");
        let viewer = authenticator.viewer(&bearing(minted)).await.expect("a viewer");
        assert_eq!((viewer.id(), viewer.is_staff()), (Some(7), true));
    }

    async fn rights_come_from_the_configured_claim(gateway) {
        fill(&gateway).await;
        let configured = |claim: &str| GrantSettings {
            staff_targets: None,
            claim: Some(claim.to_owned()),
            staff: vec!["admin".to_owned(), "support".to_owned()],
            codes: vec!["inviter".to_owned()],
            ..GrantSettings::default()
        };
        for (claim, changes, expected) in [
            ("permissions", json!({ "permissions": ["read", "admin"] }), true),
            ("permissions", json!({ "permissions": "read inviter" }), false),
            ("realm_access.roles", json!({ "realm_access": { "roles": ["support", "inviter"] } }), true),
            ("https://example.com/roles", json!({ "https://example.com/roles": ["admin"] }), true),
            ("cognito:groups", json!({ "cognito:groups": ["admins"] }), false),
            // The claim replaces scopes.
            ("roles", json!({ "scope": "admin invites:admin" }), false),
            ("roles", json!({ "roles": { "admin": true } }), false),
            ("roles", json!({}), false),
        ] {
            let settings = TokenSettings { grants: configured(claim), ..with_secret() };
            let authenticator = authenticator(&gateway, settings);
            let token = claiming(changes.clone());
            let viewer = authenticator.viewer(&bearing(&token)).await.expect("a viewer");
            assert_eq!(viewer.is_staff(), expected, "{claim} {changes}");
            // Again, from the cache of verified tokens.
            let viewer = authenticator.viewer(&bearing(&token)).await.expect("a viewer");
            assert_eq!(viewer.is_staff(), expected, "{claim} {changes}");
        }
    }

    async fn without_keys_no_token_is_accepted(gateway) {
        fill(&gateway).await;
        let authenticator = authenticator(&gateway, settings());
        let viewer = authenticator.viewer(&HeaderMap::new()).await;
        assert!(matches!(viewer, Ok(access::Viewer::Anonymous)));
        let basic = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Basic x"))]);
        let outcome = authenticator.viewer(&basic).await;
        assert!(matches!(outcome, Err(AuthError::UnsupportedScheme)));
        let refused = refusal(&authenticator, &claiming(json!({}))).await;
        assert_eq!(refused, Some(InvalidToken::NotAccepted));
    }
}
