//! Migrations of a database that holds data of an earlier shape.

use entity::{tag, user, workspace_invite};
use invite_gateway::import::Kind;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    Statement, Value,
};
use serde_json::json;

use crate::support::{Gateway, Viewer, data, each_database, tables};

/// The migrations for writes.
const LIFECYCLE: u32 = 4;

/// Reverts the migrations for writes, adds rows of the earlier shape, and migrates again.
async fn migrated_with(gateway: &Gateway, rows: &[(&str, Vec<Value>)]) {
    let database = &gateway.database;
    Migrator::down(database, Some(LIFECYCLE))
        .await
        .expect("steps back");
    for (sql, values) in rows {
        let backend = database.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, *sql, values.clone());
        database.execute_raw(statement).await.expect("a row");
    }
    Migrator::up(database, None).await.expect("steps");
}

/// A workspace invite with its token in its row.
fn workspace_invite(id: i64, status: &str) -> (&'static str, Vec<Value>) {
    let values = vec![
        id.into(),
        data::token(id).into(),
        1i64.into(),
        status.into(),
        data::made().into(),
        data::later().into(),
    ];
    let sql = "INSERT INTO workspace_invites (id, token, workspace_id, email, email_norm, role, \
        status, created_at, expires_at) VALUES ($1, $2, $3, 'eve@x.io', 'eve@x.io', 'member', $4, \
        $5, $6)";
    (sql, values)
}

async fn status_by_token(gateway: &Gateway, id: i64) -> serde_json::Value {
    let document = "query ($token: UUID!) { workspaceInvite(token: $token) { status } }";
    let variables = json!({ "token": data::token(id) });
    let response = gateway
        .graphql_with(Viewer::Anonymous, document, variables)
        .await;
    response["data"]["workspaceInvite"]["status"].clone()
}

each_database! {
    async fn links_sent_before_keep_working(gateway) {
        gateway.add(data::workspace(1)).await;
        // More than a batch of the migration.
        let rows: Vec<_> = (1..=2001).map(|id| workspace_invite(id, "pending")).collect();
        migrated_with(&gateway, &rows).await;
        for id in [1, 2000, 2001] {
            assert_eq!(status_by_token(&gateway, id).await, "PENDING", "{id}");
        }
        assert_eq!(status_by_token(&gateway, 2002).await, json!(null));
    }

    async fn statuses_stay(gateway) {
        gateway.add(data::workspace(1)).await;
        let words = ["pending", "accepted", "cancelled", "expired"];
        let rows: Vec<_> = (1..).zip(words).map(|(id, word)| workspace_invite(id, word)).collect();
        migrated_with(&gateway, &rows).await;
        for (id, word) in (1..).zip(words) {
            assert_eq!(status_by_token(&gateway, id).await, word.to_uppercase());
        }
    }

    async fn no_table_holds_a_token(gateway) {
        gateway.add(data::workspace(1)).await;
        migrated_with(&gateway, &[workspace_invite(1, "pending")]).await;
        let token = data::token(1);
        let bytes = format!("{:?}", token.as_bytes());
        let bytes = bytes.trim_matches(['[', ']']);
        for (table, rows) in tables::dump(&gateway.database).await {
            for row in rows {
                assert!(!row.contains(&token.to_string()) && !row.contains(bytes), "{table}: {row}");
            }
        }
    }

    async fn going_back_ends_the_links(gateway) {
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_invite(1, 1)).await;
        migrated_with(&gateway, &[]).await;
        assert_eq!(status_by_token(&gateway, 1).await, json!(null));
        let invite = workspace_invite::Entity::find_by_id(1).one(&gateway.database).await;
        assert!(invite.expect("rows").is_some());
    }

    async fn a_name_is_free_once_its_holder_is_deleted(gateway) {
        let deleted = |id, name| user::Model {
            deleted_at: Some(data::made()),
            ..data::user(id, name)
        };
        gateway.add(deleted(1, "ada")).await;
        gateway.add(deleted(2, "ada")).await;
        gateway.add(data::user(3, "ada")).await;
        let second = data::user(4, "ada").into_active_model().reset_all();
        assert!(second.insert(&gateway.database).await.is_err());
        let found = user::Entity::find()
            .filter(user::Column::Username.eq("ada"))
            .all(&gateway.database);
        assert_eq!(found.await.expect("rows").len(), 3);

        // A tag that its source deleted and made again.
        gateway.add(tag::Model { deleted_at: Some(data::made()), ..data::tag(1, "mentor") }).await;
        let tag = json!({ "id": 2, "kind": "user", "name": "mentor", "color": "#aabbcc" });
        let row = json!({ "id": 1, "code": "c", "generated_at": "2026-01-01T00:00:00Z", "tags": [tag] });
        let (_, rejected) = gateway.import(Kind::InviteCodes, &[row]).await;
        assert!(rejected.is_empty(), "{rejected:?}");
    }

    async fn the_gateway_numbers_rows_from_ten_to_the_twelfth(gateway) {
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_invite(7, 1)).await;
        let row = |token: i64| json!({ "token": data::token(token), "email": "eve@x.io",
            "workspace_id": 1, "status": "pending", "expires_at": "2099-01-01T00:00:00Z" });
        for rows in [vec![row(1), row(2)], vec![row(1), row(3)]] {
            let (_, rejected) = gateway.import(Kind::WorkspaceInvites, &rows).await;
            assert!(rejected.is_empty(), "{rejected:?}");
        }
        let invites = workspace_invite::Entity::find().all(&gateway.database).await;
        let mut ids: Vec<i64> = invites.expect("rows").iter().map(|row| row.id).collect();
        ids.sort_unstable();
        assert_eq!(ids[0], 7);
        assert_eq!(ids[1], 1_000_000_000_000);
        assert_eq!(ids.len(), 4);
    }
}
