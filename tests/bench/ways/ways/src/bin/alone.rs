//! As `plain`; its service says that two of it cannot live together.

const TEXT: &str = "alone-1";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    ways::serve(tokio::net::TcpListener::bind(ways::ADDRESS).await?, TEXT).await
}
