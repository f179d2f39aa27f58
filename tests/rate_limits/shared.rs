//! Gateways that share rate limits in Redis, and count separately while it is unavailable.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{
    Backend, Gateway, Response, at,
    data::{invite_code, user},
    process::{Server, authorization, eventually},
    redis::Redis,
    run,
};

/// Log message when Redis becomes unavailable.
const AWAY: &str = "Redis is unavailable: each process counts rate limits alone until it is back";

/// Starts a gateway over the same database, with counters in that Redis.
async fn counting(gateway: &Gateway, redis: &Redis, more: &[&str]) -> Server {
    let arguments = ["--redis-url", &redis.url()];
    Server::limited(&gateway.database_url, &[&arguments, more].concat()).await
}

async fn looked_up(server: &Server, code: &str) -> Response {
    server
        .get(None, &format!("/api/v2/invite_code/{code}/"))
        .await
}

#[tokio::test]
async fn gateways_count_together() {
    run(Backend::Postgres, async |gateway: Gateway| {
        gateway.add(user(1, "ada")).await;
        gateway.add(invite_code(1, "WELCOME")).await;
        let redis = Redis::start().await;
        let quotas = ["--rate-limit-missed-lookups=4", "--rate-limit-requests=40"];
        let one = counting(&gateway, &redis, &quotas).await;
        let other = counting(&gateway, &redis, &quotas).await;
        for server in [&one, &other, &one, &other] {
            assert_eq!(
                looked_up(server, "guess").await.status,
                StatusCode::NOT_FOUND
            );
        }
        for server in [&one, &other] {
            let refused = looked_up(server, "WELCOME").await;
            assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
            let wait: u64 = refused.header("retry-after").parse().expect("seconds");
            assert!((1..=15).contains(&wait), "{wait}");
        }
        // Hits are refunded there, too.
        let ada = authorization(1);
        for server in [&one, &other].repeat(8) {
            let found = server.get(Some(&ada), "/api/v2/invite_code/WELCOME/").await;
            assert_eq!(found.status, StatusCode::OK, "{}", found.text);
        }
        let document = "{ inviteCode(code: \"WELCOME\") { databaseId } }";
        let left = one.graphql(Some(&ada), document, json!({})).await;
        let header = left.header("ratelimit");
        assert!(
            header.starts_with(r#""requests";r=2"#),
            "of both, 17 were sent: {header}"
        );
        // The others may have expired.
        let keys = redis.keys().await;
        for key in ["missed_lookups:address:127.0.0.1", "requests:user:1"] {
            assert!(keys.contains(&format!("invite-gateway:{key}")), "{keys:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn several_guesses_beyond_the_quota_are_refused_at_once() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let redis = Redis::start().await;
        let quotas = ["--rate-limit-missed-lookups=4", "--request-timeout=600"];
        let one = counting(&gateway, &redis, &quotas).await;
        let other = counting(&gateway, &redis, &quotas).await;
        let guesses = "{ a: inviteCode(code: \"a\") { id } b: inviteCode(code: \"b\") { id }
            c: inviteCode(code: \"c\") { id } d: inviteCode(code: \"d\") { id } }";
        let all = one.graphql(None, guesses, json!({})).await;
        assert_eq!(all.json.get("errors"), None, "{}", all.text);
        let before = redis.commands().await;
        let refused = other.graphql(None, guesses, json!({})).await;
        let errors = refused.json["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 4, "{}", refused.text);
        let more = redis.commands().await - before;
        assert!(more < 30, "once for each, and a little: {more}");
    })
    .await;
}

#[tokio::test]
async fn the_clock_of_redis_may_be_set_back() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let redis = Redis::start().await;
        let server = counting(&gateway, &redis, &["--rate-limit-requests=6000"]).await;
        // The used quota now expires far in the future.
        let until = at("2099-01-01T00:00:00Z").timestamp_micros().to_string();
        redis
            .set("invite-gateway:requests:address:127.0.0.1", &until)
            .await;
        eventually("room, within the time that a quota takes", async || {
            let response = server.graphql(None, "{ __typename }", json!({})).await;
            (response.status == StatusCode::OK).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn while_redis_is_unavailable_each_counts_separately() {
    run(Backend::Postgres, async |gateway: Gateway| {
        let mut redis = Redis::start().await;
        let quotas = ["--rate-limit-missed-lookups=3"];
        let one = counting(&gateway, &redis, &quotas).await;
        let other = counting(&gateway, &redis, &quotas).await;
        assert_eq!(looked_up(&one, "guess").await.status, StatusCode::NOT_FOUND);
        redis.kill();
        for server in [&one, &other] {
            let mut statuses = Vec::new();
            for _ in 0..5 {
                statuses.push(looked_up(server, "guess").await.status.as_u16());
            }
            let limited = statuses.iter().filter(|status| **status == 429).count();
            assert!((2..=3).contains(&limited), "{statuses:?}");
            assert_eq!(server.process.logged(AWAY).await["level"], "WARN");
        }
        redis.restart().await;
        let back = "Redis is available: rate limits are shared";
        eventually(back, async || {
            // The gateway checks Redis on the next request.
            one.graphql(None, "{ __typename }", json!({})).await;
            let (_, log) = one.process.written();
            log.contains(back).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_missing_redis_is_logged_at_the_start() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let mut redis = Redis::start().await;
        redis.kill();
        let server = counting(&gateway, &redis, &[]).await;
        let reason = server.process.logged(AWAY).await["reason"].clone();
        let reason = reason.as_str().expect("a reason");
        assert!(reason.contains("refused"), "{reason}");
    })
    .await;
}

#[tokio::test]
async fn a_silent_redis_delays_no_request_for_long() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let redis = Redis::start().await;
        let server = counting(&gateway, &redis, &[]).await;
        redis.signal("STOP");
        let started = std::time::Instant::now();
        for _ in 0..20 {
            let response = server.graphql(None, "{ __typename }", json!({})).await;
            assert_eq!(
                response.json["data"]["__typename"], "Query",
                "{}",
                response.text
            );
        }
        let elapsed = started.elapsed();
        redis.signal("CONT");
        assert!(elapsed < std::time::Duration::from_secs(8), "{elapsed:?}");
    })
    .await;
}
