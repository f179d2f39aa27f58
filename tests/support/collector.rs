//! A trace collector with OpenTelemetry's OTLP over HTTP.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value},
    trace::v1::status::StatusCode as SpanStatus,
};
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};

/// Collects traces until the end of the test.
pub struct Collector {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Bytes>>>,
    serving: JoinHandle<()>,
}

/// A received span. Ids are hexadecimal. The parent's id is empty if there is none.
#[derive(Clone, Debug)]
pub struct Span {
    pub service: String,
    pub name: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub links: Vec<String>,
    pub is_error: bool,
    pub attributes: HashMap<String, String>,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let received = Arc::<Mutex<Vec<Bytes>>>::default();
        let into = received.clone();
        let take = post(async move |body: Bytes| {
            into.lock().expect("not poisoned").push(body);
            StatusCode::OK
        });
        let app = Router::new().route("/v1/traces", take);
        let serving = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("a listener");
        });
        Self {
            address,
            received,
            serving,
        }
    }

    /// Returns the option that makes a gateway send traces here.
    pub fn option(&self) -> String {
        format!("--otlp-endpoint=http://{}", self.address)
    }

    /// Returns all received bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let received = self.received.lock().expect("not poisoned");
        received.concat()
    }

    /// Returns all received spans.
    pub fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().expect("not poisoned");
        let requests = received
            .iter()
            .map(|body| ExportTraceServiceRequest::decode(body.clone()).expect("OTLP"));
        requests.flat_map(read).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn read(request: ExportTraceServiceRequest) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource in request.resource_spans {
        let about = attributes(resource.resource.expect("a resource").attributes);
        for span in resource.scope_spans.into_iter().flat_map(|it| it.spans) {
            assert_eq!(span.events.len(), 0, "what is logged is no part of a trace");
            assert_eq!(span.trace_state, "");
            spans.push(Span {
                service: about["service.name"].clone(),
                name: span.name,
                trace: hexadecimal(&span.trace_id),
                id: hexadecimal(&span.span_id),
                parent: hexadecimal(&span.parent_span_id),
                links: span
                    .links
                    .iter()
                    .map(|link| hexadecimal(&link.span_id))
                    .collect(),
                is_error: span
                    .status
                    .is_some_and(|status| status.code() == SpanStatus::Error),
                attributes: attributes(span.attributes),
            });
        }
    }
    spans
}

fn attributes(attributes: Vec<KeyValue>) -> HashMap<String, String> {
    let text = |value| match value {
        any_value::Value::StringValue(text) => text,
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::DoubleValue(number) => number.to_string(),
        any_value::Value::BoolValue(is) => is.to_string(),
        other => panic!("{other:?}"),
    };
    attributes
        .into_iter()
        .map(|it| {
            (
                it.key,
                text(it.value.and_then(|it| it.value).expect("a value")),
            )
        })
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
