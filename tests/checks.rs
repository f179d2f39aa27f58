//! `invite-gateway check`: reads the settings of `serve`, and reports what they reach.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{
    ACCEPT_URL, Backend, Gateway, SECRET, each_database,
    process::{Ended, Process},
    redis::Redis,
    run,
};

async fn check(settings: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let ended = Process::run_in(settings, &[&["check"], arguments].concat()).await;
    assert_eq!(ended.stderr, "");
    assert!(!ended.stdout.contains("hunter2"), "{}", ended.stdout);
    ended
}

/// Returns the status of each part, and the details of those that failed.
fn findings(ended: &Ended) -> (Value, Vec<String>) {
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(report["ok"], ended.status == Some(0));
    let checks = report["checks"].as_array().expect("checks");
    let text = |check: &Value, name| check[name].as_str().expect("a text").to_owned();
    let failed = checks.iter().filter(|check| check["status"] == "failed");
    let details = failed.map(|check| text(check, "detail")).collect();
    let states = checks.iter().map(|check| {
        let status = text(check, "status");
        (text(check, "part"), Value::String(status))
    });
    (Value::Object(states.collect()), details)
}

each_database! {
    async fn all_is_well(gateway) {
        let settings = [
            ("DATABASE_URL", gateway.database_url.as_str()),
            ("GATEWAY_JWT_SECRET", SECRET),
            ("GATEWAY_MUTATIONS", "on"),
            ("GATEWAY_ACCEPT_URL", ACCEPT_URL),
            ("GATEWAY_IMPORT_ENDPOINT", "on"),
        ];
        let ended = check(&settings, &[]).await;
        assert_eq!(ended.status, Some(0), "{}", ended.stdout);
        assert_eq!(ended.stdout, "\
settings  ok      valid
database  ok      the database is ready
standby   off     not configured
imports   ok      the database is ready
keys      ok      the secret of --jwt-secret
redis     off     not configured, or no quota is
");
        let (states, _) = findings(&check(&settings, &["--json"]).await);
        assert_eq!(states, json!({ "settings": "ok", "database": "ok", "standby": "off",
            "imports": "ok", "keys": "ok", "redis": "off" }));
    }

    async fn each_part_that_is_not_well_has_its_reason(gateway) {
        gateway.database.execute_unprepared("DELETE FROM seaql_migrations").await.expect("no migrations");
        let settings = [
            ("DATABASE_URL", gateway.database_url.as_str()),
            ("GATEWAY_JWT_JWKS", "http://127.0.0.1:1/hunter2"),
            ("GATEWAY_REDIS_URL", "redis://user:hunter2@127.0.0.1:1/0"),
        ];
        let ended = check(&settings, &["--json"]).await;
        assert_eq!(ended.status, Some(1));
        let (states, details) = findings(&ended);
        assert_eq!(states, json!({ "settings": "ok", "database": "failed", "standby": "off",
            "imports": "off", "keys": "failed", "redis": "failed" }));
        for (detail, expected) in details.iter().zip(["migrate up", "cannot load the key set", "--redis-url"]) {
            assert!(detail.contains(expected), "{detail}");
        }
        let table = check(&settings, &[]).await;
        assert_eq!(table.status, Some(1));
        assert!(table.stdout.contains("database  failed  the database is not migrated"), "{}", table.stdout);
    }
}

#[tokio::test]
async fn settings_that_exclude_each_other_are_reported() {
    let settings = [
        ("DATABASE_URL", "sqlite::memory:"),
        ("GATEWAY_MUTATIONS", "on"),
    ];
    let ended = check(&settings, &[]).await;
    assert_eq!(ended.status, Some(1), "{}", ended.stdout);
    let row = "settings  failed  --mutations on needs --accept-url";
    assert!(ended.stdout.starts_with(row), "{}", ended.stdout);
}

#[tokio::test]
async fn a_standby_and_a_redis_are_reached() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let redis = Redis::start().await;
        let url = redis.url();
        let database = gateway.database_url.as_str();
        for (replica, status) in [
            (database, "ok"),
            ("postgres://u:hunter2@127.0.0.1:1/d", "failed"),
        ] {
            let settings = [
                ("DATABASE_URL", database),
                ("DATABASE_REPLICA_URL", replica),
                ("GATEWAY_REDIS_URL", url.as_str()),
            ];
            let (states, details) = findings(&check(&settings, &["--json"]).await);
            assert_eq!(
                states,
                json!({ "settings": "ok", "database": "ok", "standby": status,
                "imports": "off", "keys": "off", "redis": "ok" }),
                "{details:?}"
            );
        }
    })
    .await;
}
