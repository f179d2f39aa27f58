//! Descriptions of the fields of rows. `docs/reference/import.md` is generated from them, and a test compares
//! them with what the kinds read.

use std::{collections::HashMap, fmt, sync::LazyLock};

use clap::ValueEnum;

use super::{Kind, MAX_TEXT};

/// A field of the rows of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its names. The import reads the first of them whose value is not null.
    pub names: &'static [&'static str],
    /// Its values.
    pub format: Format,
    /// Value in a new row without the field; none if the field is required.
    pub default: Option<&'static str>,
    /// Its meaning, in a sentence.
    pub meaning: &'static str,
}

/// Values of a field.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// A positive id: that of the row itself.
    Id,
    /// The id of a row of a kind.
    IdOf(Kind),
    /// Text of at most so many characters.
    Text(usize),
    /// Text that is not all digits.
    Slug(usize),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One e-mail address.
    Email,
    /// An absolute URL with `http` or `https`.
    Url,
    /// An instant.
    Instant,
    /// A boolean.
    Bool,
    /// A number of times.
    Count,
    /// A colour such as `#00ff00`.
    Color,
    /// The token of a workspace invite.
    Token,
    /// An id, or an object with the fields of a kind.
    Reference(Kind),
    /// An array of objects with the fields of a kind.
    Objects(Kind),
    /// An array of the ids of rows of a kind.
    Ids(Kind),
    /// An array of SHA-256 hashes.
    Hashes,
    /// Any value. The gateway derives the field from others.
    Ignored,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => f.write_str("id"),
            Self::IdOf(kind) => write!(f, "id of [{kind}](#{kind})"),
            Self::Text(MAX_TEXT) => f.write_str("text"),
            Self::Text(longest) => write!(f, "text, {longest}"),
            Self::Slug(longest) => write!(f, "text, {longest}, not all digits"),
            Self::OneOf(words) => write!(f, "`{}`", words.join("`, `")),
            Self::Email => f.write_str("e-mail address"),
            Self::Url => f.write_str("URL"),
            Self::Instant => f.write_str("instant"),
            Self::Bool => f.write_str("boolean"),
            Self::Count => f.write_str("integer"),
            Self::Color => f.write_str("`#rrggbb`"),
            Self::Token => f.write_str("text, 255, without blanks"),
            Self::Reference(kind) => write!(f, "id, or object of [{kind}](#{kind})"),
            Self::Objects(kind) => write!(f, "array of objects of [{kind}](#{kind})"),
            Self::Ids(kind) => write!(f, "array of ids of [{kind}](#{kind})"),
            Self::Hashes => f.write_str("array of texts of 64 hex digits"),
            Self::Ignored => f.write_str("any"),
        }
    }
}

/// The kinds of the rows whose ids fields have, by the kind of their row and their name.
static IDS: LazyLock<HashMap<(Kind, &str), Kind>> = LazyLock::new(|| {
    let mut ids = HashMap::new();
    for kind in Kind::value_variants() {
        for Field { names, format, .. } in kind.fields() {
            let of = match format {
                Format::Id => *kind,
                Format::IdOf(of)
                | Format::Ids(of)
                | Format::Reference(of)
                | Format::Objects(of) => of,
                _ => continue,
            };
            ids.extend(names.iter().map(|name| ((*kind, *name), of)));
        }
    }
    ids
});

impl Kind {
    /// Returns the kind of the rows whose ids a field of this kind's rows has.
    pub fn of_id(self, field: &str) -> Option<Self> {
        IDS.get(&(self, field)).copied()
    }
}

/// Returns an array of fields: names, format, default in a new row or `required`, and meaning.
macro_rules! fields {
    (@default required) => { None };
    (@default $default:literal) => { Some($default) };
    ($($names:expr => $format:ident $(($of:expr))?, $default:tt, $meaning:expr;)+) => {
        [$($crate::import::kind::Field {
            names: $names,
            format: $crate::import::kind::Format::$format $(($of))?,
            default: $crate::import::kind::field::fields!(@default $default),
            meaning: $meaning,
        },)+]
    };
}
pub(super) use fields;

const WITHDRAWS: &str = "True withdraws the row, which then needs only its key.";

/// The last field of every kind.
pub(super) const DELETED: [Field; 1] = fields! {
    &["deleted"] => Bool, "false", WITHDRAWS;
};

/// The last fields of rows that may be deleted and restored.
pub(super) const LIVE: [Field; 3] = fields! {
    &["created_at"] => Instant, "now", "Time of creation.";
    &["deleted_at"] => Instant, "null", "Time of deletion; null restores the row.";
    &["deleted"] => Bool, "false", WITHDRAWS;
};

