//! Pages of the documentation that a test generates.

use std::{env, fs, path::PathBuf};

/// Asserts that a page has this text. With `UPDATE_REFERENCE`, writes it first.
pub fn assert_generated(page: &str, behaviour: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(page);
    if env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, expected).expect("a file");
    }
    let found = fs::read_to_string(&path).expect("a reference");
    assert!(
        found == expected,
        "{} is out of date: UPDATE_REFERENCE=1 scripts/test --test gateway {behaviour}",
        path.display()
    );
}
