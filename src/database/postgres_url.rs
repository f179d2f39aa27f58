//! URLs of PostgreSQL, as libpq reads them, for the driver.
//!
//! The driver takes one host, ignores parameters that it does not know, logs their values, and asks DNS for
//! parts of a password.

use std::{borrow::Cow, fs::File, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};
use url::{Url, form_urlencoded};

use super::{InvalidDatabaseUrl, hosts::TargetSession};

/// A URL of one or several hosts.
pub(super) struct PostgresUrl {
    /// Options of each host, in the URL's order; never empty.
    pub(super) hosts: Vec<PgConnectOptions>,
    /// The hosts to use.
    pub(super) target: TargetSession,
}

/// Parameters that the driver takes.
const TAKEN: [&str; 15] = [
    "application_name",
    "dbname",
    "options",
    "password",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Parameters without effect: the gateway has its own time limits, and takes no GSSAPI.
const WITHOUT_EFFECT: [&str; 7] = [
    "connect_timeout",
    "fallback_application_name",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "tcp_user_timeout",
];

/// The machine's certificate authorities, as PEM.
static MACHINE_AUTHORITIES: LazyLock<String> = LazyLock::new(|| {
    let loaded = rustls_native_certs::load_native_certs();
    for error in &loaded.errors {
        tracing::warn!(%error, "a certificate authority of this machine cannot be read");
    }
    let pem = |certificate| {
        let base64 = STANDARD.encode(certificate);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    };
    loaded.certs.iter().map(pem).collect()
});

impl PostgresUrl {
    /// Parses a URL whose scheme is PostgreSQL's.
    ///
    /// # Errors
    /// The driver cannot do what the URL demands.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let (_, rest) = text.trim().split_once("://").ok_or(MALFORMED)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if tail.contains('#') {
            return Err(InvalidDatabaseUrl::Unescaped);
        }
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let query = Query::parse(path, query)?;
        let (user, authority) = authority.rsplit_once('@').unwrap_or(("", authority));

        // The host is replaced by those of the query below. The driver decodes the other parts.
        let url = format!("postgres://{user}@localhost{path}");
        let mut url = Url::parse(&url).map_err(|_| MALFORMED)?;
        url.query_pairs_mut().extend_pairs(&query.taken);

        let mut hosts = Vec::new();
        let mut ports = Vec::new();
        for host in authority.split(',') {
            let (host, port) = split_port(host)?;
            hosts.push(decoded(host));
            ports.push(Cow::Borrowed(port));
        }
        if let Some(named) = &query.host {
            hosts = named.split(',').map(Cow::Borrowed).collect();
        }
        if let Some(named) = &query.port {
            ports = named.split(',').map(Cow::Borrowed).collect();
        }
        if ports.len() != 1 && ports.len() != hosts.len() {
            return Err(parameter("port", "must be one, or one for each host"));
        }
        let ports = ports.iter().cycle();
        let options = hosts
            .iter()
            .zip(ports)
            .map(|(host, port)| query.options(&url, host, port));
        Ok(Self {
            hosts: options.collect::<Result<_, _>>()?,
            target: query.target,
        })
    }
}

const MALFORMED: InvalidDatabaseUrl = InvalidDatabaseUrl::Malformed;

/// Returns the error of a parameter.
fn parameter(name: &str, reason: &'static str) -> InvalidDatabaseUrl {
    InvalidDatabaseUrl::Parameter {
        name: name.to_owned(),
        reason,
    }
}

/// The parameters of a URL.
#[derive(Default)]
struct Query {
    /// Those that the driver takes.
    taken: Vec<(String, String)>,
    host: Option<String>,
    port: Option<String>,
    target: TargetSession,
    search_path: Option<String>,
    names_mode: bool,
    trust: Trust,
}

/// The certificate authorities that a URL names.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Trust {
    #[default]
    Unnamed,
    Machine,
    File,
}

