//! Runs the program as a process, with its own arguments, environment and streams.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use invite_gateway::auth::{NewClaims, mint};
use serde_json::{Value, json};

use super::{
    Response, secret,
    wire::{self, Wire},
};

/// Maximum time that a test waits.
const PATIENCE: Duration = Duration::from_secs(180);

/// 2099-12-31T23:59:59Z, because programs use the system clock.
const FAR_FUTURE: i64 = 4_102_444_799;

/// Polls until there is a result. Panics with `what` on timeout.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(response) = ask().await {
            return response;
        }
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A process of the program. It is killed at the end of the test.
pub struct Process {
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

/// Result of a process.
#[derive(Debug)]
pub struct Ended {
    /// Exit status. None if a signal ended the process.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Process {
    /// Starts the program with these arguments and an empty environment.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(&[], arguments)
    }

    /// Starts the program with these arguments and environment variables.
    pub fn start_in(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_invite-gateway"));
        command.args(arguments).env_clear();
        Self::spawn(command.envs(environment.iter().copied()))
    }

    /// Starts another program.
    pub(super) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        Self {
            stdout: Stream::collect(child.stdout.take().expect("a pipe")),
            stderr: Stream::collect(child.stderr.take().expect("a pipe")),
            child,
        }
    }

    /// Runs the program to its end, with empty input.
    pub async fn run(arguments: &[&str]) -> Ended {
        Self::run_in(&[], arguments).await
    }

    /// Like [`Self::run`], with these environment variables.
    pub async fn run_in(environment: &[(&str, &str)], arguments: &[&str]) -> Ended {
        let mut process = Self::start_in(environment, arguments);
        drop(process.input());
        process.ended().await
    }

    /// Like [`Self::run_in`], with this working directory: relative paths in arguments are in it.
    pub async fn run_in_folder(
        folder: &Path,
        environment: &[(&str, &str)],
        arguments: &[&str],
    ) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_invite-gateway"));
        command.args(arguments).env_clear().current_dir(folder);
        let mut process = Self::spawn(command.envs(environment.iter().copied()));
        drop(process.input());
        process.ended().await
    }

    /// Runs the program to its end, with this input.
    pub async fn run_with_input(input: &str, arguments: &[&str]) -> Ended {
        Self::fed(Self::start(arguments), input).await
    }

    async fn fed(mut process: Self, input: &str) -> Ended {
        let mut stdin = process.input();
        let input = input.to_owned();
        // A program that does not read to the end closes the pipe. Its exit status shows why.
        let feeder = thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap_or_default());
        let ended = process.ended().await;
        feeder.join().expect("a feeder that ends");
        ended
    }

    /// Runs the program to its end, with empty input and this umask.
    pub async fn run_with_umask(umask: &str, arguments: &[&str]) -> Ended {
        let masked = format!("umask {umask}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command
            .args(["-c", &masked, env!("CARGO_BIN_EXE_invite-gateway")])
            .args(arguments)
            .env_clear();
        Self::fed(Self::spawn(&mut command), "").await
    }

    /// Like [`Self::run_with_input`], with a file size limit of that many blocks of 512 bytes or
    /// more. It acts like a full disk.
    pub async fn run_on_full_disk(blocks: u32, input: &str, arguments: &[&str]) -> Ended {
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command
            .args(["-c", &limited, env!("CARGO_BIN_EXE_invite-gateway")])
            .args(arguments)
            .env_clear();
        Self::fed(Self::spawn(&mut command), input).await
    }

    /// Returns its standard input.
    pub fn input(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("an input not taken yet")
    }

    /// Returns its standard output and standard error so far.
    pub fn written(&self) -> (String, String) {
        (self.stdout.text(), self.stderr.text())
    }

    /// Returns the first JSON log line with this message.
    pub async fn logged(&self, message: &str) -> Value {
        eventually(message, async || {
            log_lines(&self.stderr.text())
                .into_iter()
                .find(|line| line["message"] == message)
        })
        .await
    }

    /// Returns the most memory that the process has held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a process");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.expect("a peak") * 1024
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.expect("a shell").success(), "{kill}");
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Ended {
        let status = eventually("the end of the process", async || {
            self.child.try_wait().expect("a child of ours")
        })
        .await;
        Ended {
            status: status.code(),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        self.child.kill().unwrap_or_default();
        self.child.wait().expect("a child of ours");
    }
}

/// Parses complete JSON log lines. Panics on a line that is not JSON.
pub fn log_lines(text: &str) -> Vec<Value> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

/// Output of a process, read continuously, so that no pipe fills up.
struct Stream {
    collected: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

trait Source: Read + Send + 'static {}
impl Source for ChildStdout {}
impl Source for ChildStderr {}

impl Stream {
    fn collect(mut source: impl Source) -> Self {
        let collected = Arc::new(Mutex::new(Vec::new()));
        let into = collected.clone();
        let reader = thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = source.read(&mut piece) {
                into.lock().expect("not poisoned").extend(&piece[..length]);
            }
        });
        Self {
            collected,
            reader: Some(reader),
        }
    }

    fn text(&self) -> String {
        let bytes = self.collected.lock().expect("not poisoned");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns all of it, after the process has ended.
    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("a reader that ends");
        }
        self.text()
    }
}

