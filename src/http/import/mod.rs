//! `POST /import/{kind}`: imports the rows in the body of a request. Sources send their changes to it.

mod parameters;

use std::{fmt::Display, io, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::TryStreamExt;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::io::StreamReader;

use super::{Gateway, authentication, deadline, error_in, panic};
use crate::{
    auth::{Authenticator, Grant, IMPORT_SCOPE},
    clock::Clock,
    graphql::Code,
    import::{
        self, Change, IdempotencyKey, ImportError, Imports, Kind, Options, Rejection, Report,
        Stored, Summary,
    },
};

/// Maximum number of rejected rows, and of changes of a dry run, in a response.
const MAX_LISTED: usize = 1000;

/// Maximum length of an idempotency key, in characters.
const MAX_KEY: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Marks a stored response.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Seconds after which a client may try again while another import runs.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

/// Media types of bodies. The format is recognised by content. Browsers send none of these types to other
/// origins without a preflight request.
const MEDIA_TYPES: [&str; 7] = [
    "application/x-ndjson",
    "application/jsonl",
    "application/json",
    "text/csv",
    "application/gzip",
    "application/zstd",
    "application/octet-stream",
];

struct Endpoint {
    imports: Imports,
    authenticator: Authenticator,
    clock: Clock,
    /// One import runs at a time.
    turn: Semaphore,
}

/// Returns the route, if imports are on.
pub(super) fn router(gateway: &Gateway) -> Router {
    let Some(imports) = gateway.imports.clone() else {
        return Router::new();
    };
    let endpoint = Endpoint {
        imports,
        authenticator: gateway.authenticator.clone(),
        clock: gateway.clock.clone(),
        turn: Semaphore::new(1),
    };
    Router::new()
        .route("/import/{kind}", post(run))
        .with_state(Arc::new(endpoint))
        .layer(middleware::from_fn(panic::layer))
}

async fn run(
    State(endpoint): State<Arc<Endpoint>>,
    Path(kind): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let query = query.unwrap_or_default();
    let response = endpoint.respond(&kind, &query, &headers, body);
    let response = async { response.await.unwrap_or_else(IntoResponse::into_response) };
    deadline::enforce(endpoint.imports.time_limit, None, response).await
}

/// A refused request.
struct Refused {
    status: StatusCode,
    code: Code,
    message: String,
}

impl Refused {
    fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadRequest, message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        error_in(None, self.status, self.code, &self.message)
    }
}

