//! Every setting once: its flag, environment variable, default, unit and meaning.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use url::Url;

use crate::{
    access::{Disclosure, GroupInviteUrl, Policy},
    auth::TokenOptions,
    database::{self, Pool},
    graphql::{NodeFields, SchemaSettings},
    http::Origin,
    unquoted::Unquoted,
};

/// Settings of `serve`.
#[derive(Args, Clone)]
pub struct ServeArgs {
    /// Where the data is.
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// How the gateway is reached.
    #[command(flatten)]
    pub http: HttpOptions,
    /// How GraphQL is served.
    #[command(flatten)]
    pub graphql: GraphqlOptions,
    /// Which bearer tokens are taken.
    #[command(flatten)]
    pub tokens: TokenOptions,
    /// What is shown.
    #[command(flatten)]
    pub policy: PolicyOptions,
    /// How the gateway is a subgraph.
    #[command(flatten)]
    pub federation: FederationOptions,
    /// What is logged.
    #[command(flatten)]
    pub log: LogOptions,
}

/// Where the data is.
#[derive(Args, Clone)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// The database: postgres://user:password@host:port/name or sqlite://path
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true,
          value_parser = Unquoted(database::check_url))]
    pub database_url: String,

    /// Most open connections, 1 to 1000
    #[arg(long, env = "GATEWAY_DATABASE_MAX_CONNECTIONS", value_name = "NUMBER", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_max_connections: u32,

    /// How long a request waits for a connection before it is answered 503, in seconds, 1 to 60
    #[arg(long, env = "GATEWAY_DATABASE_ACQUIRE_TIMEOUT", value_name = "SECONDS", default_value_t = 2,
          value_parser = clap::value_parser!(u64).range(1..=60))]
    pub database_acquire_timeout: u64,
}

impl DatabaseOptions {
    /// The pool that these options describe.
    pub fn pool(&self) -> Pool {
        Pool {
            url: self.database_url.clone(),
            max_connections: self.database_max_connections,
            acquire_timeout: Duration::from_secs(self.database_acquire_timeout),
            create: false,
        }
    }
}

/// Which database a command is about.
#[derive(Args, Clone)]
pub struct DatabaseUrl {
    /// The database: postgres://user:password@host:port/name or sqlite://path
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true,
          value_parser = Unquoted(database::check_url))]
    pub database_url: String,
}

/// How the gateway is reached.
#[derive(Args, Clone)]
#[command(next_help_heading = "HTTP")]
pub struct HttpOptions {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "GATEWAY_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        value_parser = listen
    )]
    pub listen: SocketAddr,

    /// What absolute URLs in answers begin with, as clients reach the gateway [default: http://
    /// and the address listened on]
    #[arg(long, env = "GATEWAY_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub public_url: Option<Url>,

    /// Longest body of a request, in bytes, 1024 to 16777216
    #[arg(long, env = "GATEWAY_MAX_BODY", value_name = "BYTES", default_value_t = 131_072,
          value_parser = clap::value_parser!(u32).range(1024..=16_777_216))]
    pub max_body: u32,

    /// Origins whose pages may read answers in browsers, such as https://app.example; * for all.
    /// Several: separated by commas, or given several times [default: none]
    #[arg(
        long,
        env = "GATEWAY_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub cors_origin: Vec<Origin>,

    /// How long to finish what is in flight when told to stop, in seconds, 0 to 600
    #[arg(long, env = "GATEWAY_DRAIN_TIMEOUT", value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(0..=600))]
    pub drain_timeout: u64,

    /// GraphiQL at /graphiql, a page to explore the API with [default: on where --listen is a
    /// loopback address, and in the demo]
    #[arg(long, env = "GATEWAY_GRAPHIQL", value_enum)]
    pub graphiql: Option<Switch>,

    /// Whether __schema and __type are answered, which GraphiQL and other tools ask for [default:
    /// on where --listen is a loopback address, and in the demo]
    #[arg(long, env = "GATEWAY_INTROSPECTION", value_enum)]
    pub introspection: Option<Switch>,
}

impl HttpOptions {
    /// Whether GraphiQL is served.
    pub fn has_graphiql(&self) -> bool {
        self.is_on(self.graphiql)
    }

    /// Whether introspection is answered.
    pub fn has_introspection(&self) -> bool {
        self.is_on(self.introspection)
    }

    /// What nobody but this machine reaches has everything, unless it is said otherwise.
    fn is_on(&self, switch: Option<Switch>) -> bool {
        match switch {
            Some(switch) => switch == Switch::On,
            None => self.listen.ip().to_canonical().is_loopback(),
        }
    }
}

