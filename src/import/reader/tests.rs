//! Tests of splitting files into rows.

use proptest::{collection, prelude::*, prop_assert_eq, prop_oneof, proptest, strategy::Strategy};
use serde_json::Value;

use super::{Content, Kind, MaxRow, RawRow, json::Splitter};

/// Maximum length of a row.
const MAX_ROW: MaxRow = MaxRow(1024 * 1024);

/// Splits `bytes`, passed in pieces of `piece` bytes.
fn split(bytes: &[u8], piece: usize) -> Vec<RawRow> {
    split_as(Kind::Users, bytes, piece)
}

fn split_as(kind: Kind, bytes: &[u8], piece: usize) -> Vec<RawRow> {
    let mut splitter = Splitter::new(kind, MAX_ROW);
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

fn text(row: &RawRow) -> &[u8] {
    match row.content.as_ref().unwrap() {
        Content::Json(text) => text,
        Content::Record(..) => panic!("a record of CSV"),
    }
}

/// Returns the line of each row, and its text or error.
fn described(rows: &[RawRow]) -> Vec<(u64, String)> {
    let described = |row: &RawRow| match &row.content {
        Ok(_) => String::from_utf8(text(row).to_vec())
            .unwrap()
            .trim()
            .to_owned(),
        Err(reason) => format!("error: {reason}"),
    };
    rows.iter().map(|row| (row.line, described(row))).collect()
}

fn expect_as(kind: Kind, text: &str, rows: &[(u64, &str)]) {
    let rows: Vec<_> = rows.iter().map(|(l, t)| (*l, (*t).to_owned())).collect();
    for piece in [1, 3, 1000] {
        assert_eq!(
            described(&split_as(kind, text.as_bytes(), piece)),
            rows,
            "{text}"
        );
    }
}

fn expect(text: &str, rows: &[(u64, &str)]) {
    expect_as(Kind::Users, text, rows);
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
}

#[test]
fn arrays_and_lines_may_follow_one_another() {
    expect(
        "[{\"a\":1}]\n[{\"a\":2},\n{\"a\":3}] [] [4]\n{}\n\n{}[5]",
        &[
            (1, "{\"a\":1}"),
            (2, "{\"a\":2}"),
            (3, "{\"a\":3}"),
            (3, "4"),
            (4, "{}"),
            (6, "{}"),
            (6, "5"),
        ],
    );
    // The second file begins with a byte order mark.
    expect(
        "[1]\u{feff}[2]\n\u{feff}{}",
        &[(1, "1"), (1, "2"), (2, "{}")],
    );
    // Objects whose files do not end with a line break.
    expect(
        "{\"a\":{}}{\"b\":\"{\"} {\n\"c\":3}{}\n",
        &[
            (1, "{\"a\":{}}"),
            (1, "{\"b\":\"{\"}"),
            (1, "{\n\"c\":3}"),
            (2, "{}"),
        ],
    );
}

#[test]
fn text_after_an_array_is_a_row() {
    expect(
        "[{}] oops\n{}\n]",
        &[(1, "{}"), (1, "oops"), (2, "{}"), (3, "]")],
    );
    expect(
        "[1],\n[2]",
        &[
            (1, "1"),
            (1, "error: expected no comma after the array"),
            (2, "2"),
        ],
    );
}

#[test]
fn a_page_is_its_rows() {
    expect(
        "{\"count\":2,\"next\":null,\"results\":[{\"id\":8},\n{\"id\":9}]}\n{\"id\":1}",
        &[(1, "{\"id\":8}"), (2, "{\"id\":9}"), (3, "{\"id\":1}")],
    );
    expect(
        "{\n \"data\" : [\n  {\n   \"id\": 1\n  },\n  {\"id\": 2}\n ],\n \"meta\": {\"results\": [7]}\n}\n",
        &[(3, "{\n   \"id\": 1\n  }"), (6, "{\"id\": 2}")],
    );
    // Pages joined without a line break, pages in an array, and one with two arrays.
    expect(
        "{\"users\":[1]}{\"items\":[2],\"results\":[3]}[{\"data\":[4,5]},{\"data\":[]},6]",
        &[(1, "1"), (1, "2"), (1, "3"), (1, "4"), (1, "5"), (1, "6")],
    );
    for (kind, names) in [
        (Kind::InviteCodes, ["invite_codes", "inviteCodes", "codes"]),
        (
            Kind::WorkspaceInvites,
            ["workspace_invites", "invitations", "workspaceInvitations"],
        ),
        (Kind::GroupMembers, ["group_members", "members", "Members"]),
    ] {
        for name in names {
            expect_as(
                kind,
                &format!("{{\"{name}\":[1,2]}}"),
                &[(1, "1"), (1, "2")],
            );
        }
    }
}

#[test]
fn a_row_with_an_array_is_no_page() {
    for row in [
        "{\"id\":1,\"data\":[2]}",
        "{\"data\":[2],\"id\":1}",
        "{\"groups\":[2]}",
        "{\"user\":{\"results\":[2]}}",
        "{\"name\":\"results\",\"tags\":[2]}",
        "{\"a\":\"\\\"results\\\":[2]\"}",
        "{\"results\":2}",
    ] {
        expect(row, &[(1, row)]);
        expect(&format!("[{row}]"), &[(1, row)]);
    }
}

#[test]
fn a_page_must_end_with_the_file() {
    let open = "error: the file ends inside the array: expected `]`";
    expect("{\"results\":[1,", &[(1, "1"), (1, open)]);
    let open = "error: the file ends inside the page: expected `}`";
    expect("{\"results\":[1],\n\"next\":", &[(1, "1"), (2, open)]);
}

#[test]
fn a_page_of_a_course_is_one_row() {
    let expect = |text: &str, rows: &[(u64, &str)]| expect_as(Kind::CourseInvites, text, rows);
    for page in [
        "{\"course\":{\"id\":1},\"results\":[{\"id\":8},{\"id\":9}]}",
        "{\"results\":[{\"id\":8},{\"id\":9}],\"course\":1}",
        "{\"course_id\":1,\"results\":[]}",
    ] {
        expect(page, &[(1, page)]);
        expect(&format!("{page}{page}"), &[(1, page), (1, page)]);
        expect(&format!("[{page},\n{page}]"), &[(1, page), (2, page)]);
    }
    let page = "{\"results\":[{\"course_id\":8},\n{\"course_id\":9}],\n\"next\":{}}";
    let rows = [(1, "{\"course_id\":8}"), (2, "{\"course_id\":9}")];
    expect(page, &rows);
    expect(&format!("[{page}]"), &rows);
    expect(
        &format!("{page}\n[{page},{page}]\n{{}}"),
        &[
            rows[0],
            rows[1],
            (4, rows[0].1),
            (5, rows[1].1),
            (6, rows[0].1),
            (7, rows[1].1),
            (9, "{}"),
        ],
    );
    expect(
        "{\"results\":[1",
        &[
            (1, "1"),
            (1, "error: the file ends inside the array: expected `]`"),
        ],
    );
}

#[test]
fn a_long_page_is_split_without_holding_it() {
    let row = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_ROW.0 as usize / 10));
    let rows = vec![row.as_str(); 25].join(",\n");
    for kind in [Kind::Users, Kind::CourseInvites] {
        let page = format!("{{\"results\":[{rows}],\n\"count\":25}}\n{{}}");
        for piece in [1, 4096, page.len()] {
            let found = described(&split_as(kind, page.as_bytes(), piece));
            let mut expected: Vec<_> = (1..=25).map(|line| (line, row.clone())).collect();
            expected.push((27, "{}".to_owned()));
            assert!(found == expected, "{kind}, {piece}");
        }
    }
}

