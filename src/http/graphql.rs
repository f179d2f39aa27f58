//! GraphQL over HTTP (the specification's draft): the request side, and how answers are told apart.

use std::sync::Arc;

use async_graphql::{
    Request, Response as GraphqlResponse, ServerError, Variables,
    parser::{self, parse_query, types::DocumentOperations},
};
use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde::Deserialize;

use super::{
    document::{MAX_NESTING, is_shallow, unfolds_too_far},
    graphql_error,
    request_log::OperationName,
};
use crate::{
    access::Access,
    graphql::{Code, Schema},
};

const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// Longest operation name that is logged, in characters.
const MAX_LOGGED_NAME: usize = 64;

/// A request as GraphQL over HTTP has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// `POST` and `GET`; other methods are not allowed.
pub(super) fn route(schema: Schema) -> MethodRouter {
    get(answer_get).post(answer_post).with_state(schema)
}

async fn answer_post(
    State(schema): State<Schema>,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let media = accepted(&headers);
    if !is_json(&headers) {
        let message = "Send the request as application/json in UTF-8.";
        return media.refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    }
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = "The request's body is too large.";
            return media.refuse(StatusCode::PAYLOAD_TOO_LARGE, message);
        }
        Err(_) => {
            return media.refuse(StatusCode::BAD_REQUEST, "The request's body broke off.");
        }
    };
    match serde_json::from_slice(&body) {
        Ok(parameters) => execute(&schema, access, parameters, media).await,
        Err(error) => media.refuse(StatusCode::BAD_REQUEST, &expected_body(&error)),
    }
}

async fn answer_get(
    State(schema): State<Schema>,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let media = accepted(&headers);
    match read_query_string(query.as_deref().unwrap_or_default()) {
        Ok(parameters) => execute(&schema, access, parameters, media).await,
        Err(message) => media.refuse(StatusCode::BAD_REQUEST, &message),
    }
}

/// Says what a body should have been. The text that serde makes names fields and positions only,
/// but it may quote a value, so that it is not passed on.
fn expected_body(error: &serde_json::Error) -> String {
    let wrong = match error.classify() {
        serde_json::error::Category::Data => "The body is no GraphQL request",
        _ => "The body is no JSON in UTF-8",
    };
    format!(
        "{wrong} (line {}, column {}): expected a JSON object with the string \"query\" and, \
         optionally, the string \"operationName\" and the objects \"variables\" and \"extensions\".",
        error.line(),
        error.column()
    )
}

fn read_query_string(text: &str) -> Result<Parameters, String> {
    let mut query = None;
    let mut operation_name = None;
    let mut variables = None;
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        match name.as_ref() {
            "query" => query = Some(value.into_owned()),
            "operationName" => operation_name = Some(value.into_owned()),
            "variables" => variables = Some(value.into_owned()),
            _ => {}
        }
    }
    let variables = variables
        .filter(|text| !text.is_empty())
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|_| "The parameter \"variables\" must be a JSON object.".to_owned())?;
    Ok(Parameters {
        query: query.ok_or("Send the document as the parameter \"query\".")?,
        operation_name: operation_name.filter(|name| !name.is_empty()),
        variables,
        _extensions: None,
    })
}

