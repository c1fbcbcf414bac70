//! Takes a socket that it is given by LISTEN_FDS, else binds one itself.

const TEXT: &str = "listenfd-1";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = match listenfd::ListenFd::from_env().take_tcp_listener(0)? {
        Some(given) => given,
        None => std::net::TcpListener::bind(ways::ADDRESS)?,
    };
    listener.set_nonblocking(true)?;
    ways::serve(tokio::net::TcpListener::from_std(listener)?, TEXT).await
}
