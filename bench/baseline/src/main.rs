//! The benchmark's queries and mutations written by hand: a route and a prepared statement each.
//! Responses and access rules are those of the gateway.
//!
//! Environment variables configure it: `DATABASE_URL`, `LISTEN`, `JWT_SECRET`, and `CONNECTIONS`,
//! the number of connections to the database that queries share.

mod course;
mod database;
mod instant;
mod invite_code;
mod json;
mod response;
mod token;
mod uuid;
mod workspaces;
mod write;

use std::{env, error::Error, str::FromStr, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
    serve::ListenerExt,
};
use tokio::net::TcpListener;

use database::Database;
use token::Tokens;

/// State that all requests share.
struct Baseline {
    database: Database,
    tokens: Tokens,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url: String = setting("DATABASE_URL")?;
    let connections: usize = setting("CONNECTIONS")?;
    let listen: String = setting("LISTEN")?;
    let secret: String = setting("JWT_SECRET")?;
    let baseline = Arc::new(Baseline {
        database: Database::open(&url, connections).await?,
        tokens: Tokens::new(secret.as_bytes()),
    });
    let app = Router::new()
        .route("/q1/{code}", get(invite_code::by_code))
        .route("/q2/{slug}", get(course::first_invitees))
        .route("/q3", get(workspaces::managed))
        .route("/q4/{slug}", get(course::last_invitees))
        .route("/w1/{token}", post(write::accept))
        .route("/w2", post(write::create))
        .route("/w3", post(write::create))
        .route("/w4", post(write::cancel))
        .with_state(baseline);
    let listener = TcpListener::bind(listen).await?.tap_io(|connection| {
        // Without this option, the kernel delays responses.
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, app).await?;
    Ok(())
}

fn setting<T: FromStr<Err: Error + 'static>>(name: &str) -> Result<T, Box<dyn Error>> {
    let text = env::var(name).map_err(|error| format!("{name}: {error}"))?;
    Ok(text.parse()?)
}
