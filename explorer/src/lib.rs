//! GraphiQL, embedded: the page that the gateway serves at `/graphiql`, and the assets below it.
//! `build.rs` builds both from `web/`; how they are served is the gateway's business.

use std::{
    io::{self, Read},
    sync::OnceLock,
};

use flate2::read::GzDecoder;

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// What stands in the page where the nonce of the answer goes.
const NONCE: &str = "CSP-NONCE";

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
    /// Compressed forms; the bytes themselves are had from one of them when first asked for, which
    /// few do.
    Compressed {
        brotli: &'static [u8],
        gzip: &'static [u8],
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
        let (brotli, gzip, plain) = match &self.stored {
            Stored::Plain(bytes) => return Ok(bytes),
            Stored::Compressed {
                brotli,
                gzip,
                plain,
            } => (brotli, gzip, plain),
        };
        match (encoding, plain.get()) {
            (Encoding::Brotli, _) => Ok(brotli),
            (Encoding::Gzip, _) => Ok(gzip),
            (Encoding::Identity, Some(bytes)) => Ok(bytes),
            (Encoding::Identity, None) => {
                let mut bytes = Vec::with_capacity(self.length);
                GzDecoder::new(*gzip).read_to_end(&mut bytes)?;
                Ok(plain.get_or_init(|| bytes))
            }
        }
    }
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