impl Endpoint {
    async fn respond(
        &self,
        kind: &str,
        query: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Refused> {
        let client = match self.authenticator.import_grant(headers).await {
            Ok(Grant::Scope(client)) => client,
            Ok(Grant::None) => {
                let message = format!(
                    "This needs a token with the scope {IMPORT_SCOPE}, or with the configured role."
                );
                return Err(Refused::new(
                    StatusCode::FORBIDDEN,
                    Code::Forbidden,
                    message,
                ));
            }
            Ok(Grant::Anonymous) => return Ok(authentication::challenge()),
            Err(error) => return Ok(authentication::refusal(&error, None)),
        };
        let kind = Kind::named(kind).ok_or_else(|| {
            let message = format!("Unknown kind. Expected one of {}.", Kind::names());
            Refused::new(StatusCode::NOT_FOUND, Code::BadRequest, message)
        })?;
        let options = parameters::options(kind, query).map_err(Refused::bad_request)?;
        check_media_type(headers)?;
        let key = idempotency_key(&client, kind, query, headers)?;
        let Ok(_turn) = self.turn.try_acquire() else {
            let message = "Another import is running. Try again later.";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let refused = Refused::new(status, Code::ServiceUnavailable, message);
            return Ok(([(header::RETRY_AFTER, RETRY_AFTER)], refused).into_response());
        };
        if let Some(key) = &key {
            let stored = key.stored(&self.imports.database, self.clock.now()).await;
            match stored.map_err(|error| unavailable(&error))? {
                Some(Stored::Same(answer)) => return Ok(replayed(&answer)),
                Some(Stored::Other) => {
                    let message = "The Idempotency-Key belongs to another request. Send a new key.";
                    return Err(Refused::bad_request(message));
                }
                None => {}
            }
        }
        self.import(kind, options, body, key).await
    }

    async fn import(
        &self,
        kind: Kind,
        options: Options,
        body: Body,
        key: Option<IdempotencyKey>,
    ) -> Result<Response, Refused> {
        let Imports {
            database, max_body, ..
        } = &self.imports;
        let limited = Limited::new(body, usize::try_from(*max_body).unwrap_or(usize::MAX));
        let source = StreamReader::new(limited.into_data_stream().map_err(io::Error::other));
        let mut report = Listed::default();
        let outcome = import::run(database, &self.clock, kind, source, options, &mut report).await;
        let (status, error) = match &outcome {
            Ok(summary) if summary.is_complete() => (StatusCode::OK, None),
            Ok(_) => (StatusCode::UNPROCESSABLE_ENTITY, None),
            Err(error @ ImportError::TooManyWithdrawn { .. }) => {
                (StatusCode::UNPROCESSABLE_ENTITY, Some(error.to_string()))
            }
            Err(ImportError::Input { source, .. }) if is_too_long(source) => {
                let message = format!("the body is longer than {max_body} bytes");
                (StatusCode::PAYLOAD_TOO_LARGE, Some(message))
            }
            Err(error @ ImportError::Input { .. }) => {
                (StatusCode::BAD_REQUEST, Some(error.to_string()))
            }
            Err(error @ ImportError::Database { source, .. }) => {
                tracing::error!(%source, "an import failed");
                (StatusCode::SERVICE_UNAVAILABLE, Some(error.to_string()))
            }
        };
        let summary = outcome.as_ref().unwrap_or_else(|error| error.so_far());
        log(kind, status, summary);
        let mut answer = summary.to_json(kind, &report.notes, error.as_deref());
        answer["rejections"] = report.rejections.into();
        if summary.dry_run {
            answer["changes"] = report.changes.into();
        }
        let is_final = matches!(status, StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY);
        if let Some(key) = key.filter(|_| is_final) {
            let stored = json!({ "status": status.as_u16(), "body": answer });
            let now = self.clock.now();
            let stored = key.store(database, stored.to_string(), now).await;
            stored.map_err(|error| unavailable(&error))?;
        }
        Ok((status, Json(answer)).into_response())
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Refused> {
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next());
    let is_known = |essence: &str| {
        let essence = essence.trim();
        MEDIA_TYPES
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
    };
    if essence.is_some_and(is_known) {
        return Ok(());
    }
    let message = format!("Expected a Content-Type of {}.", MEDIA_TYPES.join(", "));
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(Refused::new(status, Code::BadRequest, message))
}

fn idempotency_key(
    client: &str,
    kind: Kind,
    query: &str,
    headers: &HeaderMap,
) -> Result<Option<IdempotencyKey>, Refused> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    match key.to_str() {
        Ok(key) if (1..=MAX_KEY).contains(&key.len()) => Ok(Some(IdempotencyKey::new(
            client,
            key,
            &format!("{kind}?{query}"),
        ))),
        _ => Err(Refused::bad_request(format!(
            "The Idempotency-Key must have 1 to {MAX_KEY} ASCII characters."
        ))),
    }
}

/// Returns a stored response.
fn replayed(answer: &str) -> Response {
    let mut answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let status = answer["status"].as_u64().and_then(|status| {
        let status = u16::try_from(status).ok()?;
        StatusCode::from_u16(status).ok()
    });
    let replayed = [(REPLAYED, HeaderValue::from_static("true"))];
    let status = status.unwrap_or(StatusCode::OK);
    (status, replayed, Json(answer["body"].take())).into_response()
}

fn unavailable(error: &dyn Display) -> Refused {
    tracing::error!(%error, "stored responses to imports cannot be read or written");
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Refused::new(status, Code::ServiceUnavailable, "The database failed.")
}

fn is_too_long(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(error) if error.is::<LengthLimitError>())
}

fn log(kind: Kind, status: StatusCode, summary: &Summary) {
    tracing::info!(
        %kind,
        status = status.as_u16(),
        read = summary.read,
        written = summary.written,
        rejected = summary.rejected,
        withdrawn = summary.withdrawn,
        "imported"
    );
}

/// The notes, rejected rows and changes for a response.
#[derive(Default)]
struct Listed {
    notes: Vec<String>,
    rejections: Vec<Value>,
    changes: Vec<Value>,
}

impl Report for Listed {
    fn rejected(&mut self, rejection: &Rejection, _: Option<&str>) {
        if self.rejections.len() < MAX_LISTED {
            let Rejection {
                line,
                field,
                reason,
            } = rejection;
            let rejection = json!({ "line": line, "field": field, "reason": reason });
            self.rejections.push(rejection);
        }
    }

    fn noted(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    fn changed(&mut self, change: Change, key: &str) {
        if self.changes.len() < MAX_LISTED {
            self.changes.push(format!("{change} {key}").into());
        }
    }

    fn progressed(&mut self, _: &Summary, _: u64) {}
}