impl Query {
    fn parse(path: &str, text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if path.contains('@') {
            return Err(InvalidDatabaseUrl::Unescaped);
        }
        let mut query = Self::default();
        // Unlike in a form, a plus is a plus.
        let text = text.replace('+', "%2B");
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next() else {
                continue;
            };
            // A user's name may have an @, such as name@tenant.
            if pair.contains('@') && !["user", "password"].contains(&&*name) {
                return Err(InvalidDatabaseUrl::Unescaped);
            }
            query.take(name.into_owned(), value.into_owned())?;
        }
        Ok(query)
    }

    fn take(&mut self, name: String, value: String) -> Result<(), InvalidDatabaseUrl> {
        const MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];
        match name.as_str() {
            "host" => self.host = Some(value),
            "port" => self.port = Some(value),
            "search_path" => self.search_path = Some(value),
            "schema" => self.search_path = Some(format!("\"{}\"", value.replace('"', "\"\""))),
            "target_session_attrs" => {
                let reason = "must be any, read-write, read-only, primary or standby";
                self.target =
                    TargetSession::from_name(&value).ok_or_else(|| parameter(&name, reason))?;
            }
            "sslmode" | "ssl-mode" if !MODES.contains(&&*value) => {
                let reason = "must be disable, prefer, require, verify-ca or verify-full";
                return Err(parameter(&name, reason));
            }
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" if value == "system" => {
                self.trust = Trust::Machine;
            }
            "channel_binding" | "gssencmode" if ["disable", "prefer"].contains(&&*value) => {}
            "channel_binding" => {
                let reason = "cannot be required: remove it, and set sslmode=verify-full";
                return Err(parameter(&name, reason));
            }
            taken if TAKEN.contains(&taken) || taken.starts_with("options[") => {
                self.names_mode |= ["sslmode", "ssl-mode"].contains(&taken);
                if FILES.contains(&taken) {
                    if ["sslrootcert", "ssl-root-cert", "ssl-ca"].contains(&taken) {
                        self.trust = Trust::File;
                    }
                    if !value.starts_with("-----BEGIN") && File::open(&value).is_err() {
                        return Err(parameter(&name, "names a file that cannot be read"));
                    }
                }
                self.taken.push((name, value));
            }
            other if WITHOUT_EFFECT.contains(&other) => {}
            _ => return Err(parameter(&name, "is not supported: remove it")),
        }
        Ok(())
    }

    /// Returns the driver's options for a host.
    fn options(
        &self,
        url: &Url,
        host: &str,
        port: &str,
    ) -> Result<PgConnectOptions, InvalidDatabaseUrl> {
        let default = PgConnectOptions::new_without_pgpass();
        let host = if host.is_empty() {
            default.get_host()
        } else {
            host
        };
        let is_socket = host.starts_with('/');
        let is_name = |letter: char| letter.is_alphanumeric() || ".-_:%".contains(letter);
        if !is_socket && !host.chars().all(is_name) {
            return Err(MALFORMED);
        }
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("host", host);
        if !port.is_empty() {
            if !matches!(port.parse::<u16>(), Ok(1..)) {
                return Err(parameter("port", "must be a number from 1 to 65535"));
            }
            url.query_pairs_mut().append_pair("port", port);
        }
        let options = PgConnectOptions::from_url(&url);
        // Besides numbers, it decodes text: a percent sign of a password may not be meant to begin a code.
        let options = options.map_err(|_| match url.as_str().contains('%') {
            true => InvalidDatabaseUrl::Unescaped,
            false => MALFORMED,
        })?;
        // PgBouncer refuses this start-up parameter unless it is told to ignore it. The gateway reads no
        // numbers with fractions as text.
        let options = options.extra_float_digits(None).disable_statement_logging();
        let options = match is_socket {
            // As libpq does: the server has no TLS there.
            true => options.ssl_mode(PgSslMode::Disable),
            false => self.with_tls(options)?,
        };
        Ok(match &self.search_path {
            Some(search_path) => options.options([("search_path", search_path)]),
            None => options,
        })
    }

    /// Sets the certificate authorities, and that they are used.
    fn with_tls(&self, options: PgConnectOptions) -> Result<PgConnectOptions, InvalidDatabaseUrl> {
        let has = |names: [&str; 2]| {
            let names_file = |(name, _): &(String, _)| names.contains(&name.as_str());
            self.taken.iter().any(names_file)
        };
        if has(["sslcert", "ssl-cert"]) != has(["sslkey", "ssl-key"]) {
            return Err(parameter(
                "sslcert",
                "needs sslkey, and sslkey needs sslcert",
            ));
        }
        let mode = options.get_ssl_mode();
        match (self.trust, mode) {
            (Trust::Machine, _) if !self.names_mode || matches!(mode, PgSslMode::VerifyFull) => {
                Ok(with_machine_authorities(options).ssl_mode(PgSslMode::VerifyFull))
            }
            (Trust::Machine, _) => Err(parameter(
                "sslrootcert",
                "may be system with sslmode=verify-full only",
            )),
            (Trust::File, PgSslMode::VerifyCa | PgSslMode::VerifyFull) => Ok(options),
            // As libpq does, which ignores the file in the other modes.
            (Trust::File, PgSslMode::Require) => Ok(options.ssl_mode(PgSslMode::VerifyCa)),
            (Trust::File, _) => Err(parameter(
                "sslrootcert",
                "needs sslmode=verify-full, verify-ca or require",
            )),
            (Trust::Unnamed, PgSslMode::VerifyCa | PgSslMode::VerifyFull)
                if !names_authorities_by_variable() =>
            {
                Ok(with_machine_authorities(options))
            }
            (Trust::Unnamed, _) => Ok(options),
        }
    }
}

/// Parameters that name files.
const FILES: [&str; 7] = [
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslrootcert",
];

fn with_machine_authorities(options: PgConnectOptions) -> PgConnectOptions {
    options.ssl_root_cert_from_pem(MACHINE_AUTHORITIES.as_bytes().to_vec())
}

