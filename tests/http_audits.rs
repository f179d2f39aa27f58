//! Runs the audit suite of the GraphQL over HTTP specification against the program.

use serde_json::{Value, json};

use crate::support::{any_database, node::node, process::Server};

any_database! {
    async fn every_audit_passes(gateway) {
        let server = Server::new(&gateway.database_url).await;
        let url = format!("http://{}/graphql", server.address);
        let audits = node("http/audits.mjs", &[&url]).await;
        let audits = audits.as_array().expect("a list");
        let failed: Vec<&Value> = audits.iter().filter(|audit| audit["status"] != "ok").collect();
        assert_eq!((audits.len(), json!(failed)), (61, json!([])));
    }
}
