//! What several programs share: a text, and HTTP over `std::net` for those
//! that need nothing more.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::TcpStream;

/// Stands at the end of each answer, so that an edit here changes all.
pub const SHARED: &str = "shared 1";

/// What a program answers: its own text and the shared one.
pub fn answer(text: &str) -> String {
    format!("{text}, {SHARED}")
}

/// Where to listen: PORT, or 8080.
pub fn address() -> String {
    format!("0.0.0.0:{}", std::env::var("PORT").unwrap_or_else(|_| "8080".into()))
}

/// Reads one request head and answers it; the connection is closed then.
pub fn serve_one(mut stream: TcpStream, text: &str) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines.by_ref() {
        if line?.is_empty() {
            break;
        }
    }
    if first.is_empty() {
        return Ok(());
    }
    let body = answer(text);
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
