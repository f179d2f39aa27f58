//! `POST /import/{kind}`: imports over HTTP.

use axum::http::StatusCode;
use entity::user;
use sea_orm::EntityTrait;
use serde_json::json;

use crate::support::{
    Gateway, Response, data, each_database,
    process::{Server, scoped},
    wire::Request,
};

const TYPE: (&str, &str) = ("content-type", "application/x-ndjson");
const ADA: &str = r#"{"id":1,"username":"ada","full_name":"Ada"}"#;
const BEN: &str = r#"{"id":2,"username":"ben","full_name":"Ben"}"#;

async fn importing(gateway: &Gateway) -> Server {
    let limits = ["--import-endpoint=on", "--import-max-body=1000"];
    Server::with(&gateway.database_url, &limits).await
}

/// Sends rows with a token of this scope.
async fn post(
    server: &Server,
    path: &str,
    scope: &str,
    rows: &str,
    headers: &[(&str, &str)],
) -> Response {
    // The subject is a machine, which has no account.
    let authorization = scoped("900", Some(scope));
    let mut request = Request::of("POST", path)
        .header("authorization", &authorization)
        .body(rows);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    server.send(&request).await
}

async fn import(server: &Server, path: &str, rows: &str) -> Response {
    post(server, path, "invites:import", rows, &[TYPE]).await
}

async fn names(gateway: &Gateway) -> Vec<String> {
    let users = user::Entity::find()
        .all(&gateway.database)
        .await
        .expect("users");
    let mut names: Vec<_> = users
        .into_iter()
        .filter(|user| user.deleted_at.is_none())
        .map(|user| user.full_name)
        .collect();
    names.sort();
    names
}

