//! Files that the program creates are readable only by their owner, whatever the umask.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use tempfile::TempDir;

use crate::support::process::{Ended, Process, Server};

/// Returns the permissions of each file in a folder.
fn modes(folder: &TempDir) -> Vec<(String, u32)> {
    let mut modes: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|file| {
            let file = file.expect("a file");
            let mode = file.metadata().expect("a mode").permissions().mode();
            (file.file_name().into_string().expect("UTF-8"), mode & 0o777)
        })
        .collect();
    modes.sort();
    modes
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

async fn migrate_up(url: &str) {
    let ended: Ended =
        Process::run_with_umask("000", &["migrate", "up", "--database-url", url]).await;
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn a_new_database_is_private() {
    for form in ["sqlite://", "sqlite:", "sqlite:file:"] {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("new.db");
        migrate_up(&format!("{form}{}", path.display())).await;
        assert_eq!(modes(&folder), [("new.db".to_owned(), 0o600)], "{form}");
    }
}

#[tokio::test]
async fn a_new_database_behind_a_link_is_private() {
    let (folder, elsewhere) = (TempDir::new().expect("one"), TempDir::new().expect("two"));
    let link = folder.path().join("link.db");
    symlink(elsewhere.path().join("new.db"), &link).expect("a link");
    migrate_up(&url(&link)).await;
    assert_eq!(modes(&elsewhere), [("new.db".to_owned(), 0o600)]);
}

#[tokio::test]
async fn files_next_to_a_database_have_its_mode() {
    for (chosen, mode) in [(None, 0o600), (Some(0o640), 0o640), (Some(0o666), 0o666)] {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("new.db");
        if let Some(mode) = chosen {
            fs::write(&path, "").expect("a file");
            fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("a mode");
        }
        migrate_up(&url(&path)).await;
        let server = Server::new(&url(&path)).await;
        server.get(None, "/health/ready").await;
        let expected = ["new.db", "new.db-shm", "new.db-wal"].map(|name| (name.to_owned(), mode));
        assert_eq!(modes(&folder), expected);
    }
}
