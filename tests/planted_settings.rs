//! Plants a password in every setting that takes free text, by flag and by environment variable, in
//! valid and invalid values. No message, log line or metric repeats it.
//!
//! The settings come from the definition of the command line, so that new ones are included.

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{SocketAddr, TcpListener},
};

use clap::{Arg, Command, CommandFactory};
use futures_util::{StreamExt, stream};
use invite_gateway::command::Cli;
use serde_json::json;
use tempfile::TempDir;

use crate::support::process::{Process, address_in, authorization, eventually};

/// Part of every planted value.
const PASSWORD: &str = "hunter2";

/// Values that contain a password. Some are valid for some settings, others for none.
const VALUES: [&str; 22] = [
    "hunter2",
    "a-long-hunter2-without-any-space-in-it-0123456789",
    "https://user:hunter2@127.0.0.1:1/",
    "http://user:hunter2@127.0.0.1:1/{slug}/{code}",
    "https://user:p%40ss%2Fhunter2@127.0.0.1:1/{code}",
    "https://user:hunter2@host.example:port/",
    "https://user:hunter2@[::1/",
    "https://127.0.0.1:1/?key=hunter2#{code}",
    "https://hunter2@127.0.0.1:1",
    "https:/user:hunter2@127.0.0.1:1/keys",
    "htp://user:hunter2@127.0.0.1/",
    "//user:hunter2@127.0.0.1/keys.json",
    "user:hunter2@127.0.0.1:1",
    "postgres://user:hunter2@127.0.0.1:1/gateway",
    "postgres://user:p%40ss%2Fhunter2@127.0.0.1:1/gateway?sslmode=hunter2",
    "postgres://user:hunter2@127.0.0.1:port/gateway",
    "mysql://user:hunter2@127.0.0.1:1/gateway",
    "sqlite://user:hunter2@127.0.0.1:port/no/gateway.db?mode=hunter2",
    "sqlite://user:hunter2@127.0.0.1:port/no/gateway.db",
    "redis://user:hunter2@127.0.0.1:1/0",
    "redis://user:hunter2@127.0.0.1:port/0",
    "127.0.0.1:1,user:hunter2@127.0.0.1:1",
];

/// Returns true if an option takes only numbers or fixed words.
fn holds_no_secret(option: &Arg) -> bool {
    let numbers = [
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
    ];
    let parser = option.get_value_parser();
    !option.get_action().takes_values()
        || !option.get_possible_values().is_empty()
        || numbers.iter().any(|number| parser.type_id() == *number)
}

/// An option, and the first command that has it.
struct Setting {
    command: Vec<String>,
    flag: String,
    variable: Option<String>,
}

fn collect(command: &Command, path: &[String], settings: &mut BTreeMap<String, Setting>) {
    for option in command.get_arguments() {
        if option.is_positional() || holds_no_secret(option) {
            continue;
        }
        let flag = format!("--{}", option.get_long().expect("a long flag"));
        settings.entry(flag.clone()).or_insert_with(|| Setting {
            command: path.to_vec(),
            flag,
            variable: option
                .get_env()
                .map(|name| name.to_str().expect("ASCII").to_owned()),
        });
    }
    for command in command.get_subcommands() {
        let path = [path, &[command.get_name().to_owned()]].concat();
        collect(command, &path, settings);
    }
}

/// Returns every option that takes free text, by its flag.
fn settings() -> BTreeMap<String, Setting> {
    let mut settings = BTreeMap::new();
    collect(&Cli::command(), &[], &mut settings);
    settings
}

/// Environment of the commands: an existing database, and an address in use, so that each command
/// ends.
struct Setup {
    folder: TempDir,
    taken: TcpListener,
}

impl Setup {
    async fn new() -> Self {
        let setup = Self {
            folder: TempDir::new().expect("a folder"),
            taken: TcpListener::bind("127.0.0.1:0").expect("a port"),
        };
        let up = ["migrate", "up", "--database-url", &setup.database()];
        assert_eq!(Process::run(&up).await.status, Some(0));
        setup
    }

