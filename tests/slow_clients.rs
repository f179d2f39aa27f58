//! Slow clients: they send nothing, stop within a request, or do not read responses. The gateway
//! drops them, and other clients are unaffected.

use std::{io, net::SocketAddr};

use axum::http::{Request as Head, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::support::{
    Backend, Gateway, Response, metric_in,
    process::{Server, address_in, eventually},
    run,
    wire::{Request, Wire},
};

/// Clients have one second, so that tests do not wait longer.
const HASTY: &str = "--client-timeout=1";

/// The response has about 37 KB.
const LONG: &str = "{ __schema { types { name description fields { name description \
                    args { name description } } inputFields { name description } } } }";

/// Connects from another loopback address, which is another client.
async fn connect_from(client: &str, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    let client: SocketAddr = format!("{client}:0").parse().expect("an address");
    socket.bind(client).expect("a loopback address");
    socket.connect(server).await.expect("a connection")
}

/// Waits until the server has closed the connection, and returns the data that it sent.
async fn closed(mut stream: TcpStream) -> String {
    let mut sent = Vec::new();
    // A reset also closes a connection.
    let read: io::Result<usize> = stream.read_to_end(&mut sent).await;
    drop(read);
    String::from_utf8(sent).expect("text")
}

async fn metric(server: &Server, name: &str) -> f64 {
    let text = server.get(None, "/metrics").await.text;
    metric_in(&text, &format!("invite_gateway_{name}"))
}

async fn is_well(server: &Server) {
    let response = server.graphql(None, "{ __typename }", json!({})).await;
    assert_eq!(response.json, json!({ "data": { "__typename": "Query" } }));
}

/// Returns the body of a request for [`LONG`].
fn long_body() -> String {
    json!({ "query": LONG }).to_string()
}

#[tokio::test]
async fn an_incomplete_head_times_out() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let server = Server::with(&gateway.database_url, &[HASTY, "--metrics=on"]).await;
        let kept = Request::get("/health/live").kept_alive();
        for sent in [
            "",
            "PRI * HTTP/2.0\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nhost:",
            &format!("{kept}GET /health/live HTTP/1.1\r\nhost:"),
        ] {
            let mut stream = TcpStream::connect(server.address)
                .await
                .expect("a connection");
            for part in sent.split_inclusive("\r\n\r\n") {
                stream.write_all(part.as_bytes()).await.expect("a peer");
                if part == kept {
                    // Reads the response, so that the next head begins afterwards.
                    let mut first = [0; 1024];
                    assert!(stream.read(&mut first).await.expect("a response") > 0);
                }
            }
            closed(stream).await;
        }
        let reason = "clients_given_up_total{reason=\"no_request\"}";
        assert_eq!(metric(&server, reason).await, 5.0);
        // A kept-alive connection is idle, and has a longer timeout.
        let mut wire = server.connect().await;
        wire.write(&kept).await;
        assert_eq!(
            wire.kept_answer().await.expect("a response").status,
            StatusCode::OK
        );
        closed(
            TcpStream::connect(server.address)
                .await
                .expect("a connection"),
        )
        .await;
        wire.write(&kept).await;
        assert_eq!(
            wire.kept_answer().await.expect("a response").status,
            StatusCode::OK
        );
    })
    .await;
}

#[tokio::test]
async fn unread_responses_over_http_1_close_the_connection() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let server = Server::with(&gateway.database_url, &[HASTY, "--metrics=on"]).await;
        let body = long_body();
        let request = Request::post_json("/graphql", &body).kept_alive();
        let stream = TcpStream::connect(server.address)
            .await
            .expect("a connection");
        // More than the buffers of both ends hold, and never read.
        let sending = async {
            let mut stream = stream;
            while stream.write_all(request.as_bytes()).await.is_ok() {}
        };
        sending.await;
        assert_eq!(
            metric(&server, "clients_given_up_total{reason=\"unread\"}").await,
            1.0
        );
        is_well(&server).await;
    })
    .await;
}

