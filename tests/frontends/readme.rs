//! The README's snippets for frontends come from the applications here.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Returns the indented blocks of the README's section.
fn blocks(readme: &str) -> Vec<String> {
    let (_, section) = readme
        .split_once("\n## For frontends\n")
        .expect("a section for frontends");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut blocks = Vec::new();
    for paragraph in section.split("\n\n") {
        let lines: Option<Vec<&str>> = paragraph
            .lines()
            .map(|line| line.strip_prefix("    "))
            .collect();
        blocks.extend(lines.map(|lines| lines.join("\n")));
    }
    blocks
}

/// Collects the sources of the applications, without indentation.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(unindented(&fs::read_to_string(path).expect("a text")));
        }
    }
}

fn unindented(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_snippet_is_taken_from_an_application() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["relay", "apollo", "codegen"] {
        sources(&root.join("tests/clients").join(folder), &mut found);
    }
    let readme = fs::read_to_string(root.join("README.md")).expect("a text");
    let blocks = blocks(&readme);
    assert_eq!(blocks.len(), 3, "{blocks:#?}");
    for block in blocks {
        let block = unindented(&block);
        assert!(
            found.iter().any(|source| source.contains(&block)),
            "{block}"
        );
    }
}
