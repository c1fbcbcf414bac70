//! A service that knows nothing of how it is run: no signal handler, no
//! settings but PORT. `/` answers a text, `/slow` works for 20 ms.

use axum::{routing::get, Router};
use std::time::Duration;

const TEXT: &str = "single 1";

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(20)).await;
    TEXT
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".into());
    let listener = tokio::net::TcpListener::bind(format!("0.0.0.0:{port}")).await?;
    let app = Router::new()
        .route("/", get(|| async { TEXT }))
        .route("/slow", get(slow));
    axum::serve(listener, app).await
}
