//! Parses the parameters of a request, from its body or query string (GraphQL over HTTP, section
//! 5).

use async_graphql::Variables;
use serde::Deserialize;
use serde_json::from_value;

use graphql_documents::LimitExceeded;

/// The parameters of a GraphQL request.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    pub(super) query: Option<String>,
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    extensions: Option<serde_json::Map<String, serde_json::Value>>,
    /// Id of a persisted document, in the specification's draft and, as `doc_id`, in Relay.
    #[serde(alias = "doc_id")]
    document_id: Option<String>,
    /// Id of a persisted document in older versions of Relay. Other clients number requests by it.
    id: Option<serde_json::Value>,
}

/// Apollo's extension `persistedQuery`.
pub(super) struct PersistedQuery<'a> {
    pub(super) version: Option<u64>,
    pub(super) sha256_hash: &'a str,
}

/// Errors of a query string.
pub(super) enum ParameterError {
    /// A parameter is malformed; the message says what was expected.
    Malformed(String),
    /// A parameter exceeds a limit.
    BeyondLimit(LimitExceeded),
}

/// A single request or a batch.
pub(super) enum Body {
    One(Parameters),
    Batch(Vec<Parameters>),
}

/// Returns true if the body is a list, provided that it is JSON.
pub(super) fn is_list(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

impl Body {
    /// Parses a body.
    ///
    /// # Errors
    /// The body is not a GraphQL request. The message says what was expected, and omits the body,
    /// which may hold a code or token.
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

/// A JSON object. serde would also accept a list of values for [`Parameters`].
#[derive(Deserialize)]
struct Object(serde_json::Map<String, serde_json::Value>);

fn expected_body(error: &serde_json::Error) -> String {
    let wrong = match error.classify() {
        serde_json::error::Category::Data => "The body is not a GraphQL request",
        _ => "The body is not JSON in UTF-8",
    };
    let place = match error.line() {
        // Positions within a batch are unknown.
        0 => String::new(),
        line => format!(" (line {line}, column {})", error.column()),
    };
    format!(
        "{wrong}{place}: expected a JSON object with the string \"query\" and, \
         optionally, the string \"operationName\" and the objects \"variables\" and \"extensions\"."
    )
}

impl Parameters {
    /// Returns true if there is a document or the id of one.
    pub(super) fn names_a_document(&self) -> bool {
        self.query.is_some() || self.document_id().is_some() || self.persisted_query().is_some()
    }

    /// Returns true if the response should include the operation's cost.
    pub(super) fn asks_for_cost(&self) -> bool {
        let asked = || self.extensions.as_ref()?.get("cost")?.as_bool();
        asked() == Some(true)
    }

    /// Returns Apollo's extension `persistedQuery`.
    pub(super) fn persisted_query(&self) -> Option<PersistedQuery<'_>> {
        let said = self.extensions.as_ref()?.get("persistedQuery")?;
        Some(PersistedQuery {
            version: said.get("version").and_then(serde_json::Value::as_u64),
            sha256_hash: said.get("sha256Hash")?.as_str()?,
        })
    }

    /// Returns the id of a persisted document.
    pub(super) fn document_id(&self) -> Option<&str> {
        let id = || match &self.query {
            None => self.id.as_ref()?.as_str(),
            // With a document, it may number the request.
            Some(_) => None,
        };
        self.document_id.as_deref().or_else(id)
    }

    /// Parses the query string of a `GET`. Calls `check` with each JSON object before parsing it.
    ///
    /// # Errors
    /// A parameter is malformed or exceeds a limit.
    pub(super) fn read_query_string(
        text: &str,
        check: impl Fn(&[u8]) -> Result<(), LimitExceeded>,
    ) -> Result<Self, ParameterError> {
        let mut read = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            // Some clients send omitted parameters as empty ones.
            if !is_known(&name) || (value.is_empty() && name != "query") {
                continue;
            }
            let name = if name == "doc_id" {
                "documentId".into()
            } else {
                name
            };
            if seen.iter().any(|it| *it == name) {
                let message = format!("The parameter \"{name}\" must not occur twice.");
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

/// Returns true if a query string has a parameter of a GraphQL request.
pub(super) fn names_a_parameter(text: &str) -> bool {
    url::form_urlencoded::parse(text.as_bytes()).any(|(name, _)| is_known(&name))
}

fn is_known(name: &str) -> bool {
    matches!(
        name,
        "query" | "operationName" | "variables" | "extensions" | "documentId" | "doc_id" | "id"
    )
}

fn read_object<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Result<T, ParameterError> {
    serde_json::from_str(text).map_err(|_| {
        let message = format!("The parameter \"{name}\" must be a JSON object.");
        ParameterError::Malformed(message)
    })
}
