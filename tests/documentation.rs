//! The documentation: links lead to files, and the first pages stay short.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Collects the Markdown files of a folder.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// Returns the files that a page links to.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let targets = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let files = targets.filter(|target| !target.contains(':') && !target.starts_with('#'));
    files.map(|target| target.split('#').next().unwrap_or_default())
}

#[test]
fn every_link_leads_to_a_file() {
    let mut all: Vec<PathBuf> = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ]
    .map(|name| root().join(name))
    .into();
    for name in ["bench/README.md", "deploy/README.md"] {
        all.push(root().join(name));
    }
    pages(&root().join("docs"), &mut all);
    let mut dead = Vec::new();
    for page in &all {
        let text = fs::read_to_string(page).expect("a page");
        let folder = page.parent().expect("a folder");
        let missing = links(&text).filter(|link| !folder.join(link).exists());
        dead.extend(missing.map(|link| format!("{}: {link}", page.display())));
    }
    assert!(all.len() > 40);
    assert_eq!(dead, Vec::<String>::new());
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let docs = root().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).expect("a summary");
    let listed: Vec<PathBuf> = links(&summary).map(|link| docs.join(link)).collect();
    let mut all = Vec::new();
    pages(&docs, &mut all);
    all.retain(|page| !listed.contains(page) && !page.ends_with("SUMMARY.md"));
    assert_eq!(all, Vec::<PathBuf>::new());
}

#[test]
fn the_first_pages_are_short() {
    for name in ["README.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(name)).expect("a page");
        assert!(text.len() <= 8 * 1024, "{name} has {} bytes", text.len());
        let long: Vec<_> = text
            .lines()
            .filter(|line| line.chars().count() > 120)
            .collect();
        assert!(long.is_empty(), "{name}: {long:#?}");
    }
}
