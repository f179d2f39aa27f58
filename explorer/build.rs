//! Builds `web/` with npm, and writes a table of the files that it gives for `src/lib.rs` to
//! embed. Nothing is written outside of `OUT_DIR`.
//!
//! - `EXPLORER_DIST=folder` takes a ready build, made by `npm run build`.
//! - `EXPLORER_NPM=skip` builds without GraphiQL; `EXPLORER_NPM=require` fails where it cannot be
//!   built, as release builds and continuous integration (`CI`) do anyway. Other builds then go on
//!   with a page that says how to get it.

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

/// What `npm` makes or fetches in `web/`.
const NOT_SOURCES: [&str; 2] = ["node_modules", "dist"];

/// The folder of a build that has the assets; the page is beside it.
const ASSETS: &str = "graphiql";

fn main() -> ExitCode {
    for name in ["EXPLORER_DIST", "EXPLORER_NPM", "CI", "DOCS_RS"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let (Some(out), Some(root)) = (variable("OUT_DIR"), variable("CARGO_MANIFEST_DIR")) else {
        println!("cargo::error=cargo runs this, with OUT_DIR and CARGO_MANIFEST_DIR");
        return ExitCode::FAILURE;
    };
    let (out, web) = (PathBuf::from(out), Path::new(&root).join("web"));
    let table = match dist(&web, &out) {
        Ok(dist) => {
            table(dist.as_deref()).map_err(|error| format!("the build is incomplete: {error}"))
        }
        Err(error) if is_required() => Err(error),
        Err(error) => {
            println!("cargo::warning=GraphiQL is left out, /graphiql says how to get it: {error}");
            Ok(EMPTY_TABLE.to_owned())
        }
    };
    let written = table.and_then(|table| {
        fs::write(out.join("table.rs"), table).map_err(|error| format!("table.rs: {error}"))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=GraphiQL cannot be built: {error}");
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

/// The folder with the built page; none where it is not wanted.
fn dist(web: &Path, out: &Path) -> Result<Option<PathBuf>, String> {
    if let Some(dist) = variable("EXPLORER_DIST") {
        let dist = PathBuf::from(dist);
        println!("cargo::rerun-if-changed={}", dist.display());
        return match dist.canonicalize() {
            Ok(dist) => Ok(Some(dist)),
            Err(error) => {
                // It was asked for by name: that fails any build.
                println!("cargo::error=EXPLORER_DIST is {}: {error}", dist.display());
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
    // What is built already is not built again because of a changed environment.
    let built = out.join("web.built");
    if fs::read_to_string(&built).is_ok_and(|built| built == digest) {
        return Ok(Some(copy.join("dist")));
    }
    // Whatever fails from here on leaves nothing that looks built.
    if built.exists() {
        fs::remove_file(&built).map_err(|error| format!("{}: {error}", built.display()))?;
    }
    install(&copy)?;
    npm_run(&copy, &["run", script])?;
    fs::write(&built, digest).map_err(|error| format!("{}: {error}", built.display()))?;
    Ok(Some(copy.join("dist")))
}

/// Copies the sources, and has cargo watch them; gives their digest. What was copied before and is
/// gone is removed.
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

/// Installs the packages, unless those of this very lock file are there.
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

/// Runs npm; says what it wrote if it fails.
fn npm_run(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(npm)
        .args(arguments)
        .current_dir(folder)
        // With `production`, what builds the page would not be installed.
        .env_remove("NODE_ENV")
        .output()
        .map_err(|error| {
            // A file that is never there: the next build asks for npm again.
            println!("cargo::rerun-if-changed={}", folder.join("no-npm").display());
            format!("npm cannot be run ({error}): install Node.js 20.19 or later, https://nodejs.org")
        })?;
    if output.status.success() {
        return Ok(());
    }
    let written = [output.stdout, output.stderr].concat();
    // One line: cargo ends a message with the line.
    let written = String::from_utf8_lossy(&written).replace('\n', " | ");
    Err(format!(
        "npm {}: {}: {written}",
        arguments.join(" "),
        output.status
    ))
}

/// What stands in for the table where there is no build.
const EMPTY_TABLE: &str =
    "const BUILT_PAGE: Option<&str> = None;\nstatic ASSETS: [Asset; 0] = [];\n";

/// The table: Rust that embeds the page and its assets.
fn table(dist: Option<&Path>) -> Result<String, String> {
    let Some(dist) = dist else {
        return Ok(EMPTY_TABLE.to_owned());
    };
    let folder = dist.join(ASSETS);
    let names = names(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let assets: Vec<&String> = names.iter().filter(|name| !name.ends_with(".br")).collect();
    let page = dist.join("index.html");
    if !page.is_file() {
        return Err(format!("{} is not there", page.display()));
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
        _ => Err(format!("{name}: of what type is it?")),
    }
}

/// Whether the name changes with the content: `name-XXXXXXXX.ending`.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    stem.len() > 9
        && stem.as_bytes()[stem.len() - 9] == b'-'
        && stem.bytes().rev().take(8).all(is_part)
}
