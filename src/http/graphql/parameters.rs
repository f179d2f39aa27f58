//! What a request says, in its body or in its query string (GraphQL over HTTP, section 5).

use async_graphql::Variables;
use serde::Deserialize;
use serde_json::from_value;

use crate::graphql::LimitExceeded;

/// The parameters of a GraphQL request.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    pub(super) query: Option<String>,
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    extensions: Option<serde_json::Map<String, serde_json::Value>>,
    /// Names a persisted document: so the specification's draft, and by convention Relay.
    #[serde(alias = "doc_id")]
    document_id: Option<String>,
    /// Relay's older convention. Others number their requests by it.
    id: Option<serde_json::Value>,
}

/// What Apollo's clients say of a persisted document, in the extension `persistedQuery`.
pub(super) struct PersistedQuery<'a> {
    pub(super) version: Option<u64>,
    pub(super) sha256_hash: &'a str,
}

/// Why a query string is not read.
pub(super) enum ParameterError {
    /// What is wrong, and what it should have been.
    Malformed(String),
    /// It goes beyond a limit.
    BeyondLimit(LimitExceeded),
}

/// One request, or several in a list.
pub(super) enum Body {
    One(Parameters),
    Batch(Vec<Parameters>),
}

/// Whether a body is a list, if it is JSON at all.
pub(super) fn is_list(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

impl Body {
    /// Reads a body.
    ///
    /// # Errors
    /// Says what the body should have been. What it is is not repeated: it may check a code or
    /// token.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let read = match body.trim_ascii_start().first() {
            Some(b'[') => serde_json::from_slice(body).and_then(|items: Vec<Object>| {
                let batch = items
                    .into_iter()
                    .map(|Object(item)| from_value(item.into()));
                batch.collect::<Result<_, _>>().map(Self::Batch)
            }),
            Some(b'{') => serde_json::from_slice(body).map(Self::One),
            _ => serde_json::from_slice(body).map(|Object(_)| Self::One(Parameters::default())),
        };
        read.map_err(|error| expected_body(&error))
    }
}

/// A JSON object; a list of values is none, as which it could be read otherwise.
#[derive(Deserialize)]
struct Object(serde_json::Map<String, serde_json::Value>);

fn expected_body(error: &serde_json::Error) -> String {
    let wrong = match error.classify() {
        serde_json::error::Category::Data => "The body is no GraphQL request",
        _ => "The body is no JSON in UTF-8",
    };
    let place = match error.line() {
        // Within a list, the place is not known.
        0 => String::new(),
        line => format!(" (line {line}, column {})", error.column()),
    };
    format!(
        "{wrong}{place}: expected a JSON object with the string \"query\" and, \
         optionally, the string \"operationName\" and the objects \"variables\" and \"extensions\"."
    )
}

impl Parameters {
    /// Whether there is a document, or the name of one.
    pub(super) fn names_a_document(&self) -> bool {
        self.query.is_some() || self.document_id().is_some() || self.persisted_query().is_some()
    }

    /// Whether the answer is to tell what the operation costs.
    pub(super) fn asks_for_cost(&self) -> bool {
        let asked = || self.extensions.as_ref()?.get("cost")?.as_bool();
        asked() == Some(true)
    }

    /// What Apollo's clients say of a persisted document.
    pub(super) fn persisted_query(&self) -> Option<PersistedQuery<'_>> {
        let said = self.extensions.as_ref()?.get("persistedQuery")?;
        Some(PersistedQuery {
            version: said.get("version").and_then(serde_json::Value::as_u64),
            sha256_hash: said.get("sha256Hash")?.as_str()?,
        })
    }

    /// The name of a persisted document.
    pub(super) fn document_id(&self) -> Option<&str> {
        let id = || match &self.query {
            None => self.id.as_ref()?.as_str(),
            // It may number the request.
            Some(_) => None,
        };
        self.document_id.as_deref().or_else(id)
    }

    /// Reads the query string of a `GET`. `check` checks each JSON object before it is parsed.
    ///
    /// # Errors
    /// Says which parameter is wrong, and what it should have been.
    pub(super) fn read_query_string(
        text: &str,
        check: impl Fn(&[u8]) -> Result<(), LimitExceeded>,
    ) -> Result<Self, ParameterError> {
        let mut read = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            // Some clients write what they leave out as nothing.
            let is_known = matches!(
                &*name,
                "query"
                    | "operationName"
                    | "variables"
                    | "extensions"
                    | "documentId"
                    | "doc_id"
                    | "id"
            );
            if !is_known || (value.is_empty() && name != "query") {
                continue;
            }
            let name = if name == "doc_id" {
                "documentId".into()
            } else {
                name
            };
            if seen.iter().any(|it| *it == name) {
                let message = format!("The parameter \"{name}\" is there twice.");
                return Err(ParameterError::Malformed(message));
            }
            if matches!(&*name, "variables" | "extensions") {
                check(value.as_bytes()).map_err(ParameterError::BeyondLimit)?;
            }
            match &*name {
                "query" => read.query = Some(value.into_owned()),
                "operationName" => read.operation_name = Some(value.into_owned()),
                "variables" => read.variables = read_object(&name, &value)?,
                "extensions" => read.extensions = read_object(&name, &value)?,
                "id" => read.id = Some(value.into_owned().into()),
                _ => read.document_id = Some(value.into_owned()),
            }
            seen.push(name.into_owned());
        }
        Ok(read)
    }
}

fn read_object<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Result<T, ParameterError> {
    serde_json::from_str(text).map_err(|_| {
        let message = format!("The parameter \"{name}\" must be a JSON object.");
        ParameterError::Malformed(message)
    })
}
