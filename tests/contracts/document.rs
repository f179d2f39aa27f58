//! `/openapi.json`: the public document is complete, and describes the responses.

use axum::http::StatusCode;
use entity::{invite_code, workspace_invite};
use invite_gateway::demo::{self, people};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{Gateway, NOW, PUBLIC_URL, Viewer, any_database, at};

const CODE: &str = "/api/v2/invite_code/{code}/";
const TOKEN: &str = "/api/v1/invites/{token}/";
const GROUP: &str = "/v3/groups/{id}/invite";
const COURSE: &str = "/api/v2/course/{id}/invite/";

/// Returns the document as clients receive it.
async fn document(gateway: &Gateway) -> Value {
    let request = gateway.get(Viewer::Anonymous, "/openapi.json");
    let (statements, response) = gateway.counted(request).await;
    assert_eq!((statements, response.status), (0, StatusCode::OK));
    assert_eq!(response.header("content-type"), "application/json");
    response.json
}

/// Returns the path of a resource.
fn at_id(template: &str, id: &str) -> String {
    let (before, rest) = template.split_once('{').expect("a parameter");
    let (_, after) = rest.split_once('}').expect("a parameter");
    format!("{before}{id}{after}")
}

/// Returns the ways in which `value` violates `schema`. Supports the part of JSON Schema that the
/// document uses.
fn mismatches(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference}: dangling"));
        return mismatches(document, target, value, at);
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let fits = |option| mismatches(document, option, value, at).is_empty();
        let fitting = options.iter().filter(|option| fits(option)).count();
        return if fitting == 1 {
            Vec::new()
        } else {
            vec![format!("{at}: fits {fitting} of {schema}")]
        };
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{at}: no type in {schema}"),
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut wrong = Vec::new();
    if !types.contains(&is) {
        wrong.push(format!("{at}: {is} where {types:?} is allowed"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        wrong.push(format!("{at}: not one of {allowed:?}"));
    }
    if let Value::Array(items) = value {
        for item in items {
            wrong.extend(mismatches(document, &schema["items"], item, at));
        }
    }
    if let Value::Object(members) = value {
        for (name, member) in members {
            let at = format!("{at}.{name}");
            let property = &schema["properties"][name];
            let property = if property.is_null() {
                &schema["additionalProperties"]
            } else {
                property
            };
            if property.is_null() {
                wrong.push(format!("{at}: not described"));
            } else {
                wrong.extend(mismatches(document, property, member, &at));
            }
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().expect("a name")) {
                wrong.push(format!("{at}.{name}: missing"));
            }
        }
    }
    wrong
}

