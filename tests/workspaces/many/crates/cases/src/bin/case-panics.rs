//! Serves, unless PANICS is set to true here: then it ends 100 ms after it has
//! bound its port.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

const TEXT: &str = "panics 1";
const PANICS: bool = false;

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(plain::address())?;
    if PANICS {
        thread::sleep(Duration::from_millis(100));
        panic!("as told");
    }
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || plain::serve_one(stream, TEXT));
    }
    Ok(())
}
