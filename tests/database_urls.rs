//! Database URLs as people have them: several hosts, sockets, TLS, IPv6 addresses, schemas other than `public`.

use std::{fs, path::Path, process::Command};

use axum::http::StatusCode;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::support::{
    Backend, Gateway,
    cluster::{Cluster, run_over, run_over_cluster},
    code_id, data,
    process::{Process, Server, eventually},
    proxy::Proxy,
    run,
};

/// Runs `migrate status`, and returns its exit status and errors. The status is 0 for a migrated database.
async fn status(environment: &[(&str, &str)], url: &str) -> (Option<i32>, String) {
    let arguments = ["migrate", "status", "--database-url", url];
    let ended = Process::run_in(environment, &arguments).await;
    (ended.status, ended.stderr)
}

const MIGRATED: (Option<i32>, String) = (Some(0), String::new());

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

#[tokio::test]
async fn urls_that_cannot_be_honoured_are_refused_with_the_remedy() {
    for (url, remedy) in [
        // Parts of the password would be a host, a port, a name or a parameter.
        ("postgres://u:hun#ter2@db.example/n", "%23 for #"),
        ("postgres://u:12#hunter2@db.example/n", "%23 for #"),
        ("postgres://u:hunter2/hunter2@db.example/n", "%2F for /"),
        ("postgres://u:12/hunter2@db.example/n", "%2F for /"),
        ("postgres://u:hun@hunter2/x@db.example/n", "%2F for /"),
        ("postgres://u:12?hunter2@db.example/n", "%3F for ?"),
        ("postgres://u:12?x=hunter2@db.example/n", "%3F for ?"),
        ("postgres://u:hunter2%ff@db.example/n", "%25 for %"),
        ("postgres://h/n?password=hunter2#x", "%23 for #"),
        ("postgres://u:hunter2@::1/n", "brackets"),
        ("postgres://u:hunter2@h:0/n", "from 1 to 65535"),
        ("postgres://u:hunter2@h:65536/n", "from 1 to 65535"),
        (
            "postgres://u:hunter2@a:1,b:2,c/n?port=1,2",
            "one for each host",
        ),
        (
            "postgres://u:hunter2@h/n?sslmode=allow",
            "must be disable, prefer",
        ),
        (
            "postgres://u:hunter2@h/n?sslpassword=hunter2",
            "sslpassword is not supported",
        ),
        (
            "postgres://u:hunter2@h/n?hostaddr=127.0.0.1",
            "hostaddr is not supported",
        ),
        (
            "postgres://u:hunter2@h/n?currentSchema=x",
            "currentSchema is not supported",
        ),
        (
            "postgres://u:hunter2@h/n?channel_binding=require",
            "sslmode=verify-full",
        ),
        (
            "postgres://u:hunter2@h/n?target_session_attrs=prefer-standby",
            "read-write",
        ),
        (
            "postgres://u:hunter2@h/n?sslrootcert=system&sslmode=require",
            "verify-full only",
        ),
        (
            "postgres://u:hunter2@h/n?sslrootcert=/dev/null",
            "needs sslmode",
        ),
        (
            "postgres://u:hunter2@h/n?sslmode=require&sslcert=/dev/null",
            "needs sslkey",
        ),
        (
            "postgres://u:hunter2@h/n?sslrootcert=/absent",
            "cannot be read",
        ),
    ] {
        let arguments = ["migrate", "status", "--database-url", url];
        let ended = Process::run(&arguments).await;
        assert_eq!(ended.status, Some(2), "{url}: {}", ended.stderr);
        assert!(ended.stderr.contains(remedy), "{url}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn the_next_host_takes_over() {
    run(Backend::Postgres, async |gateway: Gateway| {
        gateway.add(data::invite_code(1, "public")).await;
        let url = &gateway.database_url;
        let ways = [Proxy::before(url).await, Proxy::before(url).await];
        let parts: [Url; 2] = [&ways[0], &ways[1]].map(|way| way.url(url).parse().expect("a URL"));
        let port = |url: &Url| url.port().expect("a port");
        let hosts = format!(
            "127.0.0.1:{},127.0.0.1:{}",
            port(&parts[0]),
            port(&parts[1])
        );
        let url = url.replace(
            &url[url.find('@').expect("a user") + 1..url.rfind('/').expect("a name")],
            &hosts,
        );
        ways[0].cut();
        assert_eq!(status(&[], &url).await, MIGRATED);
        let server = Server::new(&url).await;
        for (cut, healed) in [(0, 1), (1, 0), (0, 1)] {
            ways[healed].heal();
            ways[cut].cut();
            eventually("a response over the other host", async || {
                let document = r#"{ inviteCode(code: "public") { id } }"#;
                let response = server.graphql(None, document, json!({})).await;
                (response.json["data"]["inviteCode"]["id"] == code_id("public", 1)).then_some(())
            })
            .await;
            eventually("readiness", async || {
                let ready = server.get(None, "/health/ready").await;
                (ready.status == StatusCode::OK).then_some(())
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn hosts_that_are_not_wanted_are_passed_over() {
    let standby = Cluster::make();
    // Its first start writes what a standby needs to accept connections.
    standby.start().await;
    standby.stop().await;
    standby.write("standby.signal", "");
    standby.start().await;
    let read_only = Cluster::make().with("default_transaction_read_only=on");
    read_only.start().await;
    run_over_cluster(async |primary, _gateway| {
        // Only the primary is migrated.
        for (other, wanted, unwanted) in [
            (&standby, "primary", "standby"),
            (&standby, "read-write", "read-only"),
            (&read_only, "read-write", "read-only"),
        ] {
            let hosts = format!("127.0.0.1:{},127.0.0.1:{}", other.port(), primary.port());
            let url = format!("postgres://postgres@{hosts}/postgres?target_session_attrs=");
            assert_eq!(
                status(&[], &format!("{url}{wanted}")).await,
                MIGRATED,
                "{wanted}"
            );
            let (other, _) = status(&[], &format!("{url}{unwanted}")).await;
            assert_eq!(other, Some(1), "{unwanted}");
        }
        let url = format!("{}?target_session_attrs=standby", primary.url());
        let (exit, reason) = status(&[], &url).await;
        assert_eq!(exit, Some(3), "{reason}");
        assert!(reason.contains("target_session_attrs"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn sockets_are_connected_to() {
    let cluster = Cluster::make();
    let folder = cluster.folder().display().to_string();
    let cluster = cluster.with(format!("unix_socket_directories={folder}"));
    run_over(cluster, async |cluster, _gateway| {
        let port = cluster.port();
        let encoded = folder.replace('/', "%2F");
        for url in [
            format!("postgres:///postgres?host={folder}&port={port}&user=postgres"),
            format!("postgres://postgres:p%2Fw@/postgres?host={folder}&port={port}"),
            format!("postgresql://postgres@:{port}/postgres?host={encoded}&sslmode=require"),
            format!("postgres://postgres@{encoded}:{port}/postgres"),
        ] {
            assert_eq!(status(&[], &url).await, MIGRATED, "{url}");
        }
    })
    .await;
}

/// Makes a certificate authority, and certificates for the server and for the role `postgres`. Returns the
/// server's certificate and key.
fn certificates(folder: &Path) -> (String, String) {
    let script = "
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem
        sign() { # name, subject, extensions
            openssl req -newkey rsa:2048 -nodes -subj \"/CN=$2\" -keyout $1.key -out $1.csr
            printf '%s' \"$3\" > $1.ext
            openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem
        }
        sign server localhost subjectAltName=DNS:localhost
        sign client postgres keyUsage=digitalSignature";
    let ended = Command::new("sh")
        .args(["-ec", script])
        .current_dir(folder)
        .output()
        .expect("openssl");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    let read = |name| fs::read_to_string(folder.join(name)).expect("a file");
    (read("server.pem"), read("server.key"))
}

#[tokio::test]
async fn tls_trusts_the_machine_or_a_file_and_presents_certificates() {
    let folder = TempDir::new().expect("a folder");
    let (certificate, key) = certificates(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let cluster = Cluster::make().with("ssl=on").with("ssl_ca_file=ca.pem");
    cluster.write("server.crt", &certificate);
    cluster.write("server.key", &key);
    cluster.write(
        "ca.pem",
        &fs::read_to_string(path("ca.pem")).expect("a file"),
    );
    run_over(cluster, async |cluster, gateway| {
        let authority = path("ca.pem");
        let machine = [("SSL_CERT_FILE", authority.as_str())];
        let own = format!("sslrootcert={authority}");
        let url = |host: &str, query: &str| {
            format!(
                "postgres://postgres@{host}:{}/postgres?{query}",
                cluster.port()
            )
        };
        for query in [
            "sslmode=verify-full",
            "sslrootcert=system",
            "sslrootcert=system&sslmode=verify-full",
        ] {
            let url = url("localhost", query);
            assert_eq!(status(&machine, &url).await, MIGRATED, "{query}");
            let (exit, reason) = status(&[], &url).await;
            assert_eq!(exit, Some(3), "{query}: {reason}");
            assert!(reason.contains("no TLS connection"), "{reason}");
        }
        for (host, query, is_trusted) in [
            ("localhost", format!("{own}&sslmode=verify-full"), true),
            ("127.0.0.1", format!("{own}&sslmode=verify-full"), false),
            ("127.0.0.1", format!("{own}&sslmode=verify-ca"), true),
            ("127.0.0.1", format!("{own}&sslmode=require"), true),
            ("127.0.0.1", "sslmode=require".to_owned(), true),
        ] {
            let (exit, reason) = status(&[], &url(host, &query)).await;
            assert_eq!(exit == Some(0), is_trusted, "{host} {query}: {reason}");
        }
        let server = Server::new(&url("127.0.0.1", &format!("{own}&sslmode=verify-full"))).await;
        eventually("the reason", async || {
            let ready = server.get(None, "/health/ready").await;
            (ready.json == json!({ "status": "database without trusted TLS" })).then_some(())
        })
        .await;

        cluster.write(
            "pg_hba.conf",
            "hostssl all all 127.0.0.1/32 cert\nhostssl all all ::1/128 cert\n",
        );
        let reload = gateway
            .database
            .execute_unprepared("SELECT pg_reload_conf()");
        reload.await.expect("a reload");
        let with = format!(
            "{own}&sslmode=verify-full&sslcert={}&sslkey={}",
            path("client.pem"),
            path("client.key")
        );
        eventually("a refusal without a certificate", async || {
            let (exit, reason) = status(&[], &url("localhost", "sslmode=require")).await;
            (exit == Some(3) && reason.contains("rejects the role")).then_some(())
        })
        .await;
        assert_eq!(status(&[], &url("localhost", &with)).await, MIGRATED);
    })
    .await;
}
