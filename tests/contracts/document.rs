//! `/openapi.json`: the document of the four endpoints, which is public.

use axum::http::StatusCode;

use crate::support::{PUBLIC_URL, Viewer, each_database};

each_database! {
    async fn the_document_has_the_four_paths(gateway) {
        let answer = gateway.get(Viewer::Anonymous, "/openapi.json").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "application/json");
        let document = &answer.json;
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"][0]["url"], PUBLIC_URL);
        let mut paths: Vec<_> = document["paths"].as_object().expect("paths").keys().collect();
        paths.sort();
        assert_eq!(paths, [
            "/api/v1/invites/{token}/",
            "/api/v2/course/{id}/invite/",
            "/api/v2/invite_code/{code}/",
            "/v3/groups/{id}/invite",
        ]);
        for path in paths {
            let get = &document["paths"][path]["get"];
            assert!(get["responses"]["200"]["content"]["application/json"].is_object(), "{path}");
        }
    }
}
