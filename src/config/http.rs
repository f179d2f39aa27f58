//! HTTP settings.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use clap::{Args, ValueEnum};
use url::Url;

use super::{
    Switch,
    quantity::{bytes, number, seconds},
};
use crate::{
    graphql::SubgraphSdl,
    http::{Connections, Origin},
    redacted::Redacted,
};

/// HTTP settings.
#[derive(Args, Clone)]
#[command(next_help_heading = "HTTP")]
pub struct HttpOptions {
    /// Address and port to listen on; port 0 selects a free one
    #[arg(
        long,
        env = "GATEWAY_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        value_parser = Redacted(listen)
    )]
    pub listen: SocketAddr,

    /// URL at which clients reach the gateway, the base of absolute URLs in responses [default:
    /// http:// and the address of --listen]
    #[arg(long, env = "GATEWAY_PUBLIC_URL", value_name = "URL",
          value_parser = Redacted(public_url))]
    pub public_url: Option<Url>,

    /// Maximum length of a request body, in bytes, 1024 to 16777216
    #[arg(long, env = "GATEWAY_MAX_BODY", value_name = "BYTES", default_value_t = 131_072,
          value_parser = bytes(1024..=16_777_216_u32))]
    pub max_body: u32,

    /// Time limit of a request and its statements, in seconds, 1 to 600; a request that exceeds it
    /// gets 504 or TIMEOUT
    #[arg(long, env = "GATEWAY_REQUEST_TIMEOUT", value_name = "SECONDS", default_value_t = 10,
          value_parser = seconds(1..=600))]
    pub request_timeout: u64,

    /// Maximum number of open client connections, 1 to 1000000; further connections wait. The
    /// gateway raises the open-file limit (ulimit -n) to fit; if the system refuses, it lowers this
    /// maximum and logs a warning
    #[arg(long, env = "GATEWAY_MAX_CONNECTIONS", value_name = "NUMBER", default_value_t = 10_000,
          value_parser = number(1..=1_000_000_u32))]
    pub max_connections: u32,

    /// Maximum number of connections from one address (IPv6: one /64), 1 to 1000000; further
    /// connections are closed. Does not apply to --trusted-proxies
    #[arg(long, env = "GATEWAY_MAX_CONNECTIONS_PER_CLIENT", value_name = "NUMBER",
          default_value_t = 256, value_parser = number(1..=1_000_000_u32))]
    pub max_connections_per_client: u32,

    /// Time that a client may take to send a request head, or to read more of a response, in
    /// seconds, 1 to 600. A client that exceeds it loses its connection or HTTP/2 stream
    #[arg(long, env = "GATEWAY_CLIENT_TIMEOUT", value_name = "SECONDS", default_value_t = 10,
          value_parser = seconds(1..=600))]
    pub client_timeout: u64,

    /// Bytes of request bodies and responses that the gateway buffers, 1048576 to 1099511627776;
    /// further requests get 503. One client may use at most one eighth
    #[arg(long, env = "GATEWAY_MAX_BUFFERED", value_name = "BYTES", default_value_t = 67_108_864,
          value_parser = bytes(1_048_576..=1_099_511_627_776_u64))]
    pub max_buffered: u64,

    /// Maximum number of data requests in flight, 2 to 1000000; further requests get 503 at once.
    /// Half is reserved for requests with a token, half for those without. One client may use at
    /// most one eighth of either half
    #[arg(long, env = "GATEWAY_MAX_IN_FLIGHT", value_name = "NUMBER", default_value_t = 1024,
          value_parser = number(2..=1_000_000_u32))]
    pub max_in_flight: u32,

    /// Origins whose pages may read responses (CORS), such as https://app.example; * allows all. Separate
    /// several by commas, or repeat the option [default: none; in the demo, those of this machine]
    #[arg(
        long,
        env = "GATEWAY_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = Redacted(Origin::from_str)
    )]
    pub cors_origin: Vec<Origin>,

    /// Time to finish requests in flight on SIGTERM or SIGINT, in seconds, 0 to 600
    #[arg(long, env = "GATEWAY_DRAIN_TIMEOUT", value_name = "SECONDS", default_value_t = 10,
          value_parser = seconds(0..=600))]
    pub drain_timeout: u64,

    /// Serve GraphiQL, a page to explore the API, at /graphiql [default: on if --listen is a
    /// loopback address, and in the demo]
    #[arg(long, env = "GATEWAY_GRAPHIQL", value_enum)]
    pub graphiql: Option<Switch>,

    /// Allow introspection (__schema and __type), which GraphiQL and other tools need [default: on
    /// if --listen is a loopback address, and in the demo]
    #[arg(long, env = "GATEWAY_INTROSPECTION", value_enum)]
    pub introspection: Option<Switch>,

    /// Access to the subgraph's schema through _service { sdl }: everyone (public), clients with
    /// a valid bearer token (signed-in), or nobody (off) [default: public if --listen is a loopback
    /// address, and in the demo; else signed-in]
    #[arg(
        long,
        env = "GATEWAY_SUBGRAPH_SDL",
        value_name = "public|signed-in|off",
        value_enum,
        hide_possible_values = true
    )]
    pub subgraph_sdl: Option<SubgraphSdl>,

    /// Defaults of what anonymous clients can learn about the gateway. strict: GraphiQL and
    /// introspection are off, only signed-in clients read the subgraph's schema, and / and
    /// /openapi.json omit the version, whatever --listen is. auto: the defaults depend on --listen.
    /// --graphiql, --introspection and --subgraph-sdl take precedence
    #[arg(
        long,
        env = "GATEWAY_PUBLIC",
        value_name = "auto|strict",
        value_enum,
        hide_possible_values = true,
        default_value_t
    )]
    pub public: Public,
}

