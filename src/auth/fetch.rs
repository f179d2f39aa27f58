//! Reads a key set document from a file or URL, within limits of time and size.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use reqwest::{Client, StatusCode, Url, redirect};
use tokio::{fs::File, io::AsyncReadExt, time::timeout};

use super::{
    SettingsError,
    location::{self, JwksLocation, LOCALHOST, Location},
};

/// Time limit of a read.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Longest document, in bytes.
const SIZE_LIMIT: usize = 1024 * 1024;

/// Most redirects that are followed.
const REDIRECT_LIMIT: usize = 3;

/// Addresses of `localhost`; the port comes from the URL.
const LOOPBACK: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
];

/// Source of the document, read repeatedly.
pub(super) enum Reader {
    File(PathBuf),
    Web { client: Client, url: Url },
}

/// Reasons why the document cannot be read. The messages contain no more of a URL than its host.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("it took longer than {} seconds", TIME_LIMIT.as_secs())]
    Slow,
    #[error("it is longer than {SIZE_LIMIT} bytes")]
    Long,
    #[error("{0}")]
    File(#[from] io::Error),
    #[error("the response status is {0}")]
    Status(StatusCode),
    #[error("{}", with_causes(.0))]
    Web(reqwest::Error),
}

impl From<reqwest::Error> for ReadError {
    fn from(error: reqwest::Error) -> Self {
        Self::Web(error.without_url())
    }
}

impl Reader {
    /// Returns true for a file of this machine.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    pub(super) fn new(location: JwksLocation) -> Result<Self, SettingsError> {
        match location.into_location() {
            Location::File(path) => Ok(Self::File(path)),
            Location::Web(url) => {
                let client = client(&url).map_err(SettingsError::Client)?;
                Ok(Self::Web { client, url })
            }
        }
    }

    pub(super) async fn read(&self) -> Result<Vec<u8>, ReadError> {
        let document = async {
            match self {
                Self::File(path) => read_file(path).await,
                Self::Web { client, url } => read_web(client, url.clone()).await,
            }
        };
        timeout(TIME_LIMIT, document)
            .await
            .unwrap_or(Err(ReadError::Slow))
    }
}

fn client(url: &Url) -> reqwest::Result<Client> {
    let is_plain = url.scheme() == "http";
    let builder = Client::builder()
        .user_agent(concat!("invite-gateway/", env!("CARGO_PKG_VERSION")))
        .redirect(redirects(url.scheme().to_owned()))
        .referer(false)
        .https_only(!is_plain);
    // Unencrypted requests must not leave the machine, neither through a proxy nor because a
    // resolver maps `localhost` elsewhere. They need no trusted certificates, which a small
    // container may lack.
    if is_plain {
        LOCALHOST
            .into_iter()
            .fold(builder, |builder, name| {
                builder.resolve_to_addrs(name, &LOOPBACK)
            })
            .no_proxy()
            .tls_certs_only([])
            .build()
    } else {
        builder.build()
    }
}

/// Follows redirects that keep the scheme and lead to a location that the settings accept.
fn redirects(scheme: String) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECT_LIMIT {
            attempt.error("too many redirects")
        } else if attempt.url().scheme() != scheme || location::check(attempt.url()).is_err() {
            attempt.error("a redirect leads to a location that is not allowed for key sets")
        } else {
            attempt.follow()
        }
    })
}

async fn read_file(path: &PathBuf) -> Result<Vec<u8>, ReadError> {
    let mut document = Vec::new();
    let limit = SIZE_LIMIT as u64 + 1;
    let file = File::open(path).await?;
    file.take(limit).read_to_end(&mut document).await?;
    within_limit(document.len())?;
    Ok(document)
}

async fn read_web(client: &Client, url: Url) -> Result<Vec<u8>, ReadError> {
    let mut response = client.get(url).send().await?;
    // A redirect that was not followed has no document either.
    if response.status() != StatusCode::OK {
        return Err(ReadError::Status(response.status()));
    }
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        within_limit(document.len() + chunk.len())?;
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}

fn within_limit(length: usize) -> Result<(), ReadError> {
    if length > SIZE_LIMIT {
        return Err(ReadError::Long);
    }
    Ok(())
}

/// Appends the causes, which hold details such as an expired certificate.
fn with_causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
