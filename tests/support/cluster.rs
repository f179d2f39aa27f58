//! A PostgreSQL server for one test, which can stop, start and freeze it.

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    panic::{AssertUnwindSafe, resume_unwind},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use futures_util::FutureExt;
use migration::{Migrator, MigratorTrait};
use tempfile::TempDir;

use super::{Gateway, database, process::eventually};

/// A PostgreSQL server. It is killed at the end of the test.
pub struct Cluster {
    folder: TempDir,
    port: u16,
    server: Mutex<Option<Child>>,
    settings: Vec<String>,
}

/// Runs a test with a server of its own, and a migrated database on it.
pub async fn run_over_cluster(test: impl AsyncFnOnce(Arc<Cluster>, Gateway)) {
    run_over(Cluster::make(), test).await;
}

/// Runs a test with a server and a migrated database on it.
pub async fn run_over(cluster: Cluster, test: impl AsyncFnOnce(Arc<Cluster>, Gateway)) {
    let cluster = Arc::new(cluster);
    cluster.start().await;
    let opened = database::opened(&cluster.url()).await;
    Migrator::up(&opened.database, None)
        .await
        .expect("migrations");
    let gateway = Gateway::new(opened);
    let ended = AssertUnwindSafe(test(cluster.clone(), gateway))
        .catch_unwind()
        .await;
    cluster.kill();
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
}

impl Cluster {
    /// Makes a server that does not run yet.
    pub fn make() -> Self {
        let folder = TempDir::new().expect("a folder for the server");
        if is_root() {
            // The server refuses to run as root.
            let owner = owner();
            chown(folder.path(), Some(owner.0), Some(owner.1)).expect("another owner");
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        let cluster = Self {
            folder,
            port,
            server: Mutex::new(None),
            settings: Vec::new(),
        };
        let made = cluster
            .program("initdb")
            .args(["--username=postgres", "--auth=trust", "--no-sync"])
            .args(["--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"])
            .arg(cluster.data())
            .stdout(Stdio::null())
            .output()
            .expect("initdb");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        cluster
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Adds a setting, `name=value`.
    #[must_use]
    pub fn with(mut self, setting: impl Into<String>) -> Self {
        self.settings.push(setting.into());
        self
    }

    /// Writes a file of the server's data.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.data().join(name);
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a file");
        if is_root() {
            let owner = owner();
            chown(&path, Some(owner.0), Some(owner.1)).expect("another owner");
        }
    }

    /// Returns the server's port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns a folder that the server may use, for its socket.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a command for a PostgreSQL program, as a user who may run a server.
    fn program(&self, name: &str) -> Command {
        let program = programs().join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=postgres", "--regid=postgres", "--init-groups"])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        // Its user may not have access to the current folder.
        command.current_dir(self.folder.path());
        command
    }

    /// Returns the URL of its database.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Like [`Self::url`], for another role.
    pub fn url_of(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server, and waits until it accepts connections.
    pub async fn start(&self) {
        let log = fs::File::create(self.folder.path().join("log")).expect("a log");
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=50",
            &format!("port={}", self.port),
        ] {
            command.args(["-c", setting]);
        }
        // The last one counts.
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let server = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("a server");
        *self.server.lock().expect("no panic with it") = Some(server);
        eventually("a server that responds", async || {
            let mut command = self.program("pg_isready");
            command.args(["--quiet", "--host=127.0.0.1", "--port"]);
            let command = command.arg(self.port.to_string()).status();
            command.expect("pg_isready").success().then_some(())
        })
        .await;
    }

    /// Stops the server as an operator would, despite open connections.
    pub async fn stop(&self) {
        let mut server = self.server.lock().expect("no panic with it").take();
        let server = server.as_mut().expect("a server that runs");
        signal("INT", &[server.id()]);
        eventually("the server's end", async || {
            server.try_wait().expect("a child of ours")
        })
        .await;
    }

    /// Freezes the server with all its processes.
    pub fn freeze(&self) {
        // Few processes start meanwhile.
        signal("STOP", &self.processes()[..1]);
        signal("STOP", &self.processes());
    }

    /// Resumes the server.
    pub fn thaw(&self) {
        signal("CONT", &self.processes());
    }

    /// Returns the server's first process, and then its children.
    fn processes(&self) -> Vec<u32> {
        let server = self.server.lock().expect("no panic with it");
        let first = server.as_ref().expect("a server that runs").id();
        let children = format!("/proc/{first}/task/{first}/children");
        let children = fs::read_to_string(children).expect("the server's processes");
        let children = children.split_whitespace();
        let children = children.map(|id| id.parse().expect("a process's id"));
        [first].into_iter().chain(children).collect()
    }

    /// Kills the server.
    pub fn kill(&self) {
        if self.server.lock().expect("no panic with it").is_none() {
            return;
        }
        signal("CONT", &self.processes());
        let server = self.server.lock().expect("no panic with it").take();
        let mut server = server.expect("a server that runs");
        // Kills it at once, with its processes.
        signal("QUIT", &[server.id()]);
        server.wait().expect("a child of ours");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

fn signal(name: &str, processes: &[u32]) {
    let ids: Vec<String> = processes.iter().map(ToString::to_string).collect();
    // Some may have ended.
    let kill = format!("kill -{name} {} 2>/dev/null || true", ids.join(" "));
    let status = Command::new("sh").args(["-c", &kill]).status();
    assert!(status.expect("a shell").success(), "{kill}");
}

fn is_root() -> bool {
    let own = fs::metadata("/proc/self").expect("this process");
    own.uid() == 0
}

/// Returns the user and group of servers if the tests run as root.
fn owner() -> (u32, u32) {
    let id = |kind| {
        let id = Command::new("id").args([kind, "postgres"]).output();
        let id = String::from_utf8(id.expect("id").stdout).expect("text");
        id.trim().parse().expect("a user of the name postgres")
    };
    (id("-u"), id("-g"))
}

/// Returns the folder with the programs of the newest PostgreSQL.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL from Debian's packages");
    let newest = versions
        .filter_map(|version| {
            let path = version.ok()?.path();
            let number: u32 = path.file_name()?.to_str()?.parse().ok()?;
            Path::new(&path.join("bin/postgres"))
                .exists()
                .then_some((number, path))
        })
        .max();
    newest.expect("a PostgreSQL server").1.join("bin")
}
