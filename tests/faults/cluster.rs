//! A PostgreSQL server that is stopped, frozen, or out of connections.

use super::{AWAY, LOOK_UP, Load, counted, error_of, execute, fill, is_away, is_ready, recovers};
use crate::support::{
    cluster::run_over_cluster,
    process::{Server, eventually},
};

#[tokio::test]
async fn a_stopped_server_and_its_return_are_detected() {
    run_over_cluster(async |cluster, gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        recovers(&server).await;
        let load = Load::on(&server, 4, LOOK_UP);
        cluster.stop().await;
        is_away(&server).await;
        cluster.start().await;
        recovers(&server).await;
        let outcomes = load.end().await;
        // Only successes, and errors that the database is unavailable.
        let known = counted(&outcomes, None) + counted(&outcomes, Some(AWAY));
        assert_eq!(known, outcomes.len(), "{outcomes:?}");
    })
    .await;
}

#[tokio::test]
async fn a_frozen_server_and_its_return_are_detected() {
    run_over_cluster(async |cluster, gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        recovers(&server).await;
        let load = Load::on(&server, 4, LOOK_UP);
        for _ in 0..2 {
            cluster.freeze();
            is_away(&server).await;
            cluster.thaw();
            recovers(&server).await;
        }
        let outcomes = load.end().await;
        let known = counted(&outcomes, None) + counted(&outcomes, Some(AWAY));
        assert_eq!(known, outcomes.len(), "{outcomes:?}");
        // The frozen statement is not sent again, and does not remain.
        cluster.freeze();
        is_away(&server).await;
        server.process.signal("TERM");
        let ended = server.process.ended().await;
        assert_eq!(ended.status, Some(0));
        cluster.thaw();
    })
    .await;
}

#[tokio::test]
async fn the_gateway_waits_for_its_server_at_the_start() {
    run_over_cluster(async |cluster, gateway| {
        fill(&gateway).await;
        for is_frozen in [false, true] {
            if is_frozen {
                cluster.freeze();
            } else {
                cluster.stop().await;
            }
            let server = Server::new(&gateway.database_url).await;
            is_away(&server).await;
            if is_frozen {
                cluster.thaw();
            } else {
                cluster.start().await;
            }
            recovers(&server).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_out_of_connections_is_unavailable() {
    run_over_cluster(async |cluster, gateway| {
        fill(&gateway).await;
        execute(&gateway, "CREATE ROLE gateway LOGIN").await;
        execute(
            &gateway,
            "GRANT pg_read_all_data, pg_write_all_data TO gateway",
        )
        .await;
        execute(&gateway, "ALTER ROLE gateway CONNECTION LIMIT 0").await;
        let server = Server::new(&cluster.url_of("gateway")).await;
        is_away(&server).await;
        execute(&gateway, "ALTER ROLE gateway CONNECTION LIMIT 3").await;
        recovers(&server).await;
        // One for the heartbeat. The others serve any number of requests.
        let load = Load::on(&server, 16, LOOK_UP);
        eventually("all connections in use", async || {
            let sessions = super::sessions(&gateway, "usename = 'gateway'").await;
            (sessions == 3).then_some(())
        })
        .await;
        assert!(is_ready(&server).await);
        // A request that wants a further connection waits for one in vain, and gets 503. Others are answered.
        eventually("a response under load", async || {
            let error = error_of(&server, LOOK_UP).await;
            error.is_none().then_some(())
        })
        .await;
        let outcomes = load.end().await;
        let known = counted(&outcomes, None) + counted(&outcomes, Some(AWAY));
        assert_eq!(known, outcomes.len(), "{outcomes:?}");
    })
    .await;
}