/// Opens an HTTP/2 connection whose client takes `window` bytes of each response and then no more,
/// but continues the protocol.
async fn http_2(
    server: &Server,
    client: &str,
    window: u32,
) -> h2::client::SendRequest<axum::body::Bytes> {
    let stream = connect_from(client, server.address).await;
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(window)
        .initial_connection_window_size(16 * 1024 * 1024);
    let (requests, connection) = builder.handshake(stream).await.expect("HTTP/2");
    tokio::spawn(connection);
    requests
}

/// Requests [`LONG`], and returns the status and the body.
async fn response_to(
    requests: &h2::client::SendRequest<axum::body::Bytes>,
) -> Option<(StatusCode, h2::RecvStream)> {
    let mut requests = requests.clone().ready().await.ok()?;
    let request = Head::post("http://test/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, long_body().len())
        .body(())
        .expect("a request");
    let (response, mut body) = requests.send_request(request, false).ok()?;
    body.send_data(long_body().into(), true).ok()?;
    let (head, body) = response.await.ok()?.into_parts();
    Some((head.status, body))
}

#[tokio::test]
async fn unread_responses_over_http_2_reset_only_their_stream() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let server = Server::with(&gateway.database_url, &[HASTY, "--metrics=on"]).await;
        for window in [0, 1, 20_000] {
            let requests = http_2(&server, "127.0.0.1", window).await;
            let mut unread = Vec::new();
            for _ in 0..30 {
                let (status, body) = response_to(&requests).await.expect("a response");
                assert_eq!(status, StatusCode::OK);
                unread.push(body);
            }
            for body in &mut unread {
                while let Some(part) = body.data().await {
                    match part {
                        Ok(part) => assert!(part.len() <= window as usize, "no window for more"),
                        Err(error) => {
                            assert!(error.is_reset(), "{error}");
                            break;
                        }
                    }
                }
            }
            // The connection stays open, since a proxy has other clients on it.
            let (status, mut body) = response_to(&requests).await.expect("a response");
            assert_eq!(status, StatusCode::OK);
            let mut length = 0;
            while let Some(Ok(part)) = body.data().await {
                length += part.len();
                body.flow_control()
                    .release_capacity(part.len())
                    .expect("a stream");
                if window < 20_000 {
                    break;
                }
            }
            assert!(window < 20_000 || length > 30_000, "{length}");
        }
        assert!(metric(&server, "clients_given_up_total{reason=\"unread\"}").await >= 90.0);
        is_well(&server).await;
    })
    .await;
}

