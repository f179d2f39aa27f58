//! Dependencies between modules: rule 1 of `ARCHITECTURE.md`.

use std::{fs, path::Path};

/// Modules that each module may import.
const ALLOWED: [(&str, &[&str]); 26] = [
    (
        "access",
        &[
            "email",
            "invite",
            "lifecycle",
            "loader",
            "paging",
            "rate_limit",
        ],
    ),
    (
        "auth",
        &["access", "clock", "lifecycle", "loader", "metrics"],
    ),
    ("clock", &[]),
    (
        "command",
        &[
            "access",
            "lifecycle",
            "auth",
            "clock",
            "config",
            "database",
            "demo",
            "export",
            "graphql",
            "http",
            "import",
            "invite",
            "loader",
            "log",
            "metrics",
            "printable",
            "rate_limit",
            "trace",
            "redacted",
        ],
    ),
    (
        "config",
        &[
            "email",
            "lifecycle",
            "access",
            "auth",
            "database",
            "graphql",
            "http",
            "invite",
            "metrics",
            "rate_limit",
            "redacted",
        ],
    ),
    ("database", &[]),
    ("demo", &["auth", "clock", "import", "invite"]),
    ("email", &[]),
    ("export", &["import"]),
    ("fold", &["email"]),
    (
        "graphql",
        &[
            "lifecycle",
            "access",
            "email",
            "invite",
            "loader",
            "metrics",
            "paging",
            "rate_limit",
            "trace",
        ],
    ),
    (
        "http",
        &[
            "lifecycle",
            "access",
            "auth",
            "clock",
            "database",
            "graphql",
            "import",
            "loader",
            "metrics",
            "rate_limit",
            "rest",
            "trace",
        ],
    ),
    (
        "import",
        &["clock", "database", "email", "fold", "invite", "printable"],
    ),
    ("invite", &[]),
    // Only the proofs of access, and the states of rows.
    (
        "lifecycle",
        &[
            "access::proof",
            "clock",
            "database",
            "email",
            "fold",
            "invite",
            "loader",
            "trace",
        ],
    ),
    // Only the proofs of access.
    (
        "loader",
        &[
            "access::proof",
            "database",
            "fold",
            "invite",
            "metrics",
            "paging",
            "rate_limit",
            "trace",
        ],
    ),
    ("log", &["access::AUDIT_TARGET", "config", "trace"]),
    ("main", &["command"]),
    ("lib", &[]),
    ("metrics", &[]),
    ("paging", &[]),
    ("printable", &[]),
    ("rate_limit", &["clock", "metrics"]),
    (
        "rest",
        &["access", "invite", "loader", "paging", "rate_limit"],
    ),
    ("trace", &[]),
    ("redacted", &[]),
];

/// Returns the source files under `path`, except those of tests.
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

/// Returns a file without its test items.
fn without_tests(source: &str) -> String {
    let mut code = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            code += line;
            code.push('\n');
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        // The item goes to its own end, or to the brace below its beginning.
        let ends = [format!("{indent}}}"), format!("{indent}}};")];
        let is_one_line = |line: &str| line.ends_with(';') || line.ends_with('}');
        if lines.next().is_some_and(|first| !is_one_line(first)) {
            let _ = lines.find(|line| ends.iter().any(|end| line == end));
        }
    }
    code
}

/// Returns the modules that a file names by `crate::…`, as far as the table distinguishes them.
fn imports(source: &str) -> Vec<String> {
    let code = without_tests(source);
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            // Only names at the top level of the braces. Deeper names belong to those.
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
fn modules_import_only_allowed_modules() {
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
fn the_other_crates_import_no_module_of_the_gateway() {
    const OURS: [&str; 7] = [
        "batch_loader::",
        "entity::",
        "explorer::",
        "graphql_documents::",
        "invite_gateway::",
        "migration::",
        "paged::",
    ];
    for folder in [
        "crates/batch-loader",
        "crates/graphql-documents",
        "crates/paged",
        "entity",
        "explorer",
        "migration",
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
            for name in OURS {
                // SeaORM has a module and a crate of such names.
                let others = ["sea_orm::entity::", "sea_orm_migration::"];
                let own = others
                    .iter()
                    .fold(source.clone(), |own, other| own.replace(other, ""));
                assert!(!own.contains(name), "{folder} imports {name}");
            }
        }
    }
}

/// Modules that may import each foreign crate: rule 2 of `ARCHITECTURE.md`.
const HOMES: [(&str, &[&str]); 14] = [
    ("apollo_compiler", &["graphql"]),
    ("async_graphql", &["demo", "graphql", "http", "loader"]),
    ("axum", &["auth", "http", "rest"]),
    (
        "clap",
        &["auth", "command", "config", "graphql", "import", "redacted"],
    ),
    ("hyper", &["http"]),
    ("jsonwebtoken", &["auth"]),
    ("opentelemetry", &["trace"]),
    ("prometheus_client", &["metrics"]),
    ("redis", &["rate_limit"]),
    ("reqwest", &["auth", "command", "trace"]),
    ("rustls_native_certs", &["database"]),
    (
        "sea_orm",
        &[
            "auth",
            "command",
            "database",
            "demo",
            "export",
            "import",
            "lifecycle",
            "loader",
        ],
    ),
    ("sqlx", &["database", "import", "lifecycle", "loader"]),
    ("utoipa", &["rest"]),
];

#[test]
fn foreign_crates_are_imported_only_by_their_modules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&root).expect("src") {
        let path = entry.expect("an entry").path();
        let module = path.file_stem().expect("a name").to_string_lossy();
        let mut files = Vec::new();
        sources(&path, &mut files);
        let code: String = files.iter().map(|source| without_tests(source)).collect();
        for (foreign, homes) in HOMES {
            let is_used = code.match_indices(&format!("{foreign}::")).any(|(at, _)| {
                let before = code[..at].chars().next_back();
                !before.is_some_and(|letter| letter.is_alphanumeric() || "_:".contains(letter))
            });
            if is_used && !homes.contains(&&*module) {
                wrong.push(format!("{module} uses {foreign}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
