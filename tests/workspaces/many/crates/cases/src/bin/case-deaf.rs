//! Binds and listens, and never accepts, unless ACCEPTS is set to true here.

use std::net::TcpListener;
use std::thread;

const TEXT: &str = "deaf 1";
const ACCEPTS: bool = false;

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(plain::address())?;
    while !ACCEPTS {
        thread::park();
    }
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || plain::serve_one(stream, TEXT));
    }
    Ok(())
}