#[tokio::test]
async fn unread_responses_of_one_client_are_bounded_and_do_not_affect_others() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let patient = [
            "--client-timeout=600",
            "--max-buffered=1048576",
            "--metrics=on",
        ];
        let server = Server::with(&gateway.database_url, &patient).await;
        let length = server.graphql(None, LONG, json!({})).await.text.len();
        let fit = 1_048_576 / 8 / length;
        assert!(fit >= 1, "{length}");
        let requests = http_2(&server, "127.0.0.2", 0).await;
        let mut unread = Vec::new();
        for index in 0..20 {
            let (status, body) = response_to(&requests).await.expect("a response");
            let expected = match index < fit {
                true => StatusCode::OK,
                false => StatusCode::SERVICE_UNAVAILABLE,
            };
            assert_eq!(status, expected, "{index}");
            unread.push(body);
        }
        // Another client has room, and reads.
        let response = server.graphql(None, LONG, json!({})).await;
        assert_eq!(
            (response.status, response.text.len()),
            (StatusCode::OK, length)
        );
        // Closing the connection releases its resources.
        drop((unread, requests));
        eventually("room for the client", async || {
            let requests = http_2(&server, "127.0.0.2", 0).await;
            let (status, _) = response_to(&requests).await?;
            (status == StatusCode::OK).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn one_client_has_a_maximum_of_connections() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let few = [
            "--max-connections-per-client=3",
            "--metrics=on",
            "--client-timeout=600",
        ];
        let server = Server::with(&gateway.database_url, &few).await;
        let mut silent = Vec::new();
        for _ in 0..3 {
            silent.push(connect_from("127.0.0.2", server.address).await);
        }
        let one_more = connect_from("127.0.0.2", server.address).await;
        assert_eq!(closed(one_more).await, "");
        let warning = "a client has reached --max-connections-per-client: further connections \
                       are closed; if it is a proxy, add it to --trusted-proxies";
        assert_eq!(server.process.logged(warning).await["level"], "WARN");
        is_well(&server).await;
        let refused = "capacity_refusals_total{resource=\"connections\"}";
        assert_eq!(metric(&server, refused).await, 1.0);
        silent.pop();
        eventually("room for another connection", async || {
            let mut stream = connect_from("127.0.0.2", server.address).await;
            let request = Request::get("/health/live").text();
            stream.write_all(request.as_bytes()).await.ok()?;
            closed(stream).await.contains("200 OK").then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn probes_connect_when_clients_have_all_connections() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let one = [
            "--max-connections=1",
            "--metrics-listen=127.0.0.1:0",
            "--client-timeout=600",
        ];
        let server = Server::with(&gateway.database_url, &one).await;
        let listening = server.process.logged("serving metrics").await;
        let operations = address_in(listening["url"].as_str().expect("a URL"));
        let silent = server.connect().await;
        for (path, status) in [("/health/live", "ok"), ("/health/ready", "ready")] {
            let mut wire = Wire::connect(operations).await.expect("a connection");
            wire.write(&Request::get(path).text()).await;
            assert_eq!(wire.response().await.json, json!({ "status": status }));
        }
        drop(silent);
        // The server may notice this after the next client connects.
        let response = eventually("room for a client", async || {
            let mut wire = Wire::connect(server.address).await.ok()?;
            let request = Request::get("/health/live").kept_alive();
            wire.try_write(&request).await.ok()?;
            wire.kept_answer().await
        })
        .await;
        assert_eq!(response.status, StatusCode::OK);
    })
    .await;
}

/// Sends the head of a request, and a body that never ends.
async fn trickling(server: &Server, client: &str, length: &str) -> TcpStream {
    let mut stream = connect_from(client, server.address).await;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("a peer");
    stream
}

/// Reads a response to its end, by its length.
async fn raw_response(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut part = [0; 4096];
    loop {
        let length = stream.read(&mut part).await.expect("a response");
        assert!(length > 0, "{text}");
        text += std::str::from_utf8(&part[..length]).expect("text");
        if text.ends_with('}') || text.ends_with("Continue\r\n\r\n") {
            return text;
        }
    }
}

#[tokio::test]
async fn slow_bodies_hold_no_slot_and_are_bounded_per_client() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        // One client has two bodies under way, and each share has four slots.
        let few = [
            "--max-in-flight=32",
            "--metrics=on",
            "--max-connections-per-client=10000",
        ];
        let server = Server::with(&gateway.database_url, &few).await;
        let mut open = Vec::new();
        for client in (2..=9).map(|last| format!("127.0.0.{last}")) {
            for _ in 0..2 {
                let mut stream = trickling(&server, &client, "1000").await;
                // Its handler waits for the body.
                let text = raw_response(&mut stream).await;
                assert_eq!(text, "HTTP/1.1 100 Continue\r\n\r\n", "{client}");
                open.push(stream);
            }
            let mut third = trickling(&server, &client, "1000").await;
            let text = raw_response(&mut third).await;
            assert!(text.starts_with("HTTP/1.1 503"), "{client}: {text}");
        }
        // All sixteen bodies of the share are under way. Requests without a body still get
        // responses.
        let response = server.get(None, "/graphql?query=%7B__typename%7D").await;
        assert_eq!(response.status, StatusCode::OK);
        assert_eq!(
            metric(&server, "capacity_refusals_total{resource=\"bodies\"}").await,
            8.0
        );
        assert_eq!(
            metric(&server, "requests_shed_total{share=\"anonymous\"}").await,
            0.0
        );
        // A body that does not arrive times out.
        let text = raw_response(&mut open[0]).await;
        assert!(text.starts_with("HTTP/1.1 408"), "{text}");
        let (_, body) = text.split_once("\r\n\r\n").expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], "TIMEOUT");
        is_well(&server).await;
    })
    .await;
}

