//! Behaviour that all endpoints share: methods, and errors in the contract's format.

use std::sync::Arc;

use axum::{
    Extension,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    super::{ErrorFormat, OPENAPI_PATH, error_format},
    code_path, course_path, detail, group_path, now, rest, token_path, unlimited,
};
use crate::{
    access::Access,
    demo::{codes, groups, people, workspace_invites as tokens},
    loader::batch_loads,
};

#[tokio::test]
async fn head_is_get_without_a_body_and_other_methods_give_405() {
    let rest = rest().await;
    let paths = [
        (code_path(codes::USED), ErrorFormat::Drf),
        (token_path(tokens::PENDING), ErrorFormat::Drf),
        (group_path(groups::STUDIO), ErrorFormat::Arena),
        (course_path("1/invite/"), ErrorFormat::Drf),
        (OPENAPI_PATH.to_owned(), ErrorFormat::Drf),
    ];
    for (path, format) in paths {
        let get = rest.get(&path, Some(people::PRIYA)).await;
        let head = rest.send(Method::HEAD, &path, Some(people::PRIYA)).await;
        assert_eq!(
            (head.status, head.text.as_str()),
            (StatusCode::OK, ""),
            "{path}"
        );
        assert_eq!(head.headers, get.headers, "{path}");
        let body = match format {
            ErrorFormat::Drf => detail("Method not allowed."),
            ErrorFormat::Arena => json!({"error": "Method Not Allowed", "code": 405, "details": {
                "message": "This resource does not support this method."}}),
        };
        for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
            let response = rest.send(method, &path, None).await;
            response.is(StatusCode::METHOD_NOT_ALLOWED, body.clone());
            assert_eq!(response.header(header::ALLOW), Some("GET,HEAD"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_failing_database_gives_503_in_the_format_of_the_contract() {
    let rest = rest().await;
    let viewer = rest.viewer(Some(people::NOOR)).await;
    rest.database.close_by_ref().await.expect("the end");
    for (path, body) in [
        (
            code_path(codes::USED),
            detail("Service temporarily unavailable, try again later."),
        ),
        (
            group_path(groups::STUDIO),
            json!({"error": "Service Unavailable", "code": 503, "details": {
                "message": "The service is temporarily unavailable. Try again later."}}),
        ),
    ] {
        let access = Access::new(
            viewer.clone(),
            unlimited(),
            rest.loaders.clone(),
            rest.policy.clone(),
            now(),
        );
        let router = rest.router.clone().layer(Extension(Arc::new(access)));
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = batch_loads(router.oneshot(request))
            .await
            .expect("a response");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let bytes = response
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), body);
    }
}

#[test]
fn every_path_of_a_contract_has_its_error_format() {
    for (path, format) in [
        ("/api/v2/invite_code/x/", Some(ErrorFormat::Drf)),
        ("/api/v1/invites/x/", Some(ErrorFormat::Drf)),
        ("/v3/groups/1/invite", Some(ErrorFormat::Arena)),
        ("/v3/groups/", Some(ErrorFormat::Arena)),
        ("/api/v2/course/1/invite/", Some(ErrorFormat::Drf)),
        ("/graphql", None),
        ("/", None),
        (OPENAPI_PATH, None),
    ] {
        assert_eq!(error_format(path), format, "{path}");
    }
}
