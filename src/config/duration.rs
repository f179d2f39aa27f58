//! Parses times: a number of the setting's unit, or a number with a unit, such as `10s`.

use std::{ffi::OsStr, ops::RangeInclusive};

use clap::{Arg, Command, builder::TypedValueParser};

use crate::redacted::refusal;

/// Units by their suffix, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    // Before `s`, with which it ends.
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// Parses a time as a whole number of a unit within a range.
#[derive(Clone)]
pub(super) struct Time {
    unit: u64,
    range: RangeInclusive<u64>,
    allowed: &'static str,
}

/// Parses milliseconds.
pub(super) fn milliseconds(range: RangeInclusive<u64>) -> Time {
    Time {
        unit: 1,
        range,
        allowed: "milliseconds, such as 500, 500ms or 2s",
    }
}

/// Parses seconds.
pub(super) fn seconds(range: RangeInclusive<u64>) -> Time {
    Time {
        unit: 1000,
        range,
        allowed: "seconds, such as 10, 10s or 2m",
    }
}

/// Parses days.
pub(super) fn days(range: RangeInclusive<u64>) -> Time {
    Time {
        unit: 86_400_000,
        range,
        allowed: "days, such as 7, 7d or 48h",
    }
}

impl Time {
    fn parse(&self, text: &str) -> Option<u64> {
        let with_unit = |(suffix, unit)| Some((text.strip_suffix(suffix)?, unit));
        let (digits, unit) = UNITS
            .into_iter()
            .find_map(with_unit)
            .unwrap_or((text, self.unit));
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let milliseconds = digits.parse::<u64>().ok()?.checked_mul(unit)?;
        let number = milliseconds / self.unit;
        (milliseconds % self.unit == 0 && self.range.contains(&number)).then_some(number)
    }
}

impl TypedValueParser for Time {
    type Value = u64;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<u64, clap::Error> {
        let number = value.to_str().and_then(|text| self.parse(text));
        number.ok_or_else(|| {
            let (from, to) = (self.range.start(), self.range.end());
            let reason = format_args!("expected {from} to {to} {}", self.allowed);
            refusal(command, argument, &reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{days, milliseconds, seconds};

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
}