    fn database(&self) -> String {
        format!(
            "sqlite://{}",
            self.folder.path().join("gateway.db").display()
        )
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let listen = self.taken.local_addr().expect("an address").to_string();
        BTreeMap::from([
            ("DATABASE_URL".to_owned(), self.database()),
            ("GATEWAY_LISTEN".to_owned(), listen),
            ("GATEWAY_LOG_LEVEL".to_owned(), "debug".to_owned()),
        ])
    }

    /// Runs a command, and returns all its output.
    async fn run(
        &self,
        command: &[String],
        flag: Option<&str>,
        variable: Option<(&str, &str)>,
    ) -> String {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        match arguments[..] {
            ["import"] => arguments.extend(["users", "-"]),
            ["export"] if !flag.is_some_and(|flag| flag.starts_with("--all")) => {
                arguments.push("users");
            }
            ["migrate", "down"] => arguments.push("--all"),
            ["token"] if !flag.is_some_and(|flag| flag.starts_with("--user")) => {
                arguments.push("--user=7");
            }
            ["invite", "create", "workspace"] => {
                let required = ["--workspace=7", "--as=nobody"];
                let is_given = |option: &&str| {
                    let (name, _) = option.split_once('=').unwrap_or_default();
                    flag.is_some_and(|flag| flag.starts_with(name))
                };
                arguments.extend(required.iter().filter(|option| !is_given(option)));
                arguments.push("ada@example.org");
            }
            ["invite", "create", "code"] => arguments.push("--as=nobody"),
            _ => {}
        }
        arguments.extend(flag);
        let mut environment = self.environment();
        environment.extend(variable.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let environment: Vec<_> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        // A setting may create the file that it names.
        let ended = Process::run_in_folder(self.folder.path(), &environment, &arguments).await;
        ended.stdout + &ended.stderr
    }
}

#[test]
fn every_setting_that_takes_free_text_is_planted() {
    let settings = settings();
    let flags: BTreeSet<&str> = settings.keys().map(String::as_str).collect();
    for flag in [
        "--database-url",
        "--database-replica-url",
        "--redis-url",
        "--jwt-secret",
        "--jwt-jwks",
        "--jwt-issuer",
        "--public-url",
        "--group-invite-url",
        "--otlp-endpoint",
        "--trusted-documents",
        "--trusted-proxies",
        "--cors-origin",
        "--listen",
    ] {
        assert!(flags.contains(flag), "{flag}");
    }
    for flag in ["--max-body", "--log-level", "--strict"] {
        assert!(!flags.contains(flag), "{flag}");
    }
}

#[tokio::test]
async fn no_message_repeats_a_value() {
    let setup = Setup::new().await;
    let settings = settings();
    let mut runs = Vec::new();
    for setting in settings.values() {
        for value in VALUES {
            runs.push((setting, value, false));
            if setting.variable.is_some() {
                runs.push((setting, value, true));
            }
        }
    }
    let setup = &setup;
    stream::iter(runs)
        .for_each_concurrent(8, async |(setting, value, by_variable)| {
            let flag = format!("{}={value}", setting.flag);
            let variable = setting.variable.as_deref().map(|name| (name, value));
            let written = if by_variable {
                setup.run(&setting.command, None, variable).await
            } else {
                setup.run(&setting.command, Some(&flag), None).await
            };
            let (command, by) = (
                &setting.command,
                if by_variable { "variable" } else { "flag" },
            );
            assert!(
                !written.contains(PASSWORD),
                "{command:?} {flag} by {by}: {written}"
            );
        })
        .await;
}

#[tokio::test]
async fn help_repeats_no_variable() {
    let settings = settings();
    let environment: Vec<(&str, &str)> = settings
        .values()
        .filter_map(|setting| Some((setting.variable.as_deref()?, PASSWORD)))
        .collect();
    assert!(environment.len() > 10);
    for command in [
        &["serve"][..],
        &["demo"],
        &["migrate", "up"],
        &["import"],
        &["export"],
        &["invite", "create", "workspace"],
        &["token"],
    ] {
        let ended = Process::run_in(&environment, &[command, &["--help"]].concat()).await;
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        assert!(!ended.stdout.contains(PASSWORD), "{}", ended.stdout);
    }
}

#[tokio::test]
async fn an_unexpected_url_is_not_repeated() {
    let url = "postgres://user:hunter2@127.0.0.1:1/gateway";
    let joined = format!("--databaseurl={url}");
    let number = format!("--max-body={url}");
    let word = format!("--log-level={url}");
    for arguments in [
        &[url][..],
        &["serve", url],
        &["serve", "--databaseurl", url],
        &["serve", &joined],
        &["serve", &number],
        &["serve", &word],
        &["serve", "--", url],
        &["migrate", url],
        &["migrate", "up", url],
        &["import", url, "-"],
        &["import", "users", "-", url],
        &["export", url],
        &["export", "users", url],
    ] {
        let ended = Process::run_in(&[("DATABASE_URL", "sqlite://x.db")], arguments).await;
        assert_eq!(ended.status, Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(
            !ended.stderr.contains(PASSWORD),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

/// A server whose secrets are all valid, and whose dependencies are all unavailable.
#[tokio::test]
async fn a_server_without_its_dependencies_repeats_no_secret() {
    let folder = TempDir::new().expect("a folder");
    let documents = folder.path().join("hunter2.json");
    fs::write(&documents, r#"{"one": "{ nothing }"}"#).expect("a file");
    let documents = documents.to_str().expect("UTF-8");
    let environment = [
        (
            "DATABASE_URL",
            "postgres://user:hunter2a@127.0.0.1:1/gateway",
        ),
        (
            "DATABASE_REPLICA_URL",
            "postgres://user:hunter2b@127.0.0.1:1/gateway",
        ),
        ("GATEWAY_REDIS_URL", "redis://user:hunter2c@127.0.0.1:1/0"),
        (
            "GATEWAY_JWT_JWKS",
            "http://127.0.0.1:1/hunter2d?key=hunter2e",
        ),
        (
            "GATEWAY_JWT_ISSUER",
            "https://user:hunter2f@issuer.example/",
        ),
        (
            "GATEWAY_JWT_AUDIENCE",
            "https://user:hunter2g@gateway.example/",
        ),
        ("GATEWAY_PUBLIC_URL", "https://gateway.example/hunter2h/"),
        (
            "GATEWAY_GROUP_INVITE_URL",
            "https://groups.example/{code}?key=hunter2i",
        ),
        ("GATEWAY_TRUSTED_DOCUMENTS", documents),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1/hunter2j"),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer hunter2k,bad header=hunter2l",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "authorization=hunter2m\u{1}",
        ),
        ("OTEL_SERVICE_NAME", "hunter2n"),
        ("OTEL_RESOURCE_ATTRIBUTES", "key=hunter2o,hunter2p"),
        ("OTEL_BSP_SCHEDULE_DELAY", "hunter2q"),
        ("PGPASSWORD", "hunter2r"),
        ("HTTP_PROXY", "http://user:hunter2s@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://user:hunter2t@127.0.0.1:1"),
    ];
    let serve = [
        "serve",
        "--listen=127.0.0.1:0",
        "--log-level=debug",
        "--log-format=json",
        "--metrics=on",
    ];
    let process = Process::start_in(&environment, &serve);
    let listening = process.logged("listening").await;
    let address: SocketAddr = address_in(listening["url"].as_str().expect("a URL"));
    let server = crate::support::process::Server { process, address };
    let token = authorization(7);
    for authorization in [None, Some(token.as_str())] {
        server.get(authorization, "/health/ready").await;
        server
            .graphql(authorization, "{ viewer { user { id } } }", json!({}))
            .await;
        server
            .graphql(authorization, "{ nothing }", json!({}))
            .await;
        server.get(authorization, "/v3/groups/studio/invite").await;
        server.get(authorization, "/api/v2/invite_code/none/").await;
    }
    server.process.logged("cannot load the keys").await;
    eventually("a collector that is away", async || {
        server
            .process
            .written()
            .1
            .contains("the collector does not accept traces")
            .then_some(())
    })
    .await;
    let metrics = server.get(None, "/metrics").await.text;
    server.process.signal("TERM");
    let ended = server.process.ended().await;
    for (output, text) in [
        ("metrics", &metrics),
        ("output", &ended.stdout),
        ("log", &ended.stderr),
    ] {
        let line = text.lines().find(|line| line.contains(PASSWORD));
        assert_eq!(line, None, "{output}");
    }
}