#[tokio::test]
async fn a_client_has_a_maximum_of_open_requests() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        // Eight open requests, of which one client may have one.
        let server = Server::with(&gateway.database_url, &["--max-in-flight=2"]).await;
        let mut open = trickling(&server, "127.0.0.1", "1000").await;
        assert_eq!(
            raw_response(&mut open).await,
            "HTTP/1.1 100 Continue\r\n\r\n"
        );
        let refused = server.get(None, "/health/live").await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.text, "");
        for (name, value) in [
            ("retry-after", "1"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(refused.header(name), value);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_behind_a_proxy_has_a_maximum_of_open_requests() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        // Eight open requests, of which one client may have one.
        let settings = ["--max-in-flight=2", "--trusted-proxies=127.0.0.1"];
        let server = Server::with(&gateway.database_url, &settings).await;
        let mut open = connect_from("127.0.0.1", server.address).await;
        let head = "POST /graphql HTTP/1.1\r\nhost: it\r\nx-forwarded-for: 192.0.2.1\r\n\
                    content-type: application/json\r\ncontent-length: 1000\r\n\
                    expect: 100-continue\r\n\r\n";
        open.write_all(head.as_bytes()).await.expect("a head");
        assert_eq!(
            raw_response(&mut open).await,
            "HTTP/1.1 100 Continue\r\n\r\n"
        );
        for (client, status) in [
            ("192.0.2.1", StatusCode::SERVICE_UNAVAILABLE),
            ("192.0.2.2", StatusCode::OK),
        ] {
            let request = Request::get("/health/live").header("x-forwarded-for", client);
            assert_eq!(server.send(&request).await.status, status, "{client}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_content_length_that_is_too_long_is_refused_before_the_body() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let server = Server::new(&gateway.database_url).await;
        for length in ["131073", "52428800", "1099511627776"] {
            let mut stream = trickling(&server, "127.0.0.1", length).await;
            let text = raw_response(&mut stream).await;
            assert!(text.starts_with("HTTP/1.1 413"), "{text}");
            let (_, body) = text.split_once("\r\n\r\n").expect("a body");
            let body: Value = serde_json::from_str(body).expect("JSON");
            let extensions = &body["errors"][0]["extensions"];
            assert_eq!(extensions["measured"].to_string(), length);
        }
    })
    .await;
}

#[tokio::test]
async fn the_file_limit_bounds_connections() {
    run(Backend::Sqlite, async |gateway: Gateway| {
        let server =
            Server::with_files(&gateway.database_url, 200, &["--max-connections=1000"]).await;
        let message = "lowered --max-connections: the limit of open files (ulimit -n) is too low";
        let warning = server.process.logged(message).await;
        assert_eq!(
            (&warning["limit"], &warning["configured"]),
            (&json!(200), &json!(1000))
        );
        // Keeps file descriptors for other uses, even with the maximum of connections.
        let most = warning["max_connections"].as_u64().expect("a number");
        assert!((100..200).contains(&most), "{most}");
        let mut open = Vec::new();
        for client in 2..=5 {
            for _ in 0..most / 4 - 1 {
                open.push(connect_from(&format!("127.0.0.{client}"), server.address).await);
            }
        }
        is_well(&server).await;
        let response: Response = server.get(None, "/health/ready").await;
        assert_eq!(response.status, StatusCode::OK);
    })
    .await;
}
