//! urql with its document cache.

use serde_json::{Value, json};

use super::{COURSE, GROUP, MANAGER, OTHER, created_rows, invites, link, token, url, write};
use crate::support::{any_database, global_id, invite_id, node::node};

any_database! {
    async fn urql_reads_pages_and_distinguishes_refusals(gateway) {
        let server = invites(&gateway).await;
        let (manager, other) = (token(MANAGER), token(OTHER));
        let arguments = [&url(&server), &*manager, &*other, COURSE, GROUP];
        let seen = node("urql/visit.mjs", &arguments).await;
        let names = |ids: &[i64]| ids.iter().map(|id| format!("Full invitee{id}")).collect::<Vec<_>>();
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
        assert_eq!(seen, json!({
            "pages": [names(&[1, 2]), names(&[3, 4]), names(&[5])],
            "cached": "hit",
            "get": group(invite, &[]),
            "others": group(Value::Null, &["FORBIDDEN"]),
            "anonymous": { "data": { "viewer": null }, "codes": [] },
            "badToken": { "codes": ["UNAUTHENTICATED"] },
        }));
    }

    async fn mutations_invalidate_the_queries_that_they_change(gateway) {
        let server = invites(&gateway).await;
        let seen = write("urql/write.mjs", &server).await;
        let list = |emails: &[&str], outcome: &str| {
            json!({ "emails": emails, "totalCount": emails.len(), "cacheOutcome": outcome })
        };
        let [other, second, first] =
            ["other@example.com", "invitee2@example.org", "invitee1@example.org"];
        assert_eq!(seen, json!({
            "before": list(&[second, first], "miss"),
            "created": {
                "rows": created_rows(),
                "shown": list(&[other, second, first], "miss"),
                "again": list(&[other, second, first], "hit"),
                // A result without rows, too.
                "count": [3, "miss"],
            },
            "cancelled": { "statuses": ["CANCELLED"], "shown": list(&[other, second], "miss") },
            "accepted": {
                "before": { "status": "PENDING", "role": null, "cacheOutcome": "miss" },
                "wrong": ["WRONG_ACCOUNT"],
                "right": [],
                "after": { "status": "ACCEPTED", "role": "member", "cacheOutcome": "miss" },
            },
        }));
    }
}
