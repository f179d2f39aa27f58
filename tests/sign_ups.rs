//! Accounts of people whom an identity provider names: made at first sight, linked by a verified address,
//! and kept as the provider states them.

use entity::user;
use futures_util::future::join_all;
use invite_gateway::{
    auth::{Authenticator, ProfileClaims, SettingsError, SubjectClaim, TokenSettings},
    import::{Kind, MaxWithdrawn, Options, Replacement, Scope},
    invite::FIRST_ID,
    lifecycle::Accounts,
    loader::Loaders,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::{
    external_ids::{load, of},
    support::{
        Gateway, SECRET, Viewer, any_database, data, each_database,
        signer::Signer,
        tokens::{self, authenticator, claims, with_secret},
    },
};

fn provisioning() -> TokenSettings {
    TokenSettings {
        subject: SubjectClaim::ExtId,
        profile: Some(ProfileClaims::default()),
        ..with_secret()
    }
}

fn signing_up(gateway: Gateway) -> Gateway {
    let authenticator = authenticator(&gateway, provisioning());
    gateway.with(|parts| parts.authenticator = authenticator)
}

/// Returns a header with a token of Ada, changed.
fn bearer(changes: Value) -> String {
    let ada = json!({
        "sub": "auth0|ada",
        "preferred_username": "ada",
        "name": "Ada Lovelace",
        "email": "Ada@Example.org",
        "email_verified": true,
        "picture": "https://img.example/ada.png",
    });
    let claims = claims(tokens::changed(ada, changes));
    let signer = Signer::secret(SECRET);
    format!("Bearer {}", signer.token(&signer.header(None), &claims))
}

const VIEWER: &str =
    "{ viewer { hasAccount user { databaseId username fullName email isVerified avatarUrl } } }";

async fn viewer(gateway: &Gateway, changes: Value) -> Value {
    let header = bearer(changes);
    gateway.data(Viewer::Header(&header), VIEWER).await["viewer"].take()
}

async fn with_ext_id(gateway: &Gateway, ext_id: &str) -> Vec<user::Model> {
    let rows = user::Entity::find().filter(user::Column::ExtId.eq(ext_id));
    rows.order_by_asc(user::Column::Id)
        .all(&gateway.database)
        .await
        .expect("rows")
}

async fn ada(gateway: &Gateway) -> user::Model {
    let mut rows = with_ext_id(gateway, "auth0|ada").await;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

each_database! {
    async fn an_unknown_person_gets_an_account(gateway) {
        gateway.add(data::user(1, "grace")).await;
        let gateway = signing_up(gateway);
        let seen = viewer(&gateway, json!({ "is_staff": true })).await;
        let id = seen["user"]["databaseId"].as_str().expect("an id").parse::<i64>().expect("a number");
        assert!(id >= FIRST_ID);
        assert_eq!(seen, json!({ "hasAccount": true, "user": {
            "databaseId": id.to_string(), "username": "ada", "fullName": "Ada Lovelace",
            "email": "Ada@Example.org", "isVerified": true, "avatarUrl": "https://img.example/ada.png" } }));
        let row = ada(&gateway).await;
        assert_eq!((row.id, row.email_norm.as_str(), row.is_staff), (id, "ada@example.org", false));
        // The next person gets the next id.
        viewer(&gateway, json!({ "sub": "auth0|bob", "preferred_username": "bob", "email": null })).await;
        let bob = with_ext_id(&gateway, "auth0|bob").await.remove(0);
        assert_eq!((bob.id, bob.email.as_str(), bob.is_verified), (id + 1, "", false));
    }

    async fn a_known_person_costs_no_further_statement(gateway) {
        let known = json!({ "sub": "ext-7", "name": "Another name" });
        gateway.add(data::user(7, "grace")).await;
        let by_ext_id = TokenSettings { profile: None, ..provisioning() };
        let without = authenticator(&gateway, by_ext_id);
        let gateway = gateway.with(|parts| parts.authenticator = without);
        viewer(&gateway, known.clone()).await;
        let (before, _) = gateway.counted(viewer(&gateway, known.clone())).await;
        let gateway = signing_up(gateway);
        viewer(&gateway, json!({})).await;
        for changes in [known, json!({})] {
            let (statements, seen) = gateway.counted(viewer(&gateway, changes)).await;
            assert_eq!((statements, &seen["hasAccount"]), (before, &json!(true)));
        }
    }

    async fn first_requests_at_the_same_time_make_one_account(gateway) {
        // Two gateways, which share nothing but the connections.
        let other = gateway.shared.clone();
        let gateway = signing_up(gateway);
        let metrics = gateway.metrics.clone();
        let loaders = Loaders::new(other.clone(), &metrics).into();
        let other = Authenticator::new(provisioning(), loaders, Accounts::new(other), gateway.clock(), &metrics)
            .expect("usable settings");
        let header = bearer(json!({}));
        let headers = tokens::bearing(header.strip_prefix("Bearer ").expect("a token"));
        let requests = (0..32).map(async |number| match number % 2 {
            0 => gateway.data(Viewer::Header(&header), VIEWER).await["viewer"]["hasAccount"] == true,
            _ => other.viewer(&headers).await.expect("a viewer").id().is_some(),
        });
        assert!(join_all(requests).await.into_iter().all(|has_account| has_account));
        ada(&gateway).await;
        // Different people with one username.
        let requests = (0..16).map(|number| {
            let sub = format!("auth0|{number}");
            viewer(&gateway, json!({ "sub": sub, "preferred_username": "sam" }))
        });
        let mut names: Vec<_> = join_all(requests).await.iter().map(|seen| seen["user"]["username"].to_string()).collect();
        names.sort();
        names.dedup();
        assert_eq!((names.len(), names[0].as_str()), (16, "\"sam\""));
    }

    async fn a_taken_username_gets_a_suffix_and_keeps_it(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let gateway = signing_up(gateway);
        let first = viewer(&gateway, json!({})).await;
        let name = first["user"]["username"].as_str().expect("a name");
        assert!(name.starts_with("ada~") && name.len() == "ada~".len() + 16, "{name}");
        assert_eq!(viewer(&gateway, json!({})).await, first);
        assert_eq!(viewer(&gateway, json!({ "name": "A. L." })).await["user"]["username"], name);
        for (stated, start) in [(json!("eve@example.org"), "eve"), (json!(null), "user~"), (json!(7), "user~")] {
            let sub = format!("auth0|{stated}");
            let seen = viewer(&gateway, json!({ "sub": sub, "preferred_username": stated, "email": null })).await;
            let name = seen["user"]["username"].as_str().expect("a name");
            assert!(name.starts_with(start) && !name.contains('@'), "{name}");
        }
    }

    async fn changed_claims_change_the_account(gateway) {
        let gateway = signing_up(gateway);
        viewer(&gateway, json!({})).await;
        for (changes, expected) in [
            (json!({ "name": "Ada King", "preferred_username": "countess" }), json!(["countess", "Ada King", "Ada@Example.org", true])),
            // Values that a token does not state stay.
            (json!({ "name": null, "preferred_username": null, "email": null }), json!(["countess", "Ada King", "Ada@Example.org", true])),
            (json!({ "name": "Ada King", "preferred_username": "countess", "email_verified": false }), json!(["countess", "Ada King", "Ada@Example.org", true])),
            (json!({ "email": "ada@king.example", "email_verified": false }), json!(["ada", "Ada Lovelace", "ada@king.example", false])),
            (json!({ "email": "ada@king.example", "email_verified": "true" }), json!(["ada", "Ada Lovelace", "ada@king.example", true])),
            (json!({ "email": "not an address" }), json!(["ada", "Ada Lovelace", "ada@king.example", true])),
        ] {
            let seen = viewer(&gateway, changes.clone()).await["user"].take();
            let seen = json!([seen["username"], seen["fullName"], seen["email"], seen["isVerified"]]);
            assert_eq!(seen, expected, "{changes}");
        }
        // Staff are made elsewhere, and unmade.
        let row = ada(&gateway).await;
        assert!(!row.is_staff);
        // Accounts of imports stay as their source states them.
        gateway.add(data::user(7, "grace")).await;
        viewer(&gateway, json!({ "sub": "ext-7" })).await;
        assert_eq!(with_ext_id(&gateway, "ext-7").await, [data::user(7, "grace")]);
    }

    async fn a_source_takes_over_the_account_that_a_person_has_made(gateway) {
        let gateway = signing_up(gateway);
        viewer(&gateway, json!({})).await;
        let made = ada(&gateway).await;
        let row = json!({ "id": "auth0|ada", "ext_id": "auth0|ada", "username": "ada.l", "full_name": "Ada L." });
        assert_eq!(load(&gateway, "auth0", Kind::Users, std::slice::from_ref(&row)).await, ["changed id=auth0|ada"]);
        let stated = user::Model { username: "ada.l".to_owned(), full_name: "Ada L.".to_owned(), ..made.clone() };
        let seen = ada(&gateway).await;
        assert_eq!((seen.id, &seen.username, &seen.full_name), (made.id, &stated.username, &stated.full_name));
        // From now on its source states it. A token that says otherwise costs one statement.
        viewer(&gateway, json!({})).await;
        assert_eq!(ada(&gateway).await, seen);
        let as_stated = json!({ "preferred_username": "ada.l", "name": "Ada L." });
        let (without, _) = gateway.counted(viewer(&gateway, as_stated)).await;
        let (statements, _) = gateway.counted(viewer(&gateway, json!({}))).await;
        assert_eq!(statements, without + 1);
        assert_eq!(load(&gateway, "auth0", Kind::Users, &[row]).await, [""; 0]);
        // A complete list withdraws it, but no account that a person has made since.
        viewer(&gateway, json!({ "sub": "auth0|eve", "preferred_username": "eve", "email": null })).await;
        let other = json!({ "id": "auth0|bob", "username": "bob", "full_name": "Bob" });
        let options = Options { replace: Some(Replacement { scope: Scope::All, max_withdrawn: MaxWithdrawn::Percent(100) }),
            ..of("auth0") };
        let (_, reported) = gateway.import_with(Kind::Users, &[other], options).await;
        let mut changes = reported.changes;
        changes.sort();
        assert_eq!(changes, ["new id=auth0|bob", "withdrawn id=auth0|ada"]);
        assert_eq!(with_ext_id(&gateway, "auth0|eve").await[0].deleted_at, None);
    }

    async fn only_a_verified_address_links_to_an_account(gateway) {
        let account = |id, name: &str| user::Model {
            ext_id: None,
            ..data::user(id, name)
        };
        gateway.add_all([
            account(1, "verified"),
            user::Model { is_verified: false, ..account(2, "unverified") },
            user::Model { ext_id: Some("other".to_owned()), ..account(3, "taken") },
            user::Model { is_staff: true, ..account(4, "staff") },
            user::Model { deleted_at: Some(data::made()), ..account(5, "deleted") },
            account(6, "twin"),
            user::Model { email_norm: "twin@example.com".to_owned(), ..account(7, "twin-2") },
        ]).await;
        let gateway = signing_up(gateway);
        for (name, says_verified, linked) in [
            ("verified", json!(false), None),
            ("verified", json!(null), None),
            ("verified", json!("yes"), None),
            ("verified", json!(true), Some("1")),
            // Somebody has it by now.
            ("verified", json!(true), None),
            ("unverified", json!(true), None),
            ("taken", json!(true), None),
            ("staff", json!(true), None),
            ("deleted", json!(true), None),
            ("twin", json!(true), None),
        ] {
            let email = format!("{name}@example.com");
            let sub = format!("{name} {says_verified} {linked:?}");
            let seen = viewer(&gateway, json!({ "sub": sub, "email": email, "email_verified": says_verified })).await;
            let id = seen["user"]["databaseId"].as_str().expect("an account");
            match linked {
                Some(linked) => assert_eq!(id, linked),
                None => assert!(id.parse::<i64>().expect("a number") >= FIRST_ID, "{sub}: {id}"),
            }
        }
        let linked = user::Model { ext_id: Some(r#"verified true Some("1")"#.to_owned()), ..account(1, "verified") };
        let row = user::Entity::find_by_id(1).one(&gateway.database).await.expect("rows");
        assert_eq!(row, Some(linked));
    }

    async fn a_deleted_account_stays_deleted(gateway) {
        gateway.add(user::Model { deleted_at: Some(data::made()), ..data::user(7, "gone") }).await;
        let gateway = signing_up(gateway);
        let header = bearer(json!({ "sub": "ext-7" }));
        let response = gateway.graphql(Viewer::Header(&header), VIEWER).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{response}");
        let row = with_ext_id(&gateway, "ext-7").await.remove(0);
        assert!(row.deleted_at.is_some());
    }

    async fn a_stranger_signs_up_and_accepts_the_invite_to_their_address(gateway) {
        gateway.add(data::user(1, "olga")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_member(1, 1, "owner")).await;
        gateway.add(entity::workspace_invite::Model {
            email: "ada@example.org".to_owned(),
            email_norm: "ada@example.org".to_owned(),
            ..data::workspace_invite(1, 1)
        }).await;
        let gateway = signing_up(gateway);
        let token = data::token(1);
        let look_up = format!("{{ workspaceInvite(token: \"{token}\") {{ status workspace {{ name }} }} }}");
        let data = gateway.data(Viewer::Anonymous, &look_up).await;
        assert_eq!(data["workspaceInvite"]["status"], "PENDING");
        let accept = format!("mutation {{ acceptInvite(input: {{ token: \"{token}\" }}) {{ userErrors {{ code }} }} }}");
        for (sub, is_verified, expected) in [
            ("impostor", false, json!([{ "code": "EMAIL_NOT_VERIFIED" }])),
            ("auth0|ada", true, json!([])),
        ] {
            let header = bearer(json!({ "sub": sub, "email_verified": is_verified }));
            let data = gateway.data(Viewer::Header(&header), &accept).await;
            assert_eq!(data["acceptInvite"]["userErrors"], expected, "{sub}");
        }
        let header = bearer(json!({}));
        let mine = "{ viewer { receivedInvites(filter: { status: [ACCEPTED] }) { totalCount } } workspaceById: workspace(id: \"1\") { name } }";
        let data = gateway.graphql(Viewer::Header(&header), mine).await;
        assert_eq!(data["data"]["viewer"]["receivedInvites"]["totalCount"], 1, "{data}");
    }

    async fn accounts_are_made_without_mutations(gateway) {
        let authenticator = authenticator(&gateway, provisioning());
        let gateway = gateway.with(|parts| {
            parts.authenticator = authenticator;
            parts.lifecycle = None;
        });
        assert_eq!(viewer(&gateway, json!({})).await["hasAccount"], true);
    }
}

any_database! {
    async fn settings_that_contradict_accounts_are_refused(gateway) {
        let refused = |settings: TokenSettings| {
            let accounts = Accounts::new(gateway.shared.clone());
            let loaders = Loaders::new(gateway.shared.clone(), &gateway.metrics).into();
            Authenticator::new(settings, loaders, accounts, gateway.clock(), &gateway.metrics).err()
        };
        for subject in [SubjectClaim::Id, SubjectClaim::Username] {
            let error = refused(TokenSettings { subject, ..provisioning() });
            assert!(matches!(error, Some(SettingsError::ProvisionSubject)), "{subject:?}");
        }
        let keys = "https://id.example.com/jwks".parse().expect("a location");
        let error = refused(TokenSettings { secret: None, jwks: Some(keys), issuer: None, ..provisioning() });
        assert!(matches!(error, Some(SettingsError::ProvisionIssuer)));
        let error = refused(TokenSettings { secret: None, ..provisioning() });
        assert!(matches!(error, Some(SettingsError::ProvisionKeys)));
        assert!(refused(provisioning()).is_none());
    }

    async fn other_claims_can_be_named(gateway) {
        let claims = ProfileClaims {
            username: "https://example.com/user.handle".to_owned(),
            email: "address".to_owned(),
            email_verified: "xms_edov".to_owned(),
            ..ProfileClaims::default()
        };
        let authenticator = authenticator(&gateway, TokenSettings { profile: Some(claims), ..provisioning() });
        let gateway = gateway.with(|parts| parts.authenticator = authenticator);
        let seen = viewer(&gateway, json!({
            "https://example.com/user": { "handle": "countess" },
            "address": "ada@king.example",
            "xms_edov": "1",
            "email_verified": false,
        })).await;
        assert_eq!(seen["user"]["username"], "countess");
        assert_eq!((&seen["user"]["email"], &seen["user"]["isVerified"]), (&json!("ada@king.example"), &json!(true)));
    }
}
