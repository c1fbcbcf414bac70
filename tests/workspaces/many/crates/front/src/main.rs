//! The front of the shop: keeps connections alive. `/slow` works for 20 ms.

use axum::{routing::get, Router};
use std::time::Duration;

const TEXT: &str = "front 1";

async fn slow() -> String {
    tokio::time::sleep(Duration::from_millis(20)).await;
    plain::answer(TEXT)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(plain::address()).await?;
    let app = Router::new()
        .route("/", get(|| async { plain::answer(TEXT) }))
        .route("/slow", get(slow));
    axum::serve(listener, app).await
}