/// How GraphQL is served.
#[derive(Args, Clone)]
#[command(next_help_heading = "GraphQL")]
pub struct GraphqlOptions {
    /// Most operations in one request, as a list; 0 takes no lists
    #[arg(long, env = "GATEWAY_MAX_BATCH", value_name = "NUMBER", default_value_t = 0,
          value_parser = clap::value_parser!(u16).range(0..=100))]
    pub max_batch: u16,

    /// Whether clients may register documents by their SHA-256, and then name them (Apollo's
    /// automatic persisted queries); each process keeps its own
    #[arg(
        long,
        env = "GATEWAY_AUTOMATIC_PERSISTED_QUERIES",
        value_enum,
        default_value_t
    )]
    pub automatic_persisted_queries: Switch,

    /// Execute the documents of this file alone: Apollo's operation manifest, or what Relay's
    /// compiler persists
    #[arg(long, env = "GATEWAY_TRUSTED_DOCUMENTS", value_name = "FILE")]
    pub trusted_documents: Option<PathBuf>,

    /// How much text of documents to remember as parsed and validated, in bytes; 0 remembers none
    #[arg(long, env = "GATEWAY_DOCUMENT_CACHE", value_name = "BYTES", default_value_t = 262_144,
          value_parser = clap::value_parser!(u32).range(0..=1_073_741_824))]
    pub document_cache: u32,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    #[default]
    Off,
}

fn listen(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "expected an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:80 or [::1]:0",
    )
}

fn public_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.query().is_none()
                && url.fragment().is_none() =>
        {
            Ok(url)
        }
        _ => Err("expected an absolute http or https URL without query or fragment".to_owned()),
    }
}

/// What is shown.
#[derive(Args, Clone)]
#[command(next_help_heading = "Disclosure")]
pub struct PolicyOptions {
    /// To whom the addresses are shown that the contracts publish to holders of a code or token
    #[arg(long, env = "GATEWAY_DISCLOSURE", value_enum, default_value_t)]
    pub disclosure: Disclosure,

    /// URL that accepts a group invite, with {slug} and {code} in it
    #[arg(long, env = "GATEWAY_GROUP_INVITE_URL", value_name = "TEMPLATE",
          default_value = GroupInviteUrl::DEFAULT)]
    pub group_invite_url: GroupInviteUrl,
}

impl PolicyOptions {
    /// The policy that these options describe.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::new(Policy {
            disclosure: self.disclosure,
            group_invite_url: self.group_invite_url.clone(),
        })
    }
}

/// How the gateway is a subgraph of Apollo Federation.
#[derive(Args, Clone)]
#[command(next_help_heading = "Federation")]
pub struct FederationOptions {
    /// Whether the fields node and nodes are in the subgraph. on: they are, which composes only
    /// where no other subgraph has them. off: they are not, nor are direct clients answered them
    /// [default: not in the subgraph, but answered to direct clients]
    #[arg(
        long,
        env = "GATEWAY_NODE_IN_SUBGRAPH",
        value_name = "on|off",
        value_enum,
        hide_possible_values = true
    )]
    pub node_in_subgraph: Option<Switch>,

    /// Whether the subgraph's schema has @authenticated at the fields that need a signed-in viewer.
    /// Off by default: the gateway denies them by itself, and a router that does not authenticate
    /// viewers denies such fields to everybody, or refuses the supergraph
    #[arg(
        long,
        env = "GATEWAY_AUTH_DIRECTIVES",
        value_name = "on|off",
        value_enum,
        hide_possible_values = true,
        default_value_t
    )]
    pub auth_directives: Switch,
}

impl FederationOptions {
    /// The schema that these options describe.
    pub fn schema(&self, introspection: bool) -> SchemaSettings {
        SchemaSettings {
            introspection,
            node: match self.node_in_subgraph {
                None => NodeFields::Direct,
                Some(Switch::On) => NodeFields::Everywhere,
                Some(Switch::Off) => NodeFields::Nowhere,
            },
            auth_directives: self.auth_directives == Switch::On,
        }
    }
}

/// What is logged.
#[derive(Args, Clone)]
#[command(next_help_heading = "Log")]
pub struct LogOptions {
    /// Least severe lines that are written
    #[arg(long, env = "GATEWAY_LOG", value_enum, default_value_t)]
    pub log: LogLevel,

    /// Form of the lines
    #[arg(long, env = "GATEWAY_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// Least severe lines that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Faults of the gateway's own.
    Error,
    /// What may become a fault.
    Warn,
    /// One line a request.
    #[default]
    Info,
    /// What is of use to who mends the gateway.
    Debug,
}

/// Form of the log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::HttpOptions;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        http: HttpOptions,
    }

    #[test]
    fn only_what_this_machine_alone_reaches_has_graphiql_and_introspection_unasked() {
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
            let unasked = http(&[]);
            assert_eq!(unasked.has_graphiql(), is_on, "{address}");
            assert_eq!(unasked.has_introspection(), is_on, "{address}");
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
