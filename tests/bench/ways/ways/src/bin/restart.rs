//! As `plain`; its service says that it is ended, then started.

const TEXT: &str = "restart-1";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    ways::serve(tokio::net::TcpListener::bind(ways::ADDRESS).await?, TEXT).await
}