#[test]
fn a_row_that_is_too_long_is_skipped() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_ROW.0 as usize));
    let error = "error: longer than --max-row (1 MiB)";
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
        .map(|row| serde_json::from_slice(text(&row)).unwrap())
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

    #[test]
    fn any_pages_split_the_same_in_any_pieces(
        text in "(\\{|\\}|\\[|\\]|\"results\":|\"course\":|\"id\":|,|1|\n| ){0,40}",
        piece in 1_usize..9,
    ) {
        for kind in [Kind::Users, Kind::CourseInvites] {
            let whole = split_as(kind, text.as_bytes(), text.len().max(1));
            prop_assert_eq!(split_as(kind, text.as_bytes(), piece), whole);
        }
    }
}

#[test]
fn objects_may_span_several_lines() {
    let file = b"{\n  \"a\": [\n    {\"b\": \"}\"}\n  ]\n}\n{\n  \"a\": 2\n}\n{\"a\": 3}\n";
    for piece in 1..file.len() {
        let rows = split(file, piece);
        let values: Vec<Value> = rows
            .iter()
            .map(|row| serde_json::from_slice(text(row)).expect("JSON"))
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
        .map(|row| serde_json::from_slice::<Value>(text(row)).is_ok())
        .collect();
    assert_eq!(good, [false, true, false, true]);
    assert_eq!(
        rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
}
