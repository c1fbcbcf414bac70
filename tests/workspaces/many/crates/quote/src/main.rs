//! Quotes prices, linked statically: its image holds nothing but this program.

use std::net::TcpListener;
use std::thread;

const TEXT: &str = "quote 1";

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(plain::address())?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || plain::serve_one(stream, TEXT));
    }
    Ok(())
}
