//! A TCP proxy that can be cut and healed, for a database that goes away.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use url::Url;

/// What becomes of connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// They are forwarded.
    Open,
    /// They are broken, and new ones closed at once.
    Cut,
    /// They stay, and nothing comes through.
    Stalled,
}

/// Forwards connections to a server while it is not cut. Ends with the test.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy before the server of that URL.
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

    /// The server's URL by way of this proxy.
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

    /// Lets nothing through, and says nothing of it: a cable is out.
    pub fn stall(&self) {
        self.state.send_replace(State::Stalled);
    }

    /// Forwards again. What was stalled is broken.
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
    // The client's connection stays for as long as the stall does.
    let _ = state.wait_for(|state| *state != State::Stalled).await;
}
