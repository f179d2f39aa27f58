//! GraphiQL, embedded: the page that the gateway serves at `/graphiql`, and the assets below it.
//! `build.rs` builds both from `web/`; how they are served is the gateway's business.

use std::{
    io::{self, Read, Write},
    sync::OnceLock,
};

use brotli_decompressor::Decompressor;
use flate2::{Compression, write::GzEncoder};

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// What stands in the page where the nonce of the answer goes.
const NONCE: &str = "CSP-NONCE";

/// How much is unpacked at a time.
const BUFFER: usize = 64 * 1024;

/// The page of a build without npm.
const ABSENT_PAGE: &str = include_str!("absent.html");

/// Whether GraphiQL is in this build.
pub fn is_built() -> bool {
    BUILT_PAGE.is_some()
}

/// The page, whose scripts and styles carry that nonce. Without GraphiQL in this build, it says how
/// to get it.
pub fn page(nonce: &str) -> String {
    BUILT_PAGE.unwrap_or(ABSENT_PAGE).replace(NONCE, nonce)
}

/// The asset of that name, which is its path below the page.
pub fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Every asset.
pub fn assets() -> impl Iterator<Item = &'static Asset> {
    ASSETS.iter()
}

/// How bytes are encoded for transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
    /// As they are.
    Identity,
}

impl Encoding {
    /// The name in `Accept-Encoding` and `Content-Encoding`.
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
    /// Its path below the page.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Differs where the content differs.
    pub hash: &'static str,
    /// Whether the name does so too, so that an answer never goes stale.
    pub is_hashed: bool,
    /// Its length in bytes, as they are.
    length: usize,
    stored: Stored,
}

/// What is in the binary.
#[allow(dead_code, reason = "which of them there are depends on the build")]
enum Stored {
    /// The bytes, which compression does not make fewer.
    Plain(&'static [u8]),
    /// The bytes in Brotli. The other encodings are made from it when they are first asked for,
    /// which few do, so that the binary need not hold each.
    Compressed {
        brotli: &'static [u8],
        gzip: OnceLock<Vec<u8>>,
        plain: OnceLock<Vec<u8>>,
    },
}

impl Asset {
    /// The encodings that it can be had in, best first.
    pub fn encodings(&self) -> &'static [Encoding] {
        match self.stored {
            Stored::Plain(_) => &[Encoding::Identity],
            Stored::Compressed { .. } => &[Encoding::Brotli, Encoding::Gzip, Encoding::Identity],
        }
    }

    /// Its bytes in one of its encodings.
    ///
    /// # Errors
    /// The build has a compressed form that is broken.
    pub fn bytes(&'static self, encoding: Encoding) -> io::Result<&'static [u8]> {
        match (&self.stored, encoding) {
            (Stored::Plain(bytes), _) => Ok(bytes),
            (Stored::Compressed { brotli, .. }, Encoding::Brotli) => Ok(brotli),
            (Stored::Compressed { plain, .. }, Encoding::Identity) => {
                made_once(plain, || self.unpacked())
            }
            (Stored::Compressed { gzip, .. }, Encoding::Gzip) => made_once(gzip, || {
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

/// What is in the cell, made if nothing is.
fn made_once(
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
    fn every_asset_is_whole() {
        for asset in assets() {
            let plain = asset.bytes(Encoding::Identity).expect("a whole asset");
            assert_eq!(plain.len(), asset.length, "{}", asset.name);
        }
        assert_eq!(assets().count() > 0, is_built());
    }

    #[test]
    fn a_page_carries_the_nonce_wherever_the_policy_asks_for_it() {
        let page = page("a-nonce");
        assert!(page.contains("nonce=\"a-nonce\""));
        assert!(!page.contains(NONCE));
        // Without GraphiQL: nothing but text and a style.
        assert!(ABSENT_PAGE.contains(&format!("<style nonce=\"{NONCE}\">")));
        assert!(!ABSENT_PAGE.contains("<script"));
    }
}
