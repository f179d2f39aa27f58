//! Matching of e-mail addresses: look-alikes do not match, and other spellings of an address do.

use entity::{invite_code, user, workspace_invite};
use invite_gateway::import::Kind;
use migration::{Migrator, MigratorTrait};
use sea_orm::{EntityTrait, QuerySelect};
use serde_json::{Value, json};

use crate::support::{Gateway, Viewer, data, each_database, tables};

const MADE: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2099-01-01T00:00:00Z";
const VIEWER: i64 = 1;
const RECEIVED: &str = "{ viewer { receivedInvites { totalCount } } }";

/// Imports a row. Returns false if its address is refused.
async fn load(gateway: &Gateway, kind: Kind, row: Value) -> bool {
    let (_, rejected) = gateway.import(kind, &[row]).await;
    assert!(
        rejected.iter().all(|row| row.field == "email"),
        "{rejected:?}"
    );
    rejected.is_empty()
}

/// Imports a verified user with this address.
async fn sign_up(gateway: &Gateway, address: &str) -> bool {
    let user = json!({ "id": VIEWER, "username": "viewer", "full_name": "Viewer", "email": address,
        "is_verified": true });
    load(gateway, Kind::Users, user).await
}

/// Imports an invite code and a workspace invite for this address.
async fn invite(gateway: &Gateway, address: &str) -> bool {
    let code = json!({ "id": 1, "code": "code-1", "generated_at": MADE, "email": address });
    let is_loaded = load(gateway, Kind::InviteCodes, code).await;
    let invite = json!({ "id": 1, "token": data::token(1), "email": address, "workspace_id": 1,
        "workspace_name": "Atlas", "status": "pending", "expires_at": LATER });
    assert_eq!(
        load(gateway, Kind::WorkspaceInvites, invite).await,
        is_loaded
    );
    is_loaded
}

/// Imports a user and invites. Counts the invites that the user receives and sees by id, and the
/// workspaces that they grant access to.
async fn received(gateway: &Gateway, user: &str, invited: &str) -> [u64; 3] {
    tables::empty(&gateway.database).await;
    if !(sign_up(gateway, user).await && invite(gateway, invited).await) {
        // A refused address matches nobody.
        return [0; 3];
    }
    seen(gateway).await
}

