//! From a request's headers to a viewer, over a database.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use entity::user;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ActiveModelTrait, DatabaseConnection, IntoActiveModel};
use serde_json::{Value, json};

use super::{AUDIENCE, Hand, ISSUER, NOW, SECRET, claims, settings, signer::Signer, with_secret};
use crate::{
    access::Viewer,
    auth::{
        AuthError, Authenticator, InvalidToken, NewClaims, STAFF_SCOPE, SettingsError,
        SubjectClaim, TokenSettings, mint,
    },
    database::{IN_MEMORY, Pool},
    loader::Loaders,
    metrics::Metrics,
};

const LIVE: i64 = 7;
const DELETED: i64 = 8;
const STAFF: i64 = 9;

async fn database() -> DatabaseConnection {
    let database = Pool::small(IN_MEMORY).open().await.expect("a database");
    Migrator::up(&database, None).await.expect("migrated");
    let at = Hand::new().clock().now();
    for (id, username, ext_id) in [
        (LIVE, "grace", "E-7"),
        (DELETED, "gone", "E-8"),
        (STAFF, "boss", "E-shared"),
        (10, "twin", "E-shared"),
    ] {
        let row = user::Model {
            id,
            username: username.to_owned(),
            full_name: String::new(),
            email: String::new(),
            email_norm: String::new(),
            avatar_url: None,
            is_verified: false,
            ext_id: Some(ext_id.to_owned()),
            is_staff: id == STAFF,
            created_at: at,
            deleted_at: (id == DELETED).then_some(at),
        };
        row.into_active_model()
            .insert(&database)
            .await
            .expect("a user");
    }
    database
}

fn authenticator(settings: TokenSettings, database: &DatabaseConnection) -> Authenticator {
    let loaders = Arc::new(Loaders::new(database.clone(), &Metrics::default()));
    Authenticator::new(settings, loaders, Hand::new().clock(), &Metrics::default())
        .expect("settings")
}

fn bearing(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a value");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

fn token(changes: Value) -> HeaderMap {
    let signer = Signer::secret(SECRET);
    bearing(&signer.token(&signer.header(None), &claims(changes)))
}

fn refusal(outcome: Result<Viewer, AuthError>) -> InvalidToken {
    match outcome {
        Err(AuthError::Invalid(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_subject_names_a_user_as_configured() {
    use SubjectClaim::{ExtId, Id, Username};
    let database = database().await;
    for (subject, sub, expected) in [
        (Id, json!("7"), Ok(LIVE)),
        (Username, json!("grace"), Ok(LIVE)),
        (ExtId, json!("E-7"), Ok(LIVE)),
        (Id, json!("8"), Err(InvalidToken::UnknownUser)),
        (Username, json!("gone"), Err(InvalidToken::UnknownUser)),
        (ExtId, json!("E-8"), Err(InvalidToken::UnknownUser)),
        (ExtId, json!("E-shared"), Err(InvalidToken::UnknownUser)),
        (Id, json!("99"), Err(InvalidToken::UnknownUser)),
        (Username, json!("7"), Err(InvalidToken::UnknownUser)),
        (Username, json!("GRACE"), Err(InvalidToken::UnknownUser)),
        (Username, json!(" grace"), Err(InvalidToken::UnknownUser)),
        (Id, json!("grace"), Err(InvalidToken::Subject)),
        (Id, json!("07"), Err(InvalidToken::Subject)),
        (Id, json!("+7"), Err(InvalidToken::Subject)),
        (Id, json!(" 7"), Err(InvalidToken::Subject)),
        (Id, json!("7.0"), Err(InvalidToken::Subject)),
        (
            Id,
            json!("99999999999999999999"),
            Err(InvalidToken::Subject),
        ),
        (Id, json!(""), Err(InvalidToken::Subject)),
        (Username, json!(""), Err(InvalidToken::Subject)),
        (Username, json!("grace\0"), Err(InvalidToken::Subject)),
        (Username, Value::Null, Err(InvalidToken::Subject)),
        (Id, json!(7), Err(InvalidToken::Claims)),
        (Username, json!(["grace"]), Err(InvalidToken::Claims)),
    ] {
        let settings = TokenSettings {
            subject,
            ..with_secret()
        };
        let outcome = authenticator(settings, &database)
            .viewer(&token(json!({ "sub": sub })))
            .await;
        match expected {
            Ok(id) => assert_eq!(outcome.expect("a viewer").id(), Some(id), "{sub}"),
            Err(error) => assert_eq!(refusal(outcome), error, "{sub}"),
        }
    }
}

#[tokio::test]
async fn staff_are_made_by_the_scope_or_by_the_row() {
    let database = database().await;
    let authenticator = authenticator(with_secret(), &database);
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
        (json!({ "sub": "9" }), true),
    ] {
        let viewer = authenticator.viewer(&token(changes.clone())).await;
        assert_eq!(viewer.expect("a viewer").is_staff(), expected, "{changes}");
    }
}

#[tokio::test]
async fn only_who_sends_no_token_is_anonymous() {
    let database = database().await;
    let nothing = authenticator(settings(), &database);
    let secret = authenticator(with_secret(), &database);
    for authenticator in [&nothing, &secret] {
        let viewer = authenticator.viewer(&HeaderMap::new()).await;
        assert!(matches!(viewer, Ok(Viewer::Anonymous)));
        let basic = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Basic x"))]);
        let outcome = authenticator.viewer(&basic).await;
        assert!(matches!(outcome, Err(AuthError::UnsupportedScheme)));
    }
    let outcome = nothing.viewer(&token(json!({}))).await;
    assert_eq!(refusal(outcome), InvalidToken::NotAccepted);
    let outcome = secret.viewer(&token(json!({ "exp": NOW - 60 }))).await;
    assert_eq!(refusal(outcome), InvalidToken::Expired);
}

#[tokio::test]
async fn a_database_that_is_away_does_not_make_a_token_bad() {
    let database = database().await;
    let authenticator = authenticator(with_secret(), &database);
    database.close().await.expect("closed");
    let outcome = authenticator.viewer(&token(json!({}))).await;
    assert!(
        matches!(outcome, Err(AuthError::Unavailable(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_minted_token_is_taken() {
    let database = database().await;
    let secret = SECRET.parse().expect("a secret");
    let claims = NewClaims {
        sub: "7",
        iat: NOW,
        exp: NOW + 60,
        iss: Some(ISSUER),
        aud: Some(AUDIENCE),
        scope: Some(STAFF_SCOPE),
    };
    let minted = mint(&secret, &claims).expect("a token");
    let authenticator = authenticator(with_secret(), &database);
    let viewer = authenticator.viewer(&bearing(&minted)).await;
    let viewer = viewer.expect("a viewer");
    assert_eq!((viewer.id(), viewer.is_staff()), (Some(LIVE), true));
}

#[tokio::test]
async fn a_secret_and_a_key_set_exclude_each_other() {
    let database = database().await;
    let settings = TokenSettings {
        jwks: Some("jwks.json".parse().expect("a location")),
        ..with_secret()
    };
    let loaders = Arc::new(Loaders::new(database, &Metrics::default()));
    let outcome = Authenticator::new(settings, loaders, Hand::new().clock(), &Metrics::default());
    let error = outcome.err().expect("refused");
    assert!(matches!(error, SettingsError::SecretAndJwks));
    assert!(error.to_string().contains("not both"));
}