each_database! {
    async fn rows_are_imported_and_reported(gateway) {
        let server = importing(&gateway).await;
        let answer = import(&server, "/import/users", &format!("{ADA}\n{{\"id\":3}}\n{BEN}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut result = answer.json;
        assert!(result["seconds"].take().is_number());
        assert_eq!(result, json!({ "kind": "users", "read": 3, "written": 2, "rejected": 1, "new": 2, "changed": 0,
            "unchanged": 0, "withdrawn": 0, "incomplete": false, "dry_run": false, "rolled_back": false, "seconds": null,
            "notes": [], "error": null,
            "rejections": [{ "line": 2, "field": "username", "reason": "required, but missing" }] }));
        assert_eq!(names(&gateway).await, ["Ada", "Ben"]);

        let csv = [("content-type", "text/csv; charset=utf-8")];
        let answer = post(&server, "/import/users?map=nick%3Dusername&map=no%3Did", "x invites:import", "no,nick,full name\n3,cy,Cy\n", &csv).await;
        assert_eq!((answer.status, &answer.json["new"]), (StatusCode::OK, &json!(1)), "{}", answer.text);
        let answer = import(&server, "/import/users?dry_run=true&replace=all&max_withdrawn=2", ADA).await;
        assert_eq!(answer.json["changes"], json!(["withdrawn id=2", "withdrawn id=3"]), "{}", answer.text);
        let answer = import(&server, "/import/users?replace=all&max_withdrawn=1", ADA).await;
        assert_eq!((answer.status, &answer.json["error"]), (StatusCode::UNPROCESSABLE_ENTITY,
            &json!("the file lacks 2 of 3 rows, more than --max-withdrawn (1 rows)")));
        assert_eq!(names(&gateway).await, ["Ada", "Ben", "Cy"]);
        assert_eq!(import(&server, "/import/users?replace=all&max_withdrawn=100%25", ADA).await.status, StatusCode::OK);
        assert_eq!(names(&gateway).await, ["Ada"]);
        assert_eq!(import(&server, "/import/users?delete=true", r#"{"id":1}"#).await.status, StatusCode::OK);
        assert_eq!(names(&gateway).await, [""; 0]);
    }

    async fn only_tokens_with_the_scope_import(gateway) {
        gateway.add(user::Model { is_staff: true, ..data::user(900, "root") }).await;
        let server = importing(&gateway).await;
        for scope in ["", "invites:admin", "invites:codes", "invites:imports", "INVITES:IMPORT"] {
            let answer = post(&server, "/import/users", scope, ADA, &[TYPE]).await;
            assert_eq!((answer.status, &answer.json["errors"][0]["extensions"]["code"]), (StatusCode::FORBIDDEN, &json!("FORBIDDEN")), "{scope}");
        }
        let anonymous = Request::of("POST", "/import/users").header(TYPE.0, TYPE.1).body(ADA);
        let answer = server.send(&anonymous).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.headers.contains_key("www-authenticate"));
        let forged = Request::of("POST", "/import/users").header("authorization", "Bearer a.b.c").header(TYPE.0, TYPE.1).body(ADA);
        assert_eq!(server.send(&forged).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(names(&gateway).await.len(), 1);
    }

    async fn a_repeated_key_gets_the_first_response(gateway) {
        let server = importing(&gateway).await;
        let keyed = [TYPE, ("idempotency-key", "delivery-1")];
        let send = async |path: &str, rows: &str| post(&server, path, "invites:import", rows, &keyed).await;
        let first = send("/import/users", ADA).await;
        // A newer delivery, and then the first one again.
        let renamed = r#"{"id":1,"username":"ada","full_name":"Ada L"}"#;
        assert_eq!(import(&server, "/import/users", renamed).await.status, StatusCode::OK);
        let again = send("/import/users", ADA).await;
        assert_eq!((again.status, &again.json), (StatusCode::OK, &first.json));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(names(&gateway).await, ["Ada L"]);
        let other = send("/import/users?strict=true", ADA).await;
        assert_eq!(other.status, StatusCode::BAD_REQUEST);
        // Another client's key is another key.
        let authorization = scoped("901", Some("invites:import"));
        let request = Request::of("POST", "/import/users").header("authorization", &authorization)
            .header(TYPE.0, TYPE.1).header("idempotency-key", "delivery-1").body(BEN);
        assert_eq!(server.send(&request).await.json["new"], 1);
    }

    async fn bad_requests_say_what_is_expected(gateway) {
        let server = importing(&gateway).await;
        let refused = async |path: &str, rows: &str, media: &str| {
            let answer = post(&server, path, "invites:import", rows, &[("content-type", media)]).await;
            let message = answer.json["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
            (answer.status.as_u16(), message)
        };
        const JSON: &str = "application/json";
        let expected = [
            ("/import/people", JSON, 404, "Unknown kind. Expected one of users, workspaces, workspace-members, groups, group-members, tags, courses, course-members, invite-codes, workspace-invites, group-invites, course-invites."),
            ("/import/users?strict=1", JSON, 400, "strict: expected true or false"),
            ("/import/users?replace=course", JSON, 400, "replace=course: users do not belong to a course; expected `all`"),
            ("/import/users?replace=every", JSON, 400, "replace: expected all, workspace, group or course"),
            ("/import/users?max_withdrawn=1", JSON, 400, "max_withdrawn: only together with replace"),
            ("/import/users?replace=all&delete=true", JSON, 400, "replace: not together with delete"),
            ("/import/users?x=1", JSON, 400, "unknown parameter; expected strict, dry_run, delete, events, source, replace, max_withdrawn, from, set, map, map_value or date_format"),
            ("/import/users", "application/x-www-form-urlencoded", 415, "Expected a Content-Type of application/x-ndjson, application/jsonl, application/json, text/csv, application/gzip, application/zstd, application/octet-stream."),
        ];
        for (path, media, status, message) in expected {
            assert_eq!(refused(path, ADA, media).await, (status, message.to_owned()), "{path}");
        }
        let long = format!("{ADA}\n").repeat(40);
        let answer = import(&server, "/import/users?strict=true", &long).await;
        assert_eq!((answer.status, &answer.json["error"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("the body is longer than 1000 bytes")));
        assert_eq!(names(&gateway).await, [""; 0]);
    }

    async fn it_is_off_by_default(gateway) {
        let server = Server::new(&gateway.database_url).await;
        assert_eq!(import(&server, "/import/users", ADA).await.status, StatusCode::NOT_FOUND);
    }
}
