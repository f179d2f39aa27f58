//! `health`: requests a health check of a running gateway, for containers without an HTTP client.

use std::{process::ExitCode, time::Duration};

use reqwest::{Client, Response, StatusCode, redirect};

use super::{failed, print};
use crate::{config::HealthArgs, printable::Printable};

/// Time limit of the response. A gateway decides on its readiness within a second.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Longest response that is printed, in bytes.
const SIZE_LIMIT: usize = 4096;

pub(super) async fn run(args: HealthArgs) -> ExitCode {
    let address = args.address();
    let url = format!("http://{address}{}", args.check.path());
    match request(url).await {
        Ok((status, text)) => {
            let printed = print(&format!("{}\n", Printable(text.trim_end())));
            match status {
                StatusCode::OK => printed,
                _ => ExitCode::FAILURE,
            }
        }
        Err(error) if error.is_timeout() => failed(format_args!(
            "{address} does not respond within {} seconds",
            TIME_LIMIT.as_secs()
        )),
        Err(error) if error.is_connect() => {
            failed(format_args!("cannot connect to the gateway at {address}"))
        }
        Err(error) => failed(format_args!("{address}: {}", error.without_url())),
    }
}

async fn request(url: String) -> reqwest::Result<(StatusCode, String)> {
    // Without certificates, which a small container may lack.
    let client = Client::builder()
        .timeout(TIME_LIMIT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .tls_certs_only([])
        .build()?;
    let response = client.get(url).send().await?;
    Ok((response.status(), text(response).await?))
}

/// Reads the text of a response, up to the limit.
async fn text(mut response: Response) -> reqwest::Result<String> {
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        text.extend_from_slice(&chunk);
        if text.len() > SIZE_LIMIT {
            text.truncate(SIZE_LIMIT);
            break;
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}
