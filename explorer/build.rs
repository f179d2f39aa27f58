//! Builds `web/` with npm, and generates the table of files that `src/lib.rs` embeds. Writes only
//! to `OUT_DIR`.
//!
//! - `EXPLORER_DIST=folder` uses an existing build, made by `npm run build`.
//! - `EXPLORER_NPM=skip` builds without GraphiQL.
//! - `EXPLORER_NPM=require` fails if GraphiQL cannot be built. Release builds and continuous
//!   integration (`CI`) always do. Other builds then serve a page that explains how to add it.

use std::{
    env,
    ffi::OsString,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// Folders in `web/` that `npm` creates.
const NOT_SOURCES: [&str; 2] = ["node_modules", "dist"];

/// Folder of assets in a build. The page is next to it.
const ASSETS: &str = "graphiql";

fn main() -> ExitCode {
    for name in ["EXPLORER_DIST", "EXPLORER_NPM", "CI", "DOCS_RS"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let (Some(out), Some(root)) = (variable("OUT_DIR"), variable("CARGO_MANIFEST_DIR")) else {
        println!("cargo::error=OUT_DIR or CARGO_MANIFEST_DIR is not set: run this with cargo");
        return ExitCode::FAILURE;
    };
    let (out, web) = (PathBuf::from(out), Path::new(&root).join("web"));
    let table = match dist(&web, &out) {
        Ok(dist) => {
            table(dist.as_deref()).map_err(|error| format!("the build is incomplete: {error}"))
        }
        Err(error) if is_required() => Err(error),
        Err(error) => {
            println!(
                "cargo::warning=building without GraphiQL, /graphiql explains how to add it: {error}"
            );
            Ok(EMPTY_TABLE.to_owned())
        }
    };
    let written = table.and_then(|table| {
        fs::write(out.join("table.rs"), table).map_err(|error| format!("table.rs: {error}"))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=cannot build GraphiQL: {error}");
            ExitCode::FAILURE
        }
    }
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn is_required() -> bool {
    variable("EXPLORER_NPM").is_some_and(|value| value == "require")
        || variable("PROFILE").is_some_and(|value| value == "release")
        || variable("CI").is_some_and(|value| value != "false")
}

/// Returns the folder with the built page; none for a build without GraphiQL.
///
/// # Errors
/// npm is missing or fails.
fn dist(web: &Path, out: &Path) -> Result<Option<PathBuf>, String> {
    if let Some(dist) = variable("EXPLORER_DIST") {
        let dist = PathBuf::from(dist);
        println!("cargo::rerun-if-changed={}", dist.display());
        return match dist.canonicalize() {
            Ok(dist) => Ok(Some(dist)),
            Err(error) => {
                // An explicit setting that is wrong fails every build.
                println!(
                    "cargo::error=cannot read EXPLORER_DIST={}: {error}",
                    dist.display()
                );
                Ok(None)
            }
        };
    }
    match variable("EXPLORER_NPM") {
        _ if variable("DOCS_RS").is_some() => return Ok(None),
        Some(npm) if npm == "skip" => return Ok(None),
        Some(npm) if npm != "require" => {
            println!("cargo::error=EXPLORER_NPM is {npm:?}: expected `skip` or `require`");
            return Ok(None);
        }
        _ => {}
    }
    let copy = out.join("web");
    // Builds for development neither check types nor compress well.
    let script = if is_required() { "build" } else { "quick" };
    let digest = copy_sources(web, &copy).map_err(|error| format!("{}: {error}", web.display()))?;
    let digest = format!("{script} {digest}");
    // A changed environment does not rebuild unchanged sources.
    let built = out.join("web.built");
    if fs::read_to_string(&built).is_ok_and(|built| built == digest) {
        return Ok(Some(copy.join("dist")));
    }
    // Removes the marker first, so that a failure below does not leave a build that looks complete.
    if built.exists() {
        fs::remove_file(&built).map_err(|error| format!("{}: {error}", built.display()))?;
    }
    install(&copy)?;
    npm_run(&copy, &["run", script])?;
    fs::write(&built, digest).map_err(|error| format!("{}: {error}", built.display()))?;
    Ok(Some(copy.join("dist")))
}

/// Copies the sources, has cargo watch them, and returns their digest. Removes earlier copies.
fn copy_sources(web: &Path, copy: &Path) -> io::Result<String> {
    fs::create_dir_all(copy)?;
    let mut digest = DefaultHasher::new();
    for name in names(copy)? {
        if !NOT_SOURCES.contains(&name.as_str()) {
            remove(&copy.join(name))?;
        }
    }
    for name in names(web)? {
        if !NOT_SOURCES.contains(&name.as_str()) {
            let source = web.join(&name);
            println!("cargo::rerun-if-changed={}", source.display());
            copy_all(&source, &copy.join(name), &mut digest)?;
        }
    }
    Ok(format!("{:016x}", digest.finish()))
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

fn copy_all(from: &Path, to: &Path, digest: &mut DefaultHasher) -> io::Result<()> {
    if !from.is_dir() {
        let bytes = fs::read(from)?;
        (to, &bytes).hash(digest);
        return fs::write(to, bytes);
    }
    fs::create_dir_all(to)?;
    for name in names(from)? {
        copy_all(&from.join(&name), &to.join(name), digest)?;
    }
    Ok(())
}

/// Installs the packages of the lock file, unless they are installed.
fn install(copy: &Path) -> Result<(), String> {
    let lock = copy.join("package-lock.json");
    let installed = copy.join("node_modules/.installed");
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let wanted = read(&lock)?;
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    npm_run(copy, &["ci", "--ignore-scripts"])?;
    fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))
}

/// Runs npm.
///
/// # Errors
/// npm cannot be run or fails. The error contains its output.
fn npm_run(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(npm)
        .args(arguments)
        .current_dir(folder)
        // With `production`, npm would not install the build tools.
        .env_remove("NODE_ENV")
        .output()
        .map_err(|error| {
            // A path that never exists makes the next build try npm again.
            println!("cargo::rerun-if-changed={}", folder.join("no-npm").display());
            format!("cannot run npm ({error}): install Node.js 20.19 or later, https://nodejs.org")
        })?;
    if output.status.success() {
        return Ok(());
    }
    let written = [output.stdout, output.stderr].concat();
    // A message to cargo is one line.
    let written = String::from_utf8_lossy(&written).replace('\n', " | ");
    Err(format!(
        "npm {}: {}: {written}",
        arguments.join(" "),
        output.status
    ))
}

/// Table of a build without GraphiQL.
const EMPTY_TABLE: &str =
    "const BUILT_PAGE: Option<&str> = None;\nstatic ASSETS: [Asset; 0] = [];\n";

/// Generates the table: Rust code that embeds the page and its assets.
fn table(dist: Option<&Path>) -> Result<String, String> {
    let Some(dist) = dist else {
        return Ok(EMPTY_TABLE.to_owned());
    };
    let folder = dist.join(ASSETS);
    let names = names(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let assets: Vec<&String> = names.iter().filter(|name| !name.ends_with(".br")).collect();
    let page = dist.join("index.html");
    if !page.is_file() {
        return Err(format!("{} does not exist", page.display()));
    }
    let mut table = format!(
        "const BUILT_PAGE: Option<&str> = Some(include_str!({page:?}));\nstatic ASSETS: [Asset; {}] = [\n",
        assets.len()
    );
    for name in assets {
        let path = folder.join(name);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let compressed = format!("{name}.br");
        let stored = if names.contains(&compressed) {
            format!(
                "Stored::Compressed {{ brotli: include_bytes!({:?}), gzip: OnceLock::new(), plain: OnceLock::new() }}",
                folder.join(compressed)
            )
        } else {
            format!("Stored::Plain(include_bytes!({path:?}))")
        };
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let _ = writeln!(
            table,
            "    Asset {{ name: {name:?}, content_type: {:?}, hash: \"{:016x}\", is_hashed: {}, length: {}, stored: {stored} }},",
            content_type(name)?,
            hasher.finish(),
            is_hashed(name),
            bytes.len(),
        );
    }
    table.push_str("];\n");
    Ok(table)
}

fn content_type(name: &str) -> Result<&'static str, String> {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("md") => Ok("text/plain; charset=utf-8"),
        Some("ttf") => Ok("font/ttf"),
        Some("woff2") => Ok("font/woff2"),
        Some("svg") => Ok("image/svg+xml"),
        Some("png") => Ok("image/png"),
        _ => Err(format!("{name}: unknown media type; add it to build.rs")),
    }
}

/// Returns true if the name contains a hash of the content: `name-XXXXXXXX.extension`.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    stem.len() > 9
        && stem.as_bytes()[stem.len() - 9] == b'-'
        && stem.bytes().rev().take(8).all(is_part)
}
