//! HTTP over `std::net`, a thread a connection, kept alive until the caller
//! wants it closed. Each answer takes 20 ms.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

fn answer_all(mut stream: TcpStream, text: &str) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    loop {
        let (mut empty, mut last) = (true, false);
        for line in lines.by_ref() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            empty = false;
            last |= line.eq_ignore_ascii_case("connection: close");
        }
        if empty {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(20));
        let close = if last { "Connection: close\r\n" } else { "" };
        stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{close}\r\n{text}", text.len()).as_bytes())?;
        if last {
            return Ok(());
        }
    }
}

/// Accepts in one blocking loop that ends with the first error.
pub fn serve(text: &'static str) -> Result<()> {
    for stream in TcpListener::bind("0.0.0.0:8080")?.incoming() {
        let stream = stream?;
        thread::spawn(move || answer_all(stream, text));
    }
    Ok(())
}
