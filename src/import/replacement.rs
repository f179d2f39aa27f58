//! Settings of a replacement: the list that a file has, and the maximum number of rows that it may withdraw.

use std::{fmt, str::FromStr};

use clap::ValueEnum;

/// Rows of which a file has the complete list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// All rows of the kind
    All,
    /// All rows of each workspace that the file names
    Workspace,
    /// All rows of each group that the file names
    Group,
    /// All rows of each course that the file names
    Course,
}

impl Scope {
    /// Returns the scope with this name.
    pub fn named(name: &str) -> Option<Self> {
        <Self as ValueEnum>::from_str(name, false).ok()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_possible_value() {
            Some(value) => f.write_str(value.get_name()),
            None => Ok(()),
        }
    }
}

/// Maximum number of rows that a replacement may withdraw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaxWithdrawn {
    /// A tenth of the rows, or ten if that is more. Of all rows of a kind, at most half.
    #[default]
    Tenth,
    /// A number of rows.
    Rows(u64),
    /// A percentage of the rows.
    Percent(u64),
}

impl MaxWithdrawn {
    pub(super) fn allows(self, withdrawn: u64, of: u64, scope: Scope) -> bool {
        let few = match scope {
            Scope::All => Ord::min(10, of / 2),
            Scope::Workspace | Scope::Group | Scope::Course => 10,
        };
        match self {
            Self::Tenth => withdrawn <= Ord::max(few, of / 10),
            Self::Rows(rows) => withdrawn <= rows,
            Self::Percent(percent) => {
                u128::from(withdrawn) * 100 <= u128::from(of) * u128::from(percent)
            }
        }
    }
}

impl fmt::Display for MaxWithdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenth => f.write_str("10%, or 10 rows but at most half of a kind"),
            Self::Rows(rows) => write!(f, "{rows} rows"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for MaxWithdrawn {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a number of rows, or a percentage such as `10%`";
        match text.strip_suffix('%') {
            Some(percent) => match percent.parse() {
                Ok(percent) if percent <= 100 => Ok(Self::Percent(percent)),
                _ => Err(EXPECTED),
            },
            None => text.parse().map(Self::Rows).map_err(|_| EXPECTED),
        }
    }
}

/// A replacement of a list.
#[derive(Clone, Copy, Debug)]
pub struct Replacement {
    /// The rows that the file lists completely.
    pub scope: Scope,
    /// Maximum number of rows that it may withdraw.
    pub max_withdrawn: MaxWithdrawn,
}

#[cfg(test)]
mod tests {
    use super::{MaxWithdrawn, Scope};

    #[test]
    fn a_limit_is_a_number_of_rows_or_a_percentage() {
        assert_eq!("10%".parse(), Ok(MaxWithdrawn::Percent(10)));
        assert_eq!("0".parse(), Ok(MaxWithdrawn::Rows(0)));
        for wrong in ["", "%", "101%", "-1", "1.5%", "ten"] {
            assert!(wrong.parse::<MaxWithdrawn>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_include_their_value() {
        for (most, withdrawn, of, scope, allows) in [
            (MaxWithdrawn::Tenth, 10, 12, Scope::Course, true),
            (MaxWithdrawn::Tenth, 6, 12, Scope::All, true),
            (MaxWithdrawn::Tenth, 7, 12, Scope::All, false),
            (MaxWithdrawn::Tenth, 11, 100, Scope::All, false),
            (MaxWithdrawn::Tenth, 100, 1000, Scope::All, true),
            (MaxWithdrawn::Percent(10), 1, 10, Scope::All, true),
            (MaxWithdrawn::Percent(10), 2, 19, Scope::All, false),
            (MaxWithdrawn::Rows(0), 0, 5, Scope::All, true),
            (MaxWithdrawn::Rows(0), 1, 5, Scope::Course, false),
        ] {
            assert_eq!(
                most.allows(withdrawn, of, scope),
                allows,
                "{most} {withdrawn} {of}"
            );
        }
    }
}