/// Counts the invites that the user receives and sees by id, and the workspaces that they grant access to.
async fn seen(gateway: &Gateway) -> [u64; 3] {
    let viewer = Viewer::User(VIEWER);
    let listed = gateway.data(viewer, RECEIVED).await;
    let by_id = "{ inviteCodeById: node(id: \"CODE\") { id } invite: node(id: \"INVITE\") { id }
        workspace(id: \"1\") { id } }"
        .replace("CODE", &crate::support::code_id("code-1", 1))
        .replace(
            "INVITE",
            &crate::support::invite_id("WorkspaceInvite", 1, 1),
        );
    let seen = gateway.data(viewer, &by_id).await;
    let found = |name: &str| u64::from(!seen[name].is_null());
    [
        listed["viewer"]["receivedInvites"]["totalCount"]
            .as_u64()
            .expect("a total"),
        found("inviteCodeById") + found("invite"),
        found("workspace"),
    ]
}

each_database! {
    async fn look_alikes_do_not_match(gateway) {
        for (one, other) in [
            // Kelvin sign, Angstrom sign, Ohm sign, long s, dotless and dotted i.
            ("kate@x.io", "\u{212a}ate@x.io"),
            ("\u{e5}sa@x.io", "\u{212b}sa@x.io"),
            ("\u{c5}sa@x.io", "\u{212b}sa@x.io"),
            ("\u{3a9}@x.io", "\u{2126}@x.io"),
            ("sam@x.io", "\u{17f}am@x.io"),
            ("ida@x.io", "\u{131}da@x.io"),
            ("i\u{307}da@x.io", "\u{130}da@x.io"),
            ("\u{e9}va@x.io", "\u{c9}va@x.io"),
            // Non-ASCII spaces, and invisible characters.
            ("kate@x.io", "\u{a0}kate@x.io"),
            ("kate@x.io", "kate@x.io\u{3000}"),
            ("kate@x.io", "kate@x.io\u{2028}"),
            ("kate@x.io", "ka\u{200b}te@x.io"),
            ("kate@x.io", "ka\u{ad}te@x.io"),
            ("kate@x.io", "\u{feff}kate@x.io"),
            ("kate@x.io", "\u{202e}kate@x.io"),
            // Domains.
            ("kate@kiosk.io", "kate@\u{212a}iosk.io"),
            ("kate@x.io", "kate@\u{ff58}.io"),
            ("kate@x.io", "kate@x\u{3002}io"),
            ("kate@x.io", "kate@x\u{ad}.io"),
            ("kate@x.io", "kate@\u{445}.io"),
            ("kate@xn--a.io", "kate@xn--A.io"),
        ] {
            for (user, invited) in [(one, other), (other, one)] {
                assert_eq!(received(&gateway, user, invited).await, [0; 3], "{user:?} {invited:?}");
            }
        }
    }

    async fn addresses_that_cannot_be_normalized_are_refused_and_match_nobody(gateway) {
        for address in ["\u{212a}ate@x.io", "kate", "kate@", "ka te@x.io", "\u{a0}kate@x.io", "kate@xn--a.io"] {
            tables::empty(&gateway.database).await;
            assert!(!sign_up(&gateway, address).await, "{address:?}");
            assert!(!invite(&gateway, address).await, "{address:?}");
            // Rows of earlier versions.
            let (email, email_norm) = (address.to_owned(), String::new());
            gateway.add(user::Model { email: email.clone(), email_norm: email_norm.clone(), ..data::user(VIEWER, "viewer") }).await;
            gateway.add(data::workspace(1)).await;
            gateway.add(invite_code::Model { email: Some(email.clone()), email_norm: None, ..data::invite_code(1, "code-1") }).await;
            gateway.add(workspace_invite::Model { email, email_norm, ..data::workspace_invite(1, 1) }).await;
            assert_eq!(seen(&gateway).await, [0; 3], "{address:?}");
        }
    }

    async fn other_spellings_of_an_address_match(gateway) {
        for (user, invited) in [
            ("Kate@X.io", " kATE@x.IO\t"),
            ("Jos\u{e9}@x.io", "jose\u{301}@x.io"),
            ("kate@B\u{fc}cher.example", "kate@xn--bcher-kva.example"),
            ("kate@bu\u{308}cher.example", "kate@b\u{dc}cher.example"),
            ("kate@LOCALHOST", "kate@localhost"),
            ("kate@My_Host.example", "kate@my_host.example"),
        ] {
            assert_eq!(received(&gateway, user, invited).await, [2, 2, 1], "{user:?} {invited:?}");
        }
    }

    async fn a_filter_matches_other_spellings_of_an_address(gateway) {
        gateway.add(data::user(2, "staff")).await;
        assert!(invite(&gateway, "Jos\u{e9}@b\u{fc}cher.example").await);
        for (address, total) in [
            ("JOSE\u{301}@b\u{fc}cher.example", 0),
            ("jose\u{301}@B\u{dc}CHER.example", 1),
            (" JoS\u{e9}@XN--BCHER-KVA.example", 1),
            ("jose@b\u{fc}cher.example", 0),
        ] {
            let document = "query ($it: String) { inviteCodes(filter: { email: $it }) { totalCount }
                workspaceInvites(filter: { email: $it }) { totalCount } }";
            let response = gateway.graphql_with(Viewer::Staff(2), document, json!({ "it": address })).await;
            for list in ["inviteCodes", "workspaceInvites"] {
                assert_eq!(response["data"][list]["totalCount"], total, "{address:?}: {response}");
            }
        }
    }

    async fn a_migration_recomputes_normalized_addresses(gateway) {
        // As earlier migrations compared: by Unicode case and composition.
        let old = [
            ("\u{212a}ate@x.io", "kate@x.io", ""),
            ("Kate@X.io", "kate@x.io", "kate@x.io"),
            ("\u{a0}kate@x.io", "kate@x.io", ""),
            ("\u{c9}va@b\u{fc}cher.example", "\u{e9}va@b\u{fc}cher.example", "\u{c9}va@xn--bcher-kva.example"),
            ("nonsense", "nonsense", ""),
            ("", "", ""),
        ];
        // More rows than a batch holds. Some at the ends and in between change.
        let rows = 4500;
        let of = |id: i64| {
            let other = (format!("person-{id}@x.io"), format!("person-{id}@x.io"), format!("person-{id}@x.io"));
            let at = usize::try_from(id % 500).expect("an index");
            old.get(at).map_or(other, |(address, was, form)| {
                ((*address).to_owned(), (*was).to_owned(), (*form).to_owned())
            })
        };
        gateway.add(data::workspace(1)).await;
        gateway.add_all((1..=rows).map(|id| user::Model {
            email: of(id).0,
            email_norm: of(id).1,
            ..data::user(id, &format!("user-{id}"))
        })).await;
        gateway.add_all((1..=rows).map(|id| workspace_invite::Model {
            email: of(id).0,
            email_norm: of(id).1,
            ..data::workspace_invite(id, 1)
        })).await;
        gateway.add_all((1..=rows).map(|id| invite_code::Model {
            email: Some(of(id).0),
            email_norm: Some(of(id).1),
            ..data::invite_code(id, &format!("code-{id}"))
        })).await;
        gateway.add(data::invite_code(rows + 1, "to-nobody")).await;

        let migrations = Migrator::migrations();
        let later = migrations.iter().skip_while(|step| step.name() != "m20261121_000006_addresses");
        let steps = u32::try_from(later.count()).expect("few migrations");
        Migrator::down(&gateway.database, Some(steps)).await.expect("steps back");
        Migrator::up(&gateway.database, None).await.expect("steps");
        let forms = |given: fn(String) -> Option<String>| -> Vec<(i64, Option<String>)> {
            (1..=rows).map(|id| (id, given(of(id).2))).collect()
        };
        let users = user::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("users");
        let users: Vec<_> = users.into_iter().map(|row| (row.id, Some(row.email_norm))).collect();
        assert!(users == forms(Some));
        let invites = workspace_invite::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("invites");
        assert!(invites.iter().all(|row| row.email == of(row.id).0));
        let invites: Vec<_> = invites.into_iter().map(|row| (row.id, Some(row.email_norm))).collect();
        assert!(invites == forms(Some));
        let codes = invite_code::Entity::find().order_by_id_asc().all(&gateway.database).await.expect("codes");
        let codes: Vec<_> = codes.into_iter().map(|row| (row.id, row.email_norm)).collect();
        let mut expected = forms(|form| Some(form).filter(|form| !form.is_empty()));
        expected.push((rows + 1, None));
        assert!(codes == expected);

        // The down migration keeps the values.
        Migrator::down(&gateway.database, Some(steps)).await.expect("steps back");
        let form = user::Entity::find_by_id(500).select_only().column(user::Column::EmailNorm);
        let form: Option<String> = form.into_tuple().one(&gateway.database).await.expect("rows");
        assert_eq!(form.as_deref(), Some(""));
    }
}
