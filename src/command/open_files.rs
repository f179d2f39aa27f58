//! The limit of open files, which bounds the number of connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files other than client and database connections: the log, the runtime, keys, SQLite files.
const OTHER_FILES: u64 = 64;

/// Raises the limit of open files to the configured connections, as far as the system allows.
/// Returns the number of client connections that fit.
pub(super) fn room_for_connections(clients: u32, database: u32) -> u32 {
    let reserved = OTHER_FILES + u64::from(database);
    let wanted = u64::from(clients) + reserved;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // `None` means unlimited.
    let Some(mut limit) = current else {
        return clients;
    };
    if limit < wanted {
        let raised = maximum.map_or(wanted, |maximum| maximum.min(wanted));
        let new = Rlimit {
            current: Some(raised),
            maximum,
        };
        match setrlimit(Resource::Nofile, new) {
            Ok(()) => limit = raised,
            Err(error) => {
                tracing::warn!(%error, limit, "cannot raise the limit of open files");
            }
        }
    }
    let room = limit.saturating_sub(reserved).max(1);
    if room < clients.into() {
        tracing::warn!(
            limit,
            max_connections = room,
            configured = clients,
            "lowered --max-connections: the limit of open files (ulimit -n) is too low"
        );
    }
    u32::try_from(room).unwrap_or(clients).min(clients)
}
