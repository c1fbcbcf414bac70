//! What the programs share: an answer that takes 20 ms, and where to listen.

use axum::{routing::get, Router};
use std::time::Duration;

pub const WORK: Duration = Duration::from_millis(20);
pub const ADDRESS: &str = "0.0.0.0:8080";

async fn work(text: &'static str) -> String {
    tokio::time::sleep(WORK).await;
    format!("{text} shared")
}

/// Serves until somebody ends it: there is no handler for any signal.
pub async fn serve(listener: tokio::net::TcpListener, text: &'static str) -> std::io::Result<()> {
    axum::serve(listener, Router::new().route("/", get(move || work(text)))).await
}
