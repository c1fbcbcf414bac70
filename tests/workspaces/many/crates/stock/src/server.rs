//! The shop's stock, a thread a connection, on an image without a shell.

use std::net::TcpListener;
use std::thread;

const TEXT: &str = "stock 1";

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(plain::address())?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || plain::serve_one(stream, TEXT));
    }
    Ok(())
}
