//! Tests of splitting files into rows.

use proptest::{collection, prelude::*, prop_assert_eq, prop_oneof, proptest, strategy::Strategy};
use serde_json::Value;

use super::{MAX_ROW_BYTES, RawRow, Splitter};

/// Splits `bytes`, passed in pieces of `piece` bytes.
fn split(bytes: &[u8], piece: usize) -> Vec<RawRow> {
    let mut splitter = Splitter::default();
    let mut rows = Vec::new();
    for mut rest in bytes.chunks(piece) {
        while !rest.is_empty() {
            let (used, row) = splitter.push(rest);
            rest = &rest[used..];
            rows.extend(row);
        }
    }
    rows.extend(std::iter::from_fn(|| splitter.end()));
    rows
}

/// Returns the line of each row, and its text or error.
fn lines(text: &str) -> Vec<(u64, String)> {
    split(text.as_bytes(), 3)
        .into_iter()
        .map(|row| match row.text {
            Ok(text) => (row.line, String::from_utf8(text).unwrap().trim().to_owned()),
            Err(reason) => (row.line, format!("error: {reason}")),
        })
        .collect()
}

fn expect(text: &str, rows: &[(u64, &str)]) {
    let rows: Vec<_> = rows.iter().map(|(l, t)| (*l, (*t).to_owned())).collect();
    assert_eq!(lines(text), rows, "{text}");
}

#[test]
fn lines_are_rows_and_blank_lines_are_not() {
    expect("", &[]);
    expect(" \n\r\n", &[]);
    expect(
        "{\"a\":1}\r\n\n  \n{\"b\":2}",
        &[(1, "{\"a\":1}"), (4, "{\"b\":2}")],
    );
    expect("\u{feff}\n{}\n", &[(2, "{}")]);
    expect("{broken\n{}\n", &[(1, "{broken"), (2, "{}")]);
}

#[test]
fn elements_are_rows_wherever_they_start() {
    expect("[]", &[]);
    expect(
        "\u{feff}\n [\n{\"a\":\n1},{}\n,\n\n{\"b\":[2,{}]}]\n",
        &[(3, "{\"a\":\n1}"), (4, "{}"), (7, "{\"b\":[2,{}]}")],
    );
    expect(
        r#"[{"a":"]},[\"\\"}, 1]"#,
        &[(1, r#"{"a":"]},[\"\\"}"#), (1, "1")],
    );
}

#[test]
fn a_broken_element_does_not_affect_others() {
    expect("[{oops}, }, {}]", &[(1, "{oops}"), (1, "}"), (1, "{}")]);
    expect(
        "[1,,2,]",
        &[
            (1, "1"),
            (1, "error: expected a row before the comma"),
            (1, "2"),
            (1, "error: expected a row after the comma"),
        ],
    );
}

#[test]
fn an_array_must_end_with_the_file() {
    let open = "error: the file ends inside the array: expected `]`";
    expect("[", &[(1, open)]);
    expect("[{}\n", &[(1, "{}"), (2, open)]);
    expect("[{},", &[(1, "{}"), (1, open)]);
    expect("[{\"a\":", &[(1, "{\"a\":"), (1, open)]);
    expect(
        "[{}]\n{}\n{}",
        &[(1, "{}"), (2, "error: expected nothing after the array")],
    );
}

#[test]
fn a_row_that_is_too_long_is_skipped() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_ROW_BYTES));
    let error = "error: longer than 1 MiB";
    expect(&format!("{long}\n1"), &[(1, error), (2, "1")]);
    expect(&format!("[{long},\n1]"), &[(1, error), (2, "1")]);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\[\\]{},\"\\\\ \n]*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn parsed(rows: Vec<RawRow>) -> Vec<Value> {
    rows.into_iter()
        .map(|row| serde_json::from_slice(&row.text.unwrap()).unwrap())
        .collect()
}

proptest! {
    #[test]
    fn every_value_is_a_row(
        values in collection::vec(json(), 0..8),
        piece in 1_usize..40,
        pretty: bool,
    ) {
        let array = Value::from(values.clone());
        let text = if pretty { format!("{array:#}") } else { array.to_string() };
        prop_assert_eq!(&parsed(split(text.as_bytes(), piece)), &values);

        // A first line that begins with `[` would make the file an array.
        let lines: String = values.iter().map(|value| format!("{{\"v\":{value}}}\n")).collect();
        let rows = parsed(split(lines.as_bytes(), piece));
        let rows: Vec<Value> = rows.into_iter().map(|mut row| row["v"].take()).collect();
        prop_assert_eq!(rows, values);
    }

    #[test]
    fn any_bytes_split_the_same_in_any_pieces(bytes: Vec<u8>, piece in 1_usize..9) {
        let whole = split(&bytes, bytes.len().max(1));
        prop_assert_eq!(split(&bytes, piece), whole);
    }
}

#[test]
fn objects_may_span_several_lines() {
    let file = b"{\n  \"a\": [\n    {\"b\": \"}\"}\n  ]\n}\n{\n  \"a\": 2\n}\n{\"a\": 3}\n";
    for piece in 1..file.len() {
        let rows = split(file, piece);
        let values: Vec<Value> = rows
            .iter()
            .map(|row| serde_json::from_slice(row.text.as_ref().expect("text")).expect("JSON"))
            .collect();
        assert_eq!(
            values,
            [
                serde_json::json!({ "a": [{ "b": "}" }] }),
                serde_json::json!({ "a": 2 }),
                serde_json::json!({ "a": 3 }),
            ]
        );
        assert_eq!(
            rows.iter().map(|row| row.line).collect::<Vec<_>>(),
            [1, 6, 9]
        );
    }
}

#[test]
fn a_truncated_line_does_not_affect_others() {
    let file = b"{\"a\": [1,\n{\"a\": 2}\n{\"a\": \"x\n{\"a\": 4}\n";
    let rows = split(file, 5);
    let good: Vec<bool> = rows
        .iter()
        .map(|row| serde_json::from_slice::<Value>(row.text.as_ref().expect("text")).is_ok())
        .collect();
    assert_eq!(good, [false, true, false, true]);
    assert_eq!(
        rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
}
