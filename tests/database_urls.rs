//! Database URLs as people have them: IPv6 addresses, and schemas other than `public`.

use axum::http::StatusCode;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::support::{
    Backend, Gateway, code_id, data,
    process::{Process, Server},
    run,
};

/// Returns the number of tables in a schema.
async fn tables(database: &DatabaseConnection, schema: &str) -> i64 {
    let count = format!("SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}'");
    let statement = sea_orm::Statement::from_string(database.get_database_backend(), count);
    let row = database.query_one_raw(statement).await.expect("a response");
    row.expect("a row").try_get_by_index(0).expect("a number")
}

/// Returns the URL with these parameters.
fn with_query(url: &str, query: &str) -> String {
    let mut url: Url = url.parse().expect("a URL");
    url.set_query(Some(query));
    url.into()
}

#[tokio::test]
async fn a_schema_in_the_url_is_used_by_every_command() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let database = &gateway.database;
        gateway.add(data::invite_code(1, "public")).await;
        for (schema, query) in [
            ("invites", "search_path=invites,public"),
            ("Other", "schema=Other"),
            ("third", "options=-csearch_path%3Dthird"),
        ] {
            let create = format!("CREATE SCHEMA \"{schema}\"");
            database
                .execute_unprepared(&create)
                .await
                .expect("a schema");
            let url = with_query(&gateway.database_url, query);
            let ended = Process::run(&["migrate", "up", "--database-url", &url]).await;
            assert_eq!(ended.status, Some(0), "{query}: {}", ended.stderr);
            let expected = tables(database, "public").await;
            assert_eq!(tables(database, schema).await, expected, "{query}");
            let status = Process::run(&["migrate", "status", "--database-url", &url]).await;
            assert_eq!(status.status, Some(0), "{query}: {}", status.stderr);

            let server = Server::new(&url).await;
            let ready = server.get(None, "/health/ready").await;
            assert_eq!(ready.status, StatusCode::OK, "{query}: {}", ready.text);
            let document = r#"{ inviteCode(code: "public") { id } }"#;
            let response = server.graphql(None, document, json!({})).await;
            assert_eq!(
                response.json,
                json!({ "data": { "inviteCode": null } }),
                "{query}"
            );
        }
        let url = with_query(&gateway.database_url, "search_path=absent");
        let ended = Process::run(&["migrate", "up", "--database-url", &url]).await;
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("no schema has been selected"),
            "{}",
            ended.stderr
        );
    })
    .await;
}

#[tokio::test]
async fn an_ipv6_address_is_connected_to() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let mut url: Url = gateway.database_url.parse().expect("a URL");
        let upstream = url.socket_addrs(|| Some(5432)).expect("an address")[0];
        // A proxy, since the server may listen on IPv4 only.
        let listener = TcpListener::bind("[::1]:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let proxy = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(upstream).await?;
                    copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        url.set_ip_host(address.ip()).expect("a URL with a host");
        url.set_port(Some(address.port()))
            .expect("a URL with a port");
        assert!(url.as_str().contains("@[::1]:"), "{url}");
        gateway.add(data::invite_code(1, "public")).await;
        let server = Server::new(url.as_str()).await;
        let document = r#"{ inviteCode(code: "public") { id } }"#;
        let response = server.graphql(None, document, json!({})).await;
        let found = json!({ "data": { "inviteCode": { "id": code_id("public", 1) } } });
        assert_eq!(response.json, found);
        let ready = server.get(None, "/health/ready").await;
        assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
        proxy.abort();
    })
    .await;
}
