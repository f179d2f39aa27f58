//! An application of Relay's: compiled by its compiler and by strict TypeScript, and run over its
//! own store.

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{COURSE, GROUP, MANAGER, OTHER, folder, invites, token, url};
use crate::support::{each_database, node::node, process::Server};

/// The built application, once for all tests.
async fn application() -> &'static str {
    static BUILT: OnceCell<String> = OnceCell::const_new();
    BUILT
        .get_or_init(async || {
            let folder = folder("relay");
            let artifacts = node("relay/build.mjs", &[&folder]).await;
            assert_eq!(artifacts.as_array().map(Vec::len), Some(11), "{artifacts}");
            folder
        })
        .await
}

async fn visit(server: &Server, user: i64) -> Value {
    let script = format!("{}/visit.js", application().await);
    node(&script, &[&url(server), &token(user), COURSE, GROUP]).await
}

each_database! {
    async fn a_page_is_merged_into_its_list_without_a_row_twice(gateway) {
        let server = invites(&gateway).await;
        let seen = visit(&server, MANAGER).await;
        assert_eq!(seen["total"], 5);
        let name = |id: i64| format!("Full invitee{id}");
        let first = |count: i64| (1..=count).map(name).collect::<Vec<_>>();
        assert_eq!(seen["inviteePages"], json!([first(2), first(4), first(5)]));
    }

    async fn a_list_of_the_viewer_is_paged_in_both_directions(gateway) {
        let server = invites(&gateway).await;
        let seen = visit(&server, MANAGER).await;
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
        // Entered behind the fourth row, and paged up.
        assert_eq!(seen["sentPagesUp"], json!([sent[4..6], sent[2..6], sent[..6]]));
    }

    async fn a_list_of_the_query_is_paged_from_its_end(gateway) {
        let server = invites(&gateway).await;
        let seen = visit(&server, MANAGER).await;
        // Newest first, without the one that was withdrawn.
        let codes = ["CODE-4", "CODE-3", "CODE-2"];
        assert_eq!(seen["codePages"], json!([codes[1..], codes[..]]));
    }

    async fn a_fragment_on_an_interface_is_refetched_by_its_node(gateway) {
        let server = invites(&gateway).await;
        let seen = visit(&server, MANAGER).await;
        assert_eq!(
            seen["refetched"],
            json!(["EXPIRED", "InviteCardRefetchQuery", "PENDING"])
        );
    }

    async fn a_refusal_is_told_from_nothing_there(gateway) {
        let server = invites(&gateway).await;
        let seen = visit(&server, MANAGER).await;
        assert_eq!(seen["link"], "https://www.are.na/group/weavers/invite/JOIN-US");
        let seen = visit(&server, OTHER).await;
        assert_eq!(seen["link"], "refused");
    }
}
