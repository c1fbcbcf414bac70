//! Knows nothing of how it is run.

const TEXT: &str = "plain-1";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    ways::serve(tokio::net::TcpListener::bind(ways::ADDRESS).await?, TEXT).await
}
