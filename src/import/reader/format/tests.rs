//! Tests of recognising formats.

use super::{Format, recognize};
use crate::import::Fields;

fn format(sample: &[u8]) -> Format {
    recognize(sample, &Fields::default())
}

#[test]
fn json_and_csv_are_recognised() {
    for json in [
        "",
        " \n",
        "{",
        "\n [1]",
        "warning: slow query\n{\"id\":1}",
        "a,b\n\n[{}]",
    ] {
        assert_eq!(format(json.as_bytes()), Format::Json, "{json}");
    }
    for (csv, delimiter) in [
        ("id,username,full_name\n1,anna,Anna\n", b','),
        ("\n\"id\";\"full name, or none\"\r\n", b';'),
        ("\tid\tusername\n0\t1\tanna", b'\t'),
        ("User ID,Course-ID\r1,2\r", b','),
        ("sep=;\r\nid;name\r\n", b';'),
        ("email|token", b'|'),
        ("inviter.id,role\n", b','),
    ] {
        assert_eq!(format(csv.as_bytes()), Format::Csv { delimiter }, "{csv}");
    }
    let fields = Fields {
        renamed: vec!["Nummer=id".parse().unwrap()],
        ..Fields::default()
    };
    let text = b"Nummer;Name\n1;Anna\n";
    assert_eq!(recognize(text, &fields), Format::Csv { delimiter: b';' });
}

#[test]
fn other_formats_are_named_with_what_to_do() {
    let tar = [&b"users.csv"[..], &[0; 248], b"ustar", &[0; 9]].concat();
    for (sample, start) in [
        (
            &b"PK\x03\x04..[Content_Types].xml..xl/workbook.xml"[..],
            "looks like a spreadsheet (.xlsx); save it as CSV",
        ),
        (
            b"PK\x03\x04..[Content_Types].xml..",
            "looks like an Office document",
        ),
        (
            b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            "looks like a spreadsheet (.ods)",
        ),
        (
            b"PK\x03\x04..users.csv",
            "looks like a ZIP archive; unpack it",
        ),
        (
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
            "looks like an old Excel spreadsheet",
        ),
        (b"%PDF-1.7\n", "looks like a PDF"),
        (b"\n<!DOCTYPE html>\n<html>", "looks like an HTML page"),
        (b"<?xml version='1.0'?><html>", "looks like an HTML page"),
        (b"<?xml version='1.0'?>\n<users/>", "looks like XML"),
        (
            b"\x28\xB5\x2F\xFD\x04",
            "looks like zstd in a compressed file; decompress it first",
        ),
        (b"\x1F\x8B\x08", "looks like gzip in a compressed file"),
        (b"{\\rtf1\\ansi", "looks like a text document (.rtf)"),
        (b"\x7FELF\x02\x01\x01\0", "looks like binary data"),
        (b"--\n-- PostgreSQL database dump\n--\n", "looks like SQL"),
        (
            b"insert into users (id, name) values (1, 'a');",
            "looks like SQL",
        ),
        (
            b"Dear all, here is the list:\n\nAnna\nBen\n",
            "looks like plain text",
        ),
        (b"anna\nben\n", "looks like plain text"),
        (b"1\n2\n", "looks like plain text"),
        (
            b"1,anna,Anna\n2,ben,Ben\n",
            "looks like CSV without a header",
        ),
        (b"anna@example.org,Anna", "looks like CSV without a header"),
        (
            b"Name,Mail\nAnna,anna@example.org\n",
            "looks like CSV whose header names no id",
        ),
        (&tar, "looks like a tar archive"),
    ] {
        let found = format(sample);
        let Format::Other(message) = &found else {
            panic!("{found:?}, expected {start}");
        };
        assert!(message.starts_with(start), "{message}, expected {start}");
    }
}
