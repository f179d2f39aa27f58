//! Behaviour that the endpoints share: methods, absolute URLs, and errors in the contract's format.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use url::Url;

use super::{arena_error, detail, is_refused};
use crate::support::{Gateway, Viewer, any_database, data};

const CODE: &str = "/api/v2/invite_code/CODE/";
const GROUP: &str = "/v3/groups/studio/invite";
const COURSE: &str = "/api/v2/course/1/invite/?limit=1&offset=1";
const OPENAPI: &str = "/openapi.json";

/// Has a right to all of [`fill`].
const OWNER: Viewer<'_> = Viewer::User(1);

/// Adds a resource of each contract: a course with three invitees, and one invite of each other kind.
async fn fill(gateway: &Gateway) {
    gateway
        .add_all((1..=4).map(|id| data::user(id, &format!("user{id}"))))
        .await;
    gateway.add(data::invite_code(1, "CODE")).await;
    gateway.add(data::workspace(1)).await;
    gateway.add(data::workspace_invite(1, 1)).await;
    gateway.add(data::group(1, "studio")).await;
    gateway.add(data::group_member(1, 1, "owner")).await;
    gateway.add(data::group_invite(1, 1, "join")).await;
    gateway.add(data::course(1, "course", 1)).await;
    gateway
        .add_all((2..=4).map(|id| data::course_invite(id, 1, id)))
        .await;
}

any_database! {
    async fn a_row_that_cannot_be_read_gives_500_without_the_reason(gateway) {
        fill(&gateway).await;
        for (update, path, body) in [
            (
                "UPDATE invite_codes SET generated_at = 'secret'",
                CODE,
                detail("A server error occurred."),
            ),
            (
                "UPDATE group_invites SET created_at = 'secret'",
                GROUP,
                arena_error(500, "Internal Server Error", "A server error occurred."),
            ),
        ] {
            gateway.database.execute_unprepared(update).await.expect("a broken row");
            let response = gateway.get(OWNER, path).await;
            is_refused(&response, StatusCode::INTERNAL_SERVER_ERROR, &body);
            assert_eq!(response.header("retry-after"), "", "{path}");
        }
    }

    async fn head_is_get_without_a_body_and_other_methods_give_405(gateway) {
        fill(&gateway).await;
        let workspace = format!("/api/v1/invites/{}/", data::token(1));
        let message = "This resource does not support this method.";
        for path in [CODE, &workspace, GROUP, COURSE, OPENAPI] {
            let send = async |method| {
                let request = gateway.request(OWNER, method, path).header("x-request-id", "id");
                gateway.send(request.body(Body::empty()).expect("a request")).await
            };
            let (get, head) = (send(Method::GET).await, send(Method::HEAD).await);
            assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""), "{path}");
            assert_eq!(head.headers, get.headers, "{path}");
            let body = match path {
                GROUP => arena_error(405, "Method Not Allowed", message),
                _ => detail("Method not allowed."),
            };
            for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
                let response = send(method).await;
                is_refused(&response, StatusCode::METHOD_NOT_ALLOWED, &body);
                assert_eq!(response.header("allow"), "GET,HEAD", "{path}");
            }
        }
    }

    async fn urls_begin_with_the_public_url_and_its_path(gateway) {
        fill(&gateway).await;
        let base = "https://invites.example.com/base";
        let gateway = gateway
            .with(|parts| parts.public_url = format!("{base}/").parse().expect("a URL"));
        let course = gateway.get(OWNER, COURSE).await.json;
        let page = format!("{base}/api/v2/course/1/invite/?limit=1");
        assert_eq!(course["next"], format!("{page}&offset=2"));
        assert_eq!(course["previous"], page);
        let group = gateway.get(OWNER, GROUP).await.json;
        let this = json!({ "self": { "href": format!("{base}/v3/groups/1/invite") } });
        assert_eq!(group["_links"], this);
        let document = gateway.get(OWNER, OPENAPI).await.json;
        assert_eq!(document["servers"], json!([{ "url": base }]));
    }

    async fn a_path_without_its_last_slash_is_redirected(gateway) {
        fill(&gateway).await;
        let token = data::token(1);
        for (path, location) in [
            ("/api/v2/invite_code/CODE", "./CODE/".to_owned()),
            ("/api/v2/invite_code/unknown?next=%2F%2Fx", "./unknown/?next=%2F%2Fx".to_owned()),
            ("/api/v2/invite_code/https:", "./https:/".to_owned()),
            ("/api/v2/invite_code/a%0D%0Ab%2Fc", "./a%0D%0Ab%2Fc/".to_owned()),
            (&format!("/api/v1/invites/{token}"), format!("./{token}/")),
            ("/api/v2/course/1/invite?limit=1&offset=1", "./invite/?limit=1&offset=1".to_owned()),
            ("/api/v2/course/1/invite?", "./invite/?".to_owned()),
        ] {
            let redirect = gateway.get(Viewer::Anonymous, path);
            let (statements, redirect) = gateway.counted(redirect).await;
            assert_eq!(redirect.status, StatusCode::PERMANENT_REDIRECT, "{path}");
            assert_eq!(redirect.header("location"), location);
            assert_eq!(redirect.header("cache-control"), "no-store");
            assert_eq!((statements, redirect.text.as_str()), (0, ""), "{path}");
        }
        // A client that follows gets what the contract's path returns.
        for (path, viewer) in [("/api/v2/invite_code/CODE", Viewer::Anonymous), ("/api/v2/course/1/invite?limit=1&offset=1", OWNER)] {
            let base = Url::parse("http://gateway.test").expect("a URL").join(path).expect("a URL");
            let redirect = gateway.get(viewer, path).await;
            let target = base.join(redirect.header("location")).expect("a URL");
            let followed = gateway.get(viewer, &target.as_str()["http://gateway.test".len()..]).await;
            assert_eq!(followed.status, StatusCode::OK, "{target}");
        }
        let refused = gateway.get(Viewer::Header("Bearer nothing"), "/api/v2/invite_code/CODE").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let post = gateway.request(OWNER, Method::POST, "/api/v2/invite_code/CODE");
        let response = gateway.send(post.body(Body::empty()).expect("a request")).await;
        is_refused(&response, StatusCode::METHOD_NOT_ALLOWED, &detail("Method not allowed."));
    }

    async fn a_path_that_almost_matches_a_contract_gets_its_error_format(gateway) {
        let not_found = "The resource you are looking for does not exist.";
        for (path, body) in [
            ("/api/v2/invite_code/x/y", detail("Not found.")),
            ("/api/v1/invites/", detail("Not found.")),
            ("/v3/groups/1", arena_error(404, "Not Found", not_found)),
            ("/v3/groups/", arena_error(404, "Not Found", not_found)),
            ("/api/v2/course/1/invites", detail("Not found.")),
            ("/v3/groups/studio/invite/", arena_error(404, "Not Found", not_found)),
        ] {
            let response = gateway.get(Viewer::Anonymous, path).await;
            is_refused(&response, StatusCode::NOT_FOUND, &body);
        }
        for path in ["/api/v2/", "/openapi.json/", "/nothing"] {
            let response = gateway.get(Viewer::Anonymous, path).await;
            assert_eq!(response.json["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{path}");
        }
    }
}
