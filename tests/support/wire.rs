//! HTTP/1.1 by hand, so that a test controls when each byte is sent.

use std::{fmt::Write, io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::Response;

/// Maximum time of a response.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request.
pub struct Request<'a> {
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a str,
}

impl<'a> Request<'a> {
    pub fn get(path: &'a str) -> Self {
        Self::of("GET", path)
    }

    /// Creates a request with any method.
    pub fn of(method: &'a str, path: &'a str) -> Self {
        Self {
            method,
            path,
            headers: Vec::new(),
            body: "",
        }
    }

    pub fn post_json(path: &'a str, body: &'a str) -> Self {
        Self {
            method: "POST",
            path,
            headers: vec![("content-type", "application/json")],
            body,
        }
    }

    /// Sets the body.
    pub fn body(mut self, body: &'a str) -> Self {
        self.body = body;
        self
    }

    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn authorized(self, authorization: Option<&'a str>) -> Self {
        match authorization {
            Some(value) => self.header("authorization", value),
            None => self,
        }
    }

    /// Returns all but the body.
    pub fn head(&self) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\nhost: test\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").expect("text");
        }
        if !self.body.is_empty() {
            write!(text, "content-length: {}\r\n", self.body.len()).expect("text");
        }
        text + "connection: close\r\n\r\n"
    }

    /// Returns the whole request.
    pub fn text(&self) -> String {
        self.head() + self.body
    }

    /// Returns the whole request, for a kept-alive connection.
    pub fn kept_alive(&self) -> String {
        self.text().replacen("connection: close\r\n", "", 1)
    }
}

/// A connection to a server.
pub struct Wire(TcpStream);

impl Wire {
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        TcpStream::connect(address).await.map(Self)
    }

    pub async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("a peer");
    }

    /// Writes to a peer that may have closed the connection.
    pub async fn try_write(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes()).await
    }

    /// Reads a response on a kept-alive connection. None if the connection ends before.
    pub async fn kept_answer(&mut self) -> Option<Response> {
        let mut text = String::new();
        let mut piece = [0; 4096];
        loop {
            let read = timeout(PATIENCE, self.0.read(&mut piece)).await;
            let length = read
                .expect("a response in time")
                .ok()
                .filter(|length| *length > 0)?;
            text += std::str::from_utf8(&piece[..length]).expect("text");
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .expect("a length");
            if body.len().to_string() == length {
                return Some(Response::parse(&text));
            }
        }
    }

    /// Reads exactly `expected`, such as `HTTP/1.1 100 Continue` and an empty line.
    pub async fn expect(&mut self, expected: &str) {
        let mut bytes = vec![0; expected.len()];
        let read = timeout(PATIENCE, self.0.read_exact(&mut bytes)).await;
        read.expect("a response in time").expect("a peer");
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
    }

    /// Reads the response up to the end of the connection.
    pub async fn response(&mut self) -> Response {
        let mut bytes = Vec::new();
        let read = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        read.expect("a response in time").expect("a peer");
        Response::parse(&String::from_utf8(bytes).expect("text"))
    }
}
