//! The limits within which a key set is read.

use std::io::Write;

use tempfile::NamedTempFile;

use super::issuer::Issuer;
use crate::auth::fetch::{ReadError, Reader};

async fn read(location: &str) -> Result<Vec<u8>, ReadError> {
    let location = location.parse().expect("a location");
    Reader::new(location).expect("a reader").read().await
}

#[tokio::test]
async fn redirects_stay_where_keys_may_be_fetched_from() {
    let issuer = Issuer::start(Some("keys".to_owned())).await;
    let path = |path: &str| format!("{}{path}", issuer.origin);
    for good in ["/keys", "/moved"] {
        assert_eq!(read(&path(good)).await.expect(good), b"keys", "{good}");
    }
    for bad in ["/loop", "/away", "/metadata", "/password", "/other-scheme"] {
        let error = read(&path(bad)).await.expect_err(bad);
        assert!(matches!(error, ReadError::Web(_)), "{bad}: {error}");
        assert!(error.to_string().contains("redirect"), "{bad}: {error}");
        for secret in ["127.0.0.1", "hunter2"] {
            assert!(!error.to_string().contains(secret), "{bad}: {error}");
        }
    }
    let error = read(&path("/absent")).await.expect_err("absent");
    assert!(matches!(error, ReadError::Status(status) if status == 404));
}

#[tokio::test]
async fn this_machine_has_many_names_and_no_resolver_is_asked() {
    let issuer = Issuer::start(Some("keys".to_owned())).await;
    let port = issuer.origin.rsplit(':').next().expect("a port");
    for host in [
        "localhost",
        "LOCALHOST.",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.",
    ] {
        let url = format!("http://{host}:{port}/keys");
        assert_eq!(read(&url).await.expect(host), b"keys", "{host}");
    }
}

#[tokio::test]
async fn a_document_over_a_mebibyte_is_not_read() {
    let full = "x".repeat(1024 * 1024);
    let long = format!("{full}x");
    let issuer = Issuer::start(Some(full.clone())).await;
    let url = format!("{}/keys", issuer.origin);
    assert_eq!(read(&url).await.expect("a document").len(), full.len());
    issuer.publish(Some(long.clone()));
    assert!(matches!(read(&url).await, Err(ReadError::Long)));

    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(full.as_bytes()).expect("written");
    let path = file.path().to_str().expect("a path").to_owned();
    assert_eq!(read(&path).await.expect("a document").len(), full.len());
    file.write_all(b"x").expect("written");
    assert!(matches!(read(&path).await, Err(ReadError::Long)));
    assert!(matches!(read("/dev/zero").await, Err(ReadError::Long)));
    assert!(matches!(read("/").await, Err(ReadError::File(_))));
}
