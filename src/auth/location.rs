//! Location of the key set (JWKS, RFC 7517).

use std::{fmt, path::PathBuf, str::FromStr};

use url::{Host, Url};

/// Names that resolve to loopback addresses (RFC 6761 §6.3).
pub(super) const LOCALHOST: [&str; 2] = ["localhost", "localhost."];

/// Location of the key set: a file, or a URL whose responses nobody can tamper with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksLocation(Location);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    File(PathBuf),
    Web(Url),
}

/// Reasons why a location is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// An empty text.
    #[error("expected an https:// URL or a path")]
    Empty,
    /// The URL cannot be parsed.
    #[error("not a URL")]
    NotAUrl,
    /// Anyone who can change the response can sign tokens.
    #[error("http:// is for this machine only; use https://")]
    Insecure,
    /// Neither `https`, `http` nor `file`.
    #[error("expected an https:// URL, a file:// URL or a path")]
    Scheme,
    /// `file://host/…` is on another machine.
    #[error("a file:// URL must name a file of this machine: file:///…")]
    RemoteFile,
    /// Key sets are public, and credentials would end up in logs.
    #[error("the URL must not hold a user name or a password")]
    Credentials,
}

impl JwksLocation {
    pub(super) fn into_location(self) -> Location {
        self.0
    }
}

impl FromStr for JwksLocation {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(_) if text.contains("://") => return Err(LocationError::NotAUrl),
            Err(_) => return Ok(Self(Location::File(text.into()))),
        };
        if url.scheme() == "file" {
            let path = url.to_file_path().map_err(|()| LocationError::RemoteFile)?;
            return Ok(Self(Location::File(path)));
        }
        check(&url)?;
        Ok(Self(Location::Web(url)))
    }
}

/// Checks that keys may be fetched from a URL.
pub(super) fn check(url: &Url) -> Result<(), LocationError> {
    match url.scheme() {
        "https" => {}
        "http" if is_this_machine(url) => {}
        "http" => return Err(LocationError::Insecure),
        _ => return Err(LocationError::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(LocationError::Credentials);
    }
    Ok(())
}

/// Returns true for `localhost` and loopback addresses, in any notation. Other names require TLS,
/// whatever they resolve to.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => LOCALHOST.contains(&name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// Formats the location for logs: only the host of a URL. A path is omitted, since it may be a
/// mistyped URL with a password.
impl fmt::Display for JwksLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Location::File(_) => f.write_str("file"),
            Location::Web(url) => f.write_str(url.host_str().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{JwksLocation, Location, LocationError};

    #[test]
    fn keys_come_from_files_tls_or_this_machine() {
        for (text, path) in [
            ("jwks.json", "jwks.json"),
            ("/etc/gateway/jwks.json", "/etc/gateway/jwks.json"),
            ("file:///etc/my%20keys.json", "/etc/my keys.json"),
        ] {
            let location = text.parse::<JwksLocation>().unwrap().into_location();
            assert_eq!(
                location,
                Location::File(Path::new(path).to_owned()),
                "{text}"
            );
        }
        for text in [
            "https://id.example.com/jwks.json?tenant=1",
            "HTTPS://id.example.com/",
            "http://localhost:8080/jwks",
            "http://127.0.0.1/jwks",
            "http://[::1]:1/jwks",
            "http://LocalHost/jwks",
            "http://localhost.:8080/jwks",
            "http://127.9.9.9/jwks",
            "http://127.0.0.1./jwks",
            "http://127.1/jwks",
            "http://2130706433:8080/jwks",
            "http://0x7f.1/jwks",
            "http://0177.0.0.1/jwks",
            "http://[::ffff:127.0.0.1]/jwks",
            "http://[::ffff:7f00:1]/jwks",
            "http://%6cocalhost/jwks",
            "http:\\\\127.0.0.1\\jwks",
            " http:127.0.0.1/jwks",
        ] {
            let location = text.parse::<JwksLocation>().unwrap();
            assert!(!location.to_string().contains('/'), "{location}");
            assert!(
                matches!(location.into_location(), Location::Web(_)),
                "{text}"
            );
        }
    }

    #[test]
    fn keys_do_not_come_from_where_others_could_change_them() {
        use LocationError::{Credentials, Empty, Insecure, NotAUrl, RemoteFile, Scheme};
        for (text, expected) in [
            ("", Empty),
            ("https://", NotAUrl),
            ("http://id.example.com/jwks", Insecure),
            ("http://localhost.example.com/", Insecure),
            ("http://127.0.0.1.example.com/", Insecure),
            ("http://169.254.169.254/", Insecure),
            ("http://0.0.0.0/", Insecure),
            ("http://[::]/", Insecure),
            ("http://2852039166/", Insecure),
            ("http://0xa9.0xfe.0xa9.0xfe/", Insecure),
            ("http://[::ffff:169.254.169.254]/", Insecure),
            ("http://127.0.0.1.nip.example/", Insecure),
            ("http://localhost..", Insecure),
            ("http:id.example.com/jwks", Insecure),
            ("HTTP:\\\\id.example.com\\jwks", Insecure),
            ("http://256.0.0.1/", NotAUrl),
            ("http://127.0.0.1:port/", NotAUrl),
            ("me:secret@id.example.com/jwks", Scheme),
            ("https:me:secret@id.example.com/jwks", Credentials),
            ("https:/me:secret@id.example.com/jwks", Credentials),
            ("http://me:secret@127.0.0.1/", Credentials),
            ("http://:secret@127.0.0.1/", Credentials),
            ("ftp://id.example.com/jwks", Scheme),
            ("file://server/share/jwks.json", RemoteFile),
            ("https://me:secret@id.example.com/", Credentials),
            ("https://me@id.example.com/", Credentials),
        ] {
            assert_eq!(text.parse::<JwksLocation>(), Err(expected), "{text}");
        }
    }
}
