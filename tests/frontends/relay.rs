//! A Relay application: built by Relay's compiler and strict TypeScript, and run with Relay's
//! store.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    COURSE, GROUP, MANAGER, OTHER, created_rows, folder, invites, link, token, url, write,
};
use crate::support::{any_database, data, node::node, process::Server};

/// A group without a link.
const WITHOUT_LINK: &str = "spinners";

/// Returns the built application, which is built once for all tests.
async fn application() -> &'static str {
    static BUILT: OnceCell<String> = OnceCell::const_new();
    BUILT
        .get_or_init(async || {
            let folder = folder("relay");
            let artifacts = node("relay/build.mjs", &[&folder]).await;
            assert_eq!(artifacts.as_array().map(Vec::len), Some(17), "{artifacts}");
            folder
        })
        .await
}

async fn visit(server: &Server, user: i64) -> Value {
    visit_at(server, user, GROUP).await
}

async fn visit_at(server: &Server, user: i64, group: &str) -> Value {
    let script = format!("{}/visit.js", application().await);
    node(&script, &[&url(server), &token(user), COURSE, group]).await
}

any_database! {
    async fn pages_merge_into_their_lists_without_duplicates(gateway) {
        let server = invites(&gateway).await;
        let seen = visit(&server, MANAGER).await;

        // Forwards, on an object that `node` refetches.
        assert_eq!(seen["total"], 5);
        let first = |count: i64| (1..=count).map(|id| format!("Full invitee{id}")).collect::<Vec<_>>();
        assert_eq!(seen["inviteePages"], json!([first(2), first(4), first(5)]));

        // In both directions, on `Viewer`.
        let sent = [
            "2 to Workspace Workspace 1", "1 to Workspace Workspace 1",
            "4 to the community", "3 to the community", "2 to the community",
            "1 to the community", "5 to Course Course weaving", "4 to Course Course weaving",
            "3 to Course Course weaving", "2 to Course Course weaving",
            "1 to Course Course weaving",
        ];
        assert_eq!(
            seen["sentPages"],
            json!([sent[..2], sent[..4], sent[..6], sent[..8], sent[..10], sent[..]])
        );
        // Starts after the fourth row, and pages up.
        assert_eq!(seen["sentPagesUp"], json!([sent[4..6], sent[2..6], sent[..6]]));

        // Backwards, on `Query`: newest first, without the cancelled code.
        let codes = ["CODE-4", "CODE-3", "CODE-2"];
        assert_eq!(seen["codePages"], json!([codes[1..], codes[..]]));

        // A fragment on an interface, whose data in the store was wrong before.
        let refetched = ["EXPIRED", "InviteCardRefetchQuery", "PENDING"];
        assert_eq!(seen["refetched"], json!(refetched));
        assert_eq!(seen["link"], link(&server));
    }

    async fn a_refusal_is_distinct_from_null(gateway) {
        let server = invites(&gateway).await;
        gateway.add(data::group(2, WITHOUT_LINK)).await;
        gateway.add(data::group_member(2, MANAGER, "owner")).await;
        let link = async |user, group| visit_at(&server, user, group).await["link"].take();
        assert_eq!(link(OTHER, GROUP).await, "refused");
        assert_eq!(link(MANAGER, WITHOUT_LINK).await, "none");
    }

    async fn mutations_change_the_store(gateway) {
        let server = invites(&gateway).await;
        let script = format!("{}/write.js", application().await);
        let seen = write(&script, &server).await;
        let list = |emails: &[&str]| json!({ "emails": emails, "requests": 1 });
        let [other, second, first] =
            ["other@example.com", "invitee2@example.org", "invitee1@example.org"];
        assert_eq!(seen, json!({
            "before": list(&[second, first]),
            "created": { "rows": created_rows(), "shown": list(&[other, second, first]) },
            "cancelled": { "shown": list(&[other, second]), "status": "CANCELLED" },
            "accepted": {
                "wrong": ["WRONG_ACCOUNT"],
                "before": { "status": "PENDING", "role": null },
                "right": [],
                "after": { "status": "ACCEPTED", "role": "member" },
            },
        }));
    }
}
