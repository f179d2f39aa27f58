//! A locked table: its readers soon get an error, and other requests are unaffected.

use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};

use super::{AWAY, LOOK_UP, Load, counted, error_of, execute, fill, invite, meanwhile, sessions};
use crate::support::{Backend, Gateway, process::Server, run};

/// Maximum of the gateway's connections, which is its default.
const CONNECTIONS: i64 = 10;

#[tokio::test]
async fn a_locked_table_does_not_affect_others() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        assert_eq!(error_of(&server, &invite()).await, None);
        let lock = gateway.database.begin().await.expect("a transaction");
        lock.execute_unprepared("LOCK TABLE invite_codes")
            .await
            .expect("a lock");
        let of_locked = Load::on(&server, 40, LOOK_UP);
        let of_other = Load::on(&server, 4, &invite());
        let mut most = 0;
        for _ in 0..20 {
            most = most.max(sessions(&gateway, "wait_event_type = 'Lock'").await);
            meanwhile(Duration::from_millis(100)).await;
        }
        let (of_locked, of_other) = (of_locked.end().await, of_other.end().await);
        assert!(of_other.len() > 20, "{}", of_other.len());
        let good = counted(&of_other, None);
        assert!(
            good * 100 >= of_other.len() * 99,
            "{good} of {}",
            of_other.len()
        );
        assert_eq!(counted(&of_locked, Some(AWAY)), of_locked.len());
        assert!(
            (1..=CONNECTIONS / 2).contains(&most),
            "{most} wait for the lock"
        );

        lock.commit().await.expect("the end of the lock");
        assert_eq!(error_of(&server, LOOK_UP).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_schema_change_fails_no_request() {
    run(Backend::Postgres, async |gateway: Gateway| {
        fill(&gateway).await;
        let server = Server::new(&gateway.database_url).await;
        let load = Load::on(&server, 8, LOOK_UP);
        for number in 0..5 {
            let add = format!("ALTER TABLE invite_codes ADD COLUMN more_{number} text");
            execute(&gateway, &add).await;
            // From here on, the prepared statement returns another type.
            for width in [300, 400] {
                let change = format!("ALTER TABLE invite_codes ALTER code TYPE varchar({width})");
                execute(&gateway, &change).await;
                meanwhile(Duration::from_millis(50)).await;
            }
            execute(&gateway, "ALTER TABLE invite_codes ALTER code TYPE text").await;
            meanwhile(Duration::from_millis(50)).await;
        }
        let outcomes = load.end().await;
        assert!(outcomes.len() > 20, "{}", outcomes.len());
        assert_eq!(counted(&outcomes, None), outcomes.len(), "{outcomes:?}");
    })
    .await;
}
