//! Load shedding: more requests than the gateway executes at a time.

use axum::{
    body::Body,
    http::{self, StatusCode},
};
use invite_gateway::http::Peer;
use tower::ServiceExt;

use crate::support::{Backend, Gateway, Response, Viewer, data, run};

const PATH: &str = "/graphql?query=%7B__typename%7D";

/// Sends a request whose response is not read, which occupies its slot.
async fn unread(gateway: &Gateway, viewer: Viewer<'_>, address: &str) -> http::Response<Body> {
    let request = gateway.request(viewer, http::Method::GET, PATH);
    let mut request = request.body(Body::empty()).expect("a request");
    let address = address.parse().expect("an address");
    request.extensions_mut().insert(Peer(address));
    gateway
        .service()
        .oneshot(request)
        .await
        .expect("a response")
}

async fn send(gateway: &Gateway, viewer: Viewer<'_>) -> Response {
    gateway.get(viewer, PATH).await
}

#[tokio::test]
async fn each_share_sheds_load_separately() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with(|parts| parts.max_in_flight = 2);
        gateway.add(data::user(1, "ada")).await;
        let (anonymous, signed_in) = (Viewer::Anonymous, Viewer::User(1));
        let held = unread(&gateway, anonymous, "192.0.2.1").await;
        let refused = send(&gateway, anonymous).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.header("x-content-type-options"), "nosniff");
        let code = &refused.json["errors"][0]["extensions"]["code"];
        assert_eq!(code, "SERVICE_UNAVAILABLE", "{}", refused.text);
        let refused = send(&gateway, Viewer::Header("")).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        let rest = gateway.get(anonymous, "/api/v2/invite_code/x/").await;
        assert_eq!(rest.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(rest.header("retry-after"), "1");

        assert_eq!(send(&gateway, signed_in).await.status, StatusCode::OK);
        let other = unread(&gateway, signed_in, "192.0.2.1").await;
        let refused = send(&gateway, signed_in).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        let ready = gateway.get(anonymous, "/health/ready").await;
        assert_eq!(ready.status, StatusCode::OK, "a peak is no strain");

        for held in [held, other] {
            assert_eq!(Response::read(held).await.status, StatusCode::OK);
        }
        for viewer in [anonymous, signed_in] {
            assert_eq!(send(&gateway, viewer).await.status, StatusCode::OK);
        }
        let shed = |share| format!("invite_gateway_requests_shed_total{{share=\"{share}\"}}");
        assert_eq!(gateway.metric(&shed("anonymous")), 3.0);
        assert_eq!(gateway.metric(&shed("signed_in")), 1.0);
    })
    .await;
}

#[tokio::test]
async fn one_client_has_at_most_an_eighth_of_its_share() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with(|parts| parts.max_in_flight = 64);
        gateway
            .add_all([data::user(1, "ada"), data::user(2, "bob")])
            .await;
        let statuses = async |viewer, address| {
            let mut held = Vec::new();
            for _ in 0..6 {
                held.push(unread(&gateway, viewer, address).await);
            }
            let statuses: Vec<_> = held.iter().map(|it| it.status().as_u16()).collect();
            (statuses, held)
        };
        let four = vec![200, 200, 200, 200, 503, 503];
        let (anonymous, ada, bob) = (Viewer::Anonymous, Viewer::User(1), Viewer::User(2));
        // A user is one client wherever they are. Without a token, an address or a network is.
        let (first, _held) = statuses(anonymous, "192.0.2.1").await;
        assert_eq!(first, four);
        let (other, _held) = statuses(anonymous, "2001:db8::1").await;
        assert_eq!(other, four);
        let (same, _held) = statuses(anonymous, "2001:db8::2").await;
        assert_eq!(same, [503; 6]);
        let (user, _held) = statuses(ada, "192.0.2.1").await;
        assert_eq!(user, four);
        let (user, _held) = statuses(ada, "192.0.2.7").await;
        assert_eq!(user, [503; 6]);
        let (user, _held) = statuses(bob, "192.0.2.1").await;
        assert_eq!(user, four);
        let refused = "invite_gateway_capacity_refusals_total{resource=\"slots\"}";
        assert_eq!(gateway.metric(refused), 2.0 + 2.0 + 6.0 + 2.0 + 6.0 + 2.0);
        let ready = gateway.get(anonymous, "/health/ready").await;
        assert_eq!(ready.status, StatusCode::OK, "one client is no strain");
    })
    .await;
}

#[tokio::test]
async fn unread_responses_of_one_client_have_a_maximum_of_bytes() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        // The minimum of the setting: an eighth of it is four responses.
        let length = unread(&gateway, Viewer::Anonymous, "192.0.2.9").await;
        let length = Response::read(length).await.text.len() as u64;
        let gateway = gateway.with(|parts| parts.max_buffered = 8 * 4 * length);
        let mut held = Vec::new();
        for (address, status) in [("192.0.2.1", 200); 4]
            .into_iter()
            .chain([("192.0.2.1", 503), ("192.0.2.2", 200)])
        {
            let response = unread(&gateway, Viewer::Anonymous, address).await;
            assert_eq!(response.status().as_u16(), status, "{address}");
            held.push(response);
        }
        drop(held);
        let again = unread(&gateway, Viewer::Anonymous, "192.0.2.1").await;
        assert_eq!(again.status(), StatusCode::OK);
    })
    .await;
}
