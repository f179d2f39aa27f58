//! The process's limit of open files, which bounds how many connections it can have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files beside connections of clients and of the database: the log, the runtime, keys, SQLite's.
const OTHERS: u64 = 64;

/// Raises the limit of open files as far as it must be, and is allowed to be, for so many
/// connections of clients beside those of the database. Gives how many of clients there is room for.
pub(super) fn room_for_connections(clients: u32, of_database: u32) -> u32 {
    let beside = OTHERS + u64::from(of_database);
    let wanted = u64::from(clients) + beside;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None is unlimited.
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
                tracing::warn!(%error, limit, "the limit of open files could not be raised");
            }
        }
    }
    let room = limit.saturating_sub(beside).max(1);
    if room < clients.into() {
        tracing::warn!(
            limit,
            max_connections = room,
            asked = clients,
            "the limit of open files (ulimit -n) is too low for --max-connections: fewer are taken"
        );
    }
    u32::try_from(room).unwrap_or(clients).min(clients)
}
