//! Takes a socket that it is given by LISTEN_FDS, else binds one itself.

use axum::{routing::get, Router};
use listenfd::ListenFd;

const TEXT: &str = "listenfd 1";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = match ListenFd::from_env().take_tcp_listener(0)? {
        Some(given) => given,
        None => std::net::TcpListener::bind(plain::address())?,
    };
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let app = Router::new().route("/", get(|| async { plain::answer(TEXT) }));
    axum::serve(listener, app).await
}
