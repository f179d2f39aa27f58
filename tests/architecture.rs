//! The arrows between the modules: `ARCHITECTURE.md`, rule 1.

use std::{fs, path::Path};

/// What each module may import of the others.
const ALLOWED: [(&str, &[&str]); 21] = [
    ("access", &["email", "loader", "rate_limit"]),
    (
        "auth",
        &["access", "clock", "loader", "metrics", "unquoted"],
    ),
    ("clock", &[]),
    (
        "command",
        &[
            "auth",
            "clock",
            "config",
            "database",
            "demo",
            "graphql",
            "http",
            "import",
            "loader",
            "log",
            "metrics",
            "printable",
            "rate_limit",
            "trace",
        ],
    ),
    (
        "config",
        &[
            "access",
            "auth",
            "database",
            "graphql",
            "http",
            "metrics",
            "rate_limit",
            "unquoted",
        ],
    ),
    ("database", &[]),
    ("demo", &["auth", "clock", "import"]),
    ("email", &[]),
    (
        "graphql",
        &["access", "email", "loader", "metrics", "rate_limit"],
    ),
    (
        "http",
        &[
            "access",
            "auth",
            "clock",
            "database",
            "graphql",
            "loader",
            "metrics",
            "rate_limit",
            "rest",
            "trace",
        ],
    ),
    (
        "import",
        &["clock", "config", "database", "email", "printable"],
    ),
    // The proofs, and nothing else of access.
    (
        "loader",
        &[
            "access::proof",
            "database",
            "metrics",
            "rate_limit",
            "trace",
        ],
    ),
    ("log", &["config", "trace"]),
    ("main", &["command"]),
    ("lib", &[]),
    ("metrics", &[]),
    ("printable", &[]),
    ("rate_limit", &["clock", "metrics"]),
    ("rest", &["access", "loader", "rate_limit"]),
    ("trace", &[]),
    ("unquoted", &[]),
];

/// Source files under `path`, without those of tests.
fn sources(path: &Path, found: &mut Vec<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a readable folder") {
            sources(&entry.expect("an entry").path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs")
        && !path.components().any(|part| part.as_os_str() == "tests")
        && path
            .file_stem()
            .is_some_and(|name| name != "tests" && name != "test_support")
    {
        found.push(fs::read_to_string(path).expect("a readable file"));
    }
}

/// The modules that a file names by `crate::…`, as far as the arrows tell them apart.
fn imports(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            // Only the names at the top of the braces; what stands deeper belongs to them.
            let mut depth = 0;
            let mut name = String::new();
            for letter in list.chars() {
                match letter {
                    '}' if depth == 0 => break,
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                    _ if depth == 0 && !letter.is_whitespace() => name.push(letter),
                    _ => {}
                }
            }
            names.push(name);
        } else {
            let end =
                rest.find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | ':'));
            names.push(rest[..end.unwrap_or(rest.len())].to_owned());
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn arrows_run_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&root).expect("src") {
        let path = entry.expect("an entry").path();
        let module = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} is not in the table"));
        let mut files = Vec::new();
        sources(&path, &mut files);
        for name in files.iter().flat_map(|source| imports(source)) {
            let is_own = name == module || name.starts_with(&format!("{module}::"));
            let is_allowed = allowed
                .iter()
                .any(|allowed| name == *allowed || name.starts_with(&format!("{allowed}::")));
            if !is_own && !is_allowed {
                wrong.push(format!("{module} imports {name}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn entities_and_migrations_import_nothing_of_ours() {
    for (folder, forbidden) in [
        ("entity", ["migration::", "invite_gateway::"]),
        ("migration", ["entity::", "invite_gateway::"]),
    ] {
        let mut files = Vec::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(folder)
                .join("src"),
            &mut files,
        );
        assert!(!files.is_empty());
        for source in files {
            for name in forbidden {
                // SeaORM's own module of that name is another's.
                assert!(
                    !source.replace("sea_orm::entity::", "").contains(name),
                    "{folder} imports {name}"
                );
            }
        }
    }
}