/// The last fields of memberships.
pub(super) const MEMBERSHIP: [Field; 2] = fields! {
    &["deleted_at"] => Instant, "null", "An instant ends the membership, as the role `unjoined` does.";
    &["deleted"] => Bool, "false", WITHDRAWS;
};

/// The last fields of invites with an invitee: what the gateway records about them.
pub(super) const LIFECYCLE: [Field; 6] = fields! {
    &["cancelled_at"] => Instant, "null", "Time at which the invite was cancelled or declined.";
    &["declined_at"] => Instant, "null", "Time at which the invitee declined; `cancelled_at` is set, too.";
    &["updated_at"] => Instant, "null", "Time of the last change of its fields.";
    &["last_sent_at"] => Instant, "null", "Time at which the gateway last made a link to send.";
    &["send_count"] => Count, "0", "Number of times that the gateway made a link to send.";
    &["deleted"] => Bool, "false", WITHDRAWS;
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::DateTime;
    use serde_json::{Value, json};

    use super::{Field, Format, Kind, ValueEnum};
    use crate::import::{
        row::{FieldError, Object},
        table::Rows,
        unknown::KnownFields,
    };

    /// Returns a value of a field.
    fn sample(field: &Field) -> Value {
        match field.format {
            // A row that is deleted has no other fields.
            _ if field.names == ["deleted_at"] => Value::Null,
            Format::Id | Format::IdOf(_) | Format::Count => json!(1),
            Format::Text(_) | Format::Slug(_) | Format::Ignored => json!("x"),
            Format::OneOf(words) => json!(words[0]),
            Format::Email => json!("ada@example.org"),
            Format::Url => json!("https://example.org"),
            Format::Instant => json!("2026-01-01T00:00:00Z"),
            Format::Bool => json!(false),
            Format::Color => json!("#00ff00"),
            Format::Token => json!("11111111-1111-4111-8111-000000000001"),
            Format::Reference(kind) => row(kind),
            Format::Objects(kind) => json!([row(kind)]),
            Format::Ids(_) => json!([1]),
            Format::Hashes => json!(["ab".repeat(32)]),
        }
    }

    /// Returns a row with every field, each by its first name.
    fn row(kind: Kind) -> Value {
        let fields = kind.fields().into_iter();
        let members = fields.map(|field| (field.names[0].to_owned(), sample(&field)));
        Value::Object(members.collect())
    }

    /// Returns the paths of all fields of a kind.
    fn described(kind: Kind, path: &str) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        for field in kind.fields() {
            paths.extend(field.names.iter().map(|name| format!("{path}{name}")));
            let (kind, inside) = match field.format {
                Format::Reference(kind) => (kind, "."),
                Format::Objects(kind) => (kind, "[]."),
                _ => continue,
            };
            let path = format!("{path}{}{inside}", field.names[0]);
            paths.append(&mut described(kind, &path));
        }
        paths
    }

    fn read(kind: Kind, value: &Value, known: &KnownFields) -> Result<(), FieldError> {
        let row = Object::row(value, Some(known))?;
        row.is_withdrawn()?;
        kind.read(&row, DateTime::UNIX_EPOCH, &mut Rows::default())
    }

    #[test]
    fn the_fields_that_are_read_are_those_described() {
        for kind in Kind::value_variants() {
            let full = row(*kind);
            let known = KnownFields::default();
            read(*kind, &full, &known).unwrap_or_else(|error| panic!("{kind}: {error:?}"));
            for Field { names, default, .. } in kind.fields() {
                let mut rest = full.clone();
                rest.as_object_mut().unwrap().remove(names[0]);
                let outcome = read(*kind, &rest, &known);
                let expected = match default {
                    Some(_) => Ok(()),
                    None => Err(FieldError::new(names[0], "required, but missing")),
                };
                assert_eq!(outcome, expected, "{kind} without {names:?}");
            }
            assert_eq!(known.into_names(), described(*kind, ""), "{kind}");
        }
    }

    #[test]
    fn words_and_lengths_are_those_described() {
        for kind in Kind::value_variants() {
            for Field { names, format, .. } in kind.fields() {
                let (value, expected) = match format {
                    Format::OneOf(words) => ("-".to_owned(), format!("`{}`", words.join("`, `"))),
                    Format::Text(longest) | Format::Slug(longest) if longest < usize::MAX => {
                        ("x".repeat(longest + 1), format!("at most {longest} char"))
                    }
                    _ => continue,
                };
                let mut row = row(*kind);
                row[names[0]] = value.into();
                let error = read(*kind, &row, &KnownFields::default()).unwrap_err();
                assert!(error.reason.contains(&expected), "{kind}: {error:?}");
            }
        }
    }
}
