//! Tests of splitting CSV into rows.

use std::sync::Arc;

use proptest::{collection, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::Splitter;
use crate::import::{
    Fields, MaxRow,
    reader::{Content, RawRow},
};

/// Maximum length of a row.
const MAX_ROW: MaxRow = MaxRow(1024);

fn split(text: &[u8], delimiter: u8, fields: &Fields, piece: usize) -> Vec<RawRow> {
    let mut splitter = Splitter::new(delimiter, Arc::new(fields.clone()), MAX_ROW);
    let mut rows = Vec::new();
    for mut rest in text.chunks(piece) {
        while !rest.is_empty() {
            let (used, row) = splitter.push(rest);
            rest = &rest[used..];
            rows.extend(row);
        }
    }
    rows.extend(std::iter::from_fn(|| splitter.end()));
    rows
}

fn described(rows: Vec<RawRow>) -> Vec<(u64, Value)> {
    let described = |row: RawRow| match row.content {
        Ok(Content::Record(value, _)) => (row.line, value),
        Ok(Content::Json(_)) => panic!("JSON"),
        Err(reason) => (row.line, Value::String(reason.into_owned())),
    };
    rows.into_iter().map(described).collect()
}

fn expect_with(text: &str, delimiter: u8, fields: &Fields, rows: &[(u64, Value)]) {
    for piece in [1, 2, 3, 7, 1000] {
        let found = described(split(text.as_bytes(), delimiter, fields, piece));
        assert_eq!(found, rows, "{text}, {piece}");
    }
}

fn expect(text: &str, rows: &[(u64, Value)]) {
    expect_with(text, b',', &Fields::default(), rows);
}

#[test]
fn the_header_names_the_fields() {
    expect(
        "id,Full Name,inviter.id,inviter.user.name,is_staff\n1,Anna,7,x,yes\n\n2,,,,\n",
        &[
            (
                2,
                json!({ "id": "1", "full_name": "Anna",
                    "inviter": { "id": "7", "user": { "name": "x" } }, "is_staff": "yes" }),
            ),
            (4, json!({ "id": "2" })),
        ],
    );
    expect("id,name\n", &[]);
    // A data frame writes its index in a column without a name.
    expect(
        ",id\n0,5\n1,6",
        &[(2, json!({ "id": "5" })), (3, json!({ "id": "6" }))],
    );
    let fields = Fields {
        renamed: vec![
            "E-Mail=email".parse().unwrap(),
            "Boss=inviter.id".parse().unwrap(),
        ],
        ..Fields::default()
    };
    let row = json!({ "id": "1", "email": "a@x.io", "inviter": { "id": "2" } });
    expect_with("id;E-Mail;Boss\n1;a@x.io;2\n", b';', &fields, &[(2, row)]);
}

#[test]
fn a_wrong_header_is_reported_once() {
    for (text, line, reason) in [
        (
            "id,Name,name\n1,a,b\n2,c,d\n",
            1,
            "the columns 2 and 3 name the same field; expected one of them",
        ),
        (
            "\nid,user.id,user\n1,2,3",
            2,
            "the columns 2 and 3 name the same field; expected one of them",
        ),
    ] {
        expect(text, &[(line, json!(reason))]);
    }
    let fields = Fields {
        renamed: vec!["Mail=email".parse().unwrap()],
        ..Fields::default()
    };
    let reason = "--map names the column `Mail`, which the header lacks";
    expect_with("id,mail\n1,2\n", b',', &fields, &[(1, json!(reason))]);
}

#[test]
fn rows_have_the_lines_of_the_file() {
    let rows = [
        (2, json!({ "id": "1", "note": "a\nb, \"c\"" })),
        (4, json!({ "id": "2", "note": "d" })),
    ];
    expect("id,note\n1,\"a\nb, \"\"c\"\"\"\n2,d\n", &rows);
    // The line break in the cell is then one of two characters.
    let rows = [
        (2, json!({ "id": "1", "note": "a\r\nb" })),
        (5, json!({ "id": "2", "note": "d" })),
    ];
    expect("id,note\r\n1,\"a\r\nb\"\r\n,\r\n2,d\r\n", &rows);
    let rows = [
        (2, json!({ "id": "1", "note": "x" })),
        (3, json!({ "id": "2", "note": "d" })),
    ];
    expect("id,note\r1,x\r2,d", &rows);
    let rows = [(3, json!({ "id": "1" })), (5, json!({ "id": "2" }))];
    expect("sep=,\r\nid,note\r\n1,\r\nid,note\r\n2,\r\n", &rows);
}

#[test]
fn a_broken_row_does_not_affect_others() {
    let wrong = |found: u32| {
        json!(format!(
            "expected 2 cells, found {found}; a delimiter or a quotation mark may be missing"
        ))
    };
    expect(
        "id,name\n1\n2,b,c\n3,c,,\n",
        &[
            (2, wrong(1)),
            (3, wrong(3)),
            (4, json!({ "id": "3", "name": "c" })),
        ],
    );
    let truncated = json!("the file ends between quotation marks: expected `\"`");
    expect("id,name\n1,\"a\n2,b\n", &[(2, truncated.clone())]);
    expect("id,name\n1,\"a\"\"", &[(2, truncated)]);
    expect(
        "id,name\n1,\"a\"\n2,5\"",
        &[
            (2, json!({ "id": "1", "name": "a" })),
            (3, json!({ "id": "2", "name": "5\"" })),
        ],
    );
    let text = b"id,Name\n1,Zo\xEB\n2,b\n";
    let rows = described(split(text, b',', &Fields::default(), 3));
    let reason = json!("column 2: not valid UTF-8; save the file in UTF-8");
    assert_eq!(rows, [(2, reason), (3, json!({ "id": "2", "name": "b" }))]);
}

#[test]
fn a_row_that_is_too_long_is_skipped() {
    let cells = ",".repeat(MAX_ROW.0 as usize + 1);
    let text = "x".repeat(MAX_ROW.0 as usize);
    for long in [cells, text] {
        let text = format!("id,name\n1,{long}\n2,b\n");
        let rows = [
            (2, json!("longer than --max-row (1024 bytes)")),
            (3, json!({ "id": "2", "name": "b" })),
        ];
        for piece in [1000, text.len()] {
            let found = described(split(text.as_bytes(), b',', &Fields::default(), piece));
            assert!(found == rows, "{piece}");
        }
    }
}

#[test]
fn cells_may_hold_instants_and_nested_rows() {
    expect(
        "id,created_at,name,tags\n1,2026-01-31,2026-01-31,\"[{\"\"id\"\":1}]\"\n2,,[x],[]\n",
        &[
            (
                2,
                json!({ "id": "1", "created_at": "2026-01-31T00:00:00+00:00", "name": "2026-01-31",
                    "tags": [{ "id": 1 }] }),
            ),
            (3, json!({ "id": "2", "name": "[x]", "tags": [] })),
        ],
    );
}

proptest! {
    #[test]
    fn every_record_is_a_row(
        names in collection::vec("[ -~\u{e9}\n]{1,9}", 1..9),
        piece in 1_usize..40,
    ) {
        let quoted = |name: &String| format!("9{}", name.replace('"', "\"\""));
        let lines: String = names.iter().map(|name| format!("1,\"{}\"\r\n", quoted(name))).collect();
        let text = format!("id,name\n{lines}");
        let rows = described(split(text.as_bytes(), b',', &Fields::default(), piece));
        let found: Vec<Value> = rows.into_iter().map(|(_, mut row)| row["name"].take()).collect();
        let expected: Vec<Value> = names.iter().map(|name| json!(format!("9{name}").trim())).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_split_the_same_in_any_pieces(text in "(id|,|\"|\r|\n|a| |\u{e9}){0,60}", piece in 1_usize..9) {
        let text = format!("id,name\n{text}");
        let split = |piece| split(text.as_bytes(), b',', &Fields::default(), piece);
        prop_assert_eq!(split(piece), split(text.len()));
    }
}

#[test]
fn a_cell_may_have_several_ids() {
    for cell in [
        "\"[1, 2]\"",
        "1;2",
        "\"1,2\"",
        "\"1, 2\"",
        "\"[\"\"1\"\",\"\"2\"\"]\"",
    ] {
        let rows = split(
            format!("id,tag_ids,code\n7,{cell},\"1,2\"\n").as_bytes(),
            b',',
            &Fields::default(),
            1000,
        );
        let expected = json!({ "id": "7", "tag_ids": ["1", "2"], "code": "1,2" });
        assert_eq!(described(rows), [(2, expected)], "{cell}");
    }
}
