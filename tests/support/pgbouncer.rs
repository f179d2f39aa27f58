//! A PgBouncer with stock settings, in front of the tests' PostgreSQL.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tokio::net::TcpStream;
use url::Url;

use super::process::eventually;

/// A PgBouncer. It is killed at the end of the test.
pub struct PgBouncer {
    port: u16,
    server: Child,
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts one on a free port, in front of the server of that URL. `mode` is its `pool_mode`.
    pub async fn before(url: &str, mode: &str) -> Self {
        Self::with(url, &format!("pool_mode = {mode}")).await
    }

    /// Like [`Self::before`], with settings.
    pub async fn with(url: &str, more: &str) -> Self {
        let url: Url = url.parse().expect("a URL");
        let upstream = url.socket_addrs(|| Some(5432)).expect("an address")[0];
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let folder = TempDir::new().expect("a folder");
        // It does not run as root, and reads the file of users later.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a folder");
        let user = match rustix::process::geteuid().is_root() {
            true => "user = nobody",
            false => "",
        };
        let users = folder.path().join("users.txt");
        let password = url.password().unwrap_or_default();
        fs::write(&users, format!("\"{}\" \"{password}\"\n", url.username())).expect("a file");
        let settings = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\n\
             {more}\n{user}\n",
            upstream.ip(),
            upstream.port(),
            users.display(),
        );
        fs::write(&settings, text).expect("a file");
        let server = Command::new("pgbouncer")
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer; scripts/test installs it");
        eventually("PgBouncer", async || {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self {
            port,
            server,
            _folder: folder,
        }
    }

    /// Returns the server's URL through this pooler.
    pub fn url(&self, url: &str) -> String {
        let mut url: Url = url.parse().expect("a URL");
        url.set_host(Some("127.0.0.1")).expect("a URL with a host");
        url.set_port(Some(self.port)).expect("a URL with a port");
        url.into()
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
