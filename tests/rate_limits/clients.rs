//! Identity of clients: a user, or else an address, which trusted proxies may forward.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc};

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use invite_gateway::{
    http::{Peer, TrustedProxies},
    rate_limit::Quotas,
};

use crate::support::{Backend, Gateway, Viewer, data::user, run};

const ONE: Quotas = Quotas {
    requests: NonZeroU32::new(1),
    cost: None,
    missed_lookups: None,
    mutations: None,
    written_rows: None,
};

/// Returns the status of a request from that address, with these lines of `X-Forwarded-For`.
async fn status_of(gateway: &Gateway, viewer: Viewer<'_>, peer: &str, said: &[&str]) -> StatusCode {
    let peer: IpAddr = peer.parse().expect("an address");
    let path = "/graphql?query=%7B__typename%7D";
    let mut request = gateway
        .request(viewer, Method::GET, path)
        .extension(Peer(peer));
    for line in said {
        request = request.header("x-forwarded-for", *line);
    }
    let request = request.body(Body::empty()).expect("a request");
    gateway.send(request).await.status
}

const OK: StatusCode = StatusCode::OK;
const REFUSED: StatusCode = StatusCode::TOO_MANY_REQUESTS;

#[tokio::test]
async fn an_address_is_a_client_and_so_is_a_network_of_ipv6() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(ONE);
        for (peer, expected) in [
            ("192.0.2.1", OK),
            ("192.0.2.1", REFUSED),
            ("::ffff:192.0.2.1", REFUSED),
            ("192.0.2.2", OK),
            ("2001:db8:0:1::1", OK),
            ("2001:db8:0:1:9::2", REFUSED),
            ("2001:db8:0:2::1", OK),
        ] {
            assert_eq!(
                status_of(&gateway, Viewer::Anonymous, peer, &[]).await,
                expected,
                "{peer}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_user_is_a_client_wherever_they_are() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(ONE);
        gateway.add_all([user(1, "ada"), user(2, "grace")]).await;
        let (home, away) = ("192.0.2.1", "198.51.100.1");
        for (viewer, peer, expected) in [
            (Viewer::Anonymous, home, OK),
            (Viewer::User(1), home, OK),
            (Viewer::User(1), home, REFUSED),
            (Viewer::User(1), away, REFUSED),
            (Viewer::User(2), home, OK),
            (Viewer::Anonymous, home, REFUSED),
        ] {
            assert_eq!(
                status_of(&gateway, viewer, peer, &[]).await,
                expected,
                "{viewer:?} {peer}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn invalid_tokens_count_for_their_address() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(ONE);
        gateway.add(user(1, "ada")).await;
        let bad = Viewer::Header("Bearer a.b.c");
        let unknown = Viewer::User(9);
        let peer = "192.0.2.1";
        assert_eq!(
            status_of(&gateway, bad, peer, &[]).await,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(status_of(&gateway, bad, peer, &[]).await, REFUSED);
        assert_eq!(status_of(&gateway, unknown, peer, &[]).await, REFUSED);
        assert_eq!(status_of(&gateway, Viewer::User(1), peer, &[]).await, OK);
    })
    .await;
}

#[tokio::test]
async fn strangers_count_for_their_address() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas(ONE);
        for (viewer, peer, expected) in [
            (Viewer::User(98), "192.0.2.1", OK),
            (Viewer::User(99), "192.0.2.1", REFUSED),
            (Viewer::Anonymous, "192.0.2.1", REFUSED),
            (Viewer::User(98), "192.0.2.2", OK),
        ] {
            let status = status_of(&gateway, viewer, peer, &[]).await;
            assert_eq!(status, expected, "{viewer:?} {peer}");
        }
    })
    .await;
}

#[tokio::test]
async fn only_trusted_proxies_forward_addresses() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let gateway = gateway.with_quotas_and(ONE, |parts| {
            let networks = vec!["10.0.0.0/8".parse().expect("a network")];
            parts.trusted_proxies = Arc::new(TrustedProxies::new(networks));
        });
        for (peer, said, expected) in [
            ("10.0.0.1", &["192.0.2.1"][..], OK),
            ("10.0.0.2", &["192.0.2.1"], REFUSED),
            ("10.0.0.1", &["192.0.2.2"], OK),
            // Addresses that the client invents are farther away.
            ("10.0.0.1", &["192.0.2.9, 192.0.2.1"], REFUSED),
            ("10.0.0.1", &["192.0.2.9", "192.0.2.2"], REFUSED),
            ("10.0.0.1", &["192.0.2.3, 10.9.9.9"], OK),
            // Other peers are not trusted.
            ("203.0.113.1", &["192.0.2.4"], OK),
            ("203.0.113.1", &["192.0.2.5"], REFUSED),
            ("10.0.0.1", &["192.0.2.4"], OK),
        ] {
            let status = status_of(&gateway, Viewer::Anonymous, peer, said).await;
            assert_eq!(status, expected, "{peer} {said:?}");
        }
    })
    .await;
}
