//! The guide's snippets for frontends come from the applications here.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Returns the fenced blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let fenced = page.split("```").skip(1).step_by(2);
    let blocks = fenced.filter_map(|block| Some(block.split_once('\n')?.1));
    blocks.map(|block| block.trim_end().to_owned()).collect()
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
    for folder in ["relay", "apollo", "urql", "codegen"] {
        sources(&root.join("tests/clients").join(folder), &mut found);
    }
    let guide = fs::read_to_string(root.join("docs/guide/clients.md")).expect("a text");
    let blocks = blocks(&guide);
    assert_eq!(blocks.len(), 6, "{blocks:#?}");
    for block in blocks {
        let block = unindented(&block);
        assert!(
            found.iter().any(|source| source.contains(&block)),
            "{block}"
        );
    }
}