/// Returns true if the driver takes certificate authorities from its own variable, `PGSSLROOTCERT`.
fn names_authorities_by_variable() -> bool {
    let plain = PgConnectOptions::new_without_pgpass()
        .host("localhost")
        .username("none");
    let url = plain.to_url_lossy();
    url.query_pairs().any(|(name, _)| name == "sslrootcert")
}

/// Splits a host of a URL from its port. Removes the brackets of an IPv6 address.
fn split_port(host: &str) -> Result<(&str, &str), InvalidDatabaseUrl> {
    if let Some(address) = host.strip_prefix('[') {
        let (address, port) = address.split_once(']').ok_or(MALFORMED)?;
        return match port.strip_prefix(':') {
            Some(port) => Ok((address, port)),
            None if port.is_empty() => Ok((address, "")),
            None => Err(MALFORMED),
        };
    }
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    match port.contains(':') {
        true => Err(parameter(
            "host",
            "needs brackets if it is an IPv6 address: [::1]",
        )),
        false => Ok((name, port)),
    }
}

/// Decodes a host of a URL.
fn decoded(host: &str) -> Cow<'_, str> {
    let decoded = form_urlencoded::parse(host.as_bytes()).next();
    decoded.map_or_else(Default::default, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::{PgConnectOptions, PgSslMode};

    use super::PostgresUrl;

    fn parsed(url: &str) -> Vec<PgConnectOptions> {
        match PostgresUrl::parse(url) {
            Ok(parsed) => parsed.hosts,
            Err(error) => panic!("{url}: {error}"),
        }
    }

    #[test]
    fn hosts_ports_and_sockets_are_those_of_libpq() {
        for (url, expected) in [
            ("postgres://u:p@db/n", &[("db", 5432)][..]),
            ("postgres://u@[::1]:6432/n", &[("::1", 6432)]),
            ("postgres://u@[fe80::1]/n", &[("fe80::1", 5432)]),
            (
                "postgresql://a:1,b:2,c/n",
                &[("a", 1), ("b", 2), ("c", 5432)],
            ),
            ("postgres://[::1]:1,b:2/n", &[("::1", 1), ("b", 2)]),
            ("postgres://u@/n?host=a,b&port=7", &[("a", 7), ("b", 7)]),
            ("postgres:///n?host=a,::1&port=7,8", &[("a", 7), ("::1", 8)]),
            ("postgres://other:1/n?host=db", &[("db", 1)]),
            (
                "postgres://u:p%2Fw@/n?host=/cloudsql/a:b:c",
                &[("/cloudsql/a:b:c", 5432)],
            ),
            ("postgres://u@%2Frun%2Fpg:6432/n", &[("/run/pg", 6432)]),
        ] {
            let found = parsed(url);
            let found = found.iter().map(|options| {
                let socket = options.get_socket().and_then(|path| path.to_str());
                (socket.unwrap_or(options.get_host()), options.get_port())
            });
            assert_eq!(found.collect::<Vec<_>>(), expected, "{url}");
        }
    }

    #[test]
    fn users_databases_and_options_are_those_of_libpq() {
        for (url, user, database, options) in [
            ("postgres://u:a@b@h/n", "u", "n", None),
            ("postgres://u%40t:p@h/n%20m", "u@t", "n m", None),
            ("postgres://h/n?user=u@t&password=a+b", "u@t", "n", None),
            ("postgres://u@/?dbname=n&connect_timeout=5", "u", "n", None),
            (
                "postgres://u@h/n?search_path=invites,public",
                "u",
                "n",
                Some("-c search_path=invites,public"),
            ),
            (
                "postgres://u@h/n?search_path=invites%2C%20public",
                "u",
                "n",
                Some(r"-c search_path=invites,\ public"),
            ),
            (
                "postgres://u@h/n?schema=a%22B",
                "u",
                "n",
                Some("-c search_path=\"a\"\"B\""),
            ),
            (
                "postgres://u@h/n?options=-csearch_path%3Dx",
                "u",
                "n",
                Some("-csearch_path=x"),
            ),
        ] {
            let parsed = &parsed(url)[0];
            let found = (
                parsed.get_username(),
                parsed.get_database().unwrap_or_default(),
                parsed.get_options(),
            );
            assert_eq!(found, (user, database, options), "{url}");
        }
    }

    #[test]
    fn modes_of_tls_are_as_strict_as_those_of_libpq() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for (query, expected) in [
            ("", "Prefer"),
            ("sslrootcert=system", "VerifyFull"),
            ("sslmode=verify-ca", "VerifyCa"),
            (&format!("sslmode=require&sslrootcert={file}"), "VerifyCa"),
            ("sslmode=require&host=/run", "Disable"),
        ] {
            let found: PgSslMode = parsed(&format!("postgres://u@h/n?{query}"))[0].get_ssl_mode();
            assert_eq!(format!("{found:?}"), expected, "{query}");
        }
    }

    #[test]
    fn the_machines_authorities_are_read() {
        assert!(super::MACHINE_AUTHORITIES.contains("-----BEGIN CERTIFICATE-----\nMII"));
    }
}
