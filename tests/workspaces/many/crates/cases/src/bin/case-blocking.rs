//! Accepts in one blocking loop and ends with the first error of `accept()`.

use std::net::TcpListener;

const TEXT: &str = "blocking 1";

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(plain::address())?;
    for stream in listener.incoming() {
        // a caller that has gone is no reason to end
        let _ = plain::serve_one(stream?, TEXT);
    }
    Ok(())
}
