//! A PostgreSQL server that is stopped, frozen, and full.

use super::{AWAY, LOOK_UP, Load, asked, counted, execute, fill, is_away, is_ready, recovers};
use crate::support::{
    cluster::run_over_cluster,
    process::{Server, eventually},
};

#[tokio::test]
async fn a_server_that_is_stopped_is_told_and_its_return_is_noticed() {
    run_over_cluster(async |cluster, gateway| {
        fill(&gateway).await;
        let server = Server::over(&gateway.url).await;
        recovers(&server).await;
        let load = Load::on(&server, 4, LOOK_UP);
        cluster.stop().await;
        is_away(&server).await;
        cluster.start().await;
        recovers(&server).await;
        let outcomes = load.end().await;
        // Nothing but good answers, and word that it is away.
        let known = counted(&outcomes, None) + counted(&outcomes, Some(AWAY));
        assert_eq!(known, outcomes.len(), "{outcomes:?}");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_frozen_is_told_and_its_return_is_noticed() {
    run_over_cluster(async |cluster, gateway| {
        fill(&gateway).await;
        let server = Server::over(&gateway.url).await;
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
        // What was frozen is not asked again, and does not stay.
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
async fn a_server_that_is_not_there_at_the_start_is_waited_for() {
    run_over_cluster(async |cluster, gateway| {
        fill(&gateway).await;
        for is_frozen in [false, true] {
            if is_frozen {
                cluster.freeze();
            } else {
                cluster.stop().await;
            }
            let server = Server::over(&gateway.url).await;
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
async fn a_server_that_is_out_of_connections_is_told() {
    run_over_cluster(async |cluster, gateway| {
        fill(&gateway).await;
        execute(&gateway, "CREATE ROLE gateway LOGIN").await;
        execute(&gateway, "GRANT pg_read_all_data TO gateway").await;
        execute(&gateway, "ALTER ROLE gateway CONNECTION LIMIT 0").await;
        let server = Server::over(&cluster.url_of("gateway")).await;
        is_away(&server).await;
        execute(&gateway, "ALTER ROLE gateway CONNECTION LIMIT 3").await;
        recovers(&server).await;
        // One for the heartbeat; the others serve, however many ask.
        let load = Load::on(&server, 16, LOOK_UP);
        eventually("all connections in use", async || {
            let sessions = super::sessions(&gateway, "usename = 'gateway'").await;
            (sessions == 3).then_some(())
        })
        .await;
        assert!(is_ready(&server).await);
        assert_eq!(asked(&server, LOOK_UP).await, None);
        let outcomes = load.end().await;
        let known = counted(&outcomes, None) + counted(&outcomes, Some(AWAY));
        assert_eq!(known, outcomes.len(), "{outcomes:?}");
    })
    .await;
}