async fn execute(
    schema: &Schema,
    access: Arc<Access>,
    parameters: Parameters,
    media: Media,
) -> Response {
    if !is_shallow(&parameters.query) {
        let message = format!("Brackets are nested more than {MAX_NESTING} deep.");
        return media.unexecuted(message, Code::GraphqlParseFailed);
    }
    let document = match parse_query(&parameters.query) {
        Ok(document) => document,
        Err(error) => {
            let response = GraphqlResponse::from_errors(vec![syntax_error(error)]);
            return media.answer(response, Code::GraphqlParseFailed);
        }
    };
    if let Some(message) = unfolds_too_far(&document) {
        return media.unexecuted(message, Code::GraphqlValidationFailed);
    }
    let name = parameters
        .operation_name
        .clone()
        .or_else(|| only_name(&document.operations));
    let variables = parameters.variables.map(serde_json::Value::Object);
    let mut request = Request::new(parameters.query)
        .variables(Variables::from_json(variables.unwrap_or_default()))
        .data(access);
    request.operation_name = parameters.operation_name;
    request.set_parsed_query(document);

    let response = schema.execute(request).await;
    let mut response = media.answer(response, Code::GraphqlValidationFailed);
    if let Some(name) = name.filter(|name| name.chars().count() <= MAX_LOGGED_NAME) {
        response.extensions_mut().insert(OperationName(name));
    }
    response
}

/// Says where a document stops being GraphQL, and what would go on there. The text that the parser
/// makes quotes the document, which may hold a code or token.
fn syntax_error(error: parser::Error) -> ServerError {
    let parser::Error::Syntax { message, start, .. } = error else {
        return error.into();
    };
    let last_line = message.lines().next_back().unwrap_or_default();
    let message = match last_line.trim_start().strip_prefix("= ") {
        Some(expected) => format!("Syntax error: {expected}"),
        None => "Syntax error".to_owned(),
    };
    ServerError::new(message, Some(start))
}

/// The name of the only operation of a document.
fn only_name(operations: &DocumentOperations) -> Option<String> {
    let mut names = operations.iter().map(|(name, _)| name);
    match (names.next(), names.next()) {
        (Some(Some(name)), None) => Some(name.to_string()),
        _ => None,
    }
}

/// Whether the body is said to be JSON in UTF-8. Other types are refused: a browser sends some of
/// them across sites without asking first.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case(JSON));
    is_json
        && parts
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.eq_ignore_ascii_case("charset"))
            .all(|(_, charset)| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"))
}

/// The media type of the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Media {
    /// `application/json`: what every client reads.
    Json,
    /// `application/graphql-response+json`: for clients that ask for it by name.
    GraphqlResponse,
}

fn accepted(headers: &HeaderMap) -> Media {
    let asked_by_name = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .flat_map(|accept| accept.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|range| range.trim().eq_ignore_ascii_case(GRAPHQL_RESPONSE));
    if asked_by_name {
        Media::GraphqlResponse
    } else {
        Media::Json
    }
}

impl Media {
    /// An answer to what is no GraphQL request.
    fn refuse(self, status: StatusCode, message: &str) -> Response {
        self.typed(graphql_error(status, Code::BadRequest, message))
    }

    /// An answer to a document that is not executed.
    fn unexecuted(self, message: String, code: Code) -> Response {
        let errors = vec![ServerError::new(message, None)];
        self.answer(GraphqlResponse::from_errors(errors), code)
    }

    /// Writes a response. An error without a code never came from a resolver: before execution it
    /// gets `code`, otherwise a value did not fit its argument.
    fn answer(self, mut response: GraphqlResponse, code: Code) -> Response {
        let was_executed = response.errors.is_empty()
            || response.errors.iter().any(|error| !error.path.is_empty());
        for error in &mut response.errors {
            let code = if was_executed {
                Code::BadUserInput
            } else {
                code
            };
            let extensions = error.extensions.get_or_insert_default();
            if extensions.get("code").is_none() {
                extensions.set("code", code.as_str());
            }
        }
        let body = if was_executed {
            serde_json::to_vec(&response)
        } else {
            serde_json::to_vec(&serde_json::json!({ "errors": response.errors }))
        };
        let status = match self {
            Self::GraphqlResponse if !was_executed => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        match body {
            Ok(body) => self.typed((status, body).into_response()),
            Err(error) => {
                tracing::error!(%error, "the response could not be written");
                self.typed(super::internal_error())
            }
        }
    }

    fn typed(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        });
        headers.insert(header::CONTENT_TYPE, media_type);
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        response
    }
}
