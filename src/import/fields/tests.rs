//! Tests of renamed columns and formats of instants.

use serde_json::json;

use super::{Fields, Renamed};

fn fields(renamed: &[&str], date_format: Option<&str>) -> Fields {
    Fields {
        renamed: renamed.iter().map(|text| text.parse().unwrap()).collect(),
        date_format: date_format.map(|format| format.parse().unwrap()),
        ..Fields::default()
    }
}

#[test]
fn members_of_rows_are_renamed() {
    let mut row = json!({ "ID": 1, "a=b": "x", "boss": 2, "user": { "ID": 3 }, "id": 9 });
    fields(&["ID=id", "a=b=name", "boss=inviter.id"], None).apply(&mut row);
    let renamed = json!({ "id": 1, "name": "x", "inviter": { "id": 2 }, "user": { "ID": 3 } });
    assert_eq!(row, renamed);
    for bad in ["", "id", "=id", "a=", "a=b.", "a=.b"] {
        assert!(bad.parse::<Renamed>().is_err(), "{bad}");
    }
}

#[test]
fn instants_of_csv_have_the_formats_of_spreadsheets_and_databases() {
    let instant = |text: &str| fields(&[], None).instant(text);
    for (text, expected) in [
        ("2026-01-31", "2026-01-31T00:00:00+00:00"),
        ("2026-01-31 12:00", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31 12:00:05", "2026-01-31T12:00:05+00:00"),
        ("2026-01-31T12:00:05.25", "2026-01-31T12:00:05.250+00:00"),
        (
            "2026-01-31 12:00:05.123456+02",
            "2026-01-31T12:00:05.123456+02:00",
        ),
        ("2026-01-31 12:00:05 +0200", "2026-01-31T12:00:05+02:00"),
        ("2026-01-31 12:00:05 UTC", "2026-01-31T12:00:05+00:00"),
    ] {
        assert_eq!(instant(text).as_deref(), Some(expected), "{text}");
    }
    for kept in [
        "2026-01-31T12:00:00Z",
        "31.01.2026",
        "yesterday",
        "2026-02-31",
        "1769860800",
    ] {
        assert_eq!(instant(kept), None, "{kept}");
    }
}

#[test]
fn a_date_format_applies_where_rfc_3339_does_not() {
    let with = |format: &str, text: &str| fields(&[], Some(format)).instant(text);
    let midnight = Some("2026-02-01T00:00:00+00:00".to_owned());
    assert_eq!(with("%d.%m.%Y", "01.02.2026"), midnight);
    // The format of the command comes before the usual ones.
    assert_eq!(with("%Y-%d-%m", "2026-01-02"), midnight);
    assert_eq!(with("%s", "1769904000"), midnight);
    let offset = with("%d/%m/%Y %H:%M %z", "01/02/2026 10:00 +0100");
    assert_eq!(offset.as_deref(), Some("2026-02-01T10:00:00+01:00"));
    assert_eq!(with("%d.%m.%Y", "2026-02-01T00:00:00Z"), None);

    let mut row = json!({ "sent_at": "01.02.2026", "name": "01.02.2026", "used_at": "later",
        "tags": [{ "created_at": "01.02.2026" }], "expires_at": "2026-02-01T00:00:00Z" });
    fields(&[], Some("%d.%m.%Y")).apply(&mut row);
    let expected = json!({ "sent_at": midnight, "name": "01.02.2026", "used_at": "later",
        "tags": [{ "created_at": midnight }], "expires_at": "2026-02-01T00:00:00Z" });
    assert_eq!(row, expected);
    // Only the formats of CSV include dates without a time.
    let mut row = json!({ "sent_at": "2026-02-01" });
    fields(&[], Some("%d.%m.%Y")).apply(&mut row);
    assert_eq!(row, json!({ "sent_at": "2026-02-01" }));
    for bad in ["", "%Q", "%"] {
        assert!(bad.parse::<super::DateFormat>().is_err(), "{bad}");
    }
}
