//! UUIDs, as the database and links have them.

use std::{error::Error, fmt, str::FromStr};

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Uuid([u8; 16]);

/// The text is no UUID.
#[derive(Debug)]
pub(crate) struct NoUuid;

impl Uuid {
    /// Returns a UUID of these bytes, after setting its version and variant.
    pub(crate) fn with_version(mut bytes: [u8; 16], version: u8) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | (version << 4);
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for Uuid {
    type Err = NoUuid;

    fn from_str(text: &str) -> Result<Self, NoUuid> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
        let digits: &[u8; 32] = digits.as_slice().try_into().map_err(|_| NoUuid)?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NoUuid)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NoUuid)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if [4, 6, 8, 10].contains(&at) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl ToSql for Uuid {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::Uuid;

    #[test]
    fn a_uuid_is_read_as_it_is_written() {
        let text = "01234567-89ab-4def-8123-456789abcdef";
        let uuid: Option<Uuid> = text.parse().ok();
        assert_eq!(uuid.map(|uuid| uuid.to_string()).as_deref(), Some(text));
        for text in ["", "0123", "01234567-89ab-4def-8123-456789abcdeg"] {
            assert!(text.parse::<Uuid>().is_err(), "{text}");
        }
    }
}
