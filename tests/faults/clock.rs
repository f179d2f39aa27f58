//! A clock that jumps: expiry follows the current time, whatever the clock showed before.

use axum::http::StatusCode;
use chrono::TimeDelta;

use crate::support::{NOW, Viewer, at, data, each_database};

each_database! {
    async fn expiry_follows_the_current_time(gateway) {
        gateway.add(data::user(7, "grace")).await;
        gateway.add(data::workspace(1)).await;
        let mut invite = data::workspace_invite(3, 1);
        invite.expires_at = Some(at(NOW) + TimeDelta::days(1));
        gateway.add(invite).await;
        let token = gateway.authorization(Viewer::User(7)).expect("a token");
        let viewer = Viewer::Header(&token);
        let document = format!(r#"{{ workspaceInvite(token: "{}") {{ status }} }}"#, data::token(3));
        let me = "{ viewer { user { username } } }";
        // The token is valid for an hour, the invite for a day. Repeats each request, so that
        // caches are filled.
        for (hours, knows_token, status) in [
            (0, true, "PENDING"),
            (2, false, "PENDING"),
            (0, true, "PENDING"),
            (48, false, "EXPIRED"),
            (-1, true, "PENDING"),
            (24 * 3650, false, "EXPIRED"),
            (0, true, "PENDING"),
        ] {
            gateway.set_now(at(NOW) + TimeDelta::hours(hours));
            for _ in 0..2 {
                let response = gateway.get(viewer, "/api/v2/invite_code/none/").await;
                let expected = if knows_token { StatusCode::NOT_FOUND } else { StatusCode::UNAUTHORIZED };
                assert_eq!(response.status, expected, "after {hours} hours");
                if knows_token {
                    assert_eq!(gateway.data(viewer, me).await["viewer"]["user"]["username"], "grace");
                }
                let data = gateway.data(Viewer::Anonymous, &document).await;
                assert_eq!(data["workspaceInvite"]["status"], status, "after {hours} hours");
            }
        }
    }
}
