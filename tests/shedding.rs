//! More requests than are answered at a time.

use axum::{
    body::{Body, Bytes},
    http::{Method, StatusCode, header},
};
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::{
    sync::oneshot::{self, Sender},
    task::JoinHandle,
};

use crate::support::{Answer, Backend, Gateway, Viewer, run};

const WHO: &str = "{ __typename }";

/// A request whose body ends when it is told to; it is being answered when this returns.
struct Held {
    end: Sender<()>,
    answer: JoinHandle<Answer>,
}

impl Held {
    async fn by(gateway: &Gateway, viewer: Viewer<'_>) -> Self {
        let (begun, has_begun) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let body = stream::once(async move {
            begun.send(()).expect("a test that waits");
            Ok::<_, std::convert::Infallible>(Bytes::new())
        });
        let body = body.chain(stream::once(async move {
            ended.await.expect("an end");
            Ok(Bytes::from(json!({ "query": WHO }).to_string()))
        }));
        let mut request = gateway
            .request(viewer, Method::POST, "/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from_stream(body))
            .expect("a request");
        request.headers_mut().remove(header::CONTENT_LENGTH);
        let service = gateway.service();
        let answer = tokio::spawn(async move {
            let response = tower::ServiceExt::oneshot(service, request).await;
            Answer::read(response.expect("an answer")).await
        });
        has_begun.await.expect("a body that is read");
        Self { end, answer }
    }

    async fn answered(self) -> Answer {
        self.end.send(()).expect("a body that is read");
        self.answer.await.expect("an answer")
    }
}

async fn asked(gateway: &Gateway, viewer: Viewer<'_>) -> Answer {
    let path = "/graphql?query=%7B__typename%7D";
    gateway.get(viewer, path).await
}

#[tokio::test]
async fn each_share_is_turned_away_by_itself() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with(|parts| parts.max_in_flight = 2);
        gateway.add(crate::support::data::user(1, "ada")).await;
        let (anonymous, signed_in) = (Viewer::Anonymous, Viewer::User(1));
        let held = Held::by(&gateway, anonymous).await;
        let refused = asked(&gateway, anonymous).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.header("x-content-type-options"), "nosniff");
        let code = &refused.json["errors"][0]["extensions"]["code"];
        assert_eq!(code, "SERVICE_UNAVAILABLE", "{}", refused.text);
        let rest = gateway.get(anonymous, "/api/v2/invite_code/x/").await;
        assert_eq!(rest.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(rest.header("retry-after"), "1");

        assert_eq!(asked(&gateway, signed_in).await.status, StatusCode::OK);
        let other = Held::by(&gateway, signed_in).await;
        let refused = asked(&gateway, signed_in).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        let ready = gateway.get(anonymous, "/health/ready").await;
        assert_eq!(ready.status, StatusCode::OK, "a peak is no strain");

        for held in [held, other] {
            assert_eq!(held.answered().await.status, StatusCode::OK);
        }
        for viewer in [anonymous, signed_in] {
            assert_eq!(asked(&gateway, viewer).await.status, StatusCode::OK);
        }
        let shed = |share| format!("invite_gateway_requests_shed_total{{share=\"{share}\"}}");
        assert_eq!(gateway.metric(&shed("anonymous")), 2.0);
        assert_eq!(gateway.metric(&shed("signed_in")), 1.0);
    })
    .await;
}
