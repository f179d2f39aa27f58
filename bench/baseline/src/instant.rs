//! Formats PostgreSQL's timestamps as RFC 3339, without a calendar library.

use std::{
    error::Error,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio_postgres::types::{FromSql, Type};

const MICROS_A_SECOND: i64 = 1_000_000;
const SECONDS_A_DAY: i64 = 86_400;
/// PostgreSQL's epoch, 2000-01-01, in seconds since 1970.
const EPOCH: i64 = 946_684_800;

/// Microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i64);

impl Instant {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self(since.map_or(0, |since| since.as_micros() as i64))
    }

    /// Milliseconds since 1970.
    pub(crate) fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Writes the gateway's format: UTC, with as many groups of three decimals as needed.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let seconds = self.0.div_euclid(MICROS_A_SECOND);
        let micros = self.0.rem_euclid(MICROS_A_SECOND);
        let (year, month, day) = date(seconds.div_euclid(SECONDS_A_DAY));
        let second = seconds.rem_euclid(SECONDS_A_DAY);
        digits(out, year, 4);
        out.push(b'-');
        digits(out, month, 2);
        out.push(b'-');
        digits(out, day, 2);
        out.push(b'T');
        digits(out, second / 3600, 2);
        out.push(b':');
        digits(out, second / 60 % 60, 2);
        out.push(b':');
        digits(out, second % 60, 2);
        if micros % 1000 != 0 {
            out.push(b'.');
            digits(out, micros, 6);
        } else if micros != 0 {
            out.push(b'.');
            digits(out, micros / 1000, 3);
        }
        out.push(b'Z');
    }
}

impl FromSql<'_> for Instant {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let since = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(since + EPOCH * MICROS_A_SECOND))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
}

/// Returns the year, month and day of a number of days since 1970-01-01 (Hinnant's
/// `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

/// Writes a number with that many digits.
fn digits(out: &mut Vec<u8>, number: i64, width: u32) {
    for place in (0..width).rev() {
        out.push(b'0' + (number / 10_i64.pow(place) % 10) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;

    #[test]
    fn an_instant_is_written_as_the_gateway_does() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_827_696_120_000, "2000-02-29T12:34:56.120Z"),
            (1_798_761_599_000_001, "2026-12-31T23:59:59.000001Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            let mut out = Vec::new();
            Instant(micros).write(&mut out);
            assert_eq!(String::from_utf8(out).ok().as_deref(), Some(expected));
        }
    }
}