/// Defaults of what anonymous clients can learn about the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Public {
    /// Everything if the gateway listens on a loopback address.
    #[default]
    Auto,
    /// Nothing.
    Strict,
}

impl HttpOptions {
    /// Returns the connection limits of a process that may have `max` connections.
    pub fn connections(&self, max: u32) -> Connections {
        // No single client may use more than half of a small limit.
        let max_per_client = self.max_connections_per_client.min(max.div_ceil(2));
        Connections {
            max: max as usize,
            max_per_client: max_per_client as usize,
            client_timeout: Duration::from_secs(self.client_timeout),
        }
    }

    /// Returns the time limit of a request.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout)
    }

    /// Returns true if GraphiQL is served.
    pub fn has_graphiql(&self) -> bool {
        self.is_on(self.graphiql)
    }

    /// Returns true if introspection is allowed.
    pub fn has_introspection(&self) -> bool {
        self.is_on(self.introspection)
    }

    /// Returns the configured or default visibility of the subgraph's schema.
    pub fn subgraph_sdl(&self) -> SubgraphSdl {
        self.subgraph_sdl
            .unwrap_or(match self.is_open_by_default() {
                true => SubgraphSdl::Public,
                false => SubgraphSdl::SignedIn,
            })
    }

    /// Returns true for `--public=strict`.
    pub fn is_strict(&self) -> bool {
        self.public == Public::Strict
    }

    fn is_on(&self, switch: Option<Switch>) -> bool {
        match switch {
            Some(switch) => switch == Switch::On,
            None => self.is_open_by_default(),
        }
    }

    /// Returns true if the gateway listens on a loopback address, which enables everything by
    /// default.
    fn is_open_by_default(&self) -> bool {
        !self.is_strict() && self.listen.ip().to_canonical().is_loopback()
    }
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "expected an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:80 or [::1]:0",
    )
}

fn public_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none() =>
        {
            Ok(url)
        }
        _ => {
            Err("expected an absolute http or https URL without user, query or fragment".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{HttpOptions, SubgraphSdl};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        http: HttpOptions,
    }

    #[test]
    fn graphiql_and_introspection_are_on_by_default_on_loopback_only() {
        for (address, is_on) in [
            ("127.0.0.1:8080", true),
            ("127.8.9.1:0", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("0.0.0.0:8080", false),
            ("[::]:8080", false),
            ("192.168.0.1:8080", false),
        ] {
            let listen = format!("--listen={address}");
            let http = |more: &[&str]| {
                let line = [&["serve", listen.as_str()], more].concat();
                Line::try_parse_from(line).expect("good options").http
            };
            let defaults = http(&[]);
            assert_eq!(defaults.has_graphiql(), is_on, "{address}");
            assert_eq!(defaults.has_introspection(), is_on, "{address}");
            let sdl = match is_on {
                true => SubgraphSdl::Public,
                false => SubgraphSdl::SignedIn,
            };
            assert_eq!(defaults.subgraph_sdl(), sdl, "{address}");
            let strict = http(&["--public=strict"]);
            assert!(
                !strict.has_graphiql() && !strict.has_introspection(),
                "{address}"
            );
            assert_eq!(strict.subgraph_sdl(), SubgraphSdl::SignedIn, "{address}");
            let single = http(&["--public=strict", "--graphiql=on", "--subgraph-sdl=public"]);
            assert!(single.has_graphiql() && !single.has_introspection());
            assert_eq!(single.subgraph_sdl(), SubgraphSdl::Public, "{address}");
            let off = http(&["--graphiql=off", "--introspection=off"]);
            assert!(!off.has_graphiql() && !off.has_introspection(), "{address}");
            let mixed = http(&["--graphiql=on", "--introspection=off"]);
            assert!(
                mixed.has_graphiql() && !mixed.has_introspection(),
                "{address}"
            );
        }
    }
}
