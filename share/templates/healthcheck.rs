//! healthcheck PORT [PATH]: does the program on this port answer?
//! Without PATH a connection is enough; with it the answer to GET PATH must be
//! 200 to 399. The image's HEALTHCHECK calls it; it needs no shell and no curl.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// For all of it: below the --timeout of the HEALTHCHECK.
const LIMIT: Duration = Duration::from_millis(2500);

fn failed(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Other, why.into())
}

fn left(until: Instant) -> Result<Duration> {
    match until.checked_duration_since(Instant::now()) {
        Some(left) if !left.is_zero() => Ok(left),
        _ => Err(failed("no answer in time")),
    }
}

fn connect(port: u16, until: Instant) -> Result<TcpStream> {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), left(until)?)
        .or_else(|_| TcpStream::connect_timeout(&SocketAddr::from((Ipv6Addr::LOCALHOST, port)), left(until)?))
}

fn get(mut stream: TcpStream, path: &str, until: Instant) -> Result<()> {
    stream.set_write_timeout(Some(left(until)?))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: healthcheck\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12]; // "HTTP/1.1 200"
    let mut filled = 0;
    while filled < head.len() {
        stream.set_read_timeout(Some(left(until)?))?;
        match stream.read(&mut head[filled..])? {
            0 => return Err(failed("the connection was closed")),
            count => filled += count,
        }
    }
    match &head {
        [b'H', b'T', b'T', b'P', b'/', _, b'.', _, b' ', b'2' | b'3', _, _] => Ok(()),
        other => Err(failed(format!("answered {}", String::from_utf8_lossy(other)))),
    }
}

fn ask() -> Result<()> {
    let until = Instant::now() + LIMIT;
    let words: Vec<String> = std::env::args().skip(1).collect();
    let port = words.first().and_then(|word| word.parse().ok()).ok_or_else(|| failed("healthcheck PORT [PATH]"))?;
    let stream = connect(port, until)?;
    match words.get(1) {
        Some(path) => get(stream, path, until),
        None => Ok(()),
    }
}

fn main() -> ExitCode {
    match ask() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
