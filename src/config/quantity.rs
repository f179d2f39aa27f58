//! Parses numbers, times and sizes: a whole number of the setting's unit, or with a unit, such as `10s` or `128KiB`.

use std::{ffi::OsStr, fmt::Display, ops::RangeInclusive};

use clap::{Arg, Command, builder::TypedValueParser};

use crate::redacted::refusal;

/// Units by their suffix. One that another ends with follows it.
type Units = &'static [(&'static str, u64)];

/// Units of times, in milliseconds.
const TIMES: Units = &[
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// Units of sizes, in bytes.
const SIZES: Units = &[
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1000),
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

/// Parses a whole number of a unit within a range.
#[derive(Clone)]
pub(crate) struct Quantity<T> {
    units: Units,
    /// Unit of a number without a suffix, and of the value.
    unit: u64,
    range: RangeInclusive<T>,
    /// The unit with examples, for messages.
    allowed: &'static str,
}

/// Parses a number without a unit.
pub(super) fn number<T>(range: RangeInclusive<T>) -> Quantity<T> {
    Quantity {
        units: &[],
        unit: 1,
        range,
        allowed: "",
    }
}

/// Parses bytes.
pub(crate) fn bytes<T>(range: RangeInclusive<T>) -> Quantity<T> {
    Quantity {
        units: SIZES,
        unit: 1,
        range,
        allowed: " bytes, or a number with a unit such as KiB or MiB",
    }
}

/// Parses milliseconds.
pub(super) fn milliseconds(range: RangeInclusive<u64>) -> Quantity<u64> {
    Quantity {
        units: TIMES,
        unit: 1,
        range,
        allowed: " milliseconds, such as 500, 500ms or 2s",
    }
}

/// Parses seconds.
pub(super) fn seconds(range: RangeInclusive<u64>) -> Quantity<u64> {
    Quantity {
        units: TIMES,
        unit: 1000,
        range,
        allowed: " seconds, such as 10, 10s or 2m",
    }
}

/// Parses days.
pub(super) fn days(range: RangeInclusive<u64>) -> Quantity<u64> {
    Quantity {
        units: TIMES,
        unit: 86_400_000,
        range,
        allowed: " days, such as 7, 7d or 48h",
    }
}

impl<T: TryFrom<u64> + PartialOrd> Quantity<T> {
    fn parse(&self, text: &str) -> Option<T> {
        let with_unit = |(suffix, unit): &(&str, u64)| Some((text.strip_suffix(suffix)?, *unit));
        let (digits, unit) = self
            .units
            .iter()
            .find_map(with_unit)
            .unwrap_or((text, self.unit));
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let smallest = digits.parse::<u64>().ok()?.checked_mul(unit)?;
        let number = T::try_from(smallest / self.unit).ok()?;
        (smallest % self.unit == 0 && self.range.contains(&number)).then_some(number)
    }
}

impl<T> TypedValueParser for Quantity<T>
where
    T: TryFrom<u64> + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let number = value.to_str().and_then(|text| self.parse(text));
        number.ok_or_else(|| {
            let (from, to) = (self.range.start(), self.range.end());
            let reason = format_args!("expected {from} to {to}{}", self.allowed);
            refusal(command, argument, &reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, days, milliseconds, number, seconds};

    #[test]
    fn a_time_is_a_number_with_or_without_a_unit() {
        let seconds = seconds(0..=600);
        for (text, expected) in [
            ("10", Some(10)),
            ("0", Some(0)),
            ("10s", Some(10)),
            ("2m", Some(120)),
            ("3000ms", Some(3)),
            ("010s", Some(10)),
            ("1500ms", None),
            ("601", None),
            ("11m", None),
            ("1h", None),
            ("", None),
            ("s", None),
            ("-1", None),
            ("+1s", None),
            ("1.5s", None),
            ("10 s", None),
            ("10S", None),
            ("10sec", None),
            ("10KiB", None),
            ("99999999999999999999", None),
            ("9999999999999999999h", None),
        ] {
            assert_eq!(seconds.parse(text), expected, "{text}");
        }
        let milliseconds = milliseconds(1..=60_000);
        assert_eq!(milliseconds.parse("750"), Some(750));
        assert_eq!(milliseconds.parse("2s"), Some(2000));
        assert_eq!(milliseconds.parse("1m"), Some(60_000));
        let days = days(1..=3650);
        assert_eq!(days.parse("7"), Some(7));
        assert_eq!(days.parse("48h"), Some(2));
        assert_eq!(days.parse("1h"), None);
    }

    #[test]
    fn a_size_is_a_number_with_or_without_a_unit() {
        let bytes = bytes(1024..=16_777_216_u32);
        for (text, expected) in [
            ("131072", Some(131_072)),
            ("131072B", Some(131_072)),
            ("128KiB", Some(131_072)),
            ("128kB", Some(128_000)),
            ("128KB", Some(128_000)),
            ("16MiB", Some(16_777_216)),
            ("2MB", Some(2_000_000)),
            ("1023", None),
            ("17MiB", None),
            ("1GiB", None),
            ("1TB", None),
            ("128k", None),
            ("128 KiB", None),
            ("1.5MiB", None),
            ("KiB", None),
            ("10s", None),
            ("18014398509481985KiB", None),
        ] {
            assert_eq!(bytes.parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_number_has_no_unit() {
        let number = number(50..=u16::MAX);
        for (text, expected) in [
            ("50", Some(50)),
            ("65535", Some(65_535)),
            ("49", None),
            ("65536", None),
            ("50B", None),
            ("50s", None),
            ("", None),
        ] {
            assert_eq!(number.parse(text), expected, "{text}");
        }
    }
}
