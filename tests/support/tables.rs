//! All tables: compares, empties and drops them.

use std::fmt::Debug;

use entity::{
    course, course_invite, course_member, external_key, group, group_invite, group_member,
    idempotency_key, invite_code, invite_code_tag, invite_event, invite_token, tag, user,
    workspace, workspace_invite, workspace_member,
};
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend,
    EntityTrait, FromQueryResult, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn,
    QueryOrder, Statement, TransactionTrait,
};

/// Every row of a table as text, in the order of its key.
pub type Table = (&'static str, Vec<String>);

/// Returns every row of every table of data.
pub async fn dump(database: &DatabaseConnection) -> Vec<Table> {
    async fn table<E>(database: &DatabaseConnection, name: &'static str, _: E) -> Table
    where
        E: EntityTrait,
        E::Model: ModelTrait<Entity = E> + FromQueryResult + Debug,
    {
        let mut rows = E::find();
        for key in E::PrimaryKey::iter() {
            rows = rows.order_by_asc(key.into_column());
        }
        let rows = rows.all(database).await.expect("rows");
        (name, rows.iter().map(|row| format!("{row:?}")).collect())
    }
    vec![
        table(database, "users", user::Entity).await,
        table(database, "tags", tag::Entity).await,
        table(database, "invite_codes", invite_code::Entity).await,
        table(database, "invite_code_tags", invite_code_tag::Entity).await,
        table(database, "workspaces", workspace::Entity).await,
        table(database, "workspace_members", workspace_member::Entity).await,
        table(database, "workspace_invites", workspace_invite::Entity).await,
        table(database, "invite_tokens", invite_token::Entity).await,
        table(database, "groups", group::Entity).await,
        table(database, "group_members", group_member::Entity).await,
        table(database, "group_invites", group_invite::Entity).await,
        table(database, "courses", course::Entity).await,
        table(database, "course_members", course_member::Entity).await,
        table(database, "course_invites", course_invite::Entity).await,
        table(database, "invite_events", invite_event::Entity).await,
        table(database, "idempotency_keys", idempotency_key::Entity).await,
        table(database, "external_keys", external_key::Entity).await,
    ]
}

/// Returns the names of the existing tables, sorted.
pub async fn names(database: &DatabaseConnection) -> Vec<String> {
    let sql = match database.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             ORDER BY name"
        }
        _ => {
            "SELECT table_name::text AS name FROM information_schema.tables \
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY name"
        }
    };
    let names = Statement::from_string(database.get_database_backend(), sql);
    let rows = database.query_all_raw(names).await.expect("names");
    rows.iter()
        .map(|row| row.try_get("", "name").expect("a name"))
        .collect()
}

/// Drops everything, as if the database had never been migrated.
pub async fn remove(database: &DatabaseConnection) {
    let transaction = database.begin().await.expect("a transaction");
    remove_in(&transaction).await;
    transaction.commit().await.expect("no tables");
}

/// Recreates every table without rows.
pub async fn empty(database: &DatabaseConnection) {
    // Over one connection, because SQLite does not refresh another connection's schema before it
    // reports that an index exists.
    let transaction = database.begin().await.expect("a transaction");
    remove_in(&transaction).await;
    Migrator::up(&transaction, None).await.expect("migrations");
    transaction.commit().await.expect("empty tables");
}

async fn remove_in(transaction: &DatabaseTransaction) {
    // Earlier shapes cannot hold these rows.
    transaction
        .execute_unprepared(
            "DELETE FROM course_invites WHERE user_id IS NULL;
             DELETE FROM courses WHERE created_by_id IS NULL",
        )
        .await
        .expect("rows of an earlier shape");
    Migrator::down(transaction, None).await.expect("migrations");
    transaction
        .execute_unprepared("DROP TABLE seaql_migrations")
        .await
        .expect("the table of migrations");
}

/// Rows of the tables that mutations change, to bring them back.
pub struct Snapshot {
    invite_codes: Vec<invite_code::Model>,
    invite_code_tags: Vec<invite_code_tag::Model>,
    workspace_invites: Vec<workspace_invite::Model>,
    invite_tokens: Vec<invite_token::Model>,
    workspace_members: Vec<workspace_member::Model>,
    group_invites: Vec<group_invite::Model>,
    group_members: Vec<group_member::Model>,
    course_invites: Vec<course_invite::Model>,
    course_members: Vec<course_member::Model>,
}

impl Snapshot {
    pub async fn take(database: &DatabaseConnection) -> Self {
        async fn rows<E: EntityTrait>(database: &DatabaseConnection, _: E) -> Vec<E::Model> {
            E::find().all(database).await.expect("rows")
        }
        Self {
            invite_codes: rows(database, invite_code::Entity).await,
            invite_code_tags: rows(database, invite_code_tag::Entity).await,
            workspace_invites: rows(database, workspace_invite::Entity).await,
            invite_tokens: rows(database, invite_token::Entity).await,
            workspace_members: rows(database, workspace_member::Entity).await,
            group_invites: rows(database, group_invite::Entity).await,
            group_members: rows(database, group_member::Entity).await,
            course_invites: rows(database, course_invite::Entity).await,
            course_members: rows(database, course_member::Entity).await,
        }
    }

    /// Brings the rows back, without events and keys.
    pub async fn restore(&self, database: &DatabaseConnection) {
        async fn set<E, A>(database: &DatabaseConnection, _: E, rows: &[E::Model])
        where
            E: EntityTrait<ActiveModel = A>,
            E::Model: IntoActiveModel<A>,
            A: ActiveModelTrait<Entity = E> + Send,
        {
            E::delete_many().exec(database).await.expect("no rows");
            let rows = rows
                .iter()
                .cloned()
                .map(|row| row.into_active_model().reset_all());
            let rows: Vec<A> = rows.collect();
            if !rows.is_empty() {
                E::insert_many(rows)
                    .exec_without_returning(database)
                    .await
                    .expect("rows");
            }
        }
        set(database, invite_event::Entity, &[]).await;
        set(database, idempotency_key::Entity, &[]).await;
        set(database, invite_token::Entity, &[]).await;
        set(database, invite_code_tag::Entity, &[]).await;
        set(database, invite_code::Entity, &self.invite_codes).await;
        set(database, invite_code_tag::Entity, &self.invite_code_tags).await;
        set(database, workspace_invite::Entity, &self.workspace_invites).await;
        set(database, invite_token::Entity, &self.invite_tokens).await;
        set(database, workspace_member::Entity, &self.workspace_members).await;
        set(database, group_invite::Entity, &self.group_invites).await;
        set(database, group_member::Entity, &self.group_members).await;
        set(database, course_invite::Entity, &self.course_invites).await;
        set(database, course_member::Entity, &self.course_members).await;
    }
}
