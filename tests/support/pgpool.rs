//! A Pgpool-II with stock settings, in front of the tests' PostgreSQL.

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

/// A Pgpool-II. It is stopped at the end of the test.
pub struct Pgpool {
    port: u16,
    server: Child,
    _folder: TempDir,
}

impl Pgpool {
    /// Starts one on a free port, in front of the server of that URL.
    pub async fn before(url: &str) -> Self {
        let url: Url = url.parse().expect("a URL");
        let upstream = url.socket_addrs(|| Some(5432)).expect("an address")[0];
        let free = ["127.0.0.1:0"; 2].map(|any| TcpListener::bind(any).expect("a free port"));
        let [port, control] =
            [&free[0], &free[1]].map(|free| free.local_addr().expect("an address").port());
        drop(free);
        let folder = TempDir::new().expect("a folder");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a folder");
        let path = folder.path().display();
        let settings = format!(
            "backend_clustering_mode = 'streaming_replication'\nlisten_addresses = '127.0.0.1'\nport = {port}\n\
             pcp_listen_addresses = '127.0.0.1'\npcp_port = {control}\nunix_socket_directories = '{path}'\n\
             pcp_socket_dir = '{path}'\nwd_ipc_socket_dir = '{path}'\npid_file_name = '{path}/pid'\n\
             logdir = '{path}'\nbackend_hostname0 = '{}'\nbackend_port0 = {}\nsr_check_user = '{}'\n",
            upstream.ip(),
            upstream.port(),
            url.username(),
        );
        let file = folder.path().join("pgpool.conf");
        fs::write(&file, settings).expect("a file");
        let server = Command::new("pgpool")
            .arg("-n")
            .arg("-f")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgpool; scripts/test installs it");
        eventually("Pgpool-II", async || {
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

impl Drop for Pgpool {
    fn drop(&mut self) {
        // At once, and with its processes, which a kill would leave.
        let _ = Command::new("kill")
            .args(["-INT", &self.server.id().to_string()])
            .status();
        let _ = self.server.wait();
    }
}
