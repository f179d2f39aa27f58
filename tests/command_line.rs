//! The program's commands: migrations, the schema, tokens, and invalid settings.

use std::fs;

use axum::http::StatusCode;
use entity::{user, workspace_invite};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};

use crate::support::{
    Gateway, SECRET, data, each_database,
    process::{Ended, Process, Server},
    tables,
};

const STEPS: [&str; 20] = [
    "m20261121_000001_users",
    "m20261121_000002_invite_codes",
    "m20261121_000003_workspaces",
    "m20261121_000004_groups",
    "m20261121_000005_courses",
    "m20261121_000006_addresses",
    "m20261129_000007_lifecycle",
    "m20261129_000008_token_hashes",
    "m20261129_000009_live_names",
    "m20261129_000010_pending_addresses",
    "m20261130_000011_course_invite_status",
    "m20261130_000012_status_indexes",
    "m20261201_000013_group_invite_urls",
    "m20261201_000014_folded_texts",
    "m20261201_000015_fold_texts",
    "m20261201_000016_addresses_again",
    "m20261202_000017_external_keys",
    "m20261202_000018_course_invite_addresses",
    "m20261202_000019_values_of_sources",
    "m20261202_000020_account_ids",
];

/// Returns the output of `migrate` after the first `applied` steps.
fn steps(applied: usize) -> String {
    let word = |at| if at < applied { "applied" } else { "pending" };
    STEPS
        .iter()
        .enumerate()
        .map(|(at, step)| format!("{}  {step}\n", word(at)))
        .collect()
}

async fn migrate(gateway: &Gateway, arguments: &[&str]) -> Ended {
    let migrate = [
        &["migrate"],
        arguments,
        &["--database-url", gateway.database_url.as_str()],
    ];
    Process::run(&migrate.concat()).await
}

#[track_caller]
fn printed(ended: &Ended, status: i32, stdout: &str) {
    assert_eq!(
        (ended.status, ended.stdout.as_str(), ended.stderr.as_str()),
        (Some(status), stdout, "")
    );
}

