//! Embedded GraphiQL: the page that the gateway serves at `/graphiql`, and its assets. `build.rs`
//! builds them from `web/`; the gateway serves them.

use std::{
    io::{self, Read, Write},
    sync::OnceLock,
};

use brotli_decompressor::Decompressor;
use flate2::{Compression, write::GzEncoder};

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// Placeholder in the page for the nonce of the response.
const NONCE: &str = "CSP-NONCE";

/// Buffer size for decompression.
const BUFFER: usize = 64 * 1024;

/// Page of a build without GraphiQL.
const ABSENT_PAGE: &str = include_str!("absent.html");

/// Returns true if this build contains GraphiQL.
pub fn is_built() -> bool {
    BUILT_PAGE.is_some()
}

/// Returns the page, with `nonce` on its scripts and styles. In a build without GraphiQL, the page
/// explains how to add it.
pub fn page(nonce: &str) -> String {
    BUILT_PAGE.unwrap_or(ABSENT_PAGE).replace(NONCE, nonce)
}

/// Returns the asset with that name, which is its path below the page.
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Returns all assets.
pub fn assets() -> impl Iterator<Item = &'static Asset> {
    ASSETS.iter()
}

/// Content encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli, RFC 7932.
    Brotli,
    /// Gzip, RFC 1952.
    Gzip,
    /// Uncompressed.
    Identity,
}

impl Encoding {
    /// Returns the name in `Accept-Encoding` and `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// A script, style, font or text that the page needs.
pub struct Asset {
    /// Path below the page.
    pub name: &'static str,
    /// Media type.
    pub content_type: &'static str,
    /// Hash of the content.
    pub hash: &'static str,
    /// True if the name contains a hash of the content, so that caches never hold a stale response.
    pub is_hashed: bool,
    /// Uncompressed length in bytes.
    length: usize,
    stored: Stored,
}

/// Content in the binary.
#[allow(dead_code, reason = "the build decides which variants exist")]
enum Stored {
    /// Uncompressed bytes, for content that does not compress.
    Plain(&'static [u8]),
    /// Brotli. The other encodings are made from it on first use, so that the binary does not
    /// contain them. Few clients request them.
    Compressed {
        brotli: &'static [u8],
        gzip: OnceLock<Vec<u8>>,
        plain: OnceLock<Vec<u8>>,
    },
}

impl Asset {
    /// Returns the available encodings, best first.
    pub fn encodings(&self) -> &'static [Encoding] {
        match self.stored {
            Stored::Plain(_) => &[Encoding::Identity],
            Stored::Compressed { .. } => &[Encoding::Brotli, Encoding::Gzip, Encoding::Identity],
        }
    }

    /// Returns the content in one of its encodings.
    ///
    /// # Errors
    /// The embedded Brotli data is corrupt.
    pub fn bytes(&'static self, encoding: Encoding) -> io::Result<&'static [u8]> {
        match (&self.stored, encoding) {
            (Stored::Plain(bytes), _) => Ok(bytes),
            (Stored::Compressed { brotli, .. }, Encoding::Brotli) => Ok(brotli),
            (Stored::Compressed { plain, .. }, Encoding::Identity) => {
                get_or_make(plain, || self.unpacked())
            }
            (Stored::Compressed { gzip, .. }, Encoding::Gzip) => get_or_make(gzip, || {
                let mut packed = GzEncoder::new(Vec::new(), Compression::default());
                packed.write_all(&self.unpacked()?)?;
                packed.finish()
            }),
        }
    }

    fn unpacked(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.length);
        match &self.stored {
            Stored::Plain(plain) => bytes.extend_from_slice(plain),
            Stored::Compressed { brotli, .. } => {
                Decompressor::new(*brotli, BUFFER).read_to_end(&mut bytes)?;
            }
        }
        Ok(bytes)
    }
}

/// Returns the value of the cell, and initializes it first if it is empty.
fn get_or_make(
    cell: &'static OnceLock<Vec<u8>>,
    make: impl FnOnce() -> io::Result<Vec<u8>>,
) -> io::Result<&'static [u8]> {
    if let Some(bytes) = cell.get() {
        return Ok(bytes);
    }
    let bytes = make()?;
    Ok(cell.get_or_init(|| bytes))
}

#[cfg(test)]
mod tests {
    use super::{ABSENT_PAGE, Encoding, NONCE, assets, is_built, page};

    #[test]
    fn every_asset_decompresses_to_its_length() {
        for asset in assets() {
            let plain = asset.bytes(Encoding::Identity).expect("valid Brotli");
            assert_eq!(plain.len(), asset.length, "{}", asset.name);
        }
        assert_eq!(assets().count() > 0, is_built());
    }

    #[test]
    fn the_nonce_replaces_every_placeholder() {
        let page = page("a-nonce");
        assert!(page.contains("nonce=\"a-nonce\""));
        assert!(!page.contains(NONCE));
        // The page without GraphiQL has only text and a style.
        assert!(ABSENT_PAGE.contains(&format!("<style nonce=\"{NONCE}\">")));
        assert!(!ABSENT_PAGE.contains("<script"));
    }
}
