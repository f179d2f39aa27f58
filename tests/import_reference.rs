//! The reference of fields equals the fields that the import describes.

use std::fmt::Write;

use clap::ValueEnum;
use invite_gateway::import::{Field, Format, Kind};

use crate::support::generated::assert_generated;

/// Returns the reference: a table per kind, in the order of import.
fn reference() -> String {
    let mut text = "# Fields of imports\n\n\
        The fields of each kind of rows, in the order in which kinds are imported. [Importing your \
        data](../guide/import.md)\nexplains the formats of values and the effects of an import.\n\n\
        - A field with several names may have any of them.\n\
        - The default is the value in a new row. If the row exists, an absent field keeps its value, and null sets\n  \
        the default; `created_at` then keeps its value, too.\n\
        - A number after `text` is its maximum length, in characters.\n\
        - An object inside another row has the fields of its own kind. It is created if it is missing, and otherwise\n  \
        stays as it is. Of such users, only `id` and `username` are required, and `is_verified`, `is_staff` and\n  \
        `created_at` are ignored. Deletion is ignored, too, except that of tags.\n\n\
        This page is generated from the descriptions in the code:\n\
        `UPDATE_REFERENCE=1 scripts/test --test gateway import_reference` writes it anew.\n"
        .to_owned();
    for kind in Kind::value_variants() {
        let value = kind.to_possible_value().expect("a name");
        let help = value
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = write!(
            text,
            "\n## {kind}\n\n{help}.\n\n| field | type | default | meaning |\n|---|---|---|---|\n"
        );
        let (ignored, read): (Vec<_>, Vec<_>) = kind
            .fields()
            .into_iter()
            .partition(|field| matches!(field.format, Format::Ignored));
        text.extend(read.iter().map(row));
        if !ignored.is_empty() {
            let ignored: Vec<_> = ignored.iter().map(|field| field.names[0]).collect();
            let _ = writeln!(text, "\nIgnored: `{}`.", ignored.join("`, `"));
        }
    }
    text
}

fn row(field: &Field) -> String {
    let Field {
        names,
        format,
        default,
        meaning,
    } = field;
    let names = names.join("`, `");
    let default = default.unwrap_or("**required**");
    format!("| `{names}` | {format} | {default} | {meaning} |\n")
}

#[test]
fn the_reference_equals_the_described_fields() {
    assert_generated("docs/reference/import.md", "import_reference", &reference());
}