each_database! {
    async fn a_migration_names_rows_with_the_same_address(gateway) {
        let with = |id: i64, address: &str, is_verified| user::Model {
            email: address.to_owned(),
            // As a program other than the gateway may have written it.
            email_norm: address.to_owned(),
            is_verified,
            ..data::user(id, &format!("user{id}"))
        };
        gateway.add_all([
            with(1, "Kate@X.io", true),
            with(2, "kate@x.IO", true),
            with(3, "kate@x.io", false),
            with(4, "\u{212a}ate@x.io", true),
            with(5, "eve@B\u{fc}cher.example", true),
            user::Model { deleted_at: Some(data::made()), ..with(6, "eve@b\u{fc}cher.example", true) },
        ]).await;
        gateway.add(data::workspace(1)).await;
        gateway.add_all((1..=12).map(|id| workspace_invite::Model {
            email: "EVE@x.io".to_owned(),
            email_norm: format!("eve{id}@x.io"),
            ..data::workspace_invite(id, 1)
        })).await;
        let again = STEPS.iter().position(|step| *step == "m20261201_000016_addresses_again");
        let down = format!("--steps={}", STEPS.len() - again.expect("a step"));
        let down = migrate(&gateway, &["down", &down]).await;
        assert_eq!(down.status, Some(0), "{}", down.stderr);
        let notes = "note: 2 users share a verified address with another user; ids: 1, 2
note: 12 pending invites have the same workspace and address as another; ids: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …
";
        printed(&migrate(&gateway, &["up"]).await, 0, &(steps(STEPS.len()) + notes));
        let user = user::Entity::find_by_id(5).one(&gateway.database).await.expect("rows");
        assert_eq!(user.expect("a user").email_norm, "eve@xn--bcher-kva.example");
    }

    async fn migrations_go_up_and_down_and_up_again(gateway) {
        let tables_of_data = [
            "course_invites", "course_members", "courses", "external_keys", "group_invites",
            "group_members", "groups", "idempotency_keys", "invite_code_tags", "invite_codes", "invite_events",
            "invite_tokens", "seaql_migrations", "tags", "users", "workspace_invites",
            "workspace_members", "workspaces",
        ];
        assert_eq!(tables::names(&gateway.database).await, tables_of_data);
        tables::remove(&gateway.database).await;
        assert_eq!(tables::names(&gateway.database).await, [""; 0]);

        printed(&migrate(&gateway, &["status"]).await, 1, &steps(0));
        assert_eq!(tables::names(&gateway.database).await, [""; 0], "it only reads");
        printed(&migrate(&gateway, &["up", "--steps=2"]).await, 0, &steps(2));
        printed(&migrate(&gateway, &["status"]).await, 1, &steps(2));
        printed(&migrate(&gateway, &["up"]).await, 0, &steps(STEPS.len()));
        printed(&migrate(&gateway, &["status"]).await, 0, &steps(STEPS.len()));
        assert_eq!(tables::names(&gateway.database).await, tables_of_data);

        printed(&migrate(&gateway, &["down", "--steps=1"]).await, 0, &steps(STEPS.len() - 1));
        printed(&migrate(&gateway, &["down", "--all"]).await, 0, &steps(0));
        let none = "nothing to do: no migration is applied\n";
        printed(&migrate(&gateway, &["down", "--all"]).await, 0, none);
        assert_eq!(tables::names(&gateway.database).await, ["seaql_migrations"]);
        printed(&migrate(&gateway, &["up"]).await, 0, &steps(STEPS.len()));
        for up in [&["up"][..], &["up", "--steps=1"]] {
            printed(&migrate(&gateway, up).await, 0, "nothing to do: every migration is applied\n");
        }
        gateway.add(data::user(1, "ada")).await;
    }

    async fn migrations_of_a_later_version_are_listed(gateway) {
        let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000099_later', 0)";
        gateway.database.execute_unprepared(later).await.expect("a row");
        let list = steps(STEPS.len()) + "unknown  m20990101_000099_later\n";
        printed(&migrate(&gateway, &["status"]).await, 0, &list);
        printed(&migrate(&gateway, &["up"]).await, 0, "nothing to do: every migration is applied\n");
    }

    async fn down_requires_a_number_of_steps(gateway) {
        gateway.add(data::user(1, "ada")).await;
        let before = tables::dump(&gateway.database).await;
        for arguments in [&["down"][..], &["down", "--all", "--steps=1"]] {
            let ended = migrate(&gateway, arguments).await;
            assert_eq!(ended.status, Some(2), "{arguments:?}");
            assert!(ended.stderr.contains("--steps"), "{}", ended.stderr);
        }
        assert_eq!(tables::dump(&gateway.database).await, before);
    }

    async fn a_server_with_the_same_settings_accepts_a_token(gateway) {
        gateway.add(data::user(7, "grace")).await;
        let same = ["--jwt-issuer=us", "--jwt-audience=them"];
        let server = Server::with(&gateway.database_url, &same).await;
        let mut settings = vec![
            ("GATEWAY_JWT_SECRET", SECRET),
            ("GATEWAY_JWT_ISSUER", "us"),
            ("GATEWAY_JWT_AUDIENCE", "them"),
        ];
        let who = async |settings: &[(&str, &str)]| {
            let ended = Process::run_in(settings, &["token", "--user=7"]).await;
            assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
            let token = ended.stdout.strip_suffix('\n').expect("a line");
            let authorization = format!("Bearer {token}");
            let query = "{ viewer { user { username } } }";
            server.graphql(Some(&authorization), query, json!({})).await
        };
        let response = who(&settings).await;
        assert_eq!(response.json["data"]["viewer"]["user"]["username"], "grace");

        settings[2].1 = "others";
        assert_eq!(who(&settings).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn only_migrating_up_creates_a_database_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new.db");
    let url = format!("--database-url=sqlite://{}", file.display());
    for command in [
        &["migrate", "status"][..],
        &["migrate", "down", "--all"],
        &["serve", "--listen=127.0.0.1:0"],
        &["export", "users"],
    ] {
        let ended = Process::run(&[command, &[url.as_str()]].concat()).await;
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
        let expected = "error: cannot open the database of --database-url (DATABASE_URL): ";
        assert!(ended.stderr.starts_with(expected), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("invite-gateway migrate up"),
            "{}",
            ended.stderr
        );
        assert!(!file.exists(), "{command:?}");
    }
    printed(
        &Process::run(&["migrate", "up", &url]).await,
        0,
        &steps(STEPS.len()),
    );
    assert!(file.exists());
}

#[tokio::test]
async fn schema_prints_the_committed_schema() {
    let ended = Process::run(&["schema"]).await;
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let committed = fs::read_to_string(committed).expect("schema.graphql");
    assert!(
        ended.stdout == committed,
        "schema.graphql is not what the code says. If the change is meant, write it anew with\n\n    \
         cargo run -- schema > schema.graphql\n"
    );
}

#[tokio::test]
async fn the_description_of_the_demo_is_deterministic_json() {
    let first = Process::run(&["demo", "--describe"]).await;
    let second = Process::run(&["demo", "--describe"]).await;
    assert_eq!((first.status, first.stderr.as_str()), (Some(0), ""));
    assert_eq!(first.stdout, second.stdout);
    let description: Value = serde_json::from_str(&first.stdout).expect("JSON");
    for list in ["personas", "cases", "examples", "rest"] {
        let list = description[list].as_array().expect(list);
        assert!(!list.is_empty());
    }
}

/// A setting with an invalid value, as an environment variable and as a flag.
struct Wrong {
    flag: &'static str,
    variable: &'static str,
    value: &'static str,
    /// Text that the message must contain: the reason, and the allowed values.
    messages: &'static [&'static str],
    /// Text that the message must not contain.
    secret: Option<&'static str>,
}

const WRONG: &[Wrong] = &[
    Wrong {
        flag: "--listen",
        variable: "GATEWAY_LISTEN",
        value: "localhost",
        messages: &["expected an IP address and a port", "127.0.0.1:8080"],
        secret: None,
    },
    Wrong {
        flag: "--public-url",
        variable: "GATEWAY_PUBLIC_URL",
        value: "gateway.example",
        messages: &["absolute http or https URL"],
        secret: None,
    },
    Wrong {
        flag: "--jwt-leeway",
        variable: "GATEWAY_JWT_LEEWAY",
        value: "301",
        messages: &[
            "GATEWAY_JWT_LEEWAY",
            "expected 0 to 300 seconds, such as 10, 10s or 2m",
        ],
        secret: None,
    },
    Wrong {
        flag: "--request-timeout",
        variable: "GATEWAY_REQUEST_TIMEOUT",
        value: "10sec",
        messages: &["GATEWAY_REQUEST_TIMEOUT", "expected 1 to 600 seconds"],
        secret: None,
    },
    Wrong {
        flag: "--database-lock-timeout",
        variable: "GATEWAY_DATABASE_LOCK_TIMEOUT",
        value: "2m",
        messages: &["expected 1 to 60000 milliseconds, such as 500, 500ms or 2s"],
        secret: None,
    },
    Wrong {
        flag: "--jwt-subject",
        variable: "GATEWAY_JWT_SUBJECT",
        value: "email",
        messages: &["id, ext-id, username"],
        secret: None,
    },
    Wrong {
        flag: "--disclosure",
        variable: "GATEWAY_DISCLOSURE",
        value: "everything",
        messages: &["contract, masked"],
        secret: None,
    },
    Wrong {
        flag: "--group-invite-url",
        variable: "GATEWAY_GROUP_INVITE_URL",
        value: "https://groups.example/{slug}",
        messages: &["must contain {code}"],
        secret: None,
    },
    Wrong {
        flag: "--group-invite-url",
        variable: "GATEWAY_GROUP_INVITE_URL",
        value: "groups/{code}",
        messages: &["absolute http or https URL"],
        secret: None,
    },
    Wrong {
        flag: "--node-in-subgraph",
        variable: "GATEWAY_NODE_IN_SUBGRAPH",
        value: "true",
        messages: &["on, off"],
        secret: None,
    },
    Wrong {
        flag: "--auth-directives",
        variable: "GATEWAY_AUTH_DIRECTIVES",
        value: "yes",
        messages: &["on, off"],
        secret: None,
    },
    Wrong {
        flag: "--max-body",
        variable: "GATEWAY_MAX_BODY",
        value: "1",
        messages: &["expected 1024 to 16777216 bytes, or a number with a unit such as KiB or MiB"],
        secret: None,
    },
    Wrong {
        flag: "--import-max-body",
        variable: "GATEWAY_IMPORT_MAX_BODY",
        value: "2TiB",
        messages: &["expected 1 to 1099511627776 bytes"],
        secret: None,
    },
    Wrong {
        flag: "--max-tokens",
        variable: "GATEWAY_MAX_TOKENS",
        value: "10s",
        messages: &["expected 50 to 100000\n"],
        secret: None,
    },
    Wrong {
        flag: "--rate-limit-requests",
        variable: "GATEWAY_RATE_LIMIT_REQUESTS",
        value: "many",
        messages: &["expected 0 to 4294967295\n"],
        secret: None,
    },
    Wrong {
        flag: "--log-level",
        variable: "GATEWAY_LOG_LEVEL",
        value: "loud",
        messages: &["off, error, warn, info, debug"],
        secret: None,
    },
    Wrong {
        flag: "--jwt-secret",
        variable: "GATEWAY_JWT_SECRET",
        value: "hunter2",
        messages: &["GATEWAY_JWT_SECRET", "7 bytes", "at least 32"],
        secret: Some("hunter2"),
    },
    Wrong {
        flag: "--jwt-jwks",
        variable: "GATEWAY_JWT_JWKS",
        value: "http://id.example/jwks",
        messages: &["https"],
        secret: None,
    },
    Wrong {
        flag: "--database-url",
        variable: "DATABASE_URL",
        value: "mysql://gateway:hunter2@db.example/gateway",
        messages: &["DATABASE_URL", "postgres://", "sqlite://"],
        secret: Some("hunter2"),
    },
    Wrong {
        flag: "--database-url",
        variable: "DATABASE_URL",
        value: "postgres://gateway:hunter2@db.example:port/gateway",
        messages: &["DATABASE_URL", "from 1 to 65535"],
        secret: Some("hunter2"),
    },
    Wrong {
        flag: "--database-url",
        variable: "DATABASE_URL",
        value: "postgres://gateway:hunter2/@db.example/gateway",
        messages: &["DATABASE_URL", "%2F for /"],
        secret: Some("hunter2"),
    },
];

#[tokio::test]
async fn errors_name_the_setting_and_the_allowed_values() {
    for wrong in WRONG {
        let database = ("DATABASE_URL", "sqlite://nowhere.db");
        let by_variable: &[_] = &[database, (wrong.variable, wrong.value)];
        let argument = format!("{}={}", wrong.flag, wrong.value);
        let by_flag = Process::run_in(&[database], &["serve", &argument]).await;
        let by_variable = Process::run_in(by_variable, &["serve"]).await;
        for ended in [by_flag, by_variable] {
            let said = &ended.stderr;
            assert_eq!(
                (ended.status, ended.stdout.as_str()),
                (Some(2), ""),
                "{said}"
            );
            assert!(
                said.starts_with("error: ")
                    && said.contains(&format!("{} ({})", wrong.flag, wrong.variable)),
                "{said}"
            );
            for message in wrong.messages {
                assert!(said.contains(message), "{argument}: {said}");
            }
            if let Some(secret) = wrong.secret {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn every_command_refuses_the_same_database_urls_without_repeating_them() {
    for url in ["mysql://u:hunter2@h/d", "postgres://u:hunter2@h:port/d", ""] {
        for command in [
            &["serve"][..],
            &["migrate", "up"],
            &["migrate", "status"],
            &["migrate", "down", "--all"],
            &["import", "users", "-"],
            &["export", "users"],
        ] {
            let ended = Process::run_in(&[("DATABASE_URL", url)], command).await;
            assert_eq!(ended.status, Some(2), "{command:?}: {}", ended.stderr);
            assert!(
                ended.stderr.contains("--database-url (DATABASE_URL)"),
                "{}",
                ended.stderr
            );
            assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}", folder.path().join("new.db").display());
    let up = ["migrate", "up", "--database-url", &database];
    assert_eq!(Process::run(&up).await.status, Some(0));
    let empty = [
        "DATABASE_REPLICA_URL",
        "GATEWAY_CORS_ORIGIN",
        "GATEWAY_JWT_AUDIENCE",
        "GATEWAY_JWT_ISSUER",
        "GATEWAY_MAX_BODY",
        "GATEWAY_REDIS_URL",
        "GATEWAY_TRUSTED_DOCUMENTS",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_SDK_DISABLED",
        "OTEL_SERVICE_NAME",
        "OTEL_TRACES_EXPORTER",
    ]
    .map(|name| (name, ""));
    let quantities = [
        ("GATEWAY_REQUEST_TIMEOUT", "10s"),
        ("GATEWAY_CLIENT_TIMEOUT", "2m"),
        ("GATEWAY_DRAIN_TIMEOUT", "0"),
        ("GATEWAY_JWT_LEEWAY", "1m"),
        ("GATEWAY_DATABASE_ACQUIRE_TIMEOUT", "2000ms"),
        ("GATEWAY_DATABASE_LOCK_TIMEOUT", "1s"),
        ("GATEWAY_INVITE_LIFETIME", "48h"),
        ("GATEWAY_MAX_DOCUMENT", "16KiB"),
        ("GATEWAY_MAX_RESPONSE", "4MB"),
        ("GATEWAY_MAX_BUFFERED", "1GiB"),
        ("GATEWAY_MAX_TOKEN", "8192B"),
        ("GATEWAY_DOCUMENT_CACHE", "0"),
        ("GATEWAY_IMPORT_MAX_BODY", "1TB"),
    ];
    let variables = [&empty[..], &quantities].concat();
    let server = Server::with_variables(&database, &variables).await;
    let ready = server.get(None, "/health/ready").await;
    assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
}

#[tokio::test]
async fn unknown_variables_are_warned_of_without_their_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}", folder.path().join("new.db").display());
    let unknown = [
        ("GATEWAY_MAX_TOKNS", "hunter2"),
        ("GATEWAY_DATABASE_URL", "hunter2"),
        ("GATEWAY_COLOUR", "hunter2"),
        ("GATEWAY_UNSET", ""),
        ("GATEWAY_PORT", "tcp://10.0.0.1:8080"),
        ("OTHER", "hunter2"),
    ];
    let expected = [
        "the environment variable GATEWAY_COLOUR is not known, and has no effect",
        "the environment variable GATEWAY_DATABASE_URL is not known, and has no effect; did you mean DATABASE_URL?",
        "the environment variable GATEWAY_MAX_TOKNS is not known, and has no effect; did you mean GATEWAY_MAX_TOKENS?",
    ];
    let environment = [&unknown[..], &[("DATABASE_URL", &database)]].concat();
    let ended = Process::run_in(&environment, &["migrate", "up"]).await;
    let printed: String = expected.map(|line| format!("warning: {line}\n")).concat();
    assert_eq!((ended.status, ended.stderr), (Some(0), printed));

    let ended = Process::run_in(&environment, &["check"]).await;
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    let rows: String = expected
        .map(|line| format!("variable  warn    {line}\n"))
        .concat();
    assert!(ended.stdout.ends_with(&rows), "{}", ended.stdout);

    // The log is as configured.
    let wrong = ("GATEWAY_ACCEPT_URL", "");
    let settings = [
        ("GATEWAY_MUTATIONS", "on"),
        ("GATEWAY_LOG_FORMAT", "json"),
        wrong,
    ];
    let ended = Process::run_in(&[&environment[..], &settings].concat(), &["serve"]).await;
    assert_eq!(ended.status, Some(2), "{}", ended.stderr);
    let logged = ended.stderr.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["level"] == "WARN").then(|| line["message"].as_str().map(str::to_owned))?
    });
    let logged: Vec<_> = logged.filter(|line| line.contains("variable")).collect();
    assert_eq!(logged, expected);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_secret_and_a_key_set_exclude_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}", folder.path().join("new.db").display());
    let keys = folder.path().join("keys.json");
    fs::write(&keys, r#"{"keys": []}"#).expect("a file");
    let up = ["migrate", "up", "--database-url", &database];
    assert_eq!(Process::run(&up).await.status, Some(0));

    let environment = [
        ("DATABASE_URL", database.as_str()),
        ("GATEWAY_JWT_SECRET", SECRET),
        ("GATEWAY_JWT_JWKS", keys.to_str().expect("UTF-8")),
        ("GATEWAY_LISTEN", "127.0.0.1:0"),
    ];
    let ended = Process::run_in(&environment, &["serve"]).await;
    assert_eq!(ended.status, Some(2), "{}", ended.stderr);
    for word in ["secret", "JWKS", "not both"] {
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains(SECRET));
}

#[tokio::test]
async fn a_key_set_file_that_cannot_be_used_ends_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(folder.path().join("other.json"), r#"{"hunter2": 1}"#).expect("a file");
    for (jwks, reason) in [
        (path("absent.json"), "No such file"),
        (path("other.json"), "not a JWK Set"),
        (path(""), "Is a directory"),
    ] {
        let environment = [
            ("DATABASE_URL", "sqlite::memory:"),
            ("GATEWAY_JWT_JWKS", jwks.as_str()),
            ("GATEWAY_LISTEN", "127.0.0.1:0"),
        ];
        let ended = Process::run_in(&environment, &["serve"]).await;
        assert_eq!(ended.status, Some(2), "{}", ended.stderr);
        for word in ["--jwt-jwks (GATEWAY_JWT_JWKS)", reason] {
            assert!(ended.stderr.contains(word), "{}", ended.stderr);
        }
        for value in [jwks.as_str(), "hunter2"] {
            assert!(!ended.stderr.contains(value), "{}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn unknown_arguments_are_a_usage_error() {
    for arguments in [
        &["--bogus"][..],
        &["bogus"],
        &["serve", "--bogus"],
        &["import", "bogus", "-"],
        &["token", "--user=7", "--expires-in=soon"],
    ] {
        let ended = Process::run_in(&[("DATABASE_URL", "sqlite://x.db")], arguments).await;
        assert_eq!(ended.status, Some(2), "{arguments:?}");
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
    let ended = Process::run(&["token", "--user=7"]).await;
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
    assert!(
        ended.stderr.contains("GATEWAY_JWT_SECRET"),
        "{}",
        ended.stderr
    );

    let version = format!("invite-gateway {}\n", env!("CARGO_PKG_VERSION"));
    printed(&Process::run(&["--version"]).await, 0, &version);
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ended = Process::run(&["demo", "--listen", &address]).await;
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
}
