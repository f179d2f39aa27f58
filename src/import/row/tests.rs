//! Tests of reading fields of a row.

use serde_json::{Value, json};

use super::{Object, parse};

#[test]
fn json_errors_have_a_position_and_no_value_of_the_row() {
    let reason = |text: &[u8]| parse(text).unwrap_err().reason;
    assert_eq!(
        reason(b"{\"code\":\n \"secret\",}"),
        "not valid JSON at byte 20 of the row: trailing comma"
    );
    assert_eq!(reason(b"{\"a\xFF"), "not valid UTF-8 at byte 4 of the row");
    assert!(reason("[".repeat(100_000).as_bytes()).contains("recursion limit"));
    assert!(reason(br#""\ud800""#).contains("not valid JSON"));
}

#[test]
fn ids_are_positive_64_bit_integers() {
    let value = json!({
        "number": 7, "digits": "9000000000000000000", "float": 7.0, "text": "7.0",
        "bad": [
            0, -1, 1.5, 9_000_000_000_000_000_001_u64, "9223372036854775807", "9223372036854775808", "+1", "", true, 0.0, -7.0,
            1e300, 9_007_199_254_740_994.0, "7.5", "7.00", ".0", "7.", "1e3",
        ],
    });
    let row = Object::row(&value, None).unwrap();
    assert_eq!(row.id(&["absent", "number"]).unwrap(), 7);
    assert_eq!(row.id(&["digits"]).unwrap(), 9_000_000_000_000_000_000);
    for whole in ["float", "text"] {
        assert_eq!(row.id(&[whole]).unwrap(), 7);
    }
    for bad in value["bad"].as_array().unwrap() {
        let value = json!({ "id": bad });
        let error = Object::row(&value, None).unwrap().id(&["id"]).unwrap_err();
        assert_eq!(error.field, "id", "{bad}");
    }
    assert_eq!(row.id(&["id"]).unwrap_err().reason, "required, but missing");
}

#[test]
fn booleans_may_be_words_or_digits() {
    let flag = |value: Value| {
        let value = json!({ "flag": value });
        Object::row(&value, None).unwrap().optional_bool("flag")
    };
    for yes in [
        json!(true),
        json!("TRUE"),
        json!("yes"),
        json!("t"),
        json!("1"),
        json!(1),
    ] {
        assert_eq!(flag(yes.clone()), Ok(Some(true)), "{yes}");
    }
    for no in [
        json!(false),
        json!("False"),
        json!("no"),
        json!("f"),
        json!("0"),
        json!(0),
    ] {
        assert_eq!(flag(no.clone()), Ok(Some(false)), "{no}");
    }
    assert_eq!(flag(Value::Null), Ok(None));
    for bad in [
        json!(""),
        json!("maybe"),
        json!(2),
        json!(1.5),
        json!([]),
        json!({}),
    ] {
        let error = flag(bad.clone()).unwrap_err();
        assert!(
            error.reason.starts_with("expected a boolean, found "),
            "{bad}"
        );
    }
}

#[test]
fn instants_are_stored_in_utc_to_the_microsecond() {
    let instant = |text: &str| {
        let value = json!({ "at": text });
        Object::row(&value, None)
            .unwrap()
            .instant("at")
            .map(|at| at.to_rfc3339())
    };
    let stored = instant("2026-01-31T12:00:00.123456789+02:00").unwrap();
    assert_eq!(stored, "2026-01-31T10:00:00.123456+00:00");
    assert_eq!(
        instant("2016-12-31T23:59:60Z").unwrap(),
        "2017-01-01T00:00:00+00:00"
    );
    for bad in [
        "2026-01-31",
        "2026-01-31T12:00:00",
        "",
        "0000-12-31T23:00:00Z",
    ] {
        assert!(instant(bad).is_err(), "{bad}");
    }
}

#[test]
fn text_is_counted_in_characters_and_has_no_nul() {
    let value = json!({ "a": "éé", "nul": "a\u{0}b", "tags": [{}, { "color": 1 }] });
    let row = Object::row(&value, None).unwrap();
    assert!(row.text(&["a"], 2).is_ok());
    assert_eq!(
        row.text(&["a"], 1).unwrap_err().reason,
        "expected at most 1 characters"
    );
    assert_eq!(row.text(&["nul"], 9).unwrap_err().field, "nul");
    let tags = row.objects("tags").unwrap();
    let error = tags[1].text(&["color"], 7).unwrap_err();
    assert_eq!(error.field, "tags[1].color");
    assert_eq!(error.reason, "expected a string, found a number");
}
