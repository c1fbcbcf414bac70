//! Binds with the standard library and gives the socket to a runtime of one
//! thread.

use axum::{routing::get, Router};

const TEXT: &str = "current 1";

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = std::net::TcpListener::bind(plain::address())?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let app = Router::new().route("/", get(|| async { plain::answer(TEXT) }));
    axum::serve(listener, app).await
}
