//! Apollo Client with its normalized cache.

use serde_json::{Value, json};

use super::{CODE, COURSE, GROUP, MANAGER, OTHER, created_rows, invites, link, token, url, write};
use crate::support::{any_database, data, global_id, invite_id, node::node, process::Server};

async fn visit(server: &Server) -> Value {
    let (manager, other) = (token(MANAGER), token(OTHER));
    let arguments = [&url(server), &*manager, &*other, CODE, COURSE, GROUP];
    node("apollo/visit.mjs", &arguments).await
}

any_database! {
    async fn apollo_reads_merges_and_distinguishes_refusals(gateway) {
        let server = invites(&gateway).await;
        let seen = visit(&server).await;

        // An invite of any kind is one object in the cache.
        let card = json!({ "status": "PENDING", "target": null, "inviter": "Full manager" });
        assert_eq!(seen["card"], card);
        let kinds = [vec!["WorkspaceInvite"; 2], vec!["InviteCode"; 4], vec!["CourseInvite"; 4]];
        assert_eq!(seen["sent"], json!(kinds.concat()));

        // Pages merge, and another filter is another list.
        let first = |count: i64| (1..=count).map(|id| format!("Full invitee{id}")).collect::<Vec<_>>();
        assert_eq!(seen["pages"], json!([first(2), first(4), first(5)]));
        assert_eq!(seen["total"], 5);
        assert_eq!(seen["search"], json!(first(1)));

        // Null and refusals are distinct.
        let nothing = |field: &str, codes: &[&str]| json!({ "data": { field: null }, "codes": codes });
        assert_eq!(seen["nobody"], nothing("inviteCode", &[]));
        assert_eq!(seen["anonymous"], nothing("viewer", &[]));
        assert_eq!(seen["badInput"], nothing("viewer", &["BAD_USER_INPUT"]));
        let group = |invite, codes: &[&str]| json!({
            "data": { "group": {
                "__typename": "Group",
                "id": global_id("Group", 1),
                "name": "Group weavers",
                "invite": invite,
            } },
            "codes": codes,
        });
        let invite = json!({
            "__typename": "GroupInvite",
            "id": invite_id("GroupInvite", 1, 1),
            "url": link(&server),
        });
        assert_eq!(seen["managers"], group(invite, &[]));
        assert_eq!(seen["others"], group(Value::Null, &["FORBIDDEN"]));
        assert_eq!(seen["signedOut"], nothing("workspaceInvites", &["UNAUTHENTICATED"]));
        assert_eq!(seen["badToken"], json!({ "codes": [401, "UNAUTHENTICATED"] }));
    }

    async fn mutations_change_the_lists_in_the_cache(gateway) {
        let server = invites(&gateway).await;
        let seen = write("apollo/write.mjs", &server).await;
        let list = |emails: &[&str]| {
            json!({ "emails": emails, "totalCount": emails.len(), "requests": 1 })
        };
        let [other, second, first] =
            ["other@example.com", "invitee2@example.org", "invitee1@example.org"];
        assert_eq!(seen, json!({
            "before": list(&[second, first]),
            // A new invite comes first, and one that was there stays alone. No list is loaded again.
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

    async fn automatic_persisted_queries_are_sent_once(gateway) {
        gateway.add(data::invite_code(1, CODE)).await;
        for (settings, requests) in [
            // The second client sends only the hash of what the first has registered.
            (&["--automatic-persisted-queries=on"][..], &["GET hash", "POST document", "GET hash"][..]),
            // If the gateway does not support hashes, a client sends its documents.
            (&[], &["GET hash", "POST document", "GET hash", "POST document"]),
        ] {
            let server = Server::with(&gateway.database_url, settings).await;
            let seen = node("apollo/persisted.mjs", &[&url(&server), CODE]).await;
            assert_eq!(seen["read"], json!(["PENDING", "PENDING"]));
            assert_eq!(seen["requests"], json!(requests));
        }
    }
}