/// Returns the names of the properties of a schema that may be null, sorted.
fn nullable(schema: &Value) -> Vec<&str> {
    let has = |list: &Value, null: Value| list.as_array().is_some_and(|all| all.contains(&null));
    let properties = schema["properties"].as_object().expect("properties");
    let mut names: Vec<_> = properties
        .iter()
        .filter(|(_, property)| {
            has(&property["type"], json!("null"))
                || has(&property["oneOf"], json!({ "type": "null" }))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names
}

any_database! {
    async fn every_response_matches_the_document(gateway) {
        demo::load(&gateway.database, at(NOW)).await.expect("the demo's data");
        let document = document(&gateway).await;
        let (staff, stranger) = (Viewer::User(people::PRIYA), Viewer::User(people::NADIA));
        let mut requests: Vec<_> = [
            (CODE, "unknown", Viewer::Anonymous),
            (TOKEN, "unknown", Viewer::Anonymous),
            (GROUP, "1", staff),
            (GROUP, "1", Viewer::Anonymous),
            (GROUP, "1", stranger),
            (GROUP, "unknown", stranger),
            (COURSE, "1", staff),
            (COURSE, "1", Viewer::Anonymous),
            (COURSE, "1", stranger),
            (COURSE, "999", staff),
        ]
        .map(|(template, id, viewer)| (template, at_id(template, id), viewer))
        .into();
        let codes = invite_code::Entity::find().all(&gateway.database).await.expect("codes");
        requests.extend(codes.iter().map(|row| (CODE, at_id(CODE, &row.code), Viewer::Anonymous)));
        let invites = workspace_invite::Entity::find().all(&gateway.database).await;
        requests.extend(invites.expect("invites").iter().map(|row| {
            (TOKEN, at_id(TOKEN, &format!("d0000000-0000-4000-8000-{:012}", row.id)), staff)
        }));
        for query in ["offset=1990", "limit=x&offset=x"] {
            requests.push((COURSE, format!("/api/v2/course/1/invite/?{query}"), staff));
        }
        for (template, path, viewer) in requests {
            let response = gateway.get(viewer, &path).await;
            let described = &document["paths"][template]["get"]["responses"][response.status.as_str()];
            let schema = &described["content"]["application/json"]["schema"];
            assert!(schema.is_object(), "{path}: {} is not described", response.status);
            let wrong = mismatches(&document, schema, &response.json, "$");
            assert!(wrong.is_empty(), "{path}: {wrong:#?}");
        }
    }

    async fn the_document_is_complete(gateway) {
        let document = document(&gateway).await;
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"], json!([{ "url": PUBLIC_URL }]));
        assert_eq!(document["info"]["contact"], Value::Null);
        assert_eq!(document["info"]["license"]["identifier"], "MIT OR Apache-2.0");
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");

        let tags = document["tags"].as_array().expect("tags");
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            let operation = &item["get"];
            for text in [&operation["summary"], &operation["description"]] {
                assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{path}");
            }
            for parameter in operation["parameters"].as_array().expect("parameters") {
                assert!(parameter["description"].is_string(), "{parameter}");
                assert_eq!(parameter["required"], parameter["in"] == "path", "{parameter}");
            }
            let responses = operation["responses"].as_object().expect("responses");
            for (status, response) in responses {
                assert!(response["description"].is_string(), "{path} {status}");
                let content = &response["content"]["application/json"];
                assert!(content["example"].is_object(), "{path} {status}");
                let wrong = mismatches(&document, &content["schema"], &content["example"], "$");
                assert!(wrong.is_empty(), "{path} {status}: {wrong:#?}");
            }
            let tag = &operation["tags"][0];
            assert!(tags.iter().any(|described| described["name"] == *tag), "{tag}");
            let statuses: Vec<_> = responses.keys().map(String::as_str).collect();
            let (id, statuses) = (operation["operationId"].clone(), statuses.join(" "));
            operations.push(json!([path, id, statuses, operation["security"]]));
        }
        let optional = json!([{}, { "bearer": [] }]);
        let required = json!([{ "bearer": [] }]);
        assert_eq!(json!(operations), json!([
            [TOKEN, "getWorkspaceInvite", "200 401 404 429 500 503 504", optional],
            [COURSE, "getCourseInvitedUsers", "200 400 401 403 404 429 500 503 504", required],
            [CODE, "getInviteCode", "200 401 404 429 500 503 504", optional],
            [GROUP, "getGroupInvite", "200 401 403 404 429 500 503 504", required],
        ]));

        let parameters = document["paths"][COURSE]["get"]["parameters"].as_array();
        let limit = parameters.expect("parameters").iter().find(|one| one["name"] == "limit");
        let limit = &limit.expect("limit")["schema"];
        let range = json!([limit["minimum"], limit["maximum"], limit["default"]]);
        assert_eq!(range, json!([1, 100, 25]));
    }

    async fn every_property_of_a_response_is_described_and_required(gateway) {
        let document = document(&gateway).await;
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        for (name, schema) in schemas {
            let Some(properties) = schema["properties"].as_object() else {
                continue;
            };
            let required = schema["required"].as_array().expect("required");
            for (property, schema) in properties {
                assert!(required.contains(&json!(property)), "{name}.{property}");
                let described = schema["description"].is_string()
                    || schema["$ref"].is_string()
                    || schema["oneOf"].is_array();
                assert!(described, "{name}.{property}: {schema}");
            }
        }
        for (name, expected) in [
            ("WorkspaceInvitePublic", &["expires_at", "inviter"][..]),
            ("SimpleUser", &["profile_picture"]),
            ("GroupInvite", &[]),
            ("User", &["avatar", "ext_id"]),
            ("CourseInvitees", &["next", "previous"]),
            ("Tag", &["description"]),
            ("InviteCode", &[
                "email", "invited_by", "invited_by_username", "name", "role", "sent_at", "used_at",
                "user",
            ]),
        ] {
            assert_eq!(nullable(&schemas[name]), expected, "{name}");
        }
    }
}
