//! The OpenAPI document is complete, and describes the responses that the gateway sends.

use axum::http::StatusCode;
use entity::invite_code;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{
    super::{OPENAPI_PATH, openapi},
    code_path, course_path, group_path, public_url, rest, token_path,
};
use crate::demo::people;

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

#[tokio::test]
async fn every_response_matches_the_document() {
    let rest = rest().await;
    let document = rest.get(OPENAPI_PATH, None).await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(document.statements, 0);
    let document = document.json();

    let staff = Some(people::PRIYA);
    let nobody = Some(people::NADIA);
    let code = "/api/v2/invite_code/{code}/";
    let token = "/api/v1/invites/{token}/";
    let group = "/v3/groups/{id}/invite";
    let course = "/api/v2/course/{id}/invite/";
    let mut asked = vec![
        (code, code_path("unknown"), None),
        (token, token_path("unknown"), None),
        (group, group_path(1), staff),
        (group, group_path(1), None),
        (group, group_path(1), nobody),
        (group, group_path("unknown"), nobody),
        (course, course_path("1/invite/"), staff),
        (course, course_path("1/invite/?offset=1990"), staff),
        (course, course_path("1/invite/"), None),
        (course, course_path("1/invite/"), nobody),
        (course, course_path("1/invite/?limit=x&offset=x"), staff),
        (course, course_path("999/invite/"), staff),
    ];
    let all = invite_code::Entity::find().all(&rest.database).await;
    asked.extend(
        all.expect("codes")
            .iter()
            .map(|row| (code, code_path(&row.code), None)),
    );
    asked.extend((1..=17).map(|id| {
        let path = token_path(format!("d0000000-0000-4000-8000-{id:012}"));
        (token, path, staff)
    }));
    for (template, path, viewer) in asked {
        let response = rest.get(&path, viewer).await;
        let responses = &document["paths"][template]["get"]["responses"];
        let schema = &responses[response.status.as_str()]["content"]["application/json"]["schema"];
        assert!(
            schema.is_object(),
            "{path}: {} is not described",
            response.status
        );
        let wrong = mismatches(&document, schema, &response.json(), "$");
        assert!(wrong.is_empty(), "{path}: {wrong:#?}");
    }
}

#[test]
fn the_document_is_complete() {
    let document = serde_json::to_value(openapi(&public_url())).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        document["servers"],
        json!([{"url": "https://invites.example.com/base"}])
    );
    assert_eq!(document["info"]["contact"], Value::Null);
    assert_eq!(
        document["info"]["license"]["identifier"],
        "MIT OR Apache-2.0"
    );
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );

    let paths = document["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        let operation = &item["get"];
        let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
        assert!(!text("summary").is_empty(), "{path}");
        assert!(!text("description").is_empty(), "{path}");
        for parameter in operation["parameters"].as_array().expect("parameters") {
            assert!(parameter["description"].is_string(), "{parameter}");
            assert_eq!(
                parameter["required"],
                parameter["in"] == "path",
                "{parameter}"
            );
        }
        for (status, response) in operation["responses"].as_object().expect("responses") {
            assert!(response["description"].is_string(), "{path} {status}");
            let content = &response["content"]["application/json"];
            assert!(content["example"].is_object(), "{path} {status}");
            let wrong = mismatches(&document, &content["schema"], &content["example"], "$");
            assert!(wrong.is_empty(), "{path} {status}: {wrong:#?}");
        }
        let tag = &operation["tags"][0];
        let tags = document["tags"].as_array().expect("tags");
        assert!(
            tags.iter().any(|described| described["name"] == *tag),
            "{tag}"
        );
        let statuses: Vec<_> = operation["responses"]
            .as_object()
            .into_iter()
            .flat_map(|responses| responses.keys().cloned())
            .collect();
        let security = operation["security"].clone();
        operations.push((
            path.clone(),
            text("operationId"),
            statuses.join(" "),
            security,
        ));
    }
    let expect = |path: &str, id: &str, statuses: &str, security: Value| {
        (
            path.to_owned(),
            id.to_owned(),
            statuses.to_owned(),
            security,
        )
    };
    let optional = json!([{}, {"bearer": []}]);
    let demanded = json!([{"bearer": []}]);
    assert_eq!(
        operations,
        [
            expect(
                "/api/v1/invites/{token}/",
                "getWorkspaceInvite",
                "200 401 404 429 500 503 504",
                optional.clone()
            ),
            expect(
                "/api/v2/course/{id}/invite/",
                "getCourseInvitedUsers",
                "200 400 401 403 404 429 500 503 504",
                demanded.clone()
            ),
            expect(
                "/api/v2/invite_code/{code}/",
                "getInviteCode",
                "200 401 404 429 500 503 504",
                optional
            ),
            expect(
                "/v3/groups/{id}/invite",
                "getGroupInvite",
                "200 401 403 404 429 500 503 504",
                demanded
            ),
        ]
    );

    let limit = paths["/api/v2/course/{id}/invite/"]["get"]["parameters"]
        .as_array()
        .and_then(|parameters| parameters.iter().find(|one| one["name"] == "limit"))
        .expect("limit");
    assert_eq!(limit["schema"]["minimum"], 1);
    assert_eq!(limit["schema"]["maximum"], 100);
    assert_eq!(limit["schema"]["default"], 25);
}

#[test]
fn every_property_of_a_response_is_described_and_required() {
    let document = serde_json::to_value(openapi(&public_url())).expect("JSON");
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
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
    let nullable = |name: &str| -> Vec<String> {
        let is_nullable = |schema: &Value| {
            schema["type"]
                .as_array()
                .is_some_and(|all| all.contains(&json!("null")))
                || schema["oneOf"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|option| option["type"] == "null"))
        };
        let properties = schemas[name]["properties"].as_object().expect("properties");
        let mut names: Vec<_> = properties
            .iter()
            .filter(|(_, schema)| is_nullable(schema))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names
    };
    assert_eq!(nullable("WorkspaceInvitePublic"), ["inviter"]);
    assert_eq!(nullable("SimpleUser"), ["profile_picture"]);
    assert_eq!(nullable("GroupInvite"), [""; 0]);
    assert_eq!(nullable("User"), ["avatar", "ext_id"]);
    assert_eq!(nullable("CourseInvitees"), ["next", "previous"]);
    assert_eq!(nullable("Tag"), ["description"]);
    assert_eq!(
        nullable("InviteCode"),
        [
            "email",
            "invited_by",
            "invited_by_username",
            "name",
            "role",
            "sent_at",
            "used_at",
            "user"
        ]
    );
}
