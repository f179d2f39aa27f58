//! Periods on the command line.

use std::{str::FromStr, time::Duration};

/// A positive period in whole seconds: `90s`, `30m`, `1h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period(pub Duration);

/// The text is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a positive number and a unit, such as 90s, 30m, 1h or 7d")]
pub(super) struct InvalidPeriod;

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let unit = text.char_indices().next_back().ok_or(InvalidPeriod)?;
        let (digits, seconds) = match unit {
            (at, 's') => (&text[..at], 1),
            (at, 'm') => (&text[..at], 60),
            (at, 'h') => (&text[..at], 60 * 60),
            (at, 'd') => (&text[..at], 24 * 60 * 60),
            _ => return Err(InvalidPeriod),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidPeriod);
        }
        let number: u64 = digits.parse().map_err(|_| InvalidPeriod)?;
        match number.checked_mul(seconds) {
            None | Some(0) => Err(InvalidPeriod),
            Some(seconds) => Ok(Self(Duration::from_secs(seconds))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{InvalidPeriod, Period};

    #[test]
    fn a_period_is_a_number_and_a_unit() {
        for (text, seconds) in [
            ("1s", 1),
            ("3600s", 3600),
            ("30m", 1800),
            ("1h", 3600),
            ("007d", 7 * 86_400),
        ] {
            let period = Duration::from_secs(seconds);
            assert_eq!(text.parse(), Ok(Period(period)), "{text}");
        }
        for text in [
            "",
            "h",
            "1",
            "0s",
            "-1h",
            "+1h",
            "1.5h",
            "1 h",
            " 1h",
            "1H",
            "1w",
            "1ü",
            "1h30m",
            "99999999999999999999s",
            "9999999999999999999d",
        ] {
            assert_eq!(text.parse::<Period>(), Err(InvalidPeriod), "{text}");
        }
    }
}
