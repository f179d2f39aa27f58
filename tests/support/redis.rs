//! A Redis server for one test, which can stop, start and freeze it.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use super::process::eventually;

/// A Redis server. It is killed at the end of the test.
pub struct Redis {
    port: u16,
    server: Child,
}

impl Redis {
    /// Starts a server on a free port, and waits until it responds.
    pub async fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let server = spawn(port);
        let redis = Self { port, server };
        redis.is_there().await;
        redis
    }

    /// Returns its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Kills it. Its data is lost.
    pub fn kill(&mut self) {
        self.server.kill().expect("a server that runs");
        self.server.wait().expect("its end");
    }

    /// Starts it again on the same port.
    pub async fn restart(&mut self) {
        self.server = spawn(self.port);
        self.is_there().await;
    }

    /// Sends a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.server.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.expect("a shell").success(), "{kill}");
    }

    /// Returns the names of all keys.
    pub async fn keys(&self) -> Vec<String> {
        self.command(&["KEYS", "*"]).await
    }

    /// Sets a value.
    pub async fn set(&self, key: &str, value: &str) {
        self.command::<()>(&["SET", key, value]).await;
    }

    /// Returns the number of commands that it received.
    pub async fn commands(&self) -> u64 {
        let info: String = self.command(&["INFO", "stats"]).await;
        let count = info
            .lines()
            .find_map(|line| line.strip_prefix("total_commands_processed:"));
        count.expect("a count").parse().expect("a number")
    }

    async fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url()).expect("a URL");
        let connection = client.get_multiplexed_async_connection().await;
        let mut connection = connection.expect("a connection");
        let mut command = redis::cmd(words[0]);
        let response = command.arg(&words[1..]).query_async(&mut connection);
        response.await.expect("a response")
    }

    async fn is_there(&self) {
        eventually("Redis", async || {
            let address = ("127.0.0.1", self.port);
            tokio::net::TcpStream::connect(address).await.ok()
        })
        .await;
    }
}

fn spawn(port: u16) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no"])
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server")
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
