//! HAProxy, which balances connections over servers of PostgreSQL.

use std::{
    fmt::Write,
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tokio::net::TcpStream;
use url::Url;

use super::process::eventually;

/// An HAProxy. It is killed at the end of the test.
pub struct HaProxy {
    port: u16,
    server: Child,
    _folder: TempDir,
}

impl HaProxy {
    /// Starts one on a free port, which gives connections to the servers of these URLs in turn. It closes those
    /// that are idle for `idle`.
    pub async fn over(urls: &[String], idle: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let mut settings = format!(
            "defaults\n mode tcp\n timeout connect 1s\n timeout client {idle}\n timeout server {idle}\n\
             listen postgresql\n bind 127.0.0.1:{port}\n option pgsql-check user postgres\n",
        );
        for (at, url) in urls.iter().enumerate() {
            let url: Url = url.parse().expect("a URL");
            let address = url.socket_addrs(|| Some(5432)).expect("an address")[0];
            let _ = writeln!(settings, " server s{at} {address} check inter 200ms");
        }
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, settings).expect("a file");
        let server = Command::new("haproxy")
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("haproxy; scripts/test installs it");
        eventually("HAProxy", async || {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self {
            port,
            server,
            _folder: folder,
        }
    }

    /// Returns the servers' URL through this proxy.
    pub fn url(&self, url: &str) -> String {
        let mut url: Url = url.parse().expect("a URL");
        url.set_host(Some("127.0.0.1")).expect("a URL with a host");
        url.set_port(Some(self.port)).expect("a URL with a port");
        url.into()
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
