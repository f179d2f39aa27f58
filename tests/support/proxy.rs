//! A TCP proxy that a test can cut and heal, to simulate an outage.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use url::Url;

/// State of the proxied connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Forwards them.
    Open,
    /// Breaks them, and closes new ones at once.
    Cut,
    /// Keeps them open, but forwards nothing.
    Stalled,
}

/// Forwards connections to a server unless it is cut. Ends with the test.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy in front of the server of that URL.
    pub async fn before(url: &str) -> Self {
        let url: Url = url.parse().expect("a URL");
        let upstream = url.socket_addrs(|| Some(5432)).expect("an address")[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(watch::Sender::new(State::Open));
        let sender = state.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, upstream, sender.subscribe()));
            }
        });
        Self {
            address,
            state,
            accepting,
        }
    }

    /// Starts a proxy that replaces a word in what clients send by another of the same length.
    pub async fn replacing(url: &str, words: &'static [(&str, &str)]) -> Self {
        let url: Url = url.parse().expect("a URL");
        let upstream = url.socket_addrs(|| Some(5432)).expect("an address")[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(replace(client, upstream, words));
            }
        });
        Self {
            address,
            state: Arc::new(watch::Sender::new(State::Open)),
            accepting,
        }
    }

    /// Returns the server's URL through this proxy.
    pub fn url(&self, url: &str) -> String {
        let mut url: Url = url.parse().expect("a URL");
        url.set_ip_host(self.address.ip())
            .expect("a URL with a host");
        url.set_port(Some(self.address.port()))
            .expect("a URL with a port");
        url.into()
    }

    /// Breaks all connections, and closes new ones at once.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Forwards nothing and reports nothing, like an unplugged cable.
    pub fn stall(&self) {
        self.state.send_replace(State::Stalled);
    }

    /// Forwards again. Breaks stalled connections.
    pub fn heal(&self) {
        self.state.send_replace(State::Open);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn forward(mut client: TcpStream, upstream: SocketAddr, mut state: watch::Receiver<State>) {
    tokio::select! {
        biased;
        // An error means that the test has ended.
        _ = state.wait_for(|state| *state != State::Open) => {}
        _ = async {
            let mut server = TcpStream::connect(upstream).await?;
            copy_bidirectional(&mut client, &mut server).await
        } => return,
    }
    // The client's connection stays open during the stall.
    let _ = state.wait_for(|state| *state != State::Stalled).await;
}

/// Messages that set up a session arrive in one piece.
async fn replace(
    mut client: TcpStream,
    upstream: SocketAddr,
    words: &[(&str, &str)],
) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.split();
    let mut server = TcpStream::connect(upstream).await?;
    let (mut from_server, mut to_server) = server.split();
    let requests = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = from_client.read(&mut buffer).await?;
            if length == 0 {
                return to_server.shutdown().await;
            }
            let sent = &mut buffer[..length];
            for (word, other) in words {
                let found = sent
                    .windows(word.len())
                    .position(|it| it == word.as_bytes());
                if let Some(at) = found {
                    sent[at..at + other.len()].copy_from_slice(other.as_bytes());
                }
            }
            to_server.write_all(sent).await?;
        }
    };
    let responses = async { copy(&mut from_server, &mut to_client).await.map(drop) };
    tokio::select! { ended = requests => ended, ended = responses => ended }
}
