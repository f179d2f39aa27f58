//! Migrations of a database that holds data of an earlier shape.

use entity::{external_key, tag, user, workspace_invite};
use invite_gateway::import::Kind;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, Statement, TransactionTrait, Value,
};
use serde_json::json;

use crate::{
    external_ids::load,
    support::{Backend, Gateway, Viewer, data, each_database, process::Process, run, tables},
};

/// Name of the first migration for writes.
const LIFECYCLE: &str = "m20261129_000007_lifecycle";

/// Returns the number of migrations from this one on.
fn steps_from(name: &str) -> u32 {
    let migrations = Migrator::migrations();
    let later = migrations.iter().skip_while(|step| step.name() != name);
    u32::try_from(later.count()).expect("few migrations")
}

/// Reverts the migrations for writes, adds rows of the earlier shape, and migrates again.
async fn migrated_with(gateway: &Gateway, rows: &[(&str, Vec<Value>)]) {
    let database = &gateway.database;
    Migrator::down(database, Some(steps_from(LIFECYCLE)))
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
    let document = "query ($token: String!) { workspaceInvite(token: $token) { status } }";
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

    async fn course_invites_of_before_have_their_status(gateway) {
        use entity::course_invite::{self, StoredStatus};
        let database = &gateway.database;
        gateway.add_all((1..=6).map(|id| data::user(id, &format!("user{id}")))).await;
        gateway.add(user::Model { deleted_at: Some(data::made()), ..data::user(7, "gone") }).await;
        gateway.add(data::course(1, "rust", 1)).await;
        gateway.add(data::course_member(1, 6, "joined")).await;
        Migrator::down(database, Some(steps_from("m20261130_000011_course_invite_status")))
            .await
            .expect("steps back");
        let (unset, set) = ("NULL", "'2026-01-01 00:00:00+00:00'");
        for (id, accepted, cancelled, declined) in [
            (2, unset, unset, unset), (3, set, unset, unset), (4, unset, set, unset), (5, unset, set, set),
            (6, unset, unset, unset), (7, unset, unset, unset),
        ] {
            let sql = format!("INSERT INTO course_invites (id, course_id, user_id, created_at, accepted_at,
                cancelled_at, declined_at) VALUES ({id}, 1, {id}, {set}, {accepted}, {cancelled}, {declined})");
            database.execute_unprepared(&sql).await.expect("a row");
        }
        Migrator::up(database, None).await.expect("steps");
        let rows = course_invite::Entity::find().order_by_asc(course_invite::Column::Id);
        let rows = rows.all(database).await.expect("rows");
        let statuses: Vec<_> = rows.into_iter().map(|row| row.status).collect();
        assert_eq!(statuses, [
            Some(StoredStatus::Pending), Some(StoredStatus::Accepted), Some(StoredStatus::Cancelled),
            Some(StoredStatus::Declined), Some(StoredStatus::Accepted), None,
        ]);
    }

    async fn texts_of_earlier_rows_are_folded(gateway) {
        use entity::{course, course_invite, group, invite_code, workspace, workspace_invite};
        let database = &gateway.database;
        // More rows than a batch holds. Every hundredth has text that only Unicode folds.
        let rows = 4100;
        let is_foreign = |id: i64| id % 100 == 0;
        let text = |id: i64| if is_foreign(id) { format!("\u{c9}va {id}") } else { format!("Eva {id}") };
        let folded = |id: i64| is_foreign(id).then(|| format!("\u{e9}va {id}"));
        gateway.add_all((1..=rows).map(|id| user::Model {
            full_name: text(id), email: text(id), ..data::user(id, &text(id))
        })).await;
        gateway.add_all((1..=rows).map(|id| invite_code::Model {
            name: Some(text(id)), email: (id % 200 == 0).then(|| text(id)), ..data::invite_code(id, &format!("c{id}"))
        })).await;
        gateway.add_all([99, 100].map(|id| workspace::Model { name: text(id), ..data::workspace(id) })).await;
        gateway.add_all([99, 100].map(|id| workspace_invite::Model {
            email: text(id), message: Some(text(id)), ..data::workspace_invite(id, 100)
        })).await;
        gateway.add_all([99, 100].map(|id| group::Model { name: text(id), ..data::group(id, &format!("g{id}")) })).await;
        gateway.add_all([99, 100].map(|id| course::Model { name: text(id), ..data::course(id, &format!("c{id}"), 1) })).await;
        gateway.add_all([99, 100].map(|id| data::course_invite(id, 100, id))).await;
        Migrator::down(database, Some(steps_from("m20261201_000014_folded_texts"))).await.expect("steps back");
        Migrator::up(database, None).await.expect("steps");

        let users = user::Entity::find().all(database).await.expect("users");
        assert_eq!(users.len(), 4100);
        for user in users {
            let expected = folded(user.id);
            assert_eq!([user.username_folded, user.full_name_folded, user.email_folded], [(); 3].map(|()| expected.clone()));
        }
        for code in invite_code::Entity::find().all(database).await.expect("codes") {
            assert_eq!(code.name_folded, folded(code.id));
            assert_eq!(code.email_folded, folded(code.id).filter(|_| code.id % 200 == 0));
        }
        for row in workspace_invite::Entity::find().all(database).await.expect("invites") {
            assert_eq!([row.email_folded, row.message_folded], [folded(row.id), folded(row.id)]);
        }
        for row in workspace::Entity::find().all(database).await.expect("workspaces") {
            assert_eq!(row.name_folded, folded(row.id));
        }
        for row in group::Entity::find().all(database).await.expect("groups") {
            assert_eq!(row.name_folded, folded(row.id));
        }
        for row in course::Entity::find().all(database).await.expect("courses") {
            assert_eq!(row.name_folded, folded(row.id));
        }
        assert_eq!(course_invite::Entity::find().all(database).await.expect("invites").len(), 2);
        for (search, total) in [("\u{c9}VA 100", 1), ("eva 99", 1), ("va ", 2)] {
            let document = format!("{{ course(id: \"100\") {{ invitees(filter: {{ search: \"{search}\" }}) {{ totalCount }} }} }}");
            let response = gateway.data(Viewer::Staff(1), &document).await;
            assert_eq!(response["course"]["invitees"]["totalCount"], total, "{search}");
        }
    }

    async fn earlier_course_invites_are_to_accounts(gateway) {
        use entity::course_invite;
        let database = &gateway.database;
        gateway.add_all((1..=3).map(|id| data::user(id, &format!("user{id}")))).await;
        gateway.add(data::course(1, "rust", 1)).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(workspace_invite::Model { expires_at: None, ..data::workspace_invite(1, 1) }).await;
        gateway.add(data::course_member(1, 3, "joined")).await;
        gateway.add_all([2, 3].map(|id| data::course_invite(id, 1, id))).await;
        let before = tables::dump(database).await;
        let steps = steps_from("m20261202_000018_course_invite_addresses");
        // Over one connection: SQLite does not refresh the schema of another one.
        let transaction = database.begin().await.expect("a transaction");
        Migrator::down(&transaction, Some(steps)).await.expect("steps back");
        let sql = "INSERT INTO course_invites (id, course_id, user_id, created_at)
            VALUES (4, 1, 1, '2026-01-01 00:00:00+00:00')";
        transaction.execute_unprepared(sql).await.expect("a row of the earlier shape");
        let sql = "UPDATE workspace_invites SET workspace_id = 1 WHERE expires_at > '9999-12-31 00:00:00+00:00'";
        let never = transaction.execute_unprepared(sql).await.expect("an update");
        assert_eq!(never.rows_affected(), 1, "the last instant in place of never");
        Migrator::up(&transaction, None).await.expect("steps");
        transaction.execute_unprepared("DELETE FROM course_invites WHERE id = 4;
            UPDATE workspace_invites SET expires_at = NULL").await.expect("changes");
        transaction.commit().await.expect("a commit");
        assert_eq!(tables::dump(database).await, before);
        gateway.add(data::address_invite(5, 1, "eve@x.io")).await;
        // The text of a new name, and the status of a new member, as before.
        let sql = "UPDATE users SET username = 'renamed' WHERE id = 2;
            INSERT INTO course_members (course_id, user_id, role) VALUES (1, 2, 'joined')";
        database.execute_unprepared(sql).await.expect("changes");
        let document = "{ course(id: 1) { invites(filter: { search: \"RENAMED\" }) { nodes { databaseId status } } } }";
        let found = gateway.data(Viewer::Staff(1), document).await;
        assert_eq!(found["course"]["invites"]["nodes"], json!([{ "databaseId": "2", "status": "ACCEPTED" }]));
        let stored = course_invite::Entity::find_by_id(5).one(database).await.expect("rows").expect("an invite");
        assert_eq!(stored.status, Some(course_invite::StoredStatus::Pending));

        let refused = Migrator::down(database, Some(steps)).await;
        assert!(refused.is_err(), "an address has no place in the earlier shape");
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

    async fn sources_get_ids_after_those_of_earlier_rows(gateway) {
        Migrator::down(&gateway.database, Some(steps_from("m20261202_000017_external_keys"))).await.expect("steps back");
        let taken = 1_000_000_000_004;
        gateway.add(data::workspace(taken)).await;
        gateway.add(data::user(taken, "taken")).await;
        Migrator::up(&gateway.database, None).await.expect("steps");
        load(&gateway, "clerk", Kind::Users, &[json!({ "id": "u", "username": "u", "full_name": "U" })]).await;
        load(&gateway, "clerk", Kind::Workspaces, &[json!({ "id": "w", "name": "W" })]).await;
        load(&gateway, "clerk", Kind::Tags, &[json!({ "id": "t", "type": "user", "name": "t", "color": "#00ff00" })]).await;
        let mut keys = external_key::Entity::find().all(&gateway.database).await.expect("keys");
        keys.sort_by(|one, other| one.kind.cmp(&other.kind));
        let ids: Vec<i64> = keys.into_iter().map(|key| key.id).collect();
        assert_eq!(ids, [1_000_000_000_000, taken + 1, taken + 1], "tags, users, workspaces");
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

/// Other programs may write instants that no client can read.
#[tokio::test]
async fn instants_that_no_client_can_read_are_repaired_and_refused() {
    run(Backend::Postgres, async |gateway| {
        let database = &gateway.database;
        let columns = "SELECT table_name::text AS of_table, column_name::text AS name
            FROM information_schema.columns
            WHERE table_schema = current_schema() AND data_type = 'timestamp with time zone'";
        let columns = Statement::from_string(database.get_database_backend(), columns);
        let columns = database.query_all_raw(columns).await.expect("columns");
        let columns = columns.iter().map(|row| {
            let text = |name| row.try_get_by::<String, _>(name).expect("a name");
            (text("of_table"), text("name"))
        });
        let columns: Vec<_> = columns.collect();
        gateway.add(data::user(1, "ada")).await;
        gateway.add(data::workspace(1)).await;
        gateway.add(data::workspace_invite(1, 1)).await;
        gateway.add(data::invite_code(1, "CODE-1")).await;
        gateway.add(data::group(1, "garden")).await;
        gateway.add(data::group_invite(1, 1, "code")).await;
        gateway.add(data::tag(1, "mentor")).await;
        gateway.add(data::course(1, "rust", 1)).await;
        gateway.add(data::course_invite(1, 1, 1)).await;
        let sql = "INSERT INTO invite_events (id, type, kind, invite_id, at)
            VALUES (gen_random_uuid(), 'created', 'course_invite', 1, now());
            INSERT INTO idempotency_keys (user_id, key, fingerprint, outcome, created_at)
            VALUES (1, 'k', '', '', now())";
        database.execute_unprepared(sql).await.expect("rows");
        let set = async |table: &str, column: &str, value: &str| {
            let sql = format!("UPDATE {table} SET {column} = '{value}'");
            database.execute_unprepared(&sql).await
        };
        let unreadable = ["infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "10000-01-01 00:00:00+00"];
        for (table, column) in &columns {
            for value in unreadable {
                assert!(set(table, column, value).await.is_err(), "{table}.{column} {value}");
            }
        }
        for value in unreadable {
            let steps = steps_from("m20261202_000019_values_of_sources");
            Migrator::down(database, Some(steps)).await.expect("a step back");
            for (table, column) in &columns {
                // A deleted row is in no list.
                if column != "deleted_at" {
                    set(table, column, value).await.expect("an instant");
                }
            }
            Migrator::up(database, None).await.expect("steps");
            let document = "{ workspaceInvites(filter: { status: [PENDING, EXPIRED, ACCEPTED, CANCELLED, DECLINED] }) { nodes { createdAt expiresAt } }
                inviteCodes { nodes { createdAt expiresAt acceptedAt } } users { nodes { id } }
                course(id: 1) { invites { nodes { createdAt acceptedAt history { nodes { at } } } } }
                groupInvites { nodes { createdAt } } }";
            let data = gateway.data(Viewer::Staff(1), document).await;
            let nearest = match value {
                "infinity" | "10000-01-01 00:00:00+00" => "9999-12-31T23:59:59Z",
                _ => "0001-01-01T00:00:00Z",
            };
            let expected = json!({ "createdAt": nearest, "expiresAt": nearest });
            assert_eq!(data["workspaceInvites"]["nodes"], json!([expected]), "{value}");
            let expected = json!({ "createdAt": nearest, "acceptedAt": nearest, "history": { "nodes": [{ "at": nearest }] } });
            assert_eq!(data["course"]["invites"]["nodes"], json!([expected]), "{value}");
        }
    })
    .await;
}

/// Migrates as `pg_monitor`, a role of every server that may create tables here, but no extension.
#[tokio::test]
async fn a_role_that_may_not_create_extensions_migrates_without_the_index() {
    run(Backend::Postgres, async |gateway| {
        let database = &gateway.database;
        let has_index = async || {
            let sql = "SELECT 1 AS one FROM pg_indexes WHERE indexname = 'ix_users_search'";
            let index = Statement::from_string(database.get_database_backend(), sql);
            database
                .query_one_raw(index)
                .await
                .expect("indexes")
                .is_some()
        };
        assert!(has_index().await);
        tables::remove(database).await;
        let sql = "DROP EXTENSION pg_trgm; GRANT CREATE ON SCHEMA public TO pg_monitor";
        database.execute_unprepared(sql).await.expect("a role");
        let url = format!("{}?options=-c%20role%3Dpg_monitor", gateway.database_url);
        let ended = Process::run(&["migrate", "up", "--database-url", &url]).await;
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
        assert!(!has_index().await);
        gateway.add(data::user(1, "ada")).await;
    })
    .await;
}