/// Rate limits that tests do not reach.
const UNLIMITED: [(&str, &str); 5] = [
    ("GATEWAY_RATE_LIMIT_REQUESTS", "0"),
    ("GATEWAY_RATE_LIMIT_COST", "0"),
    ("GATEWAY_RATE_LIMIT_MISSED_LOOKUPS", "0"),
    ("GATEWAY_RATE_LIMIT_MUTATIONS", "0"),
    ("GATEWAY_RATE_LIMIT_WRITTEN_ROWS", "0"),
];

/// `invite-gateway serve` over a database, on a free port, accepting the tests' tokens.
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
}

/// Settings of a server that writes.
const WRITES: [&str; 3] = ["--mutations=on", "--accept-url", super::ACCEPT_URL];

impl Server {
    /// Starts a server and waits until it listens.
    pub async fn new(database_url: &str) -> Self {
        Self::with(database_url, &[]).await
    }

    /// Like [`Self::new`], with more arguments.
    pub async fn with(database_url: &str, more: &[&str]) -> Self {
        Self::start(&UNLIMITED, database_url, more).await
    }

    /// Like [`Self::with`], with more environment variables instead of arguments.
    pub async fn with_variables(database_url: &str, more: &[(&str, &str)]) -> Self {
        Self::start(&[&UNLIMITED, more].concat(), database_url, &[]).await
    }

    /// Like [`Self::with`], with default rate limits.
    pub async fn limited(database_url: &str, more: &[&str]) -> Self {
        Self::start(&[], database_url, more).await
    }

    /// Like [`Self::new`], without mutations.
    pub async fn without_mutations(database_url: &str) -> Self {
        Self::without_mutations_in(&[], database_url).await
    }

    /// Like [`Self::without_mutations`], with more environment variables.
    pub async fn without_mutations_in(environment: &[(&str, &str)], database_url: &str) -> Self {
        let arguments = Self::arguments(database_url);
        let arguments = arguments
            .strip_suffix(&WRITES)
            .expect("the settings of writes");
        let environment = [&UNLIMITED, environment].concat();
        Self::listening(Process::start_in(&environment, arguments)).await
    }

    /// Like [`Self::with`], with a maximum of open files.
    pub async fn with_files(database_url: &str, most: u32, more: &[&str]) -> Self {
        let limited = format!("ulimit -n {most}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command
            .args(["-c", &limited, env!("CARGO_BIN_EXE_invite-gateway")])
            .args([&Self::arguments(database_url), more].concat())
            .env_clear()
            .envs(UNLIMITED);
        Self::listening(Process::spawn(&mut command)).await
    }

    fn arguments(database_url: &str) -> [&str; 10] {
        [
            "serve",
            "--database-url",
            database_url,
            "--listen=127.0.0.1:0",
            "--log-format=json",
            "--jwt-secret",
            super::SECRET,
            WRITES[0],
            WRITES[1],
            WRITES[2],
        ]
    }

    async fn start(environment: &[(&str, &str)], database_url: &str, more: &[&str]) -> Self {
        let arguments = [&Self::arguments(database_url), more].concat();
        Self::listening(Process::start_in(environment, &arguments)).await
    }

    async fn listening(process: Process) -> Self {
        let listening = process.logged("listening").await;
        let address = address_in(listening["url"].as_str().expect("a URL"));
        Self { process, address }
    }

    /// Starts `invite-gateway demo` with more arguments, and returns its banner, too.
    pub async fn demo(more: &[&str]) -> (Self, String) {
        let demo = ["demo", "--listen=127.0.0.1:0", "--log-format=json"];
        let process = Process::start_in(&UNLIMITED, &[&demo, more].concat());
        let banner = eventually("the banner", async || {
            let (stdout, _) = process.written();
            stdout.contains("demo --describe\n").then_some(stdout)
        })
        .await;
        let url = banner
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with("http://"))
            .expect("a URL");
        let address = address_in(url);
        (Self { process, address }, banner)
    }

    /// Opens a connection.
    pub async fn connect(&self) -> Wire {
        Wire::connect(self.address).await.expect("a connection")
    }

    /// Sends a request on a new connection.
    pub async fn send(&self, request: &wire::Request<'_>) -> Response {
        let mut wire = self.connect().await;
        wire.write(&request.text()).await;
        wire.response().await
    }

    /// Sends `GET path`, signed in if `authorization` is given.
    pub async fn get(&self, authorization: Option<&str>, path: &str) -> Response {
        self.send(&wire::Request::get(path).authorized(authorization))
            .await
    }

    /// Sends a GraphQL document.
    pub async fn graphql(
        &self,
        authorization: Option<&str>,
        document: &str,
        variables: Value,
    ) -> Response {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let request = wire::Request::post_json("/graphql", &body).authorized(authorization);
        self.send(&request).await
    }
}

/// Returns the address in a URL that a process printed.
pub fn address_in(url: &str) -> SocketAddr {
    let url: url::Url = url.parse().expect("a URL");
    let addresses = url.socket_addrs(|| None).expect("an address");
    addresses[0]
}

/// Returns an `Authorization` header of the user with that id, valid by the system clock.
pub fn authorization(user_id: i64) -> String {
    scoped(&user_id.to_string(), None)
}

/// Returns an `Authorization` header of a subject with scopes, valid by the system clock.
pub fn scoped(sub: &str, scope: Option<&str>) -> String {
    let claims = NewClaims {
        sub,
        iat: 0,
        exp: FAR_FUTURE,
        iss: None,
        aud: None,
        scope,
    };
    format!("Bearer {}", mint(&secret(), &claims).expect("a token"))
}
