//! What a request says, in its body or in its query string (GraphQL over HTTP, section 5).

use async_graphql::Variables;
use serde::Deserialize;

/// The parameters of a GraphQL request.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    pub(super) query: Option<String>,
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Variables,
    pub(super) extensions: Option<Extensions>,
    /// Names a persisted document: so the specification's draft, and by convention Relay.
    #[serde(alias = "doc_id")]
    document_id: Option<String>,
    /// Relay's older convention. Others number their requests by it.
    id: Option<serde_json::Value>,
}

/// The extensions of a request; others than these are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extensions {
    pub(super) persisted_query: Option<PersistedQuery>,
}

/// What Apollo's clients say of a persisted document.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersistedQuery {
    pub(super) version: u32,
    pub(super) sha256_hash: String,
}

/// One request, or several in a list.
pub(super) enum Body {
    One(Parameters),
    Batch(Vec<Parameters>),
}

impl Body {
    /// Reads a body.
    ///
    /// # Errors
    /// Says what the body should have been. What it is is not repeated: it may hold a code or
    /// token.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let read = match body.trim_ascii_start().first() {
            Some(b'[') => serde_json::from_slice(body).map(Self::Batch),
            Some(b'{') => serde_json::from_slice(body).map(Self::One),
            // Reading would take a list of values for an object's fields, and nothing else.
            _ => serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(body)
                .map(|_| Self::One(Parameters::default())),
        };
        read.map_err(|error| expected_body(&error))
    }
}

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

impl Parameters {
    /// Whether there is a document, or the name of one.
    pub(super) fn names_a_document(&self) -> bool {
        let persisted = self.extensions.as_ref();
        self.query.is_some()
            || self.document_id().is_some()
            || persisted.is_some_and(|it| it.persisted_query.is_some())
    }

    /// The name of a persisted document.
    pub(super) fn document_id(&self) -> Option<&str> {
        let id = self.id.as_ref().and_then(serde_json::Value::as_str);
        self.document_id.as_deref().or(id)
    }

    /// Reads the query string of a `GET`.
    ///
    /// # Errors
    /// Says which parameter is wrong, and what it should have been.
    pub(super) fn read_query_string(text: &str) -> Result<Self, String> {
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
            if seen.iter().any(|it| *it == name) {
                return Err(format!("The parameter \"{name}\" is there twice."));
            }
            match &*name {
                "query" => read.query = Some(value.into_owned()),
                "operationName" => read.operation_name = Some(value.into_owned()),
                "variables" => read.variables = read_object(&name, &value)?,
                "extensions" => read.extensions = read_object(&name, &value)?,
                _ => read.document_id = Some(value.into_owned()),
            }
            seen.push(name.into_owned());
        }
        Ok(read)
    }
}

fn read_object<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Result<T, String> {
    let expected = match name {
        "extensions" => {
            "a JSON object, and its \"persistedQuery\", if any, one with \"version\" and \"sha256Hash\""
        }
        _ => "a JSON object",
    };
    serde_json::from_str(text).map_err(|_| format!("The parameter \"{name}\" must be {expected}."))
}
